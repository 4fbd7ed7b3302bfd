package formats

import (
	"path/filepath"
	"strings"
	"time"
)

// A Kind is how the rows of an input are laid out.
type Kind string

// Kinds of input. Compression is no kind: it is found by magic bytes.
const (
	JSONL   Kind = "jsonl"
	Parquet Kind = "parquet"
	CSV     Kind = "csv"
	TSV     Kind = "tsv"
	Text    Kind = "text" // the file is one document
)

var kinds = map[string]Kind{
	".jsonl": JSONL, ".json": JSONL, ".ndjson": JSONL,
	".parquet": Parquet,
	".csv":     CSV, ".tsv": TSV,
	".md": Text, ".txt": Text, ".rst": Text,
}

const knownKinds = ".jsonl .ndjson .json .parquet .csv .tsv .md .txt .rst, each but .parquet also with .gz or .zst"

// An Input is one file, pinned: it is read only as long as it stays what it was
// when it was listed.
type Input struct {
	Path     string    // as found, to open it by and to name it in messages
	Name     string    // relative to the folder or glob it was found by; forward slashes
	Size     int64     // bytes
	Modified time.Time // UTC
	Kind     Kind
}

// kindOf tells a file's kind by its extension, below that of a compression.
func kindOf(path string) (Kind, bool) {
	name := strings.ToLower(filepath.Base(path))
	for _, z := range []string{".gz", ".gzip", ".zst", ".zstd"} {
		if cut, ok := strings.CutSuffix(name, z); ok {
			name = cut
			break
		}
	}
	k, ok := kinds[filepath.Ext(name)]
	return k, ok
}

// stage is the operation named in rejects.
func (k Kind) stage() string { return "read." + string(k) }
