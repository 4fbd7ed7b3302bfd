package minhash

// Jaccard is the size of the intersection divided by that of the union of two
// sorted sets, see [Hasher.ShingleSet]. Of two empty sets it is 0: texts without
// shingles are no duplicates of each other.
func Jaccard(a, b []uint64) float64 {
	both, union := 0, len(a)+len(b)
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case b[0] < a[0]:
			b = b[1:]
		default:
			both++
			a, b = a[1:], b[1:]
		}
	}
	if union == 0 {
		return 0
	}
	return float64(both) / float64(union-both)
}
