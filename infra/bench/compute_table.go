package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// table writes what the contenders reached on so many cores.
func (c *contest) table(b *strings.Builder, cores int) {
	fmt.Fprintf(b, "\n### %s\n\n", map[int]string{1: "One core", 2: "Two cores"}[cores])
	b.WriteString("| case | unit | FMA peak | chimera | of the peak | OpenBLAS | chimera / OpenBLAS | PyTorch | chimera / PyTorch | no cgo | Go alone |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, g := range c.groups {
		for _, name := range g.cases {
			c.row(b, name, cores)
		}
	}
}

func (c *contest) row(b *strings.Builder, name string, cores int) {
	mine := c.found[cell(ours, name, cores)]
	if len(mine) == 0 {
		return
	}
	peak, share := mine[0].BoundValue, ""
	if mine[0].Bound == "compute/fma_peak" {
		peak = middle(mine, func(m measured) float64 { return m.BoundValue })
		share = fmt.Sprintf("%.2f", middle(mine, func(m measured) float64 { return m.Ratio }))
	}
	columns := []string{"`" + name + "`", mine[0].Unit, number(peak, share != ""), c.value(ours, name, cores), share}
	for _, peer := range []string{openBLAS, pyTorch} {
		columns = append(columns, c.value(peer, theirs(name), cores), c.ratio(peer, name, cores))
	}
	columns = append(columns, c.value(noCgo, name, cores), c.value(plainGo, name, cores))
	fmt.Fprintf(b, "| %s |\n", strings.Join(columns, " | "))
}

// theirs is a peer's name of a case.
func theirs(name string) string { return strings.TrimSuffix(name, plain) }

// value is the median over the rounds.
func (c *contest) value(contender, name string, cores int) string {
	all := c.found[cell(contender, name, cores)]
	return number(middle(all, func(m measured) float64 { return m.Value }), len(all) > 0)
}

// ratio is the median over the rounds of ours to the peer's in the same round.
func (c *contest) ratio(peer, name string, cores int) string {
	mine, others := c.found[cell(ours, name, cores)], c.found[cell(peer, theirs(name), cores)]
	if len(others) == 0 || len(mine) != len(others) {
		return ""
	}
	ratios := make([]float64, len(mine))
	for i := range mine {
		ratios[i] = mine[i].Value / others[i].Value
	}
	return fmt.Sprintf("**%.2f**", median(ratios))
}

func middle(all []measured, f func(measured) float64) float64 {
	if len(all) == 0 {
		return 0
	}
	values := make([]float64, len(all))
	for i, m := range all {
		values[i] = f(m)
	}
	return median(values)
}

func number(x float64, known bool) string {
	if !known {
		return ""
	}
	return fmt.Sprintf("%.4g", x)
}

// notes say what the columns are.
func (c *contest) notes(b *strings.Builder) {
	if one, two := c.found[cell(ours, "compute/gpt_decode_bf16", 1)], c.found[cell(ours, "compute/gpt_decode_bf16", 2)]; len(one) > 0 && len(two) > 0 {
		ratio := func(m measured) float64 { return m.Ratio }
		fmt.Fprintf(b, "\nbfloat16 weights and cache against float32 in the same process: %.2f times on one core, %.2f on two.\n", middle(one, ratio), middle(two, ratio))
	}
	b.WriteString("\n")
	for _, contender := range []string{ours, noCgo, plainGo, openBLAS, pyTorch} {
		if kinds := slices.Sorted(maps.Keys(c.kinds[contender])); len(kinds) > 0 {
			fmt.Fprintf(b, "- %s: %s\n", contender, strings.Join(kinds, "; "))
		}
	}
	fmt.Fprintf(b, "\nRounds: %d, of at least %g s a case. Values are medians over them, ratios medians of the ratios of each.\n", c.rounds, c.seconds)
}
