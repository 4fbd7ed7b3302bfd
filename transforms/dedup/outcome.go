package dedup

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/store"
)

// Outcome is what becomes of a row of tonight that is near to another. Rows
// without an outcome are near to none.
type Outcome struct {
	Row         datasets.RowID
	DuplicateOf datasets.RowID   // 0: the row survives
	Cluster     datasets.RowID   // smallest row of the cluster
	Similarity  float32          // to DuplicateOf; true Jaccard under Verify, else the estimate
	Bridges     []datasets.RowID // other published rows it is near to, ascending
}

// In a file an outcome is three kinds of records about its row, told apart by
// the second word.
const (
	outcomeOf      = iota // DuplicateOf, with the similarity as payload
	outcomeCluster        // Cluster
	outcomeBridge         // one of Bridges

	outcomePayload = 8
)

func writeOutcome(w *segmentWriter, o Outcome) error {
	var sim, none [outcomePayload]byte
	binary.LittleEndian.PutUint32(sim[:], math.Float32bits(o.Similarity))
	if err := w.add(&triple{uint64(o.Row), outcomeOf, uint64(o.DuplicateOf)}, sim[:]); err != nil {
		return err
	}
	if err := w.add(&triple{uint64(o.Row), outcomeCluster, uint64(o.Cluster)}, none[:]); err != nil {
		return err
	}
	for _, b := range o.Bridges {
		if err := w.add(&triple{uint64(o.Row), outcomeBridge, uint64(b)}, none[:]); err != nil {
			return err
		}
	}
	return nil
}

// ReadOutcomes calls found with the outcomes of a unit, in row order.
func ReadOutcomes(ctx context.Context, st store.Store, segs []Segment, found func(Outcome) error) error {
	m, err := newMerger(ctx, st, segs, outcomePayload)
	if err != nil {
		return err
	}
	for m.peek() != nil {
		o, err := readOutcome(m)
		if err != nil {
			return err
		}
		if err := found(o); err != nil {
			return err
		}
	}
	return nil
}

func readOutcome(m *merger) (Outcome, error) {
	o := Outcome{Row: int64(m.peek()[0])}
	for t := m.peek(); t != nil && int64(t[0]) == o.Row; t = m.peek() {
		switch value := int64(t[2]); t[1] {
		case outcomeOf:
			o.DuplicateOf = value
			o.Similarity = math.Float32frombits(binary.LittleEndian.Uint32(m.payload()))
		case outcomeCluster:
			o.Cluster = value
		case outcomeBridge:
			o.Bridges = append(o.Bridges, value)
		default:
			return o, fmt.Errorf("row %d: record of kind %d among outcomes: %w", o.Row, t[1], ErrDamaged)
		}
		if err := m.next(); err != nil {
			return o, err
		}
	}
	return o, nil
}
