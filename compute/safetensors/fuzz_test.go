package safetensors

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// FuzzNew: no input makes the parser crash; what it accepts, encoding/json reads
// the same way; and writing it gives a file that reads the same and is written
// the same again.
func FuzzNew(f *testing.F) {
	for _, a := range attacks {
		if len(a.file) < 4096 {
			f.Add(a.file)
		}
	}
	paths, _ := filepath.Glob("testdata/*.safetensors")
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := New("fuzz", bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		agreesWithJSON(t, file, b[8:file.start])
		first := rewrite(t, file)
		again, err := New("rewritten", bytes.NewReader(first), int64(len(first)))
		if err != nil {
			t.Fatalf("what was written is refused: %v", err)
		}
		if !maps.Equal(again.Metadata(), file.Metadata()) {
			t.Fatal("metadata changed")
		}
		for _, name := range file.Names() {
			a, _ := file.Tensor(name)
			b, ok := again.Tensor(name)
			x, _ := a.Bytes()
			y, _ := b.Bytes()
			if !ok || a.DType != b.DType || !slices.Equal(a.Shape, b.Shape) || !bytes.Equal(x, y) {
				t.Fatalf("tensor %q changed", name)
			}
		}
		if !bytes.Equal(rewrite(t, again), first) {
			t.Fatal("writing is not canonical")
		}
	})
}

func rewrite(t *testing.T, f *File) []byte {
	t.Helper()
	var tensors []Tensor
	for _, name := range f.Names() {
		v, _ := f.Tensor(name)
		tensors = append(tensors, Copy(v))
	}
	var out bytes.Buffer
	if err := Write(&out, tensors, f.Metadata()); err != nil {
		t.Fatalf("what was read cannot be written: %v", err)
	}
	return out.Bytes()
}

// agreesWithJSON reads the header with a parser that is not ours.
func agreesWithJSON(t *testing.T, f *File, header []byte) {
	t.Helper()
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(header, &raw); err != nil {
		t.Fatalf("accepted, but not JSON: %v", err)
	}
	if text, ok := raw[metadataKey]; ok {
		var m map[string]string
		if err := json.Unmarshal(text, &m); err != nil || !maps.Equal(m, f.Metadata()) {
			t.Fatalf("metadata %v, want %v (%v)", f.Metadata(), m, err)
		}
		delete(raw, metadataKey)
	}
	if len(raw) != len(f.Names()) {
		t.Fatalf("%d tensors, JSON has %d", len(f.Names()), len(raw))
	}
	for name, text := range raw {
		var e struct {
			DType   string `json:"dtype"`
			Shape   []int  `json:"shape"`
			Offsets []int  `json:"data_offsets"`
		}
		if err := json.Unmarshal(text, &e); err != nil {
			t.Fatal(err)
		}
		v, ok := f.Tensor(name)
		if !ok || v.DType.String() != e.DType || !slices.Equal(v.Shape, e.Shape) ||
			f.Offset(name)-f.start != int64(e.Offsets[0]) || v.Size() != int64(e.Offsets[1]-e.Offsets[0]) {
			t.Fatalf("tensor %q: %v, JSON has %v", name, v, e)
		}
	}
}

func FuzzIndex(f *testing.F) {
	for _, s := range []string{goodIndex, `{"weight_map":{"a":"../x"}}`, `{"metadata":{"total_size":1e9},"weight_map":{}}`,
		`{"x":[1,{"y":-1.5e+7,"z":[true,false,null]}],"weight_map":{"a":"b"}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := parseIndex(b)
		if err != nil {
			return
		}
		var want struct {
			WeightMap map[string]string `json:"weight_map"`
		}
		var members map[string]json.RawMessage // encoding/json folds the case of fields
		if err := json.Unmarshal(b, &members); err != nil {
			t.Fatalf("accepted, but not JSON: %v", err)
		}
		if err := json.Unmarshal(members["weight_map"], &want.WeightMap); err != nil || !maps.Equal(want.WeightMap, x.files) {
			t.Fatalf("files %v, JSON has %v", x.files, want.WeightMap)
		}
		for _, name := range x.files {
			if filepath.Base(name) != name || !filepath.IsLocal(name) {
				t.Fatalf("file name %q leads out of the folder", name)
			}
		}
	})
}
