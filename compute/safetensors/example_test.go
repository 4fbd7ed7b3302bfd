package safetensors_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chimera-1/chimera/compute/safetensors"
)

// A model is written, and one of its tensors is read without copying.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")

	weights := []safetensors.Tensor{
		safetensors.Of("layer.weight", []int{2, 3}, []float32{1, 2, 3, 4, 5, 6}),
		safetensors.Of("layer.bias", []int{2}, []float32{0.5, -0.5}),
	}
	if err := safetensors.Create(path, weights, map[string]string{"format": "pt"}); err != nil {
		panic(err)
	}

	f, err := safetensors.Open(path)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	fmt.Println(f.Names(), f.Metadata())
	w, ok := f.Tensor("layer.weight")
	values, err := w.Float32s()
	fmt.Println(ok, w.DType, w.Shape, values, err)
	// Output:
	// [layer.bias layer.weight] map[format:pt]
	// true F32 [2 3] [1 2 3 4 5 6] <nil>
}

// Only the rows that are wanted are read from a file that is not mapped.
func ExampleView_Rows() {
	var file bytes.Buffer
	table := safetensors.Of("embedding", []int{4, 2}, []float32{0, 1, 10, 11, 20, 21, 30, 31})
	if err := safetensors.Write(&file, []safetensors.Tensor{table}, nil); err != nil {
		panic(err)
	}
	f, err := safetensors.New("buffer", bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		panic(err)
	}
	v, _ := f.Tensor("embedding")
	row, err := v.Rows(2, 3)
	if err != nil {
		panic(err)
	}
	fmt.Println(row.Float32s())
	// Output: [20 21] <nil>
}

// Bytes that break a rule are refused with the rule's name.
func ExampleFormatError() {
	header := `{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`
	file := append([]byte{byte(len(header)), 0, 0, 0, 0, 0, 0, 0}, header...)
	file = append(file, make([]byte, 8)...)
	_, err := safetensors.New("bad.safetensors", bytes.NewReader(file), int64(len(file)))
	fmt.Println(err)
	// Output: safetensors: bad.safetensors: tensor "w": size: F32 of shape [3] takes 12 bytes, the offsets give 8
}
