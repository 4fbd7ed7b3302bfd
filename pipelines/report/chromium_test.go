package report

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// probe is a page that opens the pages under test in frames of a phone's width
// and writes down what it sees of them.
const probe = `<!doctype html><title>probe</title><body><script>
const pages = %s, seen = {}
let left = pages.length * 2
for (const page of pages) for (const width of [390, 1200]) {
  const f = document.createElement("iframe")
  f.width = width; f.height = 900; f.src = page
  f.onload = () => {
    const d = f.contentDocument, w = d.documentElement.clientWidth
    const clipped = e => { for (; e; e = e.parentElement) if (f.contentWindow.getComputedStyle(e).overflowX != "visible") return true }
    seen[page + "@" + width] = {
      title: d.title,
      over: d.documentElement.scrollWidth - w,
      wide: [...d.querySelectorAll("body *")].filter(e => !e.closest("svg svg, .skip") && e.getBoundingClientRect().right > w + 1 && !clipped(e)).map(e => e.tagName + "." + (e.getAttribute("class") || "") + " " + e.textContent.slice(0, 40)).slice(0, 5),
      scripts: d.scripts.length,
      styled: f.contentWindow.getComputedStyle(d.body).fontVariantNumeric,
      unnamed: [...d.querySelectorAll("svg:not([aria-hidden])")].filter(e => !e.getAttribute("aria-labelledby").split(" ").every(id => d.getElementById(id)?.textContent)).length,
      ids: [...d.querySelectorAll("[id]")].length - new Set([...d.querySelectorAll("[id]")].map(e => e.id)).size,
    }
    if (--left == 0) { const p = document.createElement("pre"); p.id = "seen"; p.textContent = JSON.stringify(seen); document.body.append(p) }
  }
  document.body.append(f)
}
</script>`

// view is what the probe sees of a page.
type view struct {
	Title   string
	Over    int      // how far the page scrolls sideways, pixels
	Wide    []string // elements beyond the right edge
	Scripts int
	Styled  string // tabular-nums, if the policy lets the style sheet through
	Unnamed int    // pictures without title
	IDs     int    // ids that occur twice
}

func TestInChromium(t *testing.T) {
	var chromium string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			chromium = path
			break
		}
	}
	if chromium == "" {
		t.Skip("no Chromium is installed to look at the pages with")
	}
	pages := map[string][]byte{}
	var names []string
	add := func(name string, write func(*bytes.Buffer) error) {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		pages["/"+name], names = b.Bytes(), append(names, name)
	}
	for name, n := range map[string]Night{"night.html": exampleNight(1, 21), "first.html": exampleNight(2, 0), "hostile.html": hostileNight(), "empty.html": {}} {
		add(name, func(b *bytes.Buffer) error { return Write(b, n) })
	}
	night := exampleNight(1, 21)
	add("index.html", func(b *bytes.Buffer) error { return WriteIndex(b, append(night.Before, night.Entry("night.html"))) })
	list, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	pages["/probe"] = fmt.Appendf(nil, probe, list)

	dom, log, asked := browse(t, chromium, pages)
	for page, v := range seen(t, dom, log) {
		if v.Over > 0 || len(v.Wide) > 0 {
			t.Errorf("%s scrolls sideways by %d: %q", page, v.Over, v.Wide)
		}
		if v.Scripts != 0 || v.Styled != "tabular-nums" || v.Unnamed != 0 || v.IDs != 0 {
			t.Errorf("%s: %+v", page, v)
		}
	}
	for _, line := range strings.Split(log, "\n") {
		if strings.Contains(line, ":CONSOLE") {
			t.Errorf("console: %s", line)
		}
	}
	for _, url := range asked {
		t.Errorf("the page asks for %s", url)
	}
}

// seen decodes what the probe wrote.
func seen(t *testing.T, dom, log string) map[string]view {
	m := regexp.MustCompile(`(?s)<pre id="seen">(.*?)</pre>`).FindStringSubmatch(dom)
	if m == nil {
		t.Fatalf("the probe did not finish: %.2000s\n%s", dom, log)
	}
	var out map[string]view
	if err := json.Unmarshal([]byte(html.UnescapeString(m[1])), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// browse opens /probe and returns its document, the browser's log, and which
// addresses other than the pages it asked for. Everything but the pages goes
// through a proxy that only listens.
func browse(t *testing.T, chromium string, pages map[string][]byte) (dom, log string, asked []string) {
	var mu sync.Mutex
	note := func(url string) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, url)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[r.URL.Path]
		if !ok && r.URL.Path != "/favicon.ico" { // which every browser asks for
			note(r.URL.String())
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if _, err := w.Write(page); err != nil {
			note("broken: " + err.Error())
		}
	}))
	defer server.Close()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Host, "evil.example") { // the browser has errands of its own
			note(r.Method + " " + r.URL.String())
		}
		http.Error(w, "no", http.StatusForbidden)
	}))
	defer proxy.Close()

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+t.TempDir(),
		"--proxy-server="+proxy.URL, "--enable-logging=stderr", "--virtual-time-budget=20000", "--dump-dom", server.URL+"/probe")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("chromium: %v\n%s", err, stderr.String())
	}
	return stdout.String(), stderr.String(), asked
}
