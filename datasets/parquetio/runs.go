package parquetio

// A run is the rows [from, to) of a row group.
type run struct{ from, to int64 }

// A span is a run of a row group that is named.
type span struct {
	group int
	run
}

// appendRow adds a row behind runs, or to the last of them.
func appendRow(runs []run, row int64) []run {
	if n := len(runs); n > 0 && runs[n-1].to == row {
		runs[n-1].to++
		return runs
	}
	return append(runs, run{row, row + 1})
}

// length is the number of rows of runs.
func length(runs []run) int64 {
	var n int64
	for _, r := range runs {
		n += r.to - r.from
	}
	return n
}

// longRun is how many rows make a batch of their own: it costs no more to cut an
// array than to copy some of it.
const longRun = 256

// cut takes the rows before end, of which there must be some, off ascending runs.
// They are one long run, whose arrays are cut from the pages, or any number of
// short ones, which are copied. Both results are valid until runs is written to.
func cut(runs []run, end int64) (rows, rest []run) {
	n := 0
	for n < len(runs) && runs[n].from < end && (n == 0 || runs[n].to-runs[n].from < longRun) {
		n++
		if runs[n-1].to-runs[n-1].from >= longRun {
			break
		}
	}
	rows, rest = runs[:n:n], runs[n:]
	if last := rows[n-1]; last.to > end {
		rows = append(rows[:n-1:n-1], run{last.from, end})
		rest = runs[n-1:]
		rest[0].from = end
	}
	return rows, rest
}
