package command

import (
	"github.com/spf13/cobra"

	"github.com/chimera-1/chimera/datasets/sample"
)

func (a *app) sample() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "sample",
		GroupID: groupJobs,
		Short:   "Make real input to try things out with",
		Example: "  chimera sample text --out sample --docs 2000",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.sampleText())
	return cmd
}

func (a *app) sampleText() *cobra.Command {
	var out string
	var opt sample.Options
	cmd := &cobra.Command{
		Use:   "text",
		Short: "Write the documentation of the installed Go distribution as raw JSONL",
		Long: `Text takes the documentation comments of Go's standard library and tools: real
prose, with the duplicates that real collections have. It needs the Go
distribution and nothing else; the same Go and seed give the same files.`,
		Example:     "  chimera sample text --out sample --docs 2000 --seed 7",
		Args:        cobra.NoArgs,
		Annotations: exits(exitsFailed, exitsInterrupted),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usagef("--out: required")
			}
			if opt.Docs < 0 {
				return usagef("--docs: %d is less than 0", opt.Docs)
			}
			if _, err := a.load(); err != nil {
				return err
			}
			s, err := sample.Text(cmd.Context(), out, opt)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(struct {
					Docs      int      `json:"docs"`
					TextBytes int64    `json:"text_bytes"`
					Files     []string `json:"files"`
				}{s.Docs, s.Bytes, s.Files})
			}
			a.text("%s documents, %s of text, in %d files under %s\n", count(int64(s.Docs)), size(s.Bytes), len(s.Files), out)
			return nil
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&out, "out", "", "`FOLDER` to write to (required)")
	f.IntVar(&opt.Docs, "docs", 0, "at most `N` documents (default: all)")
	f.Uint64Var(&opt.Seed, "seed", 1, "`N` that chooses which documents")
	return cmd
}
