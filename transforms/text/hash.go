package text

import (
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/chimera-1/chimera/transforms/text/english"
)

// ContentHash identifies what a text says: XXH3-128, big endian, of the text
// with line ends as LF and without white space at its ends.
func ContentHash(text string) [16]byte {
	text = english.TrimSpace(text)
	if strings.IndexByte(text, '\r') >= 0 {
		return xxh3.Hash128(appendLF(make([]byte, 0, len(text)), text)).Bytes()
	}
	return xxh3.HashString128(text).Bytes()
}

// appendLF appends text with CRLF and CR as LF.
func appendLF(dst []byte, text string) []byte {
	for {
		i := strings.IndexByte(text, '\r')
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(append(dst, text[:i]...), '\n')
		text = strings.TrimPrefix(text[i+1:], "\n")
	}
}

// IsBlank reports whether text is empty or white space only.
func IsBlank(text string) bool {
	if text != "" && plain(text[0]) {
		return false
	}
	return english.TrimSpace(text) == ""
}

func hashLine(line string) uint64 { return xxh3.HashString(line) }
