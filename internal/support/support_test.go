package support_test

import (
	"bytes"
	"database/sql"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/session"
	"pli.example/pli/internal/support"
	"pli.example/pli/internal/testkit"
)

var agent = mssante.Actor{SessionID: "s", AccountID: session.StaffPrefix + "agent", Name: "Sam Delmas", Work: "Support"}

// Nobody but an agent of support does anything here: a practitioner, the operator's
// own actor, an agent who would also be a practitioner.
func TestOnlyAgents(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	d := k.App.Support
	people := k.World.People()
	if _, err := k.App.Accounts.SignedIn(t.Context(), mssante.Practitioner{NationalID: people[0].NationalID, GivenName: "C", FamilyName: "M"}); err != nil {
		t.Fatal(err)
	}
	acc, err := k.App.Accounts.ByNationalID(t.Context(), people[0].NationalID)
	if err != nil {
		t.Fatal(err)
	}
	box, err := k.App.Accounts.MailboxByAddress(t.Context(), people[0].Mailboxes[0].Address)
	if err != nil {
		t.Fatal(err)
	}
	mixed := agent
	mixed.NationalID = acc.NationalID
	for name, by := range map[string]mssante.Actor{"nobody": {}, "a practitioner": {AccountID: acc.ID, NationalID: acc.NationalID}, "the operator": {AccountID: "operator"}, "both": mixed} {
		ctx := t.Context()
		for what, do := range map[string]func() error{
			"search":     func() error { _, err := d.Search(ctx, by, "martin"); return err },
			"person":     func() error { _, err := d.Person(ctx, by, acc.ID); return err },
			"mailbox":    func() error { _, err := d.Mailbox(ctx, by, box.ID); return err },
			"revoke":     func() error { return d.Revoke(ctx, by, acc.ID, "x", session.SupportLost) },
			"revoke all": func() error { _, err := d.RevokeAll(ctx, by, acc.ID, session.SupportLost); return err },
			"box":        func() error { _, err := d.Box(ctx, by, "lilas"); return err },
			"health":     func() error { _, err := d.Health(ctx, by, time.UTC); return err },
			"deliveries": func() error { _, err := d.Deliveries(ctx, by, support.DeliveryQuery{}); return err },
			"trail":      func() error { _, err := d.Trail(ctx, by, support.TrailQuery{}); return err },
			"export":     func() error { _, err := d.Export(ctx, by, support.TrailQuery{}, support.CSV); return err },
			"verify":     func() error { _, err := d.Verify(ctx, by); return err },
		} {
			if err := do(); !problem.Is(err, problem.Denied) {
				t.Errorf("%s as %s: %v", what, name, err)
			}
		}
	}
}

// What the desk hands out cannot hold what letters say, whoever draws the page: no
// type of it knows the rooms of mail, and no field is called after content.
func TestTypesHoldNoContent(t *testing.T) {
	t.Parallel()
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type, string)
	walk = func(x reflect.Type, at string) {
		if seen[x] {
			return
		}
		seen[x] = true
		for _, room := range []string{"/mailbox", "/outgoing", "/mailserver", "/message"} {
			if strings.HasSuffix(x.PkgPath(), room) {
				t.Errorf("%s is of %s", at, x.PkgPath())
			}
		}
		switch x.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			walk(x.Elem(), at)
		case reflect.Map:
			walk(x.Key(), at)
			walk(x.Elem(), at)
		case reflect.Struct:
			for i := range x.NumField() {
				f := x.Field(i)
				for _, word := range []string{"Subject", "Body", "Text", "INS", "Recipient", "Filename"} {
					if f.IsExported() && f.Name == word && !strings.HasSuffix(x.PkgPath(), "/identity") {
						t.Errorf("%s.%s", at, f.Name)
					}
				}
				walk(f.Type, at+"."+f.Name)
			}
		}
	}
	for _, v := range []any{support.Found{}, support.Person{}, support.Mailbox{}, support.Health{}, support.Deliveries{}, support.TrailPage{}, support.Verdict{}} {
		walk(reflect.TypeOf(v), reflect.TypeOf(v).Name())
	}
	if len(seen) < 25 {
		t.Errorf("only %d types seen", len(seen))
	}
}

// A person who never signed in is found by their identifier, with what waits for them;
// what a grant says has names.
func TestSearchAndGrants(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	d, people := k.App.Support, k.World.People()
	f, err := d.Search(t.Context(), agent, string(people[0].NationalID))
	if err != nil || len(f.Accounts) != 0 || len(f.Waiting) != 2 {
		t.Fatalf("%+v, %v", f, err)
	}
	f, err = d.Search(t.Context(), agent, "lilas")
	if err != nil || len(f.Mailboxes) != 1 {
		t.Fatalf("%+v, %v", f, err)
	}
	grants, err := k.App.Grants.List(t.Context(), &f.Mailboxes[0].Address)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.App.Grants.Revoke(t.Context(), mssante.Actor{AccountID: "operator"}, grants[0].ID); err != nil {
		t.Fatal(err)
	}
	m, err := d.Mailbox(t.Context(), agent, f.Mailboxes[0].ID)
	if err != nil || len(m.Grants) != len(grants) || !m.Grants[0].Live || m.Grants[len(grants)-1].Live {
		t.Fatalf("%+v, %v", m, err)
	}
	for _, words := range []string{"", "  ", strings.Repeat("x", 201)} {
		if _, err := d.Search(t.Context(), agent, words); !problem.Is(err, problem.Invalid) {
			t.Errorf("%.10q: %v", words, err)
		}
	}
	rows, err := k.App.Audit.Recent(t.Context(), audit.Filter{AccountID: agent.AccountID})
	if err != nil || len(rows) != 3 || rows[0].Event.Mailbox != m.Address.Key() {
		t.Errorf("trail: %+v, %v", rows, err)
	}
}

// A patient is nothing but "patient", and nobody is looked for by a patient's address.
func TestPatients(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"patient:abcdef": "patient", "other:abcdef": "autre",
		"255033799001136@patient.mssante.fr": "patient", "255033799001136@PATIENT.MSSANTE.FR": "patient", "a@b.mssante.fr": "a@b.mssante.fr", "": ""} {
		if got := support.MailboxWord(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	k := testkit.New(t)
	ins := "255033799001136@" + string(mssante.PatientDomain)
	if _, err := k.App.Support.Trail(t.Context(), agent, support.TrailQuery{Mailbox: ins}); !problem.Is(err, problem.Invalid) {
		t.Errorf("trail: %v", err)
	}
	if _, err := k.App.Support.Deliveries(t.Context(), agent, support.DeliveryQuery{Mailbox: ins}); !problem.Is(err, problem.Invalid) {
		t.Errorf("deliveries: %v", err)
	}
	if _, err := k.App.Support.Export(t.Context(), agent, support.TrailQuery{Mailbox: ins}, support.CSV); !problem.Is(err, problem.Invalid) {
		t.Errorf("export: %v", err)
	}
}

// An export longer than a page of the trail holds every row once, in order.
func TestExportInPages(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	var many []audit.Event
	for range 2300 {
		many = append(many, audit.Event{Actor: mssante.Actor{AccountID: "a", Name: "Quelqu’un"}, Action: audit.LetterList})
	}
	if err := k.App.Audit.Record(t.Context(), many...); err != nil {
		t.Fatal(err)
	}
	write, err := k.App.Support.Export(t.Context(), agent, support.TrailQuery{Action: audit.LetterList}, support.NDJSON)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := write(&b); err != nil || strings.Count(b.String(), "\n") != 2300 {
		t.Errorf("%d lines, %v", strings.Count(b.String(), "\n"), err)
	}
}

// Verify compares with the heads this node exported: a trail put back to an earlier
// state is found, and the agent is told although nothing else can tell.
func TestVerifyAgainstExportedHeads(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "heads")
	k := testkit.New(t, func(c *config.Config, _ *testkit.Rates) { c.AuditHeadsFile = file })
	x := &audit.HeadExport{Trail: k.App.Audit, File: file}
	if n, err := x.Export(t.Context()); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	v, err := k.App.Support.Verify(t.Context(), agent)
	if err != nil || !v.OK() || v.Heads != 1 || v.Rows == 0 {
		t.Fatalf("%+v, %v", v, err)
	}
	intrude := func(statements ...string) {
		err := k.App.DB.Write(t.Context(), func(tx *sql.Tx) error {
			for _, s := range statements {
				if _, err := tx.Exec(s); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	intrude(`CREATE TABLE old_heads AS SELECT * FROM audit_heads`, `CREATE TABLE old_rows AS SELECT * FROM audit_rows`)
	if err := k.App.Audit.Record(t.Context(), make([]audit.Event, 50)...); err != nil {
		t.Fatal(err)
	}
	if n, err := x.Export(t.Context()); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	intrude(`DROP TRIGGER audit_rows_no_delete`, `DELETE FROM audit_rows`, `INSERT INTO audit_rows SELECT * FROM old_rows`, `DELETE FROM audit_heads`, `INSERT INTO audit_heads SELECT * FROM old_heads`)
	if v, err = k.App.Support.Verify(t.Context(), agent); err != nil || v.OK() || v.Broken.Flaw != audit.FlawRolledBack {
		t.Fatalf("%+v, %v", v, err)
	}
}
