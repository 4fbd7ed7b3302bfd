package nn

import (
	"fmt"
	"math"
	"slices"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/autograd"
)

// normEps is the epsilon of the norms, PyTorch's default for LayerNorm.
const normEps = 1e-5

// A Linear is y = x W + b, W of shape [in, out].
type Linear struct{ W, B *Param }

// Linear makes a layer with weights of a standard deviation, and a bias of 0 or
// none: NAME.weight and NAME.bias.
func (b *Builder) Linear(name string, in, out int, std float32, bias bool) Linear {
	l := Linear{W: b.Normal(name+".weight", std, true, in, out)}
	if bias {
		l.B = b.param(name+".bias", false, constant(0), out)
	}
	return l
}

// Forward is the layer over the rows of x.
func (l Linear) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	if l.B == nil {
		return t.Linear(x, l.W.On(t), nil)
	}
	return t.Linear(x, l.W.On(t), l.B.On(t))
}

// A LayerNorm normalises rows, Ba, Kiros and Hinton 2016.
type LayerNorm struct{ W, B *Param }

// LayerNorm makes a norm of rows of n: NAME.weight of 1 and NAME.bias of 0.
func (b *Builder) LayerNorm(name string, n int) LayerNorm {
	return LayerNorm{b.param(name+".weight", false, constant(1), n), b.param(name+".bias", false, constant(0), n)}
}

// Forward is the layer over the rows of x.
func (l LayerNorm) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return t.LayerNorm(x, l.W.On(t), l.B.On(t), normEps)
}

// An RMSNorm scales rows to unit mean square, Zhang and Sennrich 2019.
type RMSNorm struct{ W *Param }

// RMSNorm makes a norm of rows of n: NAME.weight of 1.
func (b *Builder) RMSNorm(name string, n int) RMSNorm {
	return RMSNorm{b.param(name+".weight", false, constant(1), n)}
}

// Forward is the layer over the rows of x.
func (l RMSNorm) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return t.RMSNorm(x, l.W.On(t), normEps)
}

// An Embedding is a table of rows.
type Embedding struct{ W *Param }

// Embedding makes a table of n rows of a standard deviation: NAME.weight.
func (b *Builder) Embedding(name string, n, width int, std float32) Embedding {
	return Embedding{b.Normal(name+".weight", std, true, n, width)}
}

// Forward looks up the rows of idx (int32).
func (e Embedding) Forward(t *autograd.Tape, idx *compute.Tensor) *autograd.Var {
	return t.Embedding(e.W.On(t), idx)
}

// An MLP is linear layers with an activation between them, not after the last.
type MLP struct {
	layers []Linear
	norms  []RMSNorm
	act    compute.UnaryOp
	params []*Param
	close  func()
}

// MLPConfig describes an [MLP].
type MLPConfig struct {
	Sizes []int           // of the input, the hidden layers and the output
	Act   compute.UnaryOp // between layers
	Norm  bool            // an RMSNorm before each activation
	Seed  uint64          // of the initial weights
}

// NewMLP makes an MLP with weights of variance 2/in (He et al. 2015; 1/in for the
// last layer) and biases of 0, the parameters layers.i.{weight [in,out],bias [out]}
// and norms.i.weight [out]. Close gives its memory back.
func NewMLP(d *compute.Device, c MLPConfig) (*MLP, error) {
	if len(c.Sizes) < 2 || slices.Min(c.Sizes) < 1 {
		return nil, fmt.Errorf("mlp: sizes %v: an input and an output are needed, all positive", c.Sizes)
	}
	b := NewBuilder(d, c.Seed)
	m := &MLP{act: c.Act, close: b.Close}
	for i := range len(c.Sizes) - 1 {
		last, name := i == len(c.Sizes)-2, "layers."+itoa(i)
		gain := 2.0
		if last {
			gain = 1
		}
		m.layers = append(m.layers, b.Linear(name, c.Sizes[i], c.Sizes[i+1], float32(math.Sqrt(gain/float64(c.Sizes[i]))), true))
		if c.Norm && !last {
			m.norms = append(m.norms, b.RMSNorm("norms."+itoa(i), c.Sizes[i+1]))
		}
	}
	var err error
	m.params, err = b.Done()
	return m, err
}

// Params are the parameters in the order of the layers.
func (m *MLP) Params() []*Param { return m.params }

// Forward is the output for the rows of x.
func (m *MLP) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	for i, l := range m.layers {
		x = l.Forward(t, x)
		if i == len(m.layers)-1 {
			break
		}
		if m.norms != nil {
			x = m.norms[i].Forward(t, x)
		}
		x = t.Unary(m.act, x)
	}
	return x
}

// Close gives the memory of the parameters back.
func (m *MLP) Close() { m.close() }
