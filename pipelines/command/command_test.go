package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chimera-1/chimera/pipelines"
)

// run runs the command line within the test.
func run(ctx context.Context, stdin string, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = Main(ctx, Program{}, Streams{In: strings.NewReader(stdin), Out: &out, Err: &errs}, args)
	return status, out.String(), errs.String()
}

func TestStatus(t *testing.T) {
	live := context.Background()
	stopped, stop := context.WithCancel(live)
	stop()
	canceled := fmt.Errorf("read: %w", context.Canceled)
	for _, tt := range []struct {
		name string
		ctx  context.Context
		ran  bool
		err  error
		want int
	}{
		{"done", live, true, nil, 0},
		{"failed", live, true, errors.New("disk full"), 1},
		{"before the command began", live, false, errors.New("unknown flag"), 2},
		{"found by the command", live, true, fmt.Errorf("job: %w", usagef("--date: bad")), 2},
		{"rejects", live, true, fmt.Errorf("job 1: %w", &pipelines.RejectsError{}), 3},
		{"interrupted", stopped, true, canceled, 130},
		{"canceled by itself", live, true, canceled, 1},
	} {
		if got := (&app{ran: tt.ran}).status(tt.ctx, tt.err); got != tt.want {
			t.Errorf("%s: status %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestInterrupted: a run that is told to stop says that nothing is lost.
func TestInterrupted(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.jsonl")
	if err := os.WriteFile(in, []byte(`{"id":"a","text":"x"}`+"\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	status, stdout, stderr := run(ctx, "", "curate", "--lake", filepath.Join(dir, "lake"), "--input", in)
	if want := "chimera: interrupted; state is safe, run the same command again to go on\n"; status != 130 || stdout != "" || stderr != want {
		t.Errorf("status %d, stdout %q, stderr %q; want 130 and %q", status, stdout, stderr, want)
	}
}

// TestHelp: every command explains itself: a sentence, an example, its exit
// statuses.
func TestHelp(t *testing.T) {
	a := &app{}
	root := a.root()
	commands := 0
	for _, group := range root.Commands() {
		for _, cmd := range append(group.Commands(), group) {
			if cmd.Hidden {
				continue
			}
			commands++
			if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
				t.Errorf("%s: short help is %q", cmd.CommandPath(), cmd.Short)
			}
			if !strings.Contains(cmd.Example, "chimera "+strings.TrimPrefix(cmd.CommandPath(), "chimera ")) {
				t.Errorf("%s: no example of it", cmd.CommandPath())
			}
			if !cmd.HasSubCommands() && cmd.Annotations["exit"] == "" {
				t.Errorf("%s: exit statuses missing", cmd.CommandPath())
			}
		}
	}
	if commands < 20 {
		t.Errorf("looked at %d commands only", commands)
	}
}

func TestTextLogs(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(&textHandler{w: &out, level: slog.LevelInfo})
	log.Debug("unseen")
	log.Info("run", "id", "2026-01-01-ab", "files", 3, "note", "two words")
	log.With("file", "a.jsonl").Warn("odd", "row", 7)
	log.WithGroup("read").Info("done", "bytes", 12)
	log.Error("disk full", hintKey, "make room")
	want := `run id=2026-01-01-ab files=3 note="two words"
warn: odd file=a.jsonl row=7
done read.bytes=12
chimera: disk full
make room
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", 123456789012: "123,456,789,012"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 2_500_000: "2.5 MB", 7_000_000_000_000: "7.0 TB"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestLittleEndian(t *testing.T) {
	if got := littleEndian([]byte{0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11}); got != 0x1122334455667788 {
		t.Errorf("%#x", got)
	}
	if got := littleEndian([]byte{1, 2, 3, 4}); got != 0x04030201 {
		t.Errorf("%#x", got)
	}
}
