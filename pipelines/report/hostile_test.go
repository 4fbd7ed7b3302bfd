package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// hostile is what a document may try on a page.
const hostile = "</script><script>alert(1)</script><img src=//evil.example/x onerror=alert(1)>\"' onload='x' `${x}` {{.Style}} ]]> <!-- --!> &lt;" +
	"\x00\x07\x1b[31m\x7f\u0085\u009b \u202eevil\u202c \u2066in\u2069 \u200b\u200e\ufeff \u2028 \u2029 \xff\xc3 \U000e0041 \ue000 \ufffe javascript:alert(1) </style><style>*{display:none}</style>"

// hostileNight has hostile text in every string there is.
func hostileNight() Night {
	n := exampleNight(5, 4)
	poison(reflect.ValueOf(&n).Elem())
	n.Samples[0].Text = strings.Repeat("x", 1<<20) + hostile
	n.Samples[0].Marks = []Mark{{-5, 3}, {1<<20 - 10, 1 << 40}, {9, 2}}
	n.Samples[1].Text = hostile + strings.Repeat("Z\u0300\u0301\u0302\u0303\u0304", 200) + "\u05d0\u05d1\u05d2 abc \u0627\u0644\u0639"
	n.Samples[1].Marks = []Mark{{3, 11}, {10, 70}}
	n.Clusters[0].Survivor.Text = hostile + strings.Repeat("y", 1<<20)
	n.Clusters[0].Duplicate.Text = strings.Repeat("中文", 5000) + hostile
	return n
}

// poison sets every string reachable from v to hostile text.
func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(hostile)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				poison(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem())
		}
	case reflect.Map:
		m := reflect.MakeMap(v.Type())
		if v.Len() > 0 {
			m.SetMapIndex(reflect.ValueOf(hostile), v.MapIndex(v.MapKeys()[0]))
		}
		v.Set(m)
	}
}

// What a page may be made of. Anything else came out of a document.
var (
	allowedElements = set("html head meta style title body a header nav p h1 h2 h3 span b small i ul li div main section dl dt dd svg rect g line polyline polygon circle text desc figure figcaption code wbr article footer blockquote bdi mark del ins details summary table thead tbody tr th td pre")
	allowedAttrs    = set("lang charset http-equiv content name class href rel aria-label aria-labelledby aria-hidden role tabindex id dir title scope focusable viewbox preserveaspectratio x y x1 x2 y1 y2 dy cx cy r width height points text-anchor")
)

func set(names string) map[string]bool {
	out := map[string]bool{}
	for _, n := range strings.Fields(names) {
		out[n] = true
	}
	return out
}

func TestHostileTextStaysText(t *testing.T) {
	n := hostileNight()
	var page, index bytes.Buffer
	if err := Write(&page, n); err != nil {
		t.Fatal(err)
	}
	if err := WriteIndex(&index, append(n.Before, n.Entry("javascript:alert(1)"), n.Entry("2026-11-20.html"))); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"night": page.Bytes(), "index": index.Bytes()} {
		if len(b) > 1<<20 {
			t.Errorf("%s has %d bytes: something was not cut", name, len(b))
		}
		checkCharacters(t, name, string(b))
		root, err := html.Parse(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		for node := range root.Descendants() {
			checkNode(t, name, node)
		}
	}
}

func checkCharacters(t *testing.T, name, s string) {
	if !utf8.ValidString(s) {
		t.Errorf("%s is no UTF-8", name)
	}
	seen := map[rune]bool{}
	for _, r := range s {
		if _, bad := reveal(r, utf8.RuneLen(r)); bad != "" && !seen[r] {
			seen[r] = true
			t.Errorf("%s holds a raw %s", name, bad)
		}
	}
}

func checkNode(t *testing.T, name string, n *html.Node) {
	switch n.Type {
	case html.CommentNode:
		t.Errorf("%s has a comment %q", name, n.Data)
	case html.ElementNode:
		if !allowedElements[strings.ToLower(n.Data)] {
			t.Errorf("%s has an element %s", name, n.Data)
		}
		for _, a := range n.Attr {
			if !allowedAttrs[strings.ToLower(a.Key)] {
				t.Errorf("%s has an attribute %s of %s", name, a.Key, n.Data)
			}
			if u, err := url.Parse(a.Val); a.Key == "href" && (err != nil || u.Scheme != "" || u.Host != "") {
				t.Errorf("%s links to %q", name, a.Val)
			}
		}
		if n.Data == "style" && n.FirstChild.Data != string(newFrame().Style) {
			t.Errorf("%s has another style sheet: %.80q", name, n.FirstChild.Data)
		}
	}
}

func TestStrictPolicy(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, Night{}); err != nil {
		t.Fatal(err)
	}
	style, _, _ := strings.Cut(strings.SplitN(b.String(), "<style>", 2)[1], "</style>")
	hash := sha256.Sum256([]byte(style))
	want := `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-` + base64.StdEncoding.EncodeToString(hash[:]) + `'; img-src data:; base-uri 'none'; form-action 'none'">`
	if !strings.Contains(b.String(), want) {
		t.Errorf("no %s", want)
	}
}

func FuzzWrite(f *testing.F) {
	f.Add(hostile, 3, 9)
	f.Fuzz(func(t *testing.T, text string, start, end int) {
		n := smallNight()
		n.Lineage.Config = text
		n.Samples[0].Text, n.Samples[0].Marks, n.Samples[0].DocID = text, []Mark{{start, end}}, text
		n.Clusters[0].Duplicate.Text = text
		var b bytes.Buffer
		if err := Write(&b, n); err != nil {
			t.Fatal(err)
		}
		checkCharacters(t, "night", b.String())
		root, err := html.Parse(&b)
		if err != nil {
			t.Fatal(err)
		}
		for node := range root.Descendants() {
			checkNode(t, "night", node)
		}
	})
}
