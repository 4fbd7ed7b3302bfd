package compute

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/chimera-1/chimera/compute/internal/cuda"
)

// cudaDevice is a device behind a plugin: its session and the scratch buffers of
// operations.
type cudaDevice struct {
	lib *cuda.Library
	s   *cuda.Session

	// Operations in several steps hold mu, so that those of another backend do
	// not come between and share the scratch.
	mu      sync.Mutex
	scratch [2]scratchBuffer
	host    *Device // for what only the host computes
}

// scratchBuffer grows to the largest that was asked for.
type scratchBuffer struct {
	h    cuda.Handle
	size int64
}

// openCUDA opens the CUDA device of the given ordinal through the plugin.
func openCUDA(d *Device, ordinal string) error {
	n, err := strconv.Atoi(ordinal)
	if err != nil || n < 0 {
		return fmt.Errorf("device %q: not cuda:N: %w", d.name, ErrNoDevice)
	}
	lib, err := cuda.Load()
	if err != nil {
		return fmt.Errorf("device %s: %w", d.name, cudaError(err))
	}
	s, err := lib.Open(n, d.opts.Memory)
	if err != nil {
		return fmt.Errorf("device %s: plugin %s: %w", d.name, lib.Path, cudaError(err))
	}
	d.remote = &cudaDevice{lib: lib, s: s}
	return nil
}

// cudaError makes the errors of package cuda those of this package.
func cudaError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, cuda.ErrNoDevice):
		return fmt.Errorf("%w: %w", ErrNoDevice, err)
	case errors.Is(err, cuda.ErrMemory):
		return fmt.Errorf("%w: %w", ErrOutOfMemory, err)
	}
	return err
}

func (c *cudaDevice) alloc(size int64) (uint64, error) {
	h, err := c.s.Alloc(size)
	return uint64(h), cudaError(err)
}

// free can only fail where the device failed before, which its user was told.
func (c *cudaDevice) free(h uint64) { _ = c.s.Free(cuda.Handle(h)) }

func (c *cudaDevice) transfer(h uint64, at int, b []byte, in bool) error {
	if in {
		return c.s.Upload(cuda.Handle(h), int64(at), b)
	}
	return c.s.Download(cuda.Handle(h), int64(at), b)
}

func (c *cudaDevice) backend(ctx context.Context, d *Device) Backend {
	return &cudaBackend{dev: d, c: c, ctx: ctx}
}

func (c *cudaDevice) close() error {
	if h := c.host; h != nil {
		h.pool.drop(h.workMem)
		h.pool.trim()
		h.team.stop()
	}
	return c.s.Close()
}

// grow makes scratch buffer i at least size bytes; the caller holds mu. The old
// one is freed at once: what uses it was submitted before whatever comes next in
// its place.
func (c *cudaDevice) grow(i int, size int64) (cuda.Handle, error) {
	b := &c.scratch[i]
	if b.size >= size {
		return b.h, nil
	}
	h, err := c.s.Alloc(size)
	if err != nil {
		return 0, err
	}
	if b.h != 0 {
		_ = c.s.Free(b.h) // as in free
	}
	*b = scratchBuffer{h, size}
	return h, nil
}

// cpu is a device of one thread on the host, made when first needed; the caller
// holds mu. It is not among the devices that [Open] shares.
func (c *cudaDevice) cpu() (*Device, error) {
	if c.host == nil {
		d, err := open("cpu", Options{Threads: 1})
		if err != nil {
			return nil, err
		}
		c.host = d
	}
	return c.host, nil
}

// cudaBackend is the Backend of CUDA devices: it checks shapes and queues
// commands. Mistakes and the end of the context are found at once, failures of
// the device by Wait or a later operation.
type cudaBackend struct {
	dev *Device
	c   *cudaDevice
	ctx context.Context
	err error

	// Commands of the operation at hand.
	cmds [16]cuda.Cmd
	n    int
}

func (b *cudaBackend) Device() *Device { return b.dev }
func (b *cudaBackend) Err() error      { return b.err }

func (b *cudaBackend) Wait() error {
	if b.err == nil {
		b.note(b.c.s.Wait(b.ctx, 0))
	}
	return b.err
}

// note keeps the first failure.
func (b *cudaBackend) note(err error) {
	if b.err == nil && err != nil {
		b.err = cudaError(err)
	}
}

// begin is false after a failure and at the end of the context.
func (b *cudaBackend) begin() bool {
	if b.err == nil {
		b.err = b.ctx.Err()
	}
	b.n = 0
	return b.err == nil
}

// cmd adds a command with its first dimensions.
func (b *cudaBackend) cmd(op cuda.Op, flags uint32, dims ...int) *cuda.Cmd {
	if b.n == len(b.cmds) {
		b.flush()
	}
	c := &b.cmds[b.n]
	b.n++
	*c = cuda.Cmd{Op: op, Flags: flags}
	for i, d := range dims {
		c.Dims[i] = int64(d)
	}
	return c
}

// flush queues the commands.
func (b *cudaBackend) flush() {
	if b.n > 0 && b.err == nil {
		_, err := b.c.s.Submit(b.cmds[:b.n])
		b.note(err)
	}
	b.n = 0
}

// use sets the operands of a command in their order; nil ones are left out.
func use(c *cuda.Cmd, ts ...*Tensor) {
	for i, t := range ts {
		if t != nil {
			c.H[i], c.Offset[i] = cuda.Handle(t.buf.handle), uint64(t.off)
		}
	}
}

// one is an operation of one command.
func (b *cudaBackend) one(c *cuda.Cmd, ts ...*Tensor) {
	use(c, ts...)
	b.flush()
}

// scratch is a buffer for the steps of one operation, under mu.
func (b *cudaBackend) scratch(i, bytes int) cuda.Handle {
	h, err := b.c.grow(i, int64(max(bytes, 1)))
	b.note(err)
	return h
}
