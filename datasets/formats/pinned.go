package formats

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"time"
)

// A pinned file is open and still what was listed, as far as can be seen.
type pinned struct {
	in   Input
	f    *os.File
	info fs.FileInfo
	err  error // first error of the disk, which decoders may hide
}

func openPinned(in Input) (*pinned, error) {
	f, err := os.Open(in.Path)
	if err != nil {
		return nil, fmt.Errorf("open input: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open input: %w", err)
	}
	p := &pinned{in: in, f: f, info: info}
	if err := p.same(info); err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

func (p *pinned) same(now fs.FileInfo) error {
	if now.Size() == p.in.Size && (p.in.Modified.IsZero() || now.ModTime().Equal(p.in.Modified)) {
		return nil
	}
	return fmt.Errorf("read %s: %w: listed with %d bytes of %s, now %d bytes of %s", p.in.Path, ErrChanged,
		p.in.Size, p.in.Modified.UTC().Format(time.RFC3339Nano), now.Size(), now.ModTime().UTC().Format(time.RFC3339Nano))
}

// unchanged looks again, at the open file and at what its path leads to now.
func (p *pinned) unchanged() error {
	now, err := p.f.Stat()
	if err != nil {
		return fmt.Errorf("read %s: %w", p.in.Path, err)
	}
	if err := p.same(now); err != nil {
		return err
	}
	now, err = os.Stat(p.in.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read %s: %w: it was removed", p.in.Path, ErrChanged)
	case err != nil:
		return fmt.Errorf("read %s: %w", p.in.Path, err)
	case !os.SameFile(now, p.info):
		return fmt.Errorf("read %s: %w: it was replaced", p.in.Path, ErrChanged)
	}
	return nil
}

// ReadAt keeps errors of the disk apart from damage that readers above find.
func (p *pinned) ReadAt(b []byte, off int64) (int, error) {
	n, err := p.f.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) && p.err == nil {
		p.err = fmt.Errorf("read %s: %w", p.in.Path, err)
	}
	return n, err
}

// section reads bytes [from, to) of the file.
func (p *pinned) section(from, to int64) io.Reader { return io.NewSectionReader(p, from, to-from) }

// A meter counts, and if it has a hash hashes, what is read through it.
type meter struct {
	r    io.Reader
	n    int64
	hash hash.Hash
}

func newMeter(r io.Reader, hashed bool) *meter {
	m := &meter{r: r}
	if hashed {
		m.hash = sha256.New()
	}
	return m
}

func (m *meter) Read(b []byte) (int, error) {
	n, err := m.r.Read(b)
	m.n += int64(n)
	if m.hash != nil {
		m.hash.Write(b[:n])
	}
	return n, err
}

// sum drains the reader and returns the hash of all of it.
func (m *meter) sum() string {
	if m.hash == nil {
		return ""
	}
	if _, err := io.Copy(io.Discard, m); err != nil {
		return ""
	}
	return hex.EncodeToString(m.hash.Sum(nil))
}
