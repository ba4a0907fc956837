package web

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"

	"pli.example/pli/internal/problem"
)

// The order of a request: recover, id, access log, compression (all routes); then
// per route: headers, size cap, cross-origin check, rate, destination, session.

// recovered turns a panic into an error page and counts it: a test run with a
// count above zero fails.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v) // a download cut short on purpose: the connection must break
			}
			s.panics.Add(1)
			s.log.ErrorContext(r.Context(), "panic", slog.String("request", scopeOf(r).id), slog.String("route", pattern(r)),
				slog.String("kind", problem.PanicWords(v)), slog.String("stack", string(debug.Stack())))
			if c, ok := w.(*countingWriter); ok && c.status != 0 {
				panic(http.ErrAbortHandler) // too late for a page: the answer must look broken
			}
			s.fail(w, r, problem.New(problem.Internal, ""))
		}()
		next.ServeHTTP(w, r)
	})
}

// identified gives the request its id and nonce. An id from outside is not taken:
// it would let a caller write into our logs.
func (s *Server) identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sc := &scope{id: rand.Text()[:12], nonce: rand.Text()}
		ctx := templ.WithNonce(withScope(r.Context(), sc), sc.nonce)
		w.Header().Set("X-Request-Id", sc.id)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// logged writes one line per request: no query string, no path values.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		c := &countingWriter{ResponseWriter: w}
		defer func() {
			// A stream lasts as long as its page: no answer's time, and counted apart.
			if rt := scopeOf(r).route; s.observe != nil && (rt == nil || rt.set != streamHeaders) {
				s.observe(pattern(r), method(r), c.code(), time.Since(begin))
			}
			s.log.LogAttrs(r.Context(), slog.LevelInfo, "request",
				slog.String("request", scopeOf(r).id),
				slog.String("method", method(r)),
				slog.String("route", pattern(r)),
				slog.Int("status", c.code()),
				slog.Float64("ms", float64(time.Since(begin).Microseconds())/1000),
				slog.Int64("bytes", c.n))
		}()
		next.ServeHTTP(c, r)
	})
}

// method keeps an invented method out of the log.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch:
		return r.Method
	}
	return "other"
}

// plainPattern leaves the shapes of parameters out of the log.
var plainPattern = strings.NewReplacer(":"+numberShape, "", ":"+partShape, "")

func pattern(r *http.Request) string {
	if rc := chi.RouteContext(r.Context()); rc != nil {
		if p := rc.RoutePattern(); p != "" {
			return plainPattern.Replace(p)
		}
	}
	return "none"
}

type countingWriter struct {
	http.ResponseWriter
	status int
	n      int64
}

// Unwrap lets http.ResponseController reach the connection.
func (c *countingWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *countingWriter) WriteHeader(code int) {
	if c.status == 0 && code >= 200 {
		c.status = code
	}
	c.ResponseWriter.WriteHeader(code)
}

func (c *countingWriter) Write(p []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	n, err := c.ResponseWriter.Write(p)
	c.n += int64(n)
	return n, err
}

func (c *countingWriter) code() int {
	if c.status == 0 {
		return http.StatusOK
	}
	return c.status
}

// maxForm is the size of any form of this step: a bulk act on a page of letters is
// some kilobytes.
const maxForm = 256 << 10

// guarded wraps one route's handler in what its declaration asks for.
func (s *Server) guarded(rt *route) http.Handler {
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.enter(w, r, rt); err != nil {
			s.fail(w, r, err)
			return
		}
		if err := rt.handle(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
	h = s.limited(rt, h)
	h = s.vouched(h)
	h = s.crossOrigin.Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sc := scopeOf(r)
		sc.route = rt
		origins := s.originsFor(r.Context(), rt, rt.set)
		sc.cutOff = carriesForms(rt.set) && len(origins) == 0
		rt.set.apply(w.Header(), sc.nonce, origins, s.secure)
		if r.Body != nil {
			r.Body = http.MaxBytesReader(w, r.Body, rt.most())
		}
		h.ServeHTTP(w, r)
	})
}

const sayUnvouched = "Votre navigateur n’a pas dit de quelle page venait cette demande\u00a0: par sécurité, rien n’a été modifié. " +
	"Recommencez depuis Pli avec un navigateur à jour, ou sans l’extension qui cache cette information."

// vouched refuses a change asked with a session's cookie by a browser that says
// nothing of where it comes from: no Sec-Fetch-Site, no Origin (which the cross-origin
// check compares) and no page of ours as Referer. A request without our cookie has
// nobody's right to abuse: the provider's own logout comes so (attack 41).
func (s *Server) vouched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet, r.Method == http.MethodHead, r.Method == http.MethodOptions, !s.carried(r),
			r.Header.Get("Sec-Fetch-Site") != "", r.Header.Get("Origin") != "", s.ourPage(r):
			next.ServeHTTP(w, r)
		default:
			s.fail(w, r, problem.New(problem.Denied, sayUnvouched))
		}
	})
}

// ourPage reports a Referer on this very origin.
func (s *Server) ourPage(r *http.Request) bool {
	u, err := url.Parse(r.Header.Get("Referer"))
	return err == nil && u.User == nil && u.Host != "" && u.Host == r.Host && (u.Scheme == "https" || u.Scheme == "http" && !s.secure)
}

// streams: the sets of answers read from the mail server as they are sent, or without
// an end.
func streams(set headerSet) bool {
	return set == fileHeaders || set == imageHeaders || set == pdfDataHeaders || set == streamHeaders
}

// enter finds the session and checks that the response is wanted where it goes.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, rt *route) error {
	if r.Method == http.MethodHead && streams(rt.set) {
		return errMethod // a whole attachment would be read for nobody
	}
	if rt.dest != "" {
		if d := r.Header.Get("Sec-Fetch-Dest"); d != "" && !destAllowed(rt.dest, d) {
			return problem.New(problem.Denied, "Ce contenu ne s’affiche que dans sa lettre.")
		}
	}
	if rt.who == anyone {
		return nil
	}
	admit := s.admit
	if rt.who == staff {
		admit = s.admitStaff
	}
	if err := admit(w, r, rt); err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			var tooBig *http.MaxBytesError
			if errors.As(err, &tooBig) {
				return problem.Wrap(err, problem.TooLarge, "")
			}
			return problem.Wrap(err, problem.Invalid, "")
		}
	}
	return nil
}

// destAllowed compares Sec-Fetch-Dest with what the route declares.
func destAllowed(want, got string) bool {
	for _, w := range splitComma(want) {
		if w == got {
			return true
		}
	}
	return false
}

// originsWait bounds what a page waits for a provider never reached yet; its
// discovery goes on without the page.
const originsWait = 500 * time.Millisecond

// carriesForms: the sets whose pages lead to the provider by a form.
func carriesForms(set headerSet) bool {
	return set == pageHeaders || set == signInHeaders || set == composeHeaders
}

// originsFor are those of the provider a route leads to.
func (s *Server) originsFor(ctx context.Context, rt *route, set headerSet) []string {
	if !rt.ofSupport() || !carriesForms(set) {
		return s.origins(ctx, set)
	}
	ctx, cancel := context.WithTimeout(ctx, originsWait)
	defer cancel()
	return s.staff.Identity.AuthOrigins(ctx)
}

// origins are the provider's hosts for the sets that carry its forms.
func (s *Server) origins(ctx context.Context, set headerSet) []string {
	if !carriesForms(set) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, originsWait)
	defer cancel()
	return s.provider.AuthOrigins(ctx)
}
