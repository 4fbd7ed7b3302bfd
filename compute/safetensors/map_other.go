//go:build !unix

package safetensors

import "os"

// mapBuffer does nothing: files are read by ranges here.
func (f *File) mapBuffer(*os.File, int64) error { return nil }

func unmap([]byte) error { return nil }
