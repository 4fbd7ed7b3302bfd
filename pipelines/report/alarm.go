package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// When a night counts as unlike the ones before it.
const (
	alarmWindow  = 28    // nights looked back
	alarmNights  = 3     // fewer nights before say nothing
	sigmaNights  = 5     // fewer nights do not make a standard deviation
	alarmSigmas  = 3     // standard deviations from the mean
	alarmPoints  = 0.10  // distance of a share from the mean that is always told
	leastSigma   = 0.005 // standard deviation of a share is taken as at least this
	leastRowMove = 0.25  // relative change of the rows read that is worth telling
)

// Alarm says that a night is unlike the nights before it.
type Alarm struct {
	Figure string  `json:"figure"` // rows, kept, dropped, duplicate, rejected, or a reason for dropping
	Value  float64 `json:"value"`  // rows, else a share of the rows read, 0 to 1
	Mean   float64 `json:"mean"`   // of the nights before
	Sigma  float64 `json:"sigma"`  // their standard deviation
	Nights int     `json:"nights"` // how many they are
	Text   string  `json:"text"`   // the same in a sentence
}

// Alarms compares the night with those of Before that were published by the
// same job and profile, at most the last 28: a share that moved by ten points or
// by three standard deviations, or a quarter more or fewer rows if that is three
// standard deviations too.
func (n Night) Alarms() []Alarm {
	tonight := n.entry()
	past := alike(n.Before, tonight)
	if len(past) < alarmNights || tonight.Input.Rows == 0 {
		return nil
	}
	var out []Alarm
	for _, f := range tonight.trended(past) {
		m := measure(past, f.of)
		m.Figure, m.Value = f.key, f.of(tonight)
		if m.alarming(f.share) {
			m.Text = m.sentence(f)
			out = append(out, m)
		}
	}
	return out
}

// alike are the latest nights that a night may be held against.
func alike(before []Entry, tonight Entry) []Entry {
	var out []Entry
	for _, e := range before {
		if e.Status == Published && e.Job == tonight.Job && e.Profile == tonight.Profile && e.Input.Rows > 0 {
			out = append(out, e)
		}
	}
	return out[max(0, len(out)-alarmWindow):]
}

// trendFigure is a figure that is followed from night to night.
type trendFigure struct {
	key, title string
	share      bool // of the rows read, else a number of rows
	of         func(Entry) float64
}

// trended are the figures to follow: the outcomes, then every reason that
// dropped rows tonight or before, the most common first.
func (e Entry) trended(past []Entry) []trendFigure {
	outcome := func(key, title string, rows func(Output) int64) trendFigure {
		return trendFigure{key, title, true, func(e Entry) float64 { return share(rows(e.Output), e.Input.Rows) }}
	}
	out := []trendFigure{
		{"rows", "Rows in", false, func(e Entry) float64 { return float64(e.Input.Rows) }},
		outcome("kept", "Kept", func(o Output) int64 { return o.Kept }),
		outcome("dropped", "Dropped", func(o Output) int64 { return o.Dropped }),
		outcome("duplicate", "Duplicate", Output.Duplicate),
		outcome("rejected", "Rejected", func(o Output) int64 { return o.Rejected }),
	}
	for _, reason := range reasonsOf(append(slices.Clone(past), e)) {
		out = append(out, trendFigure{reason, reason, true, func(e Entry) float64 { return share(e.DroppedBy[reason], e.Input.Rows) }})
	}
	return out
}

// reasonsOf are the reasons of all nights, by their summed share of the rows,
// then by name.
func reasonsOf(nights []Entry) []string {
	weight := map[string]float64{}
	for _, e := range nights {
		for reason, rows := range e.DroppedBy {
			weight[reason] += share(rows, e.Input.Rows)
		}
	}
	out := make([]string, 0, len(weight))
	for reason := range weight {
		out = append(out, reason)
	}
	slices.SortFunc(out, func(a, b string) int {
		if weight[a] != weight[b] {
			return cmp.Compare(weight[b], weight[a])
		}
		return cmp.Compare(a, b)
	})
	return out
}

func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// measure returns mean and standard deviation (of a sample, n-1) of the nights.
func measure(nights []Entry, of func(Entry) float64) Alarm {
	a := Alarm{Nights: len(nights)}
	for _, e := range nights {
		a.Mean += of(e)
	}
	a.Mean /= float64(max(1, len(nights)))
	var squares float64
	for _, e := range nights {
		d := of(e) - a.Mean
		squares += float64(d * d)
	}
	a.Sigma = math.Sqrt(squares / float64(max(1, len(nights)-1)))
	return a
}

func (a Alarm) alarming(isShare bool) bool {
	moved := math.Abs(a.Value - a.Mean)
	if !isShare {
		return a.Nights >= sigmaNights && moved > alarmSigmas*a.Sigma && moved > leastRowMove*a.Mean
	}
	return moved >= alarmPoints-1e-9 || a.Nights >= sigmaNights && moved > alarmSigmas*max(a.Sigma, leastSigma)
}

func (a Alarm) sentence(f trendFigure) string {
	direction := "above"
	if a.Value < a.Mean {
		direction = "below"
	}
	title := label(f.title)
	if !f.share {
		return fmt.Sprintf("%s: %s, %s%s%% %s the mean of the %d nights before (%s).", title, formatCount(int64(a.Value)),
			formatRate(100*math.Abs(a.Value-a.Mean)/a.Mean), thin, direction, a.Nights, formatCount(int64(math.Round(a.Mean))))
	}
	return fmt.Sprintf("%s: %s of the rows, %s points %s the mean of the %d nights before (%s, standard deviation %s).", title, formatPercent(a.Value),
		formatRate(100*math.Abs(a.Value-a.Mean)), direction, a.Nights, formatPercent(a.Mean), formatPercent(a.Sigma))
}
