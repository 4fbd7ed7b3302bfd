package english

import (
	"strings"
	"unicode/utf8"
)

func isDigit(c byte) bool { return c-'0' < 10 }

// prefixLen returns the length of what is cut off in front of s, or 0. The rules
// look at the first character, except for runs of full stops and currency codes.
func prefixLen(s string) int {
	if s == "" {
		return 0
	}
	switch c := s[0]; {
	case c >= utf8.RuneSelf:
		if cls, n := classAt(s, 0); cls&clsPrefix != 0 {
			return n
		}
		return 0
	case asciiClass[c]&clsPrefix != 0:
		return 1
	case c == '.':
		if n := dotRun(s); n > 1 {
			return n
		}
	case c == '+':
		if len(s) == 1 || !isDigit(s[1]) {
			return 1
		}
	case c == 'U':
		if strings.HasPrefix(s, "US$") {
			return 3
		}
	case c == 'C' || c == 'A':
		if len(s) > 1 && s[1] == '$' {
			return 2
		}
	}
	return 0
}

// dotRun returns the number of full stops s begins with.
func dotRun(s string) int {
	n := 0
	for n < len(s) && s[n] == '.' {
		n++
	}
	return n
}

// suffixLen returns the length of what is cut off at the end of s, or 0: the
// longest of the rules that match.
func suffixLen(s string) int {
	if s == "" {
		return 0
	}
	n := unitLen(s)
	switch c := s[len(s)-1]; {
	case c >= utf8.RuneSelf:
		r, size := utf8.DecodeLastRuneInString(s)
		if classOf(r)&clsSuffix != 0 {
			n = max(n, size)
		}
		if r == '…' && strings.HasSuffix(s, "……") {
			n = max(n, 2*size)
		}
	case asciiClass[c]&clsSuffix != 0:
		n = max(n, 1)
	case c == '.':
		n = max(n, finalDots(s))
	case c == '+':
		if len(s) > 1 && isDigit(s[len(s)-2]) {
			n = max(n, 1)
		}
	case c == 's' || c == 'S':
		switch rest := s[:len(s)-1]; {
		case strings.HasSuffix(rest, "'"):
			n = max(n, 2)
		case strings.HasSuffix(rest, "\u2019"):
			n = max(n, 4)
		}
	}
	return n
}

// finalDots returns how many of the full stops at the end of s are cut off.
// Several always are; one is not after a single capital, as in an initial.
func finalDots(s string) int {
	n := 1
	for n < len(s) && s[len(s)-n-1] == '.' {
		n++
	}
	if n > 1 {
		return n
	}
	rest := s[:len(s)-1]
	last := classBefore(rest, len(rest))
	if last&clsBeforeDot != 0 {
		return 1
	}
	_, size := utf8.DecodeLastRuneInString(rest)
	head := rest[:len(rest)-size]
	if last&clsUpper != 0 && classBefore(head, len(head))&clsUpper != 0 {
		return 1
	}
	if last != 0 && size == 1 && strings.IndexByte("FCK", rest[len(rest)-1]) >= 0 && strings.HasSuffix(head, "°") {
		return 1
	}
	return 0
}

// unitLen returns the length of the unit or currency s ends with, right after
// an ASCII digit, or 0. Units hold no digits, so the last one decides.
func unitLen(s string) int {
	for i := len(s) - 1; i >= 0 && i >= len(s)-1-maxUnit; i-- {
		if !isDigit(s[i]) {
			continue
		}
		if unit := s[i+1:]; unit != "" && unitSet[unit] {
			return len(unit)
		}
		return 0
	}
	return 0
}

// infixAt returns the length of the infix at s[i:], where prev is the class of
// the character before it, or 0.
func infixAt(s string, i int, prev uint32) int {
	c := s[i]
	switch c {
	case '.':
		if n := dotRun(s[i:]); n > 1 {
			return n
		}
		next, _ := classAt(s, i+1)
		return lenIf(prev&(clsLower|clsQuote) != 0 && next&(clsUpper|clsQuote) != 0, 1)
	case '+', '*', '^', '-':
		if i > 0 && isDigit(s[i-1]) && i+1 < len(s) && (isDigit(s[i+1]) || s[i+1] == '-') {
			return 1
		}
		if c != '-' || !afterHyphenable(s, i, prev) {
			return 0
		}
		n := 1
		for n < 3 && i+n < len(s) && s[i+n] == '-' {
			n++
		}
		return lenIf(alphaAt(s, i+n), n)
	case '~':
		return lenIf(afterHyphenable(s, i, prev) && alphaAt(s, i+1), 1)
	case ',':
		return lenIf(prev&clsAlpha != 0 && alphaAt(s, i+1), 1)
	case ':', '<', '>', '=', '/':
		return lenIf(afterHyphenable(s, i, prev) && alphaAt(s, i+1), 1)
	}
	if c < utf8.RuneSelf {
		return 0
	}
	return wideInfix(s, i, prev)
}

// wideInfix is infixAt for a character outside ASCII.
func wideInfix(s string, i int, prev uint32) int {
	r, n := utf8.DecodeRuneInString(s[i:])
	switch {
	case r == '…' || classOf(r)&clsIcon != 0:
		return n
	case r == '–':
		return lenIf(afterHyphenable(s, i, prev) && alphaAt(s, i+n), n)
	case r == '—' && afterHyphenable(s, i, prev):
		if alphaAt(s, i+n) {
			return n
		}
		return lenIf(strings.HasPrefix(s[i+n:], "—") && alphaAt(s, i+2*n), 2*n)
	}
	return 0
}

// afterHyphenable reports whether the character before s[i:], of class prev, is
// a letter or an ASCII digit.
func afterHyphenable(s string, i int, prev uint32) bool {
	return prev&clsAlpha != 0 || i > 0 && isDigit(s[i-1])
}

func alphaAt(s string, i int) bool {
	cls, _ := classAt(s, i)
	return cls&clsAlpha != 0
}

// lenIf returns n if cond holds, or 0.
func lenIf(cond bool, n int) int {
	if cond {
		return n
	}
	return 0
}
