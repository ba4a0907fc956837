package mailbox

import (
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/problem"
)

const letterMixed = `From: =?utf-8?q?H=C3=A9l=C3=A8ne?= Roux <helene.roux@lab.test.mssante.fr>
To: anne.martin@medecin.test.mssante.fr
Subject: XDM/1.0/DDM+Compte rendu
Message-ID: <1@x>
Date: Sun, 1 Mar 2026 10:00:00 +0100
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=OUT

--OUT
Content-Type: multipart/alternative; boundary=ALT

--ALT
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Bonjour, le résultat.
--ALT
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

<p>Bonjour, le r=E9sultat.</p>
--ALT--
--OUT
Content-Type: application/pdf
Content-Disposition: attachment; filename="../DUPONT Jean.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQ=
--OUT
Content-Type: message/rfc822

From: c@d.test
Subject: dedans
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=IN

--IN
Content-Type: text/plain

interne
--IN
Content-Type: application/octet-stream
Content-Disposition: attachment; filename=notes.bin
Content-Transfer-Encoding: base64

AAEC
--IN--
--OUT--
`

func TestLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	older := w.put(annes, "INBOX", letterMixed)
	uid := w.put(annes, "INBOX", letterMixed)
	b := w.open(anne, annes)
	in := w.inbox(b)
	ref := Ref{in.ID, in.UIDValidity, uid}
	l, err := b.Letter(w.ctx, ref, LetterOptions{})
	w.must(err)
	if l.MarkedRead || !l.Unread || len(l.Shown) != 1 || strings.TrimSpace(l.Shown[0].Text) != "<p>Bonjour, le résultat.</p>" ||
		strings.TrimSpace(l.Plains[0].Text) != "Bonjour, le résultat." || l.Shown[0].Truncated {
		t.Errorf("texts %+v %+v", l.Shown, l.Plains)
	}
	if len(l.Body.Attachments) != 2 || l.Body.Attachments[0].FileName != "DUPONT Jean.pdf" {
		t.Errorf("files %v", l.Body.Attachments)
	}
	if len(l.Nested) != 1 || l.Nested[0].Envelope.Subject != "dedans" || strings.TrimSpace(l.Nested[0].Shown[0].Text) != "interne" {
		t.Errorf("nested %+v", l.Nested)
	}
	if l.Next == nil || l.Next.UID != older || l.Prev != nil {
		t.Errorf("neighbours %v %v", l.Prev, l.Next)
	}
	if e := w.last(); e.Action != audit.LetterOpen || e.Target != ref.target() {
		t.Errorf("trail %+v", e)
	}
	n := len(w.acts())
	_, err = b.Letter(w.ctx, ref, LetterOptions{Frame: true})
	w.must(err)
	if len(w.acts()) != n {
		t.Error("the frame of an opened letter was recorded as another opening")
	}
	if _, err = b.Letter(w.ctx, Ref{in.ID, in.UIDValidity, older}, LetterOptions{Frame: true}); err != nil || len(w.acts()) != n+1 {
		t.Errorf("a frame asked for alone left no trace: %v", err)
	}
	if l, err = b.Letter(w.ctx, ref, LetterOptions{MarkRead: true}); err != nil || !l.MarkedRead || l.Unread {
		t.Errorf("%v %+v", err, l)
	}
	if w.inbox(b).Unseen != 1 {
		t.Error("not marked on the server")
	}
	for _, stale := range []Ref{{in.ID, in.UIDValidity + 1, uid}, {in.ID, in.UIDValidity, 999}, {"abcdefghijklmnopqrst", in.UIDValidity, uid}} {
		_, err := b.Letter(w.ctx, stale, LetterOptions{})
		wantKind(t, err, problem.Gone)
		if e := w.last(); e.Outcome != "gone" || e.Action != audit.LetterOpen {
			t.Errorf("a failure left %+v", e)
		}
	}
	// A reader without the right to triage marks nothing.
	w.give(annes, zoe, delegation.Delegate, delegation.Read, "")
	if l, err = w.open(zoe, annes).Letter(w.ctx, Ref{in.ID, in.UIDValidity, older}, LetterOptions{MarkRead: true}); err != nil || l.MarkedRead {
		t.Errorf("%v %+v", err, l)
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	big := strings.Replace(letterMixed, "JVBERi0xLjQ=", wrapped(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("%PDF", 300_000)))), 1)
	for name, raw := range map[string]string{"small": letterMixed, "large": big} {
		uid := w.put(annes, "INBOX", raw)
		b := w.open(anne, annes)
		in := w.inbox(b)
		ref := Ref{in.ID, in.UIDValidity, uid}
		l, err := b.Letter(w.ctx, ref, LetterOptions{})
		w.must(err)
		if len(l.Nested) != 1 || l.Nested[0].Envelope.Subject != "dedans" || strings.TrimSpace(l.Plains[0].Text) != "Bonjour, le résultat." {
			t.Errorf("%s: letter %+v", name, l.Nested)
		}
		for path, want := range map[string]string{"2": "%PDF", "3.2": "\x00\x01\x02", "3.1": "interne", "3": "From: c@d.test"} {
			s, err := b.Part(w.ctx, ref, path)
			w.must(err)
			got, err := io.ReadAll(s)
			w.must(err)
			s.Close()
			if !strings.HasPrefix(string(got), want) {
				t.Errorf("%s part %s: %.40q", name, path, got)
			}
			if name == "large" && path == "2" && len(got) != 1_200_000 {
				t.Errorf("%d octets", len(got))
			}
			if e := w.last(); e.Action != audit.PartDownload || !strings.HasSuffix(e.Target, "/part/"+path) || strings.Contains(e.Target+e.Request, "DUPONT") {
				t.Errorf("trail %+v", e)
			}
		}
		for _, path := range []string{"", "1", "9", "2.1.1", "x", "3.9", "HEADER"} {
			_, err := b.Part(w.ctx, ref, path)
			wantKind(t, err, problem.NotFound)
		}
		src, size, err := b.Source(w.ctx, ref)
		w.must(err)
		got, err := io.ReadAll(src)
		w.must(err)
		if want := strings.ReplaceAll(raw, "\n", "\r\n"); string(got) != want || size != int64(len(want)) {
			t.Errorf("%s: source %d of %d octets", name, len(got), len(want))
		}
		if w.inbox(b).Unseen == 0 {
			t.Error("reading marked a letter")
		}
	}
}

func wrapped(s string) string {
	var b strings.Builder
	for ; len(s) > 76; s = s[76:] {
		b.WriteString(s[:76] + "\n")
	}
	return b.String() + s
}
