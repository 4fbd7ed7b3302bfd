package pipelines

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets/formats"
)

// TestManySources adds sources up in units of different sizes.
func TestManySources(t *testing.T) {
	for _, n := range []int{1, maxSources, maxSources + 1, 1000} {
		want := map[string]sourceCounts{}
		for i := range n {
			want[fmt.Sprint("s", i)] = sourceCounts{Rows: 3, Bytes: 30}
		}
		if n > maxSources {
			want = map[string]sourceCounts{manySources: {Rows: 3 * int64(n), Bytes: 30 * int64(n)}}
		}
		for _, unit := range []int{1, 7, 2 * maxSources, 3000} {
			total := newCounts()
			for from := 0; from < 3*n; from += unit {
				c := newCounts()
				for i := from; i < min(from+unit, 3*n); i++ {
					c.document(fmt.Sprint("s", i%n), 10)
				}
				total.add(c)
			}
			if diff := cmp.Diff(want, maps.Clone(total.Sources)); diff != "" {
				t.Errorf("%d sources in units of %d rows (-want +got):\n%.500s", n, unit, diff)
			}
		}
	}
}

// TestSourceOfItsOwn gives every row another source, in one unit: what travels
// does not grow with them, and the rows keep theirs.
func TestSourceOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	const n = 10_000
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"text":"%s","url":"https://example.org/%d"}`+"\n", prose(uint64(i), 6), i)
	}
	writeFile(t, filepath.Join(dir, "in", "a.jsonl"), b.String())
	c := job(t, filepath.Join(dir, "lake"), filepath.Join(dir, "in"), "2026-11-20")
	c.Inputs[0].Fields = formats.FieldMap{Source: "url"}
	c.UnitBytes, c.ReportDir = 64<<20, ""
	s := run1(t, c)
	checkReport(t, s)
	for _, d := range stateOf(t, c.Lake).docs {
		if want := fmt.Sprint("https://example.org/", d.OriginRow-1); d.Source != want {
			t.Fatalf("row %d has source %q, want %q", d.OriginRow, d.Source, want)
		}
	}
}
