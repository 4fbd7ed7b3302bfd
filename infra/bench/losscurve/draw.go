package main

import (
	"bytes"
	"fmt"
	"math"
)

// The picture has two parts of the same width: the losses, and below them their
// differences on a logarithmic scale.
const (
	width, height = 860, 470
	left, right   = 64, 842
)

// A scale maps numbers to a range of the picture.
type scale struct{ from, to, at, end float64 }

func (s scale) of(v float64) float64 {
	return s.at + (min(max(v, s.from), s.to)-s.from)/(s.to-s.from)*(s.end-s.at)
}

// A canvas collects the picture.
type canvas struct{ bytes.Buffer }

func (p *canvas) add(format string, args ...any) { fmt.Fprintf(&p.Buffer, format+"\n", args...) }

func (p *canvas) text(x, y float64, anchor, s string) {
	p.add(`<text x="%.0f" y="%.0f" text-anchor="%s">%s</text>`, x, y, anchor, s)
}

func (p *canvas) line(x1, y1, x2, y2 float64, style string) {
	p.add(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" %s/>`, x1, y1, x2, y2, style)
}

// path draws numbers, one a step.
func (p *canvas) path(values []float64, x, y scale, style string) {
	p.WriteString(`<polyline fill="none" stroke-linejoin="round" ` + style + ` points="`)
	for i, v := range values {
		fmt.Fprintf(&p.Buffer, "%.1f,%.1f ", x.of(float64(i)), y.of(v))
	}
	p.add(`"/>`)
}

const grid = `stroke="#d5dde5" stroke-width="1"`

func draw(c comparison) []byte {
	p := &canvas{}
	p.add(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="t d" font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="12" fill="#3c4a58">`, width, height, width, height)
	p.add(`<title id="t">Losses of one training by %s and by %s</title>`, c.a.name, c.b.name)
	p.add(`<desc id="d">Above, the loss of each step: the two curves lie on each other. Below, their difference on a logarithmic scale, at most %.1e in the first %d steps.</desc>`, greatest(c.differences[:firstSteps]), firstSteps)
	p.add(`<rect width="%d" height="%d" rx="10" fill="#fbfcfd"/>`, width, height)
	steps := scale{0, float64(len(c.a.losses) - 1), left, right}
	p.losses(c, steps)
	p.differences(c, steps)
	p.axis(len(c.a.losses), steps)
	p.add(`</svg>`)
	return p.Bytes()
}

// ceiling is the least half that is not below the losses.
func ceiling(c comparison) float64 {
	return math.Ceil(2*math.Max(greatest(c.a.losses), greatest(c.b.losses))) / 2
}

func (p *canvas) losses(c comparison, steps scale) {
	top := ceiling(c)
	y := scale{0, top, 272, 36}
	for v := 0.0; v <= top; v++ {
		p.line(left, y.of(v), right, y.of(v), grid)
		p.text(left-8, y.of(v)+4, "end", fmt.Sprintf("%.0f", v))
	}
	p.text(left, 24, "start", "loss, nats a character")
	p.path(c.b.losses, steps, y, `stroke="#f0a35e" stroke-width="5" stroke-opacity="0.75"`)
	p.path(c.a.losses, steps, y, `stroke="#1f5f9f" stroke-width="1.2"`)
	for i, k := range []struct{ name, style string }{
		{c.a.name, `stroke="#1f5f9f" stroke-width="2"`}, {c.b.name, `stroke="#f0a35e" stroke-width="6"`},
	} {
		at := 52 + 20*float64(i)
		p.line(right-150, at, right-118, at, k.style)
		p.text(right-110, at+4, "start", k.name)
	}
}

// The decades of the differences that are shown.
const lowest, highest = -8, -1

func (p *canvas) differences(c comparison, steps scale) {
	y := scale{lowest, highest, 430, 318}
	p.text(left, 306, "start", fmt.Sprintf("difference; the first %d steps (shaded) must stay below 1e-4", firstSteps))
	p.add(`<rect x="%d" y="318" width="%.1f" height="112" fill="#e6f0fb"/>`, left, steps.of(firstSteps-1)-left)
	for v := lowest; v <= highest; v++ {
		style := grid
		if v == -4 {
			style = `stroke="#c0392b" stroke-width="1" stroke-dasharray="5 4"`
		}
		p.line(left, y.of(float64(v)), right, y.of(float64(v)), style)
		if v%2 == 0 {
			p.text(left-8, y.of(float64(v))+4, "end", fmt.Sprintf("1e%d", v))
		}
	}
	logs := make([]float64, len(c.differences))
	for i, d := range c.differences {
		logs[i] = math.Log10(math.Max(d, 1e-300))
	}
	p.path(logs, steps, y, `stroke="#5b6b7b" stroke-width="1"`)
}

func (p *canvas) axis(n int, steps scale) {
	every := 100
	for n/every > 10 {
		every *= 2
	}
	for s := 0; s < n; s += every {
		p.text(steps.of(float64(s)), 448, "middle", fmt.Sprint(s))
	}
	p.text(right, 464, "end", "step")
}
