package mailbox

import (
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/problem"
)

func TestFoldersAndList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.put(annes, "INBOX", letterMixed)
	w.put(annes, "INBOX", strings.Replace(letterMixed, "helene.roux@lab.test.mssante.fr", "279035121518989@patient.mssante.fr", 1), `\Seen`, `\Flagged`)
	b := w.open(anne, annes)
	folders, l, err := b.Desk(w.ctx, ListQuery{Folder: w.inbox(b).ID}, nil)
	w.must(err)
	if folders[0].Label != "Réception" || folders[0].Unseen != 1 || folders[0].Messages != 2 || len(folders) != 2 {
		t.Errorf("folders %+v", folders)
	}
	for _, f := range folders {
		if strings.Contains(strings.ToLower(f.ID), "patient") || len(f.ID) < 16 {
			t.Errorf("id %q", f.ID)
		}
	}
	if len(l.Items) != 2 || l.Total != 2 || l.First != 1 || l.Last != 2 || l.PrevAfter != 0 || l.NextBefore != 0 {
		t.Fatalf("list %+v", l)
	}
	old, patient := l.Items[1], l.Items[0]
	if old.UID != uid || !old.Unread || old.Attachments != 2 || old.Snippet != "Bonjour, le résultat." || old.From[0].Name != "Hélène Roux" {
		t.Errorf("item %+v", old)
	}
	if patient.Unread || !patient.Flagged || !patient.Patient || old.Patient {
		t.Errorf("patient item %+v", patient)
	}
	if e := w.last(); e.Action != audit.LetterList || e.Count != 2 || e.Mailbox != annes || e.Actor.Name != anne.Name {
		t.Errorf("trail %+v", e)
	}
	first, err := b.List(w.ctx, ListQuery{Folder: l.Folder.ID, Size: 1})
	w.must(err)
	if first.NextBefore != patient.UID || first.PrevAfter != 0 {
		t.Errorf("anchors %+v", first)
	}
	second, err := b.List(w.ctx, ListQuery{Folder: l.Folder.ID, Size: 1, Before: first.NextBefore})
	w.must(err)
	if second.PrevAfter != uid || second.NextBefore != 0 || second.First != 2 {
		t.Errorf("second page %+v", second)
	}
	// An id of another mailbox does not open here, whoever holds both.
	w.give(team, anne, delegation.Delegate, delegation.All, "Cabinet")
	other := w.open(anne, team)
	_, err = b.List(w.ctx, ListQuery{Folder: w.inbox(other).ID})
	wantKind(t, err, problem.Gone)
	if e := w.last(); e.Outcome != "gone" {
		t.Errorf("a failure left %+v", e)
	}
}

// TestCounts: a mailbox whose server dawdles is marked and holds up nothing; a
// grant that is not the person's is not looked at.
func TestCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(annes, "INBOX", letterMixed)
	w.mute.Store(team, true)
	w.give(team, anne, delegation.Delegate, delegation.Read, "Cabinet")
	foreign := w.give("autre@medecin.test.mssante.fr", zoe, delegation.Owner, 0, "")
	grants, err := w.grant.ForPerson(w.ctx, anne.NationalID)
	w.must(err)
	counts := w.house.Counts(w.ctx, anne, append(grants, foreign))
	if len(counts) != 3 {
		t.Fatalf("%d counts", len(counts))
	}
	for _, c := range counts {
		switch c.Grant.Mailbox.Address.String() {
		case annes:
			if c.Unread != 1 || c.Failing {
				t.Errorf("own %+v", c)
			}
		case team:
			if c.Unread != -1 || !c.Failing {
				t.Errorf("mute %+v", c)
			}
		default:
			if c.Unread != -1 {
				t.Errorf("foreign %+v", c)
			}
		}
	}
}
