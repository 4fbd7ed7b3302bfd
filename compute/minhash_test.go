package compute

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// eachLevel runs f once for each implementation this machine has.
func eachLevel(t *testing.T, f func(t *testing.T, level string)) {
	before := SIMD()
	defer SetSIMD(before)
	for _, level := range levels() {
		if err := SetSIMD(level); err != nil {
			t.Fatal(err)
		}
		t.Run(level, func(t *testing.T) { f(t, level) })
	}
}

// untouched fills signatures that must not be written.
const untouched = 0xdeadbeef

// checkSignature compares Signature and Shingles with the oracle on one text.
func checkSignature(t *testing.T, m *MinHasher, seed uint64, text string) {
	t.Helper()
	want, wantCount := oracleSignature(seed, text)
	if wantCount == 0 {
		want = filled(untouched)
	}
	got := filled(untouched)
	if count := m.Signature(&got, text); count != wantCount || got != want {
		t.Fatalf("Signature(%q) = %d shingles, %x..., want %d, %x...", text, count, got[:4], wantCount, want[:4])
	}
	if got, want := m.Words(nil, text), oracleWords(text); !slices.Equal(got, want) {
		t.Fatalf("Words(%q) = %q, want %q", text, got, want)
	}
	if got, want := m.Shingles(nil, text), oracleShingles(text); !slices.Equal(got, want) {
		t.Fatalf("Shingles(%q) = %x, want %x", text, got, want)
	}
}

func filled(v uint32) (sig [MinHashSize]uint32) {
	for i := range sig {
		sig[i] = v
	}
	return sig
}

func TestSignatureOfKnownTexts(t *testing.T) {
	texts := []string{
		"", " ", "\x00", "a", "A", "one two three four", "one two three four five", "one two three four five six",
		"One, TWO; three\tfour\nfive--six", "x" + strings.Repeat(" y", 600), strings.Repeat("w", 5000),
		"sixteen_letters0 1234567890123456 12345678901234567 " + strings.Repeat("z", 32) + " " + strings.Repeat("z", 33),
		"don\u2019t stop \u201cquoted\u201d caf\u00e9 cafe\u0301 \u1e9e\u00df \u0130stanbul I\u0307",
		"\u212a \u212b \u2126 \u023a\u023a\u023a\u023a\u023a\u023a\u023a", "\u0410\u0411\u0412 \u0393\u0394 \u0416\u0417 \u041a \u041b \u041c \u041d",
		"\u0939\u093f\u0928\u094d\u0926\u0940 \u092e\u0947\u0902", "\u6f22\u5b57 \u304b\u306a \ud55c\uad6d\uc5b4 \u0e44\u0e17\u0e22",
		"\U00010400\U0001d400\U0001f600 \U000e0100 \U0010ffff \u0660\u0661\u0966", "\xff\xfe bad \xc3 \xc3\xa9 \xe2\x80 \xed\xa0\x80 \xf4\x90\x80\x80 \xc0\xaf ok",
		"a\u00adb\u200dc\ufeffd\ufffd e", "\u0301 \u0345 \u01c5 \u03a3\u03c2",
	}
	eachLevel(t, func(t *testing.T, _ string) {
		m := NewMinHasher(7)
		for _, text := range texts {
			checkSignature(t, m, 7, text)
		}
	})
}

// TestSignatureIgnoresCaseAndSeparators states what a signature depends on.
func TestSignatureIgnoresCaseAndSeparators(t *testing.T) {
	m := NewMinHasher(1)
	var a, b [MinHashSize]uint32
	m.Signature(&a, "The quick brown fox, it jumps; over the lazy dog.")
	m.Signature(&b, "\u2014the  QUICK\nbrown \"fox\" it JUMPS over (the) lazy dog")
	if a != b {
		t.Error("signatures differ by case and separators")
	}
	m.Signature(&b, "the quick brown fox it jumps over the lazy cat")
	if a == b {
		t.Error("signatures of different words are equal")
	}
	NewMinHasher(2).Signature(&b, "the quick brown fox it jumps over the lazy dog")
	if a == b {
		t.Error("signatures of different seeds are equal")
	}
}

// alphabets are the kinds of text the property tests draw from.
var alphabets = map[string][]string{
	"words":   {"a", "B", "c", "9", " ", " ", "."},
	"blanks":  {" ", " ", " ", "q"},
	"letters": {"a", "Z", "m", "0"},
	"mixed":   {"a", "B", " ", "\u2019", "\u00e9", "\u0301", "\u0416", "\u6f22", "\U0001f600", "\u212a", "\u023a"},
	"edges":   {"@", "A", "Z", "[", "`", "a", "z", "{", "/", "0", "9", ":", "\x00", "\x7f", "\x80", "\xff"},
	"hostile": {"a", " ", "\xc3", "\xa9", "\xe2", "\x80", "\x99", "\xed\xa0\x80", "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xc0", "\u0130"},
	"runes":   nil, // any rune
	"bytes":   nil, // any byte
}

// randomText returns about n bytes of the given alphabet.
func randomText(r *rand.Rand, kind string, n int) string {
	var b strings.Builder
	for b.Len() < n {
		switch kind {
		case "runes":
			b.WriteRune(rune(r.IntN(unicode.MaxRune >> (4 * r.IntN(5)))))
		case "bytes":
			b.WriteByte(byte(r.IntN(256)))
		default:
			b.WriteString(alphabets[kind][r.IntN(len(alphabets[kind]))])
		}
	}
	return b.String()
}

// TestSignatureOfEveryLength compares all paths with the oracle on texts of 0
// to 300 bytes, so that each position meets each edge of the 64-byte blocks.
func TestSignatureOfEveryLength(t *testing.T) {
	eachLevel(t, func(t *testing.T, _ string) {
		r := rand.New(rand.NewPCG(1, 2))
		m := NewMinHasher(3)
		for kind := range alphabets {
			for n := 0; n <= 300; n++ {
				checkSignature(t, m, 3, randomText(r, kind, n))
			}
		}
	})
}

// TestLongTexts crosses the chunks in which the paths work.
func TestLongTexts(t *testing.T) {
	eachLevel(t, func(t *testing.T, _ string) {
		r := rand.New(rand.NewPCG(3, 4))
		m := NewMinHasher(3)
		for kind := range alphabets {
			for range 3 {
				checkSignature(t, m, 3, randomText(r, kind, 3000+r.IntN(20000)))
			}
		}
	})
}

// TestBatchEqualsSignature also checks that bytes around a text and the values
// around its outputs play no part: neighbours are letters, and guards stand at
// both ends.
func TestBatchEqualsSignature(t *testing.T) {
	eachLevel(t, func(t *testing.T, _ string) {
		r := rand.New(rand.NewPCG(5, 6))
		for round := range 30 {
			texts := []string{"guard"}
			for kind := range alphabets {
				texts = append(texts, randomText(r, kind, r.IntN(400)), "")
			}
			data := []byte(strings.Join(texts, "") + "guard")
			offsets := []int32{5}
			for _, text := range texts[1:] {
				offsets = append(offsets, offsets[len(offsets)-1]+int32(len(text)))
			}
			if round%2 == 0 { // the column ends where its memory ends
				data = slices.Clip(data[:len(data)-5])
			}
			checkBatch(t, texts[1:], offsets, data)
		}
	})
}

func checkBatch(t *testing.T, texts []string, offsets []int32, data []byte) {
	t.Helper()
	n := len(texts)
	sigs := make([]uint32, (n+1)*MinHashSize)
	counts := make([]int32, n+1)
	for i := range sigs {
		sigs[i] = untouched
	}
	counts[n] = -9
	m := NewMinHasher(3)
	m.Batch(sigs, counts, offsets, data)
	for i, text := range texts {
		want, wantCount := oracleSignature(3, text)
		if wantCount == 0 {
			want = filled(untouched)
		}
		if got := [MinHashSize]uint32(sigs[i*MinHashSize:]); int(counts[i]) != wantCount || got != want {
			t.Fatalf("text %d %q: %d shingles, want %d; signatures equal: %v", i, text, counts[i], wantCount, got == want)
		}
	}
	if got := [MinHashSize]uint32(sigs[n*MinHashSize:]); got != filled(untouched) || counts[n] != -9 {
		t.Fatal("the batch wrote past its outputs")
	}
}

func TestBatchRefusesBadColumns(t *testing.T) {
	for _, offsets := range [][]int32{{0, 6}, {3, 2}, {-1, 2}} {
		t.Run(fmt.Sprint(offsets), func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			NewMinHasher(1).Batch(make([]uint32, MinHashSize), make([]int32, 1), offsets, []byte("hello"))
		})
	}
}

func TestSetSIMDRefusesUnknownNames(t *testing.T) {
	before := SIMD()
	if err := SetSIMD("sse9"); err == nil || SIMD() != before {
		t.Errorf("SetSIMD = %v, path %s, want an error and %s", err, SIMD(), before)
	}
}

// TestNormalForm compares every rune's treatment with package unicode.
func TestNormalForm(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		text := string(r)
		if got := normalize(nil, text); string(got[:len(got)-normPad]) != oracleNormal(text) {
			t.Fatalf("normalize(%U) = %q, want %q", r, got[:len(got)-normPad], oracleNormal(text))
		}
	}
}

func FuzzSignature(f *testing.F) {
	f.Add("the quick brown fox jumps over the lazy dog")
	f.Add("caf\u00e9 \xff \u201cx\u201d \u6f22")
	f.Fuzz(func(t *testing.T, text string) {
		eachLevel(t, func(t *testing.T, _ string) {
			checkSignature(t, NewMinHasher(1), 1, text)
		})
	})
}
