//go:build !race && !asan

package nn

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/chimera-1/chimera/compute"
)

// Of a middle-sized model, that fills its whole cache.
var (
	middle        = GPTConfig{Vocab: 512, Context: 32, Layers: 4, Heads: 4, Width: 256, Seed: 1}
	middleSession = SessionConfig{Batch: 512}
)

// TestResidentMemory: a process that generates is never larger than its plan by
// more than a tenth, the program and Go's own memory included.
func TestResidentMemory(t *testing.T) {
	if os.Getenv("NN_TEST_RESIDENT") != "" {
		generate(t)
		return
	}
	d := device(t, "cpu", compute.Options{Threads: 2})
	if d.SIMD() == "c" || d.SIMD() == "purego" {
		t.Skipf("the kernels %s take minutes", d.SIMD())
	}
	plan := middle.Plan(middleSession, 2).Total()
	child := exec.Command(os.Args[0], "-test.run=^TestResidentMemory$", "-test.v")
	child.Env = append(os.Environ(), "NN_TEST_RESIDENT=1")
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m := regexp.MustCompile(`VmHWM:\s*(\d+) kB`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("no VmHWM in\n%s", out)
	}
	kib, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	ratio := float64(kib<<10) / float64(plan)
	t.Logf("%d KiB at most, %.3f of the plan", kib, ratio)
	if ratio > 1.1 || ratio < 0.8 { // gradients are planned, and touched by training alone
		t.Errorf("%d bytes were resident, %.3f of the %d planned", kib<<10, ratio, plan)
	}
}

// generate fills the cache and prints what the kernel says of this process.
func generate(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 2})
	s, err := NewSession(context.Background(), model(t, d, middle), middleSession)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Generate(make([]int32, middleSession.Batch), middle.Context, SampleConfig{Temperature: 1, TopK: 50}); err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(os.Stderr, "%s\n", status)
}
