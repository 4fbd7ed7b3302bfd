package dedup

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
)

// oracle is near dedup as its description says it, in memory, comparing every
// row with every other: no buckets, shards, files or stages.
type oracle struct {
	lake *testLake
	opt  Options
	new  map[int64]testDoc // tonight's kept rows with signatures

	parent map[node]node
	hasher *minhash.Hasher
	sets   map[int64][]uint64
}

func (l *testLake) oracle(docs []testDoc, opt Options, exclude ...int64) []Outcome {
	o := &oracle{lake: l, opt: opt, new: map[int64]testDoc{}, parent: map[node]node{}, hasher: opt.scheme().New(), sets: map[int64][]uint64{}}
	for i, d := range docs {
		if d.keep && d.sig != nil {
			o.new[datasets.MakeRowID(l.nights+1, int64(i))] = d
		}
	}
	return o.outcomes(exclude)
}

func (o *oracle) doc(row int64) testDoc {
	if d, ok := o.new[row]; ok {
		return d
	}
	return o.lake.docs[row]
}

// near compares two rows.
func (o *oracle) near(a, b int64) (sim float64, ok bool) {
	s := o.opt.scheme()
	x, y := o.doc(a).sig, o.doc(b).sig
	band := minhash.Rows * s.Width()
	shared := false
	for i := 0; i < len(x); i += band {
		shared = shared || bytes.Equal(x[i:i+band], y[i:i+band])
	}
	sim = s.Similarity(x, y)
	if !shared || sim < o.opt.MinSimilarity {
		return sim, false
	}
	sim = o.similarity(a, b)
	return sim, !o.opt.Verify || sim >= o.opt.MinJaccard
}

func (o *oracle) similarity(a, b int64) float64 {
	if o.opt.Verify {
		return minhash.Jaccard(o.set(a), o.set(b))
	}
	return o.opt.scheme().Similarity(o.doc(a).sig, o.doc(b).sig)
}

func (o *oracle) set(row int64) []uint64 {
	if _, ok := o.sets[row]; !ok {
		o.sets[row] = o.hasher.ShingleSet(nil, o.doc(row).text)
	}
	return o.sets[row]
}

func (o *oracle) find(n node) node {
	if p, ok := o.parent[n]; ok && p != n {
		return o.find(p)
	}
	o.parent[n] = n
	return n
}

func (o *oracle) join(a, b node) {
	if x, y := o.find(a), o.find(b); x != y {
		o.parent[max(x, y)] = min(x, y)
	}
}

// effective is the decision that counts for an old row.
func (o *oracle) effective(row int64) datasets.Decision {
	list := o.lake.decided[row]
	if len(list) == 0 {
		return datasets.Decision{}
	}
	return slices.MaxFunc(list, func(a, b datasets.Decision) int { return cmp.Compare(a.DecidedIn, b.DecidedIn) })
}

// standsFor is the published row that an old row is or stands for.
func (o *oracle) standsFor(row int64, exclude []int64) (datasets.Decision, bool) {
	for !slices.Contains(exclude, row) {
		d := o.effective(row)
		switch {
		case d.Decision == datasets.Keep:
			return d, true
		case d.Decision == datasets.Duplicate && d.Reason == datasets.ReasonNear:
			row = *d.DuplicateOf
		default:
			return d, false
		}
	}
	return datasets.Decision{}, false
}

func (o *oracle) outcomes(exclude []int64) []Outcome {
	rows := sortedKeys(o.new)
	direct := map[int64]map[int64]float64{} // tonight's row: published rows it is near to itself
	touch := map[int64]map[int64]bool{}     // the same with those it is near to over a duplicate
	for i, a := range rows {
		direct[a], touch[a] = map[int64]float64{}, map[int64]bool{}
		for _, b := range rows[:i] {
			if _, ok := o.near(a, b); ok {
				o.join(tonight(a), tonight(b))
			}
		}
		for _, b := range sortedKeys(o.lake.docs) {
			o.meet(a, b, exclude, direct[a], touch[a])
		}
	}
	var out []Outcome
	for _, members := range o.components() {
		out = append(out, o.settle(members, direct, touch)...)
	}
	slices.SortFunc(out, func(a, b Outcome) int { return cmp.Compare(a.Row, b.Row) })
	return out
}

// meet joins tonight's row a with what the old row b stands for.
func (o *oracle) meet(a, b int64, exclude []int64, direct map[int64]float64, touch map[int64]bool) {
	if o.lake.docs[b].sig == nil {
		return
	}
	d, ok := o.standsFor(b, exclude)
	if !ok {
		return
	}
	sim, ok := o.near(a, b)
	if !ok {
		return
	}
	touch[d.RowID] = true
	if d.RowID == b {
		direct[b] = sim
	}
	o.join(published(d.RowID), tonight(a))
	if d.Cluster != nil {
		o.join(published(d.RowID), clusterName(*d.Cluster))
	}
}

func (o *oracle) components() map[node][]node {
	out := map[node][]node{}
	for _, n := range sortedKeys(o.parent) {
		root := o.find(n)
		out[root] = append(out[root], n)
	}
	return out
}

func (o *oracle) settle(members []node, direct map[int64]map[int64]float64, touch map[int64]map[int64]bool) []Outcome {
	var old, new []int64
	cluster := rowOf(members[0])
	for _, n := range members {
		cluster = min(cluster, rowOf(n))
		switch {
		case isPublished(n):
			old = append(old, rowOf(n))
		case isTonight(n):
			new = append(new, rowOf(n))
		}
	}
	var out []Outcome
	for _, row := range new {
		r := Outcome{Row: row, Cluster: cluster}
		if len(old) > 0 {
			r.DuplicateOf = old[0]
			best := -1.0
			for _, p := range sortedKeys(direct[row]) {
				if sim := direct[row][p]; sim > best {
					r.DuplicateOf, best = p, sim
				}
			}
			for _, p := range sortedKeys(touch[row]) {
				if p != r.DuplicateOf {
					r.Bridges = append(r.Bridges, p)
				}
			}
		} else if s := o.survivor(new); s != row {
			r.DuplicateOf = s
		}
		if r.DuplicateOf != 0 {
			r.Similarity = float32(o.similarity(row, r.DuplicateOf))
		}
		out = append(out, r)
	}
	return out
}

func (o *oracle) survivor(rows []int64) int64 {
	switch o.opt.Survivor {
	case SurvivorFirst:
		return slices.Min(rows)
	case SurvivorLast:
		return slices.Max(rows)
	}
	return slices.MinFunc(rows, func(a, b int64) int {
		x, y := o.doc(a), o.doc(b)
		return cmp.Or(cmp.Compare(y.size, x.size), cmp.Compare(x.id, y.id), cmp.Compare(a, b))
	})
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
