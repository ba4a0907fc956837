package account

import (
	"fmt"
	"strings"
	"testing"

	"pli.example/pli/internal/mssante"
)

func TestFind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, n := range [][2]string{{"CLAIRE", "MARTIN"}, {"Zoé", "Lefèvre-d’Été"}, {"Paul", "MARTINEZ"}, {"Çelik", "Œuvrard"}} {
		p := mssante.Practitioner{NationalID: mssante.NationalID(fmt.Sprintf("81000700%04d", i)), GivenName: n[0], FamilyName: n[1]}
		if _, err := w.SignedIn(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]string{
		"martin": "MARTIN MARTINEZ", "Claire martin": "MARTIN", "martin claire": "MARTIN", "ete lefevre": "Lefèvre-d’Été", "LEFÈVRE": "Lefèvre-d’Été", "celik": "Œuvrard",
		"810007000001": "Lefèvre-d’Été", "8100070000": "Lefèvre-d’Été MARTIN MARTINEZ Œuvrard", "%": "", "_": "", "  ": "", "zoe martin": "",
	} {
		found, more, err := w.Find(t.Context(), text, 10)
		var names []string
		for _, a := range found {
			names = append(names, a.FamilyName)
		}
		if got := strings.Join(names, " "); err != nil || more || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if found, more, err := w.Find(t.Context(), "8100", 2); err != nil || !more || len(found) != 2 {
		t.Errorf("%d, %v, %v", len(found), more, err)
	}
	a := mssante.Address{Local: "cabinet-des-lilas", Domain: "pro.mssante.fr"}
	if _, err := w.EnsureMailbox(t.Context(), a, mssante.KindCabinet, "Cabinet des Lilas"); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"lilas": 1, "LILAS cabinet": 1, a.String(): 1, "roses": 0, "": 0} {
		if found, _, err := w.FindMailboxes(t.Context(), text, 10); err != nil || len(found) != want {
			t.Errorf("%q: %v, %v", text, found, err)
		}
	}
}
