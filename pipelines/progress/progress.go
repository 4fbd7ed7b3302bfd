// Package progress shows a person how far a run is: one live line on a terminal,
// a plain line every few seconds elsewhere. Logs that go through it keep clear
// of the live line.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Interval is the time between two plain lines.
const Interval = 5 * time.Second

// State is how far a stage is.
type State struct {
	Stage       string
	Done, Total float64
	Bytes       bool  // Done and Total are bytes
	Rows        int64 // rows seen, if known
}

// Reporter shows the states it is told. It is safe for concurrent use.
type Reporter struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	now      func() time.Time
	bar      *progressbar.ProgressBar
	stage    string
	began    time.Time
	last     time.Time
}

// New makes a reporter that writes to w, a terminal or not.
func New(w io.Writer, terminal bool) *Reporter {
	return &Reporter{w: w, terminal: terminal, now: time.Now}
}

// Update shows a state.
func (r *Reporter) Update(s State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if s.Stage != r.stage {
		r.clear()
		r.stage, r.began, r.last = s.Stage, now, now
		if r.terminal {
			r.bar = newBar(r.w, s)
		}
	}
	if r.bar != nil {
		_ = r.bar.Set64(int64(s.Done)) // only drawing can fail, and there is nothing to do about it
		return
	}
	if !r.terminal && now.Sub(r.last) >= Interval {
		r.last = now
		fmt.Fprintln(r.w, s.line(now.Sub(r.began)))
	}
}

// Close takes the live line away.
func (r *Reporter) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clear()
	r.stage = ""
}

func (r *Reporter) clear() {
	if r.bar != nil {
		_ = r.bar.Clear()
		r.bar = nil
	}
}

// Write writes to the same place between two drawings of the live line.
func (r *Reporter) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bar == nil {
		return r.w.Write(b)
	}
	_ = r.bar.Clear()
	n, err := r.w.Write(b)
	_ = r.bar.RenderBlank()
	return n, err
}

func newBar(w io.Writer, s State) *progressbar.ProgressBar {
	return progressbar.NewOptions64(int64(s.Total),
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(fmt.Sprintf("%-8s", s.Stage)),
		progressbar.OptionShowBytes(s.Bytes),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(30),
		progressbar.OptionClearOnFinish(),
	)
}

// line is the state in words: "signals: 42 %, 120.3 of 286.4 MB, 24.1 MB/s, 7 s left".
func (s State) line(elapsed time.Duration) string {
	share := 0.0
	if s.Total > 0 {
		share = s.Done / s.Total
	}
	out := fmt.Sprintf("%s: %.0f %%", s.Stage, 100*share)
	if s.Bytes {
		out += fmt.Sprintf(", %.1f of %.1f MB", s.Done/1e6, s.Total/1e6)
		if t := elapsed.Seconds(); t > 0 {
			out += fmt.Sprintf(", %.1f MB/s", s.Done/1e6/t)
		}
	} else {
		out += fmt.Sprintf(", %.0f of %.0f tasks", s.Done, s.Total)
	}
	if s.Rows > 0 {
		out += fmt.Sprintf(", %d rows", s.Rows)
	}
	if share > 0 && share < 1 {
		left := time.Duration(float64(elapsed) * (1 - share) / share)
		out += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return out
}
