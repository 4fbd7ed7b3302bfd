package pipelines

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/lake"
	"github.com/chimera-1/chimera/pipelines/report"
	"github.com/chimera-1/chimera/transforms/dedup"
)

// Properties of a generation that later nights look at.
const (
	propScheme      = "dedup_scheme"
	propProfile     = "profile"
	propProfileJSON = "profile_json" // with thresholds and line rules
	propReport      = "report"
)

// publish packs what the stages made, proves that no row was lost and commits.
func (r *run) publish(ctx context.Context, in *counted, signed []signalsResult, written []writeResult, clusters []report.Cluster) (Summary, error) {
	total := newCounts()
	for _, s := range signed {
		total.add(s.Counts)
	}
	for _, w := range written {
		total.add(w.Counts)
	}
	s := r.summary(in, total)
	if err := checkBalance(s); err != nil {
		return Summary{}, err
	}
	tables, err := r.tables(ctx, in, signed, written)
	if err != nil {
		return Summary{}, err
	}
	night := r.reportOf(s, in, total, signed)
	night.Clusters = clusters
	if !r.c.MaxRejects.Allows(s.Output.Rejected, s.Input.Rows) && !r.c.PublishAnyway {
		return r.refuse(ctx, s, tables, total, night)
	}
	return r.commit(ctx, s, tables, night)
}

// summary is what is known of the run before the commit.
func (r *run) summary(in *counted, total counts) Summary {
	s := Summary{Job: r.c.job(), RunID: r.id, Date: r.c.Date, Generation: r.plan.Generation, Tag: datasets.Tag(r.plan.Generation),
		Status: "published", Profile: r.c.Profile.Name, DroppedBy: total.DroppedBy, RejectedBy: total.RejectedBy, Lake: r.l.URI()}
	s.Input.Files = int64(len(r.plan.Files))
	s.Input.Rows = in.rows
	s.Input.Bytes = in.bytes
	for _, h := range in.hashed {
		s.Input.TextBytes += h.TextBytes
	}
	s.Output.Kept, s.Output.Dropped, s.Output.Duplicate, s.Output.Rejected = total.Kept, total.Dropped, total.Duplicate, total.Rejected
	s.Duplicates.Exact, s.Duplicates.Near, s.Duplicates.Old = total.Exact, total.Near, total.Old
	return s
}

// measure books what the run cost so far.
func (r *run) measure(s *Summary) {
	s.Seconds = max(r.c.Now().Sub(r.began).Seconds(), 0) // clocks go backwards, too
	s.CPUSeconds = cpuSeconds() - r.cpu0
	s.PeakRSSMB = peakRSSMB()
	if s.Seconds > 0 {
		s.TextMBPerSecond = float64(s.Input.TextBytes) / 1e6 / s.Seconds
	}
}

// tables packs unit files into table files and gathers the night's changes.
func (r *run) tables(ctx context.Context, in *counted, signed []signalsResult, written []writeResult) (map[string]lake.Change, error) {
	files := map[string][]unitFile{}
	for i := range signed {
		s, w := signed[i], written[i]
		files[datasets.TableDocuments] = append(files[datasets.TableDocuments], s.Rows)
		files[datasets.TableBands] = append(files[datasets.TableBands], s.Sigs)
		files[datasets.TableRejects] = append(files[datasets.TableRejects], s.Rejects)
		files[datasets.TableDecisions] = append(files[datasets.TableDecisions], w.Decisions)
		files[datasets.TableTraining] = append(files[datasets.TableTraining], w.Training)
	}
	packed, err := r.pack(ctx, files)
	if err != nil {
		return nil, err
	}
	changes := map[string]lake.Change{}
	for table, fs := range packed {
		changes[table] = lake.Change{Add: fs}
	}
	var content, bands []dedup.Segment
	for _, s := range signed {
		content = append(content, s.Content...)
		bands = append(append(bands, s.Kept...), s.Rest...)
	}
	idx, err := r.index(ctx, content, bands, packed[datasets.TableBands])
	if err != nil {
		return nil, err
	}
	changes[datasets.TableBands] = idx
	r.read = r.inputRows(in)
	inputs, err := writeRows(ctx, r, datasets.TableInputs, "inputs", r.read)
	if err != nil {
		return nil, err
	}
	changes[datasets.TableInputs] = lake.Change{Add: []lake.DataFile{inputs}}
	return changes, nil
}

// inputRows are the rows of ops.inputs: what was read.
func (r *run) inputRows(in *counted) []datasets.Input {
	rows := make([]datasets.Input, len(r.plan.Files))
	for i, f := range r.plan.Files {
		rows[i] = datasets.Input{Path: f.Path, Bytes: f.Size, Modified: f.Modified, RunID: r.id}
	}
	for i, u := range in.units {
		for j, p := range u.Parts {
			end := in.hashed[i].Ends[j]
			rows[p.File].Rows += end.Rows
			if end.SHA256 != "" {
				rows[p.File].SHA256 = &end.SHA256
			}
		}
	}
	return rows
}

// writeRows writes a small table file.
func writeRows[T any](ctx context.Context, r *run, table, stem string, rows []T) (lake.DataFile, error) {
	path := r.night.NewDataFile(table, fmt.Sprintf("%s-%s", r.plan.tag(), stem))
	f, err := lake.WriteDataFile(ctx, r.l, path, rows)
	if err != nil {
		return f, fmt.Errorf("write %s: %w", path, err)
	}
	return f, nil
}

// commit publishes the generation.
func (r *run) commit(ctx context.Context, s Summary, tables map[string]lake.Change, night nightReport) (Summary, error) {
	s.Report = r.reportPath(s.Tag)
	r.measure(&s)
	if err := r.addRun(ctx, tables, s); err != nil {
		return Summary{}, err
	}
	page := r.described(s, night)
	if err := r.keepReport(ctx, s.Report, page); err != nil {
		return Summary{}, err
	}
	profile, err := json.Marshal(r.c.Profile)
	if err != nil {
		return Summary{}, err
	}
	props := map[string]string{propProfileJSON: string(profile), propProfile: r.c.Profile.Name, propReport: s.Report}
	if !r.c.Dedup.Exact {
		props[propScheme] = r.c.Dedup.Scheme
	}
	g, err := r.night.Commit(ctx, lake.Commit{Tables: tables, Properties: props, Summary: s})
	if err != nil {
		return Summary{}, err
	}
	s.SnapshotID = g.Tables[datasets.TableTraining].SnapshotID
	if err := writeReport(s.Report, committed(page, g)); err != nil {
		return s, fmt.Errorf("%s is published, but its report could not be written, which the next run tries again: %w", s.Tag, err)
	}
	return s, r.night.RemoveScratch(ctx)
}

// refuse ends a night with too many rejects: ops.* keeps what happened.
func (r *run) refuse(ctx context.Context, s Summary, tables map[string]lake.Change, total counts, night nightReport) (Summary, error) {
	s.Status, s.Generation, s.Tag = "rejected", 0, ""
	s.Report = r.reportPath("rejected-" + r.id)
	r.measure(&s)
	ops := map[string]lake.Change{}
	for table, ch := range tables {
		// What was read is not "read" for the next night: it may be mended.
		if strings.HasPrefix(table, "ops/") && table != datasets.TableInputs {
			ops[table] = ch
		}
	}
	told, err := r.refusedBefore(ctx)
	if err == nil && !told {
		err = r.addRun(ctx, ops, s)
	}
	if err == nil && !told {
		err = r.night.CommitOps(ctx, ops)
	}
	if err != nil {
		return Summary{}, err
	}
	rejected := &RejectsError{Rejected: s.Output.Rejected, Rows: s.Input.Rows, Max: r.c.MaxRejects, Examples: total.Examples}
	if err := writeReport(s.Report, r.described(s, night)); err != nil {
		return s, fmt.Errorf("%w; and the report could not be written: %w", rejected, err)
	}
	return s, rejected
}

// refusedBefore reports whether this very run was refused before: then ops.*
// has its rows.
func (r *run) refusedBefore(ctx context.Context) (found bool, err error) {
	err = lake.ReadTable(ctx, r.l, datasets.TableRuns, 0, func(rows []datasets.Run) error {
		for i := range rows {
			found = found || rows[i].RunID == r.id && rows[i].Status == "rejected"
		}
		return nil
	})
	return found, err
}

// addRun adds the row of ops.runs that repeats the run.
func (r *run) addRun(ctx context.Context, tables map[string]lake.Change, s Summary) error {
	summary, err := json.Marshal(s)
	if err != nil {
		return err
	}
	inputs, err := json.Marshal(r.read)
	if err != nil {
		return err
	}
	row := datasets.Run{RunID: r.id, Job: s.Job, Date: s.Date, Status: s.Status, Started: r.plan.Started, Ended: r.c.Now().UTC().Truncate(time.Microsecond),
		Summary: string(summary), Config: r.c.ConfigYAML, CodeRevision: r.c.Revision, Inputs: string(inputs)}
	if s.Generation > 0 {
		row.Generation = &s.Generation
	}
	f, err := writeRows(ctx, r, datasets.TableRuns, "run", []datasets.Run{row})
	if err != nil {
		return err
	}
	ch := tables[datasets.TableRuns]
	ch.Add = append(ch.Add, f)
	tables[datasets.TableRuns] = ch
	return nil
}

// reject counts a rejected row.
func (c *counts) reject(rej datasets.Reject) {
	c.Rejected++
	c.RejectedBy[rej.Reason]++
	if len(c.Refused[rej.Reason]) < maxRefused {
		c.Refused[rej.Reason] = append(c.Refused[rej.Reason], rej)
	}
	if len(c.Examples) < maxExamples {
		c.Examples = append(c.Examples, rej.Row+": "+rej.Stage+": "+rej.Reason)
	}
}

// sortedKeys are a map's keys in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
