package formats

import (
	"bytes"
	"unicode/utf8"
)

// unescape appends the value of a scanned string. A lone surrogate or U+0000 ends
// it: reason then says which and bad is its offset in src.
func unescape(dst, src []byte) (out []byte, bad int, reason string) {
	for i := 0; i < len(src); {
		if src[i] != '\\' {
			n := indexEscape(src[i:])
			dst = append(dst, src[i:i+n]...)
			i += n
			continue
		}
		if src[i+1] != 'u' {
			dst = append(dst, unescaped(src[i+1]))
			i += 2
			continue
		}
		r, n := escapedRune(src[i:])
		switch {
		case r < 0:
			return dst, i, reasonSurrogate
		case r == 0:
			return dst, i, reasonNUL
		}
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return dst, 0, ""
}

// indexEscape is the number of bytes before the next backslash.
func indexEscape(b []byte) int {
	if i := bytes.IndexByte(b, '\\'); i >= 0 {
		return i
	}
	return len(b)
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	default:
		return c // " \ /
	}
}

// escapedRune is the character of \uXXXX, or of two of them; -1 is a lone
// surrogate.
func escapedRune(b []byte) (r rune, n int) {
	r = hex4(b[2:])
	switch {
	case r < 0xD800 || r > 0xDFFF:
		return r, 6
	case r > 0xDBFF || len(b) < 12 || b[6] != '\\' || b[7] != 'u':
		return -1, 0
	}
	low := hex4(b[8:])
	if low < 0xDC00 || low > 0xDFFF {
		return -1, 0
	}
	return 0x10000 + (r-0xD800)<<10 + (low - 0xDC00), 12
}

func hex4(b []byte) rune {
	return unhex(b[0])<<12 | unhex(b[1])<<8 | unhex(b[2])<<4 | unhex(b[3])
}
