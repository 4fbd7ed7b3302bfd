package safetensors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// CreateModel writes a model into a folder that has none yet: as one file, or as
// several of at most maxBytes of tensors each with an index. Tensors keep the
// order in which they are passed; one that is larger than maxBytes gets a file of
// its own. The index is written last, so that a model is complete or has none.
func CreateModel(dir string, maxBytes int64, tensors []Tensor, metadata map[string]string) error {
	if err := errExists(dir); err != nil {
		return err
	}
	if _, err := encodeHeader(canonical(tensors), metadata); err != nil { // all of them, before the first file
		return inFile(err, dir, "write model")
	}
	shards, total := split(tensors, maxBytes)
	if len(shards) == 1 {
		return Create(filepath.Join(dir, SingleFile), tensors, metadata)
	}
	files := make(map[string]string, len(tensors))
	for i, shard := range shards {
		name := fmt.Sprintf("model-%05d-of-%05d.safetensors", i+1, len(shards))
		if err := Create(filepath.Join(dir, name), shard, metadata); err != nil {
			return err
		}
		for _, t := range shard {
			files[t.Name] = name
		}
	}
	return createIndex(filepath.Join(dir, IndexFile), total, files)
}

// split fills one shard after another; there is always at least one.
func split(tensors []Tensor, maxBytes int64) (shards [][]Tensor, total int64) {
	var shard []Tensor
	var bytes int64
	for _, t := range tensors {
		n, _ := t.size() // checked by the caller
		if len(shard) > 0 && bytes+n > maxBytes {
			shards = append(shards, shard)
			shard, bytes = nil, 0
		}
		shard = append(shard, t)
		bytes += n
		total += n
	}
	return append(shards, shard), total
}

func createIndex(path string, total int64, files map[string]string) error {
	var content struct {
		Metadata struct {
			TotalSize int64 `json:"total_size"`
		} `json:"metadata"`
		WeightMap map[string]string `json:"weight_map"`
	}
	content.Metadata.TotalSize, content.WeightMap = total, files
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(content); err != nil {
		return fmt.Errorf("safetensors: %s: encode: %w", path, err)
	}
	err := replace(path, func(f *os.File) error {
		_, err := f.Write(text.Bytes())
		return err
	})
	if err != nil {
		return fmt.Errorf("safetensors: %s: create: %w", path, err)
	}
	return nil
}
