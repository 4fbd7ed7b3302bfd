package checkpoint

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

var errKilled = errors.New("killed")

// dying is a disk whose program is killed at a step, or whose machine loses its
// power then: what was not brought to the disk may be lost.
type dying struct {
	osDisk
	left     int             // steps until the kill; the next one is half done
	unsynced map[string]bool // files whose content may be lost
	undo     []func() error  // names that may be lost, since the last syncDir
	grave    string          // where removed files wait for their removal to be lost
}

// step counts one; it tells whether the program still lives.
func (d *dying) step() bool { d.left--; return d.left >= 0 }

func (d *dying) create(path string) (file, error) {
	if !d.step() {
		return nil, errKilled
	}
	f, err := d.osDisk.create(path)
	d.unsynced[path] = true
	return &dyingFile{f.(*os.File), d, path}, err
}

func (d *dying) rename(from, to string) error {
	if !d.step() {
		return errKilled
	}
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s is overwritten", to)
	}
	d.undo = append(d.undo, func() error { return os.Rename(to, from) })
	if d.unsynced[from] {
		d.unsynced[to] = true
		delete(d.unsynced, from)
	}
	return os.Rename(from, to)
}

func (d *dying) remove(path string) error {
	if !d.step() {
		return errKilled
	}
	kept := filepath.Join(d.grave, fmt.Sprint(len(d.undo)))
	d.undo = append(d.undo, func() error { return os.Rename(kept, path) })
	return os.Rename(path, kept)
}

func (d *dying) syncDir(string) error {
	if !d.step() {
		return errKilled
	}
	d.undo = nil
	return nil
}

type dyingFile struct {
	*os.File
	d    *dying
	path string
}

func (f *dyingFile) Write(p []byte) (int, error) {
	if !f.d.step() {
		if f.d.left == -1 {
			f.File.Write(p[:len(p)/2])
		}
		return len(p) / 2, errKilled
	}
	return f.File.Write(p)
}

func (f *dyingFile) Sync() error {
	if !f.d.step() {
		return errKilled
	}
	delete(f.d.unsynced, f.path)
	return nil
}

func (f *dyingFile) Close() error {
	f.File.Close()
	if !f.d.step() {
		return errKilled
	}
	return nil
}

// losses are what a machine may have forgotten when it is on again.
var losses = map[string]func(t *testing.T, d *dying){
	"nothing": func(*testing.T, *dying) {},
	"content": func(t *testing.T, d *dying) {
		for path := range d.unsynced {
			if err := os.Truncate(path, 0); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
		}
	},
	"names": func(t *testing.T, d *dying) {
		for _, undo := range slices.Backward(d.undo) {
			if err := undo(); err != nil {
				t.Fatal(err)
			}
		}
	},
	"first name": func(t *testing.T, d *dying) { // names reach the disk in any order
		if len(d.undo) > 0 {
			if err := d.undo[0](); err != nil {
				t.Fatal(err)
			}
		}
	},
}

// TestKill kills a save at each of its steps, with each kind of loss: the state
// before it or the new one is there, whole; and going on from it comes out as if
// nothing had happened.
func TestKill(t *testing.T) {
	for name, lose := range losses {
		t.Run(name, func(t *testing.T) {
			saved := false
			for kill := 0; !saved; kill++ {
				if saved = killAt(t, kill, lose); t.Failed() {
					t.Fatalf("killed at step %d", kill)
				}
				if kill > 100 {
					t.Fatal("a save has no end")
				}
			}
		})
	}
}

// killAt reports whether the save came to its end before.
func killAt(t *testing.T, kill int, lose func(*testing.T, *dying)) bool {
	dir := t.TempDir()
	w := open(t, dir, 2)
	for step := int64(1); step <= 3; step++ {
		save(t, w, state(step))
	}
	d := &dying{left: kill, unsynced: map[string]bool{}, grave: t.TempDir()}
	w.disk = d
	_, err := w.Save(t.Context(), state(4))
	if err != nil && !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	w.Close()
	lose(t, d)

	s, found := latest(t, dir)
	if s.Step != 4 && (s.Step != 3 || err == nil) {
		t.Errorf("after the kill: step %d, save said %v", s.Step, err)
	}
	same(t, s, state(s.Step))
	if len(found.Skipped) > 0 {
		t.Errorf("a damaged checkpoint was left: %v", found.Skipped)
	}
	w = open(t, dir, 2)
	for step := s.Step + 1; step <= 6; step++ {
		save(t, w, state(step))
	}
	s, _ = latest(t, dir)
	same(t, s, state(6))
	if got := names(t, dir); len(got) != 4 {
		t.Errorf("files %v", got)
	}
	w.Close()
	return err == nil
}

// TestKilledProcess kills a process that saves without pause, for real.
func TestKilledProcess(t *testing.T) {
	if dir := os.Getenv("CHECKPOINT_TEST_DIR"); dir != "" {
		saveForEver(t, dir)
	}
	dir := t.TempDir()
	last := int64(0)
	for round := range 6 {
		child := exec.Command(os.Args[0], "-test.run=^TestKilledProcess$")
		child.Env = append(os.Environ(), "CHECKPOINT_TEST_DIR="+dir)
		if err := child.Start(); err != nil {
			t.Skipf("no processes here: %v", err)
		}
		waitForStep(t, dir, last+1)
		time.Sleep(time.Duration(round) * 3 * time.Millisecond)
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
		s, found := latest(t, dir)
		same(t, s, state(s.Step))
		if s.Step <= last || len(found.Skipped) > 0 {
			t.Errorf("round %d: step %d after %d, skipped %v", round, s.Step, last, found.Skipped)
		}
		last = s.Step
	}
}

// saveForEver is the process that is killed: it goes on where it was.
func saveForEver(t *testing.T, dir string) {
	w, err := OpenWriter(dir, 2)
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := LoadLatest(t.Context(), dir)
	if err != nil {
		if !errors.Is(err, ErrNone) {
			t.Fatal(err)
		}
		s = &State{}
	}
	for step := s.Step + 1; ; step++ {
		save(t, w, state(step))
	}
}

// waitForStep waits until a checkpoint of that step or a later one is there; it
// reads while the other process writes and removes.
func waitForStep(t *testing.T, dir string, step int64) {
	t.Helper()
	for range 2000 {
		s, _, err := LoadLatest(t.Context(), dir)
		if err != nil && !errors.Is(err, ErrNone) {
			t.Fatalf("while another process writes: %v", err)
		}
		if err == nil && s.Step >= step {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("step %d was never saved", step)
}
