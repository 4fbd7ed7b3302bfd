package report

// segment is one piece of a horizontal bar that is 1000 wide.
type segment struct {
	X, W  string
	Class string // an outcome: kept, dropped, duplicate, rejected; or rest, plain
}

// leastWidth keeps a few rows among millions visible.
const leastWidth = 3

// piece is a share of a stacked bar.
type piece struct {
	class string
	rows  int64
}

// stack lays pieces side by side; together they fill the bar.
func stack(pieces ...piece) []segment {
	var rows int64
	for _, p := range pieces {
		rows += p.rows
	}
	width := func(p piece) float64 { return max(1000*share(p.rows, rows), leastWidth) }
	total := 0.0
	for _, p := range pieces {
		if p.rows > 0 {
			total += width(p)
		}
	}
	var out []segment
	at := 0.0
	for _, p := range pieces {
		if p.rows > 0 {
			w := 1000 * width(p) / total
			out = append(out, segment{coordinate(at), coordinate(w), p.class})
			at += w
		}
	}
	return out
}

// bar draws part of whole from the left.
func bar(part, whole float64, class string) []segment {
	if part <= 0 || whole <= 0 {
		return nil
	}
	return []segment{{"0", coordinate(min(1000, max(1000*part/whole, leastWidth))), class}}
}

// Bar shows the outcomes side by side.
func (o Output) Bar() []segment {
	return stack(piece{"kept", o.Kept}, piece{"dropped", o.Dropped}, piece{"duplicate", o.Duplicate()}, piece{"rejected", o.Rejected})
}

// step is one line of the waterfall: what was left before it, less what it took.
type step struct {
	Label string
	Class string // outcome of the rows it took; input and kept begin and end the waterfall
	Sub   bool   // part of the step above
	Rows  int64
	Share string
	Bar   []segment
}

// maxReasons is how many reasons of a stage are shown one by one.
const maxReasons = 8

// waterfall follows the rows from the input to what is kept: rejects go first,
// then exact duplicates, then each filter in turn, then near duplicates.
func (n Night) waterfall() []step {
	rows := n.Input.Rows
	w := waterfall{rows: rows, left: rows}
	w.add("Rows in", "input", rows)
	w.take("Rejected as input", "rejected", n.Output.Rejected)
	w.take("Exact duplicates", "duplicate", n.Output.Exact)
	for _, stage := range byStage(n.Drops) {
		top := w.left
		w.take(stage.name, "dropped", stage.rows)
		if len(stage.reasons) > 1 || stage.reasons[0].Reason != stage.name {
			w.reasons(top, stage.reasons)
		}
	}
	w.take("Near duplicates", "duplicate", n.Output.Near)
	w.add("Kept", "kept", n.Output.Kept)
	return w.steps
}

type waterfall struct {
	rows, left int64
	steps      []step
}

func (w *waterfall) add(label, class string, rows int64) {
	w.steps = append(w.steps, step{Label: label, Class: class, Rows: rows, Share: formatShare(rows, w.rows), Bar: bar(float64(rows), float64(w.rows), class)})
}

func (w *waterfall) take(label, class string, rows int64) {
	if rows == 0 {
		return
	}
	w.steps = append(w.steps, w.floating(label, class, rows, w.left, w.left-rows))
	w.left -= rows
}

func (w *waterfall) reasons(left int64, drops []Drop) {
	for i, d := range drops {
		name, rows := d.Reason, d.Rows
		if rest := drops[i:]; i == maxReasons-1 && len(rest) > 1 {
			name, rows = plural(int64(len(rest)), "other reason"), sumDrops(rest)
		}
		s := w.floating(name, "dropped", rows, left, left-rows)
		s.Sub = true
		w.steps = append(w.steps, s)
		if left -= rows; i == maxReasons-1 {
			return
		}
	}
}

// floating is a step that takes the rows between two heights of the waterfall.
func (w *waterfall) floating(label, class string, rows, from, to int64) step {
	x, end := 1000*share(max(to, 0), w.rows), 1000*share(max(from, 0), w.rows)
	width := max(end-x, leastWidth)
	x = min(x, 1000-width)
	return step{Label: label, Class: class, Rows: rows, Share: formatShare(rows, w.rows), Bar: []segment{
		{"0", coordinate(x), "rest"}, {coordinate(x), coordinate(width), class},
	}}
}
