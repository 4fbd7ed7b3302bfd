package english

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// dataDir finds the shared reference data beside the module, or skips the test.
func dataDir(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no go.mod above the package: cannot find the reference data")
		}
		dir = up
	}
	data := filepath.Join(dir, "..", "shared", "data")
	if _, err := os.Stat(filepath.Join(data, "golden", "token_digests.jsonl.gz")); err != nil {
		t.Skip("the reference data (../shared/data/golden beside the module) is absent")
	}
	return data
}

// readLines calls f for every line of a JSONL file, gzipped or not.
func readLines(t testing.TB, name string, f func(line []byte)) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var r io.Reader = file
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	b := bufio.NewReader(r)
	for {
		line, err := b.ReadBytes('\n')
		if len(line) > 0 {
			f(line)
		}
		if err != nil {
			return
		}
	}
}

// texts reads the documents of a file of the reference data.
func texts(t testing.TB, name string) (all []string) {
	t.Helper()
	readLines(t, name, func(line []byte) {
		var d struct{ Text string }
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatal(err)
		}
		all = append(all, d.Text)
	})
	return all
}

func digest(text string, spans []Span) string {
	h := sha256.New()
	var n [4]byte
	for _, s := range spans {
		binary.LittleEndian.PutUint32(n[:], uint32(s.End-s.Start))
		h.Write(n[:])
		io.WriteString(h, text[s.Start:s.End])
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

func sha(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])[:16]
}

// TestGoldenDigests compares words, sentences and normalised text of every
// reference document by count and digest.
func TestGoldenDigests(t *testing.T) {
	if testing.Short() {
		t.Skip("27 million characters take a while")
	}
	data := dataDir(t)
	docs := map[string][]string{}
	tok := New()
	var words, sents []Span
	var simple []byte
	rows := 0
	readLines(t, filepath.Join(data, "golden", "token_digests.jsonl.gz"), func(line []byte) {
		var row struct {
			File, ID           string
			Line               int
			Words, Sentences   int
			SimplifiedChars    int    `json:"simplified_chars"`
			SimplifiedWords    int    `json:"simplified_words"`
			WordsSHA           string `json:"words_sha"`
			SentencesSHA       string `json:"sentences_sha"`
			SimplifiedSHA      string `json:"simplified_sha"`
			SimplifiedWordsSHA string `json:"simplified_words_sha"`
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		if docs[row.File] == nil {
			docs[row.File] = texts(t, filepath.Join(data, filepath.FromSlash(row.File)))
		}
		text := docs[row.File][row.Line]
		rows++
		words, sents = tok.WordsAndSentences(words[:0], sents[:0], text)
		if len(words) != row.Words || digest(text, words) != row.WordsSHA {
			t.Errorf("%s: words differ: %d, want %d", row.ID, len(words), row.Words)
		}
		if len(sents) != row.Sentences || digest(text, sents) != row.SentencesSHA {
			t.Errorf("%s: sentences differ: %d, want %d", row.ID, len(sents), row.Sentences)
		}
		if w, s := tok.Count(text); w != row.Words || s != row.Sentences {
			t.Errorf("%s: Count = %d, %d, want %d, %d", row.ID, w, s, row.Words, row.Sentences)
		}
		simple = Simplify(simple[:0], text)
		if utf8.RuneCount(simple) != row.SimplifiedChars || sha(simple) != row.SimplifiedSHA {
			t.Errorf("%s: normalised text differs", row.ID)
			return
		}
		words = tok.Words(words[:0], string(simple))
		if len(words) != row.SimplifiedWords || digest(string(simple), words) != row.SimplifiedWordsSHA {
			t.Errorf("%s: words of the normalised text differ", row.ID)
		}
	})
	t.Logf("%d documents", rows)
}
