package main

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// readText is the text of a file, or of all files of a folder in the order of
// their names.
func readText(path string) (string, error) {
	var text strings.Builder
	err := filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if err := readFile(&text, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	if err == nil && text.Len() == 0 {
		err = fmt.Errorf("no .txt, .md or .jsonl with text in %s", path)
	}
	return text.String(), err
}

// readFile adds the text of a file; of other kinds than those it knows, nothing.
func readFile(text *strings.Builder, name string) error {
	kind, packed := strings.CutSuffix(name, ".gz")
	kind, zstandard := strings.CutSuffix(kind, ".zst")
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	r := io.Reader(f)
	switch {
	case packed:
		if r, err = gzip.NewReader(f); err != nil {
			return err
		}
	case zstandard:
		z, err := zstd.NewReader(f)
		if err != nil {
			return err
		}
		defer z.Close()
		r = z
	}
	switch filepath.Ext(kind) {
	case ".jsonl":
		return readLines(text, r)
	case ".txt", ".md":
		_, err := io.Copy(text, r)
		text.WriteString("\n\n")
		return err
	}
	return nil
}

// readLines adds the field "text" of each line.
func readLines(text *strings.Builder, r io.Reader) error {
	lines := json.NewDecoder(bufio.NewReader(r))
	for {
		var document struct{ Text string }
		switch err := lines.Decode(&document); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		text.WriteString(document.Text)
		text.WriteString("\n\n")
	}
}

// A vocabulary is the characters that tokens stand for, in ascending order.
type vocabulary []rune

// newVocabulary is the n most frequent characters of a text.
func newVocabulary(text string, n int) vocabulary {
	counts := map[rune]int{}
	for _, c := range text {
		counts[c]++
	}
	v := make(vocabulary, 0, len(counts))
	for c := range counts {
		v = append(v, c)
	}
	slices.SortFunc(v, func(a, b rune) int { return cmp.Or(counts[b]-counts[a], int(a-b)) })
	v = v[:min(n, len(v))]
	slices.Sort(v)
	return v
}

// encode gives the tokens of a text; characters that have none are left out.
func (v vocabulary) encode(text string) []byte {
	tokens := make([]byte, 0, len(text))
	for _, c := range text {
		if i, ok := slices.BinarySearch(v, c); ok {
			tokens = append(tokens, byte(i))
		}
	}
	return tokens
}

func (v vocabulary) decode(tokens []int32) string {
	var text strings.Builder
	for _, t := range tokens {
		text.WriteRune(v[t])
	}
	return text.String()
}
