package session

import (
	"context"
	"database/sql"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/problem"
)

// refuseWrites makes every change of sessions fail, as a full disk would; the trail
// can still be written.
func (w *world) refuseWrites(on string) {
	w.t.Helper()
	err := w.db.Write(w.t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(w.t.Context(), `CREATE TRIGGER refused BEFORE `+on+` ON sessions BEGIN SELECT RAISE(ABORT, 'refused'); END`)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// The trail tells no act that was not done.
func TestTrailTellsOnlyWhatHappened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	other := w.signIn(w.newBrowser(), "leroy")
	before := len(w.actions())
	rec, _, err := w.m.load(t.Context(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.refuseWrites("UPDATE")
	if err := w.m.Revoke(t.Context(), s.Actor, other.ID); err == nil {
		t.Error("revoked without a write")
	}
	if err := w.m.PickSituation(t.Context(), s.ID, s.Practitioner.Situations[1].Key); err == nil {
		t.Error("picked without a write")
	}
	if err := w.m.end(t.Context(), rec, SignOut); err == nil {
		t.Error("signed out without a write")
	}
	if err := w.m.endMail(t.Context(), rec, Mail); err == nil {
		t.Error("mail ended without a write")
	}
	if got := w.actions(); len(got) != before {
		t.Errorf("the trail tells what did not happen: %q", got[before:])
	}
}

// A sign-in whose session could not be opened is not one.
func TestTrailTellsNoSignInWithoutSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refuseWrites("INSERT")
	page := w.get(w.browser, "https://pli.test/signin?next=/mail")
	id := requestID.FindStringSubmatch(page)
	if id == nil {
		t.Fatalf("no choice of persons: %s", page)
	}
	got := w.post(w.browser, wallet+"/auth/choose", map[string][]string{"request": {id[1]}, "means": {"CARD"}, "person": {"leroy"}})
	if !strings.HasPrefix(got, "internal") {
		t.Errorf("got %q", got)
	}
	if got := w.actions(); len(got) != 0 {
		t.Errorf("trail: %q", got)
	}
}

// Revoking twice, or picking in an ended session, is told once or not at all.
func TestTrailTellsAnEndOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	other := w.signIn(w.newBrowser(), "leroy")
	rec, err := byID(t.Context(), w.db.Read(), other.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.m.Revoke(t.Context(), s.Actor, other.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.m.end(t.Context(), rec, Idle); err != nil { // somebody who read it before
		t.Fatal(err)
	}
	want := []string{"signin openid CARD", "signin openid CARD", "session.revoke "}
	if got := w.actions(); !slices.Equal(got, want) {
		t.Errorf("trail: %q, want %q", got, want)
	}
}

// Signing in again in the same browser ends the session it had: the trail says so.
func TestReplacedSessionHasItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.signIn(w.browser, "leroy")
	if got := w.get(w.browser, "https://pli.test/signin?next=/mail"); !strings.HasPrefix(got, "in ") || got == "in "+first.ID {
		t.Fatalf("again: %q", got)
	}
	want := []string{"signin openid CARD", "session.end reason=replaced", "signin openid CARD"}
	if got := w.actions(); !slices.Equal(got, want) {
		t.Errorf("trail: %q, want %q", got, want)
	}
	if rec, err := byID(t.Context(), w.db.Read(), first.ID); err != nil || rec != nil {
		t.Errorf("the former record stays: %v, %v", rec, err)
	}
	if !slices.Contains(w.ended, first.ID) {
		t.Error("the end was not told")
	}
}

// A trail that cannot be written does not keep a session open.
func TestBrokenTrailStillEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	err := w.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE audit_heads SET n = n + 1`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.m.EndSession(httptest.NewRecorder(), w.request("/signout", w.cookie(w.browser, "__Host-pli"))); err == nil {
		t.Error("an untraced sign-out says nothing")
	}
	w.want(w.home(), "ended signout")
	if !slices.Contains(w.ended, s.ID) {
		t.Error("the end was not told")
	}
}

// Close waits for a refresh under way, whose tokens are kept, and lets no other begin.
func TestCloseWaitsAndRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, other := w.signIn(w.browser, "leroy"), w.signIn(w.newBrowser(), "solo")
	w.move(119 * time.Second)
	before := w.calls.Load()
	w.gate = make(chan struct{})
	got := make(chan error, 1)
	go func() {
		_, err := w.credentials(s)
		got <- err
	}()
	w.asked(before)
	soon, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0)) // a delay that is over already
	defer cancel()
	if err := w.m.Close(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("closed over a refresh under way: %v", err)
	}
	if _, err := w.credentials(other); !problem.Is(err, problem.UpstreamDown) || problem.SayOf(err) == "" {
		t.Errorf("a refresh began after Close: %v", err)
	}
	close(w.gate)
	if err := <-got; err != nil {
		t.Errorf("the refresh under way: %v", err)
	}
	if err := w.m.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n := w.calls.Load() - before; n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
	w.mustCredentials(s) // its fresh token was written
}

// A refresh whose new id_token cannot be verified, because the provider's keys
// cannot be fetched, keeps the rotated tokens: the session goes on.
func TestRefreshWithoutKeysGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	w.restartProviderClient()
	w.keysDown.Store(true)
	w.move(119 * time.Second)
	token := w.mustCredentials(s)
	w.keysDown.Store(false)
	w.move(119 * time.Second)
	w.touch(s)
	if again := w.mustCredentials(s); again == token {
		t.Error("not refreshed with the rotated token")
	}
	w.want(w.home(), "in "+s.ID)
}
