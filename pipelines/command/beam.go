package command

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// Beam's flags live in the standard flag set. Jobs accept them under the same
// names; help mentions only these, which people need most.
const beamHelp = `Beam's own flags work here too: --runner prism (default), flink or universal,
--endpoint, --environment_type, --worker_binary, --parallelism and the others.`

// workerOnly are Beam flags that its boot program passes to a worker.
var workerOnly = []string{"worker", "id", "logging_endpoint", "control_endpoint", "semi_persist_dir", "options"}

// beamFlags adds the flags of the standard flag set, hidden from help.
func beamFlags(f *pflag.FlagSet) {
	flag.CommandLine.VisitAll(func(g *flag.Flag) {
		if slices.Contains(workerOnly, g.Name) || strings.HasPrefix(g.Name, "test.") || f.Lookup(g.Name) != nil {
			return
		}
		f.AddGoFlag(g)
		f.Lookup(g.Name).Hidden = true
	})
}

// beamRunner is the runner that the flags name. For a remote one it makes sure
// that workers run this very binary: Beam would build another, without cgo.
func beamRunner() (string, error) {
	runner := beamValue("runner")
	switch runner {
	case "", "prism", "PrismRunner":
		return "prism", nil
	case "flink", "FlinkRunner", "universal", "portable", "PortableRunner":
	default:
		return "", usagef("--runner: %q is none of prism, flink, universal", runner)
	}
	if beamValue("endpoint") == "" {
		return "", usagef("--endpoint: required with --runner %s: address of its job server", runner)
	}
	if beamValue("worker_binary") == "" && !strings.EqualFold(beamValue("environment_type"), "loopback") {
		exe, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("find this program for --worker_binary: %w", err)
		}
		if err := flag.Set("worker_binary", exe); err != nil {
			return "", fmt.Errorf("--worker_binary: %w", err)
		}
	}
	return runner, nil
}

func beamValue(name string) string {
	if f := flag.Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}
