package report

import (
	"reflect"
	"strings"
)

// hostile is what a document may try on a page.
const hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"' onload='x' `${x}` {{.Style}} ]]> <!-- --!> &lt;" +
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
