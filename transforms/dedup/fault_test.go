package dedup

import (
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/datasets/store/storetest"
)

// TestFaults lets one operation of the store after the other fail while a night
// runs: the error comes out, and the next attempt finds what an undisturbed one
// finds, though files of the failed one lie about.
func TestFaults(t *testing.T) {
	p := planted{rng: rand.New(rand.NewPCG(2, 7))}
	opt := Options{Scheme: "fast", Survivor: SurvivorLongest}
	l := newTestLake()
	first := p.docs(60)
	l.publish(t, first, opt, l.oracle(first, opt))
	docs := p.docs(60)
	want := l.oracle(docs, opt)
	in := Input{Options: opt, Shards: 2, Old: l.index, TaskEdges: 20, Bounds: []int64{row(2, 0), row(2, 60)}}
	l.writeUnit(t, &in, "tonight/", 0, 0, docs, newRand(1))
	run := func(st store.Store, attempt string) ([]Outcome, error) {
		res, err := Near(t.Context(), &shuffled{env: Env{st, "near/", attempt}, rng: newRand(1)}, in)
		if err != nil {
			return nil, err
		}
		var out []Outcome
		err = ReadOutcomes(t.Context(), st, res.Outcomes[0], func(o Outcome) error { out = append(out, o); return nil })
		return out, err
	}
	undisturbed := &storetest.Faulty{Store: l.st}
	if _, err := run(undisturbed, "a0"); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for op := int64(1); op <= undisturbed.Ops(); op += 1 + op/8 {
		if _, err := run(&storetest.Faulty{Store: l.st, FailAt: op, Err: syscall.EIO}, "a1"); errors.Is(err, syscall.EIO) {
			failed++
		} else {
			t.Errorf("operation %d fails: %v, want EIO", op, err)
		}
		got, err := run(l.st, "a2")
		check(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("after operation %d failed (-want +got):\n%s", op, diff)
		}
	}
	t.Logf("%d of %d operations failed in turn", failed, undisturbed.Ops())
}

// TestDamageIsNamed: a spill file that changes between two stages stops the
// night with its name.
func TestDamageIsNamed(t *testing.T) {
	p := planted{rng: rand.New(rand.NewPCG(2, 7))}
	opt := Options{Scheme: "fast", Survivor: SurvivorLongest}
	l := newTestLake()
	in := Input{Options: opt, Shards: 2, Bounds: []int64{row(1, 0), row(1, 60)}}
	l.writeUnit(t, &in, "tonight/", 0, 0, p.docs(60), newRand(1))
	path := in.Kept[0].File
	data, _, err := l.st.ReadFile(t.Context(), path)
	check(t, err)
	data[len(data)/2] ^= 4
	_, err = l.st.Put(t.Context(), path, data, store.Condition{})
	check(t, err)
	_, err = Near(t.Context(), &shuffled{env: Env{l.st, "near/", "a1"}, rng: newRand(1)}, in)
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("error %v, want ErrDamaged", err)
	}
}
