package pipelines

import "testing"

func TestMaxRejectsString(t *testing.T) {
	for m, want := range map[MaxRejects]string{
		{Share: 0.01, Least: 100}: "1%, and 100 are always allowed",
		{Share: 0.005}:            "0.5%",
		{Least: 17}:               "17",
		{}:                        "0",
		{Least: -1}:               "0",
	} {
		if got := m.String(); got != want {
			t.Errorf("%+v: %q, want %q", [2]any{m.Share, m.Least}, got, want)
		}
	}
}
