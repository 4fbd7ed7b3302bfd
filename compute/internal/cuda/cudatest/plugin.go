//go:build unix

// Package cudatest builds the plugins that need no GPU, for tests.
package cudatest

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Emulated and Fake are the plugins that Plugin builds: the kernels of the device
// under an emulation of blocks and threads, and the CPU's kernels.
const (
	Emulated = "emu"
	Fake     = "fake"
)

// Plugin is the file of a plugin, built now where it is not up to date. The test
// is skipped where make or a C++ compiler is missing. Under -asan the plugin has
// the sanitizers too.
func Plugin(t testing.TB, name string) string {
	t.Helper()
	return Build(t, "libchimera_"+name+".so")
}

// Build builds a file of compute/cuda/Makefile.
func Build(t testing.TB, file string) string {
	t.Helper()
	for _, tool := range []string{"make", "g++", "cc"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no plugin: %v", err)
		}
	}
	dir := sources(t)
	out := filepath.Join(dir, "build", flavour)
	if err := os.MkdirAll(out, 0o750); err != nil {
		t.Fatal(err)
	}
	defer lock(t, filepath.Join(out, ".lock"))()
	args := append([]string{"-s", "-C", dir, "OUT=" + out, filepath.Join(out, file)}, makeFlags...)
	if text, err := exec.Command("make", args...).CombinedOutput(); err != nil {
		t.Fatalf("make %v: %v\n%s", args, err, text)
	}
	return filepath.Join(out, file)
}

// sources is compute/cuda, found upwards from the test's folder.
func sources(t testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "compute", "cuda")
		}
	}
	t.Skip("no plugin: not in the source tree")
	return ""
}

// lock keeps other test processes from building into the same folder.
func lock(t testing.TB, name string) (unlock func()) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	return func() { f.Close() }
}
