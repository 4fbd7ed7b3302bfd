package command

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/pipelines/config"
)

// buildInfo is what chimera version prints.
type buildInfo struct {
	Version  string `json:"version"`
	Revision string `json:"revision"` // of the source; empty where the build did not say
	Dirty    bool   `json:"dirty"`    // the source was changed after the revision
	Go       string `json:"go"`
	Platform string `json:"platform"`
	CGO      bool   `json:"cgo"`
	SIMD     string `json:"simd"` // instruction set that the kernels use here
}

func (a *app) buildInfo() buildInfo {
	b := buildInfo{Version: a.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, SIMD: compute.SIMD()}
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Revision = s.Value
			case "vcs.modified":
				b.Dirty = s.Value == "true"
			case "CGO_ENABLED":
				b.CGO = s.Value == "1"
			}
		}
		if b.Version == "" {
			b.Version = info.Main.Version
		}
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "devel"
	}
	return b
}

// revision names the program in what it writes.
func (b buildInfo) revision() string {
	if b.Revision == "" {
		return b.Version
	}
	return b.Version + " " + b.Revision
}

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use:         "version",
		GroupID:     groupSelf,
		Short:       "Say which chimera this is",
		Example:     "  chimera version --json",
		Args:        cobra.NoArgs,
		Annotations: exits(),
		RunE: func(*cobra.Command, []string) error {
			// The flags alone: a broken configuration is no reason not to say who we are.
			if _, err := config.Load(config.Options{Flags: a.flags}); err != nil {
				return usageError{err}
			}
			a.ran = true
			b := a.buildInfo()
			if a.json {
				return a.printJSON(b)
			}
			revision := ""
			if b.Revision != "" {
				revision = ", revision " + b.Revision
			}
			_, err := fmt.Fprintf(a.Out, "chimera %s%s, %s %s, simd %s\n", b.Version, revision, b.Go, b.Platform, b.SIMD)
			return err
		},
	}
}
