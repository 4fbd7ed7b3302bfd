package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// quality is what chimera bench quality --json prints.
type quality struct {
	Recalls []struct {
		Name           string
		Pairs, Found   int
		Recall, Theory float64
	}
	Exact      int
	ExactFound int `json:"exact_found"`
	Near, True int
	Precision  float64
}

// memory runs whole nights of growing size over an empty lake, and compares
// what they found with what was planted.
func (d *driver) memory(ctx context.Context) (string, error) {
	sizes := d.mb
	if len(sizes) == 0 {
		sizes = []int{1000, 2000, 4000}
	}
	var b strings.Builder
	b.WriteString("| text | documents | kept | wall | CPU | MB/s a core | MB/s, wall | peak memory | recall (theory) | precision |\n|---|---|---|---|---|---|---|---|---|---|\n")
	var last quality
	for _, mb := range sizes {
		q, err := d.oneSize(ctx, &b, mb)
		if err != nil {
			return "", err
		}
		last = q
	}
	b.WriteString("\nPlanted near duplicates of the largest run:\n\n| pairs | planted | found | recall | theory |\n|---|---|---|---|---|\n")
	for _, r := range last.Recalls {
		fmt.Fprintf(&b, "| %s | %d | %d | %.4f | %.4f |\n", r.Name, r.Pairs, r.Found, r.Recall, r.Theory)
	}
	fmt.Fprintf(&b, "\nPrecision %.6f (%d of %d rows called near duplicates); exact copies found: %d of %d.\n", last.Precision, last.True, last.Near, last.ExactFound, last.Exact)
	return b.String(), nil
}

func (d *driver) oneSize(ctx context.Context, b *strings.Builder, mb int) (q quality, err error) {
	dir, err := os.MkdirTemp(d.dir, "chimera-memory-*")
	if err != nil {
		return q, err
	}
	defer os.RemoveAll(dir)
	corpus, lake := filepath.Join(dir, "corpus"), filepath.Join(dir, "lake")
	if err := d.corpus(ctx, corpus, mb, mb); err != nil {
		return q, err
	}
	u, c, err := d.curate(ctx, lake, filepath.Join(corpus, "raw"), "2026-01-01", "fineweb", 2)
	if err != nil {
		return q, err
	}
	judged, err := d.run(ctx, "bench", "quality", "--lake", lake, "--planted", filepath.Join(corpus, "planted.jsonl"), "--json")
	if err != nil {
		return q, err
	}
	if err := json.Unmarshal(judged.out, &q); err != nil {
		return q, err
	}
	recall, theory := 0.0, 0.0
	for _, r := range q.Recalls {
		if r.Name == "all" {
			recall, theory = r.Recall, r.Theory
		}
	}
	text := float64(c.Input.TextBytes) / 1e6
	fmt.Fprintf(b, "| %.0f MB | %d | %.1f %% | %.0f s | %.0f s | %.1f | %.1f | %.0f MB | %.4f (%.4f) | %.6f |\n", text, c.Input.Rows,
		100*float64(c.Output.Kept)/float64(c.Input.Rows), u.wall, u.cpu, text/u.cpu, text/u.wall, u.rssMB, recall, theory, q.Precision)
	return q, nil
}
