package mailserver

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
)

// raw runs library commands in the other session, for what Pli never does.
// TestContract is what Pli relies on, run on every server we can run. A test that
// every server skips is a test nobody runs: that fails.
// contractFlagNews: another session's flag change, told unasked, must not swallow
// a row of the page.
func contractPeek(b *bench) {
	uid := b.append("INBOX", "From: a@b.test\nSubject: pj\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/plain\n\ncorps\n--B\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nJVBERg==\n--B--\n")
	l := b.rows(Query{Folder: "INBOX"})
	v := l.Folder.UIDValidity
	if l.Rows[0].Files != 1 {
		b.Errorf("%d files", l.Rows[0].Files)
	}
	_, err := b.a.OpenLetter(b.ctx, "INBOX", v, uid)
	b.must(err)
	for _, size := range []int64{0, 10} {
		r, err := b.a.Body(b.ctx, "INBOX", v, uid, "2", size)
		b.must(err)
		got, err := io.ReadAll(r)
		b.must(err)
		r.Close()
		if strings.TrimSpace(string(got)) != "JVBERg==" {
			b.Errorf("part %q", got)
		}
	}
	if r, err := b.a.Body(b.ctx, "INBOX", v, uid, "9", 0); err == nil { // NIL, or "" from some servers
		if got, err := io.ReadAll(r); len(got) != 0 || err != nil {
			b.Errorf("an absent part: %q %v", got, err)
		}
	} else if !problem.Is(err, problem.NotFound) {
		b.Errorf("an absent part: %v", err)
	}
	for _, path := range []string{"0", "1.", "-1", "1]", "2.HEADER", "1 2", "a", strings.Repeat("1.", 300) + "1"} {
		if _, err := b.a.Body(b.ctx, "INBOX", v, uid, path, 0); !problem.Is(err, problem.NotFound) {
			b.Errorf("path %q: %v", path, err)
		}
	}
	if b.rows(Query{Folder: "INBOX"}).Rows[0].Has(`\Seen`) {
		b.Fatal("reading marked the letter as read")
	}
	_, err = b.a.OpenLetter(b.ctx, "INBOX", v, uid)
	b.must(err)
	if b.rows(Query{Folder: "INBOX"}).Rows[0].Has(`\Seen`) {
		b.Error("opening marked the letter as read")
	}
}

// contractSearchInjection: what a person types is data (attacks 27, 28).
const nestedLetter = `From: a@b.test
Subject: tout
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=OUT

--OUT
Content-Type: multipart/alternative; boundary=ALT

--ALT
Content-Type: text/plain; charset=utf-8

simple
--ALT
Content-Type: text/html; charset=utf-8

<p>riche</p>
--ALT--
--OUT
Content-Type: application/pdf; name*0*=utf-8''compte%20rendu%20d%E2%80%99; name*1*=h%C3%A9mato.pdf
Content-Disposition: attachment; filename="=?utf-8?q?h=C3=A9mato.pdf?="
Content-Transfer-Encoding: base64

JVBERg==
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
Content-Type: text/plain; name=notes.txt
Content-Disposition: attachment; filename=notes.txt

notes
--IN--
--OUT
Content-Type: message/rfc822

From: e@f.test
Subject: seul

texte seul
--OUT--
`

// contractStructure: the server's description and our own reading of the same
// letter agree on numbers, types and names.
func contractStructure(b *bench) {
	b.append("INBOX", nestedLetter)
	row := b.rows(Query{Folder: "INBOX"}).Rows[0]
	own, err := message.Parse([]byte(strings.ReplaceAll(nestedLetter, "\n", "\r\n")), message.Limits{})
	b.must(err)
	describe := func(root *message.Part) (out []string) {
		root.Walk(func(p *message.Part) bool {
			out = append(out, p.Path+" "+p.Type+" "+p.FileName+" "+p.Disposition)
			return true
		})
		return out
	}
	if got, want := describe(row.Structure), describe(own.Root); !slices.Equal(got, want) {
		b.Errorf("server:\n%s\nours:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for path, want := range map[string]string{"1.1": "simple", "3.1": "interne", "3.2": "notes", "4.1": "texte seul"} {
		r, err := b.a.Body(b.ctx, "INBOX", b.rows(Query{Folder: "INBOX"}).Folder.UIDValidity, row.UID, path, 0)
		b.must(err)
		got, err := io.ReadAll(r)
		b.must(err)
		r.Close()
		if strings.TrimSpace(string(got)) != want {
			b.Errorf("part %s: %q", path, got)
		}
	}
}

func contractNeighbours(b *bench) {
	uids := b.fill(5)
	v := b.rows(Query{Folder: "INBOX"}).Folder.UIDValidity
	beside := func(when string, uid, older, newer uint32) {
		b.Helper()
		o, err := b.a.OpenLetter(b.ctx, "INBOX", v, uid)
		b.must(err)
		if o.Older != older || o.Newer != newer {
			b.Errorf("%s, letter %d: older %d newer %d, want %d and %d", when, uid, o.Older, o.Newer, older, newer)
		}
	}
	for i, uid := range uids {
		var older, newer uint32
		if i > 0 {
			older = uids[i-1]
		}
		if i < 4 {
			newer = uids[i+1]
		}
		beside("at first", uid, older, newer)
	}
	_, err := b.them.Expunge(b.ctx, "INBOX", v, uids[:1]) // positions shift under us
	b.must(err)
	beside("after a shift", uids[2], uids[1], uids[3])
	if !b.caps["fetch-tells"] {
		time.Sleep(newsAge) // until then a letter read before opens again
	}
	if _, err := b.a.OpenLetter(b.ctx, "INBOX", v, uids[0]); !problem.Is(err, problem.Gone) {
		b.Errorf("a removed letter: %v", err)
	}
	b.rows(Query{Folder: "INBOX"})
	_, err = b.them.Expunge(b.ctx, "INBOX", v, uids[1:2]) // and again, heard of before the question
	b.must(err)
	time.Sleep(newsAge)
	beside("after the news of a shift", uids[3], uids[2], uids[4])
}

func bigLetter(size int) string {
	var s strings.Builder
	s.WriteString("From: a@b.test\nSubject: gros\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\ncorps =C3=A9tendu\n--B\nContent-Type: application/octet-stream; name=gros.bin\nContent-Transfer-Encoding: base64\n\n")
	for line := pattern(57); size > 0; size -= len(line) {
		line = line[:min(size, 57)]
		s.WriteString(base64.StdEncoding.EncodeToString(line))
		s.WriteByte('\n')
	}
	s.WriteString("--B--\n")
	return s.String()
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7)
	}
	return b
}

func contractLarge(b *bench) {
	uid := b.append("INBOX", bigLetter(600<<10))
	v := b.rows(Query{Folder: "INBOX"}).Folder.UIDValidity
	o, err := b.a.OpenLetter(b.ctx, "INBOX", v, uid)
	b.must(err)
	if o.Whole != nil || !strings.Contains(string(o.Head), "Subject: gros") || !strings.HasPrefix(string(o.Texts["1"]), "corps =C3=A9tendu") || len(o.Texts) != 1 {
		b.Fatalf("whole %d head %q texts %d", len(o.Whole), o.Head, len(o.Texts))
	}
	part := o.Structure.Find("2")
	if part == nil || part.FileName != "gros.bin" {
		b.Fatalf("part %v", part)
	}
	r, err := b.a.Body(b.ctx, "INBOX", v, uid, "2", part.Size)
	b.must(err)
	defer r.Close()
	n, err := io.Copy(io.Discard, message.DecodeTransfer(part.Encoding, r))
	b.must(err)
	if n != 600<<10 {
		b.Errorf("%d octets", n)
	}
}

func contractStream(b *bench) {
	const size = 5_000_000 // 25 MB: TestStreamMemory
	uid := b.append("INBOX", bigLetter(size))
	v := b.rows(Query{Folder: "INBOX"}).Folder.UIDValidity
	r, err := b.a.Body(b.ctx, "INBOX", v, uid, "2", 0)
	b.must(err)
	defer r.Close()
	// The command lane answers while the part comes down.
	if b.caps["concurrent"] {
		if l := b.rows(Query{Folder: "INBOX"}); len(l.Rows) != 1 {
			b.Error("no list during a download")
		}
	}
	n, err := io.Copy(io.Discard, message.DecodeTransfer("base64", r))
	b.must(err)
	if n != size {
		b.Errorf("%d octets of %d", n, size)
	}
	if l := b.rows(Query{Folder: "INBOX"}); l.Rows[0].Has(`\Seen`) {
		b.Error("a download marked the letter as read")
	}
	if got := b.a.aside.inUse(); got != 0 {
		b.Errorf("%d connections still held", got)
	}
}

func contractStreamClosed(b *bench) {
	uid := b.append("INBOX", bigLetter(3<<20))
	v := b.rows(Query{Folder: "INBOX"}).Folder.UIDValidity
	for range 3 {
		ctx, cancel := context.WithCancel(b.ctx)
		r, err := b.a.Body(ctx, "INBOX", v, uid, "2", 0)
		b.must(err)
		_, err = io.ReadFull(r, make([]byte, 1000))
		b.must(err)
		cancel() // the browser went away
		if _, err := io.Copy(io.Discard, r); err == nil {
			b.Error("a cancelled download ended as if whole")
		}
		r.Close()
	}
	r, err := b.a.Body(b.ctx, "INBOX", v, uid, "2", 0)
	b.must(err)
	r.Close()
	r, err = b.a.Body(b.ctx, "INBOX", v, uid, "", 0)
	b.must(err)
	if n, err := io.Copy(io.Discard, r); err != nil || n < 4<<20 {
		b.Errorf("source %d %v", n, err)
	}
	r.Close()
	if got := b.a.aside.inUse(); got != 0 {
		b.Errorf("%d connections still held", got)
	}
}

// contractParens: the depth guard reads structure only. A page full of letters
// whose words are parentheses, quotes and false literals lists whole.
func contractParens(b *bench) {
	for i := range 50 {
		text := strings.Repeat([]string{"(", "\"(", "{99}\r\n(", "x"}[i%4], 600)
		b.append("INBOX", "From: \"((((\" <z@y.test>\r\nSubject: "+strings.Repeat("(", 600)+"\r\n\r\n"+text+"\r\n")
	}
	l := b.rows(Query{Folder: "INBOX", WithFolders: true})
	if len(l.Rows) != 50 {
		b.Fatalf("%d rows of 50", len(l.Rows))
	}
	for _, r := range l.Rows {
		if r.Unreadable || !strings.HasPrefix(r.Envelope.Subject, "(((") {
			b.Errorf("row %d: unreadable %v", r.UID, r.Unreadable)
		}
	}
}

// contractCrafted: a letter whose structure kills the library's parser costs its
// own row only, and even that row can be read.
func contractCrafted(b *bench) {
	b.fill(3)
	var bad []uint32
	for i, ct := range []string{"text/plain; =x", "text/plain", "multipart/mixed; boundary=B; =y"} {
		raw := "From: z@y.test\nSubject: piege " + fmt.Sprint(i) + "\nMIME-Version: 1.0\nContent-Type: " + ct + "\nContent-Disposition: inline; =x\n\n"
		if i == 2 {
			raw += "--B\nContent-Type: text/plain; =x\n\nbonjour\n--B--\n"
		} else {
			raw += "bonjour\n"
		}
		bad = append(bad, b.append("INBOX", raw))
		b.append("INBOX", letter("Entre "+fmt.Sprint(i), "x"))
	}
	// So does one of so many parts that its description would flood us (attack 58).
	b.append("INBOX", "From: z@y.test\nSubject: parties\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n"+
		strings.Repeat("--B\nContent-Type: text/plain; a=b\n\nx\n", 4000)+"--B--\n")
	for range 2 {
		l := b.rows(Query{Folder: "INBOX", WithFolders: true})
		if len(l.Rows) != 10 {
			b.Fatalf("%d rows of 10", len(l.Rows))
		}
		for _, r := range l.Rows {
			if r.Envelope.Subject == "" || r.Unreadable || r.Structure == nil {
				b.Errorf("row %d: subject %q unreadable %v", r.UID, r.Envelope.Subject, r.Unreadable)
			}
		}
	}
	v := b.rows(Query{Folder: "INBOX"}).Folder.UIDValidity
	for _, uid := range bad {
		o, err := b.a.OpenLetter(b.ctx, "INBOX", v, uid)
		b.must(err)
		if !strings.Contains(string(o.Whole), "bonjour") {
			b.Errorf("letter %d was not read", uid)
		}
	}
	if b.caps["bad-structure"] && !b.a.cache.isBad(letterKey{"INBOX", v, bad[0]}) {
		b.Error("this server no longer sends what kills the parser: the test proves nothing")
	}
	// Found by an address, not by a list: the same letter opens.
	o, err := b.them.OpenLetter(b.ctx, "INBOX", v, bad[0])
	b.must(err)
	if o.Unreadable || !strings.Contains(string(o.Whole), "bonjour") {
		b.Error("a crafted letter opened directly was not read")
	}
}

func contractCancel(b *bench) {
	b.fill(1)
	b.rows(Query{Folder: "INBOX"})
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	if _, err := b.a.Rows(ctx, Query{Folder: "INBOX"}); err == nil {
		b.Error("a cancelled list answered")
	}
	b.rows(Query{Folder: "INBOX"})
}

// contractDrop: the end of a session closes its connections and forgets its
// letters; another session of the same person is untouched (attack 44).
