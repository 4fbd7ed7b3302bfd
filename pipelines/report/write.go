package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"
)

//go:embed templates
var files embed.FS

// templates are parsed on first use: most runs of the program write no report.
var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("report").Funcs(template.FuncMap{
		"bytes":    formatBytes,
		"count":    formatCount,
		"date":     formatDate,
		"figure":   formatFigure,
		"label":    label,
		"percent":  formatPercent,
		"pieces":   pieces,
		"plural":   plural,
		"runs":     func(s string) []run { return runs(s, "") },
		"seconds":  formatSeconds,
		"share":    formatShare,
		"time":     formatTime,
		"shorthex": func(s string) string { return label(s[:min(len(s), 12)]) },
	}).ParseFS(files, "templates/*.html"))
})

// frame is what every page has around its content.
type frame struct {
	Style  template.CSS
	Policy template.HTML // content security policy
}

// newFrame allows the page its own style sheet, by hash, and nothing else: no
// script, no request, no frame, no form, whatever a document's text may say.
var newFrame = sync.OnceValue(func() frame {
	style, err := files.ReadFile("templates/style.css")
	if err != nil {
		panic("report: embedded style sheet: " + err.Error())
	}
	hash := sha256.Sum256(style)
	return frame{
		Style: template.CSS(style),
		Policy: template.HTML(fmt.Sprintf(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'">`,
			base64.StdEncoding.EncodeToString(hash[:]))),
	}
})

// pieces are the parts of a name between which a line may break.
func pieces(name string) []string {
	return strings.Split(strings.NewReplacer("_", "_\x00", ".", ".\x00", "/", "/\x00").Replace(label(name)), "\x00")
}

// Write renders the night as one self-contained HTML page. The bytes depend on
// n alone.
func Write(w io.Writer, n Night) error {
	if err := templates().ExecuteTemplate(w, "night.html", newPage(n)); err != nil {
		return fmt.Errorf("report: night %s: %w", label(n.Date), err)
	}
	return nil
}

// WriteJSON renders the night as indented JSON, with its alarms. It decodes
// into a Night.
func WriteJSON(w io.Writer, n Night) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(struct {
		Night
		Alarms []Alarm `json:"alarms"`
	}{n, n.Alarms()}); err != nil {
		return fmt.Errorf("report: night %s as JSON: %w", label(n.Date), err)
	}
	return nil
}

// index is the list of nights, laid out.
type index struct {
	frame
	Nights  []Entry // latest first
	Columns columnsView
}

// Bar shows the outcomes side by side.
func (e Entry) Bar() []segment { return e.Output.Bar() }

// WriteIndex renders the list of nights, given oldest first, as one
// self-contained HTML page. Its links are the entries' files.
func WriteIndex(w io.Writer, nights []Entry) error {
	x := index{frame: newFrame(), Columns: newColumnsView("nights", nights)}
	x.Nights = slices.Clone(nights)
	slices.Reverse(x.Nights)
	if err := templates().ExecuteTemplate(w, "index.html", x); err != nil {
		return fmt.Errorf("report: index: %w", err)
	}
	return nil
}
