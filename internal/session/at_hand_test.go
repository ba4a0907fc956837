package session

import (
	"errors"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// What nobody asked for just now gets the token there is, and never has one refreshed,
// however lately the person clicked.
func TestAtHandNeverRefreshes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	atHand := func() (string, error) { return w.m.AtHand(t.Context(), s.Actor, mssante.Address{}) }
	token, err := atHand()
	if err != nil || token != w.mustCredentials(s) {
		t.Fatalf("at hand: %v", err)
	}
	w.move(119 * time.Second) // the token is near its end, the last act is two minutes old
	w.touch(s)
	w.move(119 * time.Second)
	before := w.calls.Load()
	if _, err := atHand(); !errors.Is(err, ErrAway) || !problem.Is(err, problem.UpstreamRefused) {
		t.Errorf("a token near its end: %v", err)
	}
	if n := w.calls.Load(); n != before {
		t.Errorf("the provider was asked %d times", n-before)
	}
	w.mustCredentials(s) // an act refreshes
	if _, err := atHand(); err != nil {
		t.Errorf("after an act: %v", err)
	}
	other := s.Actor
	other.AccountID = "another"
	if _, err := w.m.AtHand(t.Context(), other, mssante.Address{}); !problem.Is(err, problem.SignInNeeded) {
		t.Errorf("another account's: %v", err)
	}
	if err := w.m.Lives(t.Context(), s.ID); err != nil {
		t.Error(err)
	}
	w.move(31 * time.Minute) // the refresh token came to its end
	for what, err := range map[string]error{"lives": w.m.Lives(t.Context(), s.ID), "at hand": func() error { _, err := atHand(); return err }()} {
		if !problem.Is(err, problem.SignInNeeded) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
