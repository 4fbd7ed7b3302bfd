package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chimera-1/chimera/datasets/store"
)

// Run checks a back end. open returns an empty store each time it is called.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s store.Store)
	}{
		{"PutRead", testPutRead},
		{"Missing", testMissing},
		{"IfAbsent", testIfAbsent},
		{"IfGeneration", testIfGeneration},
		{"Overwrite", testOverwrite},
		{"Writer", testWriter},
		{"WriterConditions", testWriterConditions},
		{"OpenObjectStays", testOpenObjectStays},
		{"ReadAt", testReadAt},
		{"List", testList},
		{"Delete", testDelete},
		{"Paths", testPaths},
		{"Cancelled", testCancelled},
		{"Lock", testLock},
		{"RaceIfAbsent", testRaceIfAbsent},
		{"RaceIfGeneration", testRaceIfGeneration},
		{"DeleteBesideCreate", testDeleteBesideCreate},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

var ctx = context.Background()

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func put(t *testing.T, s store.Store, path, data string) store.Info {
	t.Helper()
	info, err := s.Put(ctx, path, []byte(data), store.Condition{})
	must(t, err)
	return info
}

func wantData(t *testing.T, s store.Store, path, want string) store.Info {
	t.Helper()
	data, info, err := s.ReadFile(ctx, path)
	must(t, err)
	if string(data) != want {
		t.Fatalf("%s holds %q, want %q", path, data, want)
	}
	return info
}

func testPutRead(t *testing.T, s store.Store) {
	for path, data := range map[string]string{"a": "", "b": "hello", "c/d/e.txt": strings.Repeat("xyz", 100_000)} {
		wrote := put(t, s, path, data)
		read := wantData(t, s, path, data)
		stat, err := s.Stat(ctx, path)
		must(t, err)
		if wrote.Path != path || wrote.Size != int64(len(data)) || wrote.Generation == "" {
			t.Errorf("Put returned %+v", wrote)
		}
		if wrote.Generation != read.Generation || stat.Generation != read.Generation || stat.Size != wrote.Size || stat.Path != path {
			t.Errorf("Put says %+v, ReadFile %+v, Stat %+v", wrote, read, stat)
		}
	}
}

func testMissing(t *testing.T, s store.Store) {
	put(t, s, "file", "x")
	for _, path := range []string{"no", "no/such/file", "file/below"} {
		_, err := s.Stat(ctx, path)
		wantErr(t, err, store.ErrNotExist)
		wantErr(t, err, fs.ErrNotExist)
		_, err = s.Open(ctx, path)
		wantErr(t, err, store.ErrNotExist)
		_, _, err = s.ReadFile(ctx, path)
		wantErr(t, err, store.ErrNotExist)
		wantErr(t, s.Delete(ctx, path), store.ErrNotExist)
		if !strings.Contains(err.Error(), path) {
			t.Errorf("error does not name the object: %v", err)
		}
	}
}

func testIfAbsent(t *testing.T, s store.Store) {
	_, err := s.Put(ctx, "x", []byte("1"), store.Condition{IfAbsent: true})
	must(t, err)
	_, err = s.Put(ctx, "x", []byte("2"), store.Condition{IfAbsent: true})
	wantErr(t, err, store.ErrExist)
	wantData(t, s, "x", "1")
}

func testIfGeneration(t *testing.T, s store.Store) {
	first := put(t, s, "x", "1")
	second, err := s.Put(ctx, "x", []byte("2"), store.Condition{IfGeneration: first.Generation})
	must(t, err)
	_, err = s.Put(ctx, "x", []byte("3"), store.Condition{IfGeneration: first.Generation})
	wantErr(t, err, store.ErrChanged)
	wantData(t, s, "x", "2")
	must(t, s.Delete(ctx, "x"))
	_, err = s.Put(ctx, "x", []byte("3"), store.Condition{IfGeneration: second.Generation})
	wantErr(t, err, store.ErrChanged)
}

func testOverwrite(t *testing.T, s store.Store) {
	first := put(t, s, "x", "a")
	second := put(t, s, "x", "b") // same size, at once: the generation must differ
	if first.Generation == second.Generation {
		t.Errorf("both writes have generation %q", first.Generation)
	}
	wantData(t, s, "x", "b")
}

func testWriter(t *testing.T, s store.Store) {
	w, err := s.Create(ctx, "dir/x", store.Condition{})
	must(t, err)
	for i := range 10 {
		_, err := fmt.Fprintf(w, "line %d\n", i)
		must(t, err)
	}
	if _, err := s.Stat(ctx, "dir/x"); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("visible before Commit: %v", err)
	}
	if infos, _ := s.List(ctx, ""); len(infos) != 0 {
		t.Errorf("listed before Commit: %v", infos)
	}
	info, err := w.Commit(ctx)
	must(t, err)
	if info.Size != 70 {
		t.Errorf("size %d, want 70", info.Size)
	}
	must(t, w.Abort()) // no effect
	wantData(t, s, "dir/x", "line 0\nline 1\nline 2\nline 3\nline 4\nline 5\nline 6\nline 7\nline 8\nline 9\n")

	w, err = s.Create(ctx, "dir/y", store.Condition{})
	must(t, err)
	_, err = w.Write([]byte("dropped"))
	must(t, err)
	must(t, w.Abort())
	_, err = s.Stat(ctx, "dir/y")
	wantErr(t, err, store.ErrNotExist)
	wantNoLitter(t, s)
}

func wantNoLitter(t *testing.T, s store.Store) {
	t.Helper()
	l, ok := s.(store.Litterer)
	if !ok {
		return
	}
	litter, err := l.Litter(ctx)
	must(t, err)
	if len(litter) != 0 {
		t.Errorf("left behind: %v", litter)
	}
}

func testWriterConditions(t *testing.T, s store.Store) {
	info := put(t, s, "x", "1")
	for _, c := range []struct {
		cond store.Condition
		want error
	}{
		{store.Condition{IfAbsent: true}, store.ErrExist},
		{store.Condition{IfGeneration: "another"}, store.ErrChanged},
		{store.Condition{IfGeneration: info.Generation}, nil},
	} {
		w, err := s.Create(ctx, "x", c.cond)
		must(t, err)
		_, err = w.Write([]byte("2"))
		must(t, err)
		_, err = w.Commit(ctx)
		wantErr(t, err, c.want)
	}
	wantData(t, s, "x", "2")
	wantNoLitter(t, s)
}

func testOpenObjectStays(t *testing.T, s store.Store) {
	put(t, s, "x", "old")
	o, err := s.Open(ctx, "x")
	must(t, err)
	defer o.Close()
	put(t, s, "x", "newer")
	data, err := io.ReadAll(io.NewSectionReader(o, 0, o.Size()))
	must(t, err)
	if string(data) != "old" {
		t.Errorf("open object turned into %q", data)
	}
}

func testReadAt(t *testing.T, s store.Store) {
	put(t, s, "x", "0123456789")
	o, err := s.Open(ctx, "x")
	must(t, err)
	defer o.Close()
	if o.Size() != 10 {
		t.Errorf("size %d, want 10", o.Size())
	}
	buf := make([]byte, 4)
	n, err := o.ReadAt(buf, 3)
	if n != 4 || err != nil || string(buf) != "3456" {
		t.Errorf("ReadAt(3) = %d, %v, %q", n, err, buf)
	}
	n, err = o.ReadAt(buf, 8)
	if n != 2 || err != io.EOF || string(buf[:n]) != "89" {
		t.Errorf("ReadAt(8) = %d, %v, %q", n, err, buf[:n])
	}
	if n, err = o.ReadAt(buf, 10); n != 0 || err != io.EOF {
		t.Errorf("ReadAt(10) = %d, %v", n, err)
	}
}

func testList(t *testing.T, s store.Store) {
	for _, path := range []string{"b/2", "a/x/1", "a/x1", "a-b", "b/10", "a/x/y/z", "c"} {
		put(t, s, path, path)
	}
	for prefix, want := range map[string][]string{
		"":        {"a-b", "a/x/1", "a/x/y/z", "a/x1", "b/10", "b/2", "c"},
		"a/":      {"a/x/1", "a/x/y/z", "a/x1"},
		"a":       {"a-b", "a/x/1", "a/x/y/z", "a/x1"},
		"a/x":     {"a/x/1", "a/x/y/z", "a/x1"},
		"a/x/":    {"a/x/1", "a/x/y/z"},
		"a/x/y/z": {"a/x/y/z"},
		"b/1":     {"b/10"},
		"c/":      nil,
		"d/e":     nil,
		"c/d/e":   nil,
	} {
		infos, err := s.List(ctx, prefix)
		must(t, err)
		var got []string
		for _, info := range infos {
			got = append(got, info.Path)
			if info.Size != int64(len(info.Path)) || info.Generation == "" || info.Modified.IsZero() {
				t.Errorf("List(%q) says %+v", prefix, info)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("List(%q) = %q, want %q", prefix, got, want)
		}
	}
}

func testDelete(t *testing.T, s store.Store) {
	put(t, s, "a/b/c", "x")
	put(t, s, "a/d", "y")
	must(t, s.Delete(ctx, "a/b/c"))
	wantErr(t, s.Delete(ctx, "a/b/c"), store.ErrNotExist)
	wantData(t, s, "a/d", "y")
	put(t, s, "a/b", "a name may become free again")
}

func testPaths(t *testing.T, s store.Store) {
	for _, path := range []string{"", ".", "..", "/", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "a/", `a\b`, "a\x00b", "\xff"} {
		if _, err := s.Put(ctx, path, nil, store.Condition{}); err == nil {
			t.Errorf("Put(%q) succeeded", path)
		}
		if _, err := s.Create(ctx, path, store.Condition{}); err == nil {
			t.Errorf("Create(%q) succeeded", path)
		}
		if _, err := s.Stat(ctx, path); err == nil {
			t.Errorf("Stat(%q) succeeded", path)
		}
		if _, _, err := s.ReadFile(ctx, path); err == nil {
			t.Errorf("ReadFile(%q) succeeded", path)
		}
		if err := s.Delete(ctx, path); err == nil {
			t.Errorf("Delete(%q) succeeded", path)
		}
		if _, err := s.Lock(ctx, path); err == nil {
			t.Errorf("Lock(%q) succeeded", path)
		}
	}
	if _, err := s.List(ctx, "../"); err == nil {
		t.Error("List of .. succeeded")
	}
	for _, path := range []string{"ü/名前 with space", "a=1/b&c?d#e%20f", "-x", "..y", strings.Repeat("n", 200)} {
		put(t, s, path, path)
		wantData(t, s, path, path)
	}
}

func testCancelled(t *testing.T, s store.Store) {
	put(t, s, "x", "1")
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err := s.Put(cancelled, "x", []byte("2"), store.Condition{})
	wantErr(t, err, context.Canceled)
	_, _, err = s.ReadFile(cancelled, "x")
	wantErr(t, err, context.Canceled)
	_, err = s.List(cancelled, "")
	wantErr(t, err, context.Canceled)
	wantErr(t, s.Delete(cancelled, "x"), context.Canceled)
	wantData(t, s, "x", "1")
}

func testLock(t *testing.T, s store.Store) {
	unlock, err := s.Lock(ctx, "dir/lock")
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("this store has no locks")
	}
	must(t, err)
	_, err = s.Lock(ctx, "dir/lock")
	wantErr(t, err, store.ErrLocked)
	other, err := s.Lock(ctx, "dir/other")
	must(t, err)
	must(t, other())
	must(t, unlock())
	unlock, err = s.Lock(ctx, "dir/lock")
	must(t, err)
	must(t, unlock())
}

// racers is how many goroutines race in the tests below.
const racers = 16

// race runs f on several goroutines at once and waits for them.
func race(f func(i int)) {
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func testRaceIfAbsent(t *testing.T, s store.Store) {
	for round := range 10 {
		path := fmt.Sprintf("race/%d", round)
		var won atomic.Int64
		var winner atomic.Value
		race(func(i int) {
			data := fmt.Sprintf("racer %d", i)
			switch _, err := s.Put(ctx, path, []byte(data), store.Condition{IfAbsent: true}); {
			case err == nil:
				won.Add(1)
				winner.Store(data)
			case !errors.Is(err, store.ErrExist):
				t.Errorf("racer %d: %v", i, err)
			}
		})
		if won.Load() != 1 {
			t.Fatalf("%d racers created %s", won.Load(), path)
		}
		wantData(t, s, path, winner.Load().(string))
	}
}

// testRaceIfGeneration counts with compare and swap: no increment may be lost.
func testRaceIfGeneration(t *testing.T, s store.Store) {
	put(t, s, "count", "")
	race(func(int) {
		for {
			data, info, err := s.ReadFile(ctx, "count")
			if err != nil {
				t.Error(err)
				return
			}
			_, err = s.Put(ctx, "count", append(data, '.'), store.Condition{IfGeneration: info.Generation})
			if err == nil {
				return
			}
			if !errors.Is(err, store.ErrChanged) {
				t.Error(err)
				return
			}
		}
	})
	wantData(t, s, "count", string(bytes.Repeat([]byte("."), racers)))
}

// testDeleteBesideCreate empties and fills one directory at once.
func testDeleteBesideCreate(t *testing.T, s store.Store) {
	race(func(i int) {
		path := fmt.Sprintf("a/b/%d", i)
		for range 20 {
			if _, err := s.Put(ctx, path, []byte("x"), store.Condition{}); err != nil {
				t.Errorf("put: %v", err)
			}
			if err := s.Delete(ctx, path); err != nil {
				t.Errorf("delete: %v", err)
			}
		}
	})
}
