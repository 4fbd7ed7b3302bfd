package checkpoint

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/chimera-1/chimera/compute/safetensors"
)

// Found says which checkpoint LoadLatest took, and which it could not.
type Found struct {
	Info
	Skipped []error // newer checkpoints that are damaged, newest first: *DamageError each
}

// LoadLatest loads the newest checkpoint of a folder that is whole. The error is
// ErrNone when the folder has none or is not there, and names what is wrong with
// each when all are damaged.
func LoadLatest(ctx context.Context, dir string) (*State, Found, error) {
	manifests, err := listManifests(dir)
	if err != nil {
		return nil, Found{}, err
	}
	if len(manifests) == 0 {
		return nil, Found{}, fmt.Errorf("%w in %s", ErrNone, dir)
	}
	var found Found
	for i := 0; i < len(manifests); i++ {
		s, info, err := Load(ctx, filepath.Join(dir, manifestName(manifests[i])))
		if err == nil {
			found.Info = info
			return s, found, nil
		}
		newer, gone := overtaken(dir, manifests[i], err)
		var damage *DamageError
		switch {
		case gone && len(newer) > 0: // a writer has removed it meanwhile, as there are newer ones
			manifests, i, found.Skipped = newer, -1, nil
		case errors.As(err, &damage):
			found.Skipped = append(found.Skipped, err)
		default:
			return nil, found, err
		}
	}
	return nil, found, fmt.Errorf("checkpoint: all %d checkpoints in %s are damaged: %w", len(manifests), dir, errors.Join(found.Skipped...))
}

// listManifests lists the checkpoints of a folder, newest first.
func listManifests(dir string) ([]int64, error) {
	manifests, _, _, err := folder(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return manifests, err
}

// overtaken tells whether the manifest has gone since it was listed, and lists
// what there is now.
func overtaken(dir string, sequence int64, err error) (now []int64, gone bool) {
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, false
	}
	now, err = listManifests(dir)
	return now, err == nil && !slices.Contains(now, sequence)
}

// Load loads and verifies the checkpoint whose manifest lies at path. What is
// wrong with the checkpoint itself is a *DamageError.
func Load(ctx context.Context, path string) (*State, Info, error) {
	info, err := readManifest(path)
	if err != nil {
		return nil, Info{}, err
	}
	file := filepath.Join(filepath.Dir(path), info.File)
	damaged := func(rule Rule, err error) (*State, Info, error) {
		return nil, Info{}, &DamageError{File: file, Rule: rule, Err: err}
	}
	content, err := readState(ctx, file, info.Bytes)
	if err != nil {
		return nil, Info{}, err
	}
	sum := sha256.Sum256(content)
	if got := hex.EncodeToString(sum[:]); got != info.SHA256 {
		return damaged(RuleHash, fmt.Errorf("SHA-256 is %s, the manifest has %s", got, info.SHA256))
	}
	f, err := safetensors.New(file, bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return damaged(RuleFormat, err)
	}
	s, err := decode(f, content)
	if err != nil {
		return damaged(RuleContent, err)
	}
	if s.Step != info.Step {
		return damaged(RuleStep, fmt.Errorf("is of step %d, the manifest says %d", s.Step, info.Step))
	}
	return s, info, nil
}

// readState reads a file of exactly size bytes into memory, all at once, so that
// what was verified is what is used.
func readState(ctx context.Context, path string, size int64) ([]byte, error) {
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &DamageError{File: path, Rule: RulePresent, Err: err}
	case err != nil:
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, unreadable(path, err)
	}
	if stat.Size() != size || !stat.Mode().IsRegular() {
		return nil, &DamageError{File: path, Rule: RuleSize, Err: fmt.Errorf("%d bytes, the manifest says %d", stat.Size(), size)}
	}
	content := make([]byte, size)
	for at := 0; at < len(content); {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("checkpoint: read %s: %w", path, err)
		}
		n, err := f.Read(content[at:min(at+1<<24, len(content))])
		if at += n; errors.Is(err, io.EOF) {
			return nil, &DamageError{File: path, Rule: RuleSize, Err: fmt.Errorf("ends at byte %d while it is read", at)}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, unreadable(path, err)
		}
	}
	return content, nil
}
