package config

import (
	"reflect"
	"slices"
	"strings"
)

// key is one leaf of the configuration: a value, or a list of values.
type key struct {
	path  string // as in curate.dedup.scheme
	value reflect.Value
}

// env is the name of the key's environment variable.
func (k key) env() string {
	return "CHIMERA_" + strings.ToUpper(strings.ReplaceAll(k.path, ".", "_"))
}

// field is one key of a mapping.
type field struct {
	name  string
	value reflect.Value
}

// fields lists the keys of a struct in the order of its declaration.
func fields(v reflect.Value) []field {
	out := make([]field, v.NumField())
	for i := range out {
		out[i] = field{name: v.Type().Field(i).Tag.Get("yaml"), value: v.Field(i)}
	}
	return out
}

func names(fs []field) []string {
	out := make([]string, len(fs))
	for i, f := range fs {
		out[i] = f.name
	}
	return out
}

// section reports whether v is a mapping of further keys.
func section(v reflect.Value) bool {
	if v.Kind() != reflect.Struct {
		return false
	}
	_, leaf := v.Addr().Interface().(scalar)
	return !leaf
}

// keys lists every leaf of c in order of declaration.
func keys(c *Config) []key {
	var out []key
	var walk func(prefix string, v reflect.Value)
	walk = func(prefix string, v reflect.Value) {
		for _, f := range fields(v) {
			if section(f.value) {
				walk(prefix+f.name+".", f.value)
			} else {
				out = append(out, key{prefix + f.name, f.value})
			}
		}
	}
	walk("", reflect.ValueOf(c).Elem())
	return out
}

// lookup returns the leaf at path. It panics if there is none: paths come from
// the program itself.
func lookup(c *Config, path string) key {
	all := keys(c)
	i := slices.IndexFunc(all, func(k key) bool { return k.path == path })
	if i < 0 {
		panic("config: no such key: " + path)
	}
	return all[i]
}
