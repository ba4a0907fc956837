package mailbox

import (
	"testing"

	"pli.example/pli/internal/audit"
)

// A letter opened beside its list: both are in the trail, a letter just marked read
// is read in the list too, and what came meanwhile elsewhere is counted.
func TestLetterBeside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.put(annes, "INBOX", "From: a@b.mssante.fr\nSubject: un\n\nbonjour\n")
	w.put(annes, "INBOX", "From: a@b.mssante.fr\nSubject: deux\n\nbonsoir\n")
	b := w.open(anne, annes)
	folders, list, err := b.Desk(w.ctx, ListQuery{Folder: b.folderID("INBOX")}, nil)
	w.must(err)
	if len(folders) == 0 || len(list.Items) != 2 {
		t.Fatalf("%d folders, %d letters", len(folders), len(list.Items))
	}
	ref := Ref{Folder: b.folderID("INBOX"), UIDValidity: list.UIDValidity, UID: uid}
	for _, turn := range []string{"unread", "read"} {
		before := len(w.acts())
		l, folders, list, err := w.open(anne, annes).LetterBeside(w.ctx, ref, LetterOptions{MarkRead: true}, ListQuery{Folder: ref.Folder}, nil)
		w.must(err)
		if l.MarkedRead != (turn == "unread") || l.Unread {
			t.Errorf("%s: marked %v, unread %v", turn, l.MarkedRead, l.Unread)
		}
		for _, i := range list.Items {
			if i.UID == uid && i.Unread {
				t.Errorf("%s: the list shows the open letter unread", turn)
			}
		}
		if len(folders) == 0 || folders[0].Unseen != 1 {
			t.Errorf("%s: %+v", turn, folders)
		}
		count := map[audit.Action]int{}
		for _, e := range w.acts()[before:] {
			count[e.Action]++
		}
		if count[audit.LetterOpen] != 1 || count[audit.LetterList] != 1 {
			t.Errorf("%s: the trail has %v", turn, count)
		}
	}
	w.put(annes, "INBOX", "From: a@b.mssante.fr\nSubject: trois\n\nencore\n")
	_, _, list, err = w.open(anne, annes).LetterBeside(w.ctx, ref, LetterOptions{}, ListQuery{Folder: ref.Folder}, nil)
	w.must(err)
	if len(list.Items) != 3 {
		t.Errorf("a letter that came a moment ago is missing: %d rows", len(list.Items))
	}
	if _, _, _, err := w.open(anne, annes).LetterBeside(w.ctx, Ref{ref.Folder, ref.UIDValidity, 4_000_000}, LetterOptions{}, ListQuery{Folder: ref.Folder}, nil); err == nil {
		t.Error("a letter that is not there was opened")
	}
}
