package account

import (
	"database/sql"
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

func TestSignature(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acc, err := w.SignedIn(t.Context(), mssante.Practitioner{NationalID: "810000000001", GivenName: "Anne", FamilyName: "Martin"})
	if err != nil {
		t.Fatal(err)
	}
	by := mssante.Actor{AccountID: acc.ID, NationalID: acc.NationalID, Name: "Anne Martin"}
	m := Mailbox{ID: "b1", Address: mssante.Address{Local: "anne", Domain: "medecin.mssante.fr"}}
	if _, own, err := w.Signature(t.Context(), acc.ID, m.ID); err != nil || own {
		t.Fatalf("before any: %v %v", own, err)
	}
	for in, want := range map[string]string{
		"Dr Anne Martin\r\n06 00 00 00 00 \r\n\r\n": "Dr Anne Martin\n06 00 00 00 00",
		"a\u202eb\x00c": "abc", "": "", "\n\n": "", "un\n\ndeux": "un\n\ndeux",
	} {
		if err := w.SetSignature(t.Context(), by, m, in); err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		if got, own, err := w.Signature(t.Context(), acc.ID, m.ID); err != nil || !own || got != want {
			t.Errorf("%q: %q %v %v", in, got, own, err)
		}
	}
	for _, long := range []string{strings.Repeat("é", MaxSignature+1), strings.Repeat("a\n", MaxSignatureLines+1) + "b", strings.Repeat("\x00", 9*MaxSignature)} {
		if err := w.SetSignature(t.Context(), by, m, long); !problem.Is(err, problem.Invalid) {
			t.Errorf("too long: %v", err)
		}
	}
	if err := w.SetSignature(t.Context(), by, m, "téléphone privé"); err != nil {
		t.Fatal(err)
	}
	var rest string
	if err := w.db.Read().QueryRow(`SELECT value FROM preferences WHERE key LIKE 'signature:%'`).Scan(&rest); err != nil || strings.Contains(rest, "priv") {
		t.Errorf("at rest: %q, %v", rest, err)
	}
	// Moved to another mailbox by somebody with the database, it opens for nobody.
	if err := w.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE preferences SET key = 'signature:b2' WHERE key = 'signature:b1'`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got, own, err := w.Signature(t.Context(), acc.ID, "b2"); err != nil || own || got != "" {
		t.Errorf("moved: %q %v %v", got, own, err)
	}
	if err := w.SetSignature(t.Context(), by, m, "x"); err != nil {
		t.Fatal(err)
	}
	if err := w.ResetSignature(t.Context(), by, m); err != nil {
		t.Fatal(err)
	}
	if _, own, _ := w.Signature(t.Context(), acc.ID, m.ID); own {
		t.Error("still there after the reset")
	}
	rows, err := w.trail.Recent(t.Context(), audit.Filter{Action: audit.PreferenceSet})
	if err != nil || len(rows) != 8 || rows[0].Event.Target != "signature" || rows[0].HasDetail {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	if err := w.SetSignature(t.Context(), mssante.Actor{AccountID: "nobody", Name: "x", NationalID: "8"}, m, "x"); !problem.Is(err, problem.NotFound) {
		t.Errorf("nobody's: %v", err)
	}
}
