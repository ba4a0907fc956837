package session

import (
	"errors"

	"pli.example/pli/internal/problem"
)

// Leaves reports that the person has left the screen, or that whoever is before it may not
// be them: an open page of letters shows nothing more of them. Not so a clock that runs out
// under somebody's hands: what they read stays.
func (r Reason) Leaves() bool {
	switch r {
	case Idle, SignOut, Revoked, SupportLost, SupportOdd:
		return true
	}
	return false
}

// endError is under the error a session that ended answers with.
type endError struct{ reason Reason }

func (e endError) Error() string { return "session ended: " + string(e.reason) }

func (r Reason) ended() error { return problem.Wrap(endError{r}, problem.SignInNeeded, r.Say()) }

// ReasonOf is why the session an error tells of ended, "" when it does not say.
func ReasonOf(err error) Reason {
	var e endError
	if errors.As(err, &e) {
		return e.reason
	}
	return ""
}
