package parquetio

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/zstdblock"
)

// benchRows are texts of 1 to 3 KB of a Zipf vocabulary.
func benchRows(n int) ([]datasets.Training, int64) {
	rng := rand.New(rand.NewPCG(3, 4))
	zipf := rand.NewZipf(rng, 1.2, 4, 30000)
	words := make([]string, 30001)
	for i := range words {
		b := make([]byte, 2+rng.IntN(9))
		for j := range b {
			b[j] = byte('a' + rng.IntN(26))
		}
		words[i] = string(b)
	}
	rows, size := make([]datasets.Training, n), int64(0)
	for i := range rows {
		var sb strings.Builder
		for target := 1000 + rng.IntN(2000); sb.Len() < target; {
			sb.WriteString(words[zipf.Uint64()])
			sb.WriteByte(' ')
		}
		rows[i] = datasets.Training{RowID: int64(i), DocID: fmt.Sprintf("doc-%08d", i), Text: sb.String(), Source: "bench", Weight: 1, Generation: 1}
		size += int64(sb.Len())
	}
	return rows, size
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

func BenchmarkReadText(b *testing.B) {
	rows, size := benchRows(30000)
	data, _ := writeFile(b, rows, WriterOptions{})
	cpuRate(b, size)
	for b.Loop() {
		f, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			b.Fatal(err)
		}
		if err := drain(f.Batches(context.Background(), nil, "row_id", "text")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteTraining(b *testing.B) {
	rows, size := benchRows(30000)
	cpuRate(b, size)
	for b.Loop() {
		writeFile(b, rows, WriterOptions{})
	}
}

// BenchmarkWriteDocuments has the figures of every filter beside the text.
func BenchmarkWriteDocuments(b *testing.B) {
	texts, size := benchRows(10000)
	rows := documents(len(texts))
	for i := range rows {
		rows[i].Text = &texts[i].Text
	}
	cpuRate(b, size)
	for b.Loop() {
		writeFile(b, rows, WriterOptions{})
	}
}

func BenchmarkPack(b *testing.B) {
	rows, _ := benchRows(30000)
	data, _ := writeFile(b, rows, WriterOptions{})
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		b.Fatal(err)
	}
	cpuRate(b, 4*int64(len(data)))
	for b.Loop() {
		if _, err := Pack[datasets.Training](io.Discard, []*File{f, f, f, f}, WriterOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// The bounds: zstd on 1 MiB blocks of the same text.

func benchBlocks() [][]byte {
	rows, _ := benchRows(30000)
	var all []byte
	for i := range rows {
		all = append(all, rows[i].Text...)
	}
	var blocks [][]byte
	for len(all) > 0 {
		n := min(len(all), pageBytes)
		blocks, all = append(blocks, all[:n]), all[n:]
	}
	return blocks
}

func BenchmarkBoundZstdEncode(b *testing.B) {
	blocks := benchBlocks()
	var size int64
	for _, block := range blocks {
		size += int64(len(block))
	}
	cpuRate(b, size)
	var out []byte
	for b.Loop() {
		for _, block := range blocks {
			out, _ = zstdblock.Encode(out, block)
		}
	}
}

func BenchmarkBoundZstdDecode(b *testing.B) {
	var size int64
	var packed [][]byte
	for _, block := range benchBlocks() {
		size += int64(len(block))
		p, _ := zstdblock.Encode(nil, block)
		packed = append(packed, p)
	}
	out := make([]byte, pageBytes)
	cpuRate(b, size)
	for b.Loop() {
		for _, p := range packed {
			if _, err := zstdblock.Decode(out, p); err != nil {
				b.Fatal(err)
			}
		}
	}
}
