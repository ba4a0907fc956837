package web

import (
	"testing"

	"pli.example/pli/internal/mssante"
)

// A woman is a patiente, and nobody is a man for want of knowing.
func TestPatientWords(t *testing.T) {
	t.Parallel()
	for local, want := range map[string]string{"255033799001108": "la patiente", "148093799001231": "le patient", "855033799001108": "cette personne", "paul": "cette personne"} {
		if who, _ := patientWords(mssante.Address{Local: local, Domain: mssante.PatientDomain}); who != want {
			t.Errorf("%s: %q, want %q", local, who, want)
		}
	}
}
