package safetensors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// peer runs a command of infra/safetensors/peer.py, which knows the reference
// implementation; infra/safetensors/check.sh says where.
func peer(t *testing.T, args ...string) []byte {
	t.Helper()
	python, script := os.Getenv("SAFETENSORS_PYTHON"), os.Getenv("SAFETENSORS_PEER")
	if python == "" || script == "" {
		t.Skip("needs the reference implementation: run infra/safetensors/check.sh")
	}
	out, err := exec.Command(python, append([]string{script}, args...)...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("peer %v: %v\n%s", args, err, exit.Stderr)
		}
		t.Fatalf("peer %v: %v", args, err)
	}
	return out
}

// TestPeerResaves: files made here load there and are saved again with the same
// bytes. F6 is missing as the reference's writer takes none from Python.
func TestPeerResaves(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for i := range 8 {
		path := filepath.Join(t.TempDir(), "ours.safetensors")
		var tensors []Tensor
		for d := Bool; d.valid() && i > 0; d++ {
			if d == F6E2M3 || d == F6E3M2 {
				continue
			}
			for k := range random.IntN(4) {
				shape := []int{random.IntN(4), 1 + random.IntN(3), 2 * (1 + random.IntN(3))}
				n := shape[0] * shape[1] * shape[2] * d.Bits() / 8
				tensors = append(tensors, Tensor{Name: fmt.Sprintf("t%d.%v\"é\n", k, d), DType: d, Shape: shape, Data: counting(n)})
			}
		}
		if err := Create(path, tensors, map[string]string{"format": "pt\u2028\x01"}); err != nil {
			t.Fatal(err)
		}
		peer(t, "resave", path, path+".again")
		ours, _ := os.ReadFile(path)
		theirs, _ := os.ReadFile(path + ".again")
		if len(ours) == 0 || !bytes.Equal(ours, theirs) {
			t.Errorf("ours   %q\ntheirs %q", ours, theirs)
		}
	}
}

// TestPeerReads: numpy sees the values that were written.
func TestPeerReads(t *testing.T) {
	path := create(t, Of("i8", []int{2}, []int8{-128, 127}), Of("u64", []int{1, 1}, []uint64{1<<64 - 1}),
		Of("i64", nil, []int64{-1 << 63}), Of("i16", []int{2}, []int16{-2, 258}), Of("f32", []int{2}, []float32{0.5, -0.25}),
		Of("f64", []int{1}, []float64{0.1}), Of("c64", []int{1}, []complex64{2 - 3i}), Of("none", []int{0, 3}, []float32{}),
		Tensor{Name: "bool", DType: Bool, Shape: []int{2}, Data: []byte{0, 1}})
	var got map[string]struct {
		DType  string
		Shape  []int
		Values []string
	}
	if err := json.Unmarshal(peer(t, "dump", path), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"i8": "int8 [2] [-128 127]", "u64": "uint64 [1 1] [18446744073709551615]", "i64": "int64 [] [-9223372036854775808]",
		"i16": "int16 [2] [-2 258]", "f32": "float32 [2] [0.5 -0.25]", "f64": "float64 [1] [0.1]",
		"c64": "complex64 [1] [2.0 -3.0]", "none": "float32 [0 3] []", "bool": "bool [2] [False True]",
	} {
		x := got[name]
		if s := fmt.Sprint(x.DType, " ", x.Shape, " ", x.Values); s != want {
			t.Errorf("%s: numpy has %s, want %s", name, s, want)
		}
	}
}

// TestPeerTables: every pattern of the small floats has the value that numpy and
// ml_dtypes give it. Their file is read along the way.
func TestPeerTables(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tables.safetensors")
	peer(t, "tables", path)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for dtype := range schemes {
		pattern := mustTensor(t, f, dtype.String()+".bits")
		pattern.DType = dtype
		got, err := pattern.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		want, err := mustTensor(t, f, dtype.String()+".values").Float32s()
		if err != nil || len(got) != 1<<dtype.Bits() || len(want) != len(got) {
			t.Fatalf("%v: %d values, want %d: %v", dtype, len(got), len(want), err)
		}
		for p := range got {
			if !sameFloat(got[p], want[p]) {
				t.Errorf("%v %#x = %v, ml_dtypes has %v", dtype, p, got[p], want[p])
			}
		}
	}
}

// TestPeerVerdicts: of attacks and of files with changed bytes, whatever we
// accept the reference accepts. Where it is laxer, the rules say why.
func TestPeerVerdicts(t *testing.T) {
	dir := t.TempDir()
	files := map[string][]byte{}
	for i, a := range attacks {
		files[strconv.Itoa(i)] = a.file
	}
	random := rand.New(rand.NewPCG(3, 4))
	for i := range 3000 {
		files["changed-"+strconv.Itoa(i)] = mutate(random, attacks[random.IntN(len(attacks))].file)
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var theirs map[string]string
	if err := json.Unmarshal(peer(t, "verdicts", dir), &theirs); err != nil {
		t.Fatal(err)
	}
	stricter := map[Rule]bool{RuleDuplicate: true, RuleField: true, RuleStart: true, RuleMetadata: true, RuleJSON: true, RuleNumber: true, RuleDType: true}
	var broken *FormatError
	accepted := 0
	for name, b := range files {
		_, err := New(name, bytes.NewReader(b), int64(len(b)))
		their, ok := theirs[name]
		switch {
		case !ok:
			t.Fatalf("%s: no verdict", name)
		case err == nil && their != "":
			t.Errorf("%s: we accept %.300q, the reference says %s", name, b, their)
		case err == nil:
			accepted++
		case !errors.As(err, &broken):
			t.Errorf("%s: %v", name, err)
		case their == "" && !stricter[broken.Rule]:
			t.Errorf("%s: the reference accepts %.300q, we say %v", name, b, err)
		}
	}
	if accepted < 20 {
		t.Errorf("%d files accepted by both: the test shows little", accepted)
	}
}

// mutate changes, cuts or doubles a few bytes of small files.
func mutate(random *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	if len(b) < 10 || len(b) > 4096 {
		return b
	}
	header := b[8:]
	for range 1 + random.IntN(2) {
		const bytesOfHeaders = `{}[]",:\0123456789 -.e_au`
		i := random.IntN(len(header))
		header[i] = bytesOfHeaders[random.IntN(len(bytesOfHeaders))]
	}
	return b
}
