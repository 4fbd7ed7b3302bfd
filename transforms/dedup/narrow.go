package dedup

import (
	"context"

	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
)

type narrowTask struct {
	Shard      int
	Signed     []Segment // (row of tonight, row of its bucket, node of what that stands for) and the latter row's signature
	Signatures []FileRef
	Documents  []FileRef
	Options    Options
	RowCuts    cuts
}

type narrowResult struct {
	Edges    []Segment
	Contacts []Segment // by finish shard
}

// narrow keeps the pairs that are similar enough.
func narrow(ctx context.Context, env Env, t narrowTask) (narrowResult, error) {
	c, err := newComparer(ctx, env.Store, t.Signed, t.Signatures, t.Documents, t.Options)
	if err != nil {
		return narrowResult{}, err
	}
	edges := newEdgeSpill(ctx, env.Store, env.spillPath(stageNarrow, t.Shard, "edges"))
	defer edges.s.abort()
	contacts := newSpill(ctx, env.Store, env.spillPath(stageNarrow, t.Shard, "contacts"), 0, t.RowCuts.shards(), t.RowCuts.byFirst)
	defer contacts.abort()
	for {
		pairs, err := c.next(ctx)
		if err != nil {
			return narrowResult{}, err
		}
		if len(pairs) == 0 {
			break
		}
		for _, p := range pairs {
			if !p.near {
				continue
			}
			if err := edges.add(p.word, tonight(p.row)); err != nil {
				return narrowResult{}, err
			}
			if isTonight(p.word) {
				continue
			}
			of := rowOf(p.word)
			near := contact{row: p.row, of: of}
			if of == p.other {
				near.direct, near.scored, near.sim = true, true, float32(p.similarity)
			}
			if err := contacts.add(near.triple(), nil); err != nil {
				return narrowResult{}, err
			}
		}
	}
	var res narrowResult
	if res.Edges, err = edges.s.finish(); err != nil {
		return res, err
	}
	res.Contacts, err = contacts.finish()
	return res, err
}

// compared is a pair of rows and how similar they are.
type compared struct {
	row, other int64
	word       uint64 // that came with the pair
	estimate   float64
	similarity float64 // the true one under Verify, else the estimate
	near       bool    // as Options ask
}

// comparer is the other half of the join that sign begins: it reads pairs with
// the signature of one row, in the order of the other, and compares.
type comparer struct {
	st     store.Store
	m      *merger
	sigs   []FileRef
	docs   []FileRef
	opt    Options
	scheme minhash.Scheme
	texts  *verifier // nil unless pairs are verified

	pairs    []compared
	carried  []byte // signatures that came with pairs
	rows     []int64
	previous triple
}

func newComparer(ctx context.Context, st store.Store, signed []Segment, sigs, docs []FileRef, opt Options) (*comparer, error) {
	c := &comparer{st: st, sigs: sigs, docs: docs, opt: opt, scheme: opt.scheme()}
	if opt.Verify {
		c.texts = &verifier{st: st, docs: docs, hasher: c.scheme.New()}
	}
	var err error
	c.m, err = newMerger(ctx, st, signed, c.scheme.SignatureBytes())
	return c, err
}

// next compares some more pairs, at most about signChunk, but all of a row that
// is begun. None are left when it returns none. The pairs are valid until the
// next call.
func (c *comparer) next(ctx context.Context) ([]compared, error) {
	if err := c.load(); err != nil || len(c.pairs) == 0 {
		return nil, err
	}
	size := c.scheme.SignatureBytes()
	own, err := signatures(ctx, c.st, c.sigs, c.rows, size)
	if err != nil {
		return nil, err
	}
	at := 0
	for i := range c.pairs {
		p := &c.pairs[i]
		for c.rows[at] != p.row {
			at++
		}
		p.estimate = c.scheme.Similarity(own[at*size:(at+1)*size], c.carried[i*size:(i+1)*size])
		p.similarity, p.near = p.estimate, p.estimate >= c.opt.MinSimilarity
	}
	if c.texts != nil {
		err = c.texts.verify(ctx, c.pairs, c.opt.MinJaccard)
	}
	return c.pairs, err
}

// load reads the next pairs and leaves out repeated ones.
func (c *comparer) load() error {
	c.pairs, c.carried, c.rows = c.pairs[:0], c.carried[:0], c.rows[:0]
	for t := c.m.peek(); t != nil; t = c.m.peek() {
		n, row := len(c.rows), int64(t[0])
		if n == 0 || c.rows[n-1] != row {
			if len(c.pairs) >= signChunk {
				return nil
			}
			c.rows = append(c.rows, row)
		}
		if *t != c.previous {
			c.previous = *t
			c.pairs = append(c.pairs, compared{row: row, other: int64(t[1]), word: t[2]})
			c.carried = append(c.carried, c.m.payload()...)
		}
		if err := c.m.next(); err != nil {
			return err
		}
	}
	return nil
}
