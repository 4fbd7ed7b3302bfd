package bench

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"

	"github.com/chimera-1/chimera/compute"
)

// Result is one measured case: a line of chimera bench --json.
type Result struct {
	Name       string  `json:"name"`
	Value      float64 `json:"value"` // median of the repeats
	Unit       string  `json:"unit"`
	Bound      string  `json:"bound"`       // what it is held against, measured in this run
	BoundValue float64 `json:"bound_value"` // in the same unit
	Ratio      float64 `json:"ratio"`       // Value / BoundValue
	Cores      int     `json:"cores"`
	SIMD       string  `json:"simd"`
	Repeat     int     `json:"repeat"`
	Spread     float64 `json:"spread"` // (max - min) / median over the repeats
	// Wall is the rate by the clock with all cores, where the case is a whole
	// night; it says little on a busy host.
	Wall float64 `json:"wall,omitempty"`
	// Best is the rate of the fastest single piece of work of a compute case: what
	// shows through a busy host, as the peak does.
	Best float64 `json:"best,omitempty"`
	// CPU is the same work a second of CPU time of all threads.
	CPU  float64 `json:"cpu,omitempty"`
	Note string  `json:"note,omitempty"`
}

// Options say what to measure.
type Options struct {
	Groups  []string     // of cases: text, lake, compute, all. Defaults to all.
	Cases   []string     // only these. Defaults to every case of the groups.
	Cores   int          // Defaults to 1.
	Seconds float64      // a case and repeat. Defaults to 1.
	Repeat  int          // Defaults to 5.
	Inputs  []string     // globs of text for the text cases. Defaults to generated text.
	MB      int          // size of a generated night, in 10^6 bytes. Defaults to 256.
	Dir     string       // for lakes and files. Defaults to a temporary folder.
	Device  string       // of the compute cases, see compute.Open. Defaults to cpu.
	Report  func(Result) // hears each result as it comes, if set
	Log     func(string) // hears what is being measured, if set

	size gptSize // of the GPT cases; tests take a small one
}

func (o Options) withDefaults() Options {
	if len(o.Groups) == 0 {
		o.Groups = []string{groupAll}
	}
	if o.Cores == 0 {
		o.Cores = 1
	}
	if o.Seconds == 0 {
		o.Seconds = 1
	}
	if o.Repeat == 0 {
		o.Repeat = 5
	}
	if o.MB == 0 {
		o.MB = 256
	}
	if o.Device == "" {
		o.Device = "cpu"
	}
	if o.size.decode == 0 {
		o.size = gpt25M
	}
	return o
}

const groupAll = "all"

// Groups lists the groups of cases.
func Groups() []string { return []string{"text", "lake", "compute", groupAll} }

// kase is one case. Those without a group are bounds only.
type kase struct {
	group, name string
	run         func(context.Context, *env) (Result, error)
}

// IsCase reports whether a case has the name.
func IsCase(name string) bool {
	return slices.ContainsFunc(cases(), func(k kase) bool { return k.group != "" && k.name == name })
}

// minProcs is 2 because prism spins from the last output of a bundle to its
// response: with one P every hop of the response waits 10 ms for the spinner to
// be preempted. What it burns counts as CPU time all the same.
const minProcs = 2

// env is what the cases of a run share.
type env struct {
	Options
	dir   string
	texts []string
	bytes int64
	done  map[string]Result // a bound is measured once

}

// Run measures the cases that opt asks for, in order.
func Run(ctx context.Context, opt Options) ([]Result, error) {
	e := &env{Options: opt.withDefaults(), done: map[string]Result{}}
	dir, err := os.MkdirTemp(opt.Dir, "chimera-bench-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	e.dir = dir
	if err := e.load(ctx); err != nil {
		return nil, err
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(e.Cores, minProcs)))
	var out []Result
	for _, k := range cases() {
		if !e.wants(k) {
			continue
		}
		r, err := e.measure(ctx, k.name)
		if err != nil {
			return out, err
		}
		out = append(out, r)
		if e.Report != nil {
			e.Report(r)
		}
	}
	return out, nil
}

func (e *env) wants(k kase) bool {
	if k.group == "" || len(e.Cases) > 0 && !slices.Contains(e.Cases, k.name) {
		return false
	}
	return slices.Contains(e.Groups, k.group) || slices.Contains(e.Groups, groupAll)
}

// measure returns the result of a case, which runs the first time it is needed.
func (e *env) measure(ctx context.Context, name string) (Result, error) {
	if r, ok := e.done[name]; ok {
		return r, nil
	}
	all := cases()
	i := slices.IndexFunc(all, func(k kase) bool { return k.name == name })
	if i < 0 {
		panic("bench: no such case: " + name)
	}
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	r, err := all[i].run(ctx, e)
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", name, err)
	}
	r.Name, r.Cores = name, e.Cores
	if r.Unit == "" { // a case of text
		r.Unit, r.SIMD = "MB/s/core", compute.SIMD()
	}
	e.done[name] = r
	return r, nil
}

// against holds a result against how fast the named cases are one after
// another: what is built of them cannot be faster.
func (e *env) against(ctx context.Context, r Result, bound string, parts ...string) (Result, error) {
	perMB := 0.0
	for _, name := range parts {
		p, err := e.measure(ctx, name)
		if err != nil {
			return r, err
		}
		perMB += 1 / p.Value
	}
	r.Bound, r.BoundValue = bound, 1/perMB
	r.Ratio = r.Value / r.BoundValue
	return r, nil
}

// repeat measures f, which goes through some bytes of text once, until each
// repeat has had its time: CPU time, so that a busy host does not show.
func (e *env) repeat(ctx context.Context, f func() (bytes int64, err error)) (Result, error) {
	if _, err := f(); err != nil { // warm caches
		return Result{}, err
	}
	rates := make([]float64, e.Repeat)
	for i := range rates {
		runtime.GC()
		start, total := cpuSeconds(), int64(0)
		for total == 0 || cpuSeconds()-start < e.Seconds {
			if err := ctx.Err(); err != nil {
				return Result{}, err
			}
			n, err := f()
			if err != nil {
				return Result{}, err
			}
			total += n
		}
		rates[i] = float64(total) / 1e6 / (cpuSeconds() - start)
	}
	return median(rates), nil
}

// median is the result of several rates; of an even number the lower middle.
func median(rates []float64) Result {
	slices.Sort(rates)
	m := rates[(len(rates)-1)/2]
	return Result{Value: m, Repeat: len(rates), Spread: (rates[len(rates)-1] - rates[0]) / m}
}
