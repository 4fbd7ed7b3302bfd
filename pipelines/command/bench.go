package command

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/pprof"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chimera-1/chimera/datasets/lake"
	"github.com/chimera-1/chimera/pipelines/bench"
)

func (a *app) bench() *cobra.Command {
	var opt bench.Options
	var profile string
	cmd := &cobra.Command{
		Use:     "bench [" + strings.Join(bench.Groups(), "|") + "]...",
		GroupID: groupSelf,
		Short:   "Measure how fast this machine runs each hot path, beside its bound",
		Long: `Bench measures each hot path and, in the same run, what bounds it: reading
memory, decoding zstd, the step that it is built on. The ratio of the two
survives a noisy host. Text rates are MB/s a core of CPU time: 10^6 bytes of
UTF-8 text a second. Compute rates are GFLOP/s or tokens/s by the clock, of all
cores together, beside how fast the same threads multiply and add in registers.

text/night is a whole night: it reads zstd Parquet, computes every figure,
decides, deduplicates against a lake that has a night in it, and writes every
table. text/near and text/exact are nights of the profile none that write no
text.`,
		Example: `  chimera bench text --json
  chimera bench text --input 'raw/*.jsonl' --seconds 3
  chimera bench all --cores 2`,
		ValidArgs:   bench.Groups(),
		Args:        cobra.OnlyValidArgs,
		Annotations: exits(exitsFailed, exitsInterrupted),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkBench(opt); err != nil {
				return err
			}
			opt.Groups = args
			return a.runBench(cmd.Context(), opt, profile)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVar(&opt.Cores, "cores", 1, "cores to use, `N`")
	f.Float64Var(&opt.Seconds, "seconds", 1, "`SECONDS` a case and repeat")
	f.IntVar(&opt.Repeat, "repeat", 5, "repeats a case, `N`, of whole nights at most 3; the median counts")
	f.StringArrayVar(&opt.Inputs, "input", nil, "`GLOB` of text for the text cases (default: generated text); repeats")
	f.IntVar(&opt.MB, "mb", 256, "size of a generated night, `N` times 10^6 bytes of text")
	f.StringVar(&opt.Device, "device", "cpu", "`DEVICE` of the compute cases: cpu, cpu/avx2 and the like, cuda:0")
	f.StringArrayVar(&opt.Cases, "case", nil, "measure only this `CASE`, as in text/night; repeats")
	f.StringVar(&profile, "cpuprofile", "", "`FILE` for a CPU profile; samples are labelled by stage")
	cmd.AddCommand(a.benchCorpus(), a.benchQuality())
	return cmd
}

func checkBench(opt bench.Options) error {
	switch {
	case opt.Cores < 1:
		return usagef("--cores: %d is less than 1", opt.Cores)
	case opt.Repeat < 1:
		return usagef("--repeat: %d is less than 1", opt.Repeat)
	case opt.Seconds <= 0:
		return usagef("--seconds: %g is not above 0", opt.Seconds)
	case opt.MB < 1:
		return usagef("--mb: %d is less than 1", opt.MB)
	}
	for _, c := range opt.Cases {
		if !bench.IsCase(c) {
			return usagef("--case: no case %q", c)
		}
	}
	return nil
}

func (a *app) runBench(ctx context.Context, opt bench.Options, profile string) error {
	l, err := a.load()
	if err != nil {
		return err
	}
	if a.InitBeam != nil {
		a.InitBeam()
	}
	a.setLogging(l.Log) // Beam has put its own in place
	a.limitMemory(l, opt.Cores)
	opt.Log = func(name string) { slog.Info("measuring", "case", name) }
	var failed error
	if a.json {
		opt.Report = func(r bench.Result) {
			if err := a.printJSON(r); err != nil && failed == nil {
				failed = err
			}
		}
	}
	stop, err := startProfile(profile)
	if err != nil {
		return err
	}
	results, err := bench.Run(ctx, opt)
	if perr := stop(); err == nil {
		err = perr
	}
	if err != nil {
		return err
	}
	if a.json {
		return failed
	}
	return a.benchTable(results)
}

func (a *app) benchTable(results []bench.Result) error {
	rows := make([][]string, len(results))
	for i, r := range results {
		rows[i] = []string{r.Name, fmt.Sprintf("%.4g", r.Value), r.Unit, fmt.Sprintf("%.3f", r.Ratio), r.Bound, fmt.Sprintf("%.4g", r.BoundValue),
			fmt.Sprintf("±%.0f %%", 50*r.Spread), r.Note}
	}
	return a.table("case|value|unit|ratio|of|bound|spread|note", rows)
}

// startProfile writes a CPU profile until stop is called. No file, no profile.
func startProfile(file string) (stop func() error, err error) {
	if file == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		f.Close()
		return nil, err
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

func (a *app) benchCorpus() *cobra.Command {
	var out string
	var mb int
	var seed uint64
	cmd := &cobra.Command{
		Use:   "corpus",
		Short: "Write generated text with planted duplicates",
		Long: `Corpus writes Parquet files of generated documents under FOLDER/raw, and
FOLDER/planted.jsonl, which says which document is a copy of which, how it was
made and how similar the two are. The same seed gives the same text, in memory
that does not grow with its size.`,
		Example:     "  chimera bench corpus --out /tmp/corpus --mb 1000 --seed 7",
		Args:        cobra.NoArgs,
		Annotations: exits(exitsFailed, exitsInterrupted),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case out == "":
				return usagef("--out: required")
			case mb < 1:
				return usagef("--mb: %d is less than 1", mb)
			}
			if _, err := a.load(); err != nil {
				return err
			}
			c, err := bench.WriteCorpus(cmd.Context(), out, mb, seed)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(c)
			}
			a.text("%s documents, %s of text, in %d files under %s\n", count(c.Docs), size(c.TextBytes), c.Files, out)
			return nil
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&out, "out", "", "`FOLDER` to write to (required)")
	f.IntVar(&mb, "mb", 256, "`N` times 10^6 bytes of text")
	f.Uint64Var(&seed, "seed", 1, "`N` that the text follows from")
	return cmd
}

func (a *app) benchQuality() *cobra.Command {
	var planted string
	cmd := &cobra.Command{
		Use:   "quality",
		Short: "Compare the duplicates that a lake found with those that were planted",
		Long: `Quality reads what bench corpus planted and the decisions of a lake that took
the corpus in, and prints the recall of planted near duplicates by true
similarity and by kind, beside what 14 bands of 8 values find in theory, and the
precision of the decisions.`,
		Example:     "  chimera bench quality --lake lake --planted /tmp/corpus/planted.jsonl",
		Args:        cobra.NoArgs,
		Annotations: exits(exitsFailed, exitsInterrupted),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if planted == "" {
				return usagef("--planted: required")
			}
			c, err := a.load()
			if err != nil {
				return err
			}
			l, err := lake.Open(cmd.Context(), c.Lake)
			if err != nil {
				return err
			}
			q, err := bench.Judge(cmd.Context(), l, planted)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(q)
			}
			return a.quality(q)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	a.lakeFlag(f)
	f.StringVar(&planted, "planted", "", "`FILE` planted.jsonl of the corpus (required)")
	return cmd
}

func (a *app) quality(q bench.Quality) error {
	rows := make([][]string, len(q.Recalls))
	for i, r := range q.Recalls {
		rows[i] = []string{r.Name, count(int64(r.Pairs)), count(int64(r.Found)), fmt.Sprintf("%.4f", r.Recall), fmt.Sprintf("%.4f", r.Theory)}
	}
	if err := a.table("pairs|planted|found|recall|theory", rows); err != nil {
		return err
	}
	a.text("precision %.5f: %s of %s rows called near duplicates share their survivor's original\n", q.Precision, count(int64(q.True)), count(int64(q.Near)))
	a.text("exact %s of %s planted\n", count(int64(q.ExactFound)), count(int64(q.Exact)))
	return nil
}
