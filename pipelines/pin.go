package pipelines

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"sort"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/formats"
	"github.com/chimera-1/chimera/datasets/lake"
)

// pinned is an input file as it was when the run began: what is read is this
// version of it or nothing.
type pinned struct {
	formats.Input
	Source string
	Fields formats.FieldMap
	Spool  string `json:",omitempty"` // where standard input was written down
}

// pin lists the files of every input, sorted by path. A file that two inputs
// name must have one source and one field map.
func (c Curate) pin(ctx context.Context) ([]pinned, error) {
	if c.Redecide {
		return nil, nil // it reads the lake
	}
	byPath := map[string]pinned{}
	for _, in := range c.Inputs {
		files, err := c.pinInput(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			old, twice := byPath[f.Path]
			if twice && (old.Source != f.Source || old.Fields != f.Fields) {
				return nil, fmt.Errorf("%s: named by two inputs with different source or fields: %q and %q", f.Path, old.Source, f.Source)
			}
			byPath[f.Path] = f
		}
	}
	out := make([]pinned, 0, len(byPath))
	for _, f := range byPath {
		out = append(out, f)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out, nil
}

func (c Curate) pinInput(ctx context.Context, in Input) ([]pinned, error) {
	if in.Glob == stdinPath {
		f, err := c.spoolStdin(ctx)
		if err != nil {
			return nil, err
		}
		f.Source, f.Fields = in.Source, in.Fields
		return []pinned{f}, nil
	}
	files, err := formats.List(ctx, []string{in.Glob}, c.AllowEmpty)
	if err != nil {
		return nil, err
	}
	var out []pinned
	for _, f := range files {
		if !c.ours(f.Path) {
			out = append(out, pinned{Input: f, Source: in.Source, Fields: in.Fields})
		}
	}
	if left := len(files) - len(out); left > 0 {
		slog.Warn("files of the lake or its report are no input", "input", in.Glob, "files", left)
		if len(out) == 0 && !c.AllowEmpty {
			return nil, fmt.Errorf("list input %q: matches only files of the lake or its report", in.Glob)
		}
	}
	return out, nil
}

// ours reports whether a file is one that runs write: an input folder may hold
// the lake.
func (c Curate) ours(path string) bool {
	return within(c.Lake, path) || c.ReportDir != "" && c.ReportDir != "-" && within(c.ReportDir, path)
}

// within reports whether path lies in the folder dir. A lake that is no folder
// holds no path.
func within(dir, path string) bool {
	dir, err := filepath.Abs(strings.TrimPrefix(dir, "file://"))
	if err != nil {
		return false
	}
	if path, err = filepath.Abs(path); err != nil {
		return false
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// onlyNew leaves out files that a published run has read in this very version.
func onlyNew(ctx context.Context, l *lake.Lake, files []pinned) ([]pinned, error) {
	type version struct {
		path string
		size int64
		mod  int64
	}
	seen := map[version]bool{}
	err := lake.ReadTable(ctx, l, datasets.TableInputs, 0, func(rows []datasets.Input) error {
		for _, r := range rows {
			seen[version{r.Path, r.Bytes, r.Modified.UnixMicro()}] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []pinned
	for _, f := range files {
		if !seen[version{f.Path, f.Size, f.Modified.UnixMicro()}] {
			out = append(out, f)
		}
	}
	return out, nil
}

// identity is what makes two runs the same run: job, date, sources, options
// that change rows, and the pinned inputs. How the work is cut and how many
// workers do it is not part of it.
func (c Curate) identity(files []pinned, nonce int) string {
	type file struct {
		Path     string
		Size     int64
		Modified int64
		Source   string
		Fields   formats.FieldMap
	}
	id := struct {
		Job, Date, Signals           string
		Files                        []file
		Profile                      any
		Normalize                    []string
		Dedup                        Dedup
		MaxRejects                   MaxRejects
		MaxRowBytes                  int64
		DropDamaged, Publish, NoText bool
		Weight                       float32
		Again                        int
	}{Job: c.job(), Date: c.Date, Signals: c.Signals, Profile: c.Profile, Normalize: c.Normalize, Dedup: c.Dedup, MaxRejects: c.MaxRejects,
		MaxRowBytes: c.MaxRowBytes, DropDamaged: c.DropDamaged, Publish: c.PublishAnyway, NoText: c.SkipTextWrites, Weight: c.Weight, Again: nonce}
	for _, f := range files {
		id.Files = append(id.Files, file{f.Path, f.Size, f.Modified.UnixMicro(), f.Source, f.Fields})
	}
	b, err := json.Marshal(id)
	if err != nil {
		panic("pipelines: options do not encode: " + err.Error())
	}
	h := xxh3.Hash128(b).Bytes()
	return hex.EncodeToString(h[:])
}

// Names of the jobs, as generations carry them.
const (
	jobCurate   = "curate"
	jobRedecide = "redecide"
)

func (c Curate) job() string {
	if c.Redecide {
		return jobRedecide
	}
	return jobCurate
}
