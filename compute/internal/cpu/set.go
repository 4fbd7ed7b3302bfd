//go:build cgo

package cpu

/*
#cgo CFLAGS: -std=c11
#cgo !asan CFLAGS: -O3
#cgo asan CFLAGS: -O1 -fsanitize=undefined
#cgo asan LDFLAGS: -fsanitize=undefined
#cgo LDFLAGS: -lm
#include "kernels.h"
*/
import "C"

import "github.com/chimera-1/chimera/compute/internal/kernel"

// set is the kernels of one level.
type set struct {
	level C.int
	name  string
}

// sets are the levels in order of preference.
var sets = []set{{C.CHI_AVX512, "avx512"}, {C.CHI_AVX2, "avx2"}, {C.CHI_C, "c"}}

// Name is the name of the level.
func (s set) Name() string { return s.name }

// Sets are the levels this CPU can run, the fastest first.
func Sets() []kernel.Set {
	var out []kernel.Set
	for _, s := range sets {
		if supports(s) {
			out = append(out, s)
		}
	}
	return out
}

func supports(s set) bool { return C.chi_supports(s.level) != 0 }
