package checkpoint

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/chimera-1/chimera/compute/safetensors"
)

// Writer saves checkpoints into a folder that is its own while it is open. One
// goroutine at a time may use it.
type Writer struct {
	dir  string
	keep int
	next int64
	disk disk
	lock *os.File // nil: closed, or a system without locks
}

// OpenWriter opens a folder, which is made when there is none, for one writer,
// and removes what a killed one left half done. Of the checkpoints in it the
// newest keep stay, at least one. The error is ErrBusy while another writer has
// the folder.
func OpenWriter(dir string, keep int) (*Writer, error) {
	if keep < 1 {
		panic(fmt.Sprintf("checkpoint: OpenWriter: keep %d checkpoints", keep))
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	w := &Writer{dir: dir, keep: keep, disk: osDisk{}, lock: lock}
	if err := w.sweep(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// Close gives the folder back.
func (w *Writer) Close() error {
	if w.lock == nil {
		return nil
	}
	lock := w.lock
	w.lock = nil
	return lock.Close()
}

// sweep removes temporary files and states without a manifest, and finds the
// next number, which is above all that are or were in sight.
func (w *Writer) sweep() error {
	manifests, states, temporary, err := folder(w.dir)
	if err != nil {
		return err
	}
	w.next = 1 + max(newest(manifests), newest(states))
	for _, n := range states {
		if !slices.Contains(manifests, n) {
			temporary = append(temporary, stateName(n))
		}
	}
	for _, name := range temporary {
		if err := w.remove(name); err != nil {
			return err
		}
	}
	return nil
}

func newest(sequences []int64) int64 {
	if len(sequences) == 0 {
		return 0
	}
	return sequences[0]
}

func (w *Writer) remove(name string) error {
	if err := w.disk.remove(filepath.Join(w.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("checkpoint: remove %s: %w", name, err)
	}
	return nil
}

// Save writes a checkpoint. When it returns, the checkpoint is on the disk, and
// what is older than the newest few is gone. A failure leaves the checkpoints
// before it as they were; if only removing old ones fails, Info is complete and
// the error says so.
func (w *Writer) Save(ctx context.Context, s *State) (Info, error) {
	info, err := w.save(ctx, s)
	if err != nil {
		return Info{}, fmt.Errorf("checkpoint: save step %d into %s: %w", s.Step, w.dir, err)
	}
	if err := w.prune(); err != nil {
		return info, fmt.Errorf("checkpoint: step %d is saved, removing old ones failed: %w", s.Step, err)
	}
	return info, nil
}

func (w *Writer) save(ctx context.Context, s *State) (Info, error) {
	tensors, metadata, err := s.encode()
	if err != nil {
		return Info{}, err
	}
	info := Info{Layout: layout, Sequence: w.next, Step: s.Step, File: stateName(w.next)}
	w.next++ // also after a failure: a number is never used for two states
	state := filepath.Join(w.dir, info.File)
	err = write(w.disk, state, func(out io.Writer) error {
		h := &hashing{w: cancelling{ctx, out}, hash: sha256.New()}
		if err := safetensors.Write(h, tensors, metadata); err != nil {
			return err
		}
		info.Bytes, info.SHA256 = h.size, hex.EncodeToString(h.hash.Sum(nil))
		return nil
	})
	if err != nil {
		return Info{}, err
	}
	if err := w.publish(info); err != nil {
		return Info{}, errors.Join(err, w.abandon(info))
	}
	return info, nil
}

// publish makes a state a checkpoint: first its name has to be on the disk, then
// the manifest.
func (w *Writer) publish(info Info) error {
	if err := w.disk.syncDir(w.dir); err != nil {
		return err
	}
	err := write(w.disk, filepath.Join(w.dir, manifestName(info.Sequence)), func(out io.Writer) error {
		_, err := out.Write(info.encode())
		return err
	})
	if err != nil {
		return err
	}
	return w.disk.syncDir(w.dir)
}

// abandon takes back what could not be published.
func (w *Writer) abandon(info Info) error {
	return errors.Join(w.remove(manifestName(info.Sequence)), w.remove(info.File))
}

// prune removes what is older than the newest few that may be good. The manifest
// goes first, so that none stays without its state.
func (w *Writer) prune() error {
	manifests, _, _, err := folder(w.dir)
	if err != nil {
		return err
	}
	good := 0
	for _, n := range manifests {
		if good < w.keep {
			if plausible(w.dir, n) {
				good++
			}
			continue
		}
		if err := errors.Join(w.remove(manifestName(n)), w.remove(stateName(n))); err != nil {
			return err
		}
	}
	return nil
}

// hashing counts and hashes what passes through.
type hashing struct {
	w    io.Writer
	hash hash.Hash
	size int64
}

func (h *hashing) Write(p []byte) (int, error) {
	n, err := h.w.Write(p)
	h.hash.Write(p[:n])
	h.size += int64(n)
	return n, err
}
