package mailbox

import (
	"testing"

	"pli.example/pli/internal/delegation"
)

// A notice is told of which letter it gives back, from what was gathered: to nobody without
// the right, and of no letter before somebody looked.
func TestReturned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("INBOX", "Odile B. <"+odile+">", annes, "Question", 1)
	w.lay("Sent", annes, odile, "Résultat", 2)
	w.put(annes, "INBOX", report("Avis", "Sent.2@test", odile, "failed", "5.1.1"))
	w.put(annes, "INBOX", report("Avis d’un inconnu", "autre@test", gerard, "failed", "5.1.1"))
	w.give(annes, zoe, delegation.Delegate, delegation.Read|delegation.Triage, "")
	letter := func(b *Box, subject string) *Letter {
		l, err := b.List(w.ctx, ListQuery{Folder: b.folderID("INBOX")})
		w.must(err)
		for _, it := range l.Items {
			if it.Subject == subject {
				got, err := b.Letter(w.ctx, it.Ref, LetterOptions{})
				w.must(err)
				return got
			}
		}
		t.Fatalf("no letter %q", subject)
		return nil
	}
	b := w.open(anne, annes)
	if r, ok := b.Returned(letter(b, "Avis")); ok {
		t.Errorf("before anybody looked: %+v", r)
	}
	w.exchanges(b)
	if r, ok := b.Returned(letter(b, "Avis")); !ok || r.Patient.String() != odile || r.Name != "Odile B." || r.Subject != "Résultat" {
		t.Errorf("%v %+v", ok, r)
	}
	for _, other := range []string{"Avis d’un inconnu", "Question"} {
		if r, ok := b.Returned(letter(b, other)); ok {
			t.Errorf("%s: %+v", other, r)
		}
	}
	z := w.open(zoe, annes)
	if r, ok := z.Returned(letter(z, "Avis")); ok {
		t.Errorf("without the right: %+v", r)
	}
}
