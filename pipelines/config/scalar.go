package config

import (
	"fmt"
	"strconv"
	"strings"
)

// scalar is a value with a text form of its own.
type scalar interface {
	String() string
	Parse(s string) error
	kind() string // what the text form looks like, for messages
}

// Size is a number of bytes: 64MiB, 1.5GB, 4096.
type Size int64

var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"KB", 1e3}, {"B", 1},
}

func (*Size) kind() string { return "a size like 64MiB" }

// String is the size in the largest binary unit that divides it.
func (s Size) String() string {
	for _, u := range sizeUnits[:4] {
		if s != 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// Parse reads the text form.
func (s *Size) Parse(text string) error {
	number, unit := text, int64(1)
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			number, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	if n, err := strconv.ParseInt(number, 10, 64); err == nil {
		if n < 0 || n > (1<<62)/unit {
			return fmt.Errorf("%q is out of range", text)
		}
		*s = Size(n * unit)
		return nil
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || !(f >= 0) || strings.ContainsAny(number, "xXpP_iIn") {
		return fmt.Errorf("%q is no size like 64MiB", text)
	}
	if f*float64(unit) > 1<<62 {
		return fmt.Errorf("%q is out of range", text)
	}
	*s = Size(f * float64(unit))
	return nil
}

// LeastRejects is how many rejects a limit given as a share always allows, so
// that one bad row in a small night does not hold it up.
const LeastRejects = 100

// MaxRejects is the most rejected rows of a night that is published: a share of
// the rows read, "1%", or a number of rows.
type MaxRejects struct {
	Share float64 // 0 to 1
	Least int64   // allowed in any case; with Share 0, the limit
}

func (*MaxRejects) kind() string { return `a share like "1%" or a number of rows` }

// String is the text form.
func (m MaxRejects) String() string {
	if m.Share == 0 {
		return strconv.FormatInt(m.Least, 10)
	}
	return strconv.FormatFloat(m.Share*100, 'g', 12, 64) + "%"
}

// Parse reads the text form.
func (m *MaxRejects) Parse(text string) error {
	if percent, ok := strings.CutSuffix(text, "%"); ok {
		f, err := strconv.ParseFloat(strings.TrimSpace(percent), 64)
		if err != nil || !(f >= 0 && f <= 100) {
			return fmt.Errorf("%q is no share between 0%% and 100%%", text)
		}
		*m = MaxRejects{Share: f / 100, Least: LeastRejects}
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is no %s", text, strings.TrimPrefix(m.kind(), "a "))
	}
	*m = MaxRejects{Least: n}
	return nil
}
