package bench

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/compute/nn"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		rates []float64
		want  Result
	}{
		{[]float64{4}, Result{Value: 4, Repeat: 1}},
		{[]float64{5, 1, 4}, Result{Value: 4, Repeat: 3, Spread: 1}},
		{[]float64{8, 2, 4, 6}, Result{Value: 4, Repeat: 4, Spread: 1.5}},
	} {
		if diff := cmp.Diff(c.want, median(slices.Clone(c.rates))); diff != "" {
			t.Errorf("median(%v):\n%s", c.rates, diff)
		}
	}
}

// small is a model that takes no time.
var small = gptSize{model: nn.GPTConfig{Vocab: 11, Context: 7, Layers: 2, Heads: 2, Width: 8}, decode: 3, train: 2}

// TestRun measures every case for as short as it gets: what is checked is which
// lines come out, not how fast anything is.
func TestRun(t *testing.T) {
	var heard []string
	results, err := Run(context.Background(), Options{Seconds: 1e-9, Repeat: 1, MB: 1, Dir: t.TempDir(), size: small, Report: func(r Result) { heard = append(heard, r.Name) }})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range results {
		names = append(names, r.Name)
		if r.Unit != unitOf(r.Name) || r.Cores != 1 || r.Repeat < 1 || r.Bound == "" || r.SIMD == "" {
			t.Errorf("%s: %+v", r.Name, r)
		}
		if r.Value <= 0 || math.Abs(r.Ratio*r.BoundValue-r.Value) > 1e-9*r.Value {
			t.Errorf("%s: value %v, bound %v, ratio %v", r.Name, r.Value, r.BoundValue, r.Ratio)
		}
	}
	if diff := cmp.Diff(names, heard); diff != "" {
		t.Errorf("Report heard other results:\n%s", diff)
	}
	for _, promised := range []string{"text/tokens", "text/signals", "text/minhash", "text/night", "lake/zstd_decode", "lake/parquet_read", "lake/parquet_write",
		"compute/fma_peak", "compute/sgemm_512", "compute/sgemm_1024", "compute/sgemm_64x512x512", "compute/gpt_decode", "compute/gpt_train"} {
		if !slices.Contains(names, promised) {
			t.Errorf("no case %s among %v", promised, names)
		}
	}
}

// unitOf is the unit that the command line promises for a case.
func unitOf(name string) string {
	switch {
	case strings.HasPrefix(name, "compute/gpt_"):
		return "tokens/s"
	case strings.HasPrefix(name, "compute/sgemm_"), name == "compute/fma_peak":
		return "GFLOP/s"
	}
	return "MB/s/core"
}

// TestPerToken is counted by hand: a layer has 12 C^2 weights in products, the head
// C V; a position sees half the context on average, in scores and in sums.
func TestPerToken(t *testing.T) {
	if got, want := perToken(gpt25M.model), 2*(8*12*512*512+512*1024)+8*4*512*128.; got != want {
		t.Errorf("%g operations a token, want %g", got, want)
	}
	if got := (product{m: 64, n: 512, k: 512}).gflop(); got != 0.033554432 {
		t.Errorf("%g GFLOP", got)
	}
}

func TestRunTakesInputs(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	if _, err := WriteCorpus(ctx, dir, 1, 9); err != nil {
		t.Fatal(err)
	}
	opt := Options{Cases: []string{"text/near"}, Inputs: []string{dir + "/" + rawName}, Seconds: 1e-9, Repeat: 1, MB: 1, Dir: t.TempDir()}
	results, err := Run(ctx, opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 1 || results[0].Name != "text/near" {
		t.Errorf("results %v, want text/near alone", results)
	}
	opt.Inputs = []string{dir + "/nothing*"}
	if _, err := Run(ctx, opt); err == nil {
		t.Error("a glob without files was measured")
	}
}

func TestRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, Options{Cases: []string{"text/tokens"}, Dir: t.TempDir()}); err == nil {
		t.Error("a cancelled run measured on")
	}
}

// TestResultJSON is the line that cli users parse.
func TestResultJSON(t *testing.T) {
	b, err := json.Marshal(Result{Name: "text/minhash", Value: 1210, Unit: "MB/s/core", Bound: "memory read", BoundValue: 9800, Ratio: 0.123,
		Cores: 1, SIMD: "avx512", Repeat: 5, Spread: 0.03})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"name":"text/minhash","value":1210,"unit":"MB/s/core","bound":"memory read","bound_value":9800,"ratio":0.123,"cores":1,"simd":"avx512","repeat":5,"spread":0.03}`
	if string(b) != want {
		t.Errorf("have %s\nwant %s", b, want)
	}
}
