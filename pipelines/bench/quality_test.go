package bench

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/chimera-1/chimera/datasets/lake"
	"github.com/chimera-1/chimera/pipelines"
	"github.com/chimera-1/chimera/transforms/text"
)

func TestMain(m *testing.M) {
	beam.Init()
	os.Exit(m.Run())
}

// TestJudge works out a small lake by hand: a is the origin of b, c and d; e
// and f are strangers, and f was called a copy of e.
func TestJudge(t *testing.T) {
	of := map[string]Planted{
		"b": {ID: "b", Of: "a", Kind: Block, Jaccard: 0.5},
		"c": {ID: "c", Of: "a", Kind: Burst, Jaccard: 0.95},
		"d": {ID: "d", Of: "a", Kind: Exact, Jaccard: 1},
		"g": {ID: "g", Of: "e", Kind: Block, Jaccard: 0.9},
	}
	fates := map[string]fate{
		"a": {survivor: "c", near: true}, // the copy is the longer one
		"d": {survivor: "a"},
		"f": {survivor: "e", near: true},
		"g": {dropped: true},
	}
	half, high := 1-math.Pow(1-1.0/256, 14), 1-math.Pow(1-math.Pow(0.95, 8), 14)
	want := Quality{
		Recalls: []Recall{
			{Name: "J >= 0.5", Pairs: 1, Theory: half},
			{Name: "J >= 0.9", Pairs: 1, Found: 1, Recall: 1, Theory: high},
			{Name: "all", Pairs: 2, Found: 1, Recall: 0.5, Theory: (half + high) / 2},
			{Name: string(Block), Pairs: 1, Theory: half},
			{Name: string(Burst), Pairs: 1, Found: 1, Recall: 1, Theory: high},
		},
		Dropped: 1, Exact: 1, ExactFound: 1, Near: 2, True: 1, Precision: 0.5,
	}
	if diff := cmp.Diff(want, judge(of, fates), cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Error(diff)
	}
}

// TestQualityOfANight curates a corpus without filters: every exact copy is
// found, nothing but copies is called near, and recall is that of 14 bands of 8
// within four standard deviations.
func TestQualityOfANight(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	if _, err := WriteCorpus(ctx, dir, 6, 11); err != nil {
		t.Fatal(err)
	}
	p, err := text.LookupProfile("none")
	if err != nil {
		t.Fatal(err)
	}
	lakeDir := filepath.Join(dir, "lake")
	job := pipelines.Curate{Lake: lakeDir, Date: "2026-01-01", Inputs: inputs([]string{filepath.Join(dir, rawName)}), Profile: p, Workers: 2, ReportDir: "-"}
	if _, err := job.Run(ctx); err != nil {
		t.Fatal(err)
	}
	l, err := lake.Open(ctx, lakeDir)
	if err != nil {
		t.Fatal(err)
	}
	q, err := Judge(ctx, l, filepath.Join(dir, plantedName))
	if err != nil {
		t.Fatal(err)
	}
	if q.Exact == 0 || q.ExactFound != q.Exact || q.Dropped != 0 {
		t.Errorf("exact copies: %d of %d found, %d pairs dropped", q.ExactFound, q.Exact, q.Dropped)
	}
	if q.Precision != 1 {
		t.Errorf("precision %v: %d of %d", q.Precision, q.True, q.Near)
	}
	for _, r := range q.Recalls {
		// A sum of unequal Bernoulli variables varies at most as one of equal ones.
		dev := 4 * math.Sqrt(r.Theory*(1-r.Theory)/float64(r.Pairs))
		if r.Recall < r.Theory-dev {
			t.Errorf("%s: recall %.3f of %d pairs, in theory %.3f +- %.3f", r.Name, r.Recall, r.Pairs, r.Theory, dev)
		}
		// Above, only chance and chains of copies of one document.
		if r.Name == "all" && r.Recall > r.Theory+dev+0.05 {
			t.Errorf("%s: recall %.3f is far above theory, %.3f", r.Name, r.Recall, r.Theory)
		}
	}
}
