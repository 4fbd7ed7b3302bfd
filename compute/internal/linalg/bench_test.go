package linalg

import (
	"context"
	"math/rand/v2"
	"testing"
)

func BenchmarkEigh(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const n = 512
	a := matrix(n, n, func(i, j int) float64 { return r.NormFloat64() })
	values, vectors, scratch := make([]float64, n), make([]float64, n*n), make([]float64, EighScratch(n))
	for b.Loop() {
		if err := Eigh(context.Background(), values, vectors, a, n, scratch); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSVD(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const n = 512
	a := matrix(n, n, func(i, j int) float64 { return r.NormFloat64() })
	u, s, v, scratch := make([]float64, n*n), make([]float64, n), make([]float64, n*n), make([]float64, SVDScratch(n, n))
	for b.Loop() {
		if err := SVD(context.Background(), u, s, v, a, n, n, scratch); err != nil {
			b.Fatal(err)
		}
	}
}
