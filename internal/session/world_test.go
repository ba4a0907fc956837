package session

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/demo/idp"
	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

// clock is an injected clock, moved by hand.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// hosts is a RoundTripper onto handlers, by host: no ports.
type hosts map[string]http.Handler

func (h hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI, in.Host = r.URL.RequestURI(), r.URL.Host
	in.TLS = &tls.ConnectionState{}
	w := httptest.NewRecorder()
	h[r.URL.Host].ServeHTTP(w, in)
	resp := w.Result()
	resp.Request = r
	return resp, r.Context().Err()
}

const (
	issuer   = "https://auth.idp.test/auth/realms/esante-wallet"
	wallet   = "https://wallet.idp.test"
	callback = "https://pli.test/callback"
	leaving  = "https://pli.test/left"
	account  = "account-1"
)

// world is identity and session against the demo's provider, and a browser.
type world struct {
	*clock
	t        *testing.T
	idp      *idp.Provider
	calls    atomic.Int64 // to the token endpoint
	keysDown atomic.Bool  // nobody can fetch the provider's keys
	gate     chan struct{}
	client   *identity.Provider
	db       *store.DB
	trail    *audit.Trail
	keys     *seal.Keyring
	m        *Manager
	web      hosts
	browser  *http.Client
	agent    string
	ended    []string
	endMu    sync.Mutex
}

func claims(id string) map[string]any {
	return map[string]any{"SubjectNameID": id, "given_name": "Paul", "family_name": "LEROY", "preferred_username": id,
		"SubjectRefPro": map[string]any{"exercices": []any{map[string]any{"codeProfession": "10", "codeSavoirFaire": "SM04", "activities": []any{
			map[string]any{"codeModeExercice": "L", "raisonSocialeSite": "CABINET LEROY"},
			map[string]any{"codeModeExercice": "S", "raisonSocialeSite": "HOPITAL EXEMPLE"}}}}}}
}

// providerKey is of every world's provider: drawing one costs more than most tests.
var providerKey = sync.OnceValue(idp.NewKey)

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{clock: newClock(), t: t, keys: seal.NewRandomKeyring(), agent: "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"}
	w.idp = idp.New(idp.Options{Key: providerKey(), Issuer: issuer, WalletBase: wallet, ClientID: "pli", ClientSecret: "s&cret %", RedirectURIs: []string{callback},
		PostLogoutURIs: []string{leaving}, Now: w.Now, People: []idp.Person{
			{Key: "leroy", Label: "Dr Paul Leroy", Work: "médecin", Userinfo: claims("810007001372")},
			{Key: "solo", Label: "Claire Petit", Work: "infirmière", Userinfo: map[string]any{"SubjectNameID": "810007001745", "given_name": "CLAIRE",
				"family_name": "PETIT", "SubjectRole": []any{"60^1.2.250.1.213.1.1.5.5"}}}}})
	counted := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/token") {
			w.calls.Add(1)
			if w.gate != nil {
				<-w.gate
			}
		}
		if w.keysDown.Load() && strings.HasSuffix(r.URL.Path, "/certs") {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.idp.Handler().ServeHTTP(rw, r)
	})
	w.web = hosts{"auth.idp.test": counted, "wallet.idp.test": w.idp.Handler(), "pli.test": http.HandlerFunc(w.pli)}
	w.client = w.provider()
	var err error
	if w.db, err = store.Open(t.Context(), store.Options{Now: w.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.db.Close() })
	w.trail = audit.New(audit.Options{DB: w.db, Keys: w.keys, Node: "test", Now: w.Now})
	t.Cleanup(func() { w.trail.Close() })
	w.m = w.manager()
	w.browser = w.newBrowser()
	return w
}

func (w *world) provider() *identity.Provider {
	return identity.New(identity.Options{Issuer: issuer, Hosts: []string{"wallet.idp.test"}, ClientID: "pli", ClientSecret: "s&cret %", RedirectURL: callback, PostLogoutURL: leaving,
		HTTP: &http.Client{Transport: w.web}, Now: w.Now, Leeway: 10 * time.Second})
}

// restartProviderClient is a process that knows no key of the provider yet.
func (w *world) restartProviderClient() {
	w.client = w.provider()
	w.m = w.manager()
}

func (w *world) manager() *Manager {
	m := New(Options{DB: w.db, Keys: w.keys, Identity: w.client, Audit: w.trail, Now: w.Now, Secure: true, Log: slog.New(slog.NewTextHandler(w.t.Output(), nil))})
	m.OnEnd(func(id string, _ bool) {
		w.endMu.Lock()
		defer w.endMu.Unlock()
		w.ended = append(w.ended, id)
	})
	w.t.Cleanup(m.work.Wait)
	return m
}

func (w *world) newBrowser() *http.Client {
	jar, _ := cookiejar.New(nil)
	return &http.Client{Transport: w.web, Jar: jar}
}

// pli is the smallest web: what the handlers of the real one do with a Manager.
func (w *world) pli(rw http.ResponseWriter, r *http.Request) {
	fail := func(err error) bool {
		if err != nil {
			rw.WriteHeader(http.StatusTeapot)
			io.WriteString(rw, problem.KindOf(err).String()+": "+problem.SayOf(err))
		}
		return err != nil
	}
	switch r.URL.Path {
	case "/signin":
		to, pending, err := w.client.Begin(r.Context(), "/mail")
		if fail(err) || fail(w.m.Start(rw, r, pending)) {
			return
		}
		http.Redirect(rw, r, to, http.StatusSeeOther)
	case "/callback":
		pending, err := w.m.Pending(rw, r)
		if fail(err) {
			return
		}
		in, err := w.client.Finish(r.Context(), r.URL.Query(), pending)
		if fail(err) {
			return
		}
		_, err = w.m.SignIn(rw, r, in, account)
		if fail(err) {
			return
		}
		http.Redirect(rw, r, pending.Next, http.StatusSeeOther)
	case "/signout":
		to, err := w.m.EndSession(rw, r)
		if fail(err) {
			return
		}
		if to == "" {
			to = "/"
		}
		http.Redirect(rw, r, to, http.StatusSeeOther)
	default:
		s, ended, err := w.m.Current(r)
		switch {
		case fail(err):
		case s != nil && s.Mail != nil:
			io.WriteString(rw, "mail ended "+string(s.Mail.Reason))
		case s != nil:
			io.WriteString(rw, "in "+s.ID)
		case ended != nil:
			io.WriteString(rw, "ended "+string(ended.Reason))
		default:
			io.WriteString(rw, "nobody")
		}
	}
}

var requestID = regexp.MustCompile(`name="request" value="([A-Z2-7]+)"`)

func (w *world) get(c *http.Client, at string) string {
	w.t.Helper()
	req, _ := http.NewRequestWithContext(w.t.Context(), http.MethodGet, at, nil)
	req.Header.Set("User-Agent", w.agent)
	return w.read(c.Do(req))
}

func (w *world) post(c *http.Client, at string, form url.Values) string {
	w.t.Helper()
	req, _ := http.NewRequestWithContext(w.t.Context(), http.MethodPost, at, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", w.agent)
	return w.read(c.Do(req))
}

func (w *world) read(resp *http.Response, err error) string {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// until waits for a condition another goroutine brings about.
func (w *world) until(what string, met func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !met(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("never: %s", what)
		}
	}
}

// asked waits until the provider was asked for tokens since it had been before times.
func (w *world) asked(before int64) {
	w.t.Helper()
	w.until("the provider is asked", func() bool { return w.calls.Load() > before })
}

// signIn goes through the provider's page with a card and gives the session.
func (w *world) signIn(c *http.Client, person string) *Session {
	w.t.Helper()
	page := w.get(c, "https://pli.test/signin?next=/mail")
	id := requestID.FindStringSubmatch(page)
	if id == nil {
		w.t.Fatalf("no choice of persons: %s", page)
	}
	got := w.post(c, wallet+"/auth/choose", url.Values{"request": {id[1]}, "means": {"CARD"}, "person": {person}})
	if !strings.HasPrefix(got, "in ") {
		w.t.Fatalf("signed in: got %q", got)
	}
	_, s, err := w.m.load(w.t.Context(), strings.TrimPrefix(got, "in "))
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) home() string { w.t.Helper(); return w.get(w.browser, "https://pli.test/") }

func (w *world) want(got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Fatalf("got %q, want %q", got, want)
	}
}

func (w *world) credentials(s *Session) (string, error) {
	return w.m.Credentials(w.t.Context(), s.Actor, mssante.Address{})
}

func (w *world) mustCredentials(s *Session) string {
	w.t.Helper()
	token, err := w.credentials(s)
	if err != nil {
		w.t.Fatal(err)
	}
	if id, ok := w.idp.IntrospectToken(token); !ok || id != string(s.Actor.NationalID) {
		w.t.Fatalf("the token is not good for %s", s.Actor.NationalID)
	}
	return token
}

func (w *world) touch(s *Session) {
	w.t.Helper()
	if err := w.m.Touch(w.t.Context(), s.ID); err != nil {
		w.t.Fatal(err)
	}
	w.m.work.Wait()
}

// actions gives what the trail holds, oldest first.
func (w *world) actions() []string {
	w.t.Helper()
	rows, err := w.trail.Recent(w.t.Context(), audit.Filter{Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for i := len(rows) - 1; i >= 0; i-- {
		out = append(out, string(rows[i].Event.Action)+" "+rows[i].Event.Request)
	}
	return out
}
