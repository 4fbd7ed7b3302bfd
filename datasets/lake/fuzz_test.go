package lake

import (
	"errors"
	"testing"

	"github.com/chimera-1/chimera/datasets"
)

// seedDocuments are real metadata files and records.
func seedDocuments(f *testing.F) {
	st, l := threeNights(f)
	must(f, l.Rollback(ctx, 2, RollbackInfo{RunID: "r", Reason: "x"}))
	_, version, err := l.table(ctx, datasets.TableTombstones)
	must(f, err)
	for _, path := range []string{metadataPath(datasets.TableTombstones, version), generationPath(2), eventPath(1)} {
		doc, _, err := st.ReadFile(ctx, path)
		must(f, err)
		f.Add(doc)
	}
	for _, doc := range []string{
		``, `null`, `{}`, `[]`, `{"format-version":2}`, `{"format-version":9}`, `{"format_version":1}`, `{"format_version":2}`,
		`{"format-version":2,"location":"x","properties":{},"schemas":[null]}`,
		`{"format-version":2,"location":"x","properties":{},"schemas":[{"type":"struct","fields":[{"id":1,"name":"a","type":null}]}]}`,
		`{"format-version":2,"location":"x","properties":{},"schemas":[{"type":"struct","fields":[]}],"snapshots":[{"snapshot-id":1}]}`,
		`{"format-version":2,"location":"x","properties":{},"schemas":[{"type":"struct","fields":[]}],"current-snapshot-id":1}`,
	} {
		f.Add([]byte(doc))
	}
}

// known says whether an error is one that callers can tell.
func known(err error) bool { return errors.Is(err, ErrDamaged) || errors.Is(err, ErrNewer) }

// Whatever bytes a metadata file holds: an error that says so, or metadata that
// can be used and written again.
func FuzzMetadata(f *testing.F) {
	seedDocuments(f)
	f.Fuzz(func(t *testing.T, doc []byte) {
		if _, err := parseMetadata(doc); err != nil && !known(err) {
			t.Errorf("parse: %v", err)
		}
		m, err := decodeMetadata(doc)
		if err != nil {
			if !known(err) {
				t.Errorf("decode: %v", err)
			}
			return
		}
		m = m.clone()
		m.main()
		columns(nil, "", m.schema().Fields())
		m.dropRunBranches()
		sealedDoc, err := m.encode()
		if err != nil {
			return // a schema may hold what JSON cannot
		}
		if err := checkSeal(sealedDoc); err != nil {
			t.Errorf("own document: %v", err)
		}
	})
}

// Whatever bytes a record holds: an error that says so, or a record that folds.
func FuzzRecord(f *testing.F) {
	seedDocuments(f)
	f.Fuzz(func(t *testing.T, doc []byte) {
		if _, err := parseGeneration(doc, 1); err != nil && !known(err) {
			t.Errorf("parse generation: %v", err)
		}
		if _, err := parseEvent(doc, 1); err != nil && !known(err) {
			t.Errorf("parse event: %v", err)
		}
		g, e := new(generationRecord), new(eventRecord)
		if decodeRecord(doc, g) != nil || decodeRecord(doc, e) != nil {
			return
		}
		h := fold([]*generationRecord{g}, []*eventRecord{e})
		h.ancestors()
		if _, err := g.encode(); err != nil {
			t.Errorf("encode: %v", err)
		}
	})
}

// A sealed document with any one byte changed is no longer sealed.
func FuzzSeal(f *testing.F) {
	f.Add("some text", 5)
	f.Fuzz(func(t *testing.T, text string, at int) {
		m := &eventRecord{Reason: text}
		doc, err := m.encode()
		if err != nil {
			t.Skip()
		}
		if err := checkSeal(doc); err != nil {
			t.Fatalf("own document: %v", err)
		}
		if at < 0 || at >= len(doc) {
			t.Skip()
		}
		doc[at] ^= 1
		if checkSeal(doc) == nil {
			t.Errorf("byte %d of %q changed unnoticed", at, doc)
		}
	})
}
