package support_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/support"
	"pli.example/pli/internal/testkit"
)

// An export that cannot hold everything says so in its last line and in the trail; one
// that holds just everything says nothing of the kind. A patient's key never leaves,
// nor words that only machines speak.
func TestExportCut(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	const key = "255033799001136@patient.mssante.fr"
	var many []audit.Event
	for range 7 {
		many = append(many, audit.Event{Actor: mssante.Actor{AccountID: "a", Name: "＝cmd"}, Action: audit.LetterList, Mailbox: key, Request: "FETCH FLAGS HEADER"})
	}
	if err := k.App.Audit.Record(t.Context(), many...); err != nil {
		t.Fatal(err)
	}
	stored, err := k.App.Audit.Recent(t.Context(), audit.Filter{Action: audit.LetterList, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	for room, f := range map[int]support.Format{6: support.CSV, 5: support.NDJSON, 7: support.CSV} {
		d := support.New(support.Options{Audit: k.App.Audit, Accounts: k.App.Accounts, MaxExport: room})
		write, err := d.Export(t.Context(), agent, support.TrailQuery{Action: audit.LetterList}, f)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		last := lines[len(lines)-1]
		said := strings.Contains(last, "INCOMPLET") || strings.Contains(last, `"cut":true`)
		if said != (room < 7) {
			t.Errorf("room for %d: last line %q", room, last)
		}
		if strings.Contains(b.String(), key) || strings.Contains(b.String(), stored[0].Event.Mailbox) || !strings.Contains(b.String(), "patient") {
			t.Errorf("the key of a patient: %s", lines[1])
		}
		if f == support.CSV {
			r := csv.NewReader(&b)
			r.Comma = ';'
			if rows, err := r.ReadAll(); err != nil || len(rows) < room {
				t.Errorf("%d rows, %v", len(rows), err)
			}
			if strings.Contains(strings.Join(lines, ""), "FETCH") || !strings.Contains(lines[1], "Liste de lettres affichée") || !strings.Contains(lines[1], "'＝cmd") {
				t.Errorf("words of machines, or a cell that runs: %s", lines[1])
			}
		}
		rows, err := k.App.Audit.Recent(t.Context(), audit.Filter{Action: audit.TrailExport, Limit: 1})
		if err != nil || len(rows) != 1 || rows[0].Event.Count != min(room, 7) || strings.Contains(rows[0].Event.Request, "cut") != (room < 7) {
			t.Errorf("trail: %+v, %v", rows, err)
		}
	}
	if _, err := k.App.Support.Export(t.Context(), agent, support.TrailQuery{Action: "letter.teleport"}, support.CSV); !problem.Is(err, problem.Invalid) {
		t.Errorf("an act that does not exist: %v", err)
	}
}

// A cell that a spreadsheet would run is text, whatever stands before its sign.
func TestCells(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"=1", "+1", "-1", "@a", "\t=1", "＝cmd|x", "\u00a0=1", " \u200b＋1", "\ufeff=1", "﹦1", "\u22121", "\r", "\n"} {
		if got := support.Inert(s); got != "'"+s {
			t.Errorf("%q: %q", s, got)
		}
	}
	for _, s := range []string{"", "a=b", "Dr Ève", "5-7", "\u00a0x", "2026-11-22T10:00:00Z"} {
		if got := support.Inert(s); got != s {
			t.Errorf("%q: %q", s, got)
		}
	}
}

// What was done to somebody is in their trail too, with their name.
func TestTrailOfWhomItHappenedTo(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	id := k.World.People()[0].NationalID
	if _, err := k.App.Accounts.SignedIn(t.Context(), mssante.Practitioner{NationalID: id, GivenName: "Claire", FamilyName: "Martin"}); err != nil {
		t.Fatal(err)
	}
	acc, err := k.App.Accounts.ByNationalID(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.App.Support.Person(t.Context(), agent, acc.ID); err != nil {
		t.Fatal(err)
	}
	revoked := audit.Event{Actor: agent, Action: audit.SessionRevoke, Target: "x", Request: "support, account=" + acc.ID + " reason=support.lost"}
	if err := k.App.Audit.Record(t.Context(), revoked, audit.Event{Actor: agent, Action: audit.SupportLook, Target: "another", Request: "account"}); err != nil {
		t.Fatal(err)
	}
	page, err := k.App.Support.Trail(t.Context(), agent, support.TrailQuery{Person: string(id)})
	if err != nil {
		t.Fatal(err)
	}
	var acts []string
	for _, r := range page.Rows {
		if r.Event.Actor.AccountID == agent.AccountID {
			acts = append(acts, string(r.Event.Action)+" "+r.About)
		}
	}
	if got := strings.Join(acts, ", "); got != "session.revoke Claire Martin, support.look Claire Martin" {
		t.Errorf("got %q", got)
	}
	if w := support.RequestWords(audit.SessionRevoke, revoked.Request); w != "Poste, carte ou mobile perdu ou volé" {
		t.Errorf("%q", w)
	}
}
