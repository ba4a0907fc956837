package web

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/session"

	"github.com/go-chi/chi/v5"
)

// notYours is the one answer for a mailbox that is not theirs and for one that
// does not exist.
func notYours() error {
	return problem.New(problem.NotFound, "Cette boîte n’existe pas, ou ne vous est pas ouverte.")
}

// admit finds who asks and fills the request's scope, or says that a sign-in is
// needed and why the last session ended.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, rt *route) error {
	sc := scopeOf(r)
	cur, ended, err := s.sessions.Current(r)
	if err != nil {
		return err
	}
	if s.limits.over(w, r, s.remote(r), cur) {
		return problem.New(problem.TooMany, "")
	}
	if cur == nil {
		sc.ended = ended
		say := ""
		if ended != nil {
			say = ended.Reason.Say()
		}
		return problem.New(problem.SignInNeeded, say)
	}
	if rt.who == acting && cur.Mail != nil {
		// Whatever the mail server would accept, a service account above all: access to
		// letters ends with the person's own right to it.
		return problem.New(problem.SignInNeeded, cur.Mail.Reason.Say())
	}
	sc.session = cur
	sc.desk = s.desks.open(cur.ID)
	if rt.act && !isPrefetch(r) && !byItself(r) {
		if err := s.touch(r, cur); err != nil {
			sc.session, sc.desk = nil, nil
			return err
		}
	}
	if sc.grants, err = s.grants.ForPerson(r.Context(), cur.Practitioner.NationalID); err != nil {
		return err
	}
	slices.SortStableFunc(sc.grants, func(a, b delegation.Grant) int { return ownFirst(a) - ownFirst(b) })
	if rt.who == acting && cur.Situation == "" && len(cur.Practitioner.Situations) > 1 {
		return s.toSituations(w, r)
	}
	return nil
}

// ownFirst puts a person's own nominative mailbox before those of a team.
func ownFirst(g delegation.Grant) int {
	switch {
	case g.Kind == delegation.Owner && g.Mailbox.Kind == mssante.KindNominative:
		return 0
	case g.Kind == delegation.Owner:
		return 1
	}
	return 2
}

// touch moves the idle clock. A provider that cannot be reached does not take the
// page away: mail access ends by itself when its token does.
func (s *Server) touch(r *http.Request, cur *session.Session) error {
	err := s.sessions.TouchCurrent(r.Context(), cur)
	switch {
	case err == nil:
		return nil
	case problem.Is(err, problem.SignInNeeded):
		return err
	case problem.Is(err, problem.UpstreamDown), problem.Is(err, problem.UpstreamRefused), problem.Is(err, problem.Timeout):
		s.log.WarnContext(r.Context(), "touch", slog.String("request", scopeOf(r).id), slog.String("error", cause(err)))
		return nil
	}
	return err
}

// chooseFirst stops a handler that needs a situation; the answer is written.
type chooseFirst struct{ to string }

func (chooseFirst) Error() string { return "a situation must be chosen first" }

func (s *Server) toSituations(_ http.ResponseWriter, r *http.Request) error {
	next := "/"
	if r.Method == http.MethodGet {
		next = nextPage(r.URL.RequestURI())
	}
	return chooseFirst{to: "/situations?next=" + url.QueryEscape(next)}
}

// situation is the one the person acts in; the only one when there is one.
func situation(cur *session.Session) mssante.Situation {
	all := cur.Practitioner.Situations
	for _, x := range all {
		if x.Key == cur.Situation {
			return x
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return mssante.Situation{}
}

// box opens the mailbox of the address for the person who asks. An id that is not
// among their grants goes through the same door when the mailbox exists, so that
// the refusal is in the trail, and comes back as if it did not exist.
func (s *Server) box(r *http.Request) (*mailbox.Box, error) {
	sc := scopeOf(r)
	id, err := param(r, "box")
	if err != nil {
		return nil, notYours()
	}
	for i := range sc.grants {
		if m := &sc.grants[i].Mailbox; m.ID == id {
			sc.box = m
			b, err := s.house.Open(r.Context(), sc.session.Actor, m.Address)
			return b, maskRefusal(err)
		}
	}
	m, err := s.accounts.MailboxByID(r.Context(), id)
	if err != nil {
		return nil, maskRefusal(err)
	}
	if _, err := s.house.Open(r.Context(), sc.session.Actor, m.Address); err != nil {
		return nil, maskRefusal(err)
	}
	// Granted between our two looks: the next request will find it.
	return nil, notYours()
}

func maskRefusal(err error) error {
	if problem.Is(err, problem.Denied) || problem.Is(err, problem.NotFound) {
		return problem.Wrap(err, problem.NotFound, problem.SayOf(notYours()))
	}
	return err
}

// grantOf finds the live grant on the mailbox of the address.
func (sc *scope) grantOf(m *account.Mailbox) (delegation.Grant, bool) {
	for _, g := range sc.grants {
		if m != nil && g.Mailbox.ID == m.ID {
			return g, true
		}
	}
	return delegation.Grant{}, false
}

// ref reads the letter of the address.
func ref(r *http.Request) (mailbox.Ref, error) {
	folder, err := param(r, "folder")
	if err != nil {
		return mailbox.Ref{}, err
	}
	return parseRef(folder, chi.URLParam(r, "uidvalidity"), chi.URLParam(r, "uid"))
}
