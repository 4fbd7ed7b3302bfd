package main

import (
	"context"

	"github.com/chimera-1/chimera/compute"
)

// ctx is for what a program of one run queues: nothing ends it early.
var ctx = context.Background()

// attention: shapes are sequences, positions, heads, width of a head.
func attention() []bench {
	return []bench{
		{name: "causal attention", small: []int{2, 70, 3, 20}, large: []int{8, 1024, 8, 64}, setup: func(m *maker, s []int) task {
			c := s[2] * s[3]
			qkv, out, lse := m.random(s[0], s[1], 3*c), m.zeros(s[0], s[1], c), m.zeros(s[0], s[2], s[1])
			return task{run: func(b compute.Backend) { b.Attention(out, lse, qkv, s[2], true) }, out: out, flops: scores(s) * 4}
		}},
		{name: "its gradient", small: []int{2, 70, 3, 20}, large: []int{8, 1024, 8, 64}, setup: func(m *maker, s []int) task {
			c := s[2] * s[3]
			qkv, out, lse := m.random(s[0], s[1], 3*c), m.zeros(s[0], s[1], c), m.zeros(s[0], s[2], s[1])
			dqkv, dout := m.zeros(s[0], s[1], 3*c), m.random(s[0], s[1], c)
			m.d.Backend(ctx).Attention(out, lse, qkv, s[2], true)
			return task{
				run: func(b compute.Backend) { b.AttentionGrad(dqkv, dout, out, lse, qkv, s[2], true) },
				out: dqkv, flops: scores(s) * 10,
			}
		}},
		{name: "decode attention", small: []int{3, 70, 3, 20}, large: []int{1024, 256, 8, 64}, setup: decode(compute.F32, 4)},
		{name: "decode attention, bfloat16", small: []int{3, 70, 3, 20}, large: []int{1024, 256, 8, 64}, setup: decode(compute.BF16, 2)},
	}
}

// scores is the pairs of positions that see each other, times the width.
func scores(s []int) float64 {
	return float64(s[0]) * float64(s[1]) * float64(s[1]+1) / 2 * float64(s[2]) * float64(s[3])
}

func decode(dtype compute.DType, size float64) func(m *maker, s []int) task {
	return func(m *maker, s []int) task {
		c := s[2] * s[3]
		qkv, out := m.random(s[0], 3*c), m.zeros(s[0], c)
		keys, values := m.keep(m.d.New(dtype, s[0], s[2], s[1], s[3])), m.keep(m.d.New(dtype, s[0], s[2], s[1], s[3]))
		fill := m.d.Backend(ctx)
		fill.Copy(keys, m.random(keys.Shape()...))
		fill.Copy(values, m.random(keys.Shape()...))
		last := make([]int32, s[0])
		for i := range last {
			last[i] = int32(s[1] - 1)
		}
		pos := m.keep(m.d.From(last, s[0]))
		return task{
			run: func(b compute.Backend) { b.DecodeAttention(out, qkv, keys, values, pos) },
			out: out, bytes: 2 * size * float64(keys.Len()),
		}
	}
}
