package sample

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// parts are the files of a sample: one of each kind of compression.
var parts = []struct {
	name     string
	compress func(io.Writer) (io.WriteCloser, error)
}{
	{"part-000.jsonl", func(w io.Writer) (io.WriteCloser, error) { return uncompressed{w}, nil }},
	{"part-001.jsonl", func(w io.Writer) (io.WriteCloser, error) { return uncompressed{w}, nil }},
	{"part-002.jsonl.gz", func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }},
	{"part-003.jsonl.zst", func(w io.Writer) (io.WriteCloser, error) {
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}},
}

type uncompressed struct{ io.Writer }

func (uncompressed) Close() error { return nil }

// write spreads the documents over the parts and returns their paths.
func write(dir string, docs []document) ([]string, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	var files []string
	for i, part := range parts {
		path := filepath.Join(dir, part.name)
		share := docs[i*len(docs)/len(parts) : (i+1)*len(docs)/len(parts)]
		if err := writePart(path, part.compress, share); err != nil {
			return nil, err
		}
		files = append(files, path)
	}
	return files, nil
}

// writePart replaces a file at once, so that a sample is never half new.
func writePart(path string, compress func(io.Writer) (io.WriteCloser, error), docs []document) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(encode(f, compress, docs), f.Chmod(0o640), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func encode(w io.Writer, compress func(io.Writer) (io.WriteCloser, error), docs []document) error {
	zw, err := compress(w)
	if err != nil {
		return err
	}
	buf := bufio.NewWriter(zw)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	for i := range docs {
		if err := enc.Encode(&docs[i]); err != nil {
			return err
		}
	}
	return errors.Join(buf.Flush(), zw.Close())
}
