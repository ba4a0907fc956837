package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/go-chi/httprate"

	"pli.example/pli/internal/problem"
)

// Rates per minute when the options say nothing: far above a quick hand on the
// keyboard with a page of images, far below a harvest.
const (
	defaultPerSession = 1200
	defaultPerAddress = 60
)

// limiters are made once: each keeps its own counters.
type limiters struct {
	session func(http.Handler) http.Handler
	address func(http.Handler) http.Handler
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
	return limiters{
		session: httprate.LimitBy(perSession, time.Minute, func(r *http.Request) (string, error) {
			if id := cookieID(r, s.cookie); id != "" {
				return "s:" + id, nil
			}
			return "a:" + s.remote(r), nil
		}, refuse, quiet),
		address: httprate.LimitBy(perAddress, time.Minute, func(r *http.Request) (string, error) {
			return s.remote(r), nil
		}, refuse, quiet),
	}
}

func (s *Server) limited(rt *route, h http.Handler) http.Handler {
	switch rt.rate {
	case ratePerAddress:
		return s.limits.address(h)
	case rateNone:
		return h
	}
	return s.limits.session(h)
}

// cookieID is the public half of the session cookie. It is not verified here: an
// invented one only buys its bearer a counter before being refused, and the
// counter table empties each minute.
func cookieID(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	id, _, ok := strings.Cut(c.Value, ".")
	if !ok || id == "" || len(id) > 64 {
		return ""
	}
	return id
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
