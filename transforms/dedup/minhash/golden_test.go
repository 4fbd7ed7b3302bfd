package minhash

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// digest is the form in which the reference keeps signatures: 16 hex digits of
// the SHA-256 of the packed values.
func digest(sig []byte) string {
	sum := sha256.Sum256(sig)
	return hex.EncodeToString(sum[:8])
}

// useWords replaces the words of a text: what comes after tokenizing.
func (h *Hasher) useWords(words []string) {
	h.reset()
	for _, w := range words {
		h.joined = append(h.joined, w...)
		h.endWord()
	}
}

// readLines calls f with each line of a JSONL file, which may be gzipped.
func readLines(t testing.TB, path string, f func(line []byte)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var in io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	lines := bufio.NewReaderSize(in, 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			f(line)
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func decode(t testing.TB, line []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(line, v); err != nil {
		t.Fatal(err)
	}
}

// TestFixture holds datatrove's words and signatures of handmade texts: the
// signatures of its words, and those of our words of the text.
func TestFixture(t *testing.T) {
	readLines(t, "testdata/datatrove.jsonl", func(line []byte) {
		var row struct {
			ID, Text string
			Words    []string
			Digests  map[string]string
		}
		decode(t, line, &row)
		for _, name := range Names()[1:] {
			h := mustLookup(t, name).New()
			h.useWords(row.Words)
			checkDigest(t, row.ID+" words", name, row.Digests[name], h.tokenSignature)
			checkDigest(t, row.ID+" text", name, row.Digests[name], func(dst []byte) ([]byte, bool) {
				return h.Signature(dst, row.Text)
			})
		}
	})
}

func checkDigest(t *testing.T, what, scheme, want string, signature func(dst []byte) ([]byte, bool)) {
	t.Helper()
	sig, ok := signature(nil)
	got := ""
	if ok {
		got = digest(sig)
	}
	if got != want {
		t.Errorf("%s: %s digest %q, want %q", what, scheme, got, want)
	}
}

// sharedData returns the folder of reference data beside the module, or skips.
func sharedData(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Skip("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	data := filepath.Join(dir, "..", "shared", "data")
	if _, err := os.Stat(filepath.Join(data, "golden")); err != nil {
		t.Skip("no reference data in ../shared/data beside the module")
	}
	return data
}

// docKey names a document of the reference: file and 0-based line.
type docKey struct {
	File string
	Line int
}

// referenceTexts reads the documents that the golden files speak of.
func referenceTexts(t testing.TB, data string) map[docKey]string {
	t.Helper()
	texts := make(map[docKey]string)
	for _, name := range []string{
		"docs/docs_dev.jsonl.gz", "web_labelled/agreement_data.jsonl", "web/cc_en_head-0091.jsonl",
		"udhr/udhr_dev.jsonl.gz", "golden/edge_dev.jsonl.gz",
	} {
		n := 0
		readLines(t, filepath.Join(data, name), func(line []byte) {
			var row struct{ Text string }
			decode(t, line, &row)
			texts[docKey{name, n}] = row.Text
			n++
		})
	}
	return texts
}

// goldenNames are datatrove's names of the schemes in the golden files.
var goldenNames = map[string]string{
	"datatrove-xxh64-64": "xxhash64", "datatrove-sha1-64": "sha1_64",
	"datatrove-xxh32-32": "xxhash32", "datatrove-sha1-32": "sha1_32",
}

// TestGoldenSignatures compares the signatures of 2,620 documents with
// datatrove's. All must agree, in words and in values; those that differ are
// named.
func TestGoldenSignatures(t *testing.T) {
	data := sharedData(t)
	texts := referenceTexts(t, data)
	hashers := make(map[string]*Hasher)
	for _, scheme := range Names()[1:] {
		hashers[scheme] = mustLookup(t, scheme).New()
	}
	same := make(map[string]int)
	var tokenized *Hasher // holds the words of document last
	var last docKey
	eachDigest(t, data, func(key docKey, scheme, want string) {
		h := hashers[scheme]
		if tokenized == nil || key != last {
			tokenized, last = h, key
			h.tokenize(texts[key])
		}
		h.joined, h.starts = tokenized.joined, tokenized.starts // once for all schemes
		got := ""
		if sig, ok := h.tokenSignature(nil); ok {
			got = digest(sig)
		}
		if got == want {
			same[scheme]++
		} else if h == tokenized {
			t.Logf("%v: signature differs", key)
		}
	})
	for _, scheme := range Names()[1:] {
		n := same[scheme]
		t.Logf("%s: %d of %d documents agree", scheme, n, len(texts))
		if n != len(texts) {
			t.Errorf("%s: %d documents differ", scheme, len(texts)-n)
		}
	}
}

// TestGoldenShingles compares the hashes of single shingles.
func TestGoldenShingles(t *testing.T) {
	data := sharedData(t)
	schemes := []string{"datatrove-xxh64-64", "datatrove-sha1-64", "datatrove-xxh32-32", "datatrove-sha1-32"}
	readLines(t, filepath.Join(data, "golden", "signatures.jsonl.gz"), func(line []byte) {
		var row struct {
			First [][]json.RawMessage `json:"first_shingles"`
		}
		decode(t, line, &row)
		for _, s := range row.First {
			var shingle string
			decode(t, s[0], &shingle)
			for i, name := range schemes {
				var want uint64
				decode(t, s[i+1], &want)
				if got := mustLookup(t, name).hash([]byte(shingle)); got != want {
					t.Errorf("%s hash of %q = %d, want %d", name, shingle, got, want)
				}
			}
		}
	})
}

// TestGoldenWords takes datatrove's own words, which the reference has of the
// first 5,000 characters, and compares the signatures of the documents that are
// no longer than that: nothing but hashing and permuting is tested, and all must
// agree.
func TestGoldenWords(t *testing.T) {
	data := sharedData(t)
	texts := referenceTexts(t, data)
	words := make(map[docKey][]string)
	readLines(t, filepath.Join(data, "golden", "tokens.jsonl.gz"), func(line []byte) {
		var row struct {
			docKey
			Chars int
			Words []string `json:"simplified_words"`
		}
		decode(t, line, &row)
		if row.Chars == utf8.RuneCountInString(texts[row.docKey]) {
			words[row.docKey] = row.Words
		}
	})
	compared := 0
	eachDigest(t, data, func(key docKey, scheme, want string) {
		if words[key] == nil {
			return
		}
		h := mustLookup(t, scheme).New()
		h.useWords(words[key])
		checkDigest(t, fmt.Sprint(key), scheme, want, h.tokenSignature)
		compared++
	})
	if compared < 1000 {
		t.Errorf("%d signatures compared, want more than 1000", compared)
	}
	t.Logf("%d signatures compared", compared)
}

// eachDigest calls f with the digests of minhash.jsonl.gz, "" for documents
// without a signature.
func eachDigest(t *testing.T, data string, f func(key docKey, scheme, want string)) {
	t.Helper()
	readLines(t, filepath.Join(data, "golden", "minhash.jsonl.gz"), func(line []byte) {
		var key docKey
		var row map[string]json.RawMessage
		decode(t, line, &key)
		decode(t, line, &row)
		for _, scheme := range Names()[1:] {
			var want struct {
				Digest string `json:"sig_sha"`
			}
			if value := row[goldenNames[scheme]]; value != nil { // absent for empty texts
				decode(t, value, &want)
			}
			f(key, scheme, want.Digest)
		}
	})
}
