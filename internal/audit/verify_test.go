package audit

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
)

// TestVerifyFindsTampering: three days of five rows each, then one intrusion.
// Each flaw is found by a check of its own, and the place is named.
func TestVerifyFindsTampering(t *testing.T) {
	t.Parallel()
	const d1, d2, d3 = "2026-11-22", "2026-11-23", "2026-11-24"
	row := func(day string, n int) string { return fmt.Sprintf(` WHERE day = '%s' AND n = %d`, day, n) }
	var changes []string // every column that means something
	for _, column := range []string{"at", "session_id", "account_id", "national_id", "name", "work", "acr", "mailbox", "action", "target",
		"outcome", "request", "items", "detail", "detail_key"} {
		value := "'x'"
		switch column {
		case "at", "items":
			value = "77"
		case "detail":
			value = "x'00'"
		}
		changes = append(changes, "UPDATE audit_rows SET "+column+" = "+value+row(d2, 3))
	}
	type intrusion struct {
		name string
		sql  []string
		flaw Flaw
		day  string
		n    int64
	}
	cases := []intrusion{
		{"two rows swapped", []string{
			"UPDATE audit_rows SET n = 99" + row(d2, 2), "UPDATE audit_rows SET n = 2" + row(d2, 3), "UPDATE audit_rows SET n = 3 WHERE n = 99",
		}, FlawChanged, d2, 2},
		{"a row removed in the middle", []string{"DELETE FROM audit_rows" + row(d2, 3)}, FlawMissing, d2, 3},
		{"a row removed, the rest renumbered", []string{"DELETE FROM audit_rows" + row(d2, 3), "UPDATE audit_rows SET n = 3" + row(d2, 4)}, FlawChanged, d2, 3},
		{"the first row of a day removed", []string{"DELETE FROM audit_rows" + row(d2, 1)}, FlawMissing, d2, 1},
		{"a row added", []string{"INSERT INTO audit_rows SELECT NULL, node, day, 6, at, session_id, account_id, national_id, name, work, acr, mailbox, " +
			"action, target, outcome, request, items, detail, detail_key, key_id, prev, mac FROM audit_rows" + row(d3, 5)}, FlawChanged, d3, 6},
		{"a row replayed from another day", []string{"UPDATE audit_rows SET mac = (SELECT mac FROM audit_rows" + row(d1, 3) + ")" + row(d2, 3)}, FlawChanged, d2, 3},
		{"the tail of today cut", []string{"DELETE FROM audit_rows WHERE day = '" + d3 + "' AND n > 3"}, FlawTail, d3, 4},
		{"the tail of a past day cut", []string{"DELETE FROM audit_rows WHERE day = '" + d1 + "' AND n > 3"}, FlawTail, d1, 4},
		{"all of today cut", []string{"DELETE FROM audit_rows WHERE day = '" + d3 + "'"}, FlawTail, d3, 1},
		{"a past day and its head removed", []string{"DELETE FROM audit_rows WHERE day = '" + d2 + "'", "DELETE FROM audit_heads WHERE day = '" + d2 + "'"}, FlawDayMissing, d3, 1},
		{"the first day and its head removed", []string{"DELETE FROM audit_rows WHERE day = '" + d1 + "'", "DELETE FROM audit_heads WHERE day = '" + d1 + "'"}, FlawDayMissing, d2, 1},
		{"the head removed", []string{"DELETE FROM audit_heads WHERE day = '" + d3 + "'"}, FlawNoHead, d3, 1},
		{"a past day's head removed", []string{"DELETE FROM audit_heads WHERE day = '" + d2 + "'"}, FlawNoHead, d2, 1},
		{"the head set back to hide a cut", []string{"DELETE FROM audit_rows WHERE day = '" + d3 + "' AND n > 3",
			"UPDATE audit_heads SET n = 3, row_mac = (SELECT mac FROM audit_rows" + row(d3, 3) + ") WHERE day = '" + d3 + "'"}, FlawHead, d3, 3},
		{"a day called purged", []string{"DELETE FROM audit_rows WHERE day = '" + d1 + "'", "UPDATE audit_heads SET purged = 1 WHERE day = '" + d1 + "'"}, FlawHead, d1, 5},
		{"a key id nobody has", []string{"UPDATE audit_rows SET key_id = 'lost'" + row(d2, 3)}, FlawUnknownKey, d2, 3},
		{"a chain moved to another node", []string{"UPDATE audit_rows SET node = 'n0' WHERE day = '" + d3 + "'", "UPDATE audit_heads SET node = 'n0' WHERE day = '" + d3 + "'"}, FlawHead, d3, 5},
	}
	for _, sql := range changes {
		cases = append(cases, intrusion{strings.Fields(sql)[3] + " changed", []string{sql}, FlawChanged, d2, 3})
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "")
			for range 3 {
				w.put(5)
				w.pass(24 * time.Hour)
			}
			w.wantOK(15)
			w.tamper(c.sql...)
			r := w.verify()
			if r.OK() || r.Broken.Flaw != c.flaw || r.Broken.Day != c.day || r.Broken.N != c.n {
				t.Fatalf("broken: %v, want %s row %d: %s", r.Broken, c.day, c.n, c.flaw)
			}
			if r.Broken.Flaw.Label() == string(c.flaw) || !strings.Contains(r.Broken.String(), string(c.flaw)) {
				t.Errorf("unreadable: %s", r.Broken)
			}
		})
	}
}

// TestCutIsNotCovered: after a cut, life goes on and the gap stays visible.
func TestCutIsNotCovered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.put(5)
	w.tamper(`DELETE FROM audit_rows WHERE n > 3`)
	w.put(2)
	if r := w.verify(); r.OK() || r.Broken.Flaw != FlawMissing || r.Broken.N != 4 {
		t.Errorf("broken: %v", r.Broken)
	}
}

// TestAlteredHeadStopsTheTrail: adding rows would cover the traces, so Record
// fails until the operator starts a chain under another node name.
func TestAlteredHeadStopsTheTrail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.put(5)
	w.tamper(`DELETE FROM audit_rows WHERE n > 3`, `UPDATE audit_heads SET n = 3`)
	if err := w.Record(t.Context(), Event{Actor: actor, Action: SignIn}); !errors.Is(err, ErrBroken) {
		t.Errorf("got %v", err)
	}
	next := New(Options{DB: w.db, Keys: w.keys, Node: "n2", Now: w.clock})
	if err := next.Record(t.Context(), Event{Actor: actor, Action: SignIn}); err != nil {
		t.Error(err)
	}
}

// TestRollBackShowsAgainstAnExportedHead: an older copy of the whole trail is
// consistent; only what was kept elsewhere tells.
func TestRollBackShowsAgainstAnExportedHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.put(3)
	w.tamper(`CREATE TABLE old_heads AS SELECT * FROM audit_heads`)
	w.put(2)
	exported, err := w.Heads(t.Context())
	if err != nil || len(exported) != 1 || exported[0].N != 5 {
		t.Fatalf("%+v, %v", exported, err)
	}
	if r := w.verify(exported...); !r.OK() {
		t.Fatalf("broken: %v", r.Broken)
	}
	w.tamper(`DELETE FROM audit_rows WHERE n > 3`, `DELETE FROM audit_heads`, `INSERT INTO audit_heads SELECT * FROM old_heads`)
	if r := w.verify(); !r.OK() {
		t.Fatalf("an old copy is consistent in itself, yet: %v", r.Broken)
	}
	if r := w.verify(exported...); r.OK() || r.Broken.Flaw != FlawRolledBack {
		t.Errorf("broken: %v", r.Broken)
	}
	w.put(5) // grown past the exported head, but not from it
	if r := w.verify(exported...); r.OK() || r.Broken.Flaw != FlawRolledBack {
		t.Errorf("broken: %v", r.Broken)
	}
	exported[0].N = 2
	if r := w.verify(exported...); r.OK() || r.Broken.Flaw != FlawHead {
		t.Errorf("a forged export: %v", r.Broken)
	}
}

// TestRollBackThenPurge: of a day whose rows went with the retention only the count is
// left to compare, and it is.
func TestRollBackThenPurge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.put(3)
	w.tamper(`CREATE TABLE old_heads AS SELECT * FROM audit_heads`)
	w.put(2)
	exported, err := w.Heads(t.Context())
	if err != nil || len(exported) != 1 {
		t.Fatalf("%+v, %v", exported, err)
	}
	w.tamper(`DELETE FROM audit_rows WHERE n > 3`, `DELETE FROM audit_heads`, `INSERT INTO audit_heads SELECT * FROM old_heads`)
	w.pass(200 * 24 * time.Hour)
	if n, err := w.Purge(t.Context(), 0); err != nil || n != 3 {
		t.Fatal(n, err)
	}
	if r := w.verify(); !r.OK() {
		t.Fatalf("broken: %v", r.Broken)
	}
	if r := w.verify(exported...); r.OK() || r.Broken.Flaw != FlawRolledBack {
		t.Errorf("broken: %v", r.Broken)
	}
}

func TestKeyRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	k1, k2 := make([]byte, 32), make([]byte, 32)
	k2[0] = 1
	ring := func(current string, keys map[string][]byte) *Trail {
		k, err := seal.NewKeyring(current, keys)
		if err != nil {
			t.Fatal(err)
		}
		return New(Options{DB: w.db, Keys: k, Node: "n1", Now: w.clock})
	}
	e := Event{Actor: actor, Mailbox: "279035121518989@patient.mssante.fr", Action: LetterOpen, Detail: "x"}
	before := ring("k1", map[string][]byte{"k1": k1})
	after := ring("k2", map[string][]byte{"k1": k1, "k2": k2})
	for _, trail := range []*Trail{before, after, after} {
		if err := trail.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := after.Verify(t.Context()); err != nil || !r.OK() || r.Rows != 3 {
		t.Errorf("%+v, %v", r, err)
	}
	if rows, err := after.Recent(t.Context(), Filter{Mailbox: e.Mailbox}); err != nil || len(rows) != 3 {
		t.Errorf("a patient's rows are not found across a rotation: %d, %v", len(rows), err)
	}
	dropped := ring("k2", map[string][]byte{"k2": k2})
	if r, err := dropped.Verify(t.Context()); err != nil || r.OK() || r.Broken.Flaw != FlawUnknownKey || r.Broken.N != 1 {
		t.Errorf("%+v, %v", r.Broken, err)
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	for range 3 {
		w.put(5)
		w.pass(24 * time.Hour)
	}
	w.pass(200 * 24 * time.Hour)
	w.put(1)
	n, err := w.Purge(t.Context(), 0)
	if err != nil || n != 15 {
		t.Fatalf("%d rows removed, %v", n, err)
	}
	w.put(1)
	w.wantOK(3) // the last two, and the row about the purge
	rows, err := w.Recent(t.Context(), Filter{Action: TrailPurge})
	if err != nil || len(rows) != 1 || rows[0].Event.Count != 15 {
		t.Errorf("%+v, %v", rows, err)
	}
	if n, err := w.Purge(t.Context(), 0); err != nil || n != 0 {
		t.Errorf("again: %d, %v", n, err)
	}
	w.tamper(`DELETE FROM audit_heads WHERE purged = 1`)
	if r := w.verify(); r.OK() || r.Broken.Flaw != FlawDayMissing {
		t.Errorf("broken: %v", r.Broken)
	}
}

func TestPurgeLeavesEvidence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.put(5)
	w.pass(200 * 24 * time.Hour)
	w.put(1)
	w.tamper(`UPDATE audit_rows SET name = 'x' WHERE seq = 2`)
	if n, err := w.Purge(t.Context(), 0); n != 0 || !errors.Is(err, ErrBroken) || !problem.Is(err, problem.Conflict) {
		t.Errorf("%d, %v", n, err)
	}
	if rows, err := w.Recent(t.Context(), Filter{}); err != nil || len(rows) != 6 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

// TestPurgeThenClockSetBack: a purged day is over, whatever the clock says.
func TestPurgeThenClockSetBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	other := New(Options{DB: w.db, Keys: w.keys, Node: "n2", Now: w.clock})
	w.put(2)
	w.pass(200 * 24 * time.Hour)
	if n, err := other.Purge(t.Context(), 0); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	w.pass(-200 * 24 * time.Hour)
	w.put(2)
	w.wantOK(3)
}

// TestTriggers: our own code cannot change the trail by mistake.
func TestTriggers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.put(2)
	for _, sql := range []string{`UPDATE audit_rows SET name = 'x'`, `DELETE FROM audit_rows`} {
		if err := w.exec(sql); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	w.wantOK(2)
}

// TestReplayedRows: rows that once were genuine are put back where the trail has
// gone on without them.
func TestReplayedRows(t *testing.T) {
	t.Parallel()
	t.Run("into a purged day", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "")
		w.put(3)
		w.tamper(`CREATE TABLE old_rows AS SELECT * FROM audit_rows`)
		w.pass(200 * 24 * time.Hour)
		if _, err := w.Purge(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		w.tamper(`INSERT INTO audit_rows SELECT * FROM old_rows`)
		if r := w.verify(); r.OK() || r.Broken.Flaw != FlawLeftover || r.Broken.N != 1 {
			t.Errorf("broken: %v", r.Broken)
		}
	})
	t.Run("over the rows that took their place", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "")
		w.put(3)
		w.tamper(`CREATE TABLE old_heads AS SELECT * FROM audit_heads`)
		w.put(2)
		w.tamper(`CREATE TABLE fork AS SELECT * FROM audit_rows WHERE n > 3`,
			`DELETE FROM audit_rows WHERE n > 3`, `DELETE FROM audit_heads`, `INSERT INTO audit_heads SELECT * FROM old_heads`)
		w.put(2)
		w.wantOK(5)
		w.tamper(`DELETE FROM audit_rows WHERE n > 3`, `INSERT INTO audit_rows SELECT * FROM fork`)
		if r := w.verify(); r.OK() || r.Broken.Flaw != FlawHead || r.Broken.N != 5 {
			t.Errorf("broken: %v", r.Broken)
		}
	})
}
