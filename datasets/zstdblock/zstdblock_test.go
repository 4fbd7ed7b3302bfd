package zstdblock

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// peer is another implementation: in builds with cgo it shares nothing with ours.
func peer(t testing.TB) (*zstd.Encoder, *zstd.Decoder) {
	t.Helper()
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<26))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return e, d
}

func samples() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 300_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	return map[string][]byte{
		"empty": {},
		"one":   {7},
		"prose": []byte(strings.Repeat("It was the best of times, it was the worst of times. ", 40_000)),
		"zeros": make([]byte, 1<<20),
		"noise": noise,
	}
}

func TestPeersReadEachOther(t *testing.T) {
	e, d := peer(t)
	for name, raw := range samples() {
		packed, err := Encode(nil, raw)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := d.DecodeAll(packed, nil); err != nil || !bytes.Equal(got, raw) {
			t.Errorf("%s: the peer reads %d bytes of ours, %v; want %d", name, len(got), err, len(raw))
		}
		dst := make([]byte, len(raw))
		if n, err := Decode(dst, e.EncodeAll(raw, nil)); err != nil || !bytes.Equal(dst[:n], raw) {
			t.Errorf("%s: we read %d bytes of the peer's, %v; want %d", name, n, err, len(raw))
		}
	}
}

func TestEncodeReusesDst(t *testing.T) {
	dst := make([]byte, 5, 4096)
	got, err := Encode(dst, []byte("some text"))
	if err != nil || &got[0] != &dst[0] {
		t.Errorf("another buffer, %v", err)
	}
}

// TestDecodeRoom: what does not fit is an error, and nothing behind dst changes.
func TestDecodeRoom(t *testing.T) {
	raw := samples()["prose"]
	packed, _ := Encode(nil, raw)
	for _, room := range []int{0, 1, len(raw) - 1} {
		buf := bytes.Repeat([]byte{0xAA}, len(raw)+64)
		if _, err := Decode(buf[:room:room], packed); err == nil {
			t.Errorf("%d bytes fit into %d", len(raw), room)
		}
		if !bytes.Equal(buf[room:], bytes.Repeat([]byte{0xAA}, len(buf)-room)) {
			t.Errorf("room %d: bytes behind it were written", room)
		}
	}
	if n, err := Decode(make([]byte, len(raw)+100), packed); n != len(raw) || err != nil {
		t.Errorf("with room to spare: %d bytes, %v", n, err)
	}
}

// TestDecodeSeveral has frames behind each other and one that is to be skipped.
func TestDecodeSeveral(t *testing.T) {
	a, _ := Encode(nil, []byte("first, "))
	b, _ := Encode(nil, []byte("second"))
	skip := []byte{0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 'x', 'y', 'z'}
	dst := make([]byte, 64)
	n, err := Decode(dst, bytes.Join([][]byte{a, skip, b}, nil))
	if string(dst[:n]) != "first, second" || err != nil {
		t.Errorf("%q, %v", dst[:n], err)
	}
}

// TestDecodeDamage cuts and flips; the checksum of the peer's frames finds every
// flipped bit of the text.
func TestDecodeDamage(t *testing.T) {
	raw := samples()["prose"][:20_000]
	e, _ := peer(t)
	packed := e.EncodeAll(raw, nil)
	dst := make([]byte, len(raw))
	for n := range packed {
		if k, err := Decode(dst, packed[:n]); err == nil && n > 0 {
			t.Fatalf("the first %d of %d bytes unpack to %d", n, len(packed), k)
		}
	}
	for bit := range 8 * len(packed) {
		bad := bytes.Clone(packed)
		bad[bit/8] ^= 1 << (bit % 8)
		if k, err := Decode(dst, bad); err == nil && !bytes.Equal(dst[:k], raw) {
			t.Fatalf("with bit %d flipped other text is read", bit)
		}
	}
}

// TestDecodeTakesNoMemory gives a frame that says it holds 2^40 bytes, and one of
// 20 KB that does hold 640 MB.
func TestDecodeTakesNoMemory(t *testing.T) {
	liar, _ := hex.DecodeString("28b52ffde0" + "0000000000010000" + "010000")
	bomb := []byte{0x28, 0xB5, 0x2F, 0xFD, 0, 0x58}
	for range 5000 {
		bomb = append(bomb, 0x02, 0, 0x10, 'a') // 128 KiB of one letter
	}
	bomb = append(bomb, 1, 0, 0)
	for name, src := range map[string][]byte{"liar": liar, "bomb": bomb} {
		var before, after runtime.MemStats
		dst := make([]byte, 1000)
		runtime.ReadMemStats(&before)
		if _, err := Decode(dst, src); err == nil {
			t.Errorf("%s: no error", name)
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
			t.Errorf("%s: %d bytes taken", name, grown)
		}
	}
}

// TestDecodeLegacy: formats before version 0.8 are refused, at the start and
// behind a frame of today.
func TestDecodeLegacy(t *testing.T) {
	good, _ := Encode(nil, []byte("good"))
	for version := byte(0x1E); version <= 0x27; version++ {
		old := []byte{version, 0xB5, 0x2F, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0}
		for _, src := range [][]byte{old, append(bytes.Clone(good), old...)} {
			if _, err := Decode(make([]byte, 100), src); err == nil {
				t.Errorf("magic %x: no error", version)
			}
		}
	}
}

// FuzzDecode: whatever comes, nothing behind dst is written, and what both read
// they read alike.
func FuzzDecode(f *testing.F) {
	for _, raw := range samples() {
		packed, _ := Encode(nil, raw[:min(len(raw), 2000)])
		f.Add(packed)
		e, _ := peer(f)
		f.Add(e.EncodeAll(raw[:min(len(raw), 2000)], nil))
	}
	_, d := peer(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		buf := bytes.Repeat([]byte{0xAA}, 5000)
		n, err := Decode(buf[:4096:4096], src)
		for _, b := range buf[4096:] {
			if b != 0xAA {
				t.Fatal("written behind dst")
			}
		}
		want, werr := d.DecodeAll(src, nil)
		if err == nil && werr == nil && !bytes.Equal(buf[:n], want) {
			t.Fatalf("%d bytes, the peer has %d", n, len(want))
		}
	})
}
