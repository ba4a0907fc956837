package outgoing

import (
	"strings"
	"testing"
	"unicode/utf8"
)

const conclusion = "Conclusion\u00a0: arrêter le traitement."

// long is a letter whose last line is its conclusion, after about n octets of text.
func long(typ string, n int, head ...string) string {
	var b strings.Builder
	b.WriteString("From: \"Dr Hugo Petit\" <" + hugoBox + ">\r\nTo: " + anneBox + "\r\nSubject: Bilan\r\nMessage-ID: <long@chu>\r\n" + strings.Join(head, "") +
		"MIME-Version: 1.0\r\nContent-Type: " + typ + "; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
	line := "a" + strings.Repeat("é", 40) // odd: a cut at any even octet is inside a character
	if typ == "text/html" {
		line = "<p>" + line + "</p>"
	}
	for b.Len() < n {
		b.WriteString(line + "\r\n")
	}
	b.WriteString(conclusion + "\r\n")
	return b.String()
}

// A draft of another program that cannot be taken over whole stays where it is.
func TestImportLong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		raw   string
		plain bool
		whole bool
	}{
		{"a long text", long("text/plain", 600_000), false, true},
		{"a text over the cap", long("text/plain", 1_300_000), false, false},
		{"formatted, over the cap", long("text/html", 1_300_000), false, false},
		{"formatted, without a script", long("text/html", 600_000), true, true},
		{"a subject over the cap", strings.Replace(received, "Bilan de Mme B.", strings.Repeat("bilan ", 70)+"fin", 1), false, false},
		{"two forms that differ", strings.Replace(received, "--b\r\n", "--b\r\nContent-Type: multipart/alternative; boundary=d\r\n\r\n--d\r\nContent-Type: text/plain\r\n\r\nvoir l'autre\r\n"+
			"--d\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>"+conclusion+"</p>\r\n--d--\r\n--b\r\n", 1), true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			box := w.box(anne)
			ref := w.put("Drafts", c.raw, `\Draft`)
			b, err := w.New(w.ctx, box, Origin{Kind: Imported, Ref: ref, Plain: c.plain})
			w.must(err)
			f := b.Draft.Fields
			has := strings.Contains(f.Text+f.HTML, conclusion)
			if c.whole && !has || (b.Say == "") != c.whole {
				t.Errorf("said %q; has its conclusion: %v", b.Say, has)
			}
			if !c.whole && (!strings.Contains(b.Say, "Brouillons") || !strings.Contains(b.Say, "ni remplacé ni supprimé")) {
				t.Errorf("said: %q", b.Say)
			}
			f.Subject = "repris"
			_, err = w.Save(w.ctx, box, b.Draft.ID, Edit{Version: b.Draft.Version, Fields: f})
			w.must(err)
			w.must(w.Leave(w.ctx, box, b.Draft.ID))
			want := 1
			if !c.whole {
				want = 2
			}
			if n := w.host.Count(address(t, anneBox), "Drafts"); n != want {
				t.Errorf("%d letters in Drafts, want %d", n, want)
			}
			if !c.whole {
				if _, err := box.Original(w.ctx, ref); err != nil {
					t.Errorf("the original is gone: %v", err)
				}
			}
			if !utf8.ValidString(f.Text + f.HTML) {
				t.Error("cut inside a character")
			}
		})
	}
}
