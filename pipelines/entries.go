package pipelines

import (
	"sync"

	"github.com/chimera-1/chimera/transforms/dedup"
)

// entryLists is memory for the index entries of a unit, megabytes that the next
// unit can use again.
var entryLists = sync.Pool{New: func() any { return new([]dedup.Entry) }}

// takeEntries returns an empty list.
func takeEntries() []dedup.Entry { return (*entryLists.Get().(*[]dedup.Entry))[:0] }

// giveEntries returns lists that nobody uses any more.
func giveEntries(lists ...[]dedup.Entry) {
	for _, l := range lists {
		if cap(l) > 0 {
			entryLists.Put(&l)
		}
	}
}
