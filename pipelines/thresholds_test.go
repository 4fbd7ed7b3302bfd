package pipelines

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/pipelines/report"
	"github.com/chimera-1/chimera/transforms/text"
)

// TestThresholdsAreDrawn draws every limit of the built-in profiles at the
// figure that the profile decides by: docs/filters.md, Profiles.
func TestThresholdsAreDrawn(t *testing.T) {
	for name, want := range map[string]map[string]float64{
		"fineweb":   {"c4_no_terminal_punct.sentences": 5, "fineweb_after_c4.line_punct_ratio": 0.12, "fineweb_after_c4.short_line_ratio": 0.67},
		"c4":        {"c4_quality.sentences": 5},
		"technical": {"fineweb_quality.short_line_ratio": 0.85, "fineweb_quality.char_dup_ratio": 0.25, "fineweb_quality.list_ratio": 0.3},
		"gopher":    {"gopher_quality.alpha_ratio": 0.8},
		"none":      {},
	} {
		p, err := text.LookupProfile(name)
		if err != nil {
			t.Fatal(err)
		}
		drawn := map[string]bool{}
		for _, s := range report.NewSignals(drawnFor(p)) {
			drawn[s.Figure] = true
		}
		got := map[string]float64{}
		for figure, limits := range thresholdsOf(p) {
			if !drawn[figure] {
				t.Errorf("%s: the limit of %s is not drawn", name, figure)
			}
			if _, ok := want[figure]; ok {
				got[figure] = limits[0].Value
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: limits (-want +got):\n%s", name, diff)
		}
	}
}
