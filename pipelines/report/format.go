package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// thin is the space between a number and its unit: narrow, and no place to break a line.
const thin = "\u202f"

// formatCount writes 1234567 as 1,234,567.
func formatCount(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "\u2212", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// formatBytes writes 12345678 as 12.3 MB.
func formatBytes(n int64) string {
	if n < 1000 {
		return formatCount(n) + thin + "B"
	}
	v, unit := float64(n), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB", "PB", "EB"} {
		if v /= 1000; v < 999.5 {
			break
		}
	}
	return formatRate(v) + thin + unit
}

// formatRate writes a positive number to three digits or so.
func formatRate(v float64) string {
	switch {
	case v >= 999.5:
		return formatCount(int64(math.Round(v)))
	case v >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 0.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
}

// formatShare writes part of whole in per cent; a little is never shown as
// nothing, nor nearly all as all.
func formatShare(part, whole int64) string {
	if whole == 0 {
		return "\u2013"
	}
	percent := 100 * float64(part) / float64(whole)
	switch {
	case part > 0 && percent < 0.05:
		return "<0.1" + thin + "%"
	case part < whole && percent >= 99.95:
		return ">99.9" + thin + "%"
	default:
		return formatPercent(percent / 100)
	}
}

// formatPercent writes a share of 1 in per cent.
func formatPercent(share float64) string {
	return strconv.FormatFloat(100*share, 'f', 1, 64) + thin + "%"
}

// formatSeconds writes a duration to the precision a person would give.
func formatSeconds(s float64) string {
	switch {
	case s < 1:
		return strconv.FormatFloat(s, 'f', 2, 64) + thin + "s"
	case s < 9.95:
		return strconv.FormatFloat(s, 'f', 1, 64) + thin + "s"
	case s < 119.5:
		return strconv.FormatFloat(s, 'f', 0, 64) + thin + "s"
	}
	t := int64(math.Round(s))
	if t < 7200 {
		return fmt.Sprintf("%d%smin %02d%ss", t/60, thin, t%60, thin)
	}
	return fmt.Sprintf("%d%sh %02d%smin", t/3600, thin, t/60%60, thin)
}

// formatFigure writes the value of a figure: whole numbers in full, others to
// four digits.
func formatFigure(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return formatCount(int64(v))
	}
	return strings.Replace(strconv.FormatFloat(v, 'g', 4, 64), "-", "\u2212", 1)
}

// formatTick writes a number on an axis, as short as it is exact.
func formatTick(v float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= unit.size {
			return strconv.FormatFloat(v/unit.size, 'g', 4, 64) + unit.name
		}
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05") + " UTC"
}

// formatDate writes 2026-11-20 as Friday, 20 November 2026, and anything else as it is.
func formatDate(date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return label(date)
	}
	return t.Format("Monday, 2 January 2006")
}

// plural writes n things: 1 row, 2 rows.
func plural(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return formatCount(n) + " " + thing + "s"
}

// coordinate writes a place in a picture to a hundredth.
func coordinate(v float64) string {
	return strconv.FormatFloat(math.Round(v*100)/100+0, 'f', -1, 64)
}
