package web

import (
	"context"
	"net/http"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/session"
)

// scope is what the middleware found out about one request. One value, one
// context key: a handler reads it, only the middleware writes it.
type scope struct {
	id      string // request id, shown on error pages
	nonce   string // CSP nonce of this response
	cutOff  bool   // the provider was not known when this page's policy was written
	route   *route // nil before routing and for unknown addresses
	session *session.Session
	ended   *session.Ended // the cookie named a session that ended, and why
	grants  []delegation.Grant
	desk    *desk
	staff   *session.StaffSession // pages of support: who asks
	kept    *staffKept            // pages of support: what this node keeps for them
	box     *account.Mailbox      // the mailbox of the address, once it was found to be theirs
}

type scopeKey struct{}

func withScope(ctx context.Context, s *scope) context.Context {
	return context.WithValue(ctx, scopeKey{}, s)
}

// scopeOf never gives nil, so that an error page can be made at any point.
func scopeOf(r *http.Request) *scope {
	if s, ok := r.Context().Value(scopeKey{}).(*scope); ok {
		return s
	}
	return &scope{}
}

// isFragment reports whether htmx asks for a part of a page. A restored history
// entry wants the whole page.
func isFragment(r *http.Request) bool {
	return r.Header.Get("HX-Request") == "true" && r.Header.Get("HX-History-Restore-Request") != "true"
}

// byItself reports a fragment that a page says it asks for with nobody's click: it moves
// no clock, and the end of the session takes no page away.
func byItself(r *http.Request) bool {
	return isFragment(r) && r.URL.Query().Get("auto") == "1"
}

// isPrefetch reports a load nobody looked at yet.
func isPrefetch(r *http.Request) bool {
	for _, h := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		if v := r.Header.Get(h); len(v) >= 7 && (v[:7] == "prefetc" || v[:7] == "preview" || v[:7] == "prerend") {
			return true
		}
	}
	return false
}
