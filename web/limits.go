package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/go-chi/httprate"

	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/session"
)

// Rates per minute when the options say nothing: far above a quick hand on the
// keyboard with a page of images, far below a harvest.
const (
	defaultPerSession = 1200
	defaultPerAddress = 60
	// sessionsPerAddress is how many sessions at their full rate one address may hold: a
	// hospital goes out by one.
	sessionsPerAddress = 10
)

// limiters are made once: each keeps its own counters. What a client says of itself
// is no key: a session is counted once its cookie is verified, everything is counted
// by address before anything is looked up.
type limiters struct {
	gate     func(http.Handler) http.Handler // any request, by address, first
	signIn   func(http.Handler) http.Handler // those to sign in, by address
	session  *httprate.RateLimiter           // by verified session
	stranger *httprate.RateLimiter           // no session behind the cookie: by address
}

// over counts a request whose session is known, or known to be none.
func (l *limiters) over(w http.ResponseWriter, r *http.Request, remote string, cur *session.Session) bool {
	if cur == nil {
		return l.stranger.OnLimit(w, r, remote)
	}
	return l.session.OnLimit(w, r, cur.ID)
}

func (s *Server) newLimiters(perSession, perAddress int) limiters {
	if perSession <= 0 {
		perSession = defaultPerSession
	}
	if perAddress <= 0 {
		perAddress = defaultPerAddress
	}
	refuse := httprate.WithLimitHandler(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, problem.New(problem.TooMany, ""))
	})
	quiet := httprate.WithResponseHeaders(httprate.ResponseHeaders{RetryAfter: "Retry-After"})
	byAddress := func(r *http.Request) (string, error) { return s.remote(r), nil }
	return limiters{
		gate:     httprate.LimitBy(sessionsPerAddress*perSession, time.Minute, byAddress, refuse, quiet),
		signIn:   httprate.LimitBy(perAddress, time.Minute, byAddress, refuse, quiet),
		session:  httprate.NewRateLimiter(perSession, time.Minute, quiet),
		stranger: httprate.NewRateLimiter(perSession, time.Minute, quiet),
	}
}

func (s *Server) limited(rt *route, h http.Handler) http.Handler {
	switch rt.rate {
	case ratePerAddress:
		return s.limits.signIn(h)
	case rateNone:
		return h
	}
	return s.limits.gate(h)
}

// remote is the peer's address: the socket's, or, behind proxies declared by the
// operator, the last address in X-Forwarded-For that is not one of theirs. What a
// client writes itself stands further left and is never read.
func (s *Server) remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(host); i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		host = a.String()
	}
	return httprate.CanonicalizeIP(host)
}

func (s *Server) trusted(host string) bool {
	a, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	a = a.Unmap()
	for _, p := range s.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func splitComma(s string) []string { return strings.Split(s, ",") }
