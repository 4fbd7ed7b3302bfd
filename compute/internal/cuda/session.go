package cuda

import (
	"context"
	"sync"
	"time"
)

// Info describes a device.
type Info struct {
	Name         string
	Driver       string // version of CUDA the driver supports, as "12.8"
	Memory       int64  // bytes
	Bandwidth    int64  // bytes a second by the clock and width of the memory, 0 if unknown
	Processors   int    // multiprocessors
	ClockKHz     int
	Major, Minor int // compute capability
}

// Memory is what a session's buffers take, in bytes.
type Memory struct {
	Used, Cached int64 // of live buffers; kept for buffers to come
	Free, Total  int64 // of the device
	Buffers      int   // live
}

// A Session is an open device. Its methods may be called by several goroutines:
// they take turns, and only Wait lets others in meanwhile.
type Session struct {
	lib *Library
	h   handle

	mu     sync.RWMutex // held for reading by calls, for writing by Close
	closed bool
}

// Open opens a device for at most limit bytes of buffers, 0 for all there are.
func (l *Library) Open(ordinal int, limit int64) (*Session, error) {
	h, err := l.open(ordinal, limit)
	if err != nil {
		return nil, err
	}
	return &Session{lib: l, h: h}, nil
}

// enter begins a call; the caller unlocks mu if it is true.
func (s *Session) enter() bool {
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
	}
	return !s.closed
}

func (s *Session) fail(op string, status Status) error {
	return &Error{op, status, s.lib.lastError(s.h)}
}

func closed(op string) error { return &Error{op, statusHandle, "the session is closed"} }

// Close waits for what was submitted and gives everything back.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return closed("close")
	}
	s.closed = true
	if status := s.lib.close(s.h); status != statusOK {
		return &Error{"close", status, ""}
	}
	return nil
}

// Alloc makes a buffer of zero bytes.
func (s *Session) Alloc(n int64) (Handle, error) {
	if !s.enter() {
		return 0, closed("alloc")
	}
	defer s.mu.RUnlock()
	b, status := s.lib.alloc(s.h, n)
	if status != statusOK {
		return 0, s.fail("alloc", status)
	}
	return b, nil
}

// Free gives a buffer back; it does not wait.
func (s *Session) Free(b Handle) error {
	if !s.enter() {
		return closed("free")
	}
	defer s.mu.RUnlock()
	if status := s.lib.free(s.h, b); status != statusOK {
		return s.fail("free", status)
	}
	return nil
}

// Memory is what the session's buffers take.
func (s *Session) Memory() (Memory, error) {
	if !s.enter() {
		return Memory{}, closed("memory")
	}
	defer s.mu.RUnlock()
	m, status := s.lib.memory(s.h)
	if status != statusOK {
		return Memory{}, s.fail("memory", status)
	}
	return m, nil
}

// Trim gives memory kept for buffers to come back to the device.
func (s *Session) Trim() error {
	if !s.enter() {
		return closed("trim")
	}
	defer s.mu.RUnlock()
	if status := s.lib.trim(s.h); status != statusOK {
		return s.fail("trim", status)
	}
	return nil
}

// Upload copies p to byte at of the buffer, after what was submitted before.
func (s *Session) Upload(b Handle, at int64, p []byte) error {
	if !s.enter() {
		return closed("upload")
	}
	defer s.mu.RUnlock()
	if status := s.lib.upload(s.h, b, at, p); status != statusOK {
		return s.fail("upload", status)
	}
	return nil
}

// Download copies from byte at of the buffer to p, after what was submitted before.
func (s *Session) Download(b Handle, at int64, p []byte) error {
	if !s.enter() {
		return closed("download")
	}
	defer s.mu.RUnlock()
	if status := s.lib.download(s.h, b, at, p); status != statusOK {
		return s.fail("download", status)
	}
	return nil
}

// Submit queues commands, which run in order. All are checked first: a list that
// is refused has no effect.
func (s *Session) Submit(cmds []Cmd) (Ticket, error) {
	if !s.enter() {
		return 0, closed("submit")
	}
	defer s.mu.RUnlock()
	t, status := s.lib.submit(s.h, cmds)
	if status != statusOK {
		return 0, s.fail("submit", status)
	}
	return t, nil
}

// slice is the longest time that Wait stays in C: contexts are looked at between
// slices.
const slice = 50 * time.Millisecond

// Wait waits until everything submitted up to the ticket is done, or the context
// ends; the device then goes on, but the caller need not wait for it.
func (s *Session) Wait(ctx context.Context, t Ticket) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !s.enter() {
			return closed("wait")
		}
		status := s.lib.wait(s.h, t, slice.Microseconds())
		switch status {
		case statusOK:
			s.mu.RUnlock()
			return nil
		case statusTimeout:
			s.mu.RUnlock()
		default:
			err := s.fail("run", status)
			s.mu.RUnlock()
			return err
		}
	}
}

// Exec is Submit and Wait.
func (s *Session) Exec(ctx context.Context, cmds []Cmd) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t, err := s.Submit(cmds)
	if err != nil {
		return err
	}
	return s.Wait(ctx, t)
}
