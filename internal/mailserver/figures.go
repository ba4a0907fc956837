package mailserver

import (
	"context"
	"errors"
	"time"

	"pli.example/pli/internal/problem"
)

// verb is what an exchange is for, as figures name it.
type verb string

const (
	verbNone         verb = "" // the end of an exchange that was counted when it began
	verbAppend       verb = "append"
	verbAuthenticate verb = "authenticate"
	verbCreate       verb = "create"
	verbExpunge      verb = "expunge"
	verbFolder       verb = "folder" // the folder tree changed
	verbFetch        verb = "fetch"
	verbIdle         verb = "idle" // until the server waits with us, or has stopped to
	verbList         verb = "list"
	verbLogout       verb = "logout"
	verbMove         verb = "move"
	verbNoop         verb = "noop"
	verbPage         verb = "page" // a page of rows: SELECT, FETCH and perhaps LIST in one flight
	verbSearch       verb = "search"
	verbSelect       verb = "select"
	verbStatus       verb = "status"
	verbStore        verb = "store"
)

// Verbs lists what Options.Observe may be told of.
func Verbs() []string {
	return []string{string(verbAppend), string(verbAuthenticate), string(verbCreate), string(verbExpunge), string(verbFolder), string(verbFetch), string(verbIdle), string(verbList), string(verbLogout),
		string(verbMove), string(verbNoop), string(verbPage), string(verbSearch), string(verbSelect), string(verbStatus), string(verbStore)}
}

// Outcomes lists how a command may end.
func Outcomes() []string {
	return []string{"ok", "refused", "token", "timeout", "cancelled", "lost", "garbled", "flood", "gone", "invalid", "error"}
}

// Stages lists how a submission may end.
func Stages() []string {
	return []string{StageBefore.String(), StageRefused.String(), StageAccepted.String(), StageUnknown.String()}
}

// outcome sorts an inner error.
func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, errToken):
		return "token"
	case errors.Is(err, errGone), errors.Is(err, errPart):
		return "gone"
	case errors.Is(err, errValue), errors.Is(err, errKeyword):
		return "invalid"
	case errors.Is(err, context.DeadlineExceeded), problem.Is(err, problem.Timeout):
		return "timeout"
	case errors.Is(err, context.Canceled), errors.Is(err, errEnded), errors.Is(err, errIdle):
		return "cancelled"
	case errors.Is(err, errFlood):
		return "flood"
	case errors.Is(err, errGarbled), errors.Is(err, errInject):
		return "garbled"
	case errors.Is(err, errLost), errors.Is(err, errUnreach):
		return "lost"
	case said(err):
		return "refused"
	}
	return "error"
}

func (c *conn) observed(v verb, began time.Time, err *error) { tell(c.seen, v, began, *err) }

func (s *Server) observe(v verb, began time.Time, err *error) { tell(s.o.Observe, v, began, *err) }

func tell(observe func(verb, outcome string, took time.Duration), v verb, began time.Time, err error) {
	if observe != nil && v != verbNone {
		observe(string(v), outcome(err), time.Since(began))
	}
}
