//go:build cgo && linux

package cuda_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/chimera-1/chimera/compute/internal/cuda"
	"github.com/chimera-1/chimera/compute/internal/cuda/cudatest"
)

// library loads a plugin. CHIMERA_TEST_PLUGIN names one that was built elsewhere,
// for tests on a machine with a GPU.
func library(t testing.TB, name string) *cuda.Library {
	t.Helper()
	file := os.Getenv("CHIMERA_TEST_PLUGIN")
	if file == "" {
		file = cudatest.Plugin(t, name)
	}
	lib, err := cuda.LoadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// faulty is a plugin with faults on cue.
func faulty(t testing.TB, faults string) *cuda.Library {
	t.Helper()
	file := cudatest.Plugin(t, cudatest.Any)
	lib, err := cuda.LoadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CHIMERA_FAULTS", faults)
	return lib
}

func open(t testing.TB, lib *cuda.Library, limit int64) *cuda.Session {
	t.Helper()
	s, err := lib.Open(0, limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func alloc(t testing.TB, s *cuda.Session, n int64) cuda.Handle {
	t.Helper()
	h, err := s.Alloc(n)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func raw[E any](x []E) []byte {
	if len(x) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), len(x)*int(unsafe.Sizeof(x[0])))
}

func command(op cuda.Op, flags uint32, dims []int64, handles ...cuda.Handle) cuda.Cmd {
	c := cuda.Cmd{Op: op, Flags: flags}
	copy(c.Dims[:], dims)
	copy(c.H[:], handles)
	return c
}

func TestInfo(t *testing.T) {
	lib := library(t, cudatest.Emulated)
	n, err := lib.Devices()
	if err != nil || n < 1 {
		t.Fatalf("Devices() = %d, %v", n, err)
	}
	info, err := lib.Info(0)
	if err != nil || info.Name == "" || info.Memory <= 0 || info.Major < 8 {
		t.Errorf("Info(0) = %+v, %v", info, err)
	}
	if _, err := lib.Info(99); !errors.Is(err, cuda.ErrNoDevice) {
		t.Errorf("Info(99): %v", err)
	}
	if _, err := lib.Open(99, 0); !errors.Is(err, cuda.ErrNoDevice) || !strings.Contains(err.Error(), "no device 99") {
		t.Errorf("Open(99): %v", err)
	}
	t.Logf("plugin %s, build %q: %+v", lib.Path, lib.Build, info)
}

// TestMemory: buffers begin as zeros, hold what is put in, also after another
// buffer's life in the same place, and are counted.
func TestMemory(t *testing.T) {
	s := open(t, library(t, cudatest.Emulated), 4096)
	for range 3 {
		h := alloc(t, s, 1000)
		got := make([]byte, 1000)
		if err := s.Download(h, 0, got); err != nil || !bytes.Equal(got, make([]byte, 1000)) {
			t.Fatalf("a new buffer holds %x, %v", got, err)
		}
		if err := s.Upload(h, 10, []byte("content")); err != nil {
			t.Fatal(err)
		}
		if err := s.Download(h, 8, got[:11]); err != nil || string(got[:11]) != "\x00\x00content\x00\x00" {
			t.Fatalf("Download = %q, %v", got[:11], err)
		}
		if err := s.Free(h); err != nil {
			t.Fatal(err)
		}
	}
	m, err := s.Memory()
	if err != nil || m.Used != 0 || m.Buffers != 0 || m.Cached != 1000 || m.Total <= 0 {
		t.Errorf("Memory() = %+v, %v", m, err)
	}
	if err := s.Trim(); err != nil {
		t.Fatal(err)
	}
	if m, _ := s.Memory(); m.Cached != 0 {
		t.Errorf("after Trim: %+v", m)
	}
	empty := alloc(t, s, 0)
	if err := s.Upload(empty, 0, nil); err != nil {
		t.Errorf("Upload of nothing: %v", err)
	}
	if err := s.Upload(empty, 0, []byte{1}); !errors.Is(err, cuda.ErrCommand) {
		t.Errorf("Upload past the end: %v", err)
	}
	a := alloc(t, s, 4096)
	if _, err := s.Alloc(1); !errors.Is(err, cuda.ErrMemory) || !strings.Contains(err.Error(), "1 bytes with 4096 of 4096 in use") {
		t.Errorf("Alloc above the limit: %v", err)
	}
	if err := s.Free(a); err != nil {
		t.Fatal(err)
	}
}

// TestHandles: what is not, or no longer, a handle is answered, not followed.
func TestHandles(t *testing.T) {
	lib := library(t, cudatest.Emulated)
	s := open(t, lib, 0)
	old := alloc(t, s, 64)
	if err := s.Free(old); err != nil {
		t.Fatal(err)
	}
	fresh := alloc(t, s, 64) // in the same slot
	b := make([]byte, 64)
	for _, h := range []cuda.Handle{0, old, fresh + 1, fresh + 1<<32, math.MaxUint64} {
		for op, err := range map[string]error{
			"free": s.Free(h), "upload": s.Upload(h, 0, b), "download": s.Download(h, 0, b),
			"submit": func() error {
				_, err := s.Submit([]cuda.Cmd{command(cuda.Unary, 0, []int64{16}, fresh, h)})
				return err
			}(),
		} {
			if !errors.Is(err, cuda.ErrHandle) {
				t.Errorf("%s of %#x: %v, want ErrHandle", op, uint64(h), err)
			}
		}
	}
	if err := s.Wait(context.Background(), 1000); !errors.Is(err, cuda.ErrHandle) {
		t.Errorf("Wait for no ticket: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); !errors.Is(err, cuda.ErrHandle) {
		t.Errorf("second Close: %v", err)
	}
	if _, err := s.Alloc(1); !errors.Is(err, cuda.ErrHandle) {
		t.Errorf("Alloc after Close: %v", err)
	}
}

// TestRefused: a list with one bad command has no effect.
func TestRefused(t *testing.T) {
	s := open(t, library(t, cudatest.Emulated), 0)
	h := alloc(t, s, 64)
	good := command(cuda.Fill, cuda.Size(4), []int64{16, 7}, h)
	outside := command(cuda.Unary, 0, []int64{16}, h, h)
	outside.Offset[1] = 1
	huge := command(cuda.BinaryRow, 0, []int64{1 << 40, 1 << 40}, h, h, h)
	for name, bad := range map[string]cuda.Cmd{
		"too long":   command(cuda.Unary, 0, []int64{17}, h, h),
		"outside":    outside,
		"negative":   command(cuda.Unary, 0, []int64{-1}, h, h),
		"overflow":   huge,
		"unknown":    command(999, 0, []int64{1}, h, h),
		"no sub":     command(cuda.Unary, 200, []int64{1}, h, h),
		"no size":    command(cuda.Fill, cuda.Size(3), []int64{1}, h),
		"k above n":  command(cuda.TopK, 0, []int64{1, 4, 5}, h, h, h),
		"bad stride": command(cuda.Strided, cuda.Size(4), []int64{2, 2, 1, 1, 1, 1, -2, 1, 1, 1, 1, 1}, h, h),
	} {
		if err := s.Exec(context.Background(), []cuda.Cmd{good, bad}); !errors.Is(err, cuda.ErrCommand) {
			t.Errorf("%s: %v, want ErrCommand", name, err)
		}
	}
	got := make([]byte, 64)
	if err := s.Download(h, 0, got); err != nil || !bytes.Equal(got, make([]byte, 64)) {
		t.Errorf("the buffer changed: %x, %v", got, err)
	}
}

// TestIndex: an index outside its table is reported by the next wait, once.
func TestIndex(t *testing.T) {
	for _, name := range []string{cudatest.Emulated, cudatest.Any} {
		s := open(t, library(t, name), 0)
		table, idx, rows := alloc(t, s, 4*4), alloc(t, s, 3*4), alloc(t, s, 3*4)
		if err := s.Upload(table, 0, raw([]float32{1, 2, 3, 4})); err != nil {
			t.Fatal(err)
		}
		if err := s.Upload(idx, 0, raw([]int32{3, -1, 4})); err != nil {
			t.Fatal(err)
		}
		gather := command(cuda.Gather, cuda.Size(4), []int64{3, 1, 4}, rows, table, idx)
		if err := s.Exec(context.Background(), []cuda.Cmd{gather}); !errors.Is(err, cuda.ErrIndex) {
			t.Errorf("%s: %v, want ErrIndex", name, err)
		}
		if err := s.Wait(context.Background(), 0); err != nil {
			t.Errorf("%s: told twice: %v", name, err)
		}
		got := make([]float32, 3)
		if err := s.Download(rows, 0, raw(got)); err != nil || got[0] != 4 || got[1] == got[1] || got[2] == got[2] {
			t.Errorf("%s: rows %v, %v, want 4 NaN NaN", name, got, err)
		}
	}
}

// TestOutOfMemory: the n-th allocation fails, and others go on.
func TestOutOfMemory(t *testing.T) {
	s := open(t, faulty(t, "alloc=3"), 0)
	a := alloc(t, s, 100)
	alloc(t, s, 100)
	if _, err := s.Alloc(200); !errors.Is(err, cuda.ErrMemory) || !strings.Contains(err.Error(), "no room for 200 bytes") {
		t.Errorf("third Alloc: %v", err)
	}
	if err := s.Free(a); err != nil {
		t.Fatal(err)
	}
	alloc(t, s, 100) // from the cache
	s2 := open(t, faulty(t, "memory=1000"), 0)
	b := alloc(t, s2, 600)
	if err := s2.Free(b); err != nil {
		t.Fatal(err)
	}
	alloc(t, s2, 700) // only after the cache was given up
}

// TestDead: after a sticky error of the device every call says so, with its text,
// and Close still works.
func TestDead(t *testing.T) {
	s := open(t, faulty(t, "sticky=2"), 0)
	h := alloc(t, s, 64)
	fill := []cuda.Cmd{command(cuda.Fill, cuda.Size(4), []int64{16, 7}, h)}
	if err := s.Exec(context.Background(), fill); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := s.Exec(context.Background(), fill)
		if !errors.Is(err, cuda.ErrDead) || !strings.Contains(err.Error(), "illegal memory access") {
			t.Errorf("Exec: %v", err)
		}
	}
	if _, err := s.Alloc(1); !errors.Is(err, cuda.ErrDead) {
		t.Errorf("Alloc: %v", err)
	}
	if err := s.Download(h, 0, make([]byte, 4)); !errors.Is(err, cuda.ErrDead) {
		t.Errorf("Download: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// TestCancel: Wait returns when its context ends though the kernel goes on, and
// other goroutines get their turn meanwhile.
func TestCancel(t *testing.T) {
	s := open(t, faulty(t, "slow=700"), 0)
	h := alloc(t, s, 64)
	ctx, cancel := context.WithCancel(context.Background())
	ticket, err := s.Submit([]cuda.Cmd{command(cuda.Fill, cuda.Size(4), []int64{16, 7}, h)})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		alloc(t, s, 64)
		cancel()
	}()
	if err := s.Wait(ctx, ticket); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait: %v", err)
	}
	wg.Wait()
	if err := s.Exec(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Exec with an ended context: %v", err)
	}
	if err := s.Wait(context.Background(), ticket); err != nil {
		t.Errorf("the kernel did not end: %v", err)
	}
	got := make([]int32, 16)
	if err := s.Download(h, 0, raw(got)); err != nil || got[15] != 7 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestDeadline(t *testing.T) {
	s := open(t, faulty(t, "slow=400"), 0)
	h := alloc(t, s, 64)
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	err := s.Exec(ctx, []cuda.Cmd{command(cuda.Fill, cuda.Size(4), []int64{16, 7}, h)})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Exec: %v", err)
	}
}

// TestNoDevice: no driver and no device have messages of their own.
func TestNoDevice(t *testing.T) {
	for faults, want := range map[string]string{"nodriver": "driver", "nodevice": "the driver has 0"} {
		lib := faulty(t, faults)
		_, err := lib.Open(0, 0)
		if !errors.Is(err, cuda.ErrNoDevice) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", faults, err, want)
		}
	}
}

// TestRefusedPlugins: what is no plugin, or of another version, is named.
func TestRefusedPlugins(t *testing.T) {
	plugin := cudatest.Plugin(t, cudatest.Any)
	dir := t.TempDir()
	text := filepath.Join(dir, "text.so")
	if err := os.WriteFile(text, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other.so")
	source := filepath.Join(dir, "other.c")
	if err := os.WriteFile(source, []byte("int x;\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cc", "-shared", "-fPIC", "-o", other, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, tt := range []struct{ file, faults, want string }{
		{plugin, "abi=2", `speaks version 2.0 of the interface, this program 1.0 (plugin build`},
		{plugin, "short", `has a table of 64 bytes`},
		{filepath.Join(dir, "none.so"), "", "none.so"},
		{text, "", "text.so"},
		{other, "", "no chi_get_api"},
	} {
		t.Setenv("CHIMERA_FAULTS", tt.faults)
		_, err := cuda.LoadFile(tt.file)
		var load *cuda.LoadError
		if !errors.As(err, &load) || !errors.Is(err, cuda.ErrNoDevice) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s: %v, want %q in it", tt.file, tt.faults, err, tt.want)
		}
	}
}

// TestSearch: CHIMERA_CUDA_LIB is the only file tried if set; else three places.
func TestSearch(t *testing.T) {
	t.Setenv("CHIMERA_CUDA_LIB", "/nowhere/lib.so")
	_, err := cuda.Load()
	var load *cuda.LoadError
	if !errors.As(err, &load) || len(load.Tried) != 1 || !strings.Contains(load.Tried[0], "/nowhere/lib.so") {
		t.Errorf("Load() = %v", err)
	}
	t.Setenv("CHIMERA_CUDA_LIB", "")
	if _, err = cuda.Load(); err == nil {
		t.Skip("a plugin is installed here")
	}
	if !errors.As(err, &load) || len(load.Tried) != 3 || !strings.Contains(load.Tried[1], "lib/chimera/libchimera_cuda.so") {
		t.Errorf("Load() = %v", err)
	}
	t.Setenv("CHIMERA_CUDA_LIB", cudatest.Plugin(t, cudatest.Fake))
	if lib, err := cuda.Load(); err != nil || lib.Build != "fake" {
		t.Errorf("Load() = %v, %v", lib, err)
	}
}

// TestAllocations: queueing and copying allocate nothing.
func TestAllocations(t *testing.T) {
	s := open(t, library(t, cudatest.Fake), 0)
	h := alloc(t, s, 64)
	b := make([]byte, 64)
	cmds := []cuda.Cmd{command(cuda.Fill, cuda.Size(4), []int64{16, 7}, h)}
	ctx := context.Background()
	if n := testing.AllocsPerRun(20, func() {
		if err := s.Exec(ctx, cmds); err != nil {
			t.Fatal(err)
		}
		if err := s.Upload(h, 0, b); err != nil {
			t.Fatal(err)
		}
		if err := s.Download(h, 0, b); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestRealHost: the plugin for real devices, unchanged, over the emulated driver.
func TestRealHost(t *testing.T) {
	if _, err := exec.LookPath("clang++-19"); err != nil {
		t.Skip("no clang++-19 to compile the kernels to PTX")
	}
	driver, plugin := cudatest.Build(t, "libcuda_emu.so"), cudatest.Build(t, "libchimera_cuda.so")
	lib, err := cuda.LoadFile(plugin)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CHIMERA_LIBCUDA", "/nowhere/libcuda.so")
	if _, err := lib.Open(0, 0); !errors.Is(err, cuda.ErrNoDevice) || !strings.Contains(err.Error(), "no NVIDIA driver") {
		t.Errorf("without a driver: %v", err)
	}
	t.Setenv("CHIMERA_LIBCUDA", driver)
	s := open(t, lib, 0)
	h := alloc(t, s, 12)
	if err := s.Upload(h, 0, raw([]float32{0, 1, -1})); err != nil {
		t.Fatal(err)
	}
	if err := s.Exec(context.Background(), []cuda.Cmd{command(cuda.Unary, 5, []int64{3}, h, h)}); err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 3)
	if err := s.Download(h, 0, raw(got)); err != nil || got[0] != 1 || math.Abs(float64(got[1])-math.E) > 1e-6 {
		t.Errorf("exp = %v, %v", got, err)
	}
}

// checkEmpty: a test leaves no buffer behind.
func checkEmpty(t *testing.T, s *cuda.Session) {
	t.Helper()
	if m, err := s.Memory(); err != nil || m.Buffers != 0 || m.Used != 0 {
		t.Errorf("buffers are left: %+v, %v", m, err)
	}
}
