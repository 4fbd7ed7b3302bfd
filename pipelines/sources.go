package pipelines

import "strings"

// maxSources is the most sources that counts and reports tell apart. A source
// field may as well hold a page's address: with more of them, all rows count as
// those of one source, manySources, however the work is cut.
const (
	maxSources  = 100
	manySources = "(more than 100 sources)"
)

// names holds lasting copies of sources' and files' names, of which there are few.
type names map[string]string

// keep returns the lasting copy of a name that may be a view of a batch.
func (n names) keep(name string) string {
	if s, ok := n[name]; ok {
		return s
	}
	s := strings.Clone(name)
	n[s] = s
	return s
}

// addSource adds v to what m holds of a source. m holds on to the name, also
// where it has it already: assigning to a string key replaces its bytes.
func addSource[V any](m map[string]V, source string, v V, plus func(a, b V) V) {
	if old, ok := m[source]; ok {
		m[source] = plus(old, v)
		return
	}
	_, many := m[manySources]
	if !many && source != manySources && len(m) < maxSources {
		m[source] = v
		return
	}
	for _, k := range sortedKeys(m) {
		v = plus(v, m[k])
		delete(m, k)
	}
	m[manySources] = v
}

// sourceCounts is one source's share.
type sourceCounts struct{ Rows, Bytes, Kept, Dropped, Exact, Near int64 }

func (s sourceCounts) plus(o sourceCounts) sourceCounts {
	return sourceCounts{s.Rows + o.Rows, s.Bytes + o.Bytes, s.Kept + o.Kept, s.Dropped + o.Dropped, s.Exact + o.Exact, s.Near + o.Near}
}

func (c *counts) source(name string, s sourceCounts) {
	addSource(c.Sources, name, s, sourceCounts.plus)
}

func (c *counts) document(source string, bytes int64) {
	c.source(source, sourceCounts{Rows: 1, Bytes: bytes})
}
