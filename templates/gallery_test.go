package templates_test

import (
	"bytes"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"pli.example/pli/static"
)

func draw(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func parse(t *testing.T, html string) *goquery.Document {
	t.Helper()
	d, err := goquery.NewDocumentFromReader(strings.NewReader(html))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestGallery holds what must be true of every page, whatever it shows.
func TestGallery(t *testing.T) {
	t.Parallel()
	for _, s := range gallery() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			html := draw(t, s.body)
			d := parse(t, html)
			checkIDs(t, d)
			checkNames(t, d)
			checkInline(t, d, s.kind)
			checkHtmx(t, d)
			if s.kind == "page" {
				checkPage(t, d)
			}
		})
	}
}

func checkIDs(t *testing.T, d *goquery.Document) {
	t.Helper()
	ids := map[string]bool{}
	d.Find("[id]").Each(func(_ int, e *goquery.Selection) {
		id := e.AttrOr("id", "")
		if id == "" || ids[id] {
			t.Errorf("id %q is empty or twice in the page", id)
		}
		ids[id] = true
	})
	for _, attr := range []string{"aria-labelledby", "aria-describedby", "for", "form"} {
		d.Find("[" + attr + "]").Each(func(_ int, e *goquery.Selection) {
			if id := e.AttrOr(attr, ""); !ids[id] {
				t.Errorf("%s=%q names nothing", attr, id)
			}
		})
	}
}

// checkNames: whatever can be pressed, followed or filled has words.
func checkNames(t *testing.T, d *goquery.Document) {
	t.Helper()
	d.Find("a, button, summary").Each(func(_ int, e *goquery.Selection) {
		if strings.TrimSpace(e.Text()) == "" && e.AttrOr("aria-label", "") == "" {
			out, _ := goquery.OuterHtml(e)
			t.Errorf("without words: %s", out)
		}
	})
	d.Find("a").Each(func(_ int, e *goquery.Selection) {
		if e.AttrOr("href", "") == "" || strings.HasPrefix(e.AttrOr("href", ""), "about:invalid") {
			t.Errorf("link %q leads nowhere", strings.TrimSpace(e.Text()))
		}
	})
	d.Find("input:not([type=hidden]), select, textarea").Each(func(_ int, e *goquery.Selection) {
		id := e.AttrOr("id", "")
		labelled := e.AttrOr("aria-label", "") != "" || e.ParentsFiltered("label").Length() > 0 ||
			id != "" && d.Find("label[for='"+id+"']").Length() > 0
		if !labelled {
			t.Errorf("control %q has no label", e.AttrOr("name", id))
		}
	})
	d.Find("iframe").Each(func(_ int, e *goquery.Selection) {
		if e.AttrOr("title", "") == "" {
			t.Error("a frame has no title")
		}
		if e.AttrOr("sandbox", "") != "allow-same-origin allow-popups allow-popups-to-escape-sandbox" {
			t.Errorf("sandbox is %q", e.AttrOr("sandbox", ""))
		}
	})
	d.Find("img").Each(func(_ int, e *goquery.Selection) {
		if _, ok := e.Attr("alt"); !ok {
			t.Error("an image has no alt")
		}
	})
	d.Find("form").Each(func(_ int, e *goquery.Selection) {
		if e.AttrOr("action", "") == "" || !strings.Contains(" get post ", " "+e.AttrOr("method", "")+" ") {
			t.Errorf("form %q: method %q action %q", e.AttrOr("class", ""), e.AttrOr("method", ""), e.AttrOr("action", ""))
		}
	})
}

// checkInline: the policy forbids inline style and script; nothing may ask for it.
func checkInline(t *testing.T, d *goquery.Document, kind string) {
	t.Helper()
	if n := d.Find("[style]").Length(); n > 0 {
		t.Errorf("%d style attributes", n)
	}
	if kind != "frame" && d.Find("style").Length() > 0 {
		t.Error("a style element outside a letter's frame")
	}
	if kind == "frame" && d.Find("script").Length() > 0 {
		t.Error("a script in a letter's frame")
	}
	d.Find("*").Each(func(_ int, e *goquery.Selection) {
		for _, a := range e.Nodes[0].Attr {
			if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") {
				t.Errorf("inline handler %s", a.Key)
			}
		}
	})
	d.Find("script").Each(func(_ int, e *goquery.Selection) {
		if e.AttrOr("nonce", "") != nonce {
			t.Errorf("script %q has no nonce", e.AttrOr("src", "inline"))
		}
	})
}

// checkHtmx: every element that asks the server carries the nonce, and is a link
// that works without a script.
func checkHtmx(t *testing.T, d *goquery.Document) {
	t.Helper()
	d.Find("*").Each(func(_ int, e *goquery.Selection) {
		for _, a := range e.Nodes[0].Attr {
			if strings.HasPrefix(a.Key, "hx-") && a.Key != "hx-swap-oob" && e.AttrOr("hx-nonce", "") != nonce {
				t.Errorf("%s on <%s> without a nonce: it would be stripped", a.Key, goquery.NodeName(e))
			}
		}
	})
	d.Find("[hx-get], [hx-post]").Each(func(_ int, e *goquery.Selection) {
		if goquery.NodeName(e) == "a" && e.AttrOr("href", "") != e.AttrOr("hx-get", "") {
			t.Errorf("href %q and hx-get %q differ", e.AttrOr("href", ""), e.AttrOr("hx-get", ""))
		}
	})
}

// titles are the only texts a tab may show: nothing clinical ever.
var titles = regexp.MustCompile(`^(Connexion|Situation|Réception|Recherche|Lettre|Lettre à imprimer|Document|Texte|Mes sessions|Mon journal|Boîte injoignable|Aucune boîte|Patients|Échange|Identité|Règles|Règle|Absence|Rappels|Place|Dossiers|Conversation) · Pli$`)

func checkPage(t *testing.T, d *goquery.Document) {
	t.Helper()
	if lang := d.Find("html").AttrOr("lang", ""); lang != "fr" {
		t.Errorf("lang is %q", lang)
	}
	if title := d.Find("title").First().Text(); !titles.MatchString(title) {
		t.Errorf("title %q", title)
	}
	if n := d.Find("h1").Length(); n != 1 {
		t.Errorf("%d h1", n)
	}
	if n := d.Find("main").Length(); n != 1 {
		t.Errorf("%d main", n)
	}
	if skip := d.Find("a.skip"); skip.Length() > 0 && d.Find(skip.AttrOr("href", "#none")).Length() != 1 {
		t.Error("the skip link leads nowhere")
	}
	level := 0
	d.Find("main h1, main h2, main h3, main h4").Each(func(_ int, e *goquery.Selection) {
		now := int(goquery.NodeName(e)[1] - '0')
		if level > 0 && now > level+1 {
			t.Errorf("heading %q jumps from h%d to h%d", e.Text(), level, now)
		}
		level = now
	})
	for _, word := range []string{"Oups", "undefined", "%!"} {
		if strings.Contains(d.Text(), word) {
			t.Errorf("the page says %q", word)
		}
	}
}

// TestWriteGallery writes every page and the static files to PLI_GALLERY_DIR, to
// be served as they are and looked at.
func TestWriteGallery(t *testing.T) {
	dir := os.Getenv("PLI_GALLERY_DIR")
	if dir == "" {
		t.Skip("PLI_GALLERY_DIR not set: pages are checked, not written")
	}
	asked := map[string]bool{static.Path("vendor/pdfjs/pdf.worker.min.mjs"): true, static.Path("vendor/pdfjs/pdf.min.mjs"): true}
	at := regexp.MustCompile(`/static/[^"#]+`)
	for _, s := range gallery() {
		html := draw(t, s.body)
		write(t, filepath.Join(dir, s.name+".html"), []byte(html))
		for _, p := range at.FindAllString(html, -1) {
			asked[p] = true
		}
	}
	for p := range asked {
		w := httptest.NewRecorder()
		static.Handler().ServeHTTP(w, httptest.NewRequest("GET", p, nil))
		if w.Code != 200 {
			continue // a folder name given to the PDF reader
		}
		body, err := io.ReadAll(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, filepath.FromSlash(p)), body)
	}
}

func write(t *testing.T, name string, body []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, body, 0o644); err != nil {
		t.Fatal(err)
	}
}
