package outgoing

import (
	"strings"
	"testing"
)

// Attack row 56: a patient's address is an identity number. What is said of it shows
// its end only.
func TestRowNumberIsMasked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	const number = "255033799001107" // its key is wrong
	d := w.blank(box)
	d.Fields = Fields{To: []Recipient{{Address: number + "@patient.mssante.fr"}}, Subject: "Avis", Text: "Bonjour"}
	all, err := w.check(w.ctx, box, d)
	w.must(err)
	if codes(all) != "ask patient_key:"+number+"@patient.mssante.fr" {
		t.Error(codes(all))
	}
	for _, r := range all {
		if strings.Contains(r.Say, number) {
			t.Errorf("%s says the whole number: %q", r.Code, r.Say)
		}
	}
}
