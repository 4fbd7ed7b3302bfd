package dedup

import (
	"cmp"
	"slices"

	"github.com/chimera-1/chimera/datasets"
)

// Cluster is a near-duplicate cluster as a report shows it.
type Cluster struct {
	Cluster   datasets.RowID // smallest row of it
	Rows      int64          // of tonight, and the published ones it touches
	Survivor  datasets.RowID // oldest published row, else the one that survives
	Duplicate datasets.RowID // the first other row of tonight
}

// maxLargest is how many clusters are named.
const maxLargest = 10

// largest keeps the clusters with the most rows. Of equal ones those with the
// smallest numbers stay, so that shards merge to the same list in any order.
type largest []Cluster

func (l *largest) add(c Cluster) {
	at, _ := slices.BinarySearchFunc(*l, c, func(a, b Cluster) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Cluster, b.Cluster))
	})
	if at < maxLargest {
		*l = slices.Insert(*l, at, c)
		*l = (*l)[:min(len(*l), maxLargest)]
	}
}
