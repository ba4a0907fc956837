package account

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

type world struct {
	*Accounts
	t     *testing.T
	db    *store.DB
	trail *audit.Trail
	at    time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	keys := seal.NewRandomKeyring()
	now := func() time.Time { return w.at }
	w.trail = audit.New(audit.Options{DB: db, Keys: keys, Now: now})
	w.Accounts = New(Options{DB: db, Keys: keys, Audit: w.trail, Now: now})
	t.Cleanup(func() { w.trail.Close(); db.Close() })
	return w
}

// wantTrail lists the actions expected in the trail, oldest first.
func (w *world) wantTrail(actions ...audit.Action) {
	w.t.Helper()
	rows, err := w.trail.Recent(w.t.Context(), audit.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	var got []audit.Action
	for i := len(rows) - 1; i >= 0; i-- {
		got = append(got, rows[i].Event.Action)
	}
	if len(got) != len(actions) {
		w.t.Fatalf("trail %v, want %v", got, actions)
	}
	for i := range got {
		if got[i] != actions[i] {
			w.t.Fatalf("trail %v, want %v", got, actions)
		}
	}
}

var martin = mssante.Practitioner{
	NationalID: "810100050075", GivenName: "CAMILLE", FamilyName: "MARTIN",
	Situations: []mssante.Situation{{Profession: "Médecin", Specialty: "Cardiologie"}, {Profession: "Médecin", Specialty: "Cardiologie"}, {Role: "Coordonnateur"}},
}

var operator = mssante.Actor{AccountID: "operator", Name: "operator"}

func TestSignedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.SignedIn(t.Context(), martin)
	if err != nil {
		t.Fatal(err)
	}
	if first.ID == "" || first.Profession != "Médecin · Cardiologie, Coordonnateur" || !first.LastSignIn.Equal(w.at) || !first.CreatedAt.Equal(w.at) {
		t.Errorf("%+v", first)
	}
	created := w.at
	w.at = w.at.Add(time.Hour)
	married := martin
	married.FamilyName = "DURAND"
	second, err := w.SignedIn(t.Context(), married)
	if err != nil || second.ID != first.ID || second.FamilyName != "DURAND" || !second.CreatedAt.Equal(created) || !second.LastSignIn.Equal(w.at) {
		t.Errorf("%+v, %v", second, err)
	}
	for name, find := range map[string]func() (Account, error){
		"id":          func() (Account, error) { return w.ByID(t.Context(), first.ID) },
		"national id": func() (Account, error) { return w.ByNationalID(t.Context(), martin.NationalID) },
	} {
		if got, err := find(); err != nil || got != second {
			t.Errorf("by %s: %+v, %v, want %+v", name, got, err, second)
		}
	}
	w.wantTrail(audit.AccountCreate)
}

func TestSignedInTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids sync.Map
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			a, err := w.SignedIn(t.Context(), martin)
			if err != nil {
				t.Error(err)
			}
			ids.Store(a.ID, true)
		})
	}
	wg.Wait()
	n := 0
	ids.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d accounts for one person", n)
	}
	w.wantTrail(audit.AccountCreate)
}

func TestNationalIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for id, ok := range map[mssante.NationalID]bool{
		"810100050075": true, "0A1234567": true, "3000000/CPET0001": true, "899700000000": true, // a wrong check digit is no reason
		"": false, "8101 000": false, "x'; --": false, "é": false, "a\x00": false, mssante.NationalID(strings.Repeat("8", 65)): false,
	} {
		p := martin
		p.NationalID = id
		_, err := w.SignedIn(t.Context(), p)
		if ok != (err == nil) || !ok && (!problem.Is(err, problem.Invalid) || problem.SayOf(err) == "") {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestCloseAndReopen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acc, err := w.SignedIn(t.Context(), martin)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time changes nothing
		if err := w.Close(t.Context(), operator, acc.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.at = w.at.Add(time.Hour)
	if _, err := w.SignedIn(t.Context(), martin); !problem.Is(err, problem.Denied) || problem.SayOf(err) == "" {
		t.Errorf("closed: %v", err)
	}
	got, err := w.ByID(t.Context(), acc.ID)
	if err != nil || !got.Closed() || !got.LastSignIn.Equal(acc.LastSignIn) {
		t.Errorf("a refused sign-in changed the account: %+v, %v", got, err)
	}
	if err := w.Reopen(t.Context(), operator, acc.ID); err != nil {
		t.Fatal(err)
	}
	if again, err := w.SignedIn(t.Context(), martin); err != nil || again.ID != acc.ID || again.Closed() {
		t.Errorf("%+v, %v", again, err)
	}
	w.wantTrail(audit.AccountCreate, audit.AccountClose, audit.AccountReopen)
	if err := w.Close(t.Context(), operator, "nobody"); !problem.Is(err, problem.NotFound) {
		t.Errorf("unknown account: %v", err)
	}
	if err := w.Close(t.Context(), mssante.Actor{}, acc.ID); err == nil {
		t.Error("nobody closed an account")
	}
	if _, err := w.ByID(t.Context(), "nobody"); !problem.Is(err, problem.NotFound) {
		t.Errorf("unknown id: %v", err)
	}
}

func address(t *testing.T, s string) mssante.Address {
	t.Helper()
	a, err := mssante.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestMailboxes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	addr := address(t, "Camille.Martin@medecin.mssante.fr")
	m, err := w.EnsureMailbox(t.Context(), addr, mssante.KindUnknown, "")
	if err != nil || m.Label != addr.String() || m.Kind != mssante.KindUnknown {
		t.Fatalf("%+v, %v", m, err)
	}
	if len(m.ID) != 16 || strings.Trim(m.ID, "abcdefghijklmnopqrstuvwxyz234567") != "" || strings.Contains(m.ID, "martin") {
		t.Errorf("id %q", m.ID)
	}
	named, err := w.EnsureMailbox(t.Context(), address(t, "camille.martin@MEDECIN.mssante.fr"), mssante.KindNominative, " Cabinet\u202e\r\n Martin ")
	if err != nil || named.ID != m.ID || named.Kind != mssante.KindNominative || named.Label != "Cabinet Martin" {
		t.Errorf("%+v, %v", named, err)
	}
	same, err := w.EnsureMailbox(t.Context(), addr, mssante.KindUnknown, "")
	if err != nil || same != named {
		t.Errorf("what is not given was changed: %+v, %v", same, err)
	}
	for name, find := range map[string]func() (Mailbox, error){
		"id": func() (Mailbox, error) { return w.MailboxByID(t.Context(), m.ID) },
		"address": func() (Mailbox, error) {
			return w.MailboxByAddress(t.Context(), address(t, "CAMILLE.MARTIN@medecin.mssante.fr"))
		},
	} {
		if got, err := find(); err != nil || got != named {
			t.Errorf("by %s: %+v, %v", name, got, err)
		}
	}
	if _, err := w.MailboxByAddress(t.Context(), address(t, "x@medecin.mssante.fr")); !problem.Is(err, problem.NotFound) {
		t.Errorf("unknown: %v", err)
	}
	for name, err := range map[string]error{
		"patient":      second(w.EnsureMailbox(t.Context(), address(t, "279035121518989@patient.mssante.fr"), mssante.KindNominative, "")),
		"patient kind": second(w.EnsureMailbox(t.Context(), addr, mssante.KindPatient, "")),
		"no kind":      second(w.EnsureMailbox(t.Context(), addr, "XYZ", "")),
		"no value":     second(w.EnsureMailbox(t.Context(), mssante.Address{}, mssante.KindNominative, "")),
		"two ways":     second(w.EnsureMailbox(t.Context(), mssante.Address{Local: "a b", Domain: "x.fr"}, mssante.KindNominative, "")),
	} {
		if !problem.Is(err, problem.Invalid) || problem.SayOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestEnsureMailboxTxSharesTheFate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	boom := errors.New("boom")
	addr := address(t, "a@medecin.mssante.fr")
	err := w.db.Write(t.Context(), func(tx *sql.Tx) error {
		if _, err := w.EnsureMailboxTx(t.Context(), tx, addr, "", ""); err != nil {
			t.Error(err)
		}
		return boom
	})
	if _, found := w.MailboxByAddress(t.Context(), addr); !errors.Is(err, boom) || !problem.Is(found, problem.NotFound) {
		t.Errorf("%v, %v", err, found)
	}
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acc, err := w.SignedIn(t.Context(), martin)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{"s1", "s2", ""} {
		if err := w.SetPreference(t.Context(), acc.ID, PrefSituation, v); err != nil {
			t.Error(err)
		}
		if got, err := w.Preference(t.Context(), acc.ID, PrefSituation); err != nil || got != v {
			t.Errorf("%q, %v, want %q", got, err, v)
		}
	}
	if err := w.SetPreference(t.Context(), acc.ID, "anything", "x"); !problem.Is(err, problem.Invalid) {
		t.Errorf("unknown key: %v", err)
	}
	if err := w.SetPreference(t.Context(), acc.ID, PrefSituation, strings.Repeat("x", maxPreference+1)); !problem.Is(err, problem.Invalid) {
		t.Errorf("too long: %v", err)
	}
	if err := w.SetPreference(t.Context(), "nobody", PrefSituation, "x"); !problem.Is(err, problem.NotFound) {
		t.Errorf("unknown account: %v", err)
	}
}

func TestDeadlineIsATimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := w.ByID(ctx, "x"); !problem.Is(err, problem.Timeout) || problem.SayOf(err) == "" {
		t.Errorf("got %v", err)
	}
}
