package bench

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"time"

	"github.com/chimera-1/chimera/compute"
)

// Result is one measured case: a line of chimera bench --json.
type Result struct {
	Name       string  `json:"name"`
	Value      float64 `json:"value"`
	Unit       string  `json:"unit"`
	Bound      string  `json:"bound"`       // what it is held against, measured in this run
	BoundValue float64 `json:"bound_value"` // in the same unit
	Ratio      float64 `json:"ratio"`       // Value / BoundValue
	Cores      int     `json:"cores"`
	SIMD       string  `json:"simd"`
	Repeat     int     `json:"repeat"`
	Spread     float64 `json:"spread"` // (max - min) / median over the repeats
	PeakRSSMB  float64 `json:"peak_rss_mb,omitempty"`
	Note       string  `json:"note,omitempty"`
}

// Options say what to measure.
type Options struct {
	Groups  []string      // text, lake, compute, all. Defaults to all.
	Cores   int           // workers of whole nights. Defaults to 1.
	Seconds float64       // a case and repeat. Defaults to 1.
	Repeat  int           // Defaults to 5.
	Inputs  []string      // text for the text cases. Defaults to generated text.
	MB      int           // size of the generated night, in 10^6 bytes. Defaults to 64.
	Dir     string        // for lakes and files. Defaults to a temporary folder.
	Report  func(Result)  // hears each result as it comes
	Log     func(string)  // hears what is being measured
	Timeout time.Duration // not used by cases; callers cancel ctx
}

// unitMB is the unit of the text and lake cases.
const unitMB = "MB/s/core"

// env is what cases share.
type env struct {
	Options
	dir    string
	texts  []string
	bytes  int64
	bounds map[string]float64
}

// kase is one case: it returns its value, its bound's name and value.
type kase struct {
	group, name string
	run         func(context.Context, *env) (Result, error)
}

// Run measures the cases of the groups, in order.
func Run(ctx context.Context, opt Options) ([]Result, error) {
	e, done, err := newEnv(ctx, opt)
	if err != nil {
		return nil, err
	}
	defer done()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(e.Cores))
	var out []Result
	for _, k := range cases() {
		if !e.wants(k.group) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return out, err
		}
		if e.Log != nil {
			e.Log(k.name)
		}
		r, err := k.run(ctx, e)
		if err != nil {
			return out, fmt.Errorf("%s: %w", k.name, err)
		}
		r.Name, r.Cores, r.SIMD = k.name, e.Cores, compute.SIMD()
		if r.BoundValue > 0 {
			r.Ratio = r.Value / r.BoundValue
		}
		out = append(out, r)
		if e.Report != nil {
			e.Report(r)
		}
	}
	return out, nil
}

// Groups lists the groups of cases.
func Groups() []string { return []string{"text", "lake", "compute", "all"} }

func (e *env) wants(group string) bool {
	for _, g := range e.Groups {
		if g == group || g == "all" {
			return true
		}
	}
	return len(e.Groups) == 0
}

func newEnv(ctx context.Context, opt Options) (*env, func(), error) {
	e := &env{Options: opt, bounds: map[string]float64{}}
	if e.Cores == 0 {
		e.Cores = 1
	}
	if e.Seconds == 0 {
		e.Seconds = 1
	}
	if e.Repeat == 0 {
		e.Repeat = 5
	}
	if e.MB == 0 {
		e.MB = 64
	}
	dir, err := os.MkdirTemp(opt.Dir, "chimera-bench-*")
	if err != nil {
		return nil, nil, err
	}
	e.dir = dir
	done := func() { os.RemoveAll(dir) }
	if err := e.load(ctx); err != nil {
		done()
		return nil, nil, err
	}
	return e, done, nil
}

// repeat measures f, which goes through some bytes of text once, until each
// repeat has had its time: CPU time, so that a busy host does not show.
func (e *env) repeat(ctx context.Context, f func() (bytes int64, err error)) (Result, error) {
	if _, err := f(); err != nil { // warm caches
		return Result{}, err
	}
	var rates []float64
	for range e.Repeat {
		runtime.GC()
		start, total := cpuSeconds(), int64(0)
		for {
			if err := ctx.Err(); err != nil {
				return Result{}, err
			}
			n, err := f()
			if err != nil {
				return Result{}, err
			}
			total += n
			if cpuSeconds()-start >= e.Seconds {
				break
			}
		}
		rates = append(rates, float64(total)/1e6/(cpuSeconds()-start))
	}
	return median(rates), nil
}

func median(rates []float64) Result {
	sort.Float64s(rates)
	m := rates[len(rates)/2]
	return Result{Value: m, Unit: unitMB, Repeat: len(rates), Spread: (rates[len(rates)-1] - rates[0]) / m}
}

// bound attaches what the result is held against.
func (r Result) bound(name string, value float64) Result {
	r.Bound, r.BoundValue = name, value
	return r
}

// String is the result for people.
func (r Result) String() string {
	s := fmt.Sprintf("%-24s %10.1f %-10s", r.Name, r.Value, r.Unit)
	if r.Bound != "" {
		s += fmt.Sprintf(" %5.2f of %s %.1f", r.Ratio, r.Bound, r.BoundValue)
	}
	return strings.TrimRight(s, " ")
}
