package outgoing

import (
	"testing"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
)

// An answer begun and closed at once leaves no draft, and comes back when asked;
// whatever a person put into one, saw again, or began elsewhere, stays.
func TestAbandon(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	w.give(anneBox, zoe.NationalID, delegation.Delegate, delegation.Read|delegation.Write)
	other := w.box(zoe)
	letter := w.put("INBOX", received) // a forward brings its file along
	sees := func(b *mailbox.Box) func(id string) {
		return func(id string) {
			if _, page, err := w.See(w.ctx, b, id); err != nil || page != "" {
				t.Errorf("a second page has a mark: %q %v", page, err)
			}
		}
	}
	for _, c := range []struct {
		name string
		from Origin
		do   func(id string)
		want State
	}{
		{"blank", Origin{}, nil, Discarded},
		{"to a colleague", Origin{To: []Recipient{{Address: hugoBox}}}, nil, Discarded},
		{"forward with its file", Origin{Kind: Forwarding, Ref: letter, WithFiles: true}, nil, Discarded},
		{"answer", Origin{Kind: Answer, Ref: letter}, nil, Discarded},
		{"a word", Origin{}, func(id string) {
			_, err := w.Save(w.ctx, box, id, edit(1, "tab", 1, "mot"))
			w.must(err)
		}, Open},
		{"saved as it is", Origin{}, func(id string) {
			d, err := w.Get(w.ctx, box, id)
			w.must(err)
			s, err := w.Save(w.ctx, box, id, Edit{Version: 1, Writer: "tab", Seq: 1, Fields: d.Fields})
			if w.must(err); s.Version != 1 {
				t.Errorf("the same words are version %d", s.Version)
			}
		}, Open},
		{"reopened", Origin{Kind: Answer, Ref: letter}, sees(box), Open},
		{"opened by a colleague", Origin{Kind: Answer, Ref: letter}, sees(other), Open},
		{"a concurrent version", Origin{}, func(id string) { w.exec(`UPDATE drafts SET copy_of = 'other' WHERE id = ?`, id) }, Open},
		{"a later version", Origin{}, func(id string) { w.exec(`UPDATE drafts SET version = 2 WHERE id = ?`, id) }, Open},
		{"in the folder", Origin{}, func(id string) { w.exec(`UPDATE drafts SET imap_uid = 7, imap_validity = 1 WHERE id = ?`, id) }, Open},
		{"of another page", Origin{}, func(id string) { w.exec(`UPDATE drafts SET writer = 'shown:other' WHERE id = ?`, id) }, Open},
		{"a page's writing", Origin{}, func(id string) { w.exec(`UPDATE drafts SET writer = 'tab' WHERE id = ?`, id) }, Open},
		{"a file joined", Origin{Kind: Forwarding, Ref: letter, WithFiles: true}, func(id string) {
			w.attach(box, Draft{ID: id}, "a.txt", []byte("a"))
		}, Open},
	} {
		b, err := w.New(w.ctx, box, c.from)
		w.must(err)
		_, page, err := w.See(w.ctx, box, b.Draft.ID)
		if w.must(err); page == "" {
			t.Fatalf("%s: the first page has no mark", c.name)
		}
		if c.do != nil {
			c.do(b.Draft.ID)
		}
		if c.want == Open || c.from.Kind == Forwarding { // left by a colleague, it would go to the folder
		} else if away, err := w.Abandon(w.ctx, other, b.Draft.ID, page); away || err != nil {
			t.Errorf("%s: a colleague puts it away: %v", c.name, err)
		}
		away, err := w.Abandon(w.ctx, box, b.Draft.ID, page)
		w.must(err)
		if got := w.state(box, b.Draft.ID); got != c.want || away != (got == Discarded) {
			t.Errorf("%s: %s, said %v", c.name, got, away)
		}
		if away {
			w.must(w.Restore(w.ctx, box, b.Draft.ID))
			sees(box)(b.Draft.ID)
		}
	}
	// Never shown, another program's, for a patient: no page may.
	for name, from := range map[string]Origin{"unseen": {}, "another program's": {Kind: Imported, Ref: w.put("Drafts", long("text/plain", 900))}, "patient": {Kind: ToPatient}} {
		b, err := w.New(w.ctx, box, from)
		w.must(err)
		page := ""
		if name != "unseen" {
			if _, page, err = w.See(w.ctx, box, b.Draft.ID); err != nil || page != "" {
				t.Errorf("%s: %q %v", name, page, err)
			}
		}
		if away, err := w.Abandon(w.ctx, box, b.Draft.ID, page); away || err != nil {
			t.Errorf("%s: %v %v", name, away, err)
		}
	}
	b, err := w.New(w.ctx, box, Origin{}) // the first to see it is a colleague: nobody has the mark
	w.must(err)
	sees(other)(b.Draft.ID)
	sees(box)(b.Draft.ID)
}
