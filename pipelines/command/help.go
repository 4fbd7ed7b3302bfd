package command

import (
	"fmt"
	"strings"
)

// usageTemplate is cobra's, with headings in one style and Beam's own flags
// left out: they are many, and Beam documents them.
const usageTemplate = `Usage:{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} COMMAND{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}{{$cmds := .Commands}}{{if eq (len .Groups) 0}}

Commands:{{range $cmds}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{else}}{{range $group := .Groups}}

{{.Title}}{{range $cmds}}{{if (and (eq .GroupID $group.ID) .IsAvailableCommand)}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

Global flags:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if index .Annotations "exit"}}

EXIT STATUS
{{index .Annotations "exit"}}{{end}}
`

// exits is the annotation that help ends in: what each status means here.
func exits(lines ...string) map[string]string {
	all := append([]string{"0    done"}, lines...)
	all = append(all, "2    wrong usage or configuration")
	return map[string]string{"exit": "  " + strings.Join(all, "\n  ")}
}

const (
	exitsFailed      = "1    failed; the message says what and where"
	exitsRejects     = "3    not published: more rejected rows than max_rejects"
	exitsInterrupted = "130  interrupted; state is safe, run it again to go on"
)

// jobExits are the statuses of jobs.
func jobExits() map[string]string {
	return map[string]string{"exit": fmt.Sprintf("  %s\n  %s\n  %s\n  %s\n  %s",
		"0    done, or this very run is published already", exitsFailed, "2    wrong usage or configuration", exitsRejects, exitsInterrupted)}
}
