package outgoing

import (
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	conclusion = "Conclusion\u00a0: arrêter le traitement."
	missing    = "en manque une partie ici"
)

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

// atSize skips what only reads many octets, one after another, under the race
// detector, which makes each ten times dearer: e2e/test runs it whole without.
func atSize(t *testing.T, octets int) {
	t.Helper()
	if raceEnabled && octets > 100_000 {
		t.Skip("of size: without the race detector (tests of size)")
	}
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
			atSize(t, len(c.raw))
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

// A long letter answered or forwarded: what is missing is said to whoever writes and to
// whoever reads, and a forward brings the letter itself.
func TestQuoteLong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		raw   string
		from  Origin
		whole bool
	}{
		{"forward", long("text/plain", 1_470_000), Origin{Kind: Forwarding, WithFiles: true}, false},
		{"forward, text at the cap", long("text/plain", 800_000), Origin{Kind: Forwarding}, true},
		{"forward, formatted", long("text/html", 1_600_000), Origin{Kind: Forwarding}, false},
		{"forward, without a script", long("text/plain", 588_000), Origin{Kind: Forwarding, Plain: true}, false},
		{"answer", long("text/plain", 1_470_000), Origin{Kind: Answer}, false},
		{"answer, without a script", long("text/plain", 588_000), Origin{Kind: Answer, Plain: true}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if !(c.from.Kind == Forwarding && c.from.WithFiles) { // one goes the whole way under the race detector
				atSize(t, len(c.raw))
			}
			w := newWorld(t, nil)
			box := w.box(anne)
			c.from.Ref = w.put("INBOX", c.raw)
			b, err := w.New(w.ctx, box, c.from)
			w.must(err)
			f := b.Draft.Fields
			if strings.Contains(f.Text, conclusion) != c.whole || strings.Contains(f.Text, missing) == c.whole || (b.Say == "") != c.whole {
				t.Errorf("said: %q; has its conclusion: %v; says so itself: %v", b.Say, strings.Contains(f.Text, conclusion), strings.Contains(f.Text, missing))
			}
			if f.HTML != "" && strings.Contains(f.HTML, missing) == c.whole {
				t.Error("the formatted text does not say so")
			}
			if strings.Contains(f.Text+f.HTML, "\uFFFD") {
				t.Error("cut inside a character")
			}
			joined := 0
			for _, x := range b.Draft.Files {
				if x.Name != originalName {
					continue
				}
				if joined++; w.content(box, b.Draft.ID, x.ID) != c.raw {
					t.Error("the letter joined is not the original")
				}
			}
			if want := c.from.Kind == Forwarding && !c.whole; joined == 1 != want {
				t.Errorf("the original is joined %d times", joined)
			}
		})
	}
}

// Attack row 32: a letter of ours forwarded whole would tell its blind recipients. What
// does not fit is said.
func TestOriginalJoined(t *testing.T) {
	t.Parallel()
	const secret = "Bcc: secret@medecin.mssante.fr,\r\n\tautre.secret@medecin.mssante.fr\r\nX-Pli-Draft: abc\r\nresent-bcc: tiers.secret@medecin.mssante.fr\r\nX-Fin: oui\r\n"
	raw := long("text/plain", 1_470_000, secret)
	atSize(t, len(raw))
	w := newWorld(t, nil)
	box := w.box(anne)
	b, err := w.New(w.ctx, box, Origin{Kind: Forwarding, Ref: w.put("Sent", raw)})
	w.must(err)
	if len(b.Draft.Files) != 1 || !b.Draft.Files[0].Complete() || !strings.Contains(b.Say, originalName) {
		t.Fatalf("%q %+v", b.Say, b.Draft.Files)
	}
	got := w.content(box, b.Draft.ID, b.Draft.Files[0].ID)
	if strings.Contains(got, "secret@") || strings.Contains(got, "X-Pli-Draft") {
		t.Error("the letter joined tells its blind recipients")
	}
	if !strings.Contains(got, "X-Fin: oui\r\nMIME-Version") || !strings.Contains(got, conclusion) {
		t.Errorf("the letter joined is not whole: %.400q", got)
	}
	small := newWorld(t, func(o *Options) { o.MaxLetter = 1_200_000 })
	b, err = small.New(small.ctx, small.box(anne), Origin{Kind: Forwarding, Ref: small.put("INBOX", long("text/plain", 1_470_000))})
	small.must(err)
	if len(b.Draft.Files) != 0 || !strings.Contains(b.Say, "n’a pas pu être jointe") {
		t.Errorf("%q %+v", b.Say, b.Draft.Files)
	}
}
