package cuda

import (
	"os"
	"path/filepath"
)

// libraryName is the plugin's file.
const libraryName = "libchimera_cuda.so"

// candidates are the files to try, in order; the last, without a folder, is
// looked for by the system. A file that CHIMERA_CUDA_LIB names is the only one.
func candidates() []string {
	if name := os.Getenv("CHIMERA_CUDA_LIB"); name != "" {
		return []string{name}
	}
	var names []string
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		dir := filepath.Dir(exe)
		names = append(names, filepath.Join(dir, libraryName), filepath.Join(dir, "..", "lib", "chimera", libraryName))
	}
	return append(names, libraryName)
}

// Load loads the first plugin that is found and fits. It returns a [LoadError]
// with everything that was tried.
func Load() (*Library, error) {
	e := &LoadError{}
	for _, name := range candidates() {
		lib, err := LoadFile(name)
		if err == nil {
			return lib, nil
		}
		if one, ok := err.(*LoadError); ok { //nolint:errorlint // LoadFile returns it bare
			e.Tried = append(e.Tried, one.Tried...)
		} else {
			e.Tried = append(e.Tried, err.Error())
		}
	}
	return nil, e
}
