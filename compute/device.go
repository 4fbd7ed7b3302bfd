package compute

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/chimera-1/chimera/compute/internal/cpu"
	"github.com/chimera-1/chimera/compute/internal/kernel"
	"github.com/chimera-1/chimera/compute/internal/pure"
)

// Mode says what may differ between machines.
type Mode uint8

const (
	// Exact: the same bits on every device, for any number of threads and any
	// split of a batch.
	Exact Mode = iota
	// Fast: results differ within the tolerances that operations state. On CPUs
	// it matters for bfloat16 products and for builds without cgo and assembly.
	Fast
)

func (m Mode) String() string { return [...]string{"exact", "fast"}[m] }

// Options are what a device is opened with. The zero value is right for most.
type Options struct {
	// Threads is the most threads a CPU device runs, the caller's included: 0
	// means GOMAXPROCS. Other devices ignore it.
	Threads int
	// Mode is [Exact] unless said otherwise.
	Mode Mode
	// Memory is the most bytes of tensors at a time, 0 for no limit of ours.
	Memory int64
}

// A Device is where tensors lie and operations run. It is safe for concurrent
// use: operations of several [Backend] values take turns.
type Device struct {
	name   string
	opts   Options
	simd   string
	set    kernel.Set // of a CPU
	team   *team      // of a CPU
	pool   pool       // of a CPU
	remote remote     // of all others
	limit  int64

	// The workspace of operations; who has the team's turn uses it.
	work    []float32
	workMem []byte

	mu         sync.Mutex
	handles    int // under devices.mu
	used, peak int64
	workSize   int64 // bytes of workMem
	tensors    int
	closed     bool
}

// remote is a device whose memory is not the host's.
type remote interface {
	alloc(size int64) (uint64, error)
	free(handle uint64)
	transfer(handle uint64, at int, b []byte, in bool) error
	backend(ctx context.Context, d *Device) Backend
	close() error
}

// devices are those open in this process.
var devices = struct {
	mu   sync.Mutex
	open map[string]*Device
}{open: map[string]*Device{}}

// Open opens a device:
//
//	auto     the device named in the environment's CHIMERA_DEVICE (cpu, cuda or
//	         auto), else cuda:0 where there is one, else cpu
//	cpu      the fastest kernels this build and this CPU have
//	cpu/X    the kernels named X, for tests: avx512, avx2, c, go-avx512,
//	         go-fma, purego
//	cuda:N   the N-th CUDA device, through the plugin; never falls back
//
// A device is open once in a process: opening it again gives the same handle,
// counted, and each must be closed. The options must then be equal or zero.
// Errors wrap [ErrNoDevice].
func Open(name string, opts Options) (*Device, error) {
	if name == "auto" {
		return openAuto(opts)
	}
	if name == "cuda" {
		name = "cuda:0"
	}
	devices.mu.Lock()
	defer devices.mu.Unlock()
	if d := devices.open[name]; d != nil {
		if opts != (Options{}) && opts != d.opts {
			return nil, fmt.Errorf("device %s is open with other options: %+v, not %+v", name, d.opts, opts)
		}
		d.handles++
		return d, nil
	}
	d, err := open(name, opts)
	if err != nil {
		return nil, err
	}
	d.handles = 1
	devices.open[name] = d
	return d, nil
}

func openAuto(opts Options) (*Device, error) {
	switch want := os.Getenv("CHIMERA_DEVICE"); want {
	case "cpu", "cuda":
		return Open(want, opts)
	case "", "auto":
	default:
		return nil, fmt.Errorf("CHIMERA_DEVICE=%q: not cpu, cuda or auto: %w", want, ErrNoDevice)
	}
	if d, err := Open("cuda:0", opts); err == nil {
		return d, nil
	}
	return Open("cpu", opts)
}

func open(name string, opts Options) (*Device, error) {
	d := &Device{name: name, opts: opts, limit: opts.Memory}
	kind, rest, _ := strings.Cut(name, ":")
	if kind == "cuda" {
		return d, openCUDA(d, rest)
	}
	cpuName, level, _ := strings.Cut(name, "/")
	if cpuName != "cpu" || strings.Contains(name, ":") {
		return nil, fmt.Errorf("device %q: not auto, cpu, cpu/LEVEL or cuda:N: %w", name, ErrNoDevice)
	}
	sets := cpuSets(opts.Mode)
	for _, s := range sets {
		if level == "" || s.Name() == level {
			d.set, d.simd = s, s.Name()
			threads := opts.Threads
			if threads <= 0 {
				threads = runtime.GOMAXPROCS(0)
			}
			d.team = newTeam(threads)
			return d, nil
		}
	}
	return nil, fmt.Errorf("device %q: have %v: %w", name, CPULevels(), ErrNoDevice)
}

// cpuSets are the implementations that run here, the fastest first.
func cpuSets(mode Mode) []kernel.Set {
	var sets []kernel.Set
	portable := kernel.Set(nil)
	for _, s := range cpu.Sets() {
		if s.Name() == "c" {
			portable = s
			continue
		}
		sets = append(sets, s)
	}
	sets = append(sets, pure.Assembly()...)
	if portable != nil {
		sets = append(sets, portable)
	}
	if mode == Fast {
		return append(sets, pure.Fast(), pure.Exact())
	}
	return append(sets, pure.Exact())
}

// CPULevels are the names X of devices cpu/X that [Open] takes here, the fastest
// first.
func CPULevels() []string {
	var names []string
	for _, s := range cpuSets(Exact) {
		names = append(names, s.Name())
	}
	return names
}

// Name is the name the device was opened by.
func (d *Device) Name() string { return d.name }

// SIMD is the name of the kernels of a CPU device, see [CPULevels].
func (d *Device) SIMD() string { return d.simd }

// Mode is the mode the device was opened with.
func (d *Device) Mode() Mode { return d.opts.Mode }

// Threads is the number of threads of a CPU device, else 1.
func (d *Device) Threads() int {
	if d.team == nil {
		return 1
	}
	return d.team.size
}

// Usage is what the tensors of a device take.
type Usage struct {
	Tensors   int   // open tensors
	Used      int64 // bytes of open tensors
	Peak      int64 // greatest value of Used so far
	Cached    int64 // bytes kept for tensors to come
	Workspace int64 // bytes of a CPU device that operations work in, and no tensor has
	Available int64 // bytes left of Options.Memory, -1 without limit
}

// Usage is what the device's tensors take now.
func (d *Device) Usage() Usage {
	d.mu.Lock()
	u := Usage{Tensors: d.tensors, Used: d.used, Peak: d.peak, Workspace: d.workSize, Available: -1}
	if d.limit > 0 {
		u.Available = d.limit - d.used
	}
	d.mu.Unlock()
	d.pool.mu.Lock()
	u.Cached = d.pool.kept
	d.pool.mu.Unlock()
	return u
}

// Trim gives memory that is kept for tensors to come back to the system.
func (d *Device) Trim() { d.pool.trim() }

// Backend is a queue of operations on the device. Operations stop when the
// context ends; see [Backend].
func (d *Device) Backend(ctx context.Context) Backend {
	if d.remote != nil {
		return d.remote.backend(ctx, d)
	}
	return newCPUBackend(ctx, d)
}

// Close gives the handle back; the last one closes the device, whose tensors
// must be closed before: it panics if some are not.
func (d *Device) Close() error {
	devices.mu.Lock()
	defer devices.mu.Unlock()
	if d.handles--; d.handles > 0 {
		return nil
	}
	delete(devices.open, d.name)
	d.mu.Lock()
	open := d.tensors
	d.closed = true
	d.mu.Unlock()
	if open > 0 {
		fail("Device.Close", "%d tensors of %s are open", open, d.name)
	}
	d.pool.trim()
	d.pool.drop(d.workMem)
	if d.remote != nil {
		return d.remote.close()
	}
	d.team.stop()
	return nil
}
