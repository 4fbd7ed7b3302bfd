package english

import (
	"strings"
	"unicode/utf8"
)

// isURL reports whether the whole of s reads as an address: an optional scheme,
// an optional user part, a public IPv4 address or a domain name with a top-level
// domain in lower case, an optional port and an optional path.
//
// The user part may be anything that ends with @, so a match may start at the
// beginning, after the scheme or after any @ that is not the first character.
func isURL(s string) bool {
	if strings.IndexByte(s, '.') < 0 {
		return false
	}
	if isHostAndPath(s) {
		return true
	}
	if n := schemeLen(s); n > 0 && isHostAndPath(s[n:]) {
		return true
	}
	for i := 1; i < len(s); i++ {
		// Trying every @ stays linear: a host holds none, so each try ends at the next.
		if s[i] == '@' && isHostAndPath(s[i+1:]) {
			return true
		}
	}
	return false
}

// schemeLen returns the length of the scheme s starts with and its "://", or 0.
func schemeLen(s string) int {
	n := strings.Index(s, "://")
	if n < 0 {
		return 0
	}
	chars := 0
	for i := 0; i < n; {
		cls, size := classAt(s, i)
		if cls&clsWord == 0 && s[i] != '+' && s[i] != '-' && s[i] != '.' {
			return 0
		}
		i += size
		chars++
	}
	if chars < 2 {
		return 0
	}
	return n + 3
}

func isHostAndPath(s string) bool {
	if n := ipLen(s); n > 0 && isPortAndPath(s[n:]) {
		return true
	}
	n := domainLen(s)
	return n > 0 && isPortAndPath(s[n:])
}

// isPortAndPath reports whether s is an optional port of 2 to 5 digits and an
// optional path.
func isPortAndPath(s string) bool {
	if s != "" && s[0] == ':' {
		i, digits := 1, 0
		for i < len(s) && digits <= 5 {
			cls, n := classAt(s, i)
			if cls&clsDigit == 0 {
				break
			}
			i += n
			digits++
		}
		if digits < 2 || digits > 5 {
			return false
		}
		s = s[i:]
	}
	return s == "" || s[0] == '/' || s[0] == '?' || s[0] == '#'
}

// domainLen returns the length of the labels and the top-level domain s starts
// with, up to a port, a path or the end, or 0.
func domainLen(s string) int {
	labels, chars := 0, 0      // whole labels, characters of the one begun
	lower, label := true, true // they may be a top-level domain, or another label
	edge := true               // the last one may end a label
	for i := 0; ; {
		if i == len(s) || s[i] == ':' || s[i] == '/' || s[i] == '?' || s[i] == '#' {
			if labels > 0 && lower && chars >= 2 && chars <= 63 {
				return i
			}
			return 0
		}
		if s[i] == '.' {
			if chars == 0 || chars > 64 || !edge || !label {
				return 0
			}
			labels, chars, lower = labels+1, 0, true
			i++
			continue
		}
		r, n := decode(s[i:])
		edge = isHostChar(r)
		if !edge && (chars == 0 || r != '-' && r != '_') {
			label = false
		}
		if lower = lower && classOf(r)&clsLower != 0; !lower && !label {
			return 0
		}
		chars++
		i += n
	}
}

// isHostChar reports whether r may stand anywhere in a label.
func isHostChar(r rune) bool {
	if r < utf8.RuneSelf {
		return isDigit(byte(r)) || asciiClass[byte(r)]&clsLetter != 0
	}
	return r >= 0xa1 && r <= 0xffff
}

// ipLen returns the length of the IPv4 address s starts with if it is a public
// one, or 0. Except for the first of an octet, digits of any script will do.
func ipLen(s string) int {
	if s == "" || !isDigit(s[0]) {
		return 0
	}
	var octets [4]string
	i := 0
	for k := range octets {
		if k > 0 {
			if i >= len(s) || s[i] != '.' {
				return 0
			}
			i++
		}
		n := digitsLen(s[i:])
		octets[k] = s[i : i+n]
		i += n
	}
	a, b := octets[0], octets[1]
	if !isFirstOctet(a) || !isOctet(b) || !isOctet(octets[2]) || !isLastOctet(octets[3]) {
		return 0
	}
	if a == "10" || a == "127" || a == "169" && b == "254" || a == "192" && b == "168" || a == "172" && isPrivate172(b) {
		return 0
	}
	return i
}

// digitsLen returns the length of the decimal digits s starts with.
func digitsLen(s string) int {
	i := 0
	for i < len(s) {
		cls, n := classAt(s, i)
		if cls&clsDigit == 0 {
			break
		}
		i += n
	}
	return i
}

// isFirstOctet is 1 to 223.
func isFirstOctet(s string) bool {
	switch utf8.RuneCountInString(s) {
	case 1, 2:
		return s[0] >= '1' && s[0] <= '9'
	case 3:
		return s[0] == '1' || s[0] == '2' && (s[1] == '0' || s[1] == '1') || len(s) == 3 && s[:2] == "22" && s[2] <= '3'
	}
	return false
}

// isOctet is 0 to 255, with leading zeros in one or two digits.
func isOctet(s string) bool {
	switch utf8.RuneCountInString(s) {
	case 1, 2:
		return true
	case 3:
		return s[0] == '1' || s[0] == '2' && (s[1] >= '0' && s[1] <= '4' || len(s) == 3 && s[1] == '5' && s[2] <= '5')
	}
	return false
}

// isLastOctet is 1 to 254.
func isLastOctet(s string) bool {
	switch utf8.RuneCountInString(s) {
	case 1, 2:
		return s[0] >= '1' && s[0] <= '9'
	case 3:
		return s[0] == '1' || s[0] == '2' && (s[1] >= '0' && s[1] <= '4' || len(s) == 3 && s[1] == '5' && s[2] <= '4')
	}
	return false
}

// isPrivate172 is 16 to 31.
func isPrivate172(s string) bool {
	if utf8.RuneCountInString(s) != 2 {
		return false
	}
	return s[0] == '1' && s[1] >= '6' && s[1] <= '9' || s[0] == '2' || s == "30" || s == "31"
}
