package checkpoint

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/chimera-1/chimera/compute/safetensors"
)

// FuzzManifest: what is accepted has one form and names a file of its folder.
func FuzzManifest(f *testing.F) {
	good := Info{Layout: layout, Sequence: 3, Step: 7, File: stateName(3), Bytes: 9, SHA256: "00"}
	f.Add(good.encode())
	good.File = "../x"
	f.Add(good.encode())
	f.Add([]byte(`{"layout":"chimera.checkpoint/1","sequence":3}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		i, err := parseManifest(text, 3)
		if err == nil && (!bytes.Equal(i.encode(), text) || filepath.Base(i.File) != i.File) {
			t.Fatalf("accepted %q", text)
		}
	})
}

// FuzzState: a state that is read is written to a file that reads the same.
func FuzzState(f *testing.F) {
	encode := func(t testing.TB, s *State) []byte {
		tensors, metadata, err := s.encode()
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		var out bytes.Buffer
		if err := safetensors.Write(&out, tensors, metadata); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		return out.Bytes()
	}
	for step := range int64(3) {
		f.Add(encode(f, state(step)))
	}
	f.Add(encode(f, &State{}))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := safetensors.New("fuzz", bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return
		}
		s, err := decode(file, content)
		if err != nil {
			return
		}
		first := encode(t, s)
		file, err = safetensors.New("again", bytes.NewReader(first), int64(len(first)))
		if err != nil {
			t.Fatal(err)
		}
		again, err := decode(file, first)
		if err != nil || !bytes.Equal(encode(t, again), first) {
			t.Fatalf("written again it differs: %v", err)
		}
	})
}
