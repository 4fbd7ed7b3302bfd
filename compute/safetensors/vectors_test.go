package safetensors

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// vector describes a file that infra/safetensors/peer.py made with the
// reference implementation. Byte i of a tensor is i modulo 251.
type vector struct {
	File     string
	Metadata map[string]string
	Tensors  []struct {
		Name  string
		DType string
		Shape []int
	}
}

func vectors(t *testing.T) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 16 {
		t.Fatalf("%d vectors", len(all))
	}
	return all
}

func (v vector) tensors(t *testing.T) []Tensor {
	t.Helper()
	var out []Tensor
	for _, x := range v.Tensors {
		d, ok := ParseDType(x.DType)
		if !ok {
			t.Fatalf("no type %s", x.DType)
		}
		n := d.Bits()
		for _, k := range x.Shape {
			n *= k
		}
		out = append(out, Tensor{Name: x.Name, DType: d, Shape: x.Shape, Data: counting(n / 8)})
	}
	return out
}

func counting(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i % 251)
	}
	return p
}

// TestWriteVectors: our bytes are the reference writer's, in any order of input.
func TestWriteVectors(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, v := range vectors(t) {
		want, err := os.ReadFile(filepath.Join("testdata", v.File))
		if err != nil {
			t.Fatal(err)
		}
		tensors := v.tensors(t)
		for range 3 {
			var got bytes.Buffer
			if err := Write(&got, tensors, v.Metadata); err != nil {
				t.Fatalf("%s: %v", v.File, err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Fatalf("%s:\nhave %q\nwant %q", v.File, got.Bytes(), want)
			}
			if n, err := Size(tensors, v.Metadata); err != nil || n != int64(len(want)) {
				t.Fatalf("%s: Size = %d, %v; want %d", v.File, n, err, len(want))
			}
			random.Shuffle(len(tensors), func(i, j int) { tensors[i], tensors[j] = tensors[j], tensors[i] })
		}
	}
}

// TestReadVectors: what the reference wrote is read as it was meant, mapped and
// not.
func TestReadVectors(t *testing.T) {
	for _, v := range vectors(t) {
		for _, open := range []func(string) (*File, error){Open, OpenUnmapped} {
			f, err := open(filepath.Join("testdata", v.File))
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Metadata(); !maps.Equal(got, v.Metadata) || (got == nil) != (v.Metadata == nil) {
				t.Errorf("%s: metadata %q, want %q", v.File, got, v.Metadata)
			}
			checkTensors(t, f, v.tensors(t))
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func checkTensors(t *testing.T, f *File, want []Tensor) {
	t.Helper()
	if n := len(f.Names()); n != len(want) {
		t.Errorf("%s: %d tensors, want %d", f.name, n, len(want))
	}
	for _, w := range want {
		got, ok := f.Tensor(w.Name)
		if !ok {
			t.Fatalf("%s: no tensor %q", f.name, w.Name)
		}
		data, err := got.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if got.Name != w.Name || got.DType != w.DType || !slices.Equal(got.Shape, w.Shape) || !bytes.Equal(data, w.Data) {
			t.Errorf("%s: tensor %v, %v, %v, %x; want %v", f.name, got.Name, got.DType, got.Shape, data, w)
		}
	}
}

// TestDTypes: every type of the format is there, in its order.
func TestDTypes(t *testing.T) {
	want := []string{"BOOL", "F4", "F6_E2M3", "F6_E3M2", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ",
		"F8_E5M2FNUZ", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "C64", "F64", "I64", "U64"}
	var got []string
	for d := Bool; d.valid(); d++ {
		got = append(got, d.String())
		if p, ok := ParseDType(d.String()); !ok || p != d {
			t.Errorf("ParseDType(%q) = %v, %v", d.String(), p, ok)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("types %v, want %v", got, want)
	}
	if DType(0).Bits() != 0 || DType(99).Bits() != 0 || DType(99).String() != "DType(99)" {
		t.Error("unknown types have a size or a name")
	}
}
