package demo

import (
	"testing"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/mssante"
)

// Each mailbox stands at the structure it belongs to, and a woman's work is written
// so: her row carries her civility.
func TestCastInDirectory(t *testing.T) {
	t.Parallel()
	rows := map[mssante.Address][2]string{}
	for _, e := range Directory() {
		rows[e.Address] = [2]string{e.Structure, mssante.Situation{Civility: e.Title, Profession: e.Work}.Work()}
	}
	for a, want := range map[mssante.Address][2]string{
		people.PetitBox: {"CHU DE TOURAINE", "Médecin"}, people.PetitLibBox: {"CLINIQUE DES TANNEURS", "Médecin"}, people.CardioBox: {"CHU DE TOURAINE", ""},
		people.BenaliBox: {"CABINET BENALI", "Infirmière"}, people.FournierBox: {"CHU DE TOURAINE", "Assistante de service social"},
		people.GarnierBox: {"PHARMACIE DU MARCHE", "Pharmacienne"}, people.MercierBox: {"CABINET MERCIER", "Masseur-kinésithérapeute"},
	} {
		if rows[a] != want {
			t.Errorf("%s: %q, want %q", a, rows[a], want)
		}
	}
}
