package report

import (
	"cmp"
	"fmt"
	"slices"
)

// stageDrops is what one filter dropped.
type stageDrops struct {
	name    string
	rows    int64
	reasons []Drop // most rows first, then by name
}

// byStage gathers drops by filter, filters in the order they first appear.
func byStage(drops []Drop) []stageDrops {
	at := map[string]int{}
	var out []stageDrops
	for _, d := range drops {
		if d.Rows == 0 {
			continue
		}
		i, ok := at[d.Stage]
		if !ok {
			i = len(out)
			at[d.Stage] = i
			out = append(out, stageDrops{name: d.Stage})
		}
		out[i].rows += d.Rows
		out[i].reasons = append(out[i].reasons, d)
	}
	for _, s := range out {
		slices.SortStableFunc(s.reasons, func(a, b Drop) int {
			return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Reason, b.Reason))
		})
	}
	return out
}

func sumDrops(drops []Drop) (rows int64) {
	for _, d := range drops {
		rows += d.Rows
	}
	return rows
}

// Faults are the sums of the night that do not add up; there are none unless
// the program that filled it is wrong. The page shows them in full.
func (n Night) Faults() []string {
	var out []string
	check := func(what string, got, want int64) {
		if got != want {
			out = append(out, fmt.Sprintf("%s: %s, but should be %s", what, formatCount(got), formatCount(want)))
		}
	}
	check("kept + dropped + duplicate + rejected", n.Output.Rows(), n.Input.Rows)
	if len(n.Drops) > 0 {
		check("rows dropped, by reason", sumDrops(n.Drops), n.Output.Dropped)
	}
	if len(n.Refused) > 0 {
		var rows int64
		for _, r := range n.Refused {
			rows += r.Rows
		}
		check("rows rejected, by reason", rows, n.Output.Rejected)
	}
	if len(n.Sources) > 0 {
		// Rejects need no source: a file may be too broken to say.
		var documents int64
		for _, s := range n.Sources {
			check("outcomes of source "+label(s.Source), s.Output.Rows(), s.Input.Rows)
			documents += s.Output.Rows() - s.Output.Rejected
		}
		check("documents, by source", documents, n.Output.Rows()-n.Output.Rejected)
	}
	if o := n.Output; o.Old > o.Duplicate() {
		out = append(out, fmt.Sprintf("old duplicates: %s of %s duplicates", formatCount(o.Old), formatCount(o.Duplicate())))
	}
	return out
}
