package web

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/httprate"

	"pli.example/pli/internal/problem"
)

// refusedLogouts is how many refused tokens a minute one address may bring: each
// costs us a signature and, when it names a key we do not know, a question to the
// provider. The provider's own are not counted: the end of a shift is no attack, and
// no logout may be turned away.
const refusedLogouts = 30

// backchannel hears the provider's logouts (OpenID Connect Back-Channel Logout 1.0
// §2.5): its server posts a signed token, no browser and no cookie with it, so that a
// session ends here when the person leaves Pro Santé Connect elsewhere. It answers
// 200, or 400 with a code; a logout that names nobody here is obeyed already.
func (s *Server) backchannel() handler {
	refused := httprate.NewRateLimiter(refusedLogouts, time.Minute, httprate.WithResponseHeaders(httprate.ResponseHeaders{}))
	return func(w http.ResponseWriter, r *http.Request) error {
		from := s.remote(r)
		if _, lately, err := refused.Status(from); err != nil || lately >= refusedLogouts {
			return logoutRefused(w, http.StatusTooManyRequests, "temporarily_unavailable")
		}
		err := s.obeyLogout(r)
		if err == nil {
			w.WriteHeader(http.StatusOK)
			return nil
		}
		s.log.WarnContext(r.Context(), "logout not obeyed", slog.String("request", scopeOf(r).id), slog.String("error", cause(err)))
		if k := problem.KindOf(err); k != problem.Invalid && k != problem.UpstreamRefused {
			return logoutRefused(w, http.StatusBadRequest, "temporarily_unavailable") // ours, or a provider out of reach
		}
		refused.OnLimit(w, r, from)
		return logoutRefused(w, http.StatusBadRequest, "invalid_request")
	}
}

// obeyLogout reads the one token of the form and ends what it names.
func (s *Server) obeyLogout(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return problem.Wrap(err, problem.Invalid, "")
	}
	tokens := r.PostForm["logout_token"]
	if len(tokens) != 1 {
		return problem.Wrap(errors.New("logout: not one logout_token"), problem.Invalid, "")
	}
	out, err := s.provider.VerifyLogout(r.Context(), tokens[0])
	if err != nil {
		return err
	}
	n, err := s.sessions.EndAtProvider(r.Context(), out)
	if n > 0 {
		s.log.InfoContext(r.Context(), "logout of the provider", slog.String("request", scopeOf(r).id), slog.Int("sessions", n))
	}
	return err
}

func logoutRefused(w http.ResponseWriter, status int, code string) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"error":"`+code+`"}`) // the caller is gone: nobody to tell
	return nil
}
