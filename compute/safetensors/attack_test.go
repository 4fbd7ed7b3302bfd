package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// fileOf makes a file of a header and a buffer, true to the length.
func fileOf(header string, buffer int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, buffer)...)
}

func lengthOf(n uint64, rest string) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, n), rest...)
}

const one = `{"dtype":"U8","shape":[1],"data_offsets":[0,1]}`

// tensor is a header with one tensor.
func tensor(dtype, shape, offsets string) string {
	return fmt.Sprintf(`{"a":{"dtype":%q,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
}

func pair(shape1, offsets1, shape2, offsets2 string) string {
	return fmt.Sprintf(`{"a":{"dtype":"U8","shape":%s,"data_offsets":%s},"b":{"dtype":"U8","shape":%s,"data_offsets":%s}}`,
		shape1, offsets1, shape2, offsets2)
}

// attacks are files with the rule that refuses each; no rule: it is accepted.
var attacks = []struct {
	name string
	file []byte
	rule Rule
}{
	{"no bytes", nil, RuleLength},
	{"seven bytes", []byte("\x02\x00\x00\x00\x00\x00\x00"), RuleLength},
	{"length alone", lengthOf(0, ""), RuleStart},
	{"length past the end", lengthOf(3, "{}"), RuleLength},
	{"length 100 000 001", lengthOf(100_000_001, "{}"), RuleLength},
	{"length 100 000 000", lengthOf(100_000_000, "{}"), RuleLength},
	{"length 2^63", lengthOf(1<<63, "{}"), RuleLength},
	{"length 2^64-1", lengthOf(math.MaxUint64, "{}"), RuleLength},
	{"length 2^64-8", lengthOf(math.MaxUint64-7, "{}"), RuleLength},

	{"nothing in it", fileOf("{}", 0), ""},
	{"padded", fileOf("{}      ", 0), ""},
	{"space first", fileOf(" {}", 0), RuleStart},
	{"array", fileOf("[]", 0), RuleStart},
	{"string", fileOf(`"a"`, 0), RuleStart},
	{"null", fileOf("null", 0), RuleStart},
	{"byte order mark", fileOf("\ufeff{}", 0), RuleStart},
	{"NUL first", fileOf("\x00{}", 0), RuleStart},
	{"NUL as padding", fileOf("{}\x00\x00", 0), RuleJSON},
	{"line feed as padding", fileOf("{}\n", 0), RuleJSON},
	{"two objects", fileOf("{}{}", 0), RuleJSON},
	{"brace alone", fileOf("{", 0), RuleJSON},
	{"cut in a name", fileOf(`{"a`, 0), RuleJSON},
	{"cut after a name", fileOf(`{"a"`, 0), RuleJSON},
	{"cut after an escape", fileOf(`{"a\`, 0), RuleJSON},
	{"cut in a unicode escape", fileOf(`{"\u00`, 0), RuleJSON},
	{"comma at the end", fileOf(`{"a":`+one+`,}`, 1), RuleJSON},
	{"comma first", fileOf(`{,"a":`+one+`}`, 1), RuleJSON},
	{"no comma", fileOf(`{"a":`+one+` "b":`+one+`}`, 1), RuleJSON},
	{"no colon", fileOf(`{"a" `+one+`}`, 1), RuleJSON},
	{"name without quotes", fileOf(`{a:`+one+`}`, 1), RuleJSON},
	{"single quotes", fileOf(`{'a':`+one+`}`, 1), RuleJSON},
	{"comment", fileOf(`{/**/"a":`+one+`}`, 1), RuleJSON},
	{"white space within", fileOf("{ \"a\"\n:\t"+one+"\r}", 1), ""},
	{"no-break space within", fileOf("{\u00a0\"a\":"+one+"}", 1), RuleJSON},

	{"invalid UTF-8", fileOf("{\"\xff\":"+one+"}", 1), RuleUTF8},
	{"surrogate in UTF-8", fileOf("{\"\xed\xa0\x80\":"+one+"}", 1), RuleUTF8},
	{"overlong UTF-8", fileOf("{\"\xc0\x80\":"+one+"}", 1), RuleUTF8},
	{"cut UTF-8", fileOf("{\"a\":"+one+"}\xe2\x82", 1), RuleUTF8},
	{"control character", fileOf("{\"a\n\":"+one+"}", 1), RuleJSON},
	{"control character after an escape", fileOf("{\"\\na\n\":"+one+"}", 1), RuleJSON},
	{"unknown escape", fileOf(`{"\x":`+one+`}`, 1), RuleJSON},
	{"bad digits", fileOf(`{"\u00g0":`+one+`}`, 1), RuleJSON},
	{"high surrogate alone", fileOf(`{"\ud800":`+one+`}`, 1), RuleJSON},
	{"low surrogate alone", fileOf(`{"\udc00":`+one+`}`, 1), RuleJSON},
	{"two high surrogates", fileOf(`{"\ud800\ud800":`+one+`}`, 1), RuleJSON},
	{"surrogate pair", fileOf(`{"\ud83d\ude00":`+one+`}`, 1), ""},
	{"all escapes", fileOf(`{"\"\\\/\b\f\n\r\t\u0000":`+one+`}`, 1), ""},
	{"name of nothing", fileOf(`{"":`+one+`}`, 1), ""},

	{"metadata", fileOf(`{"__metadata__":{"a":"1"}}`, 0), ""},
	{"metadata null", fileOf(`{"__metadata__":null}`, 0), RuleMetadata},
	{"metadata number", fileOf(`{"__metadata__":{"a":1}}`, 0), RuleMetadata},
	{"metadata object", fileOf(`{"__metadata__":{"a":{}}}`, 0), RuleMetadata},
	{"metadata null value", fileOf(`{"__metadata__":{"a":null}}`, 0), RuleMetadata},
	{"metadata array", fileOf(`{"__metadata__":["a"]}`, 0), RuleMetadata},
	{"metadata string", fileOf(`{"__metadata__":"a"}`, 0), RuleMetadata},
	{"metadata twice", fileOf(`{"__metadata__":{},"__metadata__":{}}`, 0), RuleDuplicate},
	{"metadata twice, escaped", fileOf(`{"__metadata__":{},"__metadata\u005f_":{}}`, 0), RuleDuplicate},
	{"metadata key twice", fileOf(`{"__metadata__":{"a":"1","a":"1"}}`, 0), RuleDuplicate},
	{"metadata as a tensor", fileOf(`{"__metadata__":`+one+`}`, 1), RuleMetadata},

	{"name twice", fileOf(`{"a":`+one+`,"a":`+one+`}`, 1), RuleDuplicate},
	{"name twice, escaped", fileOf(`{"a":`+one+`,"\u0061":`+one+`}`, 1), RuleDuplicate},
	{"name twice, pair escaped", fileOf(`{"😀":`+one+`,"\ud83d\ude00":`+one+`}`, 1), RuleDuplicate},
	{"name twice, no bytes", fileOf(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, 0), RuleDuplicate},
	{"two names", fileOf(pair("[1]", "[0,1]", "[1]", "[1,2]"), 2), ""},

	{"tensor null", fileOf(`{"a":null}`, 0), RuleJSON},
	{"tensor array", fileOf(`{"a":["U8",[1],[0,1]]}`, 1), RuleJSON},
	{"tensor empty", fileOf(`{"a":{}}`, 0), RuleField},
	{"no dtype", fileOf(`{"a":{"shape":[1],"data_offsets":[0,1]}}`, 1), RuleField},
	{"no shape", fileOf(`{"a":{"dtype":"U8","data_offsets":[0,1]}}`, 1), RuleField},
	{"no offsets", fileOf(`{"a":{"dtype":"U8","shape":[1]}}`, 1), RuleField},
	{"dtype twice", fileOf(`{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), RuleField},
	{"shape twice", fileOf(`{"a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}`, 1), RuleField},
	{"offsets twice", fileOf(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"data_offsets":[0,1]}}`, 1), RuleField},
	{"unknown field", fileOf(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}`, 1), RuleField},
	{"fields in another order", fileOf(`{"a":{"data_offsets":[0,1],"shape":[1],"dtype":"U8"}}`, 1), ""},
	{"field of another case", fileOf(`{"a":{"DType":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), RuleField},

	{"unknown dtype", fileOf(tensor("F128", "[1]", "[0,16]"), 16), RuleDType},
	{"dtype of another case", fileOf(tensor("u8", "[1]", "[0,1]"), 1), RuleDType},
	{"dtype of nothing", fileOf(tensor("", "[1]", "[0,1]"), 1), RuleDType},
	{"dtype number", fileOf(`{"a":{"dtype":3,"shape":[1],"data_offsets":[0,1]}}`, 1), RuleDType},
	{"dtype object", fileOf(`{"a":{"dtype":{"U8":null},"shape":[1],"data_offsets":[0,1]}}`, 1), RuleDType},

	{"negative shape", fileOf(tensor("U8", "[-1]", "[0,1]"), 1), RuleNumber},
	{"negative shapes", fileOf(tensor("U8", "[-1,-1]", "[0,1]"), 1), RuleNumber},
	{"minus zero", fileOf(tensor("U8", "[-0]", "[0,0]"), 0), RuleNumber},
	{"plus", fileOf(tensor("U8", "[+1]", "[0,1]"), 1), RuleNumber},
	{"fraction", fileOf(tensor("U8", "[1.0]", "[0,1]"), 1), RuleNumber},
	{"exponent", fileOf(tensor("U8", "[1e0]", "[0,1]"), 1), RuleNumber},
	{"large exponent", fileOf(tensor("U8", "[1E400]", "[0,1]"), 1), RuleNumber},
	{"leading zero", fileOf(tensor("U8", "[01]", "[0,1]"), 1), RuleNumber},
	{"zeros", fileOf(tensor("U8", "[00]", "[0,0]"), 0), RuleNumber},
	{"hexadecimal", fileOf(tensor("U8", "[0x1]", "[0,1]"), 1), RuleJSON},
	{"underscore", fileOf(tensor("U8", "[1_0]", "[0,10]"), 10), RuleJSON},
	{"shape string", fileOf(tensor("U8", `["1"]`, "[0,1]"), 1), RuleNumber},
	{"shape null", fileOf(tensor("U8", "null", "[0,1]"), 1), RuleJSON},
	{"shape number", fileOf(tensor("U8", "1", "[0,1]"), 1), RuleJSON},
	{"shape NaN", fileOf(tensor("U8", "[NaN]", "[0,1]"), 1), RuleNumber},
	{"nested shape", fileOf(tensor("U8", "[[1]]", "[0,1]"), 1), RuleNumber},
	{"2^63", fileOf(tensor("U8", "[9223372036854775808]", "[0,1]"), 1), RuleNumber},
	{"2^64", fileOf(tensor("U8", "[18446744073709551616]", "[0,0]"), 0), RuleNumber},
	{"2^64+1", fileOf(tensor("U8", "[18446744073709551617]", "[0,1]"), 1), RuleNumber},
	{"forty digits", fileOf(tensor("U8", "["+strings.Repeat("9", 40)+"]", "[0,1]"), 1), RuleNumber},
	{"2^63-1 of a byte", fileOf(tensor("U8", "[9223372036854775807]", "[0,1]"), 1), RuleOverflow},
	{"2^61 of eight bytes", fileOf(tensor("F64", "[2305843009213693952]", "[0,0]"), 0), RuleOverflow},
	{"2^32 times 2^32", fileOf(tensor("U8", "[4294967296,4294967296]", "[0,0]"), 0), RuleOverflow},
	{"huge, then zero", fileOf(tensor("U8", "[9223372036854775807,9223372036854775807,0]", "[0,0]"), 0), RuleOverflow},
	{"zero, then huge", fileOf(tensor("U8", "[0,9223372036854775807,9223372036854775807]", "[0,0]"), 0), ""},
	{"scalar", fileOf(tensor("F32", "[]", "[0,4]"), 4), ""},
	{"ninety axes", fileOf(tensor("U8", "["+strings.Repeat("1,", 89)+"1]", "[0,1]"), 1), ""},

	{"one offset", fileOf(tensor("U8", "[1]", "[0]"), 1), RuleOffsets},
	{"no offset", fileOf(tensor("U8", "[0]", "[]"), 0), RuleOffsets},
	{"three offsets", fileOf(tensor("U8", "[1]", "[0,1,1]"), 1), RuleOffsets},
	{"offsets turned", fileOf(tensor("U8", "[1]", "[1,0]"), 1), RuleOffsets},
	{"negative offset", fileOf(tensor("U8", "[1]", "[-1,0]"), 1), RuleNumber},
	{"offset 2^63", fileOf(tensor("U8", "[1]", "[9223372036854775807,9223372036854775808]"), 1), RuleNumber},
	{"offset near 2^63", fileOf(tensor("U8", "[1]", "[9223372036854775806,9223372036854775807]"), 1), RulePastEnd},
	{"too few bytes", fileOf(tensor("F32", "[2]", "[0,4]"), 4), RuleSize},
	{"too many bytes", fileOf(tensor("F32", "[1]", "[0,8]"), 8), RuleSize},
	{"past the end", fileOf(tensor("U8", "[2]", "[0,2]"), 1), RulePastEnd},
	{"overlap", fileOf(pair("[2]", "[0,2]", "[2]", "[1,3]"), 3), RuleOverlap},
	{"same bytes", fileOf(pair("[1]", "[0,1]", "[1]", "[0,1]"), 1), RuleOverlap},
	{"empty within another", fileOf(pair("[2]", "[0,2]", "[0]", "[1,1]"), 2), RuleOverlap},
	{"empty between", fileOf(pair("[2]", "[0,2]", "[0]", "[2,2]"), 2), ""},
	{"empty before", fileOf(pair("[2]", "[0,2]", "[0]", "[0,0]"), 2), ""},
	{"empty far away", fileOf(pair("[2]", "[0,2]", "[0]", "[9,9]"), 2), RulePastEnd},
	{"hole", fileOf(pair("[1]", "[0,1]", "[1]", "[2,3]"), 3), RuleHole},
	{"hole first", fileOf(tensor("U8", "[1]", "[1,2]"), 2), RuleHole},
	{"later first", fileOf(pair("[1]", "[1,2]", "[1]", "[0,1]"), 2), ""},
	{"trailing byte", fileOf(tensor("U8", "[1]", "[0,1]"), 2), RuleTrailing},
	{"trailing bytes alone", fileOf("{}", 1), RuleTrailing},

	{"F4 pair", fileOf(tensor("F4", "[2]", "[0,1]"), 1), ""},
	{"F4 alone", fileOf(tensor("F4", "[1]", "[0,1]"), 1), RuleSubByte},
	{"F4 empty", fileOf(tensor("F4", "[0]", "[0,0]"), 0), ""},
	{"F6 four", fileOf(tensor("F6_E2M3", "[4]", "[0,3]"), 3), ""},
	{"F6 two", fileOf(tensor("F6_E3M2", "[2]", "[0,2]"), 2), RuleSubByte},

	{"deep array", fileOf(`{"a":`+strings.Repeat("[", 1_000_000), 0), RuleJSON},
	{"deep object", fileOf(strings.Repeat(`{"a":`, 200_000), 0), RuleField},
	{"deep shape", fileOf(`{"a":{"shape":`+strings.Repeat("[", 1_000_000), 0), RuleNumber},
	{"spaces for ever", fileOf("{"+strings.Repeat(" ", 1_000_000), 0), RuleJSON},
	{"long name", fileOf(`{"`+strings.Repeat("a", 1_000_000), 0), RuleJSON},
	{"many escapes", fileOf(`{"`+strings.Repeat(`\u0001`, 200_000), 0), RuleJSON},
	{"long shape", fileOf(`{"a":{"shape":[`+strings.Repeat("0,", 500_000), 0), RuleNumber},
	{"long offsets", fileOf(`{"a":{"data_offsets":[`+strings.Repeat("0,", 500_000), 0), RuleNumber},
	{"much metadata", fileOf(`{"__metadata__":{`+strings.Repeat(`"":"",`, 100_000), 0), RuleDuplicate},
}

func TestAttacks(t *testing.T) {
	dir := t.TempDir()
	for i, a := range attacks {
		path := filepath.Join(dir, fmt.Sprintf("%d.safetensors", i))
		if err := os.WriteFile(path, a.file, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, open := range []func(string) (*File, error){Open, OpenUnmapped} {
			f, err := open(path)
			if err == nil {
				f.Close()
			}
			var broken *FormatError
			switch {
			case a.rule == "" && err != nil:
				t.Errorf("%s: %v", a.name, err)
			case a.rule != "" && !errors.As(err, &broken):
				t.Errorf("%s: error %v, want rule %q", a.name, err, a.rule)
			case a.rule != "" && (broken.Rule != a.rule || broken.File != path):
				t.Errorf("%s: %q of %q: %v; want rule %q of %q", a.name, broken.Rule, broken.File, err, a.rule, path)
			case a.rule != "" && len(err.Error()) > 600:
				t.Errorf("%s: message of %d bytes", a.name, len(err.Error()))
			}
		}
	}
}

// TestAttackMessages: messages say what a person needs.
func TestAttackMessages(t *testing.T) {
	for _, c := range []struct {
		file []byte
		want string
	}{
		{fileOf(pair("[2]", "[0,2]", "[2]", "[1,3]"), 3), `safetensors: m: tensor "b": overlap: begins at 1, within tensor "a"`},
		{fileOf(tensor("F32", "[2,3]", "[0,4]"), 4), `safetensors: m: tensor "a": size: F32 of shape [2 3] takes 24 bytes, the offsets give 4`},
		{fileOf(tensor("U8", "[-1]", "[0,1]"), 1), `safetensors: m: tensor "a": number: byte 28 of the header: negative`},
		{lengthOf(1<<63, "{}"), `safetensors: m: header length: 9223372036854775808 bytes, more than 100000000`},
	} {
		if _, err := New("m", bytes.NewReader(c.file), int64(len(c.file))); err == nil || err.Error() != c.want {
			t.Errorf("have %v\nwant %s", err, c.want)
		}
	}
}

// TestAttackMemory: whatever numbers a file states, reading it takes memory for
// what is there. A shape's digit with its comma takes two bytes and an int eight,
// and slices grow by doubling: hence the factor.
func TestAttackMemory(t *testing.T) {
	for _, a := range attacks {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = New(a.name, bytes.NewReader(a.file), int64(len(a.file)))
		runtime.ReadMemStats(&after)
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(32*len(a.file)+32<<10); got > most {
			t.Errorf("%s: %d bytes allocated for a file of %d", a.name, got, len(a.file))
		}
	}
}

func TestOpenWhatIsNoFile(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("folder: %v", err)
	}
}
