package dedup

import (
	"cmp"
	"slices"
	"sort"
	"strings"
)

// cuts divide row ids into ranges: shard i has the rows from cut i-1 to before
// cut i. They balance the work; results do not depend on them.
type cuts []int64

func (c cuts) shards() int { return len(c) + 1 }

func (c cuts) shardOf(row int64) int {
	return sort.Search(len(c), func(i int) bool { return c[i] > row })
}

// span is the first and the last row of a shard.
func (c cuts) span(shard int) (lo, hi int64) {
	lo, hi = 0, int64(1<<62-1)
	if shard > 0 {
		lo = c[shard-1]
	}
	if shard < len(c) {
		hi = c[shard] - 1
	}
	return lo, hi
}

// byFirst is a shardOf for records that begin with a row.
func (c cuts) byFirst(t *triple) int { return c.shardOf(int64(t[0])) }

// byRows orders files by their rows.
func byRows(a, b FileRef) int {
	if c := cmp.Compare(a.Lo, b.Lo); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Hi, b.Hi); c != 0 {
		return c
	}
	return strings.Compare(a.Path, b.Path)
}

// rowCuts cuts the rows of files into about equal shares, taking rows to be
// spread evenly between a file's bounds. Files without rows count nothing.
func rowCuts(files []FileRef, shards int) cuts {
	sorted := slices.Clone(files)
	slices.SortFunc(sorted, byRows)
	var total int64
	for _, f := range sorted {
		total += f.Rows
	}
	var out cuts
	var before int64 // rows of the files before f
	for _, f := range sorted {
		for len(out)+1 < shards {
			want := total*int64(len(out)+1)/int64(shards) - before
			if want >= f.Rows {
				break
			}
			cut := f.Lo + int64(float64(f.Hi-f.Lo+1)*(float64(want)/float64(f.Rows)))
			if n := len(out); n > 0 && cut <= out[n-1] {
				cut = out[n-1] + 1 // files overlap: an empty share does no harm
			}
			out = append(out, cut)
		}
		before += f.Rows
	}
	return out
}

// unitRanges are shards of tonight's rows that cut between units only.
type unitRanges struct {
	cuts
	bounds []int64
	first  []int // first unit of each shard, and the number of units
}

// finishRanges deals units out to at most shards shards of about equal rows.
func finishRanges(bounds []int64, shards int) unitRanges {
	r := unitRanges{bounds: bounds, first: []int{0}}
	units := len(bounds) - 1
	if units < 1 {
		return unitRanges{first: []int{0, 0}}
	}
	rows := bounds[units] - bounds[0]
	for u := 1; u < units; u++ {
		share := float64(bounds[u]-bounds[0]) / float64(max(rows, 1))
		if share >= float64(len(r.first))/float64(shards) && len(r.first) < shards {
			r.first = append(r.first, u)
			r.cuts = append(r.cuts, bounds[u])
		}
	}
	r.first = append(r.first, units)
	return r
}

// of returns the first unit of a shard and the bounds of its units.
func (r unitRanges) of(shard int) (first int, bounds []int64) {
	return r.first[shard], r.bounds[r.first[shard] : r.first[shard+1]+1]
}
