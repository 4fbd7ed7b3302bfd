// Command chimera turns what came in today into better training data than
// yesterday's: a nightly batch job over a data lake. It reads raw text, filters
// and deduplicates it against everything ever seen, and publishes it as a new
// generation of Apache Iceberg tables.
//
//	chimera sample text --out sample --docs 2000
//	chimera nightly --lake lake --input sample
//	chimera lake log --lake lake
//
// Every command explains itself: chimera COMMAND --help.
//
// # Exit status
//
//	0    done
//	1    failed
//	2    wrong usage or configuration
//	3    not published: more rejected rows than max_rejects
//	130  interrupted; state is safe, run it again to go on
//
// Started by a Beam runner with --worker, it is a worker of a job.
package main

import (
	"context"
	"flag"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/harness"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/util/hooks"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners" // the flag --runner
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/flink"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal"

	"github.com/chimera-1/chimera/pipelines/command"
)

// version is set by the linker.
var version string

func main() {
	if worker(os.Args[1:]) {
		flag.Parse()
		beam.Init() // serves the runner and does not return
	}
	// The first signal asks the run to stop where it can go on from; after it the
	// default holds again, so that a second one ends the process.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	status := command.Main(ctx, command.Program{Version: version, Env: os.Environ(), InitBeam: initBeam},
		command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Args[1:])
	stop()
	os.Exit(status)
}

// initBeam gets Beam ready to run jobs. Its workers within this process log as
// the process does, instead of sending logs to the runner, which hands them back.
func initBeam() {
	hooks.DisableHook(harness.DefaultRemoteLoggingHook)
	beam.Init()
}

// worker reports whether Beam's boot program started this process.
func worker(args []string) bool {
	return len(args) > 0 && (args[0] == "--worker" || strings.HasPrefix(args[0], "--worker=t"))
}
