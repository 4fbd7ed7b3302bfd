package lake

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestWriterProcess is not a test: it is the other process of the tests below.
// It runs nights until it is killed, or one that it is told to run.
func TestWriterProcess(t *testing.T) {
	dir, id := os.Getenv("LAKE_TEST_DIR"), os.Getenv("LAKE_TEST_NIGHT")
	if dir == "" {
		t.Skip("run by other tests")
	}
	l, err := Open(ctx, dir)
	must(t, err)
	if id != "" {
		_, err := night(l, id, 3)
		if err != nil && !errors.Is(err, ErrBusy) {
			t.Fatal(err)
		}
		return
	}
	for {
		gens, err := l.Generations(ctx)
		must(t, err)
		_, err = night(l, fmt.Sprint("night-", len(gens)+1), 3)
		must(t, err)
	}
}

func writerProcess(dir, id string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^TestWriterProcess$")
	cmd.Env = append(os.Environ(), "LAKE_TEST_DIR="+dir, "LAKE_TEST_NIGHT="+id)
	return cmd
}

// Of several processes that run nights at once each either commits or finds the
// lake busy, and numbers have no gaps.
func TestProcessesAtOnce(t *testing.T) {
	dir := t.TempDir()
	_, err := Create(ctx, dir)
	must(t, err)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			if out, err := writerProcess(dir, fmt.Sprint("w", i)).CombinedOutput(); err != nil {
				t.Errorf("writer %d: %v\n%s", i, err, out)
			}
		})
	}
	wg.Wait()
	l, err := Open(ctx, dir)
	must(t, err)
	gens, err := l.Generations(ctx)
	must(t, err)
	if len(gens) == 0 {
		t.Error("no writer committed")
	}
	wantNights(t, l, len(gens))
}

// wantNights checks a lake of nights of three documents each.
func wantNights(t *testing.T, l *Lake, nights int) {
	t.Helper()
	c := content(t, l)
	var docs, train []int64
	for n := 1; n <= nights; n++ {
		docs = slices.Concat(docs, ids(int32(n), 3))
		train = slices.Concat(train, ids(int32(n), 2))
		if got := c[fmt.Sprintf("documents@%d", n)]; !slices.Equal(got, docs) {
			t.Errorf("documents of generation %d: %v, want %v", n, got, docs)
		}
	}
	if !slices.Equal(c["documents@0"], docs) || !slices.Equal(c["training@0"], train) {
		t.Errorf("main: documents %v, training %v", c["documents@0"], c["training@0"])
	}
	if report, err := l.Verify(ctx, nil); err != nil || !report.OK() {
		t.Errorf("verify: %+v, %v", report, err)
	}
}

// A process killed by the system at any moment leaves a whole lake, and the
// next one goes on from it.
func TestKilledProcesses(t *testing.T) {
	dir := t.TempDir()
	_, err := Create(ctx, dir)
	must(t, err)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 6 {
		cmd := writerProcess(dir, "")
		must(t, cmd.Start())
		time.Sleep(time.Duration(100+random.IntN(900)) * time.Millisecond)
		must(t, cmd.Process.Kill())
		cmd.Wait()
		l, err := Open(ctx, dir)
		must(t, err)
		gens, err := l.Generations(ctx)
		must(t, err)
		wantNights(t, l, len(gens))
	}
	l, err := Open(ctx, dir)
	must(t, err)
	swept, err := l.Sweep(ctx, SweepOptions{OlderThan: -1, Delete: true})
	must(t, err)
	gens, err := l.Generations(ctx)
	must(t, err)
	t.Logf("%d generations, %d orphans", len(gens), len(swept))
	mustNight(t, l, "last", 3)
	wantNights(t, l, len(gens)+1)
}
