package lake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// unsealed stands where a document's own checksum will be.
var unsealed = bytes.Repeat([]byte{'0'}, 2*sha256.Size)

// sealKey is the property that holds the checksum of the JSON document around
// it. Iceberg readers skip what they do not know.
const sealKey = "chimera.sha256"

// seal puts the checksum of doc into doc, which must hold sealKey once, with a
// value of 64 zeros. A flipped bit in a metadata file could otherwise move a
// table to another snapshot and still be good JSON.
func seal(doc []byte) []byte {
	at := sealed(doc)
	if at < 0 {
		panic("lake: document without a place for its checksum")
	}
	sum := sha256.Sum256(doc)
	hex.Encode(doc[at:], sum[:])
	return doc
}

// checkSeal fails if doc is not what seal returned.
func checkSeal(doc []byte) error {
	at := sealed(doc)
	if at < 0 {
		return fmt.Errorf("%w: no checksum in it", ErrDamaged)
	}
	end := at + len(unsealed)
	h := sha256.New()
	h.Write(doc[:at])
	h.Write(unsealed)
	h.Write(doc[end:])
	if hex.EncodeToString(h.Sum(nil)) != string(doc[at:end]) {
		return fmt.Errorf("%w: its checksum does not match", ErrDamaged)
	}
	return nil
}

// sealed finds where the checksum stands, or is negative.
func sealed(doc []byte) int {
	key := []byte(`"` + sealKey + `":`)
	at := bytes.LastIndex(doc, key)
	if at < 0 {
		return -1
	}
	at += len(key)
	for at < len(doc) && (doc[at] == ' ' || doc[at] == '"') {
		at++
	}
	if at+len(unsealed) > len(doc) {
		return -1
	}
	return at
}
