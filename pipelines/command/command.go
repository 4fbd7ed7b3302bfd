package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/chimera-1/chimera/pipelines"
	"github.com/chimera-1/chimera/pipelines/config"
)

// Exit statuses.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitRejects     = 3
	exitInterrupted = 130
)

// Streams are the command's standard streams.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// Program is what main knows of the binary.
type Program struct {
	Version  string   // set by the build; empty for a plain go build
	Env      []string // as [os.Environ] gives it
	InitBeam func()   // called before the first pipeline is built
}

// Main runs the command line and returns its exit status.
func Main(ctx context.Context, p Program, s Streams, args []string) int {
	a := &app{Program: p, Streams: s}
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	status := a.status(ctx, err)
	a.complain(err, status)
	return status
}

// app is one invocation.
type app struct {
	Program
	Streams
	configFile string
	json       bool
	quiet      bool
	flags      []config.Flag // configuration given as flags, in order
	remote     bool          // stages run on another machine
	ran        bool          // a command's own work has begun: errors are no longer usage errors
	lastCmd    string        // command line path of the command that was found, for hints
}

// usageError is a fault of the command line or the configuration.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// status is the exit status that err means.
func (a *app) status(ctx context.Context, err error) int {
	var usage usageError
	var rejects *pipelines.RejectsError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage) || !a.ran:
		return exitUsage
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &rejects):
		return exitRejects
	}
	return exitFailed
}

// complain says on stderr what went wrong.
func (a *app) complain(err error, status int) {
	switch {
	case err == nil:
	case status == exitInterrupted:
		slog.Error("interrupted; state is safe, run the same command again to go on")
	case status == exitUsage && a.lastCmd != "":
		slog.Error(err.Error(), hintKey, "see "+a.lastCmd+" --help")
	default:
		slog.Error(err.Error())
	}
}

// root builds the command tree.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "chimera",
		Short:         "Turn what came in today into better training data than yesterday's",
		SilenceErrors: true,
		SilenceUsage:  true,
		Long: `chimera is a nightly batch job over a data lake: text in, curated, deduplicated
and versioned training data out, as Apache Iceberg tables that DuckDB, pyiceberg
and other engines read without it.`,
		Example: `  chimera sample text --out sample --docs 2000
  chimera nightly --lake lake --input sample
  chimera lake log --lake lake`,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.begin(cmd) },
		Args:              cobra.NoArgs,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		a.lastCmd = cmd.CommandPath()
		return usageError{explainFlag(cmd, err)}
	})
	root.SuggestionsMinimumDistance = 2
	f := root.PersistentFlags()
	f.SortFlags = false
	f.StringVar(&a.configFile, "config", "", "configuration `FILE` (YAML); see chimera config example")
	f.BoolVar(&a.json, "json", false, "print JSON on stdout and nothing else")
	f.BoolVar(&a.quiet, "quiet", false, "no progress, no logs but errors, no summary for people")
	a.configFlag(f, "log-format", "log.format", "`FORMAT` of logs on stderr: text, json")
	a.configFlag(f, "log-level", "log.level", "least `LEVEL` of logs: debug, info, warn, error")
	root.AddGroup(&cobra.Group{ID: groupJobs, Title: "Jobs:"}, &cobra.Group{ID: groupLook, Title: "Look:"}, &cobra.Group{ID: groupSelf, Title: "Chimera itself:"})
	root.AddCommand(a.nightly(), a.curate(), a.sample(), a.explain(), a.lake(), a.bench(), a.config(), a.version(), completion())
	root.SetHelpCommandGroupID(groupSelf)
	root.SetUsageTemplate(usageTemplate)
	a.earlyLogging()
	return root
}

const (
	groupJobs = "jobs"
	groupLook = "look"
	groupSelf = "self"
)

// begin runs before every command, once its flags are parsed.
func (a *app) begin(cmd *cobra.Command) error {
	a.lastCmd = cmd.CommandPath()
	if a.configFile == "" {
		a.configFile = a.getenv("CHIMERA_CONFIG")
	}
	a.earlyLogging()
	return nil
}

func (a *app) getenv(name string) string {
	for _, kv := range a.Env {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}

// load reads the configuration, and sets up what it says about logs.
func (a *app) load() (*config.Loaded, error) {
	l, err := config.Load(config.Options{File: a.configFile, Env: a.Env, Flags: a.flags})
	if err != nil {
		return nil, usageError{err}
	}
	a.setLogging(l.Log)
	for _, s := range config.Strangers(a.Env, "CHIMERA_CONFIG", "CHIMERA_DEVICE") {
		slog.Warn("environment variable is no key of the configuration", "name", s)
	}
	a.ran = true
	return l, nil
}

// explainFlag adds the flag that was meant to an error about an unknown one.
func explainFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	return fmt.Errorf("%w%s", err, config.DidYouMean("--"+unknown.GetSpecifiedName(), names))
}
