package outgoing

import (
	"context"
	"testing"
	"time"

	"pli.example/pli/internal/problem"
)

// exchange opens one: a letter left, the patient may answer it.
func (w *world) exchange(t *testing.T) Draft {
	t.Helper()
	box := w.box(anne)
	d := w.letter(box, patient)
	r, err := w.Send(w.ctx, box, d.ID, SendOptions{Version: d.Version})
	w.must(err)
	if r.Came != CameSent {
		t.Fatalf("%+v", r)
	}
	w.flying.Wait()
	return d
}

// Attack: the operator is slow, the page no longer waits, then the closing fails. A [FIN]
// left open among the drafts is written in, or takes a file away.
func TestClosingFailsUnheard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.exchange(t)
	ctx, cancel := context.WithCancel(w.ctx)
	w.crash = func(point string) {
		if point == "ledger" {
			cancel()
			time.Sleep(50 * time.Millisecond)
			w.host.Stop("smtp")
		}
	}
	r, err := w.CloseExchange(ctx, box, closing(d.MessageID))
	if err != nil || r.Came != CameFlying {
		t.Fatalf("%s %v", r.Came, err)
	}
	w.flying.Wait()
	w.crash = func(string) {}
	all, err := w.List(w.ctx, box)
	w.must(err)
	for _, s := range all {
		t.Errorf("in Brouillons: %q %s", s.Subject, s.State)
	}
	w.host.Start("smtp")
	r, err = w.CloseExchange(w.ctx, box, closing(d.MessageID))
	if err != nil || r.Came != CameSent {
		t.Errorf("the new try: %s %v", r.Came, err)
	}
}

// A closing is at no time a draft that somebody may open, bring back, write in or join to.
func TestClosingIsNoDraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	c, err := w.closingDraft(w.ctx, box, closing("a@b"), address(t, patient))
	w.must(err)
	_, opened := w.Get(w.ctx, box, c.ID)
	restored := w.Restore(w.ctx, box, c.ID)
	_, saved := w.Save(w.ctx, box, c.ID, Edit{Version: c.Version, Fields: Fields{To: c.Fields.To, Subject: "Votre traitement", Text: "Continuez."}})
	_, joined := w.StartUpload(w.ctx, box, c.ID, "resultat.txt", 7)
	for what, err := range map[string]error{"opened": opened, "brought back": restored, "written in": saved, "joined to": joined} {
		if !problem.Is(err, problem.Gone) && !problem.Is(err, problem.Conflict) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if all, err := w.List(w.ctx, box); err != nil || len(all) != 0 {
		t.Errorf("in Brouillons: %+v %v", all, err)
	}
}
