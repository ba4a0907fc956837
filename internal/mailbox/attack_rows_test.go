package mailbox

import (
	"testing"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// Attacks 27 and 45: a folder is named by an id we gave for that mailbox. A name,
// a command, a path or another mailbox's id opens, moves and finds nothing.
func TestRowFolderIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.put(annes, "INBOX", letterMixed)
	w.give(team, anne, delegation.Delegate, delegation.All, "Cabinet")
	foreign := w.inbox(w.open(anne, team)).ID
	b := w.open(anne, annes)
	in := w.inbox(b)
	mine := Ref{in.ID, in.UIDValidity, uid}
	for _, id := range []string{"INBOX", "inbox", "Patients", "INBOX\r\nT9 DELETE INBOX", "INBOX\" (", "*", "%", "../" + in.ID, in.ID + "x", in.ID[:len(in.ID)-1], "", "\x00", "' OR 1=1 --", foreign} {
		if _, err := b.List(w.ctx, ListQuery{Folder: id}); !problem.Is(err, problem.Gone) {
			t.Errorf("%q lists: %v", id, err)
		}
		if _, err := b.Letter(w.ctx, Ref{id, in.UIDValidity, uid}, LetterOptions{MarkRead: true}); !problem.Is(err, problem.Gone) {
			t.Errorf("%q opens: %v", id, err)
		}
		if s, err := b.Part(w.ctx, Ref{id, in.UIDValidity, uid}, "2"); err == nil {
			s.Close()
			t.Errorf("%q gives a part", id)
		}
		if _, err := b.Move(w.ctx, []Ref{mine}, id); err == nil {
			t.Errorf("moved to %q", id)
		}
		if id != "" { // "" looks everywhere, on purpose
			if _, _, err := b.Search(w.ctx, Query{Words: []string{"x"}, Folder: id}, 0); !problem.Is(err, problem.Gone) {
				t.Errorf("%q searches: %v", id, err)
			}
		}
	}
	if l := w.list(b, in.ID); len(l.Items) != 1 || !l.Items[0].Unread {
		t.Errorf("something changed: %+v", l.Items)
	}
	if f := w.role(b, mailserver.RoleInbox); f.Messages != 1 {
		t.Errorf("%d letters left", f.Messages)
	}
}

// Attack 46: two mailboxes whose folders, validities and UIDs are the same, read by
// one person in one session, never lend each other a row, a letter or a part.
func TestRowSameUIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine := w.put(annes, "INBOX", letterMixed)
	theirs := w.put(team, "INBOX", "From: z@y.test\nSubject: du cabinet\nContent-Type: text/plain\n\ncorps du cabinet\n")
	if mine != theirs {
		t.Fatalf("UIDs %d and %d: the test proves nothing", mine, theirs)
	}
	w.give(team, anne, delegation.Delegate, delegation.All, "Cabinet")
	for range 2 { // the second turn reads what is cached
		for box, want := range map[string]string{annes: "XDM/1.0/DDM+Compte rendu", team: "du cabinet"} {
			b := w.open(anne, box)
			in := w.inbox(b)
			l := w.list(b, in.ID)
			if len(l.Items) != 1 || l.Items[0].Subject != want {
				t.Fatalf("%s lists %+v", box, l.Items)
			}
			o, err := b.Letter(w.ctx, l.Items[0].Ref, LetterOptions{})
			w.must(err)
			if o.Envelope.Subject != want {
				t.Errorf("%s opens %q", box, o.Envelope.Subject)
			}
		}
	}
}
