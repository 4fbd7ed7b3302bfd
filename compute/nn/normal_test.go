package nn

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/chimera-1/chimera/compute"
)

// TestNormalKnownValues: Philox4x32-10 written in Python from the paper, and the
// quantile of Python's statistics.NormalDist.
func TestNormalKnownValues(t *testing.T) {
	for _, c := range []struct {
		seed, stream uint64
		want         [8]float64
	}{
		{0, 0, [8]float64{-0.25581597, 1.17759124, 0.630183656, 0.267562249, 1.91480327, -0.352874897, 0.50702374, -1.78545119}},
		{1, 0, [8]float64{1.22790761, 1.25183343, 0.216564052, 0.557093063, 0.445437714, 1.14604597, -0.0612169237, 0.401851031}},
		{1, 2, [8]float64{1.29963817, 0.126932591, -0.686490441, -1.75968967, 0.5757321, 1.06049512, -0.622189545, -1.59946212}},
		{0x123456789abcdef0, 0xfedcba987654321, [8]float64{
			-0.342550765, -0.932037908, 0.233005985, 0.696499329, -0.221843868, 0.603012117, -0.457243442, -0.28573676,
		}},
	} {
		r := normal{seed: c.seed, stream: c.stream}
		for i, want := range c.want {
			if got := float64(r.next()); math.Abs(got-want) > 1e-7*math.Abs(want) {
				t.Errorf("seed %#x, stream %#x: number %d is %.9g, want %.9g", c.seed, c.stream, i, got, want)
			}
		}
	}
}

// TestQuantile inverts it by the distribution function of package math.
func TestQuantile(t *testing.T) {
	for _, p := range []float64{1.0 / (1 << 33), 1e-9, 1e-6, 1e-3, 0.02, 0.0242, 0.0243, 0.1, 0.3, 0.4999, 0.5} {
		for _, q := range []float64{p, 1 - p} {
			x := quantile(q)
			got, want := math.Erfc(math.Abs(x)/math.Sqrt2)/2, min(q, 1-q)
			if math.Abs(got-want) > 5e-6*want || (x < 0) != (q < 0.5) && q != 0.5 {
				t.Errorf("quantile(%g) is %g, whose probability is %g", q, x, got)
			}
		}
	}
}

// TestNormalStatistics compares moments and quantiles of a million numbers with
// theory, each within five standard errors.
func TestNormalStatistics(t *testing.T) {
	const n = 1 << 20
	r := normal{seed: 42, stream: 7}
	x := make([]float64, n)
	var moments [5]float64
	for i := range x {
		x[i] = float64(r.next())
		for k, p := 1, x[i]; k < 5; k, p = k+1, p*x[i] {
			moments[k] += p / n
		}
	}
	// The k-th moment and its variance for one number: E x^2k - (E x^k)^2.
	for k, c := range []struct{ want, variance float64 }{1: {0, 1}, 2: {1, 2}, 3: {0, 15}, 4: {3, 96}} {
		if d := math.Abs(moments[k] - c.want); k > 0 && d > 5*math.Sqrt(c.variance/n) {
			t.Errorf("moment %d is %g, want %g", k, moments[k], c.want)
		}
	}
	slices.Sort(x)
	for _, q := range []struct{ p, want float64 }{
		{0.001, -3.090232}, {0.01, -2.326348}, {0.1, -1.281552}, {0.25, -0.674490}, {0.5, 0},
		{0.75, 0.674490}, {0.9, 1.281552}, {0.99, 2.326348}, {0.999, 3.090232},
	} {
		density := math.Exp(-q.want*q.want/2) / math.Sqrt(2*math.Pi)
		if d := math.Abs(x[int(q.p*n)] - q.want); d > 5*math.Sqrt(q.p*(1-q.p)/n)/density {
			t.Errorf("quantile %g is %g, want %g", q.p, x[int(q.p*n)], q.want)
		}
	}
}

// TestNormalStreams: streams of other parameters are others, without correlation.
func TestNormalStreams(t *testing.T) {
	const n = 1 << 16
	a, b, dot := normal{seed: 1}, normal{seed: 1, stream: 1}, 0.0
	for range n {
		dot += float64(a.next()) * float64(b.next()) / n
	}
	if math.Abs(dot) > 5/math.Sqrt(n) {
		t.Errorf("correlation %g", dot)
	}
}

func deviation(x []float32) float64 {
	mean, square := 0.0, 0.0
	for _, v := range x {
		mean += float64(v) / float64(len(x))
		square += float64(v) * float64(v) / float64(len(x))
	}
	return math.Sqrt(square - mean*mean)
}

// TestInitialWeights: standard deviations within four standard errors, and fixed
// values, for each parameter of a GPT.
func TestInitialWeights(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 1})
	g := model(t, d, GPTConfig{Vocab: 100, Context: 50, Layers: 8, Heads: 4, Width: 64, Seed: 11})
	params := map[string][]float32{}
	for _, p := range g.Params() {
		params[p.Name] = floats(t, p.Value)
	}
	for name, want := range map[string]float64{
		"wte.weight": 0.02, "wpe.weight": 0.02, "head.weight": 0.02,
		"blocks.0.attn.qkv.weight": 0.02, "blocks.7.mlp.fc.weight": 0.02,
		"blocks.0.attn.proj.weight": 0.005, "blocks.7.mlp.proj.weight": 0.005, // 0.02/sqrt(16)
	} {
		x := params[name]
		if got := deviation(x); math.Abs(got-want) > 4*want/math.Sqrt(2*float64(len(x))) {
			t.Errorf("%s has standard deviation %g, want %g", name, got, want)
		}
	}
	for name, want := range map[string]float32{
		"blocks.3.ln1.weight": 1, "blocks.3.ln1.bias": 0, "lnf.weight": 1, "lnf.bias": 0,
		"blocks.3.attn.qkv.bias": 0, "blocks.3.mlp.proj.bias": 0,
	} {
		if x := params[name]; slices.Min(x) != want || slices.Max(x) != want {
			t.Errorf("%s is from %g to %g, want %g", name, slices.Min(x), slices.Max(x), want)
		}
	}
}

// TestInitialWeightsAreFixed: the seed alone decides, on every level.
func TestInitialWeightsAreFixed(t *testing.T) {
	c := GPTConfig{Vocab: 5, Context: 3, Layers: 1, Heads: 1, Width: 4, Seed: 1}
	r := normal{seed: 1}
	want := make([]float32, 5*4)
	for i := range want {
		want[i] = 0.02 * r.next()
	}
	for _, level := range compute.CPULevels() {
		t.Run(level, func(t *testing.T) {
			g := model(t, device(t, "cpu/"+level, compute.Options{}), c)
			near(t, "wte", floats(t, g.Params()[0].Value), want, 0)
		})
	}
	d := device(t, "cpu", compute.Options{})
	other := c
	other.Seed = 2
	if slices.Equal(floats(t, model(t, d, other).Params()[0].Value), want) {
		t.Error("another seed gives the same weights")
	}
}

// TestInitialWeightsOfMLP: variance 2/in, of the last layer 1/in.
func TestInitialWeightsOfMLP(t *testing.T) {
	d := device(t, "cpu", compute.Options{})
	m, err := NewMLP(d, MLPConfig{Sizes: []int{50, 200, 100}, Act: compute.ReLU, Norm: true, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	var names []string
	for _, p := range m.Params() {
		names = append(names, fmt.Sprintf("%s%v %t", p.Name, p.Value.Shape(), p.Decay))
	}
	want := []string{
		"layers.0.weight[50 200] true", "layers.0.bias[200] false", "norms.0.weight[200] false",
		"layers.1.weight[200 100] true", "layers.1.bias[100] false",
	}
	if !slices.Equal(names, want) {
		t.Errorf("parameters %v", names)
	}
	for i, want := range map[int]float64{0: math.Sqrt(2.0 / 50), 3: math.Sqrt(1.0 / 200)} {
		x := floats(t, m.Params()[i].Value)
		if got := deviation(x); math.Abs(got-want) > 4*want/math.Sqrt(2*float64(len(x))) {
			t.Errorf("%s has standard deviation %g, want %g", m.Params()[i].Name, got, want)
		}
	}
}
