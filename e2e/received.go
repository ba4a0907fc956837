//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// received is one letter as the server holds it, read by the standard library: no
// code of the program that wrote it.
type received struct {
	raw    []byte
	header mail.Header
	pieces []piece
}

// piece is a leaf of the letter, decoded.
type piece struct {
	kind, charset, name string
	attached            bool
	content             []byte
}

// one waits for the one letter of a folder with this word in its subject.
func (e *eye) one(folder, word string) received {
	e.t.Helper()
	deadline := time.Now().Add(patience)
	for p := (pace{}); ; {
		if _, _, err := e.c.Select(folder); err != nil {
			e.t.Fatal(err)
		}
		found, err := e.c.Search(`SUBJECT "` + word + `"`)
		if err != nil {
			e.t.Fatal(err)
		}
		if len(found) == 1 {
			return readReceived(e.t, e.octets(found[0]))
		}
		if len(found) > 1 || time.Now().After(deadline) {
			e.t.Fatalf("%d letters %q in %s; everywhere: %v\n%s", len(found), word, folder, e.counts(word), e.w.logs()+e.w.post.log())
		}
		p.wait()
	}
}

var literalRE = regexp.MustCompile(`\{(\d+)\}\r\n`)

// octets are a whole letter of the selected folder; it stays unread.
func (e *eye) octets(uid uint32) []byte {
	e.t.Helper()
	r, err := e.c.Do(fmt.Sprintf("UID FETCH %d (BODY.PEEK[])", uid))
	if err != nil {
		e.t.Fatal(err)
	}
	for _, l := range r.Untagged {
		at := literalRE.FindSubmatchIndex(l)
		if at == nil {
			continue
		}
		var n int
		if _, err := fmt.Sscan(string(l[at[2]:at[3]]), &n); err == nil && at[1]+n <= len(l) {
			return l[at[1] : at[1]+n]
		}
	}
	e.t.Fatalf("no octets for letter %d", uid)
	return nil
}

// forget takes the letters with this word away: they are large.
func (e *eye) forget(folder, word string) {
	e.t.Helper()
	if _, _, err := e.c.Select(folder); err != nil {
		e.t.Fatal(err)
	}
	found, err := e.c.Search(`SUBJECT "` + word + `"`)
	if err != nil {
		e.t.Fatal(err)
	}
	for _, uid := range found {
		if _, err := e.c.Do(fmt.Sprintf(`UID STORE %d +FLAGS.SILENT (\Deleted)`, uid)); err != nil {
			e.t.Fatal(err)
		}
	}
	if _, err := e.c.Do("EXPUNGE"); err != nil {
		e.t.Fatal(err)
	}
}

func readReceived(t testing.TB, raw []byte) received {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("the letter is not one: %v\n%.500s", err, raw)
	}
	l := received{raw: raw, header: m.Header}
	if err := l.leaves(m.Header.Get("Content-Type"), m.Header.Get("Content-Disposition"), m.Header.Get("Content-Transfer-Encoding"), m.Body); err != nil {
		t.Fatalf("the letter's structure: %v\n%.1500s", err, raw)
	}
	return l
}

func (l *received) leaves(contentType, disposition, encoding string, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("%q: %w", contentType, err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if err := l.leaves(p.Header.Get("Content-Type"), p.Header.Get("Content-Disposition"), p.Header.Get("Content-Transfer-Encoding"), p); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(encoding) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("%s in %s: %w", kind, encoding, err)
	}
	p := piece{kind: kind, charset: strings.ToLower(params["charset"]), content: content}
	if disposition != "" {
		how, params, err := mime.ParseMediaType(disposition)
		if err != nil {
			return fmt.Errorf("%q: %w", disposition, err)
		}
		p.attached, p.name = how == "attachment", params["filename"]
	}
	l.pieces = append(l.pieces, p)
	return nil
}

// text is what the letter says in one form, "text/plain" or "text/html".
func (l received) text(kind string) string {
	for _, p := range l.pieces {
		if p.kind == kind && !p.attached {
			return string(p.content)
		}
	}
	return ""
}

// files are the sums of what is attached, by name.
func (l received) files() map[string][sha256.Size]byte {
	out := map[string][sha256.Size]byte{}
	for _, p := range l.pieces {
		if p.attached {
			out[p.name] = sha256.Sum256(p.content)
		}
	}
	return out
}

func sums(files ...attached) map[string][sha256.Size]byte {
	out := map[string][sha256.Size]byte{}
	for _, f := range files {
		out[f.name] = sha256.Sum256(f.data)
	}
	return out
}

var idRE = regexp.MustCompile(`^<[!-;=?A-~]+@[!-;=?A-~]+>$`)

// proper checks what every letter that leaves must be, whatever it says.
func (l received) proper(t testing.TB, w *world, from, subject string, to ...string) {
	t.Helper()
	for name, want := range map[string]string{"From": from, "To": strings.Join(to, " ")} {
		list, err := l.header.AddressList(name)
		var got []string
		for _, a := range list {
			got = append(got, a.Address)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s is %q (%v), want %s", name, l.header.Get(name), err, want)
		}
		if name == "From" && len(list) == 1 && list[0].Name == "" {
			t.Error("From has no label")
		}
	}
	if got, err := new(mime.WordDecoder).DecodeHeader(l.header.Get("Subject")); err != nil || got != subject {
		t.Errorf("subject %q (%v), want %q", got, err, subject)
	}
	if id := l.header.Get("Message-ID"); !idRE.MatchString(id) {
		t.Errorf("Message-ID %q", id)
	}
	if at, err := l.header.Date(); err != nil || time.Since(at).Abs() > 10*time.Minute {
		t.Errorf("Date %q: %v", l.header.Get("Date"), err)
	}
	for name, want := range map[string]string{"MIME-Version": "1.0", "X-MSS-NIL": w.post.product} {
		if got := l.header[textHeader(name)]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"From", "To", "Subject", "Date", "Message-ID", "Content-Type"} {
		if n := len(l.header[textHeader(name)]); n != 1 {
			t.Errorf("%d headers %s", n, name)
		}
	}
	for _, p := range l.pieces {
		if strings.HasPrefix(p.kind, "text/") && !p.attached && p.charset != "utf-8" {
			t.Errorf("%s in charset %q", p.kind, p.charset)
		}
	}
	for line := range bytes.SplitSeq(l.raw, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n\x00") {
			t.Errorf("a line no server has to carry: %d octets, %.80q", len(line), line)
			break
		}
	}
}

func textHeader(name string) string { return textproto.CanonicalMIMEHeaderKey(name) }

// sameFiles compares what was attached with what arrived, by content.
func (l received) sameFiles(t testing.TB, want ...attached) {
	t.Helper()
	if got := l.files(); !maps.Equal(got, sums(want...)) {
		t.Errorf("files %v arrived, not those sent: %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(sums(want...))))
	}
}
