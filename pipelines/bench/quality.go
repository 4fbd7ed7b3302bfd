package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sort"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/lake"
	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
)

// Recall is how many planted near duplicates of a range of similarity a lake found.
type Recall struct {
	Name   string  `json:"name"` // all, a kind of edit, or the least true Jaccard similarity of a tenth
	Pairs  int     `json:"pairs"`
	Found  int     `json:"found"`
	Recall float64 `json:"recall"`
	Theory float64 `json:"theory"` // mean of 1-(1-J^8)^14 over the pairs
}

// Quality is what a lake found of the planted duplicates.
type Quality struct {
	Recalls    []Recall `json:"recalls"`
	Dropped    int      `json:"dropped"`     // planted pairs left out: the filters dropped one of the two
	Exact      int      `json:"exact"`       // rows planted as exact copies
	ExactFound int      `json:"exact_found"` // of these, rows that share their original's survivor
	Near       int      `json:"near"`        // rows called near duplicates
	True       int      `json:"true"`        // of these, rows made from the same fresh document as their survivor
	Precision  float64  `json:"precision"`   // True / Near
}

// Judge compares the decisions of a lake with what was planted. Two documents
// count as found if they have the same survivor, whichever of them it is.
func Judge(ctx context.Context, l *lake.Lake, planted string) (Quality, error) {
	of, err := readPlanted(planted)
	if err != nil {
		return Quality{}, err
	}
	fates, err := readFates(ctx, l)
	if err != nil {
		return Quality{}, err
	}
	return judge(of, fates), nil
}

func readPlanted(path string) (map[string]Planted, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string]Planted{}
	for dec := json.NewDecoder(bufio.NewReader(f)); dec.More(); {
		var p Planted
		if err := dec.Decode(&p); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out[p.ID] = p
	}
	return out, nil
}

// fate is what a lake decided about a document.
type fate struct {
	survivor string // doc_id; empty unless duplicate
	near     bool
	dropped  bool
}

// readFates returns the fates of all documents that were not simply kept, by doc_id.
func readFates(ctx context.Context, l *lake.Lake) (map[string]fate, error) {
	byRow := map[datasets.RowID]fate{}
	err := lake.ReadTable(ctx, l, datasets.TableDecisions, 0, func(rows []datasets.Decision) error {
		for _, d := range rows {
			switch d.Decision {
			case datasets.Duplicate:
				byRow[d.RowID] = fate{survivor: *d.DuplicateOfID, near: d.Reason == datasets.ReasonNear}
			case datasets.Drop:
				byRow[d.RowID] = fate{dropped: true}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make(map[string]fate, len(byRow))
	err = eachID(ctx, l, func(row datasets.RowID, id string) {
		if f, ok := byRow[row]; ok {
			out[id] = f
		}
	})
	return out, err
}

// judge finds, by true similarity and by kind, how many planted pairs share a survivor.
func judge(of map[string]Planted, fates map[string]fate) Quality {
	var q Quality
	survivor := func(id string) string {
		for fates[id].survivor != "" {
			id = fates[id].survivor
		}
		return id
	}
	by := map[string]*Recall{}
	for id, p := range of {
		found := survivor(id) == survivor(p.Of)
		switch {
		case p.Kind == Exact:
			q.Exact++
			if found {
				q.ExactFound++
			}
		case fates[id].dropped || fates[p.Of].dropped:
			q.Dropped++
		default:
			for _, name := range []string{"all", string(p.Kind), tenth(p.Jaccard)} {
				if by[name] == nil {
					by[name] = &Recall{Name: name}
				}
				by[name].add(p.Jaccard, found)
			}
		}
	}
	q.countNear(of, fates, survivor)
	for _, r := range by {
		r.Recall, r.Theory = float64(r.Found)/float64(r.Pairs), r.Theory/float64(r.Pairs)
		q.Recalls = append(q.Recalls, *r)
	}
	sort.Slice(q.Recalls, func(i, j int) bool { return q.Recalls[i].Name < q.Recalls[j].Name })
	return q
}

// tenth names the tenth that a similarity lies in.
func tenth(j float64) string {
	return fmt.Sprintf("J >= %.1f", math.Min(math.Floor(j*10)/10, 0.9))
}

// add counts a pair; recall and theory are sums until all pairs are in.
func (r *Recall) add(jaccard float64, found bool) {
	r.Pairs++
	r.Theory += 1 - math.Pow(1-math.Pow(jaccard, minhash.Rows), minhash.Bands)
	if found {
		r.Found++
	}
}

// countNear counts the rows called near duplicates, and those rightly so: fresh
// texts share 5-grams by chance too rarely to be near.
func (q *Quality) countNear(of map[string]Planted, fates map[string]fate, survivor func(string) string) {
	origin := func(id string) string {
		if p, ok := of[id]; ok {
			return p.Of
		}
		return id
	}
	for id, f := range fates {
		if !f.near {
			continue
		}
		q.Near++
		if origin(id) == origin(survivor(id)) {
			q.True++
		}
	}
	if q.Near > 0 {
		q.Precision = float64(q.True) / float64(q.Near)
	}
}

// rowAndID is what names a document.
type rowAndID struct {
	RowID datasets.RowID `parquet:"row_id,id(1)"`
	DocID string         `parquet:"doc_id,id(2)"`
}

func eachID(ctx context.Context, l *lake.Lake, yield func(row datasets.RowID, id string)) error {
	files, err := l.Files(ctx, datasets.TableDocuments, 0)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := eachIDOf(ctx, l, file.Path, yield); err != nil {
			return fmt.Errorf("%s: %w", file.Path, err)
		}
	}
	return nil
}

func eachIDOf(ctx context.Context, l *lake.Lake, path string, yield func(row datasets.RowID, id string)) error {
	o, err := l.Store().Open(ctx, path)
	if err != nil {
		return err
	}
	defer o.Close()
	f, err := parquetio.Open(o, o.Size())
	if err != nil {
		return err
	}
	return parquetio.ReadRows(ctx, f, nil, func(rows []rowAndID) error {
		for _, r := range rows {
			yield(r.RowID, r.DocID)
		}
		return nil
	})
}
