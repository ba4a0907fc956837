package outgoing

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pli.example/pli/internal/sanitize"
)

func TestPlainOf(t *testing.T) {
	t.Parallel()
	for html, want := range map[string]string{
		"<p>Un</p><p>Deux<br>trois</p>":                                                   "Un\n\nDeux\ntrois\n",
		"<p>A &amp; <b>B</b> &lt;c&gt;</p>":                                               "A & B <c>\n",
		"<ul><li>un</li><li>deux</li></ul><p>fin</p>":                                     "- un\n- deux\n\nfin\n",
		"<ol><li>un</li><li>deux<ul><li>a</li></ul></li></ol>":                            "1. un\n2. deux\n  - a\n",
		"<p>X a écrit :</p><blockquote><p>un</p><p>deux</p></blockquote><p>z</p>":         "X a écrit :\n\n> un\n>\n> deux\n\nz\n",
		`<p><a href="https://x.fr/">site</a> <a href="https://y.fr">https://y.fr</a></p>`: "site <https://x.fr/> https://y.fr\n",
		"<div>a</div><div><br></div><div>b</div>":                                         "a\n\nb\n",
		"<pre>  x\n   y</pre>":                                                            "  x\n   y\n",
		"":                                                                                "\n",
	} {
		safe := string(sanitize.HTML([]byte(html), sanitize.Options{}).HTML)
		if got := PlainOf(safe); got != want {
			t.Errorf("%s:\n%q, want\n%q", html, got, want)
		}
	}
}

func FuzzPlainOf(f *testing.F) {
	f.Add("<p>a<br>b</p><blockquote>c</blockquote><ul><li>d</ul><a href=\"x\">y</a>")
	f.Add("<<<>><a href='")
	f.Add(strings.Repeat("<blockquote>", 500) + "x")
	f.Fuzz(func(t *testing.T, s string) {
		safe := string(sanitize.HTML([]byte(s), sanitize.Options{}).HTML)
		got := PlainOf(safe)
		if utf8.ValidString(safe) && !utf8.ValidString(got) {
			t.Fatalf("not UTF-8: %q", got)
		}
		if len(got) > 100*len(safe)+100 {
			t.Fatalf("%d octets of %d", len(got), len(safe))
		}
		PlainOf(s) // anything is survived
	})
}

func FuzzFields(f *testing.F) {
	f.Add("a\r\nBcc: x@y.fr", "\"N\" <a@b.mssante.fr>, c@d.fr; e", "\x00\u202e=?utf-8?q?=0d=0a?=")
	f.Add("", "a@b\r\n", "{3}\r\n")
	f.Fuzz(func(t *testing.T, subject, typed, text string) {
		in := Fields{Subject: subject, To: Recipients(typed), Cc: []Recipient{{Name: subject, Address: typed}}, Text: text}
		got, err := in.clean()
		if err != nil {
			return
		}
		for _, r := range append(got.Everybody(), Recipient{Address: got.Subject}) {
			if strings.ContainsAny(r.Name+r.Address, "\r\n\x00\u2028\u2029\u202e") || !utf8.ValidString(r.Name+r.Address) {
				t.Fatalf("%q", r)
			}
			if a, ok := r.Parse(); ok && strings.TrimSpace(r.Address) != a.String() && !strings.EqualFold(strings.TrimSpace(r.Address), a.String()) {
				t.Fatalf("%q read as %s", r.Address, a)
			}
		}
		if strings.ContainsAny(got.Text, "\r\x00") || !utf8.ValidString(got.Text) {
			t.Fatalf("%q", got.Text)
		}
		again, err := got.clean()
		if err != nil || again.Subject != got.Subject || again.Text != got.Text || len(again.To) != len(got.To) {
			t.Fatalf("cleaned twice: %+v, %+v", got, again)
		}
		Announces(OwnWords(text))
		Sniff(subject, []byte(text))
	})
}
