//go:build ignore

package main

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A class is a set of characters, named by the constant it is generated for.
type class struct {
	name, doc string
	has       func(rune) bool
}

type ranges [][2]rune

func (t ranges) has(r rune) bool {
	for _, x := range t {
		if x[0] <= r && r <= x[1] {
			return true
		}
	}
	return false
}

func one(s string) func(rune) bool {
	return func(r rune) bool { return strings.ContainsRune(s, r) }
}

func any(fs ...func(rune) bool) func(rune) bool {
	return func(r rune) bool {
		for _, f := range fs {
			if f(r) {
				return true
			}
		}
		return false
	}
}

// in is membership in Unicode 14.0 of general categories or properties.
func in(ts ...*unicode.RangeTable) func(rune) bool {
	return func(r rune) bool { return unicode.In(r, ts...) && !since15.has(r) }
}

// since15 lists the characters Unicode 15.0 added.
var since15 = ranges{
	{0xcf3, 0xcf3}, {0xece, 0xece}, {0x10efd, 0x10eff}, {0x1123f, 0x11241}, {0x11b00, 0x11b09},
	{0x11f00, 0x11f59}, {0x1342f, 0x1342f}, {0x13439, 0x13455}, {0x1b132, 0x1b132},
	{0x1b155, 0x1b155}, {0x1d2c0, 0x1d2d3}, {0x1df25, 0x1df2a}, {0x1e030, 0x1e06d},
	{0x1e08f, 0x1e08f}, {0x1e4d0, 0x1e4f9}, {0x1f6dc, 0x1f6dc}, {0x1f774, 0x1f776},
	{0x1f77b, 0x1f77f}, {0x1f7d9, 0x1f7d9}, {0x1fa75, 0x1fa77}, {0x1fa87, 0x1fa88},
	{0x1faad, 0x1faaf}, {0x1fabb, 0x1fabd}, {0x1fabf, 0x1fabf}, {0x1face, 0x1facf},
	{0x1fada, 0x1fadb}, {0x1fae8, 0x1fae8}, {0x1faf7, 0x1faf8}, {0x2b739, 0x2b739},
	{0x31350, 0x323af},
}

// cased holds the blocks of Latin, Greek and Cyrillic letters the tokenizer
// knows, uncased those of the scripts without case; what else is a letter in
// Unicode is none to it.
var cased = ranges{
	{'A', 'Z'}, {'a', 'z'}, {0xc0, 0xd6}, {0xd8, 0xf6}, {0xf8, 0x1bf}, {0x1c4, 0x2af},
	{0x386, 0x386}, {0x388, 0x38a}, {0x38c, 0x38c}, {0x38e, 0x38f}, {0x391, 0x3a9}, {0x3ac, 0x3af},
	{0x3b1, 0x3c9}, {0x3cc, 0x3ce}, {0x400, 0x401}, {0x403, 0x40a}, {0x40c, 0x40d}, {0x410, 0x451},
	{0x453, 0x45a}, {0x45c, 0x45d}, {0x490, 0x491}, {0x496, 0x497}, {0x4a2, 0x4a3}, {0x4ae, 0x4af},
	{0x4ba, 0x4bb}, {0x4d8, 0x4d9}, {0x4e8, 0x4e9}, {0x1d00, 0x1d25}, {0x1d6b, 0x1d77},
	{0x1d79, 0x1d9a}, {0x1e00, 0x1eff}, {0x2c60, 0x2c7b}, {0x2c7e, 0x2c7f}, {0xa722, 0xa76f},
	{0xa771, 0xa787}, {0xa78b, 0xa78e}, {0xa790, 0xa7b9}, {0xa7fa, 0xa7fa}, {0xab30, 0xab5a},
	{0xab60, 0xab64}, {0xff21, 0xff3a}, {0xff41, 0xff5a},
}

var uncased = ranges{
	{0x591, 0x5f4}, {0x620, 0x64a}, {0x66e, 0x6d5}, {0x6e5, 0x6ff}, {0x750, 0x77f}, {0x8a0, 0x8bd},
	{0x900, 0x9ff}, {0xb80, 0xcff}, {0xd80, 0xdff}, {0x1100, 0x137f}, {0x2e80, 0x2fdf},
	{0x2ff0, 0x30ff}, {0x31c0, 0x31ef}, {0x3200, 0x4dbf}, {0x4e00, 0x9fff}, {0xac00, 0xd7af},
	{0xf900, 0xfaff}, {0xfb1d, 0xfbb1}, {0xfbd3, 0xfd3d}, {0xfd50, 0xfdc7}, {0xfdf0, 0xfdfb},
	{0xfe30, 0xfe4f}, {0xfe70, 0xfefc}, {0x1ee00, 0x1eebb}, {0x1f200, 0x1f2ff}, {0x20000, 0x2a6df},
	{0x2a700, 0x2ebef}, {0x2f800, 0x2fa1f},
}

// notIcon lists the symbols of category So that the tokenizer does not split
// off: mostly those that are newer than its list.
var notIcon = ranges{
	{0x166d, 0x166d}, {0x2b97, 0x2b97}, {0x2bc9, 0x2bc9}, {0x2bff, 0x2bff}, {0x2e50, 0x2e51},
	{0x32ff, 0x32ff}, {0xfd40, 0xfd4f}, {0xfdcf, 0xfdcf}, {0xfdfe, 0xfdff}, {0x1019c, 0x1019c},
	{0x11fd5, 0x11fdc}, {0x11fe1, 0x11ff1}, {0x1cf50, 0x1cfc3}, {0x1d1e9, 0x1d1ea},
	{0x1e14f, 0x1e14f}, {0x1ed2e, 0x1ed2e}, {0x1f10d, 0x1f10f}, {0x1f16c, 0x1f16f},
	{0x1f1ad, 0x1f1ad}, {0x1f6d5, 0x1f6df}, {0x1f6fa, 0x1f6ff}, {0x1f7e0, 0x1f7ff},
	{0x1f8b0, 0x1f8b1}, {0x1f90c, 0x1f90f}, {0x1f93f, 0x1f93f}, {0x1f971, 0x1f972},
	{0x1f977, 0x1f979}, {0x1f97b, 0x1f97b}, {0x1f9a3, 0x1f9af}, {0x1f9ba, 0x1f9bf},
	{0x1f9c3, 0x1f9cf}, {0x1fa00, 0x1fa53}, {0x1fa70, 0x1faff}, {0x1fb00, 0x1fbca},
}

// newDigits lists the decimal digits of Unicode 15.0 to 17.0: the number rule
// of simplify_text uses a regular expression library that is newer than Python.
var newDigits = ranges{
	{0x10d40, 0x10d49}, {0x116d0, 0x116e3}, {0x11bf0, 0x11bf9}, {0x11de0, 0x11de9},
	{0x11f50, 0x11f59}, {0x16130, 0x16139}, {0x16d70, 0x16d79}, {0x1ccf0, 0x1ccf9}, {0x1e4f0, 0x1e4f9},
	{0x1e5f1, 0x1e5fa},
}

const (
	punct    = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪"
	quotes   = "'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉\u2329\u232a⟦⟧"
	currency = "$£€¥฿₽﷼₴₠₡₢₣₤₥₦₧₨₩₪₫₭₮₯₰₱₲₳₵₶₷₸₹₺₻₼₾₿"
	// Single-quote, mid-letter and mid-number word-break classes.
	midWord = "'.:·\u0387\u055f\u05f4‘’․‧\ufe13\ufe52\ufe55\uff07\uff0e\uff1a"
)

var (
	letter = in(unicode.L)
	lower  = any(func(r rune) bool { return cased.has(r) && unicode.Is(unicode.Ll, r) }, one("\u0294"), uncased.has)
	upper  = any(func(r rune) bool { return cased.has(r) && unicode.Is(unicode.Lu, r) }, one("\u03a2"), uncased.has)
	icon   = func(r rune) bool { return unicode.Is(unicode.So, r) && !notIcon.has(r) && !since15.has(r) }
	digit  = in(unicode.Nd)
)

var classes = []class{
	{"clsAlpha", "letters of the tokenizer", any(cased.has, uncased.has)},
	{"clsLower", "those that may stand before a full stop", lower},
	{"clsUpper", "those that may stand after one", upper},
	{"clsQuote", "quotation marks and brackets of East Asia", one(quotes)},
	{"clsPrefix", "single characters cut off in front", any(one("§%=—–"+punct+quotes+currency), icon)},
	{"clsSuffix", "single characters cut off at the end", any(one("—–"+punct+quotes), icon)},
	{"clsIcon", "symbols and emoji", icon},
	{"clsBeforeDot", "what a final full stop is cut off after", any(one("0123456789%²-+|"+punct+quotes), lower)},
	{"clsPunct", "category P", in(unicode.P)},
	{"clsDigit", "category Nd", digit},
	{"clsWord", "what \\w matches in Python", any(letter, in(unicode.N), one("_"))},
	{"clsLetter", "category L", letter},
	{"clsNumber", "category Nd in the number rule", any(digit, newDigits.has)},
	{"clsMark", "category Mn", in(unicode.Mn)},
	{"clsCased", "letters with case", in(unicode.Lu, unicode.Ll, unicode.Lt, unicode.Other_Uppercase, unicode.Other_Lowercase)},
	{"clsCaseIgnorable", "what the final sigma rule looks past", any(in(unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk), one(midWord))},
	{"clsLowers", "letters that lower-casing changes", func(r rune) bool { return unicode.ToLower(r) != r && !since15.has(r) }},
	{"clsComposed", "characters with a canonical decomposition or a combining class", composed},
}

// composed is what canonical decomposition changes or may reorder.
func composed(r rune) bool {
	if since15.has(r) || r >= 0xd800 && r < 0xe000 {
		return false
	}
	p := norm.NFD.PropertiesString(string(r))
	return p.CCC() != 0 || p.Decomposition() != nil || r >= 0xac00 && r <= 0xd7a3
}
