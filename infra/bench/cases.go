package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// result is a line of chimera bench --json.
type result struct {
	Name       string  `json:"name"`
	Value      float64 `json:"value"`
	Unit       string  `json:"unit"`
	Bound      string  `json:"bound"`
	BoundValue float64 `json:"bound_value"`
	Ratio      float64 `json:"ratio"`
	Cores      int     `json:"cores"`
	SIMD       string  `json:"simd"`
	Spread     float64 `json:"spread"`
	Wall       float64 `json:"wall"`
}

func (d *driver) results(ctx context.Context, args ...string) ([]result, error) {
	u, err := d.run(ctx, append([]string{"bench", "--json", "--quiet", "--seconds", fmt.Sprint(d.seconds)}, args...)...)
	if err != nil {
		return nil, err
	}
	var out []result
	for dec := json.NewDecoder(bytes.NewReader(u.out)); dec.More(); {
		var r result
		if err := dec.Decode(&r); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// textResults are the cases whose rates are those of text. The others of compute
// have a section of their own.
func (d *driver) textResults(ctx context.Context, args ...string) ([]result, error) {
	rs, err := d.results(ctx, append([]string{"text", "lake"}, args...)...)
	if err != nil {
		return nil, err
	}
	batch, err := d.results(ctx, append([]string{"compute", "--case", "compute/minhash_batch"}, args...)...)
	return append(rs, batch...), err
}

// cases are the hot paths on generated text, and what a second core adds.
func (d *driver) cases(ctx context.Context) (string, error) {
	var b strings.Builder
	one, err := d.textResults(ctx)
	if err != nil {
		return "", err
	}
	table(&b, one)
	two, err := d.results(ctx, "all", "--cores", "2", "--case", "text/night")
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "\nEach line: `chimera bench all --case NAME`.\n\nTwo cores, by the clock (`chimera bench all --case text/night --cores N`):\n\n| cores | MB/s, wall | MB/s a core of CPU time |\n|---|---|---|\n")
	for _, r := range append(named(one, "text/night"), two...) {
		fmt.Fprintf(&b, "| %d | %.1f | %.1f |\n", r.Cores, r.Wall, r.Value)
	}
	return b.String(), nil
}

// real is the kernels and a night on given texts.
func (d *driver) real(ctx context.Context) (string, error) {
	if d.input == "" {
		return "", fmt.Errorf("-input: required")
	}
	var b strings.Builder
	rs, err := d.textResults(ctx, "--input", d.input, "--mb", "64")
	if err != nil {
		return "", err
	}
	table(&b, rs)
	return b.String(), nil
}

func named(rs []result, name string) []result {
	for _, r := range rs {
		if r.Name == name {
			return []result{r}
		}
	}
	return nil
}

func table(b *strings.Builder, rs []result) {
	b.WriteString("| case | MB/s a core | spread | bound, measured in the same run | bound, MB/s | ratio |\n|---|---|---|---|---|---|\n")
	for _, r := range rs {
		fmt.Fprintf(b, "| `%s` | %.4g | ±%.0f %% | %s | %.4g | %.3f |\n", r.Name, r.Value, 50*r.Spread, r.Bound, r.BoundValue, r.Ratio)
	}
	if len(rs) > 0 {
		fmt.Fprintf(b, "\nInstruction set of the kernels: %s.\n", rs[0].SIMD)
	}
}
