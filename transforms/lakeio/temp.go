package lakeio

import (
	"os"
	"path/filepath"
	"time"
)

// loopbackAge is how old a file of loopbackFiles is when nobody needs it any
// more: a pipeline reads it within its first second.
const loopbackAge = time.Minute

// loopbackFiles are the empty files that Beam leaves in the folder of temporary
// files, one a pipeline, in place of a worker binary.
const loopbackFiles = "beamloopbackworker-*"

// sweepTemp removes what earlier pipelines left there. Those of a pipeline that
// another process has just started are too young.
func sweepTemp(dir string, now time.Time) {
	files, _ := filepath.Glob(filepath.Join(dir, loopbackFiles)) // the pattern is well formed
	for _, f := range files {
		if info, err := os.Lstat(f); err == nil && info.Mode().IsRegular() && info.Size() == 0 && now.Sub(info.ModTime()) > loopbackAge {
			os.Remove(f) // another process may have been faster
		}
	}
}
