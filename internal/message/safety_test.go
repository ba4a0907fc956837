package message

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
)

func TestSafeFileName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                          "",
		"rapport.pdf":               "rapport.pdf",
		"../../etc/passwd":          "passwd",
		"/etc/passwd":               "passwd",
		`C:\Users\x\scan.pdf`:       "scan.pdf",
		`\\serveur\partage\a.pdf`:   "a.pdf",
		"CR 12/10/2024.pdf":         "CR 12_10_2024.pdf",
		"..":                        "sans-nom",
		"...":                       "sans-nom",
		".htaccess":                 "htaccess",
		"a\r\nSet-Cookie: x.pdf":    "a Set-Cookie_ x.pdf",
		"photo\u202egpj.exe":        "photogpj.exe",
		"zero\u200b\ufeffwidth.pdf": "zerowidth.pdf",
		"facture.pdf" + strings.Repeat("\u00a0", 80) + ".exe": "facture.pdf .exe",
		"CON":                                 "_CON",
		"aux.txt":                             "_aux.txt",
		"com1.pdf":                            "_com1.pdf",
		"lpt².doc":                            "_lpt².doc",
		"console.txt":                         "console.txt",
		"fin. . .":                            "fin",
		`a<b>:"|?*.pdf`:                       "a_b______.pdf",
		"e\u0301.pdf":                         "é.pdf",
		"a\x00b.pdf":                          "ab.pdf",
		"\xff\xfe.pdf":                        "pdf",
		strings.Repeat("é", 200) + ".pdf.exe": strings.Repeat("é", 69) + "….pdf.exe",
	} {
		got := SafeFileName(in)
		if got != want {
			t.Errorf("%.60q: got %q, want %q", in, got, want)
		}
		checkFileName(t, got)
	}
}

func TestUniqueNames(t *testing.T) {
	t.Parallel()
	got := UniqueNames([]string{"a.pdf", "A.PDF", "a (2).pdf", "a.pdf", "", "", "../x", "x"})
	want := []string{"a.pdf", "A (2).PDF", "a (2) (2).pdf", "a (3).pdf", "piece-jointe", "piece-jointe (2)", "x", "x (2)"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
	many := make([]string, 3000)
	for i := range many {
		many[i] = "a.pdf"
	}
	seen := map[string]bool{}
	for _, n := range UniqueNames(many) {
		if k := strings.ToLower(n); seen[k] {
			t.Fatalf("%q twice", n)
		} else {
			seen[k] = true
		}
	}
}

func TestLinkify(t *testing.T) {
	t.Parallel()
	a := func(u string) string { return `<a href="` + u + `">` + u + `</a>` }
	for in, want := range map[string]string{
		"voir https://a.example/x?y=1&z=2.":             "voir " + a("https://a.example/x?y=1&amp;z=2") + ".",
		"(http://a.example/a_(b))":                      "(" + a("http://a.example/a_(b)") + ")",
		"mailto:dr@chu.example, merci":                  a("mailto:dr@chu.example") + ", merci",
		"javascript:alert(1)":                           "javascript:alert(1)",
		"https://banque.example@evil.example/":          "https://banque.example@evil.example/",
		"https://exämple.example":                       "https://exämple.example",
		"https://ex":                                    "https://ex",
		"https://a.example\"onmouseover=\"x":            a("https://a.example") + "&#34;onmouseover=&#34;x",
		"https://a.example/<script>":                    a("https://a.example/") + "&lt;script&gt;",
		"mailto:<img src=x onerror=1>@a.example":        "mailto:&lt;img src=x onerror=1&gt;@a.example",
		"xhttps://a.example":                            "xhttps://a.example",
		"HTTPS://A.example/":                            a("HTTPS://A.example/"),
		"https://a.example:8443/x https://b.example:x/": a("https://a.example:8443/x") + " https://b.example:x/",
		"https://a..example https://-a.example":         "https://a..example https://-a.example",
		"https://a.example'x":                           a("https://a.example") + "&#39;x",
		"https://а.example":                             "https://а.example", // Cyrillic
		"https://a.exampleé":                            "https://a.exampleé",
		"https://a.example\\@evil.example":              a("https://a.example") + `\@evil.example`,
	} {
		var b strings.Builder
		linkify(&b, in)
		if b.String() != want {
			t.Errorf("%q:\ngot  %s\nwant %s", in, b.String(), want)
		}
	}
}

var (
	tags     = regexp.MustCompile(`<[^>]*>`)
	goodTags = regexp.MustCompile(`^(<a href="(https?://|mailto:)[A-Za-z0-9\-._~:/?#\[\]@!$&;()*+,=%]+">|</a>|<div style="white-space:pre-wrap">|</div>|</?blockquote>|<details>|</details>|<summary>|</summary>)$`)
	anchor   = regexp.MustCompile(`<a href="([^"]*)">([^<]*)</a>`)
)

// checkPlain asserts that markup in the output is ours, and that taking it off
// gives the text back.
func checkPlain(t testing.TB, in, out string) {
	t.Helper()
	for _, tag := range tags.FindAllString(out, -1) {
		if !goodTags.MatchString(strings.Replace(strings.ToLower(tag), "<a href=\"http", "<a href=\"http", 1)) {
			t.Fatalf("%q gives tag %q", in, tag)
		}
	}
	for _, m := range anchor.FindAllStringSubmatch(out, -1) {
		if m[1] != m[2] {
			t.Fatalf("%q: link shows %q and leads to %q", in, m[2], m[1])
		}
	}
	text := html.UnescapeString(strings.ReplaceAll(tags.ReplaceAllString(out, ""), "Texte cité", ""))
	squeeze := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r == '\n' || r == ' ' || r == '>' {
				return -1
			}
			return r
		}, strings.ToValidUTF8(cleanText(s), ""))
	}
	if a, b := squeeze(text), squeeze(strings.ReplaceAll(in, "Texte cité", "")); a != b {
		t.Fatalf("%q: words changed:\n%q\n%q", in, a, b)
	}
}

func TestPlainToHTML(t *testing.T) {
	t.Parallel()
	in := "Bonjour,\n\n  1 < 2 & https://a.example\n> a\n> b\n>> c\n> d\n\nSuite\n> fin\n"
	got := PlainToHTML(in)
	want := `<div style="white-space:pre-wrap">Bonjour,

  1 &lt; 2 &amp; <a href="https://a.example">https://a.example</a></div>` +
		`<details><summary>Texte cité</summary><blockquote><div style="white-space:pre-wrap">a
b</div><blockquote><div style="white-space:pre-wrap">c</div></blockquote><div style="white-space:pre-wrap">d</div></blockquote></details>` +
		"<div style=\"white-space:pre-wrap\">\nSuite</div>" +
		`<details><summary>Texte cité</summary><blockquote><div style="white-space:pre-wrap">fin</div></blockquote></details>`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	checkPlain(t, in, got)
}

func TestSnippet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"Bonjour\n\n> cité\n------\n  Docteur   Petit", 100, "Bonjour Docteur Petit"},
		{"éééééé", 3, "ééé…"},
		{"a\u202eb\x00c", 10, "abc"},
		{"", 10, ""},
	} {
		if got := Snippet(c.in, c.n); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
	got := Snippet(HTMLText(`<html><head><title>t</title></head><style>p{}</style><!-- x --><p>Cher&nbsp;coll&egrave;gue</p><script>y</script><td>a</td><td>b</td>`), 100)
	if got != "Cher collègue a b" {
		t.Errorf("%q", got)
	}
}
