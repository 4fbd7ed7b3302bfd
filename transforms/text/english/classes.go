package english

import "unicode/utf8"

//go:generate go run gen/main.go gen/rules.go

// The bits of a character's class.
const (
	clsAlpha = 1 << iota
	clsLower
	clsUpper
	clsQuote
	clsPrefix
	clsSuffix
	clsIcon
	clsBeforeDot
	clsPunct
	clsDigit
	clsWord
	clsLetter
	clsNumber
	clsMark
	clsCased
	clsCaseIgnorable
	clsLowers
	clsComposed
	clsSentEnd
	clsTerminal
	clsBlank // one of PUNCTUATION, which simplify_text makes a blank
	clsSpace
)

// classTable is a class and its characters as inclusive ranges.
type classTable struct {
	bit    uint32
	ranges [][2]rune
}

const blockSize = 256

// classBlocks finds the class of every character in two steps; blocks that are
// alike are stored once.
var (
	classIndex  [(utf8.MaxRune + 1) / blockSize]uint16
	classBlocks = buildClasses()
	asciiClass  = &classBlocks[classIndex[0]]
)

// classOf returns the class bits of r.
func classOf(r rune) uint32 {
	if uint32(r) > utf8.MaxRune {
		return 0
	}
	return classBlocks[classIndex[r/blockSize]][r%blockSize]
}

func buildClasses() [][blockSize]uint32 {
	tables := append([]classTable{
		{clsSentEnd, sentenceEndRanges},
		{clsTerminal, terminalRanges},
		{clsBlank, punctuationRanges},
		{clsSpace, spaceRanges},
	}, classTables...)
	var blocks [][blockSize]uint32
	seen := map[[blockSize]uint32]uint16{}
	next := make([]int, len(tables)) // first range of each table that may reach the block
	for i := range classIndex {
		block := fillBlock(tables, next, rune(i*blockSize))
		k, ok := seen[block]
		if !ok {
			k = uint16(len(blocks))
			seen[block] = k
			blocks = append(blocks, block)
		}
		classIndex[i] = k
	}
	return blocks
}

// fillBlock returns the classes of the characters from lo on.
func fillBlock(tables []classTable, next []int, lo rune) (block [blockSize]uint32) {
	hi := lo + blockSize - 1
	for t := range tables {
		rs := tables[t].ranges
		for next[t] < len(rs) && rs[next[t]][1] < lo {
			next[t]++
		}
		for k := next[t]; k < len(rs) && rs[k][0] <= hi; k++ {
			for r := max(lo, rs[k][0]); r <= min(hi, rs[k][1]); r++ {
				block[r-lo] |= tables[t].bit
			}
		}
	}
	return block
}

// decode returns the first character of s and its length; s must not be empty.
// A byte that is not UTF-8 reads as U+FFFD of length 1.
func decode(s string) (rune, int) {
	if c := s[0]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRuneInString(s)
}

// classAt returns the class bits of the character at s[i:] and its length, or
// zeros at the end of s.
func classAt(s string, i int) (uint32, int) {
	if i >= len(s) {
		return 0, 0
	}
	r, n := decode(s[i:])
	return classOf(r), n
}

// classBefore returns the class bits of the character that ends at s[:i], or 0.
func classBefore(s string, i int) uint32 {
	if i <= 0 {
		return 0
	}
	if c := s[i-1]; c < utf8.RuneSelf {
		return asciiClass[c]
	}
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return classOf(r)
}
