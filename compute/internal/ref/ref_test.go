package ref

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

func name(op string, v any) string { return fmt.Sprintf("%s %v", op, v) }

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s = %v, want %v", what, got, want)
	}
	for i := range got {
		if got[i] != want[i] && !(math.Abs(got[i]-want[i]) <= 1e-12*(1+math.Abs(want[i]))) {
			t.Errorf("%s = %v, want %v", what, got, want)
			return
		}
	}
}

func TestMatMulByHand(t *testing.T) {
	a, b := []float64{1, 2, 3, 4, 5, 6}, []float64{7, 8, 9, 10, 11, 12}
	want := []float64{58, 64, 139, 154}
	at, bt := Transpose(a, 2, 3), Transpose(b, 3, 2)
	near(t, "a b", MatMul(a, b, 2, 2, 3, false, false), want)
	near(t, "(a^T)^T b", MatMul(at, b, 2, 2, 3, true, false), want)
	near(t, "a (b^T)^T", MatMul(a, bt, 2, 2, 3, false, true), want)
	near(t, "(a^T)^T (b^T)^T", MatMul(at, bt, 2, 2, 3, true, true), want)
	near(t, "empty sum", MatMul(nil, nil, 1, 2, 0, false, false), []float64{0, 0})
}

func TestFunctionsByHand(t *testing.T) {
	inf := math.Inf(1)
	near(t, "sigmoid", Unary(kernel.Sigmoid, []float64{0, math.Log(3), -inf, inf}), []float64{0.5, 0.75, 0, 1})
	near(t, "softplus", Unary(kernel.Softplus, []float64{0, -inf, 1000}), []float64{math.Ln2, 0, 1000})
	near(t, "relu", Unary(kernel.ReLU, []float64{-3, 0, 2}), []float64{0, 0, 2})
	// x*Phi(x) differs from the tanh form by less than 5e-4.
	if got, phi := Unary(kernel.GELU, []float64{1})[0], 0.8413447460685429; math.Abs(got-phi) > 5e-4 {
		t.Errorf("GELU(1) = %v, far from %v", got, phi)
	}
	near(t, "softmax", Softmax([]float64{0, math.Log(3), 5, 6}, 2, []uint8{1, 1, 0, 1}), []float64{0.25, 0.75, 0, 1})
	near(t, "none in", Softmax([]float64{1, 2}, 2, []uint8{0, 0}), []float64{0, 0})
	near(t, "huge", LogSoftmax([]float64{1e30, 1e30}, 2, nil), []float64{-math.Ln2, -math.Ln2})
}

func TestStatisticsByHand(t *testing.T) {
	x := []float64{1, 2, 3, 6, 5, 10} // columns 1 3 5 and 2 6 10
	near(t, "gram", Gram(x, 3, 2), []float64{35, 70, 70, 140})
	near(t, "covariance", Covariance(x, 3, 2), []float64{4, 8, 8, 16})
	clipped, norm := ClipGlobalNorm(1, []float64{3}, []float64{0, 4})
	near(t, "norm", []float64{norm}, []float64{5})
	near(t, "clipped", append(clipped[0], clipped[1]...), []float64{0.6, 0, 0.8})
	nan := math.NaN()
	if got, want := TopK([]float64{nan, 1, 3, 3, nan, nan}, 3, 2), [][]int32{{2, 1}, {0, 1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("top-k = %v, want %v", got, want)
	}
	nearest, distances := NearestRow([]float64{0, 0, 3, 4}, []float64{3, 0, 0, 1}, 2, 2)
	if want := []int32{1, 0}; !reflect.DeepEqual(nearest, want) {
		t.Errorf("nearest = %v, want %v", nearest, want)
	}
	near(t, "distances", distances, []float64{9, 1, 16, 18})
}

func TestLossesByHand(t *testing.T) {
	quarter := []float64{0, math.Log(3)} // 1/4, 3/4
	half := []float64{0, 0}
	near(t, "cross-entropy", CrossEntropy(append(quarter, half...), []int32{0, 9}, 2, 9), []float64{math.Log(4), 0})
	forward := 0.5*math.Log(2) + 0.5*math.Log(2./3)
	near(t, "KL(teacher, student)", Divergence(kernel.ForwardKL, quarter, half, 2, 1), []float64{forward})
	reverse := 0.25*math.Log(0.5) + 0.75*math.Log(1.5)
	near(t, "KL(student, teacher)", Divergence(kernel.ReverseKL, quarter, half, 2, 1), []float64{reverse})
	// Disjoint distributions are ln 2 apart.
	near(t, "JS", Divergence(kernel.JensenShannon, []float64{0, -1e4}, []float64{-1e4, 0}, 2, 1), []float64{math.Ln2})
	bins := []float64{-1, 0, 2}
	near(t, "two-hot", TwoHot([]float64{-5, -0.25, 0.5, 2, 7}, bins),
		[]float64{1, 0, 0, 0.25, 0.75, 0, 0, 0.75, 0.25, 0, 0, 1, 0, 0, 1})
	near(t, "two-hot mean", TwoHotMean(TwoHot([]float64{-5, -0.25, 0.5, 7}, bins), bins), []float64{-1, -0.25, 0.5, 2})
}

// TestAdamWFirstStep: with zero moments the corrected first step is lr*sign(g)
// and the decay lr*wd*p.
func TestAdamWFirstStep(t *testing.T) {
	a := AdamW{LR: 0.1, Beta1: 0.9, Beta2: 0.999, WeightDecay: 0.01, Step: 1}
	p, m, v := a.Update([]float64{1, -2}, []float64{0, 0}, []float64{0, 0}, []float64{3, -0.5})
	near(t, "p", p, []float64{1 - 0.1 - 0.001, -2 + 0.1 + 0.002})
	near(t, "m", m, []float64{0.3, -0.05})
	near(t, "v", v, []float64{0.009, 0.00025})
}

// TestPhiloxKnownAnswers: the vectors published with Random123.
func TestPhiloxKnownAnswers(t *testing.T) {
	const ones = 0xffffffff
	for _, tt := range []struct {
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{want: [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{counter: [4]uint32{ones, ones, ones, ones}, key: [2]uint32{ones, ones},
			want: [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{counter: [4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, key: [2]uint32{0xa4093822, 0x299f31d0}, // pi
			want: [4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := Philox(tt.key, tt.counter); got != tt.want {
			t.Errorf("Philox(%x, %x) = %x, want %x", tt.key, tt.counter, got, tt.want)
		}
	}
}
