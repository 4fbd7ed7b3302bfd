package nn_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/autograd"
	"github.com/chimera-1/chimera/compute/nn"
)

// A classifier is a model of one's own: bags of words in two classes.
type classifier struct {
	words  nn.Embedding
	hidden nn.Linear
	out    nn.Linear
	params []*nn.Param
	close  func()
}

func newClassifier(d *compute.Device) (*classifier, error) {
	b := nn.NewBuilder(d, 1)
	c := &classifier{
		words:  b.Embedding("words", 6, 8, 0.5),
		hidden: b.Linear("hidden", 3*8, 16, 0.2, true),
		out:    b.Linear("out", 16, 2, 0.2, true),
		close:  b.Close,
	}
	var err error
	c.params, err = b.Done()
	return c, err
}

// Forward is the logits [n,2] of texts of three words (int32 [n,3]).
func (c *classifier) Forward(t *autograd.Tape, texts *compute.Tensor) *autograd.Var {
	x := t.Reshape(c.words.Forward(t, texts), texts.Dim(0), 3*8)
	return c.out.Forward(t, t.Unary(compute.GELU, c.hidden.Forward(t, x)))
}

func (c *classifier) Params() []*nn.Param { return c.params }

// A model of one's own is a struct of layers and a method Forward.
func ExampleBuilder() {
	dev, err := compute.Open("cpu", compute.Options{})
	if err != nil {
		panic(err)
	}
	defer dev.Close()
	model, err := newClassifier(dev)
	if err != nil {
		panic(err)
	}
	defer model.close()
	// Class 1 are texts with word 5 in them.
	texts, errX := dev.From([]int32{0, 1, 2, 5, 1, 0, 3, 3, 4, 2, 5, 1, 1, 2, 0, 4, 3, 5}, 6, 3)
	classes, errY := dev.From([]int32{0, 1, 0, 1, 0, 1}, 6)
	opt, errO := nn.NewAdamW(model.Params(), nn.AdamWConfig{})
	if err := errors.Join(errX, errY, errO); err != nil {
		panic(err)
	}
	defer texts.Close()
	defer classes.Close()
	defer opt.Close()

	b := dev.Backend(context.Background())
	tape := autograd.New(b)
	defer tape.Close()
	for range 60 {
		tape.Reset()
		tape.Backward(tape.CrossEntropy(model.Forward(tape, texts), classes, -1))
		opt.Step(b, 0.01)
	}
	tape.Reset()
	logits := model.Forward(tape, texts)
	found, err := dev.New(compute.I32, 6)
	if err != nil {
		panic(err)
	}
	defer found.Close()
	b.ArgMax(found, logits.Value())
	fmt.Println(found.Int32s(), tape.Err())
	// Output: [0 1 0 1 0 1] <nil>
}
