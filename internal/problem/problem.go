// Package problem owns the kinds of error Pli knows and the one sentence a
// user may read for each.
//
// Every room returns plain wrapped errors inside and a *Error at its door.
// Only Error.Say ever reaches a browser: causes (SQL text, server replies,
// paths) go to the log, through web/errors.go alone. It must not know HTTP.
package problem

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

// Kind classifies a failure by what the reader of the page can do about it.
type Kind int

// The kinds. Internal is the zero value: an error nobody classified is ours.
const (
	Internal        Kind = iota // our fault; nothing the user did
	Invalid                     // what was sent cannot be understood; nothing changed
	NotFound                    // no such thing, or not for this person
	Gone                        // it was there; it moved or was deleted elsewhere
	Denied                      // known person, no right
	SignInNeeded                // no live session
	TooLarge                    // over a stated limit
	TooMany                     // over a stated rate
	Conflict                    // somebody else changed it first
	UpstreamRefused             // the operator's server answered no (token, quota, rights)
	UpstreamDown                // the operator's server or the provider cannot be reached
	Timeout                     // no answer in time
)

var kindNames = [...]string{"internal", "invalid", "not_found", "gone", "denied", "sign_in_needed",
	"too_large", "too_many", "conflict", "upstream_refused", "upstream_down", "timeout"}

// String gives the stable code used in logs, metrics and the trail.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return "internal"
	}
	return kindNames[k]
}

// Error is a failure with its kind, the sentence for the user (French, what
// happened, what was not lost, what to do) and the cause for the log.
type Error struct {
	Kind Kind
	Say  string
	Err  error
}

func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return e.Kind.String() + ": " + e.Say
	default:
		return e.Kind.String() + ": " + e.Err.Error()
	}
}

func (e *Error) Unwrap() error { return e.Err }

// New makes an error with no cause beneath it.
func New(kind Kind, say string) *Error { return &Error{Kind: kind, Say: say} }

// Wrap gives err a kind and a sentence. A nil err stays nil.
func Wrap(err error, kind Kind, say string) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: kind, Say: say, Err: err}
}

// Wrapf is Wrap with the cause prefixed by what was being done.
func Wrapf(err error, kind Kind, say, doing string, args ...any) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: kind, Say: say, Err: fmt.Errorf(doing+": %w", append(args, err)...)}
}

// KindOf tells the kind of err. A deadline is Timeout; what nobody classified
// is Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Timeout
	}
	return Internal
}

// SayOf gives the sentence a user may read, or "" when the cause was never
// given one: the page then shows the general sentence of the kind.
func SayOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Say
	}
	return ""
}

// Is reports whether err is of the given kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// PanicWords says what a panic was, for a log: the runtime's own words, which hold
// figures and types; of any other value its type alone, since it may quote a letter or
// name a patient.
func PanicWords(v any) string {
	if e, ok := v.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("%T", v)
}
