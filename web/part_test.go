package web_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"image/png"
	"io"
	"mime"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/testkit"
)

// files are the leaves of a letter by content, as its author wrote them.
func files(t *testing.T, raw []byte) map[[32]byte]string {
	t.Helper()
	l, err := message.Parse(raw, message.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[[32]byte]string{}
	l.Root.Walk(func(p *message.Part) bool {
		if !p.Multipart() {
			var b bytes.Buffer
			if err := p.Decode(&b); err != nil {
				t.Fatal(err)
			}
			out[sha256.Sum256(b.Bytes())] = p.FileName
		}
		return true
	})
	return out
}

// Every attachment of every letter of two mailboxes comes down byte for byte, one
// by one and in the archive; always as a download, never as something a browser
// runs on our origin (attacks 17 and 24).
func TestAttachmentsAreTheSendersBytes(t *testing.T) {
	ofSize(t)
	t.Parallel()
	k := shared.For(t)
	for key, addr := range map[string]mssante.Address{"martin": people.MartinBox, "benali": people.BenaliBox} {
		c := k.SignIn(key)
		known := map[[32]byte]string{}
		for _, l := range testkit.Letters() {
			if l.Mailbox.Equal(addr) {
				for sum, name := range files(t, l.Raw) {
					known[sum] = name
				}
			}
		}
		checked := 0
		for _, folder := range folderLinks(t, c) {
			for _, href := range letterLinks(t, c, folder) {
				checked += checkFiles(t, c, href, known)
			}
		}
		if checked < 5 {
			t.Errorf("%s: only %d files checked", key, checked)
		}
		t.Logf("%s: %d files", key, checked)
	}
}

func folderLinks(t *testing.T, c *testkit.Client) []string {
	t.Helper()
	var out []string
	doc(t, ok(t, c.Follow("/"))).Find("nav[aria-label=Dossiers] a[data-testid^=folder-]").Each(func(_ int, s *goquery.Selection) {
		if h := s.AttrOr("href", ""); h != "" {
			out = append(out, h)
		}
	})
	return out
}

func letterLinks(t *testing.T, c *testkit.Client, path string) []string {
	t.Helper()
	var out []string
	for path != "" {
		d := doc(t, ok(t, c.Follow(path)))
		d.Find("[data-testid=letter-row] a.row-link").Each(func(_ int, s *goquery.Selection) { out = append(out, s.AttrOr("href", "")) })
		path = d.Find("[data-testid=pager-next]").AttrOr("href", "")
	}
	return out
}

func checkFiles(t *testing.T, c *testkit.Client, href string, known map[[32]byte]string) int {
	t.Helper()
	d := doc(t, ok(t, c.Get(href, testkit.Fragment)))
	n := 0
	d.Find("[data-testid=attachment-download]").Each(func(_ int, s *goquery.Selection) {
		a := ok(t, c.Get(s.AttrOr("href", "")))
		n++
		if _, found := known[sha256.Sum256(a.Body)]; !found {
			t.Errorf("%s: %d bytes that no letter of this mailbox holds", a.URL.Path, len(a.Body))
		}
		kind, params, err := mime.ParseMediaType(a.Header.Get("Content-Disposition"))
		if err != nil || kind != "attachment" || params["filename"] == "" || strings.ContainsAny(params["filename"], "/\\\u202e\r\n") {
			t.Errorf("%s: Content-Disposition %q (%v)", a.URL.Path, a.Header.Get("Content-Disposition"), err)
		}
		switch ct := a.Header.Get("Content-Type"); {
		case strings.Contains(ct, "html"), strings.Contains(ct, "svg"), strings.Contains(ct, "script"), strings.Contains(ct, "xml"):
			t.Errorf("%s: served as %s", a.URL.Path, ct)
		}
	})
	if all := d.Find("[data-testid=download-all]").AttrOr("href", ""); all != "" {
		checkZip(t, ok(t, c.Get(all)), known)
	}
	return n
}

func checkZip(t *testing.T, a *testkit.Answer, known map[[32]byte]string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(a.Body), int64(len(a.Body)))
	if err != nil {
		t.Fatalf("%s: %v", a.URL.Path, err)
	}
	names := map[string]bool{}
	for _, f := range z.File {
		if key := strings.ToLower(f.Name); names[key] || strings.ContainsAny(f.Name, "/\\:") || strings.HasPrefix(f.Name, "..") {
			t.Errorf("%s: name %q", a.URL.Path, f.Name)
		} else {
			names[key] = true
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, found := known[sha256.Sum256(b)]; !found {
			t.Errorf("%s: %s holds bytes that no letter holds", a.URL.Path, f.Name)
		}
	}
}

// Previews look at the bytes: a TIFF comes as PNG, a PDF in its own page, a text as
// text, and what lies about itself is refused.
func TestPreviews(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	kinds := map[string]int{}
	for _, folder := range folderLinks(t, c) {
		for _, href := range letterLinks(t, c, folder) {
			d := doc(t, ok(t, c.Get(href, testkit.Fragment)))
			d.Find("[data-testid=attachment]").Each(func(_ int, s *goquery.Selection) {
				name := s.Find("[data-testid=attachment-name]").Text()
				if src := s.Find("img").AttrOr("src", ""); src != "" {
					a := c.Get(src, testkit.For("image"))
					kinds[checkPicture(t, name, a)]++
				}
				if view := s.Find("[data-testid=attachment-open]").AttrOr("href", ""); view != "" {
					kinds[checkView(t, c, view)]++
				}
			})
			if d.Find("[data-testid=nested-letter]").Length() > 0 {
				kinds["nested"]++
			}
			d.Find("iframe").Each(func(_ int, s *goquery.Selection) {
				doc(t, ok(t, c.Get(s.AttrOr("src", ""), testkit.For("iframe")))).Find("img").Each(func(_ int, s *goquery.Selection) {
					if src, _, _ := strings.Cut(s.AttrOr("src", ""), "#"); strings.HasSuffix(src, "/inline") {
						kinds["cid "+checkPicture(t, src, c.Get(src, testkit.For("image")))]++
					}
				})
			})
		}
	}
	t.Log(kinds)
	for _, want := range []string{"tiff", "image/jpeg", "pdf", "text", "nested", "cid image/png", "refused"} {
		if kinds[want] == 0 {
			t.Errorf("no letter showed %s: %v", want, kinds)
		}
	}
}

func checkPicture(t *testing.T, name string, a *testkit.Answer) string {
	t.Helper()
	if a.Status == 400 {
		return "refused"
	}
	ok(t, a)
	ct := a.Header.Get("Content-Type")
	if lower := strings.ToLower(name); strings.HasSuffix(lower, ".tif") || strings.HasSuffix(lower, ".tiff") {
		if _, err := png.Decode(bytes.NewReader(a.Body)); err != nil || ct != "image/png" {
			t.Errorf("%s came as %s: %v", name, ct, err)
		}
		return "tiff"
	}
	if message.ImageType(a.Body) != ct {
		t.Errorf("%s is announced %s and is %s", name, ct, message.ImageType(a.Body))
	}
	return ct
}

func checkView(t *testing.T, c *testkit.Client, view string) string {
	t.Helper()
	a := c.Get(view)
	if a.Status == 303 {
		return "refused"
	}
	d := doc(t, ok(t, a))
	if file := d.Find("body.viewer").AttrOr("data-file", ""); file != "" {
		raw := c.Get(file, testkit.For("empty"))
		if raw.Status == 200 && !bytes.Contains(raw.Body[:min(1024, len(raw.Body))], []byte("%PDF-")) {
			t.Errorf("%s: not a PDF", file)
		}
		if !strings.Contains(a.Header.Get("Content-Security-Policy"), "worker-src 'self'") {
			t.Errorf("%s: not the viewer's policy", view)
		}
		return "pdf"
	}
	if d.Find("pre.text-file").Length() == 1 {
		if !strings.Contains(a.Header.Get("Content-Security-Policy"), "require-trusted-types-for") {
			t.Errorf("%s: not the page's policy", view)
		}
		return "text"
	}
	t.Errorf("%s: shows nothing", view)
	return ""
}

// A TIFF is converted for whoever asks to see it, never for a frame that names it.
func TestTIFFIsNoPictureOfTheFrame(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	found := false
	for _, folder := range folderLinks(t, c) {
		for _, href := range letterLinks(t, c, folder) {
			doc(t, ok(t, c.Get(href, testkit.Fragment))).Find("[data-testid=attachment]").Each(func(_ int, s *goquery.Selection) {
				name, src := s.Find("[data-testid=attachment-name]").Text(), s.Find("img").AttrOr("src", "")
				if src == "" || checkPicture(t, name, c.Get(src, testkit.For("image"))) != "tiff" {
					return
				}
				found = true
				if a := c.Get(strings.TrimSuffix(src, "/picture")+"/inline", testkit.For("image")); a.Status != 400 {
					t.Errorf("%s in the frame: %d", src, a.Status)
				}
			})
		}
	}
	if !found {
		t.Error("no TIFF seen: the test proves nothing")
	}
}

// The source's length is known at its end only.
func TestSourceAnnouncesNoLength(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	if a := ok(t, c.Get(letterLinks(t, c, "/")[0]+"/source")); a.Header.Get("Content-Length") != "" || len(a.Body) == 0 {
		t.Errorf("Content-Length %q for %d bytes", a.Header.Get("Content-Length"), len(a.Body))
	}
}

// What a destination says it is loaded for is checked when it says so.
func TestSecFetchDestIsRefusedWhenWrong(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	href := letterLinks(t, c, "/")[0]
	for _, row := range []struct {
		path, dest string
		status     int
	}{
		{"/body", "iframe", 200}, {"/body", "", 200}, {"/body", "document", 403}, {"/body", "script", 403}, {"/body", "object", 403}, {"/body", "embed", 403}, {"/body", "empty", 403},
		{"/part/1/raw", "script", 403}, {"/part/1/inline", "document", 403}, {"/part/1/inline", "script", 403}, {"/part/1/picture", "document", 403}, {"/part/1/picture", "script", 403}, {"/part/1/inline", "iframe", 403},
	} {
		if a := c.Get(href+row.path, testkit.With("Sec-Fetch-Dest", row.dest)); a.Status != row.status {
			t.Errorf("%s for %q answered %d, want %d", row.path, row.dest, a.Status, row.status)
		}
	}
}
