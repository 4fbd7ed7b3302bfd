package english

import "unicode/utf8"

// IsSpace reports whether Python's str.isspace holds for r.
func IsSpace(r rune) bool {
	switch {
	case r <= 0x20:
		return r == ' ' || r >= 9 && r <= 13 || r >= 0x1c && r <= 0x1f
	case r < 0x85:
		return false
	}
	return r == 0x85 || r == 0xa0 || r == 0x1680 || r >= 0x2000 && r <= 0x200a ||
		r == 0x2028 || r == 0x2029 || r == 0x202f || r == 0x205f || r == 0x3000
}

// TrimSpace is Python's str.strip without arguments.
func TrimSpace(s string) string {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if !IsSpace(r) {
			break
		}
		s = s[n:]
	}
	for len(s) > 0 {
		r, n := utf8.DecodeLastRuneInString(s)
		if !IsSpace(r) {
			break
		}
		s = s[:len(s)-n]
	}
	return s
}

// IsAlpha reports whether Python's str.isalpha holds for the single character r.
func IsAlpha(r rune) bool { return classOf(r)&clsLetter != 0 }

// Fields appends the parts Python's str.split without arguments gives.
func Fields(dst []Span, s string) []Span {
	start := -1
	for i, r := range s {
		if IsSpace(r) {
			if start >= 0 {
				dst = append(dst, Span{int32(start), int32(i)})
				start = -1
			}
		} else if start < 0 {
			start = i
		}
	}
	if start >= 0 {
		dst = append(dst, Span{int32(start), int32(len(s))})
	}
	return dst
}

// SplitLines appends the lines Python's str.splitlines gives, without their
// ends. A final line end does not open another line.
func SplitLines(dst []Span, s string) []Span {
	start := 0
	for i := 0; i < len(s); {
		n := lineEnd(s, i)
		if n == 0 {
			i++
			continue
		}
		dst = append(dst, Span{int32(start), int32(i)})
		i += n
		start = i
	}
	if start < len(s) {
		dst = append(dst, Span{int32(start), int32(len(s))})
	}
	return dst
}

// lineEnd returns the length of the line end at s[i:], or 0.
func lineEnd(s string, i int) int {
	switch c := s[i]; {
	case c == '\r':
		if i+1 < len(s) && s[i+1] == '\n' {
			return 2
		}
		return 1
	case c >= '\n' && c <= '\f' || c >= 0x1c && c <= 0x1e:
		return 1
	case c == 0xc2 && i+1 < len(s) && s[i+1] == 0x85: // NEL
		return 2
	case c == 0xe2 && i+2 < len(s) && s[i+1] == 0x80 && s[i+2]&^1 == 0xa8: // U+2028, U+2029
		return 3
	}
	return 0
}
