package formats

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	gojson "github.com/goccy/go-json"
	"github.com/klauspost/compress/zstd"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/parquetio"
)

// benchRows is prose of a Zipf vocabulary with line ends, quotes and a little
// non-ASCII, about 2 KB a row.
func benchRows(n int) []map[string]string {
	rng := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(rng, 1.2, 4, 20000)
	rows := make([]map[string]string, n)
	for i := range rows {
		var sb strings.Builder
		for size := 500 + rng.IntN(3000); sb.Len() < size; {
			k := zipf.Uint64()
			for range 2 + k%7 {
				sb.WriteByte(byte('a' + (k*2654435761>>7)%26))
				k = k*6364136223846793005 + 1442695040888963407
			}
			switch rng.IntN(60) {
			case 0:
				sb.WriteString(".\n")
			case 1:
				sb.WriteString(" \"né\" ")
			default:
				sb.WriteByte(' ')
			}
		}
		rows[i] = map[string]string{"id": fmt.Sprintf("doc-%08d", i), "text": sb.String(), "source": "bench"}
	}
	return rows
}

const benchDocs = 20000

func benchJSONL() []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	for _, row := range benchRows(benchDocs) {
		if err := enc.Encode(row); err != nil {
			panic(err)
		}
	}
	return buf.Bytes()
}

func benchFile(b *testing.B, name string, write func(w io.Writer) error) Unit {
	b.Helper()
	path := filepath.Join(b.TempDir(), name)
	f, err := os.Create(path)
	if err == nil {
		err = errors.Join(write(f), f.Close())
	}
	if err != nil {
		b.Fatal(err)
	}
	in, err := List(context.Background(), []string{path}, false)
	if err != nil {
		b.Fatal(err)
	}
	units, err := Plan(context.Background(), in, 1<<40)
	if err != nil {
		b.Fatal(err)
	}
	return units[0]
}

func benchRead(b *testing.B, u Unit, raw int64) {
	cpuRate(b, raw)
	for b.Loop() {
		r, err := u.Open(context.Background(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		rows := 0
		for {
			_, bad, err := r.Next(context.Background())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || bad != nil {
				b.Fatal(bad, err)
			}
			rows++
		}
		if _, err := r.Close(); err != nil || rows != benchDocs {
			b.Fatal(rows, err)
		}
	}
}

func BenchmarkReadJSONL(b *testing.B) {
	raw := benchJSONL()
	u := benchFile(b, "x.jsonl", func(w io.Writer) error { _, err := w.Write(raw); return err })
	benchRead(b, u, int64(len(raw)))
}

func BenchmarkReadJSONLZstd(b *testing.B) {
	raw := benchJSONL()
	u := benchFile(b, "x.jsonl.zst", func(w io.Writer) error {
		zw, err := zstd.NewWriter(w)
		if err != nil {
			return err
		}
		_, err = zw.Write(raw)
		return errors.Join(err, zw.Close())
	})
	benchRead(b, u, int64(len(raw)))
}

func BenchmarkReadJSONLGzip(b *testing.B) {
	raw := benchJSONL()
	u := benchFile(b, "x.jsonl.gz", func(w io.Writer) error {
		zw := gzip.NewWriter(w)
		_, err := zw.Write(raw)
		return errors.Join(err, zw.Close())
	})
	benchRead(b, u, int64(len(raw)))
}

func BenchmarkReadParquet(b *testing.B) {
	var raw int64
	u := benchFile(b, "x.parquet", func(w io.Writer) error {
		pw := parquetio.NewWriter[datasets.Training](w, parquetio.WriterOptions{})
		for i, row := range benchRows(benchDocs) {
			raw += int64(len(row["text"]))
			if err := pw.Write([]datasets.Training{{RowID: int64(i), DocID: row["id"], Text: row["text"]}}); err != nil {
				return err
			}
		}
		_, err := pw.Close()
		return err
	})
	u.Input.Kind = Parquet
	benchRead(b, u, raw)
}

// cpuRate reports MB per second of CPU time of this process: what counts on a
// machine that is shared.
func cpuRate(b *testing.B, raw int64) {
	var before, after syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	b.Cleanup(func() {
		syscall.Getrusage(syscall.RUSAGE_SELF, &after)
		cpu := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
		b.ReportMetric(float64(raw)*float64(b.N)/1e6/(float64(cpu)/1e9), "MB/s/core")
	})
}

// The bounds of the above.

func BenchmarkBoundZstdDecode(b *testing.B) {
	raw := benchJSONL()
	enc, _ := zstd.NewWriter(nil)
	packed := enc.EncodeAll(raw, nil)
	dec, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	buf := make([]byte, 256<<10)
	cpuRate(b, int64(len(raw)))
	for b.Loop() {
		if err := dec.Reset(bytes.NewReader(packed)); err != nil {
			b.Fatal(err)
		}
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{dec}, buf); err != nil {
			b.Fatal(err)
		}
	}
}

type benchDoc struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

func benchUnmarshal(b *testing.B, unmarshal func([]byte, any) error) {
	raw := benchJSONL()
	cpuRate(b, int64(len(raw)))
	for b.Loop() {
		for rest := raw; len(rest) > 0; {
			i := bytes.IndexByte(rest, '\n')
			var d benchDoc
			if err := unmarshal(rest[:i], &d); err != nil {
				b.Fatal(err)
			}
			rest = rest[i+1:]
		}
	}
}

func BenchmarkBoundGoccy(b *testing.B) {
	benchUnmarshal(b, func(data []byte, v any) error { return gojson.Unmarshal(data, v) })
}
func BenchmarkBoundEncodingJSON(b *testing.B) { benchUnmarshal(b, json.Unmarshal) }

// BenchmarkParseLines is the scanner alone, on lines in memory.
func BenchmarkParseLines(b *testing.B) {
	raw := benchJSONL()
	cpuRate(b, int64(len(raw)))
	for b.Loop() {
		p := newJSONL(bytes.NewReader(raw), Options{}.withDefaults())
		var row Row
		for {
			_, bad, err := p.next(&row)
			if err != nil {
				break
			}
			if bad != nil {
				b.Fatal(bad)
			}
		}
	}
}
