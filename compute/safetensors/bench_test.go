package safetensors

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"
)

// BenchmarkFloat32s converts a million elements of a mapped file.
func BenchmarkFloat32s(b *testing.B) {
	const n = 1 << 20
	for _, d := range []DType{F32, F16, BF16, F64, F8E4M3, F8E5M2} {
		b.Run(d.String(), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "x")
			data := make([]byte, n*d.Bits()/8)
			for i := range data {
				data[i] = byte(i*7%63 + i/3%2*0x80) // no infinities, as in weights
			}
			if err := Create(path, []Tensor{{Name: "x", DType: d, Shape: []int{n}, Data: data}}, nil); err != nil {
				b.Fatal(err)
			}
			f, err := Open(path)
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			v, _ := f.Tensor("x")
			dst := make([]float32, n)
			b.SetBytes(4 * n)
			for b.Loop() {
				if err := v.ReadFloat32s(dst); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHeader parses the header of a model of 10,000 tensors.
func BenchmarkHeader(b *testing.B) {
	var tensors []Tensor
	for i := range 10_000 {
		tensors = append(tensors, Of(fmt.Sprintf("model.layers.%d.self_attn.q_proj.weight", i), []int{1, 2}, []uint16{1, 2}))
	}
	var file bytes.Buffer
	if err := Write(&file, tensors, nil); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(file.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New("x", bytes.NewReader(file.Bytes()), int64(file.Len())); err != nil {
			b.Fatal(err)
		}
	}
}
