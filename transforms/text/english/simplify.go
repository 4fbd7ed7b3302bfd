package english

import "strings"

// Simplify appends text normalised for near-duplicate search to dst.
func Simplify(dst []byte, text string) []byte { return append(dst, strings.ToLower(text)...) }
