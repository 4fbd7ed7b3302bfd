package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Print is the configuration as YAML, each value with its source in a comment.
// Read as a file it gives the same run.
func (l *Loaded) Print() string {
	p := printer{source: l.Source}
	p.section(reflect.ValueOf(&l.Config).Elem(), "", "")
	return p.b.String()
}

// YAML is the configuration without the sources of its values.
func (c Config) YAML() string {
	var p printer
	p.section(reflect.ValueOf(&c).Elem(), "", "")
	return p.b.String()
}

// Hash names the configuration: two that give the same run have the same hash.
// It leaves out how the program talks.
func (c Config) Hash() string {
	c.Log = Log{}
	sum := sha256.Sum256([]byte(c.YAML()))
	return hex.EncodeToString(sum[:8])
}

type printer struct {
	b      strings.Builder
	source func(path string) string
}

// commentColumn is where comments start, if the value leaves room.
const commentColumn = 44

func (p *printer) line(text, path string) {
	p.b.WriteString(text)
	if p.source != nil && path != "" {
		fmt.Fprintf(&p.b, "%s  # %s", strings.Repeat(" ", max(0, commentColumn-len(text))), p.source(path))
	}
	p.b.WriteByte('\n')
}

func (p *printer) section(v reflect.Value, indent, path string) {
	for _, f := range fields(v) {
		full := strings.TrimPrefix(path+"."+f.name, ".")
		switch {
		case section(f.value):
			p.line(indent+f.name+":", "")
			p.section(f.value, indent+"  ", full)
		case f.value.Kind() == reflect.Slice && f.value.Type().Elem().Kind() == reflect.Struct && f.value.Len() > 0:
			p.line(indent+f.name+":", full)
			for i := range f.value.Len() {
				p.item(f.value.Index(i), indent, fmt.Sprintf("%s[%d]", full, i))
			}
		default:
			p.line(indent+f.name+": "+scalarText(f.value), full)
		}
	}
}

// item prints a mapping as one item of a list: its first line carries the dash.
func (p *printer) item(v reflect.Value, indent, path string) {
	q := printer{source: p.source}
	q.section(v, indent+"    ", path)
	p.b.WriteString(indent + "  - " + strings.TrimPrefix(q.b.String(), indent+"    "))
}

// scalarText is a leaf in YAML's flow form.
func scalarText(v reflect.Value) string {
	if s, ok := v.Addr().Interface().(scalar); ok {
		return quoted(s.String())
	}
	switch {
	case v.Kind() == reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = scalarText(v.Index(i))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	}
	return quoted(v.String())
}

// quoted is s as a YAML string: bare where every reader takes it for one.
func quoted(s string) string {
	plain := s != ""
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		plain = plain && (letter || i > 0 && (r >= '0' && r <= '9' || r == '_' || r == '-' || r == '/'))
	}
	if plain && !ambiguous[strings.ToLower(s)] {
		return s
	}
	var b strings.Builder
	enc := json.NewEncoder(&b) // a JSON string is a YAML string
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic("config: a string does not encode: " + err.Error())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// ambiguous words are not strings to every YAML reader.
var ambiguous = map[string]bool{
	"true": true, "false": true, "yes": true, "no": true, "on": true, "off": true, "y": true, "n": true, "null": true,
}

// Value is one value of the configuration and where it comes from.
type Value struct {
	Key    string `json:"key"`
	Value  any    `json:"value"`
	Source string `json:"source"`
}

// Values lists every value of the configuration in order.
func (l *Loaded) Values() []Value {
	var out []Value
	for _, k := range keys(&l.Config) {
		out = append(out, Value{k.path, plain(k.value), l.Source(k.path)})
	}
	return out
}

// plain is a leaf as JSON has it.
func plain(v reflect.Value) any {
	if s, ok := v.Addr().Interface().(scalar); ok {
		return s.String()
	}
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct {
		items := make([]map[string]any, v.Len())
		for i := range items {
			items[i] = plainMap(v.Index(i))
		}
		return items
	}
	return v.Interface()
}

func plainMap(v reflect.Value) map[string]any {
	m := map[string]any{}
	for _, f := range fields(v) {
		if section(f.value) {
			m[f.name] = plainMap(f.value)
		} else {
			m[f.name] = plain(f.value)
		}
	}
	return m
}
