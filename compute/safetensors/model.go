package safetensors

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Model is the tensors of one or several files as one.
type Model struct {
	files []*File
	home  map[string]*File // tensor to its file
	total int64
}

// OpenModel opens a model: a file of tensors, an index of several such files, or
// a folder with one of the two under the usual name. The files of an index lie
// in its own folder; names that lead elsewhere are refused, and so is an index
// that names a tensor which its file has not. Tensors that no index names are
// not part of the model.
func OpenModel(path string) (*Model, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	if info.IsDir() {
		if path, err = modelIn(path); err != nil {
			return nil, err
		}
	}
	if filepath.Ext(path) == ".json" {
		return openIndexed(path)
	}
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	m := &Model{files: []*File{f}, home: map[string]*File{}, total: -1}
	for _, name := range f.Names() {
		m.home[name] = f
	}
	return m, nil
}

// modelIn finds the model of a folder, of which there may be only one.
func modelIn(dir string) (string, error) {
	single, index := filepath.Join(dir, SingleFile), filepath.Join(dir, IndexFile)
	_, noSingle := os.Stat(single)
	_, noIndex := os.Stat(index)
	switch {
	case noSingle == nil && noIndex == nil:
		return "", inFile(broken(RuleIndex, "", "the folder has both %s and %s", SingleFile, IndexFile), dir, "")
	case noIndex == nil:
		return index, nil
	case noSingle == nil:
		return single, nil
	}
	return "", fmt.Errorf("safetensors: %s: %w", dir, errors.Join(noSingle, noIndex))
}

func openIndexed(path string) (*Model, error) {
	x, err := readIndex(path)
	if err != nil {
		return nil, err
	}
	m := &Model{home: map[string]*File{}, total: x.total}
	if err := m.openShards(path, x); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func (m *Model) openShards(path string, x *index) error {
	opened := map[string]*File{}
	for _, tensor := range slices.Sorted(maps.Keys(x.files)) {
		name := x.files[tensor]
		f, ok := opened[name]
		if !ok {
			var err error
			if f, err = Open(filepath.Join(filepath.Dir(path), name)); err != nil {
				return err
			}
			opened[name] = f
			m.files = append(m.files, f)
		}
		if _, ok := f.Tensor(tensor); !ok {
			return inFile(broken(RuleMissing, tensor, "not in %s", name), path, "")
		}
		m.home[tensor] = f
	}
	return nil
}

// Names lists the tensors in the order of their names.
func (m *Model) Names() []string { return slices.Sorted(maps.Keys(m.home)) }

// Tensor returns a view of the tensor of that name, and whether there is one.
func (m *Model) Tensor(name string) (View, bool) {
	f, ok := m.home[name]
	if !ok {
		return View{}, false
	}
	return f.Tensor(name)
}

// Files are the open files, each with its own metadata.
func (m *Model) Files() []*File { return slices.Clone(m.files) }

// StatedSize is what the index says of the bytes of all tensors; -1 when there is
// none or it does not say. Indexes are often wrong about it, so it is not held
// against the files: see Size.
func (m *Model) StatedSize() int64 { return m.total }

// Size is the number of bytes of all tensors.
func (m *Model) Size() int64 {
	var n int64
	for name, f := range m.home {
		e := f.header.entries[f.header.index[name]]
		n += e.end - e.begin
	}
	return n
}

// Close closes all files.
func (m *Model) Close() error {
	var errs []error
	for _, f := range m.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// errExists keeps a model from being mixed with an older one.
func errExists(dir string) error {
	for _, name := range []string{SingleFile, IndexFile} {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("safetensors: %s: %w", path, fs.ErrExist)
		}
	}
	return nil
}
