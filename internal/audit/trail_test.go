package audit

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

// world is a trail on a real database with a clock that tests move.
type world struct {
	*Trail
	t     *testing.T
	db    *store.DB
	keys  *seal.Keyring
	micro atomic.Int64
	calls atomic.Int64 // readings of the clock
}

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func newWorld(t *testing.T, path string) *world {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, keys: seal.NewRandomKeyring()}
	w.micro.Store(start.UnixMicro())
	w.Trail = New(Options{DB: db, Keys: w.keys, Node: "n1", Now: w.clock})
	t.Cleanup(func() { w.Close(); db.Close() })
	return w
}

func (w *world) clock() time.Time {
	w.calls.Add(1)
	return time.UnixMicro(w.micro.Add(1)).UTC()
}

func (w *world) pass(d time.Duration) { w.micro.Add(d.Microseconds()) }

var actor = mssante.Actor{SessionID: "s1", AccountID: "a1", NationalID: "810100050075", Name: "Dr Camille Martin", Work: "Médecin", ACR: "eidas1"}

// put records n events, one commit each.
func (w *world) put(n int) {
	w.t.Helper()
	for i := range n {
		if err := w.Record(w.t.Context(), Event{Actor: actor, Mailbox: "cabinet@test.mssante.fr", Action: LetterOpen, Target: fmt.Sprint("uid/", i)}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// tamper runs SQL as an intruder with the database but without keys would: the
// triggers do not stop one.
func (w *world) tamper(statements ...string) {
	w.t.Helper()
	err := w.db.Write(w.t.Context(), func(tx *sql.Tx) error {
		for _, s := range append([]string{`DROP TRIGGER IF EXISTS audit_rows_no_update`, `DROP TRIGGER IF EXISTS audit_rows_no_delete`}, statements...) {
			if _, err := tx.Exec(s); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) verify(known ...Head) Report {
	w.t.Helper()
	r, err := w.Verify(w.t.Context(), known...)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) wantOK(rows int64) {
	w.t.Helper()
	if r := w.verify(); !r.OK() || r.Rows != rows {
		w.t.Fatalf("%d rows hold, broken: %v; want %d and none", r.Rows, r.Broken, rows)
	}
}

func TestRecordAndRecent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	e := Event{Actor: actor, Mailbox: "Cabinet@Test.mssante.fr", Action: PartDownload, Target: "f1/3/7", Outcome: "timeout",
		Request: "UID FETCH BODY.PEEK[2]", Detail: "compte rendu.pdf", Count: 3}
	if err := w.Record(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	w.put(2)
	rows, err := w.Recent(t.Context(), Filter{AccountID: "a1"})
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	got := rows[2]
	want := e
	want.Mailbox, want.Detail = "cabinet@test.mssante.fr", ""
	if got.Event != want || !got.HasDetail || got.Node != "n1" || got.Day != "2026-11-22" || got.N != 1 || got.At.Before(start) {
		t.Errorf("got %+v", got)
	}
	if rows[0].Event.Outcome != OutcomeOK {
		t.Errorf("outcome %q", rows[0].Event.Outcome)
	}
	if detail, err := w.Detail(t.Context(), got.Seq); err != nil || detail != "compte rendu.pdf" {
		t.Errorf("detail %q, %v", detail, err)
	}
	if detail, err := w.Detail(t.Context(), rows[0].Seq); err != nil || detail != "" {
		t.Errorf("no detail: %q, %v", detail, err)
	}
	if _, err := w.Detail(t.Context(), 999); !problem.Is(err, problem.NotFound) {
		t.Errorf("unknown row: %v", err)
	}
	for name, c := range map[string]struct {
		f    Filter
		want int
	}{
		"page":            {Filter{Limit: 2}, 2},
		"next page":       {Filter{Limit: 2, Before: rows[1].Seq}, 1},
		"mailbox":         {Filter{Mailbox: "CABINET@test.mssante.fr"}, 3},
		"action":          {Filter{Action: PartDownload}, 1},
		"another account": {Filter{AccountID: "a2"}, 0},
		"another mailbox": {Filter{Mailbox: "x@test.mssante.fr"}, 0},
	} {
		if rows, err := w.Recent(t.Context(), c.f); err != nil || len(rows) != c.want {
			t.Errorf("%s: %d rows, %v, want %d", name, len(rows), err, c.want)
		}
	}
	w.wantOK(3)
}

// TestNoPatientInClear looks at the bytes on disk.
func TestNoPatientInClear(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pli.db")
	w := newWorld(t, path)
	const ins = "279035121518989"
	box := ins + "@patient.mssante.fr"
	if err := w.Record(t.Context(), Event{Actor: actor, Mailbox: box, Action: MailboxRefused, Detail: "DUPONT Jeanne " + ins}); err != nil {
		t.Fatal(err)
	}
	if err := w.Record(t.Context(), Event{Actor: actor, Mailbox: "jeanne dupont <" + box, Action: MailboxRefused}); err != nil {
		t.Fatal(err)
	}
	rows, err := w.Recent(t.Context(), Filter{Mailbox: box})
	if err != nil || len(rows) != 1 || !strings.HasPrefix(rows[0].Event.Mailbox, "patient:") {
		t.Errorf("found by address: %+v, %v", rows, err)
	}
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{ins, "DUPONT", "jeanne"} {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%q is in clear in pli.db%s", secret, suffix)
			}
		}
	}
}

func TestHostileFieldsAreCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	long := strings.Repeat("é\x00\r\n\xff", 100_000)
	err := w.Record(t.Context(), Event{Actor: mssante.Actor{AccountID: "a1", Name: long, Work: long}, Mailbox: long, Action: Action(long), Target: long,
		Request: long, Outcome: long, Detail: long, Count: -1})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := w.Recent(t.Context(), Filter{})
	if err != nil || len(rows) != 1 {
		t.Fatal(err)
	}
	e := rows[0].Event
	for _, s := range []string{e.Actor.Name, string(e.Action), e.Target, e.Request, e.Outcome} {
		if len(s) > maxField || strings.Trim(s, "é") != "" {
			t.Errorf("%d bytes: %.40q", len(s), s)
		}
	}
	w.wantOK(1)
}

// TestGroupCommit: callers that arrive while the disk is busy share one commit.
// The clock is read once an event and once a commit.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	held, release := make(chan struct{}), make(chan struct{})
	go w.db.Write(context.Background(), func(*sql.Tx) error { close(held); <-release; return nil })
	<-held
	const callers = 200
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() { w.put(1) })
	}
	for w.calls.Load() < callers {
		time.Sleep(time.Millisecond)
	}
	close(release)
	wg.Wait()
	if commits := w.calls.Load() - callers; commits > 20 {
		t.Errorf("%d commits for %d callers", commits, callers)
	}
	w.wantOK(callers)
}

// TestCancelledIsStillWritten: the act may have happened, so its row is due.
func TestCancelledIsStillWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	held, release := make(chan struct{}), make(chan struct{})
	go w.db.Write(context.Background(), func(*sql.Tx) error { close(held); <-release; return nil })
	<-held
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	err := w.Record(ctx, Event{Actor: actor, Action: LetterOpen})
	if !errors.Is(err, context.Canceled) || problem.SayOf(err) == "" {
		t.Errorf("got %v", err)
	}
	close(release)
	w.Close() // waits for what was accepted
	w.wantOK(1)
	if err := w.Record(t.Context(), Event{Actor: actor, Action: LetterOpen}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestRecordFailsWithTheDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.db.Close()
	err := w.Record(t.Context(), Event{Actor: actor, Action: LetterOpen})
	if !problem.Is(err, problem.Internal) || problem.SayOf(err) == "" {
		t.Errorf("got %v", err)
	}
}

func TestRecordTxSharesTheFate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.put(1)
	boom := errors.New("boom")
	for _, fate := range []error{boom, nil} {
		err := w.db.Write(t.Context(), func(tx *sql.Tx) error {
			if err := w.RecordTx(t.Context(), tx, Event{Actor: actor, Action: GrantAdd}); err != nil {
				t.Error(err)
			}
			return fate
		})
		if !errors.Is(err, fate) {
			t.Error(err)
		}
	}
	w.put(1)
	w.wantOK(3)
}

// TestTwoProcesses: a command writing beside the server continues its chain.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pli.db")
	w := newWorld(t, path)
	db, err := store.Open(t.Context(), store.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	other := New(Options{DB: db, Keys: w.keys, Node: "n1", Now: w.clock})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { w.put(5) })
		wg.Go(func() {
			for range 5 {
				if err := other.Record(t.Context(), Event{Actor: actor, Action: GrantAdd}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	w.wantOK(40)
}

func TestDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.put(2)
	w.pass(24 * time.Hour)
	w.put(2)
	w.pass(-25 * time.Hour) // the clock is set back: the chain does not go back
	w.put(1)
	w.pass(72 * time.Hour) // a quiet day between
	w.put(1)
	rows, err := w.Recent(t.Context(), Filter{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprintf("%s/%d", r.Day, r.N))
	}
	want := "2026-11-25/1 2026-11-23/3 2026-11-23/2 2026-11-23/1 2026-11-22/2 2026-11-22/1"
	if strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if r := w.verify(); !r.OK() || r.Days != 3 || r.Nodes != 1 {
		t.Errorf("got %+v", r)
	}
}

// TestMidnightWithinABatch: one commit, two days, two heads.
func TestMidnightWithinABatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	e := w.newEntry(Event{Actor: actor, Action: LetterOpen})
	late := e
	late.at = e.at.Add(24 * time.Hour)
	err := w.db.Write(t.Context(), func(tx *sql.Tx) error { return w.append(t.Context(), tx, []entry{e, e, late}) })
	if err != nil {
		t.Fatal(err)
	}
	w.put(1)
	w.wantOK(4)
	if heads, err := w.Heads(t.Context()); err != nil || len(heads) != 2 || heads[0].N != 2 || heads[1].N != 2 {
		t.Errorf("%+v, %v", heads, err)
	}
}

func TestSeveralNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	other := New(Options{DB: w.db, Keys: w.keys, Node: "n2", Now: w.clock})
	w.put(2)
	if err := other.Record(t.Context(), Event{Actor: actor, Action: SignIn}); err != nil {
		t.Fatal(err)
	}
	if r := w.verify(); !r.OK() || r.Nodes != 2 || r.Rows != 3 {
		t.Errorf("got %+v", r)
	}
}

// Who, when and what narrow the rows; marks of LIKE are text like any other.
func TestRecentNarrowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	for _, name := range []string{"Dr Camille Martin", "Paul 100%", "Anne_Lise"} {
		a := actor
		a.Name, a.NationalID, a.AccountID = name, mssante.NationalID("8100"+name[:2]), "id-"+name[:2]
		if err := w.Record(t.Context(), Event{Actor: a, Action: SignIn}); err != nil {
			t.Fatal(err)
		}
		w.pass(24 * time.Hour)
	}
	for name, c := range map[string]struct {
		f    Filter
		want int
	}{
		"part of a name": {Filter{Person: "martin"}, 1}, "an identifier": {Filter{Person: "8100Pa"}, 1}, "a percent": {Filter{Person: "%"}, 1}, "an underscore": {Filter{Person: "e_l"}, 1},
		"an account": {Filter{Person: "id-An"}, 1}, "nobody": {Filter{Person: "zz"}, 0}, "since": {Filter{From: start.Add(24 * time.Hour)}, 2}, "until": {Filter{To: start.Add(24 * time.Hour)}, 1},
		"between": {Filter{From: start.Add(23 * time.Hour), To: start.Add(25 * time.Hour)}, 1},
	} {
		if rows, err := w.Recent(t.Context(), c.f); err != nil || len(rows) != c.want {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
	}
}
