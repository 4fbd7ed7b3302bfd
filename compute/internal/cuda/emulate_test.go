//go:build cgo && linux

package cuda_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/chimera-1/chimera/compute/internal/cuda/cudatest"
)

// TestEmulation: each kind of faulty kernel is found, and a sound one is not
// accused.
func TestEmulation(t *testing.T) {
	program := cudatest.Build(t, "emulate_test")
	run := func(kernel, order string) (string, error) {
		c := exec.Command(program, kernel)
		c.Env = append(c.Environ(), "CHIMERA_EMULATE_ORDER="+order)
		out, err := c.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	for kernel, want := range map[string]string{
		"skipped":  "a barrier that not all threads reach",
		"diverged": "an exchange that not all lanes of the warp reach",
	} {
		if out, err := run(kernel, ""); err == nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v, %s, want %q", kernel, err, out, want)
		}
	}
	// The lanes of the second warp hold 31 to 0, whose sum is 496.
	for _, order := range []string{"", "reverse"} {
		if out, err := run("sound", order); err != nil || out != "496" {
			t.Errorf("sound: %s, %v, want 496", out, err)
		}
	}
	forward, err1 := run("raced", "")
	backward, err2 := run("raced", "reverse")
	if err1 != nil || err2 != nil || forward != "8" || backward != "-1" { // shared memory begins as ones
		t.Errorf("raced: %s and in the reverse order %s, want 8 and -1", forward, backward)
	}
	out, err := run("outside", "")
	if cudatest.Sanitized && (err == nil || !strings.Contains(out, "index 64 out of bounds")) {
		t.Errorf("outside: %v, %s, want the sanitizer's report of element 64", err, out)
	}
}
