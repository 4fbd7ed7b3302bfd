package command

import (
	"github.com/spf13/cobra"
)

func completion() *cobra.Command {
	return &cobra.Command{
		Use:     "completion {bash|zsh|fish|powershell}",
		GroupID: groupSelf,
		Short:   "Print a shell's completion script",
		Example: `  source <(chimera completion bash)
  chimera completion zsh > "${fpath[1]}/_chimera"
  chimera completion fish | source`,
		ValidArgs:   []string{"bash", "zsh", "fish", "powershell"},
		Args:        cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		Annotations: exits(),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			}
			return root.GenPowerShellCompletionWithDesc(out)
		},
	}
}
