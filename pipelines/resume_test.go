package pipelines

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets/lake"
)

// bigNight is a job with work for some seconds.
func bigNight(t *testing.T, dir, lakeName string) Curate {
	t.Helper()
	in := filepath.Join(dir, "in")
	if _, err := os.Stat(in); err != nil {
		for i := range 4 {
			writeJSONL(t, filepath.Join(in, fmt.Sprint(i, ".jsonl")), corpus(uint64(i+1), 150))
		}
	}
	c := job(t, filepath.Join(dir, lakeName), in, "2026-11-20")
	c.UnitBytes, c.Shards = 64<<10, 3
	return c
}

// TestCancelled cancels a run in several stages, after a task or two of each.
// It must return the context's error with no task left at work, and the last
// run of all goes on to the same tables as one that was let alone. So must one
// that reads its input once.
func TestCancelled(t *testing.T) {
	for _, once := range []bool{false, true} {
		dir := t.TempDir()
		whole, c := bigNight(t, dir, "whole"), bigNight(t, dir, "cancelled")
		for _, job := range []*Curate{&whole, &c} {
			if once {
				job.Signals, job.SkipTextWrites = "none", true
			}
		}
		run1(t, whole)
		for _, stage := range []string{"hash", "signals", "near-match", "write", "pack"} {
			cancelIn(t, c, stage)
		}
		run1(t, c)
		if diff := cmp.Diff(tableContent(t, whole.Lake), tableContent(t, c.Lake)); diff != "" {
			t.Errorf("reading once %v: after runs that were cancelled (-undisturbed +resumed):\n%.2000s", once, diff)
		}
	}
}

// cancelIn cancels a run once a task of a stage is done.
func cancelIn(t *testing.T, c Curate, stage string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c.Progress = func(p Progress) {
		if p.Stage == stage && p.Done > 0 {
			cancel()
		}
	}
	if _, err := c.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled in %s: error %v", stage, err)
	}
	if stacks := allStacks(); strings.Contains(stacks, "lakeio.do(") {
		t.Errorf("cancelled in %s: tasks are still at work:\n%.4000s", stage, stacks)
	}
}

func allStacks() string {
	buf := make([]byte, 4<<20)
	return string(buf[:runtime.Stack(buf, true)])
}

// TestFullDisk runs a night on a disk with less and less to spare. Each time
// one error says so, the night before stays whole, and with room again the run
// goes on to the tables of a night that had room from the start.
func TestFullDisk(t *testing.T) {
	dir, disk := t.TempDir(), t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("needs a small disk of its own: mount: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, syscall.MNT_DETACH) })
	first, second := bigNight(t, dir, "whole"), bigNight(t, dir, "whole")
	second.Date, second.Inputs[0].Glob = "2026-11-21", filepath.Join(dir, "in2")
	writeJSONL(t, filepath.Join(dir, "in2", "a.jsonl"), append(corpus(9, 300), corpus(1, 50)...))
	run1(t, first)
	run1(t, second)
	want := tableContent(t, first.Lake)

	first.Lake, second.Lake = filepath.Join(disk, "lake"), filepath.Join(disk, "lake")
	run1(t, first)
	before := tableContent(t, first.Lake)
	ballast := filepath.Join(disk, "ballast")
	failures := 0
	for spare := int64(16 << 10); ; spare += spare/2 + 4096 {
		fill(t, disk, ballast, spare)
		_, err := second.Run(context.Background())
		if err == nil {
			break
		}
		failures++
		if !errors.Is(err, syscall.ENOSPC) || strings.Count(err.Error(), "no space left on device") != 1 {
			t.Errorf("with %d bytes to spare: error %v", spare, err)
		}
		if diff := cmp.Diff(before, tableContent(t, first.Lake)); diff != "" {
			t.Fatalf("with %d bytes to spare, the night before changed:\\n%.2000s", spare, diff)
		}
	}
	t.Logf("%d attempts found the disk full", failures)
	if failures < 3 {
		t.Errorf("only %d attempts found the disk full", failures)
	}
	os.Remove(ballast)
	if diff := cmp.Diff(want, tableContent(t, first.Lake)); diff != "" {
		t.Errorf("after a full disk (-undisturbed +resumed):\\n%.2000s", diff)
	}
	verifyWhole(t, first.Lake)
}

// fill leaves so many bytes free on a disk.
func fill(t *testing.T, disk, ballast string, spare int64) {
	t.Helper()
	os.Remove(ballast)
	var st syscall.Statfs_t
	if err := syscall.Statfs(disk, &st); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(ballast, make([]byte, max(int64(st.Bavail)*st.Bsize-spare, 0)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// verifyWhole reads every committed file of the lake again.
func verifyWhole(t *testing.T, dir string) {
	t.Helper()
	l, err := lake.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if rep, err := l.Verify(context.Background(), nil); err != nil || !rep.OK() {
		t.Errorf("verify: %v, damaged %v, missing %v", err, rep.Damaged, rep.Missing)
	}
}

// TestHolderThatSleptIsHarmless stops a night in the middle, lets another take
// the lake over as if the first were dead, and wakes the first up again: it must fail
// and change nothing.
func TestHolderThatSleptIsHarmless(t *testing.T) {
	dir := t.TempDir()
	sleeper := bigNight(t, dir, "lake")
	lock := filepath.Join(sleeper.Lake, "_chimera", "lease.lock")
	var said bytes.Buffer
	cmd := start(t, sleeper, &said)
	for at := filepath.Join(sleeper.Lake, "_chimera/runs/*/signals"); !exists(at); {
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	if err := os.Remove(lock); err != nil { // what a file system without locks comes to
		t.Fatal(err)
	}
	other := job(t, sleeper.Lake, filepath.Join(dir, "other"), "2026-11-21")
	writeJSONL(t, filepath.Join(dir, "other", "a.jsonl"), corpus(7, 50))
	if s := run1(t, other); s.Generation != 1 {
		t.Fatalf("the other night is generation %d", s.Generation)
	}
	before := tableContent(t, sleeper.Lake)
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(said.String(), lake.ErrLost.Error()) {
		t.Errorf("the night that slept: %v, said %q; want that its lease was taken over", err, said.String())
	}
	if diff := cmp.Diff(before, tableContent(t, sleeper.Lake)); diff != "" {
		t.Errorf("the night that slept changed the lake:\\n%.2000s", diff)
	}
	if s := run1(t, sleeper); s.Generation != 2 {
		t.Errorf("run again it is generation %d, want 2", s.Generation)
	}
	verifyWhole(t, sleeper.Lake)
}

func exists(glob string) bool {
	files, _ := filepath.Glob(glob)
	return len(files) > 0
}

// TestNothingIsLeftOpen runs nights one after the other in one process: neither
// open files nor goroutines pile up, and neither do files in the lake's scratch.
func TestNothingIsLeftOpen(t *testing.T) {
	dir := t.TempDir()
	var files, goroutines [6]int
	for night := range files {
		in := filepath.Join(dir, fmt.Sprint("in", night))
		writeJSONL(t, filepath.Join(in, "a.jsonl"), corpus(uint64(night+1), 30))
		c := job(t, filepath.Join(dir, "lake"), in, fmt.Sprintf("2026-11-2%d", night))
		c.Dedup.Verify, c.UnitBytes = true, 16<<10
		run1(t, c)
		if night == 3 {
			c.Redecide, c.Profile = true, filtered(t, 100)
			run1(t, c)
		}
		runtime.GC() // Beam leaves some files of its own to the collector
		runtime.GC()
		fds, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skipf("no list of open files here: %v", err)
		}
		files[night], goroutines[night] = len(fds), runtime.NumGoroutine()
	}
	last := len(files) - 1
	if files[last] > files[1]+2 || goroutines[last] > goroutines[1]+10 {
		t.Errorf("open files %v, goroutines %v after each night", files, goroutines)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "lake", "_chimera", "runs", "*", "*")); len(left) > 0 {
		t.Errorf("scratch is left: %v", left)
	}
}
