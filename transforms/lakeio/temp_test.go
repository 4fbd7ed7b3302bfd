package lakeio

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSweepTemp(t *testing.T) {
	dir := t.TempDir()
	now := time.Unix(1e9, 0)
	for _, f := range []struct {
		name, content string
		age           time.Duration
	}{
		{"beamloopbackworker-1", "", time.Hour},
		{"beamloopbackworker-2", "", time.Second}, // may be in use
		{"beamloopbackworker-3", "x", time.Hour},  // none of Beam's
		{"other", "", time.Hour},
	} {
		path := filepath.Join(dir, f.name)
		if err := os.WriteFile(path, []byte(f.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now.Add(-f.age), now.Add(-f.age)); err != nil {
			t.Fatal(err)
		}
	}
	sweepTemp(dir, now)
	var got []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	want := []string{"beamloopbackworker-2", "beamloopbackworker-3", "other"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files left (-want +got):\n%s", diff)
	}
}
