package lake

import (
	"testing"

	"github.com/chimera-1/chimera/datasets"
)

// TestVerifyBeforeTheFirstNight ends a first night before its commit: a table is
// there, but nothing was published that a hint could lead to.
func TestVerifyBeforeTheFirstNight(t *testing.T) {
	l := newLake(t, diskStore(t))
	n, err := l.Begin(ctx, runInfo("killed"))
	must(t, err)
	docs := write(t, n, datasets.TableDocuments, document, 3)
	_, _, err = n.stageTable(ctx, datasets.TableDocuments, docs, nil)
	must(t, err)
	must(t, n.Close())
	if report, err := l.Verify(ctx, nil); err != nil || !report.OK() {
		t.Errorf("verify: %+v, %v", report, err)
	}
}
