package main

import (
	"bytes"
	"encoding/json"
	"os"
)

// losses is a file of lines, or none.
type losses struct{ f *os.File }

// openLosses keeps the lines of the steps before first, which an interrupted run
// wrote, and goes on after them.
func openLosses(path string, first int) (*losses, error) {
	if path == "" {
		return &losses{}, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, err
	}
	old, err := os.ReadFile(path)
	if err == nil {
		size := int64(0)
		for i, l := range bytes.SplitAfter(old, []byte("\n")) {
			if i < first {
				size += int64(len(l))
			}
		}
		if err = f.Truncate(size); err == nil {
			_, err = f.Seek(size, 0)
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &losses{f}, nil
}

func (l *losses) write(v line) error {
	if l.f == nil {
		return nil
	}
	return json.NewEncoder(l.f).Encode(v)
}

// Close ends the file.
func (l *losses) Close() error {
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}
