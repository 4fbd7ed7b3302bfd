package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/chimera-1/chimera/datasets/lake"
)

func (a *app) lake() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "lake",
		GroupID: groupLook,
		Short:   "Look after a lake: tables, generations, checksums, orphans",
		Example: `  chimera lake ls --lake lake
  chimera lake log --lake lake --json
  chimera lake verify --lake lake`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.lakeLs(), a.lakeShow(), a.lakeLog(), a.lakeDiff(), a.lakeVerify(), a.lakeSweep(), a.lakeRollback(), a.lakeRelocate())
	return cmd
}

// lakeCommand is a command that works on an open lake.
func (a *app) lakeCommand(cmd *cobra.Command, run func(ctx context.Context, l *lake.Lake, args []string) error) *cobra.Command {
	cmd.Flags().SortFlags = false
	a.lakeFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := a.load()
		if err != nil {
			return err
		}
		l, err := lake.Open(cmd.Context(), c.Lake)
		if err != nil {
			return err
		}
		return run(cmd.Context(), l, args)
	}
	if cmd.Annotations == nil {
		cmd.Annotations = exits(exitsFailed)
	}
	return cmd
}

func (a *app) lakeLs() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ls",
		Short:   "List the tables",
		Example: "  chimera lake ls --lake lake\n  chimera lake ls --lake lake --json | jq -r .table",
		Args:    cobra.NoArgs,
	}
	return a.lakeCommand(cmd, func(ctx context.Context, l *lake.Lake, _ []string) error {
		tables, err := l.Tables(ctx)
		if err != nil {
			return err
		}
		for i := range tables {
			tables[i].Name = dotted(tables[i].Name)
		}
		if a.json {
			return printLines(a, tables)
		}
		rows := make([][]string, len(tables))
		for i, t := range tables {
			rows[i] = []string{t.Name, count(t.Rows), count(t.Files), size(t.Bytes), count(int64(t.Snapshots)), t.Doc}
		}
		return a.table("table|rows|files|size|snapshots|what", rows)
	})
}

func (a *app) lakeShow() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show TABLE",
		Short:   "Show a table's schema, with the meaning of each column, and its state",
		Example: "  chimera lake show text.documents --lake lake\n  chimera lake show training.text --lake lake --json",
		Args:    cobra.ExactArgs(1),
	}
	return a.lakeCommand(cmd, func(ctx context.Context, l *lake.Lake, args []string) error {
		d, err := l.Describe(ctx, tableName(args[0]))
		if errors.Is(err, lake.ErrUnknown) {
			return usageError{err}
		}
		if err != nil {
			return err
		}
		d.Name = dotted(d.Name)
		if a.json {
			return a.printJSON(d)
		}
		a.text("%s: %s\n%s rows in %s files, %s; snapshot %d of %d; %s\n\n", d.Name, d.Doc, count(d.Rows), count(d.Files), size(d.Bytes), d.SnapshotID, d.Snapshots, d.Location)
		rows := make([][]string, len(d.Columns))
		for i, c := range d.Columns {
			null := "null"
			if c.Required {
				null = ""
			}
			rows[i] = []string{strconv.Itoa(c.ID), c.Name, c.Type, null, c.Doc}
		}
		return a.table("id|column|type||meaning", rows)
	})
}

// dotted is a table's name as SQL writes it, text.documents; within the lake it
// is a path, text/documents.
func dotted(table string) string { return strings.Replace(table, "/", ".", 1) }

// tableName takes both forms.
func tableName(s string) string {
	if strings.Contains(s, "/") {
		return s
	}
	return strings.Replace(s, ".", "/", 1)
}

// logEntry is a line of lake log --json.
type logEntry struct {
	Generation  int32            `json:"generation"`
	Tag         string           `json:"tag"`
	RunID       string           `json:"run_id"`
	Job         string           `json:"job"`
	Date        string           `json:"date"`
	CommittedAt string           `json:"committed_at"`
	RowsAdded   map[string]int64 `json:"rows_added"`
	SnapshotIDs map[string]int64 `json:"snapshot_ids"`
	RolledBack  bool             `json:"rolled_back"`
}

func (a *app) lakeLog() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "log",
		Short:   "List the generations, oldest first",
		Example: "  chimera lake log --lake lake\n  chimera lake log --lake lake --json | tail -n 1",
		Args:    cobra.NoArgs,
	}
	return a.lakeCommand(cmd, func(ctx context.Context, l *lake.Lake, _ []string) error {
		generations, err := l.Generations(ctx)
		if err != nil {
			return err
		}
		var entries []logEntry
		var rows [][]string
		for _, g := range generations {
			e := entryOf(g)
			entries = append(entries, e)
			state := ""
			if g.RolledBack {
				state = "rolled back"
			}
			rows = append(rows, []string{e.Tag, e.Date, e.Job, count(e.RowsAdded["text.documents"]), count(e.RowsAdded["training.text"]), e.CommittedAt, e.RunID, state})
		}
		if a.json {
			return printLines(a, entries)
		}
		return a.table("generation|date|job|documents|training|committed|run|", rows)
	})
}

func entryOf(g lake.Generation) logEntry {
	e := logEntry{
		Generation: g.Number, Tag: g.Tag, RunID: g.RunID, Job: g.Job, Date: g.Date, RolledBack: g.RolledBack,
		CommittedAt: g.CommittedAt.UTC().Format("2006-01-02T15:04:05Z"), RowsAdded: map[string]int64{}, SnapshotIDs: map[string]int64{},
	}
	for name, t := range g.Tables {
		e.RowsAdded[dotted(name)], e.SnapshotIDs[dotted(name)] = t.RowsAdded, t.SnapshotID
	}
	return e
}

func (a *app) lakeDiff() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "diff GENERATION [GENERATION]",
		Short:   "Say what changed between two generations, table by table",
		Long:    "Diff compares two generations, given as gen-000007, gen-7 or 7. Without the second\none it compares with what readers see now.",
		Example: "  chimera lake diff gen-1 gen-2 --lake lake\n  chimera lake diff 2 --lake lake --json",
		Args:    cobra.RangeArgs(1, 2),
	}
	return a.lakeCommand(cmd, func(ctx context.Context, l *lake.Lake, args []string) error {
		var numbers [2]int32
		for i, arg := range args {
			n, err := generationNumber(arg)
			if err != nil {
				return err
			}
			numbers[i] = n
		}
		diffs, err := l.Diff(ctx, numbers[0], numbers[1])
		if err != nil {
			return err
		}
		for i := range diffs {
			diffs[i].Table = dotted(diffs[i].Table)
		}
		if a.json {
			return printLines(a, diffs)
		}
		rows := make([][]string, len(diffs))
		for i, d := range diffs {
			rows[i] = []string{d.Table, fmt.Sprintf("%+d", d.Rows), fmt.Sprintf("+%d", len(d.FilesAdded)), fmt.Sprintf("-%d", len(d.FilesRemoved))}
		}
		return a.table("table|rows|files added|files removed", rows)
	})
}

// generationNumber reads gen-000007, gen-7 or 7.
func generationNumber(s string) (int32, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(s, "gen-"), 10, 32)
	if err != nil || n < 1 {
		return 0, usagef("%q is no generation like gen-000007", s)
	}
	return int32(n), nil
}

// waitFlag is --wait of commands that write.
func waitFlag(f *pflag.FlagSet, wait *bool) {
	f.BoolVar(wait, "wait", false, "wait for a night that writes the lake instead of failing")
}
