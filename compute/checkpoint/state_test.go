package checkpoint

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/chimera-1/chimera/compute/safetensors"
)

// state is a state that is a function of its step.
func state(step int64) *State {
	x := float32(step)
	w := func(scale float32) []Tensor {
		return []Tensor{
			safetensors.Of("bias", []int{3}, []float32{scale, x, -x}),
			safetensors.Of("weight", []int{2, 3}, []float32{x + 1, x + 2, x * scale, 0, -1, x / 3}),
		}
	}
	return &State{
		Step: step, Weights: w(1), First: w(0.1), Second: w(0.01), Average: w(0.5),
		RNG: []byte{1, 2, byte(step), 0, 255}, Position: []byte(strings.Repeat("p", int(step%5)+1)),
		Config: json.RawMessage(`{"lr": 0.001, "é":[1e-3]}`), Notes: map[string]string{"loss": "1.5"},
	}
}

func same(t *testing.T, got, want *State) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(Tensor{}, "Fill")); d != "" {
		t.Errorf("state differs (-want +got):\n%s", d)
	}
}

// unhurried is a disk that is not waited for: no test here cuts the power.
type unhurried struct{ osDisk }

func (unhurried) syncDir(string) error { return nil }

func (u unhurried) create(path string) (file, error) {
	f, err := u.osDisk.create(path)
	return unsyncedFile{f}, err
}

type unsyncedFile struct{ file }

func (unsyncedFile) Sync() error { return nil }

func open(t *testing.T, dir string, keep int) *Writer {
	t.Helper()
	w, err := OpenWriter(dir, keep)
	if err != nil {
		t.Fatal(err)
	}
	w.disk = unhurried{}
	t.Cleanup(func() { w.Close() })
	return w
}

func save(t *testing.T, w *Writer, s *State) Info {
	t.Helper()
	info, err := w.Save(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func latest(t *testing.T, dir string) (*State, Found) {
	t.Helper()
	s, found, err := LoadLatest(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, found
}

func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "lock" {
			out = append(out, e.Name())
		}
	}
	return out
}

func TestSaveAndLoad(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs", "7")
	if _, _, err := LoadLatest(t.Context(), dir); !errors.Is(err, ErrNone) {
		t.Errorf("no folder: %v", err)
	}
	w := open(t, dir, 2)
	if _, _, err := LoadLatest(t.Context(), dir); !errors.Is(err, ErrNone) {
		t.Errorf("empty folder: %v", err)
	}
	for step := int64(10); step <= 50; step += 10 {
		info := save(t, w, state(step))
		s, found := latest(t, dir)
		same(t, s, state(step))
		if found.Info != info || len(found.Skipped) != 0 || info.Step != step || info.Sequence != step/10 {
			t.Errorf("found %+v, saved %+v", found, info)
		}
	}
	if got, want := names(t, dir), []string{"ckpt-00000004.json", "ckpt-00000004.safetensors",
		"ckpt-00000005.json", "ckpt-00000005.safetensors"}; !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	s, info, err := Load(t.Context(), filepath.Join(dir, "ckpt-00000004.json"))
	if err != nil || info.Step != 40 {
		t.Fatal(info, err)
	}
	same(t, s, state(40))
	save(t, w, state(20)) // going back is going on
	s, _ = latest(t, dir)
	same(t, s, state(20))
}

// TestSmallStates: what is not there comes back as not there; values of any type
// and bit pattern come back as they were.
func TestSmallStates(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, 1)
	odd := []float32{float32(math.NaN()), math.Float32frombits(0x7fa00001), float32(math.Inf(-1)), math.Float32frombits(1 << 31), 1e-45}
	for _, s := range []*State{
		{},
		{Step: math.MaxInt64},
		{Step: 1, RNG: []byte{0}},
		{Step: 2, Weights: []Tensor{safetensors.Of("w", []int{5}, odd)}},
		{Step: 3, Weights: []Tensor{safetensors.Of("", []int{}, []float32{7}), safetensors.Of("empty", []int{0, 2}, []float32{})}},
		{Step: 4, Weights: []Tensor{{Name: "h", DType: safetensors.BF16, Shape: []int{2}, Data: []byte{1, 2, 3, 4}}}},
		{Step: 5, Weights: []Tensor{safetensors.Of("weights/a/rng", []int{1}, []uint64{1 << 63})}, Config: json.RawMessage(`null`)},
		{Step: 6, Notes: map[string]string{"": "", "chimera.step": "7", "é\n\"": "\x00"}},
	} {
		save(t, w, s)
		got, _ := latest(t, dir)
		same(t, got, s)
	}
}

// TestFileForOthers: the state is a safetensors file with the names that the
// package comment promises, and the same state gives the same bytes.
func TestFileForOthers(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, 2)
	s := state(3)
	first := save(t, w, s)
	slices.Reverse(s.Weights)
	second := save(t, w, s)
	if first.SHA256 != second.SHA256 || first.Bytes != second.Bytes {
		t.Errorf("same state, other bytes: %+v, %+v", first, second)
	}
	f, err := safetensors.Open(filepath.Join(dir, first.File))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := []string{"average/bias", "average/weight", "first/bias", "first/weight", "position", "rng",
		"second/bias", "second/weight", "weights/bias", "weights/weight"}
	got := f.Names()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("names %v, want %v", got, want)
	}
	loaded, _ := latest(t, dir)
	values, err := Float32s(loaded.Weights[1])
	if err != nil || !slices.Equal(values, []float32{4, 5, 3, 0, -1, 1}) {
		t.Errorf("weight = %v, %v", values, err)
	}
}

func TestSaveRefuses(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, 1)
	save(t, w, state(1))
	before := names(t, dir)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	two := safetensors.Of("w", []int{1}, []float32{1})
	for _, c := range []struct {
		name  string
		ctx   context.Context
		state *State
		want  string
	}{
		{"cancelled", cancelled, state(2), "context canceled"},
		{"config", t.Context(), &State{Config: json.RawMessage(`{`)}, "not JSON"},
		{"step", t.Context(), &State{Step: -1}, "negative"},
		{"twice", t.Context(), &State{Weights: []Tensor{two, two}}, `tensor "weights/w": duplicate name`},
		{"size", t.Context(), &State{First: []Tensor{{Name: "w", DType: safetensors.F32, Shape: []int{3}, Data: make([]byte, 4)}}}, `tensor "first/w": size`},
	} {
		if _, err := w.Save(c.ctx, c.state); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := names(t, dir); !slices.Equal(got, before) {
			t.Errorf("%s: files %v", c.name, got)
		}
	}
	s, _ := latest(t, dir)
	same(t, s, state(1))
}

func TestTwoWriters(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, 1)
	if first.lock == nil {
		t.Skip("this system has no locks")
	}
	if _, err := OpenWriter(dir, 1); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "process ") {
		t.Errorf("second writer: %v", err)
	}
	save(t, first, state(1))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := open(t, dir, 1)
	if info := save(t, second, state(2)); info.Sequence != 2 {
		t.Errorf("the second writer's first checkpoint is %d", info.Sequence)
	}
	if err := errors.Join(first.Close(), second.Close(), second.Close()); err != nil {
		t.Error(err)
	}
}

// TestSweep: what a killed writer left is removed, what is not ours stays, and
// no number is used again.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"ckpt-00000007.safetensors", "ckpt-00000009.json.tmp", "ckpt-00000008.safetensors.tmp",
		"ckpt-7.safetensors", "ckpt-000000007.json", "notes.txt", "other.tmp", "ckpt-0000000a.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := open(t, dir, 1)
	if got, want := names(t, dir), []string{"ckpt-000000007.json", "ckpt-0000000a.json", "ckpt-7.safetensors", "notes.txt", "other.tmp"}; !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	if info := save(t, w, state(1)); info.Sequence != 8 {
		t.Errorf("number %d, want 8", info.Sequence)
	}
	if _, err := OpenWriter(filepath.Join(dir, "notes.txt"), 1); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file as a folder: %v", err)
	}
}
