package web

import (
	"context"
	"errors"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/go-chi/chi/v5"

	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// failure is what a page says about one kind of problem: what happened, what was
// not lost, and the one next act.
type failure struct {
	status        int
	heading       string
	say           string // when the error brought no sentence of its own
	actLabel      string
	act           func(*http.Request) string
	level         slog.Level
	keepsCauseOut bool // the cause is the user's own business, not worth a log line
	callSupport   bool // the page says how to reach support
}

// errMethod is an address asked with a verb it does not know.
var errMethod = problem.New(problem.Invalid, "Cette page ne s’ouvre pas de cette façon\u00a0: rien n’a été modifié.")

// atSignIn marks a failure on the way in: same kinds, other words.
type atSignIn struct{ err error }

func (e atSignIn) Error() string { return "sign-in: " + e.err.Error() }
func (e atSignIn) Unwrap() error { return e.err }

// accountRefused marks a refusal of ours to somebody the provider vouched for.
type accountRefused struct{ err error }

func (e accountRefused) Error() string { return "account: " + e.err.Error() }
func (e accountRefused) Unwrap() error { return e.err }

// failureOf is the map from kind to page. Every kind has a line; a test asks.
func failureOf(k problem.Kind) failure {
	switch k {
	case problem.Invalid:
		return failure{http.StatusBadRequest, "Cette demande n’a pas été comprise",
			"Rien n’a été modifié. Revenez à vos lettres et recommencez.", "Revenir à mes lettres", home, slog.LevelInfo, false, false}
	case problem.NotFound:
		return failure{http.StatusNotFound, "Cette page n’existe pas, ou n’est pas pour vous",
			"Vérifiez l’adresse, ou reprenez depuis vos lettres.", "Revenir à mes lettres", home, slog.LevelInfo, false, false}
	case problem.Gone:
		return failure{http.StatusGone, "Cette lettre n’est plus ici",
			"Elle a été déplacée ou supprimée, peut-être depuis un autre poste. Cherchez-la dans les autres dossiers.", "Revenir au dossier", folderOf, slog.LevelInfo, false, false}
	case problem.Denied:
		return failure{http.StatusForbidden, "Vous n’avez pas ce droit",
			"Rien n’a été modifié. Le titulaire de la boîte peut vous donner ce droit.", "Revenir à mes lettres", home, slog.LevelWarn, false, false}
	case problem.SignInNeeded:
		return failure{http.StatusUnauthorized, "Votre session est terminée",
			"Ce que vous aviez enregistré est gardé. Connectez-vous de nouveau pour continuer.", "Se connecter", signInAgain, slog.LevelInfo, true, false}
	case problem.TooLarge:
		return failure{http.StatusRequestEntityTooLarge, "C’est trop volumineux",
			"Rien n’a été modifié. Recommencez avec moins d’éléments à la fois.", "Revenir à mes lettres", home, slog.LevelInfo, false, false}
	case problem.TooMany:
		return failure{http.StatusTooManyRequests, "Trop de demandes en peu de temps",
			"Rien n’est perdu. Attendez une minute, puis réessayez.", "Réessayer", again, slog.LevelWarn, false, false}
	case problem.Conflict:
		return failure{http.StatusConflict, "Quelqu’un d’autre vient de modifier ceci",
			"Rien n’a été écrasé. Rechargez pour voir l’état actuel.", "Recharger", again, slog.LevelInfo, false, false}
	case problem.UpstreamRefused:
		return failure{http.StatusBadGateway, "Le serveur de messagerie a refusé",
			"Vos lettres sont intactes sur le serveur. Réessayez\u00a0; si le refus persiste, prévenez votre opérateur.", "Réessayer", again, slog.LevelWarn, false, false}
	case problem.UpstreamDown:
		return failure{http.StatusServiceUnavailable, "Le serveur de messagerie ne répond pas",
			"Vos lettres sont intactes sur le serveur. Réessayez dans un instant.", "Réessayer", again, slog.LevelWarn, false, false}
	case problem.Timeout:
		return failure{http.StatusGatewayTimeout, "Le serveur de messagerie met trop de temps à répondre",
			"Vos lettres sont intactes sur le serveur. Réessayez dans un instant.", "Réessayer", again, slog.LevelWarn, false, false}
	}
	return failure{http.StatusInternalServerError, "Pli n’a pas pu répondre",
		"Vos lettres sont intactes sur le serveur. Réessayez\u00a0; si cela se répète, donnez la référence ci-dessous à votre support.", "Réessayer", again, slog.LevelError, false, false}
}

// signInFailureOf says the same for somebody who is not in yet.
func signInFailureOf(k problem.Kind) failure {
	f := failureOf(k)
	f.actLabel, f.act = "Revenir à la connexion", func(*http.Request) string { return "/sign-in" }
	switch k {
	case problem.Denied:
		f.heading, f.say = "Votre connexion a été refusée", "Pro Santé Connect ou Pli n’a pas accepté cette identité. Essayez avec une autre carte, ou prévenez votre opérateur."
	case problem.UpstreamDown, problem.UpstreamRefused:
		f.heading, f.say = "Pro Santé Connect ne répond pas", "Votre carte n’est pas en cause. Réessayez dans quelques minutes."
	case problem.Timeout:
		f.heading, f.say = "Pro Santé Connect met trop de temps à répondre", "Votre carte n’est pas en cause. Réessayez dans quelques minutes."
	case problem.Invalid, problem.SignInNeeded, problem.Gone, problem.NotFound:
		f.status, f.heading, f.say = http.StatusBadRequest, "Cette connexion n’a pas abouti", "Elle a expiré, ou a été commencée dans un autre onglet. Recommencez."
	}
	return f
}

func home(*http.Request) string { return "/" }

// again is the same address for a page; a post is never repeated by a link.
func again(r *http.Request) string {
	if r.Method == http.MethodGet {
		return localPath(r.URL.RequestURI(), "/")
	}
	return "/"
}

func signInAgain(r *http.Request) string {
	next := "/"
	if r.Method == http.MethodGet {
		next = nextPage(r.URL.RequestURI())
	} else if f := r.PostForm; f != nil {
		next = nextPage(f.Get("next"))
	}
	if next == "/" {
		return "/sign-in"
	}
	return "/sign-in?next=" + url.QueryEscape(next)
}

// folderOf is the folder a letter's address belongs to.
func folderOf(r *http.Request) string {
	box, folder := chi.URLParam(r, "box"), chi.URLParam(r, "folder")
	if opaque.MatchString(box) && opaque.MatchString(folder) && chi.URLParam(r, "uid") != "" {
		return path("mail", box, folder)
	}
	if opaque.MatchString(box) {
		return path("mail", box)
	}
	return "/"
}

// fail is the only writer of failures and the only place that logs them. The
// cause goes to the log; a reader gets the sentence of the kind or the one its
// room wrote for them.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		s.log.LogAttrs(r.Context(), slog.LevelInfo, "abandoned", slog.String("request", scopeOf(r).id), slog.String("route", pattern(r)))
		return // nobody is waiting for an answer
	}
	var choose chooseFirst
	if errors.As(err, &choose) {
		redirect(w, r, choose.to)
		return
	}
	if scopeOf(r).route.ofSupport() {
		s.failStaff(w, r, err)
		return
	}
	kind := problem.KindOf(err)
	f := failureOf(kind)
	var in atSignIn
	if errors.As(err, &in) {
		f = signInFailureOf(kind)
		var closed accountRefused
		if errors.As(err, &closed) && kind == problem.Denied {
			f.heading = "Votre compte est fermé"
		}
		if errors.Is(err, identity.ErrAbandoned) {
			f.heading = "L’identification n’a pas abouti"
		}
	}
	if errors.Is(err, errMethod) {
		f.status = http.StatusMethodNotAllowed
	}
	if !f.keepsCauseOut {
		s.log.LogAttrs(r.Context(), f.level, "failed", slog.String("request", scopeOf(r).id), slog.String("route", pattern(r)),
			slog.String("kind", kind.String()), slog.String("error", cause(err)))
	}
	if kind == problem.SignInNeeded && in.err == nil {
		s.sendToSignIn(w, r, f, problem.SayOf(err))
		return
	}
	f.callSupport = supportMends(kind)
	s.showFailure(w, r, f, problem.SayOf(err))
}

// supportMends: the kinds a person cannot get out of alone, or not every time.
func supportMends(k problem.Kind) bool {
	switch k {
	case problem.Denied, problem.Internal, problem.UpstreamRefused, problem.UpstreamDown, problem.Timeout:
		return true
	}
	return false
}

// serverWords is what an IMAP or SMTP server answered in prose: it may quote a
// folder's or a person's name. addressWords is any address: a patient's is an INS.
var (
	serverWords  = regexp.MustCompile(`(imap: (?:NO|BAD|BYE|PREAUTH|OK)(?: \[[A-Z0-9-]+)?)[^:]*(?s:.*)`)
	addressWords = regexp.MustCompile(`[^\s<>"'(),:;]+@[^\s<>"'(),:;]+`)
)

const maxCause = 400

// cause is an error as the log may hold it: our own words and codes, without what
// a server said in prose and without addresses.
func cause(err error) string {
	s := addressWords.ReplaceAllString(err.Error(), "‹adresse›")
	if m := serverWords.FindStringSubmatchIndex(s); m != nil {
		s = s[:m[3]] + "…"
	}
	if len(s) > maxCause {
		s = strings.ToValidUTF8(s[:maxCause], "") + "…"
	}
	return s
}

// sendToSignIn: a navigation goes to the sign-in page; a fragment tells htmx to
// leave the page (a sign-in form never lands inside it); a post gets a page that
// explains, because what was typed is still behind it.
func (s *Server) sendToSignIn(w http.ResponseWriter, r *http.Request, f failure, say string) {
	switch {
	case byItself(r), isFragment(r) && scopeOf(r).route != nil && !scopeOf(r).route.act: // no click asked for it: the page stays, text and all
		emptyHeaders.apply(w.Header(), "", nil, s.secure)
		w.WriteHeader(http.StatusNoContent)
	case isFragment(r):
		emptyHeaders.apply(w.Header(), "", nil, s.secure)
		w.Header().Set("HX-Redirect", signInAgain(r))
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodGet && navigates(r):
		redirect(w, r, signInAgain(r))
	default:
		s.showFailure(w, r, f, say)
	}
}

// navigates reports whether the browser is going to show the answer as a page. An
// image or a fetch must not get the sign-in page in its place.
func navigates(r *http.Request) bool {
	rt := scopeOf(r).route
	if rt != nil && (rt.set == imageHeaders || rt.set == pdfDataHeaders || rt.set == bodyHeaders || rt.set == viewerFrameHeaders || rt.set == streamHeaders) {
		return false
	}
	d := r.Header.Get("Sec-Fetch-Dest")
	return d == "" || d == "document"
}

func (s *Server) showFailure(w http.ResponseWriter, r *http.Request, f failure, say string) {
	if say == "" {
		say = f.say
	}
	sc := scopeOf(r)
	switch set := routeSet(sc); set {
	case imageHeaders, pdfDataHeaders:
		set.apply(w.Header(), sc.nonce, nil, s.secure)
		_ = plain(w, f.status, "")
		return
	case dataHeaders, streamHeaders:
		set.apply(w.Header(), sc.nonce, nil, s.secure)
		cover := sc.ended != nil && (sc.ended.Reason.Covers() || set == streamHeaders && sc.ended.Reason.Leaves()) // letters can be fetched again, a text being written cannot
		writeData(w, f.status, failedData{Say: say, Heading: f.heading, RequestID: sc.id, Cover: cover})
		return
	case bodyHeaders, viewerHeaders, viewerFrameHeaders:
		// Shown inside a frame: a small page of its own under the frame's policy.
		bodyHeaders.apply(w.Header(), sc.nonce, nil, s.secure)
		writeFrame(w, f.status, f.heading, say, f.actLabel, f.act(r))
		return
	}
	pageHeaders.apply(w.Header(), sc.nonce, s.origins(r.Context(), pageHeaders), s.secure)
	v := templates.ErrorView{Page: s.page(r, "Information"), SignedIn: sc.session != nil, Status: f.status, Heading: f.heading, Say: say,
		ActLabel: f.actLabel, ActHref: f.act(r), RequestID: sc.id, CallSupport: f.callSupport}
	if v.ActHref != "/" && sc.session != nil {
		v.AlsoLabel, v.AlsoURL = "Revenir à mes lettres", "/"
	}
	s.saySent(r, &v)
	c := templates.ErrorPage(v)
	if isFragment(r) {
		c = templates.ErrorFragment(v)
	}
	if err := s.render(w, r, f.status, c); err != nil {
		s.log.ErrorContext(r.Context(), "error page", slog.String("request", sc.id), slog.String("error", cause(err)))
	}
}

func routeSet(sc *scope) headerSet {
	if sc.route == nil {
		return pageHeaders
	}
	return sc.route.set
}

// writeFrame is the one document web writes by itself beside the skeleton of a
// body: an explanation inside a frame.
func writeFrame(w http.ResponseWriter, status int, heading, say, actLabel, act string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Pli</title><style>` + frameStyle + `</style></head><body><h1 data-testid="error-title">`)
	b.WriteString(html.EscapeString(heading))
	b.WriteString(`</h1><p data-testid="error-say">`)
	b.WriteString(html.EscapeString(say))
	b.WriteString(`</p><p><a target="_top" href="`)
	b.WriteString(html.EscapeString(act))
	b.WriteString(`">`)
	b.WriteString(html.EscapeString(actLabel))
	b.WriteString(`</a></p></body></html>`)
	_, _ = io.WriteString(w, b.String()) // the reader left: nobody to tell
}

const frameStyle = `body{font:15px/1.45 system-ui,sans-serif;color:#1f2a33;background:#fff;margin:16px}h1{font-size:17px;margin:0 0 8px}a{color:#0b4f8a}`
