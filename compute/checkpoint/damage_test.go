package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chimera-1/chimera/compute/safetensors"
)

// twoCheckpoints makes a folder with the states of steps 1 and 2, and returns the
// paths of the newer manifest and state.
func twoCheckpoints(t *testing.T) (dir, manifest, file string) {
	t.Helper()
	dir = t.TempDir()
	w := open(t, dir, 2)
	save(t, w, state(1))
	info := save(t, w, state(2))
	w.Close()
	return dir, filepath.Join(dir, manifestName(info.Sequence)), filepath.Join(dir, info.File)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// wantDamage loads the newer checkpoint, which must be refused, and the latest,
// which must be the older one and tell of the newer.
func wantDamage(t *testing.T, what, dir, manifest, file string, rule Rule) {
	t.Helper()
	_, _, err := Load(t.Context(), manifest)
	var damage *DamageError
	if !errors.As(err, &damage) || damage.Rule != rule || damage.File != file {
		t.Fatalf("%s: %v, want rule %q of %s", what, err, rule, file)
	}
	s, found, err := LoadLatest(t.Context(), dir)
	if err != nil || s.Step != 1 || found.Step != 1 || len(found.Skipped) != 1 || !errors.As(found.Skipped[0], &damage) || damage.Rule != rule {
		t.Fatalf("%s: latest is %+v, %v", what, found, err)
	}
}

func TestCutAtEveryLength(t *testing.T) {
	dir, manifest, file := twoCheckpoints(t)
	for path, rule := range map[string]Rule{file: RuleSize, manifest: RuleManifest} {
		whole := read(t, path)
		for n := range whole {
			put(t, path, whole[:n])
			wantDamage(t, "cut", dir, manifest, path, rule)
		}
		put(t, path, append(bytes.Clone(whole), 0))
		wantDamage(t, "longer", dir, manifest, path, rule)
		put(t, path, whole)
	}
	if s, found := latest(t, dir); s.Step != 2 || len(found.Skipped) != 0 {
		t.Errorf("put together again: %+v", found)
	}
}

func TestEveryBitFlip(t *testing.T) {
	dir, manifest, file := twoCheckpoints(t)
	for path, want := range map[string][]Rule{file: {RuleHash}, manifest: {RuleManifest, RuleHash, RuleSize, RuleStep}} {
		whole := read(t, path)
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		set := func(at int, b byte) {
			if _, err := f.WriteAt([]byte{b}, int64(at)); err != nil {
				t.Fatal(err)
			}
		}
		for bit := range 8 * len(whole) {
			set(bit/8, whole[bit/8]^1<<(bit%8))
			_, _, err := Load(t.Context(), manifest)
			var damage *DamageError
			if !errors.As(err, &damage) || !slices.Contains(want, damage.Rule) {
				t.Fatalf("bit %d of %s: %v", bit, path, err)
			}
			if bit%97 == 0 {
				if s, found := latest(t, dir); s.Step != 1 || len(found.Skipped) != 1 {
					t.Fatalf("bit %d of %s: latest %+v", bit, path, found)
				}
			}
			set(bit/8, whole[bit/8])
		}
	}
}

// TestWrongFiles: a state that is whole but not what the manifest is of; hashes
// are made to fit, as someone might who changes files by hand.
func TestWrongFiles(t *testing.T) {
	rewrite := func(t *testing.T, manifest, file string, tensors []Tensor, metadata map[string]string) {
		t.Helper()
		if err := safetensors.Create(file, tensors, metadata); err != nil {
			t.Fatal(err)
		}
		info, err := readManifest(manifest)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(read(t, file))
		info.SHA256, info.Bytes = hex.EncodeToString(sum[:]), int64(len(read(t, file)))
		put(t, manifest, info.encode())
	}
	good := map[string]string{versionKey: version, stepKey: "2"}
	f32 := safetensors.Of("rng", []int{1}, []float32{1})
	for _, c := range []struct {
		name     string
		tensors  []Tensor
		metadata map[string]string
		rule     Rule
	}{
		{"another step", nil, map[string]string{versionKey: version, stepKey: "3"}, RuleStep},
		{"no step", nil, map[string]string{versionKey: version}, RuleContent},
		{"a negative step", nil, map[string]string{versionKey: version, stepKey: "-2"}, RuleContent},
		{"a step with zeros", nil, map[string]string{versionKey: version, stepKey: "02"}, RuleContent},
		{"a configuration that is none", nil, map[string]string{versionKey: version, stepKey: "2", configKey: "{"}, RuleContent},
		{"a later layout", nil, map[string]string{versionKey: "2", stepKey: "2"}, RuleContent},
		{"no checkpoint", nil, nil, RuleContent},
		{"unknown metadata", nil, map[string]string{versionKey: version, stepKey: "2", "x": ""}, RuleContent},
		{"unknown tensor", []Tensor{safetensors.Of("x", []int{1}, []uint8{1})}, good, RuleContent},
		{"generator of floats", []Tensor{f32}, good, RuleContent},
	} {
		dir, manifest, file := twoCheckpoints(t)
		rewrite(t, manifest, file, c.tensors, c.metadata)
		wantDamage(t, c.name, dir, manifest, file, c.rule)
	}

	dir, manifest, file := twoCheckpoints(t)
	garbage := []byte("not a file of tensors")
	info, err := readManifest(manifest)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(garbage)
	info.SHA256, info.Bytes = hex.EncodeToString(sum[:]), int64(len(garbage))
	put(t, manifest, info.encode())
	put(t, file, garbage)
	wantDamage(t, "garbage", dir, manifest, file, RuleFormat)
	var broken *safetensors.FormatError
	if _, _, err := Load(t.Context(), manifest); !errors.As(err, &broken) || broken.Rule != safetensors.RuleLength {
		t.Errorf("the format's own error is hidden: %v", err)
	}

	info.SHA256 = strings.Repeat("0", 64)
	put(t, manifest, info.encode())
	wantDamage(t, "wrong hash", dir, manifest, file, RuleHash)
	info.File = "../../etc/passwd"
	put(t, manifest, info.encode())
	wantDamage(t, "a file elsewhere", dir, manifest, manifest, RuleManifest)
	put(t, manifest, bytes.Repeat([]byte(" "), 1<<20))
	wantDamage(t, "a large manifest", dir, manifest, manifest, RuleManifest)
}

func TestMissingState(t *testing.T) {
	dir, manifest, file := twoCheckpoints(t)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	wantDamage(t, "missing", dir, manifest, file, RulePresent)
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	wantDamage(t, "a folder", dir, manifest, file, RuleSize)
}

// TestAllDamaged: the error names every file, and is not that there are none.
func TestAllDamaged(t *testing.T) {
	dir, _, file := twoCheckpoints(t)
	older := filepath.Join(dir, stateName(1))
	put(t, file, nil)
	put(t, older, nil)
	_, found, err := LoadLatest(t.Context(), dir)
	if err == nil || errors.Is(err, ErrNone) || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), older) || len(found.Skipped) != 2 {
		t.Errorf("%v", err)
	}
}

// TestPruneKeepsGoodOnes: checkpoints that are seen to be damaged do not count
// among those that are kept.
func TestPruneKeepsGoodOnes(t *testing.T) {
	dir, _, file := twoCheckpoints(t)
	put(t, file, []byte("cut"))
	w := open(t, dir, 2)
	info := save(t, w, state(3))
	put(t, filepath.Join(dir, info.File), []byte("cut as well"))
	s, found := latest(t, dir)
	same(t, s, state(1))
	if len(found.Skipped) != 2 {
		t.Errorf("skipped %v", found.Skipped)
	}
	save(t, w, state(4))
	save(t, w, state(5))
	if got := names(t, dir); len(got) != 4 {
		t.Errorf("files %v", got)
	}
}
