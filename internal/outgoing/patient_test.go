package outgoing

import (
	"testing"

	"pli.example/pli/internal/problem"
)

// Attack: a patient's address mistyped by a digit leaves with neither the key's alert nor the
// identity to confirm (§3.4.2.2), to nobody or to somebody else.
func TestPatientWithoutMatricule(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Patient = Identity(o.Now) })
	box := w.box(anne)
	for _, a := range []string{"25503379900110", "2550337990011088", "255033799001108x", "255033799001108+a", "toto"} {
		a += "@patient.mssante.fr"
		d := w.letter(box, a)
		r, err := w.Send(w.ctx, box, d.ID, SendOptions{Version: d.Version, Confirmed: []string{BadPatient + ":" + a}})
		w.must(err)
		if r.Came != CameAsked || codes(r.Remarks) != "block bad_patient_address:"+a {
			t.Errorf("%s: %s %q", a, r.Came, codes(r.Remarks))
		}
	}
	d := w.letter(box, autoReply)
	if got, err := w.Check(w.ctx, box, d.ID); err != nil || Blocked(got) {
		t.Errorf("the test box of Mon espace santé: %q %v", codes(got), problem.SayOf(err))
	}
	if n := w.host.Count(address(t, anneBox), "Sent"); n != 0 {
		t.Errorf("%d letters left", n)
	}
}
