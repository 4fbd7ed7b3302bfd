package config

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// decoder lays one YAML document over a configuration.
type decoder struct {
	name    string            // of the file, for messages
	sources map[string]string // by key path; written
	faults  []error
}

// fault notes an error at a node.
func (d *decoder) fault(n ast.Node, format string, args ...any) {
	d.faults = append(d.faults, fmt.Errorf("%s: %s", d.at(n), fmt.Sprintf(format, args...)))
}

func (d *decoder) at(n ast.Node) string {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return d.name + ":" + strconv.Itoa(t.Position.Line)
	}
	return d.name
}

// document decodes YAML into c.
func (d *decoder) document(data []byte, c *Config) {
	body, err := parse(d.name, data)
	if err != nil {
		d.faults = append(d.faults, err)
		return
	}
	if body != nil {
		d.section(body, reflect.ValueOf(c).Elem(), "")
	}
}

// parse returns the body of the only document in data, nil if it is empty. The
// parser is not ours: should it panic on hostile input, that is a fault of the
// input.
func parse(name string, data []byte) (body ast.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			body, err = nil, fmt.Errorf("%s: no YAML: %v", name, r)
		}
	}()
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%s: no YAML: invalid UTF-8", name)
	}
	file, err := parser.ParseBytes(data, 0)
	var syntax *yaml.SyntaxError
	switch {
	case errors.As(err, &syntax) && syntax.Token != nil:
		return nil, fmt.Errorf("%s:%d: %s", name, syntax.Token.Position.Line, syntax.Message)
	case err != nil:
		return nil, fmt.Errorf("%s: no YAML: %w", name, err)
	}
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.NullType || doc.Body.Type() == ast.CommentType {
			continue
		}
		if body != nil {
			return nil, fmt.Errorf("%s:%d: a second document: a configuration is one", name, doc.Body.GetToken().Position.Line)
		}
		body = doc.Body
	}
	return body, nil
}

// section decodes a mapping into a struct.
func (d *decoder) section(n ast.Node, v reflect.Value, path string) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	case *ast.NullNode:
		return
	default:
		d.fault(n, "%swant keys and values, have %s", inside(path), describe(n))
		return
	}
	known, seen := fields(v), map[string]bool{}
	for _, m := range values {
		k, ok := m.Key.(*ast.StringNode)
		if !ok {
			d.fault(m.Key, "%sa key is a plain word, not %s", inside(path), describe(m.Key))
			continue
		}
		if seen[k.Value] {
			d.fault(k, "key %q is there twice", k.Value)
			continue
		}
		seen[k.Value] = true
		d.entry(k, m.Value, known, path)
	}
}

func (d *decoder) entry(k *ast.StringNode, value ast.Node, known []field, path string) {
	for _, f := range known {
		if f.name != k.Value {
			continue
		}
		full := strings.TrimPrefix(path+"."+k.Value, ".")
		if section(f.value) {
			d.section(value, f.value, full)
			return
		}
		if d.value(value, f.value, full) {
			d.sources[full] = d.at(k)
		}
		return
	}
	d.fault(k, "unknown key %q%s", k.Value, suggest(k.Value, known))
}

// suggest names the key that was meant: a neighbour, or the same name elsewhere.
func suggest(name string, known []field) string {
	for _, f := range known {
		if nearest(name, []string{f.name}) != "" {
			return DidYouMean(name, names(known))
		}
	}
	var c Config
	for _, k := range keys(&c) {
		if k.path[strings.LastIndex(k.path, ".")+1:] == name {
			return fmt.Sprintf(", did you mean %q?", k.path)
		}
	}
	return ""
}

// value decodes a leaf and reports whether it could.
func (d *decoder) value(n ast.Node, v reflect.Value, path string) bool {
	if v.Kind() == reflect.Slice {
		return d.list(n, v, path)
	}
	if err := decodeScalar(n, v); err != nil {
		d.fault(n, "%s: %v", path, err)
		return false
	}
	return true
}

// list decodes a sequence: it replaces the list that was there.
func (d *decoder) list(n ast.Node, v reflect.Value, path string) bool {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.fault(n, "%s: want a list, have %s", path, describe(n))
		return false
	}
	before := len(d.faults)
	out := reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values))
	for i, item := range seq.Values {
		at := fmt.Sprintf("%s[%d]", path, i)
		if section(out.Index(i)) {
			d.section(item, out.Index(i), at)
		} else {
			d.value(item, out.Index(i), at)
		}
	}
	v.Set(out)
	return len(d.faults) == before
}

// decodeScalar sets v from a node of the right type.
func decodeScalar(n ast.Node, v reflect.Value) error {
	if s, ok := v.Addr().Interface().(scalar); ok {
		switch n := n.(type) {
		case *ast.StringNode:
			return s.Parse(n.Value)
		case *ast.IntegerNode:
			return s.Parse(n.Token.Value)
		}
		return fmt.Errorf("want %s, have %s", s.kind(), describe(n))
	}
	switch node := n.(type) {
	case *ast.StringNode:
		if v.Kind() == reflect.String {
			v.SetString(node.Value)
			return nil
		}
	case *ast.BoolNode:
		if v.Kind() == reflect.Bool {
			v.SetBool(node.Value)
			return nil
		}
	case *ast.IntegerNode, *ast.FloatNode:
		if v.CanInt() || v.CanFloat() {
			return setScalar(v, node.GetToken().Value)
		}
	}
	quote := ""
	if v.Kind() == reflect.String && n.Type() != ast.MappingType && n.Type() != ast.SequenceType && n.Type() != ast.NullType {
		quote = " (quote it)"
	}
	return fmt.Errorf("want %s, have %s%s", kindName(v), describe(n), quote)
}

// setScalar sets v from text, as an environment variable or a flag gives it.
func setScalar(v reflect.Value, s string) error {
	if sc, ok := v.Addr().Interface().(scalar); ok {
		return sc.Parse(s)
	}
	switch {
	case v.Kind() == reflect.String:
		v.SetString(s)
		return nil
	case v.Kind() == reflect.Bool:
		if b, err := strconv.ParseBool(s); err == nil {
			v.SetBool(b)
			return nil
		}
	case v.CanInt():
		if i, err := strconv.ParseInt(s, 10, 64); err == nil && !v.OverflowInt(i) {
			v.SetInt(i)
			return nil
		}
	case v.CanFloat():
		if f, err := strconv.ParseFloat(s, 64); err == nil && f-f == 0 {
			v.SetFloat(f)
			return nil
		}
	}
	return fmt.Errorf("want %s, have %q", kindName(v), s)
}

func kindName(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Bool:
		return "true or false"
	case v.CanInt():
		return "a whole number"
	case v.CanFloat():
		return "a number"
	}
	return "a string"
}

// describe is a node for messages.
func describe(n ast.Node) string {
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys and values"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	case *ast.StringNode:
		return strconv.Quote(n.Value)
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		return "an anchor, alias or tag, which are not read here"
	}
	if t := n.GetToken(); t != nil {
		return t.Value
	}
	return n.Type().String()
}

func inside(path string) string {
	if path == "" {
		return ""
	}
	return path + ": "
}
