package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/chimera-1/chimera/pipelines/config"
)

func (a *app) config() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		GroupID: groupSelf,
		Short:   "Check, print or start a configuration file",
		Example: `  chimera config example > chimera.yaml
  chimera config check --config chimera.yaml
  chimera config print --config chimera.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.configCheck(), a.configPrint(), a.configExample())
	return cmd
}

// configFlags are the flags of config check and print: those that jobs have for
// keys of the configuration.
func (a *app) configFlags(cmd *cobra.Command, in *inputFlags) {
	f := cmd.Flags()
	f.SortFlags = false
	a.lakeFlag(f)
	in.add(f)
	a.curateFlags(f)
}

func (a *app) configCheck() *cobra.Command {
	var in inputFlags
	cmd := &cobra.Command{
		Use:         "check",
		Short:       "Say whether a configuration is right, or everything that is wrong with it",
		Example:     "  chimera config check --config chimera.yaml",
		Args:        cobra.NoArgs,
		Annotations: exits(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := in.layer(a, cmd); err != nil {
				return err
			}
			l, err := a.load()
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(map[string]any{"ok": true, "hash": l.Hash()})
			}
			a.text("ok, hash %s\n", l.Hash())
			return nil
		},
	}
	a.configFlags(cmd, &in)
	return cmd
}

func (a *app) configPrint() *cobra.Command {
	var in inputFlags
	cmd := &cobra.Command{
		Use:   "print",
		Short: "Print the effective configuration and where each value comes from",
		Long: `Print shows every value and its source: default, file:line, the environment
variable or the flag. What it prints is a configuration that gives the same run.`,
		Example: `  chimera config print --config chimera.yaml
  CHIMERA_LAKE=other chimera config print --profile c4 > same.yaml`,
		Args:        cobra.NoArgs,
		Annotations: exits(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := in.layer(a, cmd); err != nil {
				return err
			}
			l, err := a.load()
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(struct {
					Hash   string         `json:"hash"`
					Values []config.Value `json:"values"`
				}{l.Hash(), l.Values()})
			}
			_, err = fmt.Fprint(a.Out, l.Print())
			return err
		},
	}
	a.configFlags(cmd, &in)
	return cmd
}

func (a *app) configExample() *cobra.Command {
	return &cobra.Command{
		Use:         "example",
		Short:       "Print a complete configuration with comments, every key at its default",
		Example:     "  chimera config example > chimera.yaml",
		Args:        cobra.NoArgs,
		Annotations: exits(),
		RunE: func(*cobra.Command, []string) error {
			a.ran = true
			_, err := fmt.Fprint(a.Out, config.Example)
			return err
		},
	}
}
