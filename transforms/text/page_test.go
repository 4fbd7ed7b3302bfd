package text

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestFiltersPage recomputes the percentiles of docs/filters.md, and how many
// pages are beyond the thresholds it names.
func TestFiltersPage(t *testing.T) {
	figures := documentationFigures(t)
	page, err := os.ReadFile("../../docs/filters.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) != 10 || !strings.HasPrefix(cells[0], "`") || cells[0] == "figure" {
			continue
		}
		rows++
		name := strings.Trim(cells[0], "`")
		values := figures[name]
		if len(values) == 0 {
			t.Errorf("%s: no such figure", name)
			continue
		}
		for i, q := range []float64{0.01, 0.05, 0.5, 0.95, 0.99} {
			if got, want := percentile(values, q), number(t, cells[i+1]); math.Abs(got-want) > 0.006*want {
				t.Errorf("%s: percentile %g is %.4g, the page says %s", name, q, got, cells[i+1])
			}
		}
		for _, i := range []int{6, 8} {
			if got, want := beyond(t, values, cells[i]), number(t, cells[i+1]); got != int(want) {
				t.Errorf("%s: %d pages are %s, the page says %s", name, got, cells[i], cells[i+1])
			}
		}
	}
	if rows != 25 {
		t.Errorf("%d rows, want 25", rows)
	}
}

// documentationFigures returns every figure of the shared documentation by the
// name of its column, sorted.
func documentationFigures(t *testing.T) map[string][]float64 {
	t.Helper()
	a := NewAnalyzer(referenceLines())
	figures := map[string][]float64{}
	add := func(values map[string]any) {
		for name, v := range values {
			if f, ok := v.(float64); ok {
				figures[name] = append(figures[name], f)
			}
		}
	}
	for _, text := range readTexts(t, filepath.Join(sharedData(t), "docs/docs_dev.jsonl.gz")) {
		s := a.Analyze(text)
		g := &s.GopherRepetition
		for name, v := range map[string]*float64{
			"top_2_gram_frac": g.Top2GramFrac, "top_3_gram_frac": g.Top3GramFrac, "top_4_gram_frac": g.Top4GramFrac,
			"dup_5_gram_frac": g.Dup5GramFrac, "dup_6_gram_frac": g.Dup6GramFrac, "dup_7_gram_frac": g.Dup7GramFrac,
			"dup_8_gram_frac": g.Dup8GramFrac, "dup_9_gram_frac": g.Dup9GramFrac, "dup_10_gram_frac": g.Dup10GramFrac,
		} {
			add(map[string]any{name: *v})
		}
		for _, part := range []any{g, &s.GopherQuality, &s.FineWebQuality} {
			raw, err := json.Marshal(part)
			if err != nil {
				t.Fatal(err)
			}
			var values map[string]any
			if err := json.Unmarshal(raw, &values); err != nil {
				t.Fatal(err)
			}
			for _, shared := range []string{"words", "lines"} { // several filters have one
				delete(values, shared)
			}
			add(values)
		}
	}
	for _, values := range figures {
		slices.Sort(values)
	}
	return figures
}

// percentile interpolates between the two nearest values.
func percentile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// beyond counts the values that a threshold like "below 3, above 10" drops.
func beyond(t *testing.T, values []float64, thresholds string) (n int) {
	t.Helper()
	for _, one := range strings.Split(thresholds, ", ") {
		side, limit, _ := strings.Cut(one, " ")
		for _, v := range values {
			if side == "below" && v < number(t, limit) || side == "above" && v > number(t, limit) {
				n++
			}
		}
	}
	return n
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", ""), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
