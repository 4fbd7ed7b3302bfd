package pipelines

import (
	"encoding/binary"
	"fmt"

	"github.com/chimera-1/chimera/datasets/formats"
)

// digest sums up the rows of a part of a unit in order. A unit is read twice,
// and row ids are given after the first time: the second reading must be of the
// very same rows, whatever the file's size and modification time say.
type digest uint64

// rejected stands for a row that is no document.
var rejected = [16]byte{1}

func (d *digest) add(content [16]byte) {
	*d = digest(mix64(uint64(*d)+1) ^ binary.LittleEndian.Uint64(content[:8]) ^ mix64(binary.LittleEndian.Uint64(content[8:])))
}

// sameRows compares what the second reading of a unit found with the first.
func (t readTask) sameRows(first, second []digest) error {
	for i, p := range t.Parts {
		if first[i] != second[i] {
			return fmt.Errorf("read %s: %w: a second reading found other rows", p.Input.Path, formats.ErrChanged)
		}
	}
	return nil
}
