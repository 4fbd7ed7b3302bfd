// Package sample makes raw input out of what is installed with Go: real prose
// (the documentation comments of the standard library and its tools, licences,
// Markdown and text files), with the duplicates that real collections have.
package sample

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"github.com/zeebo/xxh3"
)

// Options choose what is written. The zero value writes everything there is.
type Options struct {
	Docs int    // at most so many documents; 0: all
	Seed uint64 // chooses which
}

// A Summary is what was written.
type Summary struct {
	Docs  int
	Bytes int64 // of text
	Files []string
}

// A document is one row of the sample.
type document struct {
	ID      string `json:"id"`      // file within the Go distribution
	Text    string `json:"text"`    // its documentation comments, or the file
	Source  string `json:"source"`  // package or folder
	License string `json:"license"` // SPDX
}

const license = "BSD-3-Clause" // of the Go distribution

// Text writes JSON Lines files with fields id, text, source and license to a
// folder, which is made if needed. The same Go version, options and seed give the
// same bytes.
func Text(ctx context.Context, dir string, opt Options) (Summary, error) {
	root, err := goroot(ctx)
	if err != nil {
		return Summary{}, err
	}
	return textFrom(ctx, root, dir, opt)
}

func textFrom(ctx context.Context, root, dir string, opt Options) (Summary, error) {
	files, err := candidates(ctx, root)
	if err != nil {
		return Summary{}, fmt.Errorf("make sample: %w", err)
	}
	shuffle(files, opt.Seed)
	docs, err := extract(ctx, root, files, opt.Docs)
	if err != nil {
		return Summary{}, fmt.Errorf("make sample: %w", err)
	}
	slices.SortFunc(docs, func(a, b document) int { return cmp.Compare(a.ID, b.ID) })
	s := Summary{Docs: len(docs)}
	for i := range docs {
		s.Bytes += int64(len(docs[i].Text))
	}
	s.Files, err = write(dir, docs)
	if err != nil {
		return Summary{}, fmt.Errorf("make sample: %w", err)
	}
	return s, nil
}

// shuffle orders files by a hash of name and seed, so that a larger sample
// contains a smaller one.
func shuffle(files []string, seed uint64) {
	key := func(name string) uint64 {
		return xxh3.Hash(binary.LittleEndian.AppendUint64([]byte(name), seed))
	}
	slices.SortFunc(files, func(a, b string) int {
		return cmp.Or(cmp.Compare(key(a), key(b)), cmp.Compare(a, b))
	})
}

// extract reads files until there are enough documents.
func extract(ctx context.Context, root string, files []string, limit int) ([]document, error) {
	var docs []document
	for _, name := range files {
		if limit > 0 && len(docs) == limit {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		text := string(data)
		if filepath.Ext(name) == ".go" {
			text = comments(name, data)
		}
		if text != "" && utf8.ValidString(text) {
			docs = append(docs, document{ID: name, Text: text, Source: sourceOf(name), License: license})
		}
	}
	return docs, nil
}
