package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
)

// Options say where a configuration comes from.
type Options struct {
	File  string   // YAML file, if any
	Env   []string // as [os.Environ] gives it
	Flags []Flag   // in the order given; a later one wins
}

// Flag is a value given on the command line.
type Flag struct {
	Key    string  // path of the configuration key
	Name   string  // of the flag, for messages, as in --lake
	Value  string  // for every key but inputs
	Inputs []Input // for the key inputs
}

// Loaded is an effective configuration that knows where its values come from.
type Loaded struct {
	Config
	sources map[string]string // by key path: file:line, variable or flag
}

// Load reads the layers. The error names every fault of all of them.
func Load(opt Options) (*Loaded, error) {
	var data []byte
	if opt.File != "" {
		var err error
		if data, err = os.ReadFile(opt.File); err != nil {
			return nil, fmt.Errorf("read configuration: %w", err)
		}
	}
	return load(opt, data)
}

func load(opt Options, data []byte) (*Loaded, error) {
	// The profile decides what the defaults are: it is read first.
	l, err := layers(DefaultProfile, opt, data)
	if err != nil {
		return nil, err
	}
	if profile := l.Curate.Profile; profile != DefaultProfile {
		if _, err := Default(profile); err != nil {
			return nil, l.located("curate.profile", fmt.Sprintf("unknown profile %q%s", profile, oneOf(profile, profiles())))
		}
		if l, err = layers(profile, opt, data); err != nil {
			return nil, err
		}
	}
	for i := range l.Inputs {
		in := &l.Inputs[i]
		in.Fields.ID, in.Fields.Text = orElse(in.Fields.ID, "id"), orElse(in.Fields.Text, "text")
		in.Source = orElse(in.Source, SourceName(in.Glob))
	}
	return l, l.validate()
}

func layers(profile string, opt Options, data []byte) (*Loaded, error) {
	c, err := Default(profile)
	if err != nil {
		return nil, err
	}
	l := &Loaded{Config: c, sources: map[string]string{}}
	d := decoder{name: opt.File, sources: l.sources}
	d.document(data, &l.Config)
	faults := slices.Concat(d.faults, l.environment(opt.Env), l.flags(opt.Flags))
	return l, errors.Join(faults...)
}

// environment lays CHIMERA_* variables over l. Variables that name no key are
// left alone: Kubernetes sets CHIMERA_PORT and others beside a service of that
// name. [Strangers] lists them.
func (l *Loaded) environment(env []string) []error {
	var faults []error
	all := keys(&l.Config)
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		for _, k := range all {
			if k.env() != name || value == "" { // empty is how compose files and charts say unset
				continue
			}
			if err := setText(k.value, value); err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", name, err))
			}
			l.sources[k.path] = name
		}
	}
	return faults
}

// Strangers lists the CHIMERA_* variables of env that name no key, each with the
// variable that was probably meant. Those that own says belong to the program
// otherwise are left out.
func Strangers(env []string, own ...string) []string {
	var c Config
	const prefix = "CHIMERA_"
	var known, out []string
	for _, k := range keys(&c) {
		known = append(known, strings.TrimPrefix(k.env(), prefix))
	}
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		if value == "" || !strings.HasPrefix(name, prefix) || slices.Contains(known, strings.TrimPrefix(name, prefix)) || slices.Contains(own, name) {
			continue
		}
		meant := nearest(strings.TrimPrefix(name, prefix), known)
		if meant != "" {
			name += fmt.Sprintf(", did you mean %q?", prefix+meant)
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func (l *Loaded) flags(flags []Flag) []error {
	var faults []error
	for _, f := range flags {
		if f.Inputs != nil {
			l.Inputs = slices.Clone(f.Inputs)
		} else if err := setText(lookup(&l.Config, f.Key).value, f.Value); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", f.Name, err))
		}
		for path := range l.sources { // a list is replaced as a whole
			if strings.HasPrefix(path, f.Key+"[") {
				delete(l.sources, path)
			}
		}
		l.sources[f.Key] = f.Name
	}
	return faults
}

// setText sets a leaf from text: a scalar as it stands, a list of strings
// separated by commas, a list of inputs as YAML.
func setText(v reflect.Value, s string) error {
	if v.Kind() != reflect.Slice {
		return setScalar(v, s)
	}
	if v.Type().Elem().Kind() == reflect.String {
		parts := []string{}
		for part := range strings.SplitSeq(strings.Trim(s, "[]"), ",") {
			if part = strings.TrimSpace(part); part != "" {
				parts = append(parts, part)
			}
		}
		v.Set(reflect.ValueOf(parts))
		return nil
	}
	n, err := parse("value", []byte(s))
	if err != nil {
		return err
	}
	if n == nil {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		return nil
	}
	d := decoder{name: "value", sources: map[string]string{}}
	d.list(n, v, "list")
	return errors.Join(d.faults...)
}

// Check reports whether value would do for the key: flags are refused as they
// are parsed.
func Check(path, value string) error {
	var c Config
	return setText(lookup(&c, path).value, value)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// CheckKey reports whether there is a key of that path that text can set.
func CheckKey(path string) error {
	var c Config
	var paths []string
	for _, k := range keys(&c) {
		if k.path == path {
			return nil
		}
		paths = append(paths, k.path)
	}
	return fmt.Errorf("unknown key %q%s", path, DidYouMean(path, paths))
}
