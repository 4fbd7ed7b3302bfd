package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// usage is what a finished process cost.
type usage struct {
	wall, cpu float64 // seconds
	rssMB     float64 // most memory it held, 10^6 bytes
	out       []byte
}

// run runs chimera and waits for it.
func (d *driver) run(ctx context.Context, args ...string) (usage, error) {
	cmd := exec.CommandContext(ctx, d.chimera, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return usage{}, fmt.Errorf("chimera %s: %w\n%s", strings.Join(args, " "), err, errs.Bytes())
	}
	u := usage{wall: time.Since(start).Seconds(), out: out.Bytes()}
	ps := cmd.ProcessState
	u.cpu = (ps.UserTime() + ps.SystemTime()).Seconds()
	if ru, ok := ps.SysUsage().(*syscall.Rusage); ok {
		u.rssMB = float64(ru.Maxrss) * 1024 / 1e6 // Linux counts in KiB
	}
	return u, nil
}

// curated is what the driver reads of a job's summary.
type curated struct {
	Input struct {
		Rows      int64 `json:"rows"`
		TextBytes int64 `json:"text_bytes"`
	} `json:"input"`
	Output struct {
		Kept      int64 `json:"kept"`
		Dropped   int64 `json:"dropped"`
		Duplicate int64 `json:"duplicate"`
	} `json:"output"`
}

// curate runs one night.
func (d *driver) curate(ctx context.Context, lake, input, date, profile string, workers int) (usage, curated, error) {
	u, err := d.run(ctx, "curate", "--lake", lake, "--input", input, "--source", "bench", "--date", date,
		"--profile", profile, "--workers", fmt.Sprint(workers), "--quiet", "--json")
	if err != nil {
		return u, curated{}, err
	}
	var c curated
	err = json.Unmarshal(u.out, &c)
	return u, c, err
}

// corpus makes generated text.
func (d *driver) corpus(ctx context.Context, dir string, mb, seed int) error {
	_, err := d.run(ctx, "bench", "corpus", "--out", dir, "--mb", fmt.Sprint(mb), "--seed", fmt.Sprint(seed), "--quiet")
	return err
}

// machine names what the figures hold for.
func machine() string {
	model := runtime.GOARCH
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d cores (%s), %s, %s", runtime.NumCPU(), model, runtime.GOOS, runtime.Version())
}
