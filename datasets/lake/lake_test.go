package lake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/store"
)

var ctx = context.Background()

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // tests kill a lot
	os.Exit(m.Run())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t testing.TB, err, want error, texts ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
}

func diskStore(t testing.TB) *store.Disk {
	t.Helper()
	d, err := store.NewDisk(filepath.Join(t.TempDir(), "lake"))
	must(t, err)
	return d
}

// newLake makes an empty lake in st.
func newLake(t testing.TB, st store.Store) *Lake {
	t.Helper()
	l, err := create(ctx, st)
	must(t, err)
	return l
}

// reopen opens the lake as another process would.
func reopen(t testing.TB, st store.Store) *Lake {
	t.Helper()
	l, err := open(ctx, st)
	must(t, err)
	return l
}

func document(generation int32, i int) datasets.Document {
	text := fmt.Sprintf("document %d of generation %d", i, generation)
	ratio := 0.5
	return datasets.Document{
		RowID: datasets.MakeRowID(generation, int64(i)), DocID: fmt.Sprintf("d%d-%d", generation, i), Source: "test",
		OriginFile: "in.jsonl", OriginRow: int64(i + 1), Text: &text, TextBytes: int64(len(text)),
		ContentHash: [16]byte{byte(generation), byte(i)},
		Signals:     &datasets.Signals{GopherQuality: datasets.GopherQuality{Words: 5, AvgWordLength: &ratio}},
		Generation:  generation, RunID: "run", IngestedAt: time.Date(2026, 11, 20, 1, 2, 3, 4000, time.UTC),
	}
}

func training(generation int32, i int) datasets.Training {
	return datasets.Training{
		RowID: datasets.MakeRowID(generation, int64(i)), DocID: fmt.Sprintf("d%d-%d", generation, i),
		Text: "text", Source: "test", Weight: 1, Generation: generation,
	}
}

func band(generation int32, i int) datasets.Band {
	sig := []byte{1, 2, 3}
	return datasets.Band{Band: datasets.BandSignature, Key: datasets.MakeRowID(generation, int64(i)), RowID: datasets.MakeRowID(generation, int64(i)), Signature: &sig}
}

func write[T any](t testing.TB, n *Night, table string, row func(int32, int) T, rows int) Change {
	t.Helper()
	c, err := writeRows(n, table, row, rows)
	must(t, err)
	return c
}

func writeRows[T any](n *Night, table string, row func(int32, int) T, rows int) (Change, error) {
	all := make([]T, rows)
	for i := range all {
		all[i] = row(n.Generation, i)
	}
	f, err := WriteDataFile(ctx, n.lake, n.NewDataFile(table, fmt.Sprintf("g%d", n.Generation)), all)
	return Change{Add: []DataFile{f}}, err
}

func runInfo(id string) RunInfo {
	return RunInfo{Identity: "id-" + id, RunID: "run-of-" + id, Job: "curate", Date: "2026-11-20"}
}

// night commits a generation: so many documents, one training row less, one
// band file that replaces the earlier one.
func night(l *Lake, id string, rows int) (g Generation, err error) {
	n, err := l.Begin(ctx, runInfo(id))
	if err != nil {
		return g, err
	}
	defer func() {
		if closeErr := n.Close(); err == nil {
			err = closeErr
		}
	}()
	docs, err := writeRows(n, datasets.TableDocuments, document, rows)
	if err != nil {
		return g, err
	}
	train, err := writeRows(n, datasets.TableTraining, training, rows-1)
	if err != nil {
		return g, err
	}
	bands, err := writeRows(n, datasets.TableBands, band, rows)
	if err != nil {
		return g, err
	}
	old, err := l.Files(ctx, datasets.TableBands, 0)
	if err != nil {
		return g, err
	}
	for _, f := range old {
		bands.Remove = append(bands.Remove, f.Path)
	}
	return n.Commit(ctx, Commit{
		Tables: map[string]Change{
			datasets.TableDocuments: docs, datasets.TableTraining: train, datasets.TableBands: bands,
		},
		Properties: map[string]string{"config-hash": "abc"},
		Summary:    map[string]any{"kept": rows - 1},
	})
}

func mustNight(t testing.TB, l *Lake, id string, rows int) Generation {
	t.Helper()
	g, err := night(l, id, rows)
	must(t, err)
	return g
}

// content is what a lake holds for a reader: row ids by table and generation,
// 0 being main.
func content(t testing.TB, l *Lake) map[string][]int64 {
	t.Helper()
	c := map[string][]int64{}
	gens, err := l.Generations(ctx)
	must(t, err)
	numbers := []int32{0}
	for _, g := range gens {
		numbers = append(numbers, g.Number)
	}
	for _, n := range numbers {
		key := func(table string) string { return fmt.Sprintf("%s@%d", table, n) }
		must(t, ReadTable(ctx, l, datasets.TableDocuments, n, func(rows []datasets.Document) error {
			for _, r := range rows {
				c[key("documents")] = append(c[key("documents")], r.RowID)
			}
			return nil
		}))
		must(t, ReadTable(ctx, l, datasets.TableTraining, n, func(rows []datasets.Training) error {
			for _, r := range rows {
				c[key("training")] = append(c[key("training")], r.RowID)
			}
			return nil
		}))
		must(t, ReadTable(ctx, l, datasets.TableBands, n, func(rows []datasets.Band) error {
			for _, r := range rows {
				c[key("bands")] = append(c[key("bands")], r.RowID)
			}
			return nil
		}))
		must(t, ReadTable(ctx, l, datasets.TableFiles, n, func(rows []datasets.File) error {
			for _, r := range rows {
				c[key("files")] = append(c[key("files")], r.Rows)
			}
			return nil
		}))
	}
	return c
}

func ids(generation int32, rows int) []int64 {
	var all []int64
	for i := range rows {
		all = append(all, datasets.MakeRowID(generation, int64(i)))
	}
	return all
}

func wantContent(t testing.TB, got, want map[string][]int64) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
}

func TestTwoNights(t *testing.T) {
	for name, st := range map[string]store.Store{"disk": diskStore(t), "memory": store.NewMemory()} {
		t.Run(name, func(t *testing.T) { testTwoNights(t, st) })
	}
}

func testTwoNights(t *testing.T, st store.Store) {
	l := newLake(t, st)
	g1 := mustNight(t, l, "a", 3)
	if g1.Number != 1 || g1.Tag != "gen-000001" || len(g1.Parents) != 0 || string(g1.Summary) != `{"kept":2}` {
		t.Errorf("first generation: %+v", g1)
	}
	g2 := mustNight(t, reopen(t, st), "b", 4)
	if g2.Number != 2 || !slices.Equal(g2.Parents, []int32{1}) || g2.Tables[datasets.TableDocuments].RowsAdded != 4 {
		t.Errorf("second generation: %+v", g2)
	}
	l = reopen(t, st)
	wantContent(t, content(t, l), map[string][]int64{
		"documents@0": slices.Concat(ids(1, 3), ids(2, 4)), "documents@1": ids(1, 3), "documents@2": slices.Concat(ids(1, 3), ids(2, 4)),
		"training@0": slices.Concat(ids(1, 2), ids(2, 3)), "training@1": ids(1, 2), "training@2": slices.Concat(ids(1, 2), ids(2, 3)),
		"bands@0": ids(2, 4), "bands@1": ids(1, 3), "bands@2": ids(2, 4),
		// one row a file: of bands, documents, training, in this order
		"files@0": {3, 3, 2, 4, 4, 3}, "files@1": {3, 3, 2}, "files@2": {3, 3, 2, 4, 4, 3},
	})
	for _, spec := range specs {
		m, _, err := l.table(ctx, spec.name)
		must(t, err)
		if got := slices.Sorted(maps.Keys(m.Refs)); !slices.Equal(got, []string{"gen-000001", "gen-000002", "main"}) {
			t.Errorf("%s has refs %q", spec.name, got)
		}
	}
	report, err := l.Verify(ctx, nil)
	must(t, err)
	if !report.OK() || len(report.Orphans) != 0 {
		t.Errorf("verify: %+v", report)
	}
}

func rename(t testing.TB, from, to string) {
	t.Helper()
	must(t, os.Rename(from, to))
}
