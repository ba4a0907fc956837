package outgoing

import (
	"testing"
	"time"

	"pli.example/pli/internal/problem"
)

// 'Saved' is never said of a draft that is discarded, whoever asks and however.
func TestSaveOfADiscardedDraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	for _, c := range []struct {
		name string
		e    Edit
		gone bool
	}{
		{"the same save again", edit(2, "tab", 5, "mot"), true},
		{"an older one", edit(2, "tab", 4, "mo"), true},
		{"the same text, once more", edit(2, "tab", 6, "mot"), false},
		{"the same text, elsewhere", edit(2, "other", 1, "mot"), false},
		{"the same text, a form", edit(2, "", 0, "mot"), false},
		{"another text", edit(2, "tab", 6, "mots"), false},
	} {
		b, err := w.New(w.ctx, box, Origin{})
		w.must(err)
		_, err = w.Save(w.ctx, box, b.Draft.ID, edit(1, "tab", 5, "mot"))
		w.must(err)
		w.must(w.Discard(w.ctx, box, b.Draft.ID))
		s, err := w.Save(w.ctx, box, b.Draft.ID, c.e)
		if c.gone {
			if !problem.Is(err, problem.Gone) {
				t.Errorf("%s: %+v %v", c.name, s, err)
			}
			continue
		}
		if err != nil || !s.Copy || s.ID == b.Draft.ID || s.Say != sayCopySent || w.state(box, s.ID) != Open {
			t.Errorf("%s: %+v %v", c.name, s, err)
		}
	}
}

// A late save of the text that left makes no second draft of it, and says so.
func TestSaveOfASentDraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	if r := w.send(box, d); r.Came != CameSent {
		t.Fatalf("%+v", r)
	}
	s, err := w.Save(w.ctx, box, d.ID, Edit{Version: d.Version, Writer: "w", Seq: 2, Fields: d.Fields})
	if err != nil || s.ID != d.ID || s.Copy || s.Say != sayBusy(Sent) {
		t.Errorf("%+v %v", s, err)
	}
}

// The last words of a page that discards come back with Restore.
func TestDiscardKeepsTheLastWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	text := func(id string) string {
		t.Helper()
		d, err := w.Get(w.ctx, box, id)
		w.must(err)
		return d.Fields.Text
	}
	begin := func() string {
		t.Helper()
		b, err := w.New(w.ctx, box, Origin{})
		w.must(err)
		_, err = w.Save(w.ctx, box, b.Draft.ID, edit(1, "tab", 1, "premier"))
		w.must(err)
		return b.Draft.ID
	}

	id := begin() // in two acts
	_, err := w.Save(w.ctx, box, id, edit(2, "", 0, "derniers mots"))
	w.must(err)
	w.must(w.Discard(w.ctx, box, id))
	w.must(w.Restore(w.ctx, box, id))
	if got := text(id); got != "derniers mots" {
		t.Errorf("saved, discarded, restored: %q", got)
	}

	id = begin() // in one, twice
	for range 2 {
		s, err := w.DiscardWith(w.ctx, box, id, edit(2, "", 0, "derniers mots"))
		if err != nil || s.ID != id || s.Copy || s.Say != "" || w.state(box, id) != Discarded {
			t.Fatalf("%+v %v", s, err)
		}
	}
	w.must(w.Restore(w.ctx, box, id))
	if got := text(id); got != "derniers mots" {
		t.Errorf("restored: %q", got)
	}

	id = begin() // while another window went on with it
	_, err = w.Save(w.ctx, box, id, edit(2, "other", 1, "de l’autre"))
	w.must(err)
	s, err := w.DiscardWith(w.ctx, box, id, edit(2, "", 0, "les miens"))
	if err != nil || s.ID == id || s.Say != sayMineOnly || text(id) != "de l’autre" || w.state(box, s.ID) != Discarded {
		t.Fatalf("%+v %v", s, err)
	}
	w.must(w.Restore(w.ctx, box, s.ID))
	if got := text(s.ID); got != "les miens" {
		t.Errorf("restored: %q", got)
	}

	id = begin() // while another window discarded it
	w.must(w.Discard(w.ctx, box, id))
	s, err = w.DiscardWith(w.ctx, box, id, edit(2, "", 0, "les miens"))
	if err != nil || w.state(box, s.ID) != Discarded {
		t.Fatalf("%+v %v", s, err)
	}
	w.must(w.Restore(w.ctx, box, s.ID))
	if got := text(s.ID); got != "les miens" {
		t.Errorf("restored: %q", got)
	}
}

// A draft never comes back without its files: past its day it does not come back,
// even while its copy in the folder waits to be removed.
func TestRestorePastItsDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	f := w.attach(box, d, "a.txt", []byte("fichier"))
	w.must(w.Discard(w.ctx, box, d.ID))
	w.exec(`UPDATE drafts SET imap_uid = 7, imap_validity = 1 WHERE id = ?`, d.ID) // the server could not be reached
	w.advance(24*time.Hour - time.Minute)
	w.must(w.Sweep(w.ctx))
	w.must(w.Restore(w.ctx, box, d.ID))
	if got := w.content(box, d.ID, f.ID); got != "fichier" {
		t.Errorf("within its day: %q", got)
	}
	w.must(w.Discard(w.ctx, box, d.ID))
	w.exec(`UPDATE drafts SET imap_uid = 7, imap_validity = 1 WHERE id = ?`, d.ID)
	w.advance(24*time.Hour + time.Minute)
	for _, swept := range []bool{false, true} {
		if swept {
			w.must(w.Sweep(w.ctx))
		}
		if err := w.Restore(w.ctx, box, d.ID); !problem.Is(err, problem.Gone) || problem.SayOf(err) != sayTooLate {
			t.Errorf("past its day, swept %v: %v", swept, err)
		}
	}
}
