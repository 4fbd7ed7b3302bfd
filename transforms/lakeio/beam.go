package lakeio

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
)

func init() {
	register.DoFn3x1[context.Context, []byte, func(int64, int64), error](&stageFn{})
	register.Emitter2[int64, int64]()
	register.Iter1[int64]()
	register.DoFn2x1[int64, func(*int64) bool, error](&sinkFn{})
}

// stageFn runs a stage's tasks. Elements are an 8-byte task index and the task.
type stageFn struct {
	Stage   string
	Lake    string
	Scratch string
	Attempt string
	Workers int
	Job     string

	env Env
	job *job
	b   *batch
}

func (f *stageFn) Setup(ctx context.Context) error {
	st, err := openStore(ctx, f.Lake)
	if err != nil {
		return err
	}
	f.env = Env{Store: st, Scratch: f.Scratch, Attempt: f.Attempt}
	if j, ok := jobs.Load(f.Job); ok {
		f.job = j.(*job)
	}
	return nil
}

func (f *stageFn) StartBundle(ctx context.Context, _ func(int64, int64)) {
	f.b = newBatch(ctx, f.Workers, f.job)
}

func (f *stageFn) ProcessElement(_ context.Context, element []byte, _ func(int64, int64)) error {
	index, task := int64(binary.LittleEndian.Uint64(element)), element[8:]
	f.b.submit(index, func(ctx context.Context) ([]byte, error) {
		res, err := do(ctx, f.env, f.Stage, task)
		if err != nil {
			f.job.fail(err)
			return nil, err
		}
		f.job.finished(res)
		return nil, nil
	})
	return nil
}

// FinishBundle emits only an index a task: the result lies in its record.
func (f *stageFn) FinishBundle(_ context.Context, emit func(int64, int64)) error {
	done, err := f.b.wait()
	if err != nil {
		return err
	}
	for _, o := range done {
		emit(0, o.index)
	}
	return nil
}

// sinkFn ends the pipeline in a stage of its own, so that the stage that works
// has an output: prism spins a core in a stage that has none.
type sinkFn struct{ Tasks int64 }

func (f *sinkFn) ProcessElement(_ int64, indexes func(*int64) bool) error {
	seen := make(map[int64]bool, f.Tasks)
	for i := int64(0); indexes(&i); {
		seen[i] = true
	}
	if int64(len(seen)) != f.Tasks {
		return fmt.Errorf("%d of %d tasks finished", len(seen), f.Tasks)
	}
	return nil
}

// oneBundle keeps prism from splitting a bundle that takes long. The pool needs
// no second one, and it would harm: while the last task of one is waited for, a
// question for its progress holds a lock of the SDK that the responses of all the
// others need, and prism spins a core for each of those.
const oneBundle = "prism_disable_sdf_split"

// startPrism starts the process's job server, as the prism runner would on its
// first pipeline, but out of the network's reach: prism listens on every
// interface and asks nobody who they are.
var startPrism = sync.OnceValue(func() error {
	port, err := freePort()
	if err != nil {
		return fmt.Errorf("start prism: %w", err)
	}
	if _, err := prism.CreateJobServer(context.Background(), prism.Options{Port: port}); err != nil {
		return fmt.Errorf("start prism: %w", err)
	}
	if err := keepLocal(port); err != nil {
		slog.Warn("prism's job server can be reached from the network", "port", port, "error", err)
	}
	*jobopts.Endpoint = fmt.Sprintf("localhost:%d", port)
	if *jobopts.EnvironmentType == "" {
		*jobopts.EnvironmentType = "loopback"
	}
	*jobopts.Experiments = strings.Join(append(jobopts.GetExperiments(), oneBundle), ",")
	return nil
})

// freePort is a port that nothing listens on at the moment.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

var jobNumber atomic.Int64

func (r *Runner) runBeam(ctx context.Context, stage string, tasks [][]byte) error {
	key := fmt.Sprintf("%s-%d", r.Attempt, jobNumber.Add(1))
	j := newJob(ctx, stage, len(tasks), r.Progress)
	jobs.Store(key, j)
	defer jobs.Delete(key)
	defer j.end() // the runner may give up before its tasks have

	p, s := beam.NewPipelineWithRoot()
	s = s.Scope("lakeio." + strings.ReplaceAll(stage, "/", "."))
	elements := make([][]byte, len(tasks))
	for i, t := range tasks {
		elements[i] = append(binary.LittleEndian.AppendUint64(nil, uint64(i)), t...)
	}
	done := beam.ParDo(s, &stageFn{Stage: stage, Lake: r.Lake, Scratch: r.Scratch, Attempt: r.Attempt, Workers: r.Workers, Job: key},
		beam.Reshuffle(s, beam.CreateList(s, elements)))
	beam.ParDo0(s, &sinkFn{Tasks: int64(len(tasks))}, beam.GroupByKey(s, done))

	name := r.Beam
	if name == "" {
		name = "prism"
	}
	if name == "prism" && *jobopts.Endpoint == "" {
		if err := startPrism(); err != nil {
			return err
		}
	}
	_, err := beam.Run(ctx, name, p)
	sweepTemp(os.TempDir(), time.Now())
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return j.err // the stage's own error, not Beam's account of it
	}
	if err != nil {
		return fmt.Errorf("%s: beam runner %s: %w", stage, name, err)
	}
	return nil
}
