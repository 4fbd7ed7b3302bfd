package parquetio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/chimera-1/chimera/datasets"
)

const benchSignatures = 300_000

// signatureFile holds 300,000 signatures of 448 bytes.
var signatureFile = sync.OnceValue(func() []byte {
	var buf bytes.Buffer
	w := NewWriter[datasets.Band](&buf, WriterOptions{})
	if err := w.Write(signatures(benchSignatures)); err != nil {
		panic(err)
	}
	if _, err := w.Close(); err != nil {
		panic(err)
	}
	return buf.Bytes()
})

// decisionFile holds as many decisions, whose columns are dictionaries.
var decisionFile = sync.OnceValue(func() []byte {
	var buf bytes.Buffer
	w := NewWriter[datasets.Decision](&buf, WriterOptions{})
	rows := make([]datasets.Decision, benchSignatures)
	for i := range rows {
		rows[i] = datasets.Decision{RowID: int64(i * 7), DecidedIn: 1, Decision: []string{"keep", "drop"}[i%2], Stage: []string{"a", "b", "c"}[i%3], Reason: "r"}
		if i%5 == 0 {
			of := int64(i)
			rows[i].DuplicateOf = &of
		}
	}
	if err := w.Write(rows); err != nil {
		panic(err)
	}
	if _, err := w.Close(); err != nil {
		panic(err)
	}
	return buf.Bytes()
})

// benchStream goes through streams and, as callers do, looks at every key.
func benchStream(b *testing.B, data []byte, open func(*File) *Batches) {
	cpuTime(b)
	for b.Loop() {
		f, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			b.Fatal(err)
		}
		s, sum := open(f), int64(0)
		for {
			rec, err := s.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			for _, k := range rec.Column(0).(*array.Int64).Int64Values() {
				sum += k
			}
			rec.Release()
		}
		s.Close()
	}
}

// cpuTime reports the milliseconds of CPU time that an operation takes.
func cpuTime(b *testing.B) {
	var before, after syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	b.Cleanup(func() {
		syscall.Getrusage(syscall.RUSAGE_SELF, &after)
		cpu := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
		b.ReportMetric(float64(cpu)/1e6/float64(b.N), "cpu-ms/op")
	})
}

// everyNth are the keys of every nth row.
func everyNth(n int) []int64 {
	var keys []int64
	for i := 0; i < benchSignatures; i += n {
		keys = append(keys, int64(i*7))
	}
	return keys
}

func BenchmarkLookup(b *testing.B) {
	ctx := context.Background()
	for _, c := range []struct {
		name string
		file func() []byte
		cols []string
	}{
		{"signatures", signatureFile, []string{"row_id", "signature"}},
		{"decisions", decisionFile, []string{"row_id", "decided_in", "decision", "stage", "reason", "duplicate_of"}},
	} {
		data := c.file()
		b.Run(c.name+"/all", func(b *testing.B) {
			benchStream(b, data, func(f *File) *Batches { return f.Batches(ctx, nil, c.cols...) })
		})
		b.Run(c.name+"/range", func(b *testing.B) {
			benchStream(b, data, func(f *File) *Batches { return f.Range(ctx, "row_id", 0, 1<<40, c.cols...) })
		})
		for _, n := range []int{2000, 100, 3, 1} {
			keys := everyNth(n)
			b.Run(fmt.Sprintf("%s/1of%d", c.name, n), func(b *testing.B) {
				benchStream(b, data, func(f *File) *Batches { return f.Lookup(ctx, "row_id", keys, c.cols...) })
			})
		}
	}
}
