package command

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/chimera-1/chimera/pipelines/config"
)

// hintKey is the attribute of an error that tells a person what to do next.
const hintKey = "hint"

// earlyLogging sets up logs before the configuration is known, which may be
// what there is to complain about.
func (a *app) earlyLogging() {
	c := config.Log{Format: a.getenv("CHIMERA_LOG_FORMAT"), Level: "warn"}
	for _, f := range a.flags {
		if f.Key == "log.format" {
			c.Format = f.Value
		}
	}
	a.setLogging(c)
}

// setLogging sends logs to stderr as configured.
func (a *app) setLogging(c config.Log) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		level = slog.LevelInfo
	}
	if a.quiet {
		level = slog.LevelError
	}
	var h slog.Handler
	if c.Format == "json" {
		h = slog.NewJSONHandler(a.Err, &slog.HandlerOptions{Level: level})
	} else {
		h = &textHandler{w: a.Err, level: level}
	}
	if level > slog.LevelDebug {
		h = quietBeam{h, a.remote}
	}
	slog.SetDefault(slog.New(h))
}

// terminal reports whether w is a terminal.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// quietBeam leaves out what Beam logs: a stage of a job is many small events of
// the runner, and when it fails the job's own error says why. Of a remote runner,
// which may fail by itself, it passes on warnings and errors.
type quietBeam struct {
	slog.Handler
	remote bool
}

func (h quietBeam) Handle(ctx context.Context, r slog.Record) error {
	if fromBeam(r.PC) && (!h.remote || r.Level < slog.LevelWarn) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

func (h quietBeam) WithAttrs(as []slog.Attr) slog.Handler {
	return quietBeam{h.Handler.WithAttrs(as), h.remote}
}

func (h quietBeam) WithGroup(name string) slog.Handler {
	return quietBeam{h.Handler.WithGroup(name), h.remote}
}

func fromBeam(pc uintptr) bool {
	f, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return strings.HasPrefix(f.Function, "github.com/apache/beam/")
}

// textHandler writes a log record as a line for people: the message, then its
// attributes. Lines above info begin with the level, errors with the program's
// name.
type textHandler struct {
	mu    sync.Mutex
	w     io.Writer
	level slog.Level
	attrs []slog.Attr
	group string
}

func (h *textHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

func (h *textHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	switch {
	case r.Level >= slog.LevelError:
		b.WriteString("chimera: ")
	case r.Level != slog.LevelInfo:
		b.WriteString(strings.ToLower(r.Level.String()) + ": ")
	}
	b.WriteString(r.Message)
	hint := ""
	add := func(a slog.Attr) bool {
		if a.Key == hintKey {
			hint = a.Value.String()
			return true
		}
		v := a.Value.Resolve().String()
		if v == "" || strings.ContainsAny(v, " \t\n\"=") {
			v = fmt.Sprintf("%q", v)
		}
		fmt.Fprintf(&b, " %s%s=%s", h.group, a.Key, v)
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	b.WriteByte('\n')
	if hint != "" {
		b.WriteString(hint + "\n")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, b.String())
	return err
}

func (h *textHandler) WithAttrs(as []slog.Attr) slog.Handler {
	return &textHandler{w: h.w, level: h.level, attrs: append(h.attrs[:len(h.attrs):len(h.attrs)], as...), group: h.group}
}

func (h *textHandler) WithGroup(name string) slog.Handler {
	return &textHandler{w: h.w, level: h.level, attrs: h.attrs, group: h.group + name + "."}
}
