package dedup

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestLargest adds clusters in random orders and parts: the list is that of a
// sort, whatever the order.
func TestLargest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var all []Cluster
	for i := range 200 {
		all = append(all, Cluster{Cluster: int64(i), Rows: int64(2 + r.IntN(30))})
	}
	want := slices.Clone(all)
	slices.SortFunc(want, func(a, b Cluster) int {
		if a.Rows != b.Rows {
			return int(b.Rows - a.Rows)
		}
		return int(a.Cluster - b.Cluster)
	})
	want = want[:maxLargest]
	for range 20 {
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		var whole largest
		parts := make([]largest, 3)
		for i, c := range all {
			parts[i%3].add(c)
		}
		for _, p := range parts {
			for _, c := range p {
				whole.add(c)
			}
		}
		if !slices.Equal([]Cluster(whole), want) {
			t.Fatalf("largest = %v, want %v", whole, want)
		}
	}
}
