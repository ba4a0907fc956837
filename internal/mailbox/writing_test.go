package mailbox

import (
	"io"
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
)

func page(id, subject string) Outgoing {
	raw := "Message-ID: <" + id + ">\r\nX-Pli-Draft: d1\r\nSubject: " + subject + "\r\n\r\ntexte\r\n"
	return Outgoing{MessageID: id, Size: int64(len(raw)), Write: func(w io.Writer) error {
		_, err := io.WriteString(w, raw)
		return err
	}}
}

func ours(h message.Header) bool { return h.Get("X-Pli-Draft") == "d1" }

// No right, no writing: each act asks for its own, and the refusal is in the trail.
func TestWritingNeedsItsRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.put(annes, "INBOX", "Subject: a\n\nb\n")
	owner := w.open(anne, annes)
	l, err := owner.List(w.ctx, ListQuery{Folder: owner.folderID("INBOX")})
	w.must(err)
	ref := Ref{owner.folderID("INBOX"), l.UIDValidity, uid}
	for _, c := range []struct {
		name string
		need delegation.Rights
		do   func(*Box) error
	}{
		{"MayWrite", delegation.Write, func(b *Box) error { return b.MayWrite(w.ctx, audit.DraftSave) }},
		{"MaySend", delegation.Send, func(b *Box) error { return b.MaySend(w.ctx) }},
		{"KeepDraft", delegation.Write, func(b *Box) error { _, err := b.KeepDraft(w.ctx, page("k@x", "s"), Place{}, ours); return err }},
		{"DropDraft", delegation.Write, func(b *Box) error { return b.DropDraft(w.ctx, "k@x", Place{}, ours) }},
		{"FileSent", delegation.Send, func(b *Box) error { return b.FileSent(w.ctx, page("f@x", "s")) }},
		{"InSent", delegation.Send, func(b *Box) error { _, err := b.InSent(w.ctx, "f@x"); return err }},
		{"Traces", delegation.Send, func(b *Box) error { _, err := b.Traces(w.ctx, "f@x"); return err }},
		{"MarkHandled", delegation.Send, func(b *Box) error { return b.MarkHandled(w.ctx, ref, WasAnswered) }},
		{"Original", delegation.Write, func(b *Box) error { _, err := b.Original(w.ctx, ref); return err }},
	} {
		w.give(annes, zoe, delegation.Delegate, delegation.All&^c.need, "")
		if err := c.do(w.open(zoe, annes)); !problem.Is(err, problem.Denied) {
			t.Errorf("%s without its right: %v", c.name, err)
		}
		if e := w.last(); e.Outcome != problem.Denied.String() || e.Actor.NationalID != zoe.NationalID {
			t.Errorf("%s: the trail says %+v", c.name, e)
		}
		w.give(annes, zoe, delegation.Delegate, delegation.Read|c.need, "")
		if err := c.do(w.open(zoe, annes)); err != nil {
			t.Errorf("%s with its right: %v", c.name, err)
		}
	}
}

// The new copy is there before the old one goes; only our own copies go.
func TestKeepDraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.open(anne, annes)
	subjects := func() string {
		t.Helper()
		f, err := b.mail.EnsureFolder(w.ctx, "drafts")
		w.must(err)
		l, err := b.List(w.ctx, ListQuery{Folder: b.folderID(f.Name)})
		w.must(err)
		var out []string
		for _, it := range l.Items {
			out = append(out, it.Subject)
		}
		return strings.Join(out, " ")
	}
	first, err := b.KeepDraft(w.ctx, page("d@x", "un"), Place{}, ours)
	w.must(err)
	if first.UID == 0 || subjects() != "un" {
		t.Fatalf("%+v: %s", first, subjects())
	}
	second, err := b.KeepDraft(w.ctx, page("d@x", "deux"), first, ours)
	w.must(err)
	// A crash forgot where the second one is; another program has its own version.
	w.put(annes, "Drafts", "Message-ID: <d@x>\nSubject: ailleurs\n\nx\n")
	third, err := b.KeepDraft(w.ctx, page("d@x", "trois"), first, ours)
	w.must(err)
	if second == third || subjects() != "trois ailleurs" {
		t.Errorf("%s", subjects())
	}
	w.must(b.DropDraft(w.ctx, "d@x", third, ours))
	if subjects() != "ailleurs" {
		t.Errorf("%s", subjects())
	}
	w.must(b.DropDraft(w.ctx, "d@x", third, ours)) // done already
}

// A second try never makes a second copy.
func TestFileSentOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.open(anne, annes)
	for range 3 {
		w.must(b.FileSent(w.ctx, page("s@x", "envoyée")))
	}
	if ok, err := b.InSent(w.ctx, "s@x"); !ok || err != nil {
		t.Error(ok, err)
	}
	f, err := b.mail.EnsureFolder(w.ctx, "sent")
	w.must(err)
	if f, err = b.mail.Counters(w.ctx, f.Name); err != nil || f.Messages != 1 || f.Unseen != 0 {
		t.Errorf("%+v %v", f, err)
	}
	for _, evil := range []string{"a@x>\r\nA1 DELETE INBOX", "", "a b", strings.Repeat("x", 2000)} {
		if ok, err := b.InSent(w.ctx, evil); ok || err == nil {
			t.Errorf("%.20q is looked for", evil)
		}
	}
}
