package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sort"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/lake"
	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
)

// Planted is a document that was made from another one.
type Planted struct {
	ID      string  `json:"id"`
	Of      string  `json:"of"`
	Kind    Kind    `json:"kind"`
	Jaccard float64 `json:"jaccard"` // of the sets of word 5-grams
}

// plantedName is the file beside the corpus that says what was planted.
const plantedName = "planted.jsonl"

// WriteCorpus writes about mb times 10^6 bytes of text as Parquet files of a
// quarter of a GB, and planted.jsonl beside their folder. It returns the bytes
// of text. Memory does not grow with mb.
func WriteCorpus(ctx context.Context, dir string, mb int, seed uint64) (total int64, err error) {
	raw := filepath.Join(dir, "raw")
	if err := os.MkdirAll(raw, 0o750); err != nil {
		return 0, err
	}
	f, err := os.OpenFile(filepath.Join(dir, plantedName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriter(f)
	defer func() {
		if ferr := w.Flush(); err == nil {
			err = ferr
		}
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	c := NewCorpus(seed)
	tell := newTeller(json.NewEncoder(w))
	const fileMB = 256
	for i := 0; total < int64(mb)*1e6; i++ {
		if err := ctx.Err(); err != nil {
			return total, err
		}
		n, err := writeRaw(filepath.Join(raw, fmt.Sprintf("raw-%04d.parquet", i)), c, min(fileMB, mb-int(total/1e6)), tell)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// newTeller writes down planted documents with their true similarity.
func newTeller(enc *json.Encoder) func(Doc) error {
	h := mustScheme("fast").New()
	return func(d Doc) error {
		if d.Of < 0 {
			return nil
		}
		j := minhash.Jaccard(h.ShingleSet(nil, d.Text), h.ShingleSet(nil, d.Origin))
		return enc.Encode(Planted{ID: d.ID, Of: docID(d.Of), Kind: d.Kind, Jaccard: math.Round(j*1e6) / 1e6})
	}
}

func writeRaw(path string, c *Corpus, mb int, tell func(Doc) error) (total int64, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return 0, err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	w := parquetio.NewWriter[input](f, parquetio.WriterOptions{RowGroupBytes: 16 << 20})
	for total < int64(mb)*1e6 {
		rows := make([]input, 0, 256)
		for range cap(rows) {
			d := c.Next()
			if err := tell(d); err != nil {
				return total, err
			}
			total += int64(len(d.Text))
			rows = append(rows, input{d.ID, d.Text})
		}
		if err := w.Write(rows); err != nil {
			return total, err
		}
	}
	_, err = w.Close()
	return total, err
}

// Recall is how many planted near duplicates of a range of similarity a lake found.
type Recall struct {
	Name   string  `json:"name"` // range of true Jaccard similarity, or the kind of edit
	Pairs  int     `json:"pairs"`
	Found  int     `json:"found"`
	Recall float64 `json:"recall"`
	Theory float64 `json:"theory"` // mean of 1-(1-J^8)^14 over the pairs
}

// Quality is what a lake found of the planted duplicates.
type Quality struct {
	Recalls []Recall `json:"recalls"`
	Near    int      `json:"near"`    // rows called near duplicates
	Planted int      `json:"planted"` // of these, rows planted as a copy of the same original as their survivor
	// Precision is Planted / Near: fresh texts of one vocabulary share 5-grams by
	// chance too rarely to be near.
	Precision float64 `json:"precision"`
}

// Judge compares the decisions of a lake with what was planted.
func Judge(ctx context.Context, l *lake.Lake, planted string) (Quality, error) {
	of, err := readPlanted(planted)
	if err != nil {
		return Quality{}, err
	}
	dup := map[string]string{} // doc_id -> doc_id of the survivor
	ids := map[int64]string{}  // row -> doc_id of duplicates
	err = lake.ReadTable(ctx, l, datasets.TableDecisions, 0, func(rows []datasets.Decision) error {
		for _, d := range rows {
			if d.Decision == datasets.Duplicate && d.DuplicateOfID != nil {
				ids[d.RowID] = *d.DuplicateOfID + " " + d.Reason
			}
		}
		return nil
	})
	if err != nil {
		return Quality{}, err
	}
	err = eachID(ctx, l, func(row int64, id string) {
		if s, ok := ids[row]; ok {
			dup[id] = s
		}
	})
	if err != nil {
		return Quality{}, err
	}
	return judge(of, dup), nil
}

func docID(n int) string { return fmt.Sprintf("doc-%08d", n) }

func readPlanted(path string) (map[string]Planted, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string]Planted{}
	dec := json.NewDecoder(bufio.NewReader(f))
	for dec.More() {
		var p Planted
		if err := dec.Decode(&p); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out[p.ID] = p
	}
	return out, nil
}

// judge finds, by true similarity and by kind, how many planted pairs ended up
// as duplicates of one another: a copy may also be the one that survives.
func judge(of map[string]Planted, dup map[string]string) Quality {
	var q Quality
	root := func(id string) string {
		if p, ok := of[id]; ok {
			return p.Of
		}
		return id
	}
	survivor := func(id string) string {
		if s, ok := dup[id]; ok {
			for i := range s {
				if s[i] == ' ' {
					return s[:i]
				}
			}
		}
		return id
	}
	by := map[string]*Recall{}
	for id, p := range of {
		if p.Kind == Exact {
			continue
		}
		found := survivor(id) == survivor(p.Of)
		for _, name := range []string{"all", string(p.Kind), fmt.Sprintf("J %.1f", math.Min(math.Floor(p.Jaccard*10)/10, 0.9))} {
			if by[name] == nil {
				by[name] = &Recall{Name: name}
			}
			r := by[name]
			r.Pairs++
			r.Theory += 1 - math.Pow(1-math.Pow(p.Jaccard, 8), 14)
			if found {
				r.Found++
			}
		}
	}
	for id, s := range dup {
		if s[len(s)-4:] != datasets.ReasonNear {
			continue
		}
		q.Near++
		if root(id) == root(survivor(id)) {
			q.Planted++
		}
	}
	if q.Near > 0 {
		q.Precision = float64(q.Planted) / float64(q.Near)
	}
	for _, r := range by {
		r.Recall, r.Theory = float64(r.Found)/float64(r.Pairs), r.Theory/float64(r.Pairs)
		q.Recalls = append(q.Recalls, *r)
	}
	sort.Slice(q.Recalls, func(i, j int) bool { return q.Recalls[i].Name < q.Recalls[j].Name })
	return q
}

// rowAndID is what names a document.
type rowAndID struct {
	RowID int64  `parquet:"row_id,id(1)"`
	DocID string `parquet:"doc_id,id(2)"`
}

func eachID(ctx context.Context, l *lake.Lake, yield func(row int64, id string)) error {
	files, err := l.Files(ctx, datasets.TableDocuments, 0)
	if err != nil {
		return err
	}
	for _, file := range files {
		o, err := l.Store().Open(ctx, file.Path)
		if err != nil {
			return err
		}
		f, err := parquetio.Open(o, o.Size())
		if err == nil {
			err = parquetio.ReadRows(ctx, f, nil, func(rows []rowAndID) error {
				for _, r := range rows {
					yield(r.RowID, r.DocID)
				}
				return nil
			})
		}
		o.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", file.Path, err)
		}
	}
	return nil
}
