package pipelines

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/pipelines/report"
)

// nightReport is the report before the commit says how it ended.
type nightReport struct{ report.Night }

// maxPinned is the most input files that the page lists.
const maxPinned = 200

// reportOf gathers what the stages saw.
func (r *run) reportOf(s Summary, in *counted, total counts, signed []signalsResult) nightReport {
	sk := newSketches(r.c.Profile)
	for _, u := range signed {
		sk.merge(u.Sketches)
	}
	n := report.Night{
		Lake: s.Lake, Job: s.Job, Date: s.Date, RunID: s.RunID, Profile: s.Profile, Started: r.plan.Started, Revision: r.c.Revision,
		Input:   report.Input(s.Input),
		Output:  outputOf(s),
		Sources: r.sources(total, &sk),
		Drops:   dropsOf(r.c.Profile.Stages, &sk, total),
		Samples: sk.samples(),
		Refused: refusalsOf(total),
		Lineage: r.lineage(in),
	}
	if sk.Judged > 0 {
		n.Figures = sk.Signals.Charts(thresholdsOf(r.c.Profile))
		for _, p := range sk.profiles {
			n.Profiles = append(n.Profiles, report.Outcome{Profile: p.Name, Kept: sk.Profiles[p.Name], Rows: sk.Judged, Tonight: p.Name == r.c.Profile.Name})
		}
	}
	return nightReport{n}
}

func outputOf(s Summary) report.Output {
	return report.Output{Kept: s.Output.Kept, Dropped: s.Output.Dropped, Exact: s.Duplicates.Exact, Near: s.Duplicates.Near, Old: s.Duplicates.Old, Rejected: s.Output.Rejected}
}

func (r *run) sources(total counts, sk *sketches) []report.Part {
	files := map[string]report.Input{}
	for _, f := range r.plan.Files {
		in := files[f.Source]
		in.Files++
		in.Bytes += f.Size
		files[f.Source] = in
	}
	var all report.Input
	for _, in := range files {
		all.Files, all.Bytes = all.Files+in.Files, all.Bytes+in.Bytes
	}
	files[manySources] = all
	var parts []report.Part
	for _, name := range sortedKeys(total.Sources) {
		c, in := total.Sources[name], files[name]
		in.Rows, in.TextBytes = c.Rows, c.Bytes
		parts = append(parts, report.Part{Source: name,
			Input:  in,
			Output: report.Output{Kept: c.Kept, Dropped: c.Dropped, Exact: c.Exact, Near: c.Near},
			Length: sk.Lengths[name]})
	}
	return parts
}

// dropsOf lists what dropped rows, stages in the order they ran.
func dropsOf(stages []string, sk *sketches, total counts) []report.Drop {
	var drops []report.Drop
	if n := total.DroppedBy[datasets.ReasonEmpty]; n > 0 {
		for _, reasons := range sk.Stages {
			n -= reasons[datasets.ReasonEmpty]
		}
		if n > 0 {
			drops = append(drops, report.Drop{Stage: datasets.StageInput, Reason: datasets.ReasonEmpty, Rows: n})
		}
	}
	for _, stage := range stages {
		for _, reason := range sortedKeys(sk.Stages[stage]) {
			drops = append(drops, report.Drop{Stage: stage, Reason: reason, Rows: sk.Stages[stage][reason]})
		}
	}
	return drops
}

func refusalsOf(total counts) []report.Refusal {
	var out []report.Refusal
	for _, reason := range sortedKeys(total.RejectedBy) {
		f := report.Refusal{Reason: reason, Rows: total.RejectedBy[reason]}
		for _, r := range total.Refused[reason] {
			f.Stage = r.Stage
			f.Examples = append(f.Examples, report.Example{Row: r.Row, Excerpt: r.Excerpt})
		}
		out = append(out, f)
	}
	return out
}

func (r *run) lineage(in *counted) report.Lineage {
	l := report.Lineage{Config: r.c.ConfigYAML, ConfigHash: shortHash(r.c.ConfigYAML), Identity: r.night.Run.Identity}
	for _, row := range r.inputRows(in)[:min(len(r.plan.Files), maxPinned)] {
		p := report.PinnedFile{Path: row.Path, Bytes: row.Bytes, Rows: row.Rows, Modified: row.Modified}
		if row.SHA256 != nil {
			p.SHA256 = *row.SHA256
		}
		l.Inputs = append(l.Inputs, p)
	}
	return l
}

func shortHash(s string) string {
	h := xxh3.Hash128([]byte(s)).Bytes()
	return hex.EncodeToString(h[:])
}

// readEntries lists the nights that the folder has pages of, oldest first.
func readEntries(dir string) ([]report.Entry, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var entries []report.Entry
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var n report.Night
		if json.Unmarshal(b, &n) != nil || n.RunID == "" {
			continue // not a night of ours
		}
		entries = append(entries, n.Entry(strings.TrimSuffix(filepath.Base(f), ".json")+".html"))
	}
	sortEntries(entries)
	return entries, nil
}

// sortEntries puts nights in order: by date, then by generation; a night that
// was refused comes before those of its date that were published.
func sortEntries(entries []report.Entry) {
	sort.Slice(entries, func(i, j int) bool {
		a, b := entries[i], entries[j]
		if a.Date != b.Date {
			return a.Date < b.Date
		}
		if a.Tag != b.Tag {
			return a.Tag < b.Tag
		}
		return a.RunID < b.RunID
	})
}

// writePage writes a file whole or not at all.
func writePage(path string, render func(*bytes.Buffer) error) error {
	var b bytes.Buffer
	if err := render(&b); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".page-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(b.Bytes())
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	return err
}
