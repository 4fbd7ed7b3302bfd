package pipelines

import (
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
	"github.com/chimera-1/chimera/transforms/text"
)

// scanned is a counted row and what later stages need of its text beside the
// text itself.
type scanned struct {
	inputRow           // without Text if it comes from a scanFile
	Content   [16]byte // hash
	TextBytes int64
	Blank     bool
	Signature signature
}

// signature is a MinHash signature, if it was computed.
type signature struct {
	Known bool
	Value []byte // empty: the text has none; valid until the next row
}

func scan(row inputRow) scanned {
	s := scanned{inputRow: row}
	if row.Reject == nil {
		s.Content, s.TextBytes, s.Blank = text.ContentHash(row.Text), int64(len(row.Text)), text.IsBlank(row.Text)
	}
	return s
}

// digest is the row's share of its part's digest.
func (s *scanned) digest() [16]byte {
	if s.Reject != nil {
		return rejected
	}
	return s.Content
}

// signer computes signatures, in memory that it uses again.
type signer struct {
	hasher *minhash.Hasher
	buf    []byte
}

func newSigner(scheme minhash.Scheme) *signer { return &signer{hasher: scheme.New()} }

func (g *signer) sign(s string) signature {
	var ok bool
	if g.buf, ok = g.hasher.Signature(g.buf[:0], s); !ok {
		return signature{Known: true}
	}
	return signature{Known: true, Value: g.buf}
}
