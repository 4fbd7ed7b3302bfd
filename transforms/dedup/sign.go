package dedup

import "context"

// signChunk is the most pairs whose signatures are in memory at once.
const signChunk = 1 << 13

type signTask struct {
	Shard      int
	Purpose    string    // what the pairs are for: part of the file's name
	Pairs      []Segment // (row, row of tonight, any word), by the first row
	Signatures []FileRef
	Scheme     string
	RowCuts    cuts
}

type signResult struct {
	Signed []Segment // (row of tonight, row, the word) and the signature of row, by finish shard
}

// sign is one half of a join: it carries signatures of one range of rows to
// the rows that they are compared with, so that each file of signatures is read
// in order and by few tasks.
func sign(ctx context.Context, env Env, t signTask) (signResult, error) {
	m, err := newMerger(ctx, env.Store, t.Pairs, 0)
	if err != nil {
		return signResult{}, err
	}
	size := Options{Scheme: t.Scheme}.scheme().SignatureBytes()
	out := newSpill(ctx, env.Store, env.spillPath(stageSign, t.Shard, t.Purpose), size, t.RowCuts.shards(), t.RowCuts.byFirst)
	defer out.abort()
	var pairs []triple
	var rows []int64
	for m.peek() != nil {
		if pairs, err = nextPairs(m, pairs[:0], signChunk); err != nil {
			return signResult{}, err
		}
		rows = rows[:0]
		for _, p := range pairs {
			if n := len(rows); n == 0 || rows[n-1] != int64(p[0]) {
				rows = append(rows, int64(p[0]))
			}
		}
		sigs, err := signatures(ctx, env.Store, t.Signatures, rows, size)
		if err != nil {
			return signResult{}, err
		}
		at := 0
		for _, p := range pairs {
			for rows[at] != int64(p[0]) {
				at++
			}
			if err := out.add(triple{p[1], p[0], p[2]}, sigs[at*size:(at+1)*size]); err != nil {
				return signResult{}, err
			}
		}
	}
	signed, err := out.finish()
	return signResult{signed}, err
}

// nextPairs takes up to n different records. Buckets and bands repeat pairs.
func nextPairs(m *merger, pairs []triple, n int) ([]triple, error) {
	for p := m.peek(); p != nil; p = m.peek() {
		if k := len(pairs); k == 0 || pairs[k-1] != *p {
			if k == n {
				break
			}
			pairs = append(pairs, *p)
		}
		if err := m.next(); err != nil {
			return nil, err
		}
	}
	return pairs, nil
}
