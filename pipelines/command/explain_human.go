package command

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/chimera-1/chimera/transforms/text"
)

// human prints an explanation as a table.
func (a *app) human(x explained, body string) {
	fmt.Fprintf(a.Out, "%s:%d  %s  %s\n", x.File, x.Row, x.ID, size(int64(len(body))))
	c := x.Chain
	verdict := "kept"
	if !c.Keep {
		verdict = "dropped by " + c.Stage
	}
	fmt.Fprintf(a.Out, "  %-22s %s\n", "profile", verdict+why(c.Reason, c.Because))
	d := x.Decisions
	for _, f := range []struct {
		name string
		d    text.FilterDecision
	}{
		{"gopher_repetition", d.GopherRepetition},
		{"gopher_quality", d.GopherQuality},
		{"c4_quality", d.C4Quality.FilterDecision},
		{"c4_no_terminal_punct", d.C4NoTerminalPunct.FilterDecision},
		{"fineweb_quality", d.FineWebQuality},
	} {
		verdict := "keep"
		if !f.d.Keep {
			verdict = "drop"
		}
		fmt.Fprintf(a.Out, "  %-22s %s\n", f.name, verdict+why(f.d.Reason, f.d.Because))
	}
	if c.Excerpt != "" {
		fmt.Fprintf(a.Out, "  %-22s %s\n", "because of", strconv.Quote(c.Excerpt))
	}
	a.humanShown(x)
	fmt.Fprintln(a.Out)
}

// why is a decision's reason with the figure that crossed its threshold.
func why(reason string, b text.Because) string {
	if reason == "" {
		return ""
	}
	out := ": " + reason
	if b.Value != nil && b.Threshold != nil {
		out += fmt.Sprintf(" (%s %.4g, limit %.4g)", b.Figure, *b.Value, *b.Threshold)
	}
	return out
}

func (a *app) humanShown(x explained) {
	list := func(name string, values *[]string) {
		if values == nil {
			return
		}
		quoted := make([]string, len(*values))
		for i, v := range *values {
			b, _ := json.Marshal(v) // a string always encodes
			quoted[i] = string(b)
		}
		fmt.Fprintf(a.Out, "  %-22s %d: %s\n", name, len(quoted), strings.Join(quoted, " "))
	}
	list("tokens", x.Tokens)
	list("sentences", x.Sentences)
	if x.Simplified != nil {
		fmt.Fprintf(a.Out, "  %-22s %q\n", "simplified", *x.Simplified)
	}
	list("shingles", x.Shingles)
	if x.MinHash != nil {
		fmt.Fprintf(a.Out, "  %-22s %s: %s\n", "minhash", x.MinHash.Scheme, strings.Join(x.MinHash.Values, " "))
	}
}
