//go:build cgo

package cuda

import (
	"testing"
	"unsafe"
)

// TestLayout: Cmd is struct chi_cmd, field by field.
func TestLayout(t *testing.T) {
	var c Cmd
	size, flags, h, off, d, s := layout()
	got := []uintptr{unsafe.Sizeof(c), unsafe.Offsetof(c.Flags), unsafe.Offsetof(c.H), unsafe.Offsetof(c.Offset), unsafe.Offsetof(c.Dims), unsafe.Offsetof(c.Scalar)}
	want := []uintptr{size, flags, h, off, d, s}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("field %d: %d in Go, %d in C", i, got[i], want[i])
		}
	}
}

// TestCheckTable: each fault of a table's head has its own message.
func TestCheckTable(t *testing.T) {
	for _, tt := range []struct {
		abi, size uint32
		want      string
	}{
		{1 << 16, 160, ""},
		{1<<16 | 7, 999, ""},
		{2 << 16, 160, `speaks version 2.0 of the interface, this program 1.0 (plugin build "x")`},
		{0, 160, `speaks version 0.0 of the interface, this program 1.0 (plugin build "x")`},
		{1 << 16, 159, `has a table of 159 bytes, this program needs 160 (plugin build "x")`},
	} {
		if got := checkTable(tt.abi, tt.size, 160, "x"); got != tt.want {
			t.Errorf("checkTable(%#x, %d) = %q, want %q", tt.abi, tt.size, got, tt.want)
		}
	}
}
