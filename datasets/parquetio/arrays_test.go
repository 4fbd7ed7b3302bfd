package parquetio

import (
	"bytes"
	"testing"
)

func TestArrayAllocator(t *testing.T) {
	var a arrayAllocator
	for _, c := range []struct{ size, room int }{{0, 64}, {1, 64}, {64, 64}, {65, 128}, {4096, 4096}, {4097, 8192}, {1<<24 + 1, 1<<24 + 1}} {
		b := a.Allocate(c.size)
		if len(b) != c.size || cap(b) != c.room {
			t.Errorf("%d bytes of %d, want %d of %d", len(b), cap(b), c.size, c.room)
		}
		a.Free(b)
	}
	b := a.Allocate(60)
	copy(b, bytes.Repeat([]byte("x"), 60))
	b = a.Reallocate(100, b)
	if len(b) != 100 || !bytes.Equal(b[:60], bytes.Repeat([]byte("x"), 60)) {
		t.Errorf("after growing: %d bytes, %q", len(b), b[:60])
	}
	if c := a.Reallocate(10, b); len(c) != 10 || &c[0] != &b[0] {
		t.Error("shrinking moves")
	}
	a.Free(nil)
	a.Free(make([]byte, 100)) // of somebody else
	if b := a.Allocate(100); cap(b) != 128 {
		t.Errorf("a buffer of %d bytes was kept", cap(b))
	}
}
