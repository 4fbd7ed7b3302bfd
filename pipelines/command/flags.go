package command

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/chimera-1/chimera/pipelines/config"
)

// keyFlag is a flag that sets a key of the configuration. It is checked by the
// configuration's own rules, so that file, environment and flag say the same.
type keyFlag struct {
	app   *app
	name  string
	key   string
	value string
	isB   bool
}

// configFlag adds a flag for a key of the configuration.
func (a *app) configFlag(f *pflag.FlagSet, name, key, usage string) {
	f.Var(&keyFlag{app: a, name: name, key: key}, name, usage)
}

// configSwitch adds a flag without a value for a key that is true or false.
func (a *app) configSwitch(f *pflag.FlagSet, name, key, usage string) {
	f.Var(&keyFlag{app: a, name: name, key: key, isB: true}, name, usage)
	f.Lookup(name).NoOptDefVal = "true"
}

func (k *keyFlag) String() string { return k.value }

func (k *keyFlag) Type() string {
	if k.isB {
		return "bool"
	}
	return "string"
}

// Set notes the value for the layer of flags.
func (k *keyFlag) Set(s string) error {
	if err := config.Check(k.key, s); err != nil {
		return err
	}
	k.value = s
	k.app.flags = append(k.app.flags, config.Flag{Key: k.key, Name: "--" + k.name, Value: s})
	return nil
}

// setFlag is --set KEY=VALUE, for every key.
type setFlag struct{ app *app }

func (s setFlag) String() string { return "" }
func (s setFlag) Type() string   { return "KEY=VALUE" }

// Set notes one key and its value.
func (s setFlag) Set(kv string) error {
	key, value, ok := strings.Cut(kv, "=")
	if !ok {
		return usagef("want KEY=VALUE, have %q", kv)
	}
	if err := config.CheckKey(key); err != nil {
		return err
	}
	if err := config.Check(key, value); err != nil {
		return err
	}
	s.app.flags = append(s.app.flags, config.Flag{Key: key, Name: "--set " + key, Value: value})
	return nil
}

// inputFlags are the flags that name what is read.
type inputFlags struct {
	globs                             []string
	source, idField, textField, srcBy string
}

func (in *inputFlags) add(f *pflag.FlagSet) {
	f.StringArrayVar(&in.globs, "input", nil, "`GLOB`, file or folder to read; - is standard input as JSONL; repeats")
	f.StringVar(&in.source, "source", "", "`NAME` of the source of --input (default: the name of its folder)")
	f.StringVar(&in.idField, "id-field", "id", "`FIELD` that holds a row's id")
	f.StringVar(&in.textField, "text-field", "text", "`FIELD` that holds a row's text; a dot steps into objects")
	f.StringVar(&in.srcBy, "source-field", "", "`FIELD` that names a row's own source, if there is one")
}

// layer puts the inputs into the layer of flags.
func (in *inputFlags) layer(a *app, cmd *cobra.Command) error {
	if len(in.globs) == 0 {
		for _, name := range []string{"source", "id-field", "text-field", "source-field"} {
			if cmd.Flags().Changed(name) {
				return usagef("--%s: goes with --input", name)
			}
		}
		return nil
	}
	inputs := make([]config.Input, len(in.globs))
	for i, g := range in.globs {
		inputs[i] = config.Input{Glob: g, Source: in.source, Fields: config.Fields{ID: in.idField, Text: in.textField, Source: in.srcBy}}
	}
	a.flags = append(a.flags, config.Flag{Key: "inputs", Name: "--input", Inputs: inputs})
	return nil
}

// curateFlags are the flags for keys of the section curate.
func (a *app) curateFlags(f *pflag.FlagSet) {
	a.configFlag(f, "profile", "curate.profile", "filters: `PROFILE` fineweb, gopher, c4, technical or none (default fineweb)")
	a.configFlag(f, "normalize", "curate.normalize", "`LIST` of changes to every text: newlines,nfc,spaces,control (default none)")
	a.configFlag(f, "scheme", "curate.dedup.scheme", "MinHash `SCHEME`: fast, datatrove-xxh64-64, datatrove-sha1-64 (default fast)")
	a.configFlag(f, "survivor", "curate.dedup.survivor", "which of new near-duplicates stays: `RULE` longest, first, last (default longest)")
	a.configFlag(f, "min-similarity", "curate.dedup.min_similarity", "least estimated similarity of near-duplicates, `SHARE` 0 to 1 (default 0)")
	a.configSwitch(f, "verify", "curate.dedup.verify", "confirm near-duplicates by their true similarity")
	a.configSwitch(f, "exact-only", "curate.dedup.exact", "find exact duplicates only")
	a.configFlag(f, "max-rejects", "curate.max_rejects", "most rejected rows of a night that is published: `LIMIT` 1% or a number (default 1%)")
	a.configFlag(f, "max-row-bytes", "curate.max_row_bytes", "longest row, a `SIZE` (default 64MiB)")
	a.configFlag(f, "damaged", "curate.damaged", "damaged files: `WHAT` keep (rows before the damage) or reject-file (default keep)")
	a.configFlag(f, "workers", "curate.workers", "tasks at once, `N` (default: one a core)")
	a.configFlag(f, "shards", "curate.shards", "key ranges of deduplication, `N` (default: by size)")
	a.configFlag(f, "memory", "curate.memory", "soft limit of memory, a `SIZE` (default: 256 MiB and as much a worker)")
	a.configFlag(f, "report", "report.dir", "`FOLDER` of the HTML report; - writes none (default: report in the lake)")
	f.Var(setFlag{a}, "set", "any key of the configuration, as in curate.dedup.min_jaccard=0.8; repeats")
}

// lakeFlag is --lake.
func (a *app) lakeFlag(f *pflag.FlagSet) {
	a.configFlag(f, "lake", "lake", "`URI` of the lake: a folder (default ./lake)")
}
