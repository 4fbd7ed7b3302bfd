package pipelines

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/lake"
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
	"github.com/chimera-1/chimera/transforms/text"
)

// filtered is a profile whose only rule asks for so many words.
func filtered(t *testing.T, words int64) text.Profile {
	t.Helper()
	p, err := text.LookupProfile("gopher")
	if err != nil {
		t.Fatal(err)
	}
	p.Thresholds = text.Thresholds{}
	p.GopherQuality.MinDocWords = words
	return p
}

// variedCorpus is a night of documents around the thresholds of the tests:
// lengths from 40 to 220 words, exact duplicates, and chains of near ones whose
// lengths straddle a threshold.
func variedCorpus(seed uint64, n int, before []doc) []doc {
	r := rand.New(rand.NewPCG(seed, 3))
	docs := []doc{{fmt.Sprintf("v%d-blank", seed), " \n"}}
	pool := slices.Clone(before)
	for i := range n {
		d := doc{fmt.Sprintf("v%d-%d", seed, i), prose(seed*1e6+uint64(i), 40+r.IntN(180))}
		if len(pool) > 0 {
			of := pool[r.IntN(len(pool))].Text
			switch r.IntN(5) {
			case 0:
				d.Text = of
			case 1, 2:
				d.Text = edited(of, fmt.Sprintf("e%d", r.IntN(1<<30)))
				switch k := r.IntN(3); k {
				case 1:
					d.Text += strings.Repeat(fmt.Sprintf(" more%d", i), 1+r.IntN(6))
				case 2:
					f := strings.Fields(d.Text)
					d.Text = strings.Join(f[:len(f)-1-r.IntN(6)], " ")
				}
			}
		}
		docs, pool = append(docs, d), append(pool, d)
	}
	return docs
}

// redecideNights runs two nights under a profile and returns the job of a
// redecide on the same lake.
func redecideNights(t *testing.T, dir, name string, p text.Profile) (lakeDir string, redecide Curate) {
	t.Helper()
	lakeDir = filepath.Join(dir, name)
	first := variedCorpus(1, 110, nil)
	writeJSONL(t, filepath.Join(dir, "in0", "a.jsonl"), first)
	writeJSONL(t, filepath.Join(dir, "in1", "a.jsonl"), variedCorpus(2, 110, first))
	for night := range 2 {
		c := job(t, lakeDir, filepath.Join(dir, fmt.Sprint("in", night)), fmt.Sprintf("2026-11-2%d", night))
		c.Profile, c.UnitBytes, c.Shards = p, 16<<10, 3 // many units: many row groups
		run1(t, c)
	}
	c := job(t, lakeDir, "", "2026-11-25")
	c.Inputs, c.Redecide, c.Shards = nil, true, 3
	return lakeDir, c
}

// expected is what redecide makes of a lake, by the rules of docs/design, all
// pairs compared.
type expected struct {
	decision, stage, reason string
	among                   []int64 // rows of which it may be the near duplicate
}

func expectRedecided(t *testing.T, s lakeState, p text.Profile) map[int64]expected {
	t.Helper()
	a := text.NewAnalyzer(p.Lines)
	out, judged := map[int64]expected{}, map[int64]text.Verdict{}
	for id, d := range s.docs {
		was := s.decisions[id]
		out[id] = expected{decision: was.Decision, stage: was.Stage, reason: was.Reason}
		if was.DuplicateOf != nil {
			out[id] = expected{was.Decision, was.Stage, was.Reason, []int64{*was.DuplicateOf}}
		}
		if d.Signals == nil || was.Stage == datasets.StageInput {
			continue // an exact duplicate, or blank
		}
		v := p.Decide(a.Analyze(*d.Text))
		judged[id] = v
		if !v.Keep {
			out[id] = expected{decision: datasets.Drop, stage: v.Stage, reason: v.Reason}
		}
	}
	var competes []int64
	for _, id := range s.ids() {
		v, has := judged[id]
		was := s.decisions[id]
		orphan := was.Decision == datasets.Duplicate && was.Reason == datasets.ReasonNear && out[*was.DuplicateOf].decision == datasets.Drop
		if has && v.Keep && (was.Decision == datasets.Drop || orphan) {
			competes = append(competes, id)
		}
	}
	compete(s, competes, out)
	return out
}

// bandKeys are the keys of a text's bands; none if it is too short.
func bandKeys(s string) []uint64 {
	scheme, err := minhash.Lookup("fast")
	if err != nil {
		panic(err)
	}
	sig, ok := scheme.New().Signature(nil, s)
	if !ok {
		return nil
	}
	var keys []uint64
	for b := range minhash.Bands {
		keys = append(keys, scheme.BandKey(sig, b))
	}
	return keys
}

func shareBand(a, b []uint64) bool {
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			return true
		}
	}
	return false
}

// compete settles rows among each other and against what is published.
func compete(s lakeState, rows []int64, out map[int64]expected) {
	keys := map[int64][]uint64{}
	for id, d := range s.docs {
		if d.Signals != nil {
			keys[id] = bandKeys(*d.Text)
		}
	}
	near := func(a, b int64) bool { return shareBand(keys[a], keys[b]) }
	group := map[int64]int64{}
	var find func(int64) int64
	find = func(x int64) int64 {
		if p, ok := group[x]; ok && p != x {
			return find(p)
		}
		return x
	}
	union := func(a, b int64) { group[find(a)] = find(b) }
	in := map[int64]bool{}
	for _, r := range rows {
		in[r] = true
	}
	published := map[int64]bool{}
	byCluster := map[int64]int64{}
	for _, r := range rows {
		for _, id := range s.ids() {
			if id == r || !near(r, id) {
				continue
			}
			at := id
			for !in[at] && out[at].decision == datasets.Duplicate { // stands for its survivor
				at = out[at].among[0]
			}
			if in[at] {
				if at == id {
					union(r, at)
				}
				continue // a duplicate of a row that competes stands for nothing published
			}
			if out[at].decision == datasets.Keep {
				published[at] = true
				union(r, at)
				if c := s.decisions[at].Cluster; c != nil {
					if o, ok := byCluster[*c]; ok {
						union(o, at)
					}
					byCluster[*c] = at
				}
			}
		}
	}
	members, old := map[int64][]int64{}, map[int64][]int64{}
	for _, r := range rows {
		members[find(r)] = append(members[find(r)], r)
	}
	for p := range published {
		old[find(p)] = append(old[find(p)], p)
	}
	for g, m := range members {
		among := old[g]
		if len(among) == 0 {
			best := slices.MinFunc(m, func(a, b int64) int {
				da, db := s.docs[a], s.docs[b]
				if da.TextBytes != db.TextBytes {
					return int(db.TextBytes - da.TextBytes)
				}
				if da.DocID != db.DocID {
					return strings.Compare(da.DocID, db.DocID)
				}
				return int(a - b)
			})
			among = []int64{best}
		}
		for _, r := range m {
			if slices.Contains(among, r) {
				out[r] = expected{decision: datasets.Keep}
			} else {
				out[r] = expected{datasets.Duplicate, datasets.StageDedup, datasets.ReasonNear, among}
			}
		}
	}
}

// checkRedecided compares a lake before and after a redecide with the oracle.
func checkRedecided(t *testing.T, before, after lakeState, p text.Profile, generation int32) (joined, left int) {
	t.Helper()
	want, editor := expectRedecided(t, before, p), text.NewAnalyzer(p.Lines)
	if len(after.docs) != len(before.docs) {
		t.Errorf("%d documents before, %d after", len(before.docs), len(after.docs))
	}
	for _, id := range before.ids() {
		w, was, d := want[id], before.decisions[id], after.decisions[id]
		name := before.docs[id].DocID
		if d.Decision != w.decision || d.Stage != w.stage || d.Reason != w.reason {
			t.Errorf("row %d (%s), before %s %s: decided %q %q %q, want %q %q %q", id, name, was.Decision, was.Reason, d.Decision, d.Stage, d.Reason, w.decision, w.stage, w.reason)
			continue
		}
		if d.Decision == datasets.Duplicate {
			if !slices.Contains(w.among, *d.DuplicateOf) {
				t.Errorf("row %d (%s): duplicate of %d, want one of %v", id, name, *d.DuplicateOf, w.among)
			}
			if got := after.docs[*d.DuplicateOf].DocID; *d.DuplicateOfID != got {
				t.Errorf("row %d: duplicate_of_id %q, want %q", id, *d.DuplicateOfID, got)
			}
		}
		same := was.Decision == w.decision && was.Stage == w.stage && was.Reason == w.reason && w.decision != datasets.Duplicate
		if same && d.DecidedIn != was.DecidedIn {
			t.Errorf("row %d (%s) is decided again, though nothing changes", id, name)
		}
		switch {
		case was.Decision != datasets.Keep && d.Decision == datasets.Keep:
			joined++
			rows := after.training[id]
			last := rows[len(rows)-1]
			if len(rows) != len(before.training[id])+1 || last.Generation != generation || last.DocID != name || last.Text != editor.Edit(p, *before.docs[id].Text) || last.Weight != 1 || last.Source != "test" {
				t.Errorf("row %d joins training.text as %+v", id, rows)
			}
		case was.Decision == datasets.Keep && d.Decision != datasets.Keep:
			left++
			ts := after.tombs[id]
			if len(ts) != len(before.tombs[id])+1 || ts[len(ts)-1] != (datasets.Tombstone{RowID: id, Generation: generation, Reason: d.Reason}) {
				t.Errorf("row %d leaves with tombstones %+v", id, ts)
			}
			fallthrough
		default:
			if len(after.training[id]) != len(before.training[id]) {
				t.Errorf("row %d: %d rows of training.text, before %d", id, len(after.training[id]), len(before.training[id]))
			}
		}
	}
	after.checkLive(t)
	return joined, left
}

// filterOnly is what the filters say of each row: near duplicates pass them.
func filterOnly(s lakeState) map[string]string {
	out := map[string]string{}
	for id, d := range s.decisions {
		v := d.Decision + " " + d.Stage + " " + d.Reason
		if d.Decision == datasets.Keep || d.Reason == datasets.ReasonNear {
			v = "passes"
		}
		out[fmt.Sprint(s.docs[id].DocID, "@", s.docs[id].Generation)] = v
	}
	return out
}

// TestRedecide applies stricter and looser thresholds to a lake and compares
// every row with an oracle, and with a fresh lake under the new thresholds.
func TestRedecide(t *testing.T) {
	dir := t.TempDir()
	lakeDir, c := redecideNights(t, dir, "lake", filtered(t, 100))
	before := stateOf(t, lakeDir)
	before.checkLive(t)
	fresh := map[int64]map[string]string{100: filterOnly(before)}
	for i, words := range []int64{130, 70, 100, 130} { // stricter, looser, back, and again
		p := filtered(t, words)
		c.Profile = p
		s := run1(t, c)
		generation := int32(i + 3)
		if s.Generation != generation || s.Redecided == nil || s.Redecided.TextReread != 0 || s.Profile != "gopher" {
			t.Fatalf("redecide at %d words: %+v, %+v", words, s, s.Redecided)
		}
		after := stateOf(t, lakeDir)
		joined, left := checkRedecided(t, before, after, p, generation)
		if s.Redecided.Joined != int64(joined) || s.Redecided.Left != int64(left) || joined+left == 0 {
			t.Errorf("redecide at %d words: summary %+v, %d joined and %d left", words, s.Redecided, joined, left)
		}
		if again := run1(t, c); !again.Already || again.Generation != generation {
			t.Errorf("the same redecide again: already %v, generation %d, want %d", again.Already, again.Generation, generation)
		}
		if fresh[words] == nil {
			freshDir, _ := redecideNights(t, dir, fmt.Sprint("fresh", words), p)
			fresh[words] = filterOnly(stateOf(t, freshDir))
		}
		if diff := cmp.Diff(fresh[words], filterOnly(after)); diff != "" {
			t.Errorf("filters at %d words (-fresh lake +redecided):\n%.2000s", words, diff)
		}
		before = after
	}
}

// TestRedecideLineRules changes a rule that edits text: figures that depend on
// it are made from the texts again, and only then.
func TestRedecideLineRules(t *testing.T) {
	dir := t.TempDir()
	p, err := text.LookupProfile("fineweb")
	if err != nil {
		t.Fatal(err)
	}
	p.Thresholds = text.Thresholds{}
	p.GopherQuality.MinDocWords = 60
	p.C4.MinSentences = 6
	lakeDir, c := redecideNights(t, dir, "lake", p)
	before := stateOf(t, lakeDir)
	q := p
	q.Lines.MinWordsPerLine = 100 // every text is one line
	c.Profile = q
	s := run1(t, c)
	after := stateOf(t, lakeDir)
	passed := int64(0)
	for _, d := range before.docs {
		if d.Signals != nil && before.decisions[d.RowID].Stage != datasets.StageInput && d.Signals.GopherQuality.NonSymbolWords >= 60 {
			passed++
		}
	}
	if s.Redecided.TextReread != passed {
		t.Errorf("%d texts were read again, want the %d that pass the filters before the line rules", s.Redecided.TextReread, passed)
	}
	checkRedecided(t, before, after, q, 3)
	freshDir, _ := redecideNights(t, dir, "fresh", q)
	if diff := cmp.Diff(filterOnly(stateOf(t, freshDir)), filterOnly(after)); diff != "" {
		t.Errorf("filters (-fresh lake +redecided):\n%.2000s", diff)
	}
	c.Profile = p
	run1(t, c)
	back := stateOf(t, lakeDir)
	if joined, _ := checkRedecided(t, after, back, p, 4); joined == 0 {
		t.Error("no row joins again under the first rules")
	}
}

// TestRedecideWhatIsLive redecides after a rollback, and a lake without rows.
func TestRedecideWhatIsLive(t *testing.T) {
	dir := t.TempDir()
	c := job(t, filepath.Join(dir, "empty"), "", "2026-11-25")
	c.Inputs, c.Redecide = nil, true
	if _, err := c.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "has no documents yet") {
		t.Errorf("redecide of an empty lake: error %v", err)
	}
	lakeDir, c := redecideNights(t, dir, "lake", filtered(t, 100))
	c.Profile = filtered(t, 60)
	run1(t, c)
	l, err := lake.Open(context.Background(), lakeDir)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Rollback(context.Background(), 1, lake.RollbackInfo{RunID: "rollback-1", Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	before := stateOf(t, lakeDir)
	s := run1(t, c)
	if s.Already || s.Generation != 4 {
		t.Errorf("redecide after a rollback: already %v, generation %d", s.Already, s.Generation)
	}
	checkRedecided(t, before, stateOf(t, lakeDir), c.Profile, 4)
	c.Again = true
	if s := run1(t, c); s.Already || s.Generation != 5 || s.Redecided.Joined+s.Redecided.Left != 0 {
		t.Errorf("again: %+v, %+v", s, s.Redecided)
	}
	// The night that was rolled back, once more, under the profile of then: its
	// rows compete with what is live now.
	n := job(t, lakeDir, filepath.Join(dir, "in1"), "2026-11-21")
	n.Profile = filtered(t, 100)
	if s := run1(t, n); s.Already || s.Generation != 6 {
		t.Errorf("the second night after the rollback: already %v, generation %d", s.Already, s.Generation)
	}
	stateOf(t, lakeDir).checkLive(t)
	verifyWhole(t, lakeDir)
}

// TestRedecideMixedNights has two nights under different line rules: only the
// texts of the night whose signals do not tell are read again.
func TestRedecideMixedNights(t *testing.T) {
	dir := t.TempDir()
	p, err := text.LookupProfile("fineweb")
	if err != nil {
		t.Fatal(err)
	}
	p.Thresholds = text.Thresholds{}
	p.C4.MinSentences = 6
	q := p
	q.Lines.MinWordsPerLine = 100
	for night, profile := range []text.Profile{q, p} {
		in := filepath.Join(dir, fmt.Sprint("in", night))
		writeJSONL(t, filepath.Join(in, "a.jsonl"), variedCorpus(uint64(night+1), 60, nil))
		c := job(t, filepath.Join(dir, "lake"), in, fmt.Sprintf("2026-11-2%d", night))
		c.Profile = profile
		run1(t, c)
	}
	before := stateOf(t, filepath.Join(dir, "lake"))
	first := int64(0)
	for _, d := range before.docs {
		if d.Generation == 1 && d.Signals != nil && before.decisions[d.RowID].Stage != datasets.StageInput {
			first++
		}
	}
	c := job(t, filepath.Join(dir, "lake"), "", "2026-11-25")
	c.Inputs, c.Redecide, c.Profile = nil, true, p
	s := run1(t, c)
	if s.Redecided.TextReread != first {
		t.Errorf("%d texts were read again, want the %d of the first night", s.Redecided.TextReread, first)
	}
	checkRedecided(t, before, stateOf(t, filepath.Join(dir, "lake")), p, 3)
}

// TestRedecideKilled kills a redecide again and again; at last its tables are
// those of one that was let alone.
func TestRedecideKilled(t *testing.T) {
	dir := t.TempDir()
	whole, c := redecideNights(t, dir, "whole", filtered(t, 100))
	killed, k := redecideNights(t, dir, "killed", filtered(t, 100))
	c.Profile, k.Profile = filtered(t, 60), filtered(t, 60)
	begin := time.Now()
	if err := start(t, c).Wait(); err != nil {
		t.Fatal(err)
	}
	undisturbed := time.Since(begin)
	r := rand.New(rand.NewPCG(*seed+1, 5))
	for range 3 {
		cmd := start(t, k)
		time.Sleep(time.Duration(r.Int64N(int64(undisturbed))))
		cmd.Process.Signal(syscall.SIGKILL)
		cmd.Wait()
	}
	if _, err := k.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	want, got := tableContent(t, whole), tableContent(t, killed)
	for table := range want {
		if diff := cmp.Diff(want[table], got[table]); diff != "" {
			t.Errorf("%s differs after kills (-undisturbed +killed):\n%.2000s", table, diff)
		}
	}
}
