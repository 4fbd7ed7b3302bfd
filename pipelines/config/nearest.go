package config

import "strings"

// nearest returns the candidate that a person most likely meant by word: at most
// two letters in five differ.
func nearest(word string, candidates []string) string {
	best, limit := "", max(len(word)*2/5, 1)+1
	for _, c := range candidates {
		d := distance(strings.ToLower(word), strings.ToLower(c))
		if d < limit {
			best, limit = c, d
		}
	}
	return best
}

// DidYouMean is the end of a message about an unknown word.
func DidYouMean(word string, candidates []string) string {
	if n := nearest(word, candidates); n != "" {
		return `, did you mean "` + n + `"?`
	}
	return ""
}

// distance counts the insertions, deletions, substitutions and swaps of
// neighbours between a and b (Damerau 1964, restricted).
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
