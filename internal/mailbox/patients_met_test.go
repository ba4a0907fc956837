package mailbox

import (
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
)

// Each patient once, by the latest label there is; the trail tells that one looked
// and names nobody.
func TestPatientsMet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	letter := func(from, to string) string {
		return ("From: " + from + "\nTo: " + to + "\nSubject: x\nMessage-ID: <" + strings.NewReplacer(" ", "", "<", "", ">", "", "\"", "").Replace(from+to) + "@x.example>\n\nx\n")
	}
	w.put(annes, "INBOX", letter("Jeanne Ancienne <279035121518989@patient.mssante.fr>", "<anne.martin@hopital.mssante.fr>"))
	w.put(annes, "INBOX", letter("Jeanne Test <279035121518989@patient.mssante.fr>", "<anne.martin@hopital.mssante.fr>"))
	w.put(annes, "Patients", letter("<anne.martin@hopital.mssante.fr>", "Paul Autre <185057800608436@patient.mssante.fr>"))
	w.put(annes, "INBOX", letter("Patient <collegue@pro.mssante.fr>", "<anne.martin@hopital.mssante.fr>"))
	b := w.open(anne, annes)
	met, complete, err := b.PatientsMet(w.ctx)
	w.must(err)
	names := map[string]bool{}
	for _, m := range met {
		names[m.Name] = true
	}
	if !complete || len(met) != 2 || !names["Jeanne Test"] || !names["Paul Autre"] {
		t.Fatalf("complete %v, %+v", complete, met)
	}
	rows, err := w.trail.Recent(w.ctx, audit.Filter{Action: audit.Search})
	w.must(err)
	if len(rows) != 1 || rows[0].HasDetail || rows[0].Event.Count != 2 {
		t.Errorf("trail %+v", rows)
	}
}
