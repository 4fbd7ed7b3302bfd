package command

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chimera-1/chimera/pipelines/bench"
)

func (a *app) bench() *cobra.Command {
	var opt bench.Options
	cmd := &cobra.Command{
		Use:     "bench [" + strings.Join(bench.Groups(), "|") + "]...",
		GroupID: groupSelf,
		Short:   "Measure how fast this machine runs each hot path, beside its bound",
		Long: `Bench measures each hot path and, in the same run, what bounds it: reading
memory, decoding zstd, the peak of the multipliers. The ratio of the two survives
a noisy host. Text rates are MB/s a core of CPU time.`,
		Example: `  chimera bench text --json
  chimera bench text --input 'raw/*.jsonl' --seconds 3
  chimera bench all --cores 2`,
		ValidArgs:   bench.Groups(),
		Args:        cobra.OnlyValidArgs,
		Annotations: exits(exitsFailed, exitsInterrupted),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := a.load(); err != nil {
				return err
			}
			if a.InitBeam != nil {
				a.InitBeam()
			}
			opt.Groups = args
			opt.Log = func(name string) { slog.Info("measuring", "case", name) }
			return a.runBench(cmd, opt)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVar(&opt.Cores, "cores", 1, "cores to use, `N`")
	f.Float64Var(&opt.Seconds, "seconds", 1, "`SECONDS` a case and repeat")
	f.IntVar(&opt.Repeat, "repeat", 5, "repeats a case, `N`; the median counts")
	f.StringArrayVar(&opt.Inputs, "input", nil, "`GLOB` of text for the text cases (default: generated text); repeats")
	return cmd
}

func (a *app) runBench(cmd *cobra.Command, opt bench.Options) error {
	var failed error
	if a.json {
		opt.Report = func(r bench.Result) {
			if err := a.printJSON(r); err != nil && failed == nil {
				failed = err
			}
		}
	}
	results, err := bench.Run(cmd.Context(), opt)
	if err != nil {
		return err
	}
	if a.json {
		return failed
	}
	rows := make([][]string, len(results))
	for i, r := range results {
		rows[i] = []string{r.Name, fmt.Sprintf("%.4g", r.Value), r.Unit, fmt.Sprintf("%.3f", r.Ratio), r.Bound, fmt.Sprintf("±%.0f %%", 50*r.Spread)}
	}
	return a.table("case|value|unit|ratio|bound|spread", rows)
}
