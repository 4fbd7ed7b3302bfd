package pipelines

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/lake"
	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/pipelines/report"
)

// reportDir is the folder of the reports, or "" for none. Only a lake on a disk
// has one by default.
func (c Curate) reportDir(l *lake.Lake) string {
	switch {
	case c.ReportDir == "-":
		return ""
	case c.ReportDir != "":
		return c.ReportDir
	case strings.Contains(l.URI(), ":") && !filepath.IsAbs(l.URI()):
		return ""
	}
	return filepath.Join(l.URI(), "report")
}

// reportPath is where the page of a night lies.
func (r *run) reportPath(name string) string {
	dir := r.c.reportDir(r.l)
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, name+".html")
}

// described is the report with all that is known before the commit.
func (r *run) described(s Summary, night nightReport) report.Night {
	n := night.Night
	n.Tag, n.Status, n.Seconds, n.PeakRSS = s.Tag, s.Status, s.Seconds, int64(s.PeakRSSMB*1e6)
	if s.Status == report.Rejected {
		n.Message = fmt.Sprintf("%d of %d rows were rejected, more than max_rejects allows", s.Output.Rejected, s.Input.Rows)
	}
	for _, st := range r.stages {
		n.Stages = append(n.Stages, report.Stage{Name: st.Name, Seconds: st.Seconds, CPUSeconds: st.CPU, Bytes: st.Bytes, Tasks: st.Tasks})
	}
	return n
}

// committed adds what the commit made.
func committed(n report.Night, g lake.Generation) report.Night {
	for _, table := range sortedKeys(g.Tables) {
		t := g.Tables[table]
		n.Lineage.Tables = append(n.Lineage.Tables, report.Table{Name: strings.ReplaceAll(table, "/", "."), SnapshotID: t.SnapshotID, RowsAdded: t.RowsAdded})
	}
	for _, p := range g.Parents {
		n.Lineage.Parents = append(n.Lineage.Parents, datasets.Tag(p))
	}
	return n
}

// writeReport writes the page, its JSON and the index of all nights. An empty
// page is none.
func writeReport(page string, n report.Night) error {
	if page == "" {
		return nil
	}
	dir, base := filepath.Dir(page), strings.TrimSuffix(page, ".html")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	entries, err := readEntries(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.RunID != n.RunID {
			n.Before = append(n.Before, e)
		}
	}
	if err := writePage(page, func(b *bytes.Buffer) error { return report.Write(b, n) }); err != nil {
		return err
	}
	if err := writePage(base+".json", func(b *bytes.Buffer) error { return report.WriteJSON(b, n) }); err != nil {
		return err
	}
	entries = append(n.Before, n.Entry(filepath.Base(page)))
	return writePage(filepath.Join(dir, "index.html"), func(b *bytes.Buffer) error { return report.WriteIndex(b, entries) })
}

// A report is made of what the stages saw, which is gone with the scratch
// folder. So it is laid down there before the commit: a run that is killed
// between its commit and its report, or that cannot write the report, leaves it
// to the next run on the lake.
const (
	runsDir    = "_chimera/runs/" // where lake.Night.Scratch lies
	lateReport = "report.json"
)

func (r *run) keepReport(ctx context.Context, page string, n report.Night) error {
	if page == "" {
		return nil
	}
	b, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	_, err = r.l.Store().Put(ctx, r.night.Scratch()+lateReport, b, store.Condition{})
	return err
}

// lateReports writes the reports that earlier runs left behind. That they are
// missing is no reason for a run to fail.
func (c Curate) lateReports(ctx context.Context, l *lake.Lake) {
	dir := c.reportDir(l)
	if dir == "" {
		return
	}
	infos, err := l.Store().List(ctx, runsDir)
	if err != nil {
		return // the run itself will find out
	}
	for _, info := range infos {
		identity, name := path.Split(strings.TrimPrefix(info.Path, runsDir))
		if name != lateReport {
			continue
		}
		if err := writeLate(ctx, l, dir, info.Path, strings.TrimSuffix(identity, "/")); err != nil {
			slog.Warn("a report that an earlier run left behind could not be written", "run", identity, "error", err)
		}
	}
}

func writeLate(ctx context.Context, l *lake.Lake, dir, at, identity string) error {
	g, published, err := l.Committed(ctx, identity)
	if err != nil || !published {
		return err
	}
	b, _, err := l.Store().ReadFile(ctx, at)
	if err != nil {
		return err
	}
	var n report.Night
	if err := json.Unmarshal(b, &n); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	if err := writeReport(filepath.Join(dir, g.Tag+".html"), committed(n, g)); err != nil {
		return err
	}
	if err := l.Store().Delete(ctx, at); !errors.Is(err, store.ErrNotExist) {
		return err
	}
	return nil
}
