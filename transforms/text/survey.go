package text

import (
	"bytes"

	"github.com/chimera-1/chimera/transforms/text/english"
)

// survey is what one look at all bytes of a text tells.
type survey struct {
	runes  int
	ascii  bool
	breaks bool // lines may end in other ways than LF
}

const eachByte = 0x0101010101010101

// lookOver surveys text, which must be valid UTF-8 for its runes to be right.
func lookOver(text []byte) survey {
	v := survey{runes: len(text)}
	var seen uint64
	i := 0
	for ; i+8 <= len(text); i += 8 {
		w := load(text, int32(i))
		seen |= w
		suspect := belowSpace(w) &^ exactly(w, '\n')
		if w&highBits != 0 {
			v.runes -= int(continuations(w))
			suspect |= exactly(w, 0xC2) | exactly(w, 0xE2) // U+0085, U+2028, U+2029 begin so
		}
		if suspect != 0 && !v.breaks {
			v.breaks = hasBreak(text, i, i+8)
		}
	}
	v.ascii = seen&highBits == 0 && isASCII(text[i:])
	v.runes += countRunes(text[i:]) - len(text[i:])
	v.breaks = v.breaks || hasBreak(text, i, len(text))
	return v
}

// belowSpace marks the bytes of w below the space by their highest bit.
func belowSpace(w uint64) uint64 {
	return ^(w&^highBits + eachByte*(0x80-' ') | w) & highBits
}

// exactly marks the bytes of w that equal b.
func exactly(w, b uint64) uint64 {
	x := w ^ eachByte*b
	return ^(x&^highBits + eachByte*0x7F | x) & highBits
}

// hasBreak reports whether a line break other than LF begins in text[from:to].
func hasBreak(text []byte, from, to int) bool {
	for i := from; i < to; i++ {
		switch c := text[i]; {
		case '\v' <= c && c <= '\r', 0x1C <= c && c <= 0x1E:
			return true
		case c == 0xC2:
			if i+1 < len(text) && text[i+1] == 0x85 {
				return true
			}
		case c == 0xE2:
			if i+2 < len(text) && text[i+1] == 0x80 && text[i+2]&^1 == 0xA8 {
				return true
			}
		}
	}
	return false
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// splitLines is english.SplitLines, and faster for texts without other breaks
// than LF.
func splitLines(dst []english.Span, text string, breaks bool) []english.Span {
	if breaks {
		return english.SplitLines(dst, text)
	}
	b := bytesOf(text)
	for from := 0; from < len(b); {
		to := len(b)
		if i := bytes.IndexByte(b[from:], '\n'); i >= 0 {
			to = from + i
		}
		dst = append(dst, english.Span{Start: int32(from), End: int32(to)})
		from = to + 1
	}
	return dst
}
