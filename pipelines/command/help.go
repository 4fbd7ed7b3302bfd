package command

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
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
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}

EXIT STATUS
{{with index .Annotations "exit"}}{{.}}{{else}}  see the help of each command: 0 done, 1 failed, 2 wrong usage or
  configuration, 3 too many rejected rows, 130 interrupted{{end}}
`

// exits is the annotation that help ends in: what each status means here.
func exits(lines ...string) map[string]string {
	all := append([]string{"0    done", exitsUsage}, lines...)
	slices.SortFunc(all, func(x, y string) int { return cmp.Compare(statusOf(x), statusOf(y)) })
	return map[string]string{"exit": "  " + strings.Join(all, "\n  ")}
}

// statusOf is the number that a line of help begins with.
func statusOf(line string) int {
	number, _, _ := strings.Cut(line, " ")
	n, err := strconv.Atoi(number)
	if err != nil {
		panic("command: help on exit status without its number: " + line)
	}
	return n
}

const (
	exitsUsage       = "2    wrong usage or configuration"
	exitsFailed      = "1    failed; the message says what and where"
	exitsRejects     = "3    not published: more rejected rows than max_rejects"
	exitsInterrupted = "130  interrupted; state is safe, run it again to go on"
)

// jobExits are the statuses of jobs.
func jobExits() map[string]string {
	return map[string]string{"exit": fmt.Sprintf("  %s\n  %s\n  %s\n  %s\n  %s",
		"0    done, or this very run is published already", exitsFailed, exitsUsage, exitsRejects, exitsInterrupted)}
}
