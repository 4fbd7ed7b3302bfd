package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/datasets/store/storetest"
)

var ctx = context.Background()

func newDisk(t *testing.T) store.Store {
	t.Helper()
	d, err := store.NewDisk(filepath.Join(t.TempDir(), "not", "yet", "there"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDisk(t *testing.T) { storetest.Run(t, newDisk) }
func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return store.NewMemory() })
}
func TestFaultyWithoutFaults(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return &storetest.Faulty{Store: newDisk(t)} })
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for uri, want := range map[string]string{
		dir: dir, dir + "/": dir, "file://" + dir: dir, link: dir, link + "/sub": dir + "/sub", "mem:a": "mem:a",
	} {
		s, err := store.Open(ctx, uri)
		if err != nil {
			t.Errorf("Open(%q): %v", uri, err)
		} else if s.URI() != want {
			t.Errorf("Open(%q) is at %q, want %q", uri, s.URI(), want)
		}
	}
	for _, uri := range []string{"", "gs://bucket/x", "s3://bucket", "hdfs:x"} {
		if _, err := store.Open(ctx, uri); err == nil {
			t.Errorf("Open(%q) succeeded", uri)
		}
	}
	if _, err := store.Open(ctx, "gs://b/x"); !strings.Contains(err.Error(), `scheme "gs" is not supported; give a directory or mem:NAME`) {
		t.Errorf("unhelpful error: %v", err)
	}
	if a, b := store.NamedMemory("n"), store.NamedMemory("n"); a != b {
		t.Error("one name, two stores")
	}
}

func TestDiskModes(t *testing.T) {
	s := newDisk(t)
	if _, err := s.Put(ctx, "a/b", nil, store.Condition{}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{"a": 0o750, "a/b": 0o640} {
		fi, err := os.Stat(filepath.Join(s.URI(), path))
		if err != nil {
			t.Fatal(err)
		}
		if got := fi.Mode().Perm(); got&^want != 0 {
			t.Errorf("%s has mode %o, want at most %o", path, got, want)
		}
	}
}

// A killed writer leaves a temporary file: not listed, but found as litter.
func TestDiskLitter(t *testing.T) {
	d := newDisk(t).(*store.Disk)
	killed := &storetest.Faulty{Store: d}
	w, err := killed.Create(ctx, "dir/x", store.Condition{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	killed.Kill()
	if _, err := w.Commit(ctx); !errors.Is(err, storetest.ErrKilled) {
		t.Fatalf("Commit of the dead: %v", err)
	}
	w.Abort()
	if infos, err := d.List(ctx, ""); err != nil || len(infos) != 0 {
		t.Errorf("List = %v, %v", infos, err)
	}
	litter, err := d.Litter(ctx)
	if err != nil || len(litter) != 1 || litter[0].Size != 4 || !strings.HasPrefix(litter[0].Path, "dir/.tmp-") {
		t.Fatalf("Litter = %v, %v", litter, err)
	}
	if err := d.Delete(ctx, litter[0].Path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(d.URI(), "dir")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("empty directory stays: %v", err)
	}
}

func TestDiskFull(t *testing.T) {
	f := &storetest.Faulty{Store: newDisk(t), Space: 100}
	w, err := f.Create(ctx, "x", store.Condition{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := w.Write(make([]byte, 150)); n != 100 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Write = %d, %v", n, err)
	}
	if err := w.Abort(); err != nil {
		t.Error(err)
	}
	if _, err := f.Put(ctx, "y", []byte("z"), store.Condition{}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Put = %v", err)
	}
	if infos, _ := f.List(ctx, ""); len(infos) != 0 {
		t.Errorf("left behind: %v", infos)
	}
}

// The kernel drops the lock of a process that dies.
func TestDiskLockDiesWithProcess(t *testing.T) {
	if dir := os.Getenv("STORE_TEST_LOCK"); dir != "" {
		d, _ := store.NewDisk(dir)
		if _, err := d.Lock(ctx, "lock"); err != nil {
			os.Stdout.WriteString(err.Error() + "\n")
		} else {
			os.Stdout.WriteString("held\n")
		}
		select {} // until killed
	}
	d := newDisk(t)
	child := exec.Command(os.Args[0], "-test.run=^TestDiskLockDiesWithProcess$")
	child.Env = append(os.Environ(), "STORE_TEST_LOCK="+d.URI())
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	n, _ := out.Read(buf)
	if got := string(buf[:n]); got != "held\n" {
		t.Fatalf("child says %q", got)
	}
	if _, err := d.Lock(ctx, "lock"); !errors.Is(err, store.ErrLocked) {
		t.Errorf("Lock beside the child: %v", err)
	}
	child.Process.Kill()
	child.Wait()
	unlock, err := d.Lock(ctx, "lock")
	if err != nil {
		t.Fatalf("Lock after the child's death: %v", err)
	}
	unlock()
}

func FuzzCheckPath(f *testing.F) {
	for _, path := range []string{"a/b", "../a", "a/..", "/", "a\x00", "a//b", "."} {
		f.Add(path)
	}
	root := "/some/root"
	f.Fuzz(func(t *testing.T, path string) {
		if store.CheckPath(path) != nil {
			return
		}
		file := filepath.Join(root, filepath.FromSlash(path))
		if !strings.HasPrefix(file, root+"/") || file != root+"/"+path {
			t.Errorf("%q leads to %q", path, file)
		}
	})
}
