package compute

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// testDevice is the named device, closed at the end without a tensor left.
func testDevice(t *testing.T, name string, o Options) *Device {
	t.Helper()
	d, err := Open(name, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := d.Usage().Tensors; n != 0 {
			t.Errorf("%d tensors left open", n)
			return
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func tensor(t *testing.T, d *Device, src any, shape ...int) *Tensor {
	t.Helper()
	x, err := d.From(src, shape...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	return x
}

func TestMatMulOfSmallIntegers(t *testing.T) {
	for _, level := range CPULevels() {
		for _, threads := range []int{1, 2, 3} {
			t.Run(fmt.Sprintf("%s, %d threads", level, threads), func(t *testing.T) {
				testSmallMatMul(t, "cpu/"+level, Options{Threads: threads})
			})
		}
	}
}

func testSmallMatMul(t *testing.T, name string, o Options) {
	d := testDevice(t, name, o)
	a := tensor(t, d, []float32{1, 2, 3, 4, 5, 6}, 2, 3)
	w := tensor(t, d, []float32{1, 0, 2, 1, 0, 3}, 3, 2)
	bias := tensor(t, d, []float32{10, -100}, 2)
	y := tensor(t, d, make([]float32, 4), 2, 2)
	b := d.Backend(context.Background())
	b.MatMul(y, a, w, MatMulOptions{Bias: bias, Act: ReLUAct})
	if err := b.Wait(); err != nil {
		t.Fatal(err)
	}
	// Rows: 1+4+0, 0+2+9 and 4+10+0, 0+5+18, then the bias.
	if got, want := y.Float32s(), []float32{15, 0, 24, 0}; !slices.Equal(got, want) {
		t.Errorf("%g, want %g", got, want)
	}
	if _, err := Open(name, Options{Threads: 17}); err == nil || !strings.Contains(err.Error(), "other options") {
		t.Errorf("opened with other options: %v", err)
	}
}

func TestShapeErrorNamesBothShapes(t *testing.T) {
	d := testDevice(t, "cpu", Options{})
	a, w, y := tensor(t, d, make([]float32, 6), 2, 3), tensor(t, d, make([]float32, 8), 4, 2), tensor(t, d, make([]float32, 4), 2, 2)
	defer func() {
		var e *ShapeError
		if err, ok := recover().(error); !ok || !errors.As(err, &e) || !strings.Contains(e.Error(), "[2 3]") || !strings.Contains(e.Error(), "[4 2]") {
			t.Errorf("panic %v", err)
		}
	}()
	d.Backend(context.Background()).MatMul(y, a, w, MatMulOptions{})
}

func TestMemoryLimit(t *testing.T) {
	d := testDevice(t, "cpu/purego", Options{Memory: 1 << 20})
	x, err := d.New(F32, 200, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.New(F32, 200, 1000); !errors.Is(err, ErrOutOfMemory) {
		t.Errorf("second tensor of 800,000 bytes within a MiB: %v", err)
	}
	x.Close()
	y, err := d.New(F32, 200, 1000)
	if err != nil {
		t.Fatal(err)
	}
	y.Close()
	if u := d.Usage(); u.Used != 0 || u.Peak != 800_000 || u.Available != 1<<20 {
		t.Errorf("usage %+v", u)
	}
}

func TestCancelledProductReturnsSoon(t *testing.T) {
	d := testDevice(t, "cpu", Options{Threads: 2})
	a := tensor(t, d, make([]float32, 3000*3000), 3000, 3000)
	y := tensor(t, d, make([]float32, 3000*3000), 3000, 3000)
	ctx, cancel := context.WithCancel(context.Background())
	b := d.Backend(ctx)
	time.AfterFunc(20*time.Millisecond, cancel)
	for range 1000 {
		if b.Err() != nil {
			break
		}
		b.MatMul(y, a, a, MatMulOptions{})
	}
	if !errors.Is(b.Wait(), context.Canceled) {
		t.Error(b.Err())
	}
}

func TestDecodeSizedOperationsDoNotAllocate(t *testing.T) {
	d := testDevice(t, "cpu", Options{Threads: 2})
	w := tensor(t, d, make([]float32, 64*96), 64, 96)
	packed, err := d.NewPacked(F32, 64, 96)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(packed.Close)
	x, y := tensor(t, d, make([]float32, 32*64), 32, 64), tensor(t, d, make([]float32, 32*96), 32, 96)
	b := d.Backend(context.Background())
	b.Pack(packed, w, false)
	if n := testing.AllocsPerRun(100, func() {
		b.MatMul(y, x, packed, MatMulOptions{Act: GELUAct})
		b.Softmax(y, y, nil)
		b.AXPBY(x, 1, x, 0.5, x)
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestUnknownDevices(t *testing.T) {
	for _, name := range []string{"", "gpu", "cpu/sse9", "cpu:0", "cuda:x"} {
		if _, err := Open(name, Options{}); !errors.Is(err, ErrNoDevice) {
			t.Errorf("%q: %v", name, err)
		}
	}
	t.Setenv("CHIMERA_DEVICE", "cuda")
	if d, err := Open("auto", Options{}); err == nil {
		_ = d.Close()
	} else if !errors.Is(err, ErrNoDevice) {
		t.Error(err)
	}
}
