package command

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/chimera-1/chimera/pipelines"
)

// summary prints what a job did, for people.
func (a *app) summary(s pipelines.Summary) {
	switch {
	case s.Already:
		a.text("already %s: this very run is published; nothing was written (--again runs it anyway)\n", s.Tag)
		return
	case s.Status == "nothing":
		a.text("already done: nothing new in the inputs, nothing was written\n")
		return
	}
	if s.Tag == "" || s.Status == "rejected" {
		a.text("not published in %s\n", s.Lake)
	} else {
		a.text("published %s in %s\n", s.Tag, s.Lake)
	}
	in, out := s.Input, s.Output
	if r := s.Redecided; r != nil {
		a.text("  judged     %s rows of the lake; %s change, %s texts read again\n", count(r.Rows), count(in.Rows), count(r.TextReread))
	} else {
		a.text("  read       %s rows of %d files, %s of text\n", count(in.Rows), in.Files, size(in.TextBytes))
	}
	a.text("  kept       %s%s\n", count(out.Kept), share(out.Kept, in.Rows))
	a.text("  dropped    %s%s%s\n", count(out.Dropped), share(out.Dropped, in.Rows), largest(s.DroppedBy))
	a.text("  duplicate  %s%s: %s exact, %s near; %s of earlier generations\n", count(out.Duplicate), share(out.Duplicate, in.Rows),
		count(s.Duplicates.Exact), count(s.Duplicates.Near), count(s.Duplicates.Old))
	if r := s.Redecided; r != nil {
		a.text("  training   %s rows joined, %s left\n", count(r.Joined), count(r.Left))
		a.text("  took       %.1f s, %.0f MB of memory\n", s.Seconds, s.PeakRSSMB)
	} else {
		a.text("  rejected   %s%s%s\n", count(out.Rejected), share(out.Rejected, in.Rows), largest(s.RejectedBy))
		a.text("  took       %.1f s, %.1f MB/s of text, %.0f MB of memory\n", s.Seconds, s.TextMBPerSecond, s.PeakRSSMB)
	}
	if s.Report != "" {
		a.text("  report     %s\n", s.Report)
	}
}

func share(n, of int64) string {
	if of == 0 {
		return ""
	}
	return fmt.Sprintf(" (%.1f %%)", 100*float64(n)/float64(of))
}

// largest names the three most frequent reasons.
func largest(by map[string]int64) string {
	reasons := slices.SortedFunc(maps.Keys(by), func(x, y string) int {
		return cmp.Or(cmp.Compare(by[y], by[x]), cmp.Compare(x, y))
	})
	var parts []string
	for _, r := range reasons[:min(len(reasons), 3)] {
		parts = append(parts, fmt.Sprintf("%s %s", r, count(by[r])))
	}
	if len(parts) == 0 {
		return ""
	}
	if more := len(reasons) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	return ": " + strings.Join(parts, ", ")
}

// plans prints what jobs would do.
func (a *app) plans(plans []pipelines.Plan) error {
	if a.json {
		if len(plans) == 1 {
			return a.printJSON(plans[0])
		}
		return a.printJSON(map[string]any{"job": "nightly", "jobs": plans})
	}
	for _, p := range plans {
		a.plan(p)
	}
	return nil
}

func (a *app) plan(p pipelines.Plan) {
	what := fmt.Sprintf("would publish gen-%06d", p.Generation)
	if p.Already != "" {
		what = "is published already as " + p.Already
	}
	made := ""
	if !p.LakeExists {
		made = " (would be made)"
	}
	a.text("%s %s %s in %s%s\n", p.Job, p.Date, what, p.Lake, made)
	a.text("  input      %d files, %s, about %s raw\n", p.Files, size(p.Bytes), size(p.RawBytes))
	a.text("  work       %d units, %d shards, %d workers\n", p.Units, p.Shards, p.Workers)
	a.text("  boundary   %s between stages, %s of scratch in the lake\n", size(p.BoundaryBytes), size(p.ScratchBytes))
	a.text("  expected   %.0f s, %.0f MB of memory\n", p.ExpectedSeconds, p.ExpectedMB)
	const most = 20
	for i, in := range p.Inputs {
		if i == most {
			a.text("  ... and %d more files\n", len(p.Inputs)-most)
			break
		}
		a.text("  %-9s  %s (%s)\n", in.Source, in.Path, size(in.Bytes))
	}
}
