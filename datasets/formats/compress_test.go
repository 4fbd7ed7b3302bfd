package formats

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// prose is n rows of text that does not compress to nothing, and what reading it
// gives.
func prose(n int) (data []byte, want []string) {
	rng := rand.New(rand.NewPCG(11, 12))
	for i := range n {
		var sb strings.Builder
		for range 40 + rng.IntN(100) {
			fmt.Fprintf(&sb, "%x ", rng.IntN(1<<12))
		}
		data = fmt.Appendf(data, "{\"id\":%d,\"text\":%q}\n", i, sb.String())
		want = append(want, fmt.Sprintf("%d %d %q", i+1, i, sb.String()))
	}
	return data, want
}

func gzipOf(t testing.TB, parts ...[]byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	for _, part := range parts {
		zw := gzip.NewWriter(&buf)
		if _, err := zw.Write(part); err != nil {
			t.Fatal(err)
		}
		if err := zw.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return buf.Bytes()
}

func zstdOf(t testing.TB, parts ...[]byte) []byte {
	t.Helper()
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, part := range parts {
		all = enc.EncodeAll(part, all)
	}
	return all
}

func TestCompressedWhole(t *testing.T) {
	data, want := prose(500)
	half := len(data) / 2 // within a row
	skippable := append([]byte{0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0}, "abc"...)
	for name, packed := range map[string][]byte{
		"one.jsonl.gz":          gzipOf(t, data),
		"members.jsonl.gz":      gzipOf(t, data[:half], nil, data[half:]),
		"padded.jsonl.gz":       append(gzipOf(t, data), make([]byte, 512)...),
		"one.jsonl.zst":         zstdOf(t, data),
		"frames.jsonl.zst":      zstdOf(t, data[:half], nil, data[half:]),
		"skippable.jsonl.zst":   append(bytes.Clone(skippable), zstdOf(t, data)...),
		"plain-inside.jsonl.gz": data, // compression is what the bytes say
		"zstd-inside.jsonl":     zstdOf(t, data),
	} {
		in := input(t, name, packed)
		g := readUnit(t, wholeUnit(t, in), Options{})
		if diff := cmp.Diff(want, g.rows); diff != "" {
			t.Errorf("%s (-want +got):\n%.500s", name, diff)
		}
		sum := sha256.Sum256(packed)
		end := End{Rows: 500, Lines: 500, Bytes: int64(len(packed)), SHA256: hex.EncodeToString(sum[:])}
		if diff := cmp.Diff(end, g.end); diff != "" {
			t.Errorf("%s: End (-want +got):\n%s", name, diff)
		}
	}
}

// Of a file that is cut, the rows that can be decoded are kept, for every
// length; one reject names the first that is lost.
func TestTruncated(t *testing.T) {
	data, want := prose(300)
	for name, packed := range map[string][]byte{
		"x.jsonl.gz":  gzipOf(t, data[:len(data)/3], data[len(data)/3:]),
		"x.jsonl.zst": zstdOf(t, data[:len(data)/3], data[len(data)/3:]),
	} {
		kept := 0
		for cut := 5; cut < len(packed); cut += len(packed)/40 + 1 {
			g := readUnit(t, wholeUnit(t, input(t, name, packed[:cut])), Options{})
			n := len(g.rows) - 1
			if n < kept {
				t.Errorf("%s cut at %d: %d rows, a shorter one had %d", name, cut, n, kept)
			}
			kept = n
			reason := "truncated gzip"
			if strings.HasSuffix(name, ".zst") {
				reason = "truncated zstd"
			}
			last := fmt.Sprintf("%d reject %s", n+1, reason)
			if diff := cmp.Diff(append(want[:n:n], last), g.rows); diff != "" {
				t.Errorf("%s cut at %d (-want +got):\n%.500s", name, cut, diff)
			}
			if !g.end.Damaged || g.end.Rows != int64(n+1) || g.end.SHA256 == "" {
				t.Errorf("%s cut at %d: End is %+v", name, cut, g.end)
			}
		}
		if kept < 90 {
			t.Errorf("%s: only %d rows were ever kept", name, kept)
		}
	}
}

// Whatever bit is flipped, no row is returned that was not in the file, and the
// first member or frame, which is whole, is returned.
func TestFlippedBits(t *testing.T) {
	data, want := prose(300)
	third := bytes.LastIndexByte(data[:len(data)/3], '\n') + 1
	first := bytes.Count(data[:third], []byte("\n"))
	for name, parts := range map[string]func(testing.TB, ...[]byte) []byte{"x.jsonl.gz": gzipOf, "x.jsonl.zst": zstdOf} {
		packed, whole := parts(t, data[:third], data[third:]), len(parts(t, data[:third]))
		rng := rand.New(rand.NewPCG(1, 2))
		reasons := make(map[string]int)
		for range 150 {
			hurt := bytes.Clone(packed)
			at := whole + 20 + rng.IntN(len(packed)-whole-30)
			hurt[at] ^= 1 << rng.IntN(8)
			g := readUnit(t, wholeUnit(t, input(t, name, hurt)), Options{})
			n := len(g.rows) - 1
			if diff := cmp.Diff(want[:n], g.rows[:n]); diff != "" || n < first {
				t.Errorf("%s, flip at %d: %d rows, want at least %d\n%.500s", name, at, n, first, diff)
			}
			number, reason, _ := strings.Cut(g.rows[n], " reject ")
			if number != fmt.Sprint(n+1) {
				t.Errorf("%s, flip at %d: first lost row is %s, want %d", name, at, number, n+1)
			}
			reasons[reason]++
		}
		kind := "corrupt " + map[string]string{"x.jsonl.gz": "gzip", "x.jsonl.zst": "zstd"}[name]
		if reasons[kind] < 100 {
			t.Errorf("%s: reasons %v", name, reasons)
		}
	}
}

func TestRejectDamagedFile(t *testing.T) {
	data, _ := prose(300)
	packed := gzipOf(t, data)
	opt := Options{RejectDamagedFile: true}
	g := readUnit(t, wholeUnit(t, input(t, "x.jsonl.gz", packed[:len(packed)/2])), opt)
	if diff := cmp.Diff([]string{"1 reject truncated gzip"}, g.rows); diff != "" {
		t.Error(diff)
	}
	if g := readUnit(t, wholeUnit(t, input(t, "x.jsonl.gz", packed)), opt); len(g.rows) != 300 || g.end.Damaged {
		t.Errorf("%d rows of a whole file", len(g.rows))
	}
}

func TestTrailingGarbage(t *testing.T) {
	data, want := prose(20)
	check(t, "x.jsonl.gz", string(append(gzipOf(t, data), "garbage longer than a header"...)), Options{}, append(want, "21 reject corrupt gzip")...)
	check(t, "x.jsonl.zst", string(append(zstdOf(t, data), "garbage longer than a header"...)), Options{}, append(want, "21 reject corrupt zstd")...)
	check(t, "x.jsonl.gz", "\x1F\x8B", Options{}, "1 reject truncated gzip")
	check(t, "x.jsonl.gz", "\x1F\x8Bjunk that is no header", Options{}, "1 reject corrupt gzip")
	check(t, "x.txt.gz", string(gzipOf(t, []byte("text"))[:15]), Options{}, "1 reject truncated gzip")
}

// A window above the limit asks for more memory than any honest file.
func TestZstdWindow(t *testing.T) {
	// Magic; no single segment, no checksum; window of 2 GiB; one empty last block.
	check(t, "x.jsonl.zst", "\x28\xB5\x2F\xFD\x00\xA8\x01\x00\x00", Options{}, "1 reject zstd window over 128 MiB")
}

// A file that expands over 1 GiB and over 1000 times its size is refused whole.
func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("expands several GiB")
	}
	line := []byte("{\"text\":\"" + strings.Repeat("a", 1<<20) + "\"}\n")
	var gz, zs bytes.Buffer
	zw, err := zstd.NewWriter(&zs)
	if err != nil {
		t.Fatal(err)
	}
	gw := gzip.NewWriter(&gz)
	for range 1100 {
		if _, err := zw.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := gw.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(zw.Close(), gw.Close()); err != nil {
		t.Fatal(err)
	}
	in := input(t, "bomb.jsonl.zst", zs.Bytes())
	g := readUnit(t, wholeUnit(t, in), Options{})
	if len(g.rows) != 1 || !strings.HasPrefix(g.rows[0], "1 reject expands too much 107") ||
		!strings.HasSuffix(g.rows[0], fmt.Sprintf("/%d", 1000*in.Size)) {
		t.Errorf("bomb gives %d rows, %.200s", len(g.rows), g.rows)
	}
	if g := readUnit(t, wholeUnit(t, input(t, "small.jsonl.gz", gz.Bytes())), Options{}); len(g.rows) != 2 {
		t.Errorf("2 MiB from %d bytes give %d rows, want 2", gz.Len(), len(g.rows))
	}

	r, err := OpenStream("-", bytes.NewReader(zs.Bytes()), JSONL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for {
		row, bad, err := r.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if rows++; bad != nil && (bad.Reason != "expands too much" || row != nil) {
			t.Errorf("reject %+v", *bad)
		}
	}
	if rows < 1000 || rows > 1030 {
		t.Errorf("%d rows of the bomb as a stream, want those of 1 GiB", rows)
	}
}
