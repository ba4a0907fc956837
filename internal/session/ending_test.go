package session

import (
	"testing"

	"pli.example/pli/internal/problem"
)

// A session that ended says why to whoever looks whether it lives.
func TestReasonOfTheEnd(t *testing.T) {
	t.Parallel()
	for r, leaves := range map[Reason]bool{Idle: true, SignOut: true, Revoked: true, SupportLost: true, SupportOdd: true, Absolute: false, Mail: false, Replaced: false, "": false} {
		if r.Leaves() != leaves {
			t.Errorf("%s: leaves %v", r, r.Leaves())
		}
		if err := r.ended(); ReasonOf(err) != r || !problem.Is(err, problem.SignInNeeded) || problem.SayOf(err) != r.Say() {
			t.Errorf("%s: %v", r, err)
		}
	}
	if r := ReasonOf(problem.New(problem.SignInNeeded, "")); r != "" {
		t.Errorf("an error that does not say: %s", r)
	}
}
