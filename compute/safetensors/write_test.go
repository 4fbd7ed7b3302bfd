package safetensors

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWriteRefuses(t *testing.T) {
	u8 := func(name string, shape []int, n int) Tensor {
		return Tensor{Name: name, DType: U8, Shape: shape, Data: make([]byte, n)}
	}
	short := func(w io.Writer) error { _, err := w.Write([]byte{1}); return err }
	long := func(w io.Writer) error { _, err := w.Write(make([]byte, 5)); return err }
	for _, c := range []struct {
		name     string
		tensors  []Tensor
		metadata map[string]string
		rule     Rule
	}{
		{"reserved name", []Tensor{u8("__metadata__", []int{1}, 1)}, nil, RuleName},
		{"invalid UTF-8", []Tensor{u8("\xff", []int{1}, 1)}, nil, RuleName},
		{"twice", []Tensor{u8("a", []int{1}, 1), u8("b", nil, 1), u8("a", nil, 1)}, nil, RuleDuplicate},
		{"twice, of two types", []Tensor{u8("a", []int{1}, 1), {Name: "a", DType: I8, Data: []byte{0}}}, nil, RuleDuplicate},
		{"no dtype", []Tensor{{Name: "a"}}, nil, RuleDType},
		{"unknown dtype", []Tensor{{Name: "a", DType: 77}}, nil, RuleDType},
		{"size", []Tensor{u8("a", []int{2}, 3)}, nil, RuleSize},
		{"negative", []Tensor{u8("a", []int{-1}, 1)}, nil, RuleNumber},
		{"overflow", []Tensor{u8("a", []int{math.MaxInt, 2}, 1)}, nil, RuleOverflow},
		{"half a byte", []Tensor{{Name: "a", DType: F4, Shape: []int{3}, Data: make([]byte, 2)}}, nil, RuleSubByte},
		{"metadata", []Tensor{}, map[string]string{"a": "\xff"}, RuleMetadata},
		{"metadata key", []Tensor{}, map[string]string{"\xff": ""}, RuleMetadata},
		{"all together", sixteen(Tensor{DType: U8, Shape: []int{1 << 30, 1 << 29}, Fill: short}), nil, RuleOverflow},
		{"large header", []Tensor{u8("a", []int{1}, 1)}, map[string]string{"a": strings.Repeat("x", MaxHeader)}, RuleLength},
		{"filled with less", []Tensor{{Name: "a", DType: U8, Shape: []int{4}, Fill: short}}, nil, RuleSize},
		{"filled with more", []Tensor{{Name: "a", DType: U8, Shape: []int{4}, Fill: long}}, nil, RuleSize},
	} {
		path := filepath.Join(t.TempDir(), "x.safetensors")
		err := Create(path, c.tensors, c.metadata)
		var broken *FormatError
		if !errors.As(err, &broken) || broken.Rule != c.rule || broken.File != path {
			t.Errorf("%s: %v, want rule %q", c.name, err, c.rule)
		}
		if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 0 {
			t.Errorf("%s: left %v", c.name, left)
		}
	}
}

// TestFill: tensors that are made piece by piece, and copied from another file,
// give the same bytes as those in memory.
func TestFill(t *testing.T) {
	values := []float32{1, 2, 3, 4, 5, 6}
	whole := Of("w", []int{2, 3}, values)
	pieces := Tensor{Name: "w", DType: F32, Shape: []int{2, 3}, Fill: func(w io.Writer) error {
		for i := 0; i < len(whole.Data); i += 5 {
			if _, err := w.Write(whole.Data[i:min(i+5, len(whole.Data))]); err != nil {
				return err
			}
		}
		return nil
	}}
	path := create(t, whole)
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bothWays(t, path, func(t *testing.T, f *File) {
		for _, in := range []Tensor{pieces, Copy(mustTensor(t, f, "w"))} {
			var got bytes.Buffer
			if err := Write(&got, []Tensor{in}, nil); err != nil || !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%q, %v; want %q", got.Bytes(), err, want)
			}
		}
	})
}

// full accepts so many bytes and no more, as a full disk does.
type full int

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), int(*f))
	if *f -= full(n); n < len(p) {
		return n, errFull
	}
	return n, nil
}

func TestWriteErrors(t *testing.T) {
	tensors := []Tensor{Of("w", []int{50_000}, make([]float32, 50_000))}
	size, err := Size(tensors, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int64{0, 1, 8, 100, 65536, size - 1} {
		w := full(n)
		if err := Write(&w, tensors, nil); !errors.Is(err, errFull) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
	w := full(size)
	if err := Write(&w, tensors, nil); err != nil {
		t.Error(err)
	}
}

// TestCreateReplaces: the old file stays until the new one is whole, its readers
// keep it, and a failure leaves nothing behind.
func TestCreateReplaces(t *testing.T) {
	path := create(t, Of("w", []int{1}, []float32{1}))
	old, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	failing := Tensor{Name: "w", DType: F32, Shape: []int{1}, Fill: func(io.Writer) error { return errFull }}
	if err := Create(path, []Tensor{failing}, nil); !errors.Is(err, errFull) || !strings.Contains(err.Error(), path) {
		t.Errorf("failing tensor: %v", err)
	}
	wantFile := func(want float32) {
		t.Helper()
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		wantValues(t, f, "w", []float32{want})
	}
	wantFile(1)
	if err := Create(path, []Tensor{Of("w", []int{1}, []float32{2})}, nil); err != nil {
		t.Fatal(err)
	}
	wantFile(2)
	wantValues(t, old, "w", []float32{1})
	if names, _ := os.ReadDir(filepath.Dir(path)); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&^0o640 != 0 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := Create(filepath.Join(t.TempDir(), "none", "x"), nil, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
}

// TestCreateInCurrentFolder: a path without a folder.
func TestCreateInCurrentFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	meta := map[string]string{"b": "2", "a": "1"}
	if err := Create("x.safetensors", []Tensor{Of("w", nil, []float32{3})}, meta); err != nil {
		t.Fatal(err)
	}
	f, err := Open("x.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	wantValues(t, f, "w", []float32{3})
	if got := f.Metadata(); !maps.Equal(got, meta) {
		t.Errorf("metadata %v", got)
	}
	if !slices.Equal(f.Names(), []string{"w"}) {
		t.Errorf("names %v", f.Names())
	}
}

// sixteen tensors of 2^59 bytes are one byte more than an int64 counts.
func sixteen(of Tensor) (tensors []Tensor) {
	for i := range 16 {
		of.Name = string(rune('a' + i))
		tensors = append(tensors, of)
	}
	return tensors
}
