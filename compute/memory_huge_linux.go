package compute

import "golang.org/x/sys/unix"

// hugeTensor is the size from which memory asks for pages of 2 MiB: weights and
// caches are read from end to end, and with pages of 4 KiB the way to their
// addresses costs a tenth of that.
const hugeTensor = 4 << 20

// adviseHuge asks; a system that has none to give says so, which changes nothing.
func adviseHuge(mem []byte) {
	if len(mem) >= hugeTensor {
		_ = unix.Madvise(mem, unix.MADV_HUGEPAGE)
	}
}
