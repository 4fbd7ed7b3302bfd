package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const goodIndex = `{"metadata":{"total_size":12,"total_parameters":3.5,"by":{"x":[]}},"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}`

func TestIndexAttacks(t *testing.T) {
	file := func(name string) string { return fmt.Sprintf(`{"weight_map":{"a":%q}}`, name) }
	for _, c := range []struct {
		index string
		rule  Rule
	}{
		{goodIndex, ""}, {file("x.safetensors"), ""}, {` {"weight_map":{}} ` + "\n", ""}, {file("..."), ""},
		{file("../x"), RuleIndex}, {file("/etc/passwd"), RuleIndex}, {file("a/b"), RuleIndex}, {file("./x"), RuleIndex},
		{file(`..\x`), RuleIndex}, {file(`c:x`), RuleIndex}, {file(".."), RuleIndex}, {file("."), RuleIndex}, {file(""), RuleIndex},
		{`{"weight_map":{"a":"x\u0000y"}}`, RuleIndex}, {`{"weight_map":{"a":"\u002e\u002e\u002fx"}}`, RuleIndex},
		{`{}`, RuleIndex}, {`{"weight_map":null}`, RuleJSON}, {`{"weight_map":[]}`, RuleJSON}, {`{"weight_map":{"a":1}}`, RuleJSON},
		{`{"weight_map":{"a":"x","a":"y"}}`, RuleDuplicate}, {`{"weight_map":{"a":"x","\u0061":"x"}}`, RuleDuplicate},
		{`{"weight_map":{},"weight_map":{}}`, RuleDuplicate}, {`{"metadata":{},"metadata":{},"weight_map":{}}`, RuleDuplicate},
		{`{"metadata":{"total_size":1,"total_size":1},"weight_map":{}}`, RuleDuplicate},
		{`{"metadata":{"total_size":-1},"weight_map":{}}`, RuleNumber}, {`{"metadata":{"total_size":1e3},"weight_map":{}}`, RuleNumber},
		{`{"metadata":{"total_size":9223372036854775808},"weight_map":{}}`, RuleNumber},
		{`{"weight_map":{}}x`, RuleJSON}, {`[]`, RuleJSON}, {``, RuleJSON}, {"{\"\xff\":1}", RuleUTF8},
		{`{"x":nul,"weight_map":{}}`, RuleJSON}, {`{"x":01,"weight_map":{}}`, RuleJSON}, {`{"x":1.,"weight_map":{}}`, RuleJSON},
		{`{"x":.5,"weight_map":{}}`, RuleJSON}, {`{"x":1e,"weight_map":{}}`, RuleJSON}, {`{"x":-,"weight_map":{}}`, RuleJSON},
		{`{"x":-0.5e+10,"weight_map":{}}`, ""}, {`{"x":[1,[2,{"y":null}]],"weight_map":{}}`, ""},
		{`{"x":` + deep(64) + `,"weight_map":{}}`, ""}, {`{"x":` + deep(66) + `,"weight_map":{}}`, RuleJSON},
		{`{"x":` + deep(1_000_000), RuleJSON},
	} {
		_, err := parseIndex([]byte(c.index))
		var broken *FormatError
		switch {
		case c.rule == "" && err != nil:
			t.Errorf("%.60s: %v", c.index, err)
		case c.rule != "" && (!errors.As(err, &broken) || broken.Rule != c.rule):
			t.Errorf("%.60s: %v, want rule %q", c.index, err, c.rule)
		}
	}
}

func deep(n int) string {
	b := make([]byte, 0, 2*n)
	for range n {
		b = append(b, '[')
	}
	for range n {
		b = append(b, ']')
	}
	return string(b)
}

func modelTensors() []Tensor {
	return []Tensor{
		Of("c", []int{2}, []float32{1, 2}), Of("a", []int{5}, []float32{3, 4, 5, 6, 7}),
		Of("d", []int{1}, []float32{8}), Of("b", []int{1}, []float32{9}),
	}
}

func TestModel(t *testing.T) {
	for _, c := range []struct {
		maxBytes int64
		files    []string
	}{
		{1 << 30, []string{"model.safetensors"}},
		{36, []string{"model.safetensors"}},
		{35, []string{"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", IndexFile}},
		{12, []string{"model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors", IndexFile}},
		{1, []string{"model-00001-of-00004.safetensors", "model-00002-of-00004.safetensors", "model-00003-of-00004.safetensors",
			"model-00004-of-00004.safetensors", IndexFile}},
	} {
		dir := t.TempDir()
		if err := CreateModel(dir, c.maxBytes, modelTensors(), map[string]string{"format": "pt"}); err != nil {
			t.Fatal(err)
		}
		if got := list(t, dir); !slices.Equal(got, c.files) {
			t.Errorf("at most %d bytes: files %v, want %v", c.maxBytes, got, c.files)
		}
		m, err := OpenModel(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Names(); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
			t.Errorf("names %v", got)
		}
		if m.Size() != 36 || len(c.files) > 1 && m.StatedSize() != 36 {
			t.Errorf("size %d, stated %d", m.Size(), m.StatedSize())
		}
		for _, w := range modelTensors() {
			v, ok := m.Tensor(w.Name)
			if !ok || string(v.Data) != string(w.Data) && v.Data != nil {
				t.Errorf("tensor %s = %v", w.Name, v)
			}
		}
		if _, ok := m.Tensor("z"); ok {
			t.Error("there is a z")
		}
		for _, f := range m.Files() {
			if f.Metadata()["format"] != "pt" {
				t.Errorf("metadata %v", f.Metadata())
			}
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		if err := CreateModel(dir, c.maxBytes, modelTensors(), nil); !errors.Is(err, fs.ErrExist) {
			t.Errorf("over another model: %v", err)
		}
	}
}

func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestModelRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenModel(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("empty folder: %v", err)
	}
	if err := CreateModel(dir, 12, modelTensors(), nil); err != nil {
		t.Fatal(err)
	}
	index := filepath.Join(dir, IndexFile)
	text, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	parsed.WeightMap["a"], parsed.WeightMap["d"] = parsed.WeightMap["d"], parsed.WeightMap["a"]
	swapped, err := json.Marshal(parsed)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(index, swapped, 0o600); err != nil {
		t.Fatal(err)
	}
	var broken *FormatError
	if _, err := OpenModel(index); !errors.As(err, &broken) || broken.Rule != RuleMissing || broken.Tensor != "a" {
		t.Errorf("tensor in another file: %v", err)
	}
	if err := os.WriteFile(index, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Create(filepath.Join(dir, SingleFile), nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenModel(dir); !errors.As(err, &broken) || broken.Rule != RuleIndex {
		t.Errorf("two models: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "model-00002-of-00003.safetensors")); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenModel(index); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}
