package delegation

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

type world struct {
	*Grants
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
	keys, now := seal.NewRandomKeyring(), func() time.Time { return w.at }
	w.trail = audit.New(audit.Options{DB: db, Keys: keys, Now: now})
	accounts := account.New(account.Options{DB: db, Keys: keys, Audit: w.trail, Now: now})
	w.Grants = New(Options{DB: db, Accounts: accounts, Audit: w.trail, Now: now})
	t.Cleanup(func() { w.trail.Close(); db.Close() })
	return w
}

func address(t *testing.T, s string) mssante.Address {
	t.Helper()
	a, err := mssante.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const (
	martin  mssante.NationalID = "810100050075"
	durand  mssante.NationalID = "810100050083"
	leclerc mssante.NationalID = "3000000/CPET0001"
)

var operator = mssante.Actor{AccountID: "operator", Name: "operator"}

func person(id mssante.NationalID) mssante.Actor {
	return mssante.Actor{AccountID: "a-" + string(id[:3]), NationalID: id}
}

func (w *world) grant(by mssante.Actor, r Request) Grant {
	w.t.Helper()
	g, err := w.Grant(w.t.Context(), by, r)
	if err != nil {
		w.t.Fatal(err)
	}
	return g
}

// wantTrail lists actions and mailboxes expected in the trail, oldest first.
func (w *world) wantTrail(want ...audit.Action) {
	w.t.Helper()
	rows, err := w.trail.Recent(w.t.Context(), audit.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	var got []audit.Action
	for _, r := range slices.Backward(rows) {
		if r.Event.Mailbox == "" || r.Event.Target == "" || r.Event.Request == "" {
			w.t.Errorf("a row says too little: %+v", r.Event)
		}
		got = append(got, r.Event.Action)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("trail %v, want %v", got, want)
	}
}

func TestGrantCheckRevoke(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	box := address(t, "cabinet@medecin.mssante.fr")
	g := w.grant(operator, Request{Address: box, MailboxKind: mssante.KindCabinet, Label: "Cabinet", To: leclerc, Rights: Read | Triage})
	if g.Kind != Delegate || !g.Live(w.at) || g.By != "operator" || g.Mailbox.Label != "Cabinet" {
		t.Errorf("%+v", g)
	}
	got, err := w.Check(t.Context(), leclerc, address(t, "CABINET@medecin.mssante.fr"), Read|Triage)
	if err != nil || got != g {
		t.Errorf("%+v, %v, want %+v", got, err, g)
	}
	if _, err := w.Check(t.Context(), leclerc, box, Read|Send); !problem.Is(err, problem.Denied) {
		t.Errorf("a right that was not given: %v", err)
	}
	if err := w.Revoke(t.Context(), operator, g.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Check(t.Context(), leclerc, box, Read); !problem.Is(err, problem.NotFound) {
		t.Errorf("revoked: %v", err)
	}
	if err := w.Revoke(t.Context(), operator, g.ID); !problem.Is(err, problem.NotFound) {
		t.Errorf("revoked twice: %v", err)
	}
	list, err := w.List(t.Context(), &box)
	if err != nil || len(list) != 1 || list[0].RevokedAt.IsZero() || list[0].Live(w.at) {
		t.Errorf("%+v, %v", list, err)
	}
	w.wantTrail(audit.GrantAdd, audit.GrantRevoke)
}

// TestCheckRevealsNothing: every way of not being allowed in reads the same.
func TestCheckRevealsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	box := address(t, "cabinet@medecin.mssante.fr")
	w.grant(operator, Request{Address: box, To: martin, Kind: Owner})
	w.grant(operator, Request{Address: box, To: durand, Rights: Read, Until: w.at.Add(time.Hour)})
	revoked := w.grant(operator, Request{Address: box, To: leclerc, Rights: All})
	if err := w.Revoke(t.Context(), operator, revoked.ID); err != nil {
		t.Fatal(err)
	}
	w.at = w.at.Add(time.Hour) // the end is exclusive
	var first string
	for name, c := range map[string]struct {
		who  mssante.NationalID
		addr mssante.Address
		need Rights
	}{
		"unknown mailbox": {martin, address(t, "nobody@medecin.mssante.fr"), Read},
		"unknown person":  {"899999999999", box, Read},
		"expired":         {durand, box, Read},
		"revoked":         {leclerc, box, Read},
		"nobody":          {"", box, Read},
		"no mailbox":      {martin, mssante.Address{}, Read},
		"nothing needed":  {martin, box, 0},
	} {
		g, err := w.Check(t.Context(), c.who, c.addr, c.need)
		if !problem.Is(err, problem.NotFound) || g != (Grant{}) {
			t.Errorf("%s: %+v, %v", name, g, err)
			continue
		}
		if first == "" {
			first = err.Error() + problem.SayOf(err)
		}
		if got := err.Error() + problem.SayOf(err); got != first {
			t.Errorf("%s can be told apart: %q, %q", name, got, first)
		}
	}
}

func TestClockDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	box := address(t, "cabinet@medecin.mssante.fr")
	until := w.at.Add(24 * time.Hour)
	w.grant(operator, Request{Address: box, To: durand, Rights: Read, Until: until})
	from := w.at
	for name, c := range map[string]struct {
		at time.Time
		ok bool
	}{
		"at once": {from, true}, "just before the end": {until.Add(-time.Microsecond), true},
		"at the end": {until, false}, "clock set back": {from.Add(-time.Second), false},
	} {
		w.at = c.at
		_, err := w.Check(t.Context(), durand, box, Read)
		list, lerr := w.ForPerson(t.Context(), durand)
		if c.ok != (err == nil) || lerr != nil || c.ok != (len(list) == 1) {
			t.Errorf("%s: %v, %d listed, %v", name, err, len(list), lerr)
		}
	}
}

func TestANewGrantReplaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	box := address(t, "cabinet@medecin.mssante.fr")
	w.grant(operator, Request{Address: box, To: durand, Rights: All})
	w.grant(operator, Request{Address: box, To: durand, Rights: Read})
	if _, err := w.Check(t.Context(), durand, box, Triage); !problem.Is(err, problem.Denied) {
		t.Errorf("the older grant still counts: %v", err)
	}
	if list, err := w.List(t.Context(), nil); err != nil || len(list) != 2 {
		t.Errorf("%d grants, %v", len(list), err)
	}
}

func TestForPersonOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, r := range []Request{
		{Address: address(t, "z@medecin.mssante.fr"), Label: "Aile ouest", Rights: Read},
		{Address: address(t, "y@medecin.mssante.fr"), Label: "bureau", Rights: Read},
		{Address: address(t, "x@medecin.mssante.fr"), Label: "Zoé Martin", Kind: Owner, MailboxKind: mssante.KindNominative},
	} {
		r.To = martin
		w.grant(operator, r)
	}
	list, err := w.ForPerson(t.Context(), martin)
	var labels []string
	for _, g := range list {
		labels = append(labels, g.Mailbox.Label)
	}
	if err != nil || strings.Join(labels, "|") != "Zoé Martin|Aile ouest|bureau" || list[0].Rights != All {
		t.Errorf("%v, %v", labels, err)
	}
}

func TestGrantRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	box := address(t, "camille.martin@medecin.mssante.fr")
	w.grant(operator, Request{Address: box, MailboxKind: mssante.KindNominative, To: martin, Kind: Owner})
	good := Request{Address: address(t, "new@medecin.mssante.fr"), To: durand, Rights: Read}
	for name, c := range map[string]struct {
		by   mssante.Actor
		edit func(*Request)
		want problem.Kind
	}{
		"nobody grants":        {mssante.Actor{}, func(*Request) {}, problem.Internal},
		"no person":            {operator, func(r *Request) { r.To = "" }, problem.Invalid},
		"an odd person":        {operator, func(r *Request) { r.To = "8 1" }, problem.Invalid},
		"no right":             {operator, func(r *Request) { r.Rights = 0 }, problem.Invalid},
		"write without read":   {operator, func(r *Request) { r.Rights = Write }, problem.Invalid},
		"a right nobody knows": {operator, func(r *Request) { r.Rights = Read | 1<<20 }, problem.Invalid},
		"no such kind":         {operator, func(r *Request) { r.Kind = "lord" }, problem.Invalid},
		"already over":         {operator, func(r *Request) { r.Until = w.at }, problem.Invalid},
		"a patient's mailbox": {operator, func(r *Request) {
			r.Address = mssante.Address{Local: "279035121518989", Domain: mssante.PatientDomain}
		}, problem.Invalid},
		"two owners of one name": {operator, func(r *Request) { r.Address, r.Kind = box, Owner }, problem.Conflict},
		"a stranger":             {person(durand), func(r *Request) { r.Address = box }, problem.NotFound},
		"a mailbox not declared": {person(martin), func(*Request) {}, problem.NotFound},
	} {
		r := good
		c.edit(&r)
		_, err := w.Grant(t.Context(), c.by, r)
		if !problem.Is(err, c.want) || problem.SayOf(err) == "" {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if list, err := w.List(t.Context(), nil); err != nil || len(list) != 1 {
		t.Errorf("a refused grant left something: %+v, %v", list, err)
	}
	if _, err := w.accounts.MailboxByAddress(t.Context(), good.Address); !problem.Is(err, problem.NotFound) {
		t.Errorf("a refused grant declared a mailbox: %v", err)
	}
	w.wantTrail(audit.GrantAdd)
}

// TestAManagerIsHeld: someone who may manage gives nothing beyond their own.
func TestAManagerIsHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	box := address(t, "cabinet@medecin.mssante.fr")
	until := w.at.Add(48 * time.Hour)
	owner := w.grant(operator, Request{Address: box, To: martin, Kind: Owner})
	w.grant(operator, Request{Address: box, To: durand, Rights: Read | Triage | Manage, Until: until})
	for name, c := range map[string]struct {
		r  Request
		ok bool
	}{
		"within":          {Request{To: leclerc, Rights: Read, Until: until}, true},
		"a right lacking": {Request{To: leclerc, Rights: Read | Send, Until: until}, false},
		"an owner":        {Request{To: leclerc, Kind: Owner, Rights: Read, Until: until}, false},
		"outliving":       {Request{To: leclerc, Rights: Read}, false},
		"themself":        {Request{To: durand, Rights: Read | Manage, Until: until}, false},
		"over the owner":  {Request{To: martin, Rights: Read, Until: until}, false},
	} {
		c.r.Address = box
		if _, err := w.Grant(t.Context(), person(durand), c.r); c.ok != (err == nil) || !c.ok && !problem.Is(err, problem.Denied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.Revoke(t.Context(), person(durand), owner.ID); !problem.Is(err, problem.NotFound) {
		t.Errorf("a delegate revoked the owner: %v", err)
	}
	list, err := w.ForPerson(t.Context(), leclerc)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if err := w.Revoke(t.Context(), person(leclerc), list[0].ID); !problem.Is(err, problem.NotFound) {
		t.Errorf("someone without Manage revoked: %v", err)
	}
	if err := w.Revoke(t.Context(), person(martin), list[0].ID); err != nil {
		t.Errorf("the owner cannot revoke: %v", err)
	}
}

// TestNoTraceNoGrant: when the trail cannot be written, nothing is granted or
// revoked.
func TestNoTraceNoGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	box := address(t, "cabinet@medecin.mssante.fr")
	g := w.grant(operator, Request{Address: box, To: martin, Rights: Read})
	other := seal.NewRandomKeyring() // a head this ring cannot check: the trail refuses
	broken := New(Options{DB: w.db, Accounts: w.accounts, Now: w.now,
		Audit: audit.New(audit.Options{DB: w.db, Keys: other, Now: w.now})})
	if _, err := broken.Grant(t.Context(), operator, Request{Address: box, To: durand, Rights: Read}); !problem.Is(err, problem.Internal) {
		t.Errorf("grant: %v", err)
	}
	if err := broken.Revoke(t.Context(), operator, g.ID); !problem.Is(err, problem.Internal) {
		t.Errorf("revoke: %v", err)
	}
	list, err := w.List(t.Context(), nil)
	if err != nil || len(list) != 1 || !list[0].Live(w.at) {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestParseRights(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Rights{
		"read": Read, "read,triage": Read | Triage, " Read , SEND,read": Read | Send, "all": All, "read,write,send,patients,manage,triage": All,
	} {
		if got, err := ParseRights(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", ",", "read,", "lire", "read;triage", strings.Repeat("read,", 100) + "read"} {
		if got, err := ParseRights(text); err == nil || got != 0 {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	if All.String() != "read,triage,write,send,patients,manage" || len(All.Labels()) != 6 || Rights(0).String() != "" {
		t.Errorf("%s, %v", All, All.Labels())
	}
	if !All.Has(Read|Send) || (Read | Triage).Has(Read|Send) || All.Has(0) || Read.Has(1<<20) {
		t.Error("Has")
	}
}

func FuzzParseRights(f *testing.F) {
	for _, s := range []string{"read,triage", "all", "", " READ ,\x00", "all,lire", "read,read,read"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRights(text)
		if err != nil {
			if r != 0 {
				t.Fatalf("%q: rights %v beside %v", text, r, err)
			}
			return
		}
		if r == 0 || r&^All != 0 {
			t.Fatalf("%q: %b", text, r)
		}
		if again, err := ParseRights(r.String()); err != nil || again != r {
			t.Fatalf("%q: %v does not read back: %v, %v", text, r, again, err)
		}
	})
}
