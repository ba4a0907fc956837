package directory

import (
	"database/sql"
	"testing"

	"pli.example/pli/internal/mssante"
)

// Attack row 46: whom one account has written to is never offered to another, though
// both wrote as often and at the same instant, and the answer was kept in memory.
func TestRowPastOfAnother(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	load1(t, d, text(country()))
	other := mssante.Actor{AccountID: "other"}
	for account, local := range map[string]string{someone.AccountID: "zelie.mien", "other": "zelie.autre"} {
		if err := d.Correspond(t.Context(), account, []Correspondent{{Address: mssante.Address{Local: local, Domain: "hors.mssante.fr"}, Name: "Zélie"}}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time from memory
		for _, c := range []struct {
			who  mssante.Actor
			want string
		}{{someone, "zelie.mien"}, {other, "zelie.autre"}} {
			got, err := d.Suggest(t.Context(), c.who, "zelie", 8)
			if err != nil || len(got) != 1 || got[0].Address.Local != c.want {
				t.Errorf("%s is offered %v, %v", c.who.AccountID, got, err)
			}
		}
	}
	// A row moved to another account by somebody with the database opens for nobody.
	write := `UPDATE directory_correspondents SET account_id = 'other' WHERE account_id = ?`
	if err := d.o.Main.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(write, someone.AccountID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	p, err := d.readPast(t.Context(), "other")
	if err != nil || p.has(mssante.Address{Local: "zelie.mien", Domain: "hors.mssante.fr"}) || !p.has(mssante.Address{Local: "zelie.autre", Domain: "hors.mssante.fr"}) {
		t.Errorf("a row moved from another account is read: %v", err)
	}
}

// Attack row 56: a patient's address is an identity number; it is not kept among those
// one has written to.
func TestRowNoPatientRemembered(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	patient := mssante.Address{Local: "279035121518989", Domain: mssante.PatientDomain}
	if err := d.Correspond(t.Context(), someone.AccountID, []Correspondent{{Address: patient, Name: "Jeanne Test"}}); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := d.o.Main.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM directory_correspondents`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d patients remembered, %v", n, err)
	}
}
