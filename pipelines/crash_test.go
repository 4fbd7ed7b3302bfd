package pipelines

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/lake"
)

// childEnv names the job, as JSON, that the test binary runs instead of tests:
// a process of its own that can be killed.
const childEnv = "CHIMERA_TEST_CHILD"

var (
	kills = flag.Int("kills", 5, "how often TestKilledNights kills a night; 50 and more for the long test")
	seed  = flag.Uint64("seed", 0, "seed of the moments of killing; 0: from the clock, printed")
)

func TestMain(m *testing.M) {
	flag.Parse()
	beam.Init()
	if raw := os.Getenv(childEnv); raw != "" {
		os.Exit(child(raw))
	}
	os.Exit(m.Run())
}

func child(raw string) int {
	var c Curate
	if err := json.Unmarshal([]byte(raw), &c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if _, err := c.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// start runs the job in a process of its own. What it says goes to stderr, or to
// said if given.
func start(t *testing.T, c Curate, said ...io.Writer) *exec.Cmd {
	t.Helper()
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(b))
	cmd.Stderr = os.Stderr
	for _, w := range said {
		cmd.Stderr = w
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// crashJobs are three nights; the second reads its input once.
func crashJobs(t *testing.T, dir, lakeName string) []Curate {
	t.Helper()
	var jobs []Curate
	for night := range 3 {
		in := filepath.Join(dir, fmt.Sprint("in", night))
		if _, err := os.Stat(in); err != nil {
			writeJSONL(t, filepath.Join(in, "a.jsonl"), corpus(uint64(night+1), 300))
			writeJSONL(t, filepath.Join(in, "b.jsonl"), append(corpus(uint64(night+11), 100), corpus(uint64(night), 50)...))
		}
		c := job(t, filepath.Join(dir, lakeName), in, fmt.Sprintf("2026-11-2%d", night))
		c.UnitBytes, c.Shards = 32<<10, 3
		if night == 1 {
			c.Signals, c.SkipTextWrites = "none", true
		}
		jobs = append(jobs, c)
	}
	return jobs
}

// TestKilledNights kills three nights with SIGKILL at random moments, starts
// them again until they are done, and compares every table with an undisturbed
// lake's.
func TestKilledNights(t *testing.T) {
	dir := t.TempDir()
	var undisturbed time.Duration
	for _, c := range crashJobs(t, dir, "whole") {
		begin := time.Now()
		if err := start(t, c).Wait(); err != nil {
			t.Fatal(err)
		}
		undisturbed = max(undisturbed, time.Since(begin))
	}
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d, %d kills, undisturbed night %v", *seed, *kills, undisturbed)
	r := rand.New(rand.NewPCG(*seed, 0))
	left := *kills
	for i, c := range crashJobs(t, dir, "killed") {
		quota := (left + 2 - i) / (3 - i)
		left -= quota
		for done := false; !done; quota-- {
			cmd := start(t, c)
			if quota > 0 {
				time.Sleep(time.Duration(r.Int64N(int64(undisturbed))))
				cmd.Process.Signal(syscall.SIGKILL)
			}
			err := cmd.Wait()
			if quota <= 0 && err != nil {
				t.Fatalf("night %d, undisturbed at last: %v", i, err)
			}
			done = err == nil && quota <= 0
		}
	}
	want, got := tableContent(t, filepath.Join(dir, "whole")), tableContent(t, filepath.Join(dir, "killed"))
	for table := range want {
		if diff := cmp.Diff(want[table], got[table]); diff != "" {
			t.Errorf("%s differs after kills (-undisturbed +killed):\n%.2000s", table, diff)
		}
	}
	l, err := lake.Open(context.Background(), filepath.Join(dir, "killed"))
	if err != nil {
		t.Fatal(err)
	}
	if rep, err := l.Verify(context.Background(), nil); err != nil || !rep.OK() {
		t.Errorf("verify after kills: %v, damaged %v, missing %v", err, rep.Damaged, rep.Missing)
	}
}

// TestTwoNightsAtOnce starts two different nights on one lake: one runs, the
// other is told who holds the lake; with Wait both run, one after the other.
func TestTwoNightsAtOnce(t *testing.T) {
	dir := t.TempDir()
	jobs := crashJobs(t, dir, "lake")
	first, err := lake.Create(context.Background(), jobs[0].Lake)
	if err != nil {
		t.Fatal(err)
	}
	night, err := first.Begin(context.Background(), lake.RunInfo{Identity: "other", RunID: "other-run", Job: "curate", Date: "2026-11-19"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = jobs[0].Run(context.Background())
	if holder := fmt.Sprintf("run other-run (curate) of process %d on ", os.Getpid()); !errors.Is(err, lake.ErrBusy) || !strings.Contains(err.Error(), holder) {
		t.Errorf("a second night: error %v, want lake.ErrBusy that names the holder: %s...", err, holder)
	}
	if err := night.Close(); err != nil {
		t.Fatal(err)
	}
	var cmds []*exec.Cmd
	for _, c := range jobs {
		c.Wait = true
		cmds = append(cmds, start(t, c))
	}
	for i, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Errorf("night %d, waiting: %v", i, err)
		}
	}
	gens, err := first.Generations(context.Background())
	if err != nil || len(gens) != 3 {
		t.Errorf("after three nights that waited: %d generations, error %v; want 3", len(gens), err)
	}
}

// TestReadersSeeWholeNights reads the lake again and again while nights are
// published and killed: what a reader finds at a generation adds up.
func TestReadersSeeWholeNights(t *testing.T) {
	dir := t.TempDir()
	jobs := crashJobs(t, dir, "lake")
	if _, err := lake.Create(context.Background(), jobs[0].Lake); err != nil {
		t.Fatal(err)
	}
	stop, read := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		defer func() { read <- n }()
		for {
			select {
			case <-stop:
				return
			default:
			}
			gens, err := addsUp(jobs[0].Lake)
			if err != nil {
				t.Errorf("after %d reads: %v", n, err)
				return
			}
			if gens > 0 {
				n++
			}
			time.Sleep(time.Millisecond)
		}
	}()
	r := rand.New(rand.NewPCG(*seed+2, 0))
	for i, c := range jobs {
		cmd := start(t, c)
		time.Sleep(time.Duration(r.Int64N(int64(time.Second))))
		cmd.Process.Signal(syscall.SIGKILL)
		cmd.Wait()
		if err := start(t, c).Wait(); err != nil {
			t.Errorf("night %d: %v", i, err)
		}
	}
	close(stop)
	if n := <-read; n == 0 {
		t.Error("no reader found a generation")
	}
	if n := len(generationsOf(t, jobs[0].Lake)); n != 3 {
		t.Errorf("%d generations, want 3", n)
	}
}

// addsUp opens a lake and compares the tables at every generation.
func addsUp(dir string) (generations int, err error) {
	ctx := context.Background()
	l, err := lake.Open(ctx, dir)
	if err != nil {
		return 0, err
	}
	gens, err := l.Generations(ctx)
	if err != nil {
		return 0, err
	}
	for _, g := range gens {
		kept := map[int64]bool{}
		docs, decided := 0, 0
		err := errors.Join(
			lake.ReadTable(ctx, l, datasets.TableDocuments, g.Number, func(rows []datasets.Document) error {
				docs += len(rows)
				return nil
			}),
			lake.ReadTable(ctx, l, datasets.TableDecisions, g.Number, func(rows []datasets.Decision) error {
				decided += len(rows)
				for _, d := range rows {
					if d.Decision == datasets.Keep {
						kept[d.RowID] = true
					}
				}
				return nil
			}),
			lake.ReadTable(ctx, l, datasets.TableTraining, g.Number, func(rows []datasets.Training) error {
				for _, r := range rows {
					if !kept[r.RowID] {
						return fmt.Errorf("row %d is in training.text and not kept", r.RowID)
					}
					delete(kept, r.RowID)
				}
				return nil
			}))
		if err != nil {
			return 0, fmt.Errorf("%s: %w", g.Tag, err)
		}
		if docs != decided || len(kept) > 0 {
			return 0, fmt.Errorf("%s: %d documents, %d decisions, %d kept rows are not in training.text", g.Tag, docs, decided, len(kept))
		}
	}
	return len(gens), nil
}
