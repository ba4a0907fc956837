package account

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// A saved search is its person's, in its mailbox; nothing of it rests in clear; removed,
// it comes back.
func TestSavedSearches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acc, err := w.SignedIn(t.Context(), mssante.Practitioner{NationalID: "810000000001", GivenName: "Anne", FamilyName: "Martin"})
	if err != nil {
		t.Fatal(err)
	}
	by := mssante.Actor{AccountID: acc.ID, NationalID: acc.NationalID, Name: "Anne Martin"}
	m, other := Mailbox{ID: "b1", Address: mssante.Address{Local: "anne", Domain: "medecin.mssante.fr"}}, Mailbox{ID: "b2"}
	if err := w.SaveSearch(t.Context(), by, m, "  Mme\u202e Besançon ", `{"Words":["besançon"]}`); err != nil {
		t.Fatal(err)
	}
	list := func() []SavedSearch {
		all, err := w.Searches(t.Context(), acc.ID, m.ID)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	all := list()
	if len(all) != 1 || all[0].Name != "Mme Besançon" || all[0].Query != `{"Words":["besançon"]}` {
		t.Fatalf("kept %+v", all)
	}
	id := all[0].ID
	if in, err := w.Searches(t.Context(), acc.ID, other.ID); err != nil || len(in) != 0 {
		t.Errorf("in another mailbox %v %v", in, err)
	}
	var blob []byte
	if err := w.db.Read().QueryRow(`SELECT sealed FROM account_searches`).Scan(&blob); err != nil || bytes.Contains(bytes.ToLower(blob), []byte("besan")) {
		t.Errorf("at rest %q %v", blob, err)
	}
	for _, name := range []string{"", " \u200b ", "MME BESANÇON", strings.Repeat("a", 61)} {
		if err := w.SaveSearch(t.Context(), by, m, name, "{}"); !problem.Is(err, problem.Invalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
	stranger := by
	stranger.AccountID = "somebody"
	for who, err := range map[string]error{"stranger": w.RemoveSearch(t.Context(), stranger, m, id), "other box": w.RemoveSearch(t.Context(), by, other, id), "not removed": w.RestoreSearch(t.Context(), by, m, id)} {
		if !problem.Is(err, problem.Gone) {
			t.Errorf("%s: %v", who, err)
		}
	}
	if err := w.RemoveSearch(t.Context(), by, m, id); err != nil || len(list()) != 0 {
		t.Errorf("removed: %v, %d left", err, len(list()))
	}
	if err := w.RestoreSearch(t.Context(), by, m, id); err != nil || len(list()) != 1 {
		t.Errorf("brought back: %v, %d", err, len(list()))
	}
	for i := range MaxSearches - 1 {
		if err := w.SaveSearch(t.Context(), by, m, fmt.Sprint("n", i), "{}"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.SaveSearch(t.Context(), by, m, "une de plus", "{}"); !problem.Is(err, problem.Invalid) {
		t.Errorf("more than the most: %v", err)
	}
}
