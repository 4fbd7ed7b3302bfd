package checkpoint

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Info describes a checkpoint, as its manifest does.
type Info struct {
	Layout   string `json:"layout"`
	Sequence int64  `json:"sequence"` // the checkpoint's number in its folder
	Step     int64  `json:"step"`     // of the training
	File     string `json:"file"`     // the state, in the manifest's folder
	Bytes    int64  `json:"bytes"`    // of the state
	SHA256   string `json:"sha256"`   // of the state, hexadecimal
}

const (
	namePrefix    = "ckpt-"
	stateSuffix   = ".safetensors"
	manifestTail  = ".json"
	temporaryTail = ".tmp"
	layout        = "chimera.checkpoint/1"
)

func stateName(sequence int64) string {
	return fmt.Sprintf("%s%08d%s", namePrefix, sequence, stateSuffix)
}
func manifestName(sequence int64) string {
	return fmt.Sprintf("%s%08d%s", namePrefix, sequence, manifestTail)
}

// sequenceOf reads the number of a file's name; 0 when it is not one of ours.
func sequenceOf(name, suffix string) int64 {
	digits, ok := strings.CutPrefix(name, namePrefix)
	if !ok {
		return 0
	}
	digits, ok = strings.CutSuffix(digits, suffix)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || fmt.Sprintf("%08d", n) != digits {
		return 0
	}
	return n
}

// encode writes a manifest in its only form.
func (i Info) encode() []byte {
	text, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		panic("checkpoint: manifest: " + err.Error()) // strings and numbers always encode
	}
	return append(text, '\n')
}

// readManifest reads the manifest at path.
func readManifest(path string) (Info, error) {
	const most = 4096
	f, err := os.Open(path)
	if err != nil {
		return Info{}, fmt.Errorf("checkpoint: %w", err)
	}
	defer f.Close()
	text := make([]byte, most+1)
	n, err := readSome(f, text)
	if err != nil {
		return Info{}, unreadable(path, err)
	}
	var i Info
	if n > most {
		err = fmt.Errorf("more than %d bytes", most)
	} else {
		i, err = parseManifest(text[:n], sequenceOf(filepath.Base(path), manifestTail))
	}
	if err != nil {
		return Info{}, &DamageError{File: path, Rule: RuleManifest, Err: err}
	}
	return i, nil
}

// parseManifest parses the manifest of the checkpoint of that number. It has only
// one form: that it is encoded again to the same bytes shows that no bit of it was
// changed into something else that reads as well.
func parseManifest(text []byte, sequence int64) (Info, error) {
	var i Info
	if err := json.Unmarshal(text, &i); err != nil {
		return Info{}, err
	}
	switch {
	case !bytes.Equal(i.encode(), text):
		return Info{}, errors.New("not as it was written")
	case i.Layout != layout:
		return Info{}, fmt.Errorf("layout %q, this program knows %q", i.Layout, layout)
	case i.Sequence != sequence || i.File != stateName(sequence):
		return Info{}, fmt.Errorf("is of checkpoint %d and file %q", i.Sequence, i.File)
	}
	return i, nil
}

// folder lists the numbers of the manifests and of the states in a folder, each
// newest first, and the names of temporary files.
func folder(dir string) (manifests, states []int64, temporary []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("checkpoint: %w", err)
	}
	for _, e := range entries {
		name := e.Name()
		if n := sequenceOf(name, manifestTail); n > 0 {
			manifests = append(manifests, n)
		} else if n := sequenceOf(name, stateSuffix); n > 0 {
			states = append(states, n)
		} else if strings.HasPrefix(name, namePrefix) && strings.HasSuffix(name, temporaryTail) {
			temporary = append(temporary, name)
		}
	}
	newestFirst := func(a, b int64) int { return cmp.Compare(b, a) }
	slices.SortFunc(manifests, newestFirst)
	slices.SortFunc(states, newestFirst)
	return manifests, states, temporary, nil
}

// plausible tells without reading the state whether a checkpoint may be good.
func plausible(dir string, sequence int64) bool {
	i, err := readManifest(filepath.Join(dir, manifestName(sequence)))
	if err != nil {
		return false
	}
	stat, err := os.Stat(filepath.Join(dir, i.File))
	return err == nil && stat.Mode().IsRegular() && stat.Size() == i.Bytes
}

// unreadable tells a broken disk, which damages, from other trouble.
func unreadable(path string, err error) error {
	if errors.Is(err, errIO) {
		return &DamageError{File: path, Rule: RulePresent, Err: err}
	}
	return fmt.Errorf("checkpoint: read %s: %w", path, err)
}
