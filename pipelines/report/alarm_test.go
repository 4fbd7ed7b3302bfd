package report

import (
	"math"
	"strings"
	"testing"
)

// nights are published nights of 1000 rows, so many of them kept.
func nights(kept ...int64) []Entry {
	var out []Entry
	for _, k := range kept {
		out = append(out, Entry{Job: "curate", Profile: "fineweb", Status: Published, Input: Input{Rows: 1000}, Output: Output{Kept: k, Dropped: 1000 - k}})
	}
	return out
}

func tonight(rows, kept int64, before []Entry) Night {
	return Night{Job: "curate", Profile: "fineweb", Status: Published, Input: Input{Rows: rows}, Output: Output{Kept: kept, Dropped: rows - kept}, Before: before}
}

func TestAlarms(t *testing.T) {
	steady := nights(600, 600, 600, 600, 600)
	restless := nights(540, 580, 600, 620, 660)
	other := nights(600, 600, 600)
	other[0].Profile = "c4"
	refused := nights(100, 600, 600, 600)
	refused[0].Status = Rejected
	for _, c := range []struct {
		name string
		n    Night
		want string
	}{
		{"as ever", tonight(1000, 600, steady), ""},
		{"within the least deviation", tonight(1000, 614, steady), ""},
		{"three deviations", tonight(1000, 616, steady), "kept dropped"}, // 1.6 points > 3 x 0.5
		{"restless nights", tonight(1000, 690, restless), ""},
		{"ten points", tonight(1000, 700, restless), "kept dropped"},
		{"two nights say nothing", tonight(1000, 1, nights(600, 600)), ""},
		{"three nights know ten points", tonight(1000, 499, nights(600, 600, 600)), "kept dropped"},
		{"three nights know no deviation", tonight(1000, 510, nights(600, 600, 600)), ""},
		{"another profile does not count", tonight(1000, 1, other), ""},
		{"nor does a night refused", tonight(1000, 600, refused), ""},
		{"more rows", tonight(1260, 756, steady), "rows"},
		{"not many more rows", tonight(1240, 744, steady), ""},
		{"no rows", tonight(0, 0, steady), ""},
	} {
		var got []string
		for _, a := range c.n.Alarms() {
			got = append(got, a.Figure)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: alarms %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAlarmFigures(t *testing.T) {
	before := nights(540, 580, 600, 620, 660)
	n := tonight(1000, 400, before)
	n.Drops = []Drop{{"q", "new_reason", 600}}
	a := n.Alarms()
	if len(a) != 3 || a[2].Figure != "new_reason" {
		t.Fatalf("alarms %+v", a)
	}
	// Mean of 54, 58, 60, 62, 66 is 60; their squared distances are 36+4+0+4+36 = 80, over 4: 20.
	if math.Abs(a[0].Mean-0.6) > 1e-12 || math.Abs(a[0].Sigma-math.Sqrt(0.0020)) > 1e-12 || a[0].Nights != 5 {
		t.Errorf("kept: %+v", a[0])
	}
	want := "Kept: 40.0 % of the rows, 20.0 points below the mean of the 5 nights before (60.0 %, standard deviation 4.5 %)."
	if got := strings.ReplaceAll(a[0].Text, thin, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAlarmsLookBackFourWeeks(t *testing.T) {
	kept := make([]int64, 60)
	for i := range kept {
		kept[i] = 200
		if i >= 60-alarmWindow {
			kept[i] = 600
		}
	}
	if a := tonight(1000, 600, nights(kept...)).Alarms(); a != nil {
		t.Errorf("alarms %+v", a)
	}
}
