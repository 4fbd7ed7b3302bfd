package english

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Simplify appends text normalised for the search of near duplicates to dst, as
// datatrove's simplify_text does by default: lower case, numbers to 0,
// punctuation to blanks, white space to single blanks, no diacritics.
//
// What is left is decomposed, Hangul too, and two blanks may stand where a mark
// stood alone between them.
func Simplify(dst []byte, text string) []byte {
	s := simplifier{dst: dst, base: len(dst), run: -1}
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			i += s.wide(text, i)
			continue
		}
		switch out := asciiSimple[c]; {
		case out == ' ':
			s.pending = s.started
			i++
		case out == '0':
			s.flush()
			s.dst = append(s.dst, '0')
			i += numberLen(text[i:])
		default:
			s.flush()
			s.dst = append(s.dst, out)
			i++
		}
	}
	s.endRun()
	return s.trimmed()
}

// asciiSimple maps ASCII to what becomes of it: blank, 0 or lower case.
var asciiSimple = func() (t [utf8.RuneSelf]byte) {
	for c := range t {
		switch cls := asciiClass[c]; {
		case cls&(clsSpace|clsBlank) != 0:
			t[c] = ' '
		case cls&clsNumber != 0:
			t[c] = '0'
		default:
			t[c] = byte(unicode.ToLower(rune(c)))
		}
	}
	return t
}()

const plainLimit = 0x2000

// plainForm gives the one character that becomes of a letter of the alphabetic
// scripts, 0 where it takes more to tell.
var plainForm = func() (t [plainLimit]uint16) {
	const special = clsNumber | clsSpace | clsBlank | clsMark
	for r := rune(utf8.RuneSelf); r < plainLimit; r++ {
		if r == 'Σ' || classOf(r)&special != 0 || classOf(r)&(clsLowers|clsComposed) == 0 {
			continue
		}
		var s simplifier
		s.run = -1
		s.full(string(r), 0, r, 0)
		out, n := utf8.DecodeRune(s.dst)
		if n == len(s.dst) && out < plainLimit && combiningClass(out) == 0 {
			t[r] = uint16(out)
		}
	}
	return t
}()

// simplifier writes the normalised text.
//
// Blanks are held back until something follows, as those at the ends are cut.
// Combining characters that stay (few do: nonspacing marks are dropped) are put
// in canonical order at the end of their run.
type simplifier struct {
	dst              []byte
	base             int
	started, pending bool
	run              int // where the run of combining characters begins, or -1
	class            uint8
	unsorted         bool
}

// flush writes the blank held back, before a character that is none.
func (s *simplifier) flush() {
	if s.run >= 0 {
		s.endRun()
	}
	if s.pending {
		s.dst = append(s.dst, ' ')
		s.pending = false
	}
	s.started = true
}

// wide takes the character outside ASCII at text[i:] and returns its length, or
// that of the number it begins.
func (s *simplifier) wide(text string, i int) int {
	r, n := utf8.DecodeRuneInString(text[i:])
	if r < plainLimit && plainForm[r] != 0 {
		s.flush()
		s.dst = utf8.AppendRune(s.dst, rune(plainForm[r]))
		return n
	}
	return s.full(text, i, r, n)
}

// full is wide for the character r of length n, by all the rules.
func (s *simplifier) full(text string, i int, r rune, n int) int {
	cls := classOf(r)
	switch {
	case cls&(clsNumber|clsSpace|clsBlank|clsLowers|clsComposed|clsMark) == 0:
		s.flush()
		s.dst = utf8.AppendRune(s.dst, r)
		return n
	case cls&clsNumber != 0:
		s.flush()
		s.dst = append(s.dst, '0')
		return numberLen(text[i:])
	case cls&(clsSpace|clsBlank) != 0:
		s.pending = s.started
		return n
	case r == 'Σ':
		r = lowerSigma(text, i)
	case r == 'İ': // gets a dot above, which is dropped again
		r = 'i'
	case cls&clsLowers != 0:
		r = unicode.ToLower(r)
	}
	if s.pending {
		s.flush()
	}
	s.started = true
	s.decomposed(r)
	return n
}

// decomposed writes the canonical decomposition of r.
func (s *simplifier) decomposed(r rune) {
	if classOf(r)&clsComposed == 0 {
		s.put(r, 0)
		return
	}
	if k := r - 0xac00; k >= 0 && k < 11172 { // Hangul syllables, by arithmetic
		s.put(0x1100+k/588, 0)
		s.put(0x1161+k%588/28, 0)
		if k%28 > 0 {
			s.put(0x11a7+k%28, 0)
		}
		return
	}
	var buf [utf8.UTFMax]byte
	p := norm.NFD.Properties(buf[:utf8.EncodeRune(buf[:], r)])
	d := p.Decomposition()
	if d == nil {
		s.put(r, p.CCC())
		return
	}
	for len(d) > 0 {
		r, n := utf8.DecodeRune(d)
		s.put(r, norm.NFD.Properties(d).CCC())
		d = d[n:]
	}
}

// put writes one character of combining class ccc, unless it is a nonspacing
// mark.
func (s *simplifier) put(r rune, ccc uint8) {
	mark := classOf(r)&clsMark != 0
	if ccc == 0 {
		s.endRun()
	} else if !mark {
		if s.run < 0 {
			s.run, s.class = len(s.dst), 0
		}
		s.unsorted = s.unsorted || ccc < s.class
		s.class = ccc
	}
	if !mark {
		s.dst = utf8.AppendRune(s.dst, r)
	}
}

// endRun puts the run of combining characters in order.
func (s *simplifier) endRun() {
	if s.unsorted {
		rs := []rune(string(s.dst[s.run:]))
		slices.SortStableFunc(rs, func(a, b rune) int { return combiningClass(a) - combiningClass(b) })
		s.dst = append(s.dst[:s.run], string(rs)...)
	}
	s.run, s.unsorted = -1, false
}

func combiningClass(r rune) int { return int(norm.NFD.PropertiesString(string(r)).CCC()) }

// trimmed returns the text without the blanks that dropped marks left at its
// ends.
func (s *simplifier) trimmed() []byte {
	out := s.dst[s.base:]
	for len(out) > 0 && out[len(out)-1] == ' ' {
		out = out[:len(out)-1]
	}
	lead := 0
	for lead < len(out) && out[lead] == ' ' {
		lead++
	}
	if lead > 0 {
		out = out[:copy(out, out[lead:])]
	}
	return s.dst[:s.base+len(out)]
}

// numberLen returns the length of the number s starts with: decimal digits of
// any script, and once a decimal mark with more of them.
func numberLen(s string) int {
	n := numeralsLen(s)
	if n == len(s) {
		return n
	}
	switch r, size := decode(s[n:]); r {
	case '.', ',', '،', '٫', '⎖', '⎗', '⎘':
		if more := numeralsLen(s[n+size:]); more > 0 {
			return n + size + more
		}
	}
	return n
}

func numeralsLen(s string) int {
	i := 0
	for i < len(s) {
		cls, n := classAt(s, i)
		if cls&clsNumber == 0 {
			break
		}
		i += n
	}
	return i
}

// lowerSigma returns the lower case of the capital sigma at text[i:]: the final
// form after a letter with case and not before one, looking past marks and
// some punctuation.
func lowerSigma(text string, i int) rune {
	before := uint32(0)
	for k := i; k > 0; {
		r, n := utf8.DecodeLastRuneInString(text[:k])
		if before = classOf(r); before&clsCaseIgnorable == 0 {
			break
		}
		before, k = 0, k-n
	}
	if before&clsCased == 0 {
		return 'σ'
	}
	for k := i + len("Σ"); k < len(text); {
		cls, n := classAt(text, k)
		if cls&clsCaseIgnorable == 0 {
			if cls&clsCased != 0 {
				return 'σ'
			}
			break
		}
		k += n
	}
	return 'ς'
}
