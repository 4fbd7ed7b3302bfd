package pipelines

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/lake"
)

// lakeState is a lake's text tables in memory.
type lakeState struct {
	docs      map[int64]datasets.Document
	decisions map[int64]datasets.Decision // that count
	decided   map[int64][]int32           // generations that decided the row
	training  map[int64][]datasets.Training
	tombs     map[int64][]datasets.Tombstone
}

func stateOf(t *testing.T, dir string) lakeState {
	t.Helper()
	l, err := lake.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	s := lakeState{docs: map[int64]datasets.Document{}, decisions: map[int64]datasets.Decision{}, decided: map[int64][]int32{},
		training: map[int64][]datasets.Training{}, tombs: map[int64][]datasets.Tombstone{}}
	for _, d := range rowsOf[datasets.Document](t, l, datasets.TableDocuments) {
		if _, twice := s.docs[d.RowID]; twice {
			t.Errorf("row %d is in text.documents twice", d.RowID)
		}
		s.docs[d.RowID] = d
	}
	for _, d := range rowsOf[datasets.Decision](t, l, datasets.TableDecisions) {
		if slices.Contains(s.decided[d.RowID], d.DecidedIn) {
			t.Errorf("row %d is decided twice in generation %d", d.RowID, d.DecidedIn)
		}
		s.decided[d.RowID] = append(s.decided[d.RowID], d.DecidedIn)
		if d.DecidedIn > s.decisions[d.RowID].DecidedIn {
			s.decisions[d.RowID] = d
		}
	}
	for _, r := range rowsOf[datasets.Training](t, l, datasets.TableTraining) {
		s.training[r.RowID] = append(s.training[r.RowID], r)
	}
	for _, r := range rowsOf[datasets.Tombstone](t, l, datasets.TableTombstones) {
		s.tombs[r.RowID] = append(s.tombs[r.RowID], r)
	}
	return s
}

// rowsOf reads a table whole.
func rowsOf[T any](t *testing.T, l *lake.Lake, table string) []T {
	t.Helper()
	var out []T
	err := lake.ReadTable(context.Background(), l, table, 0, func(rows []T) error {
		out = append(out, rows...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// live is training.text as views show it: a row counts unless a tombstone of a
// later generation than its own names it.
func (s lakeState) live(t *testing.T) map[int64]datasets.Training {
	t.Helper()
	out := map[int64]datasets.Training{}
	for id, rows := range s.training {
		for _, r := range rows {
			if slices.ContainsFunc(s.tombs[id], func(ts datasets.Tombstone) bool { return ts.Generation > r.Generation }) {
				continue
			}
			if _, twice := out[id]; twice {
				t.Errorf("row %d is live in training.text twice", id)
			}
			out[id] = r
		}
	}
	return out
}

// checkLive compares what is live with what is decided: exactly the kept rows.
func (s lakeState) checkLive(t *testing.T) {
	t.Helper()
	live := s.live(t)
	for id, d := range s.decisions {
		if _, in := live[id]; in != (d.Decision == datasets.Keep) {
			t.Errorf("row %d (%s) is decided %s %s; in training.text: %v", id, s.docs[id].DocID, d.Decision, d.Reason, in)
		}
	}
	for id := range live {
		if s.decisions[id].Decision != datasets.Keep {
			t.Errorf("row %d is live in training.text and not kept", id)
		}
	}
	if len(s.docs) != len(s.decisions) {
		t.Errorf("%d documents, %d of them decided", len(s.docs), len(s.decisions))
	}
}

// ids are the rows in order.
func (s lakeState) ids() []int64 { return slices.Sorted(maps.Keys(s.docs)) }
