package pipelines

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/chimera-1/chimera/datasets/formats"
)

// stdinPath is the input path that means standard input as JSONL.
const stdinPath = "-"

// spoolStdin writes standard input down: it is read more than once. A stream
// cannot be interrupted: when ctx ends it is left to whoever writes it.
func (c Curate) spoolStdin(ctx context.Context) (pinned, error) {
	if c.Stdin == nil {
		return pinned{}, fmt.Errorf("input %q: no standard input", stdinPath)
	}
	type result struct {
		file pinned
		err  error
	}
	done := make(chan result, 1)
	go func() {
		f, err := c.spool(ctx)
		done <- result{f, err}
	}()
	select {
	case r := <-done:
		return r.file, r.err
	case <-ctx.Done():
		return pinned{}, context.Cause(ctx)
	}
}

// spool names the file by its content, the lake and the date, so that a second
// run of the same bytes goes on where the first was killed and no other run's
// file is in the way.
func (c Curate) spool(ctx context.Context) (pinned, error) {
	tmp, err := os.CreateTemp("", "chimera-stdin-*.part")
	if err != nil {
		return pinned{}, fmt.Errorf("write standard input down: %w", err)
	}
	h := xxh3.New()
	n, err := io.Copy(io.MultiWriter(tmp, h), c.Stdin)
	err = errors.Join(err, tmp.Close(), ctx.Err())
	sum := h.Sum128().Bytes()
	run := xxh3.HashString128(c.Lake + "\x00" + c.Date).Bytes()
	name := filepath.Join(os.TempDir(), "chimera-stdin-"+hex.EncodeToString(sum[:])+"-"+hex.EncodeToString(run[:4])+".jsonl")
	if err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return pinned{}, fmt.Errorf("write standard input down: %w", err)
	}
	// The time is the hash's, not the clock's: the same bytes are the same input.
	mod := time.Unix(0, int64(xxh3.Hash(sum[:])>>2)).UTC().Truncate(time.Microsecond)
	return pinned{Input: formats.Input{Path: stdinPath, Size: n, Modified: mod, Kind: formats.JSONL}, Spool: name}, nil
}

// removeSpool removes what spoolStdin wrote.
func removeSpool(files []pinned) {
	for _, f := range files {
		if f.Spool != "" {
			os.Remove(f.Spool) // the next run of the same bytes writes it again
		}
	}
}
