package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// manyNights runs nights of equal size one after another into one lake: what a
// night costs beside its own input is its share of the index.
func (d *driver) manyNights(ctx context.Context) (string, error) {
	mb := 64
	if len(d.mb) > 0 {
		mb = d.mb[0]
	}
	dir, err := os.MkdirTemp(d.dir, "chimera-nights-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	lake, costs := filepath.Join(dir, "lake"), make([]usage, d.nights)
	for i := range costs {
		corpus := filepath.Join(dir, "corpus")
		if err := d.corpus(ctx, corpus, mb, 1000+i); err != nil {
			return "", err
		}
		date := time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		if costs[i], _, err = d.curate(ctx, lake, filepath.Join(corpus, "raw"), date, "fineweb", 2); err != nil {
			return "", err
		}
		if err := os.RemoveAll(corpus); err != nil {
			return "", err
		}
		fmt.Fprintf(os.Stderr, "night %d: %.1f s of CPU time\n", i+1, costs[i].cpu)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d nights of %d MB each.\n\n| night | CPU | wall | peak memory | CPU against night 2 |\n|---|---|---|---|---|\n", d.nights, mb)
	for i, u := range costs {
		if n := i + 1; n > 3 && n%5 != 0 && n != len(costs) {
			continue
		}
		fmt.Fprintf(&b, "| %d | %.2f s | %.2f s | %.0f MB | %.2f |\n", i+1, u.cpu, u.wall, u.rssMB, u.cpu/costs[min(1, len(costs)-1)].cpu)
	}
	if len(costs) > 2 {
		worst := slices.MaxFunc(costs[1:], func(a, b usage) int { return int(1000 * (a.cpu - b.cpu)) })
		fmt.Fprintf(&b, "\nThe dearest night after the first took %.2f s, %.2f times the second (nights in which the index is merged).\n", worst.cpu, worst.cpu/costs[1].cpu)
	}
	return b.String(), nil
}
