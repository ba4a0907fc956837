package mailbox

import (
	"testing"

	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/delegation"
)

// Who may see patients and not send reads what came back, and writes nothing down: neither
// by looking at the page nor by the counter beside every page.
func TestReadersKeepNoNotice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("Sent", annes, odile, "Résultat", 1)
	w.put(annes, "INBOX", report("Message non distribué", "Sent.1@test", odile, "failed", "5.1.1"))
	w.give(annes, zoe, delegation.Delegate, delegation.Read|delegation.Triage|delegation.Write|delegation.Patients, "")
	b, heard := w.open(zoe, annes), lostLetters{}
	x, err := b.Exchanges(w.ctx, heard.left())
	w.must(err)
	_, _, err = w.house.Awaiting(w.ctx, zoe, b.Grant(), heard.left())
	w.must(err)
	if len(heard) != 0 {
		t.Errorf("a reader wrote %v", heard)
	}
	if len(x.All) != 1 || x.All[0].Last().Mark != conversation.Lost {
		t.Errorf("what came back is not shown: %+v", x.All)
	}
	_, err = w.open(anne, annes).Exchanges(w.ctx, heard.left())
	w.must(err)
	if len(heard) != 1 {
		t.Errorf("who may send kept %v", heard)
	}
}
