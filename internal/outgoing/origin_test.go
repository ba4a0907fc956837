package outgoing

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/demo/mailhost"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

const received = "From: \"Dr Hugo Petit\" <" + hugoBox + ">\r\nTo: " + anneBox + ", tiers@medecin.mssante.fr\r\nSubject: Bilan de Mme B.\r\n" +
	"Message-ID: <original@chu>\r\nReferences: <racine@chu>\r\nDate: Tue, 3 Mar 2026 14:05:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: multipart/related; boundary=c\r\n\r\n--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Voici <b>le bilan</b><script>alert(1)</script><img src=\"cid:logo\" onerror=x></p>\r\n" +
	"--c\r\nContent-Type: image/png; name=logo.png\r\nContent-ID: <logo>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--c--\r\n" +
	"--b\r\nContent-Type: application/pdf; name=bilan.pdf\r\nContent-Disposition: attachment; filename=bilan.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nPDF64\r\n--b--\r\n"

func (w *world) put(folder, raw string, flags ...string) mailbox.Ref {
	w.Helper()
	w.host.Put(address(w, anneBox), folder, flags, w.now(), []byte(raw))
	box := w.box(anne)
	folders, err := box.Folders(w.ctx)
	w.must(err)
	for _, f := range folders {
		if f.Name == folder || f.Role == mailserver.RoleInbox && folder == "INBOX" {
			l, err := box.List(w.ctx, mailbox.ListQuery{Folder: f.ID})
			w.must(err)
			return l.Items[0].Ref
		}
	}
	w.Fatal("no folder " + folder)
	return mailbox.Ref{}
}

func (w *world) flags(ref mailbox.Ref) string {
	w.Helper()
	l, err := w.box(anne).Letter(w.ctx, ref, mailbox.LetterOptions{})
	w.must(err)
	return strings.Join(l.Flags, " ")
}

func bilan(pdf []byte) string {
	var lines strings.Builder
	for b := base64.StdEncoding.EncodeToString(pdf); b != ""; b = b[min(76, len(b)):] {
		lines.WriteString(b[:min(76, len(b))] + "\r\n")
	}
	return strings.Replace(received, "PDF64\r\n", lines.String(), 1)
}

func TestReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	ref := w.put("INBOX", bilan([]byte("%PDF-1.4 petit")))
	b, err := w.New(w.ctx, box, Origin{Kind: Answer, Ref: ref, Signature: "<p>Dr Martin</p>"})
	w.must(err)
	f := b.Draft.Fields
	if len(f.To) != 1 || f.To[0].Address != hugoBox || len(f.Cc) != 0 || f.Subject != "Re: Bilan de Mme B." || len(b.Draft.Files) != 0 {
		t.Errorf("%+v", f)
	}
	// Attack: the quoted letter is hostile.
	if strings.Contains(f.HTML, "script") || strings.Contains(f.HTML, "onerror") || !strings.Contains(f.HTML, "<b>le bilan</b>") ||
		strings.Index(f.HTML, "Dr Martin") > strings.Index(f.HTML, "a écrit") || !strings.Contains(f.Text, "> Voici le bilan") {
		t.Errorf("%s\n%s", f.HTML, f.Text)
	}
	if r := w.send(box, b.Draft); r.Came != CameSent {
		t.Fatalf("%+v", r)
	}
	w.sentCopies(1)
	l := w.parse(w.host.Newest(address(t, hugoBox), "INBOX"))
	if l.Envelope.InReplyTo != "original@chu" || strings.Join(l.Envelope.References, " ") != "racine@chu original@chu" {
		t.Errorf("%+v", l.Envelope)
	}
	if got := w.flags(ref); !strings.Contains(got, `\Answered`) || strings.Contains(got, `\Seen`) {
		t.Errorf("flags %s", got)
	}
	all, err := w.New(w.ctx, box, Origin{Kind: AnswerAll, Ref: ref, Plain: true})
	w.must(err)
	if f := all.Draft.Fields; len(f.To)+len(f.Cc) != 2 || f.HTML != "" || !strings.Contains(f.Text, "> Voici le bilan") {
		t.Errorf("%+v", f)
	}
}

// A forward carries the files as they were, even when the original is gone.
func TestForward(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	pdf := append([]byte("%PDF-1.4\n"), noise(1_200_000)...)
	ref := w.put("INBOX", bilan(pdf))
	b, err := w.New(w.ctx, box, Origin{Kind: Forwarding, Ref: ref, WithFiles: true})
	w.must(err)
	if b.Say != "" || len(b.Draft.Files) != 2 || b.Draft.Fields.Subject != "Tr: Bilan de Mme B." || !strings.Contains(b.Draft.Fields.HTML, "Lettre transférée") {
		t.Fatalf("%q %+v", b.Say, b.Draft)
	}
	for _, f := range b.Draft.Files {
		if !f.Complete() || f.Name == "bilan.pdf" && (f.Size != int64(len(pdf)) || f.Type != "application/pdf") {
			t.Errorf("%+v", f)
		}
	}
	s, err := w.Save(w.ctx, box, b.Draft.ID, Edit{Version: 1, Fields: Fields{To: []Recipient{{Address: hugoBox}}, Subject: "Tr : Bilan", HTML: "<p>Pour avis.</p>"}})
	w.must(err)
	r, err := w.Send(w.ctx, box, s.ID, SendOptions{Version: s.Version})
	w.must(err)
	if r.Came != CameSent {
		t.Fatalf("%+v", r)
	}
	w.sentCopies(1)
	l := w.parse(w.host.Newest(address(t, hugoBox), "INBOX"))
	found := false
	for _, p := range l.Root.Body().Attachments {
		var got bytes.Buffer
		w.must(p.Decode(&got))
		found = found || p.FileName == "bilan.pdf" && bytes.Equal(got.Bytes(), pdf)
	}
	if !found {
		t.Error("the file did not arrive as it was")
	}
	if got := w.flags(ref); !strings.Contains(strings.ToLower(got), "$forwarded") {
		t.Errorf("flags %s", got)
	}
	without, err := w.New(w.ctx, box, Origin{Kind: Forwarding, Ref: ref})
	w.must(err)
	if len(without.Draft.Files) != 0 {
		t.Error("files came unasked")
	}
}

func TestForwardTooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.MaxLetter = 300_000 })
	ref := w.put("INBOX", bilan(noise(400_000)))
	b, err := w.New(w.ctx, w.box(anne), Origin{Kind: Forwarding, Ref: ref, WithFiles: true})
	w.must(err)
	if len(b.Draft.Files) != 1 || !strings.Contains(b.Say, "bilan.pdf") {
		t.Errorf("%q %+v", b.Say, b.Draft.Files)
	}
}

// A draft of another program is gone on with; ours is simply found again.
func TestImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	ref := w.put("Drafts", bilan([]byte("%PDF-1.4 petit")), `\Draft`)
	b, err := w.New(w.ctx, box, Origin{Kind: Imported, Ref: ref, WithFiles: true})
	w.must(err)
	d := b.Draft
	if b.Resumed || d.MessageID != "original@chu" || len(d.Fields.To) != 2 || d.Fields.Subject != "Bilan de Mme B." || strings.Contains(d.Fields.HTML, "script") || len(d.Files) != 2 {
		t.Fatalf("%+v", d)
	}
	again, err := w.New(w.ctx, box, Origin{Kind: Imported, Ref: ref})
	w.must(err)
	if !again.Resumed || again.Draft.ID != d.ID {
		t.Error("opened a second time, it is a second draft")
	}
	// What is written on replaces it there.
	_, err = w.Save(w.ctx, box, d.ID, edit(d.Version, "w", 1, "repris dans Pli"))
	w.must(err)
	w.must(w.Leave(w.ctx, box, d.ID))
	if n := w.host.Count(address(t, anneBox), "Drafts"); n != 1 {
		t.Errorf("%d letters in Drafts", n)
	}
	in := w.put("INBOX", bilan([]byte("x")))
	if _, err := w.New(w.ctx, box, Origin{Kind: Imported, Ref: in}); !problem.Is(err, problem.Invalid) {
		t.Errorf("a letter received is taken for a draft: %v", err)
	}
}

// A letter sent long ago, put into Drafts by another program and gone on with, is a new
// letter: its copy is filed beside the old one.
func TestImportOfALetterSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	raw := strings.Replace(received, "To: "+anneBox+", tiers@medecin.mssante.fr", "To: "+hugoBox, 1)
	w.host.Put(address(t, anneBox), "Sent", []string{`\Seen`}, w.now(), []byte(raw))
	box := w.box(anne)
	b, err := w.New(w.ctx, box, Origin{Kind: Imported, Ref: w.put("Drafts", raw, `\Draft`)})
	w.must(err)
	s, err := w.Save(w.ctx, box, b.Draft.ID, edit(b.Draft.Version, "w", 1, "une autre lettre"))
	w.must(err)
	w.must(w.Leave(w.ctx, box, b.Draft.ID))
	if n := w.host.Count(address(t, anneBox), "Drafts"); n != 1 {
		t.Errorf("%d letters in Drafts: what is written does not replace what it was taken from", n)
	}
	s, err = w.Save(w.ctx, box, b.Draft.ID, Edit{Version: s.Version, Writer: "w", Seq: 2, Fields: Fields{To: []Recipient{{Address: hugoBox}}, Subject: "Autre", Text: "une autre lettre"}})
	w.must(err)
	if r, err := w.Send(w.ctx, box, b.Draft.ID, SendOptions{Version: s.Version, Confirmed: []string{NoFile}}); err != nil || r.Came != CameSent {
		t.Fatalf("%+v %v", r, err)
	}
	w.flying.Wait()
	w.Attend(w.ctx, box)
	w.flying.Wait()
	if n := w.host.Count(address(t, anneBox), "Sent"); n != 2 {
		t.Errorf("%d letters in Sent, want the old one and the new one", n)
	}
	if n := w.host.Count(address(t, anneBox), "Drafts"); n != 0 {
		t.Errorf("%d letters left in Drafts", n)
	}
}

// Attack: a Message-ID that would break out of a header or of a command.
func TestEvilMessageID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	ref := w.put("INBOX", strings.Replace(received, "<original@chu>", "<a\" UID 1:* (\\Deleted)\t{3}@x>", 1))
	b, err := w.New(w.ctx, box, Origin{Kind: Answer, Ref: ref})
	w.must(err)
	if r, err := w.Send(w.ctx, box, b.Draft.ID, SendOptions{Version: b.Draft.Version, Confirmed: []string{NoText}}); err != nil || r.Came != CameSent {
		t.Fatalf("%+v", r)
	}
	w.sentCopies(1)
	draft := w.put("Drafts", strings.Replace(received, "<original@chu>", "<x@y>\r\n A1 LOGOUT", 1), `\Draft`)
	got, err := w.New(w.ctx, box, Origin{Kind: Imported, Ref: draft})
	w.must(err)
	w.must(w.Leave(w.ctx, box, got.Draft.ID))
	s, err := w.Save(w.ctx, box, got.Draft.ID, edit(1, "w", 1, "x"))
	w.must(err)
	if err := w.Leave(w.ctx, box, s.ID); err != nil {
		t.Error(err)
	}
}

// The copy in Drafts: written on a pause, not for nothing, the large ones on leaving;
// another program's version is never removed.
func TestCopyInDrafts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	drafts := func() int { return w.host.Count(address(t, anneBox), "Drafts") }
	b, err := w.New(w.ctx, box, Origin{})
	w.must(err)
	w.must(w.Leave(w.ctx, box, b.Draft.ID))
	if drafts() != 0 {
		t.Error("an empty draft was written")
	}
	version := b.Draft.Version
	save := func(text string) {
		t.Helper()
		s, err := w.Save(w.ctx, box, b.Draft.ID, edit(version, "w", version, text))
		w.must(err)
		version = s.Version
	}
	newest := func() string { return string(w.host.Newest(address(t, anneBox), "Drafts")) }
	save("un")
	w.must(w.Pause(w.ctx, box, b.Draft.ID))
	save("deux")
	w.must(w.Pause(w.ctx, box, b.Draft.ID))
	first := newest()
	w.must(w.Pause(w.ctx, box, b.Draft.ID))
	if drafts() != 1 || !strings.Contains(first, "deux") || newest() != first {
		t.Errorf("%d copies: %s", drafts(), newest())
	}
	w.attach(box, b.Draft, "gros.bin", noise(1_500_000))
	w.must(w.Pause(w.ctx, box, b.Draft.ID))
	if !strings.Contains(newest(), "gros.bin") {
		t.Error("a new file was not written on a pause")
	}
	save("trois")
	w.must(w.Pause(w.ctx, box, b.Draft.ID))
	if strings.Contains(newest(), "trois") {
		t.Error("a word changed carried 2 MB again")
	}
	w.must(w.Leave(w.ctx, box, b.Draft.ID))
	if !strings.Contains(newest(), "trois") || drafts() != 1 {
		t.Error("leaving did not write")
	}
	// Another program saves its own version of it, under the same Message-ID.
	w.host.Put(address(t, anneBox), "Drafts", []string{`\Draft`}, w.now(), []byte("Message-ID: <"+b.Draft.MessageID+">\r\nSubject: ailleurs\r\n\r\nautre\r\n"))
	save("quatre")
	w.must(w.Leave(w.ctx, box, b.Draft.ID))
	if drafts() != 2 {
		t.Errorf("%d letters in Drafts: the other program's is gone, or ours was not replaced", drafts())
	}
}

// The loop writes the copy of a draft left without a word, and only while somebody's
// session lives.
func TestStaleDrafts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.letter(w.box(anne), hugoBox)
	w.tend(w.ctx)
	if n := w.host.Count(address(t, anneBox), "Drafts"); n != 0 {
		t.Errorf("%d copies before its time", n)
	}
	w.advance(3 * time.Minute)
	w.host.Stop(mailhost.ServiceIMAP)
	w.tend(w.ctx)
	w.host.Start(mailhost.ServiceIMAP)
	w.tend(w.ctx)
	if n := w.host.Count(address(t, anneBox), "Drafts"); n != 0 {
		t.Errorf("%d copies right after a failure", n)
	}
	w.advance(6 * time.Minute)
	w.tend(w.ctx)
	w.tend(w.ctx)
	if n := w.host.Count(address(t, anneBox), "Drafts"); n != 1 {
		t.Errorf("%d copies", n)
	}
	w.Drop(anne.SessionID)
	if len(w.known) != 0 {
		t.Error("an ended session is still worked for")
	}
}
