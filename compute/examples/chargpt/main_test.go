package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/chimera-1/chimera/compute"
)

// write makes a text to learn, the numbers in words.
func write(t *testing.T, dir string) string {
	t.Helper()
	words := strings.Fields("one two three four five six seven eight nine ten")
	var text strings.Builder
	for i := range 400 {
		text.WriteString(words[i*i%7] + " ")
	}
	path := filepath.Join(dir, "numbers.txt")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A training in dir: its files are losses and weights.
func training(t *testing.T, dir, text string, more ...string) []string {
	t.Helper()
	return append([]string{
		"--text", text, "--steps", "20", "--batch", "4", "--context", "16", "--width", "16", "--layers", "2", "--heads", "2",
		"--lr", "0.01", "--warmup", "5", "--report", "1", "--every", "6", "--samples", "0",
		"--json", filepath.Join(dir, "losses"), "--weights-out", filepath.Join(dir, "weights"),
	}, more...)
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func do(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, log bytes.Buffer
	if err := run(context.Background(), args, &out, &log); err != nil {
		t.Fatal(err)
	}
	return out.String(), log.String()
}

// killer ends a context when a line says a step.
type killer struct {
	at   string
	kill context.CancelFunc
	bytes.Buffer
}

func (k *killer) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(k.at)) {
		k.kill()
	}
	return k.Buffer.Write(b)
}

// TestResume: a training that is stopped twice writes the same files as one that
// is not, and with other numbers of threads and kernels.
func TestResume(t *testing.T) {
	whole, parts := t.TempDir(), t.TempDir()
	text := write(t, whole)
	do(t, training(t, whole, text, "--threads", "2")...)

	for i, at := range []string{"step 4 ", "step 14 "} {
		ctx, cancel := context.WithCancel(context.Background())
		log := &killer{at: at, kill: cancel}
		args := training(t, parts, text, "--checkpoints", filepath.Join(parts, "c"), "--device", "cpu/purego", "--threads", fmt.Sprint(i+1))
		if err := run(ctx, args, &bytes.Buffer{}, log); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	_, log := do(t, training(t, parts, text, "--checkpoints", filepath.Join(parts, "c"), "--threads", "1")...)
	if !strings.Contains(log, "going on from step 12\n") {
		t.Errorf("the last part says\n%s", log)
	}
	for _, name := range []string{"losses", "weights"} {
		if !bytes.Equal(read(t, whole, name), read(t, parts, name)) {
			t.Errorf("%s differ", name)
		}
	}
	args := training(t, parts, text, "--checkpoints", filepath.Join(parts, "c"), "--lr", "0.02")
	if err := run(context.Background(), args, &bytes.Buffer{}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "another training") {
		t.Errorf("checkpoints of another rate: %v", err)
	}
}

// TestExport reads the files for PyTorch back: the losses' file has a line a step,
// the order the places of each step, and the tokens give the text.
func TestExport(t *testing.T) {
	dir := t.TempDir()
	text := write(t, dir)
	do(t, training(t, dir, text, "--init-out", filepath.Join(dir, "init"), "--tokens", filepath.Join(dir, "tokens"), "--order", filepath.Join(dir, "order"))...)
	lines := strings.Split(strings.TrimSpace(string(read(t, dir, "losses"))), "\n")
	if len(lines) != 20 {
		t.Errorf("%d losses", len(lines))
	}
	var first, last line
	if err := errors.Join(json.Unmarshal([]byte(lines[0]), &first), json.Unmarshal([]byte(lines[19]), &last)); err != nil {
		t.Fatal(err)
	}
	if math.Abs(float64(first.LR)-0.002) > 1e-9 || first.Step != 0 || last.Step != 19 || last.Loss > first.Loss-0.5 {
		t.Errorf("first %+v, last %+v", first, last)
	}
	source, tokens := string(read(t, text))+"\n\n", read(t, dir, "tokens")
	v := newVocabulary(source, 96)
	wide := make([]int32, len(tokens))
	for i, b := range tokens {
		wide[i] = int32(b)
	}
	if got := v.decode(wide); got != source {
		t.Errorf("the tokens say %.80q", got)
	}
	o := order{seed: 1, batch: 4, context: 16, tokens: tokens}
	var want strings.Builder
	for step := range 20 {
		want.WriteString(strings.Trim(fmt.Sprint(o.starts(step)), "[]") + "\n")
	}
	if got := string(read(t, dir, "order")); got != want.String() {
		t.Errorf("order\n%s\nwant\n%s", got, want.String())
	}
	x, y := make([]int32, 4*16), make([]int32, 4*16)
	o.fill(x, y, 3)
	for i, start := range o.starts(3) {
		if start+17 > len(tokens) || !slices.Equal(x[i*16:i*16+16], wide[start:start+16]) || !slices.Equal(y[i*16:i*16+16], wide[start+1:start+17]) {
			t.Errorf("sequence %d of step 3 is not what starts at %d", i, start)
		}
	}
}

// TestSample writes from the weights of a file alone; the same flags give the
// same text.
func TestSample(t *testing.T) {
	dir := t.TempDir()
	do(t, training(t, dir, write(t, dir))...)
	args := []string{"--weights-in", filepath.Join(dir, "weights"), "--steps", "0", "--prompt", "thr", "--length", "9", "--samples", "3"}
	out, _ := do(t, args...)
	again, _ := do(t, append(args, "--device", "cpu/purego")...)
	if out != again || strings.Count(out, "\nthr") != 3 || len(out) != 3*len("--- sample 1\nthr123456789\n") {
		t.Errorf("samples\n%s\nand\n%s", out, again)
	}
	greedy, _ := do(t, append(args, "--temperature", "0")...)
	first, _ := do(t, append(args, "--top-k", "1")...)
	if greedy != first {
		t.Errorf("greedy\n%s\nand the first of all\n%s", greedy, first)
	}
	for _, prompt := range []string{"", "thr\x00", strings.Repeat("t", 17)} {
		if err := run(context.Background(), append(args, "--prompt", prompt), &bytes.Buffer{}, &bytes.Buffer{}); err == nil {
			t.Errorf("the prompt %q is taken", prompt)
		}
	}
}

func TestReadText(t *testing.T) {
	dir := t.TempDir()
	pack := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write([]byte(`{"id":1,"text":"c"}`))
	_ = w.Close()
	z, _ := zstd.NewWriter(nil)
	pack("1.txt", []byte("a"))
	pack("2.md.gz", zipped.Bytes())
	pack("3.jsonl.gz", zipped.Bytes())
	pack("4.jsonl.zst", z.EncodeAll([]byte("{\"text\":\"d\\u00e9\"}\n{\"text\":\"e\"}"), nil))
	pack("5.png", []byte("f"))
	got, err := readText(dir)
	if want := "a\n\n{\"id\":1,\"text\":\"c\"}\n\nc\n\ndé\n\ne\n\n"; got != want || err != nil {
		t.Errorf("text %q, %v", got, err)
	}
	pack("6.jsonl", []byte("{\"text\":"))
	if _, err := readText(dir); err == nil || !strings.Contains(err.Error(), "6.jsonl") {
		t.Errorf("a cut file: %v", err)
	}
	if _, err := readText(filepath.Join(dir, "5.png")); err == nil {
		t.Error("a picture has text")
	}
	if _, err := readText(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestVocabulary(t *testing.T) {
	v := newVocabulary("bbbaaaccd\xff", 3)
	if string(v) != "abc" {
		t.Errorf("vocabulary %q", string(v))
	}
	if got := v.decode([]int32{2, 0}); got != "ca" {
		t.Errorf("decoded %q", got)
	}
	if got := v.encode("abxcd"); !slices.Equal(got, []byte{0, 1, 2}) {
		t.Errorf("encoded %v", got)
	}
}

func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	text := write(t, dir)
	for _, c := range []struct {
		want string
		args []string
	}{
		{"--text is needed", nil},
		{"--text is needed", []string{"--steps", "0"}},
		{"unknown arguments", []string{"--text", text, "more"}},
		{"--vocabulary", []string{"--text", text, "--vocabulary", "257"}},
		{"positive", []string{"--text", text, "--batch", "0"}},
		{"negative", []string{"--text", text, "--lr", "NaN"}},
		{"no such device", []string{"--text", text, "--device", "tpu"}},
		{"multiple of 3 heads", []string{"--text", text, "--heads", "3"}},
		{"a sequence needs", []string{"--text", text, "--context", "100000"}},
		{"a batch of", []string{"--text", text, "--memory", "40000000"}},
		{"not written by chargpt", []string{"--text", text, "--weights-in", "../../testdata/golden/gpt.safetensors"}},
		{"no such file", []string{"--text", text, "--weights-in", filepath.Join(dir, "none")}},
		{"no such file", []string{"--text", text, "--weights-out", filepath.Join(dir, "no/such/folder"), "--steps", "1", "--context", "8", "--width", "4"}},
	} {
		err := run(context.Background(), c.args, &bytes.Buffer{}, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want one with %q", c.args, err, c.want)
		}
	}
	d, err := compute.Open("cpu", compute.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if u := d.Usage(); u.Tensors != 0 {
		t.Errorf("%d tensors left", u.Tensors)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
