package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// starts is how often a short command is run; the median counts.
const starts = 21

// startup is what is felt by a user who waits.
func (d *driver) startup(ctx context.Context) (string, error) {
	dir, err := os.MkdirTemp(d.dir, "chimera-startup-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	one := filepath.Join(dir, "one.jsonl")
	doc := `{"id":"a","text":"` + strings.Repeat("The cat sat on the mat and looked at the rain. ", 60) + `"}` + "\n"
	if err := os.WriteFile(one, []byte(doc), 0o640); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| command | runs | wall, median | CPU, median | memory |\n|---|---|---|---|---|\n")
	for _, args := range [][]string{{"version"}, {"explain", "--input", one}} {
		if err := d.timed(ctx, &b, strings.Join(args[:1], " ")+about(args), starts, func(int) []string { return args }); err != nil {
			return "", err
		}
	}
	if err := d.corpus(ctx, filepath.Join(dir, "corpus"), 30, 1); err != nil {
		return "", err
	}
	err = d.timed(ctx, &b, "curate: 10,000 documents, 30 MB, new lake", 3, func(i int) []string {
		return []string{"curate", "--lake", filepath.Join(dir, fmt.Sprint("lake-", i)), "--input", filepath.Join(dir, "corpus", "raw"),
			"--date", "2026-01-01", "--quiet"}
	})
	return b.String(), err
}

func about(args []string) string {
	if len(args) > 1 {
		return " (one document of 3 kB)"
	}
	return ""
}

func (d *driver) timed(ctx context.Context, b *strings.Builder, what string, n int, args func(int) []string) error {
	var wall, cpu, rss []float64
	for i := range n {
		u, err := d.run(ctx, args(i)...)
		if err != nil {
			return err
		}
		wall, cpu, rss = append(wall, u.wall), append(cpu, u.cpu), append(rss, u.rssMB)
	}
	fmt.Fprintf(b, "| %s | %d | %.0f ms | %.0f ms | %.0f MB |\n", what, n, 1000*median(wall), 1000*median(cpu), median(rss))
	return nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[(len(v)-1)/2]
}
