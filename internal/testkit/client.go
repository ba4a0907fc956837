package testkit

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
)

// Client is one browser: its cookies, and the headers a browser sends.
type Client struct {
	Key  string // who signed in, "" for nobody
	kit  *Kit
	http *http.Client
}

// Answer is one response, read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	URL    *url.URL
	Cut    bool // the server broke the connection
}

// Text is the body.
func (a *Answer) Text() string { return string(a.Body) }

// Location is where a redirect leads, without our own host.
func (a *Answer) Location() string { return strings.TrimPrefix(a.Header.Get("Location"), Base) }

// Change alters a request before it leaves.
type Change func(*http.Request)

// With sets a header; an empty value removes it.
func With(name, value string) Change {
	return func(r *http.Request) {
		if value == "" {
			r.Header.Del(name)
			return
		}
		r.Header.Set(name, value)
	}
}

// Fragment makes the request what htmx sends.
func Fragment(r *http.Request) {
	r.Header.Set("HX-Request", "true")
	r.Header.Set("Sec-Fetch-Dest", "empty")
	r.Header.Set("Sec-Fetch-Mode", "same-origin")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
}

// For says what the response is loaded for: "iframe", "image", "empty"…
func For(dest string) Change {
	return func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Dest", dest)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if dest != "iframe" {
			r.Header.Set("Sec-Fetch-Mode", "no-cors")
		}
	}
}

// CrossSite makes the request come from another site.
func CrossSite(r *http.Request) {
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.Header.Set("Origin", "https://ailleurs.example")
}

// Get asks for a page as a click in Pli does; redirects are not followed.
func (c *Client) Get(path string, changes ...Change) *Answer {
	c.kit.t.Helper()
	return c.do(http.MethodGet, Base+path, nil, changes)
}

// Post sends a form as a click in Pli does; redirects are not followed.
func (c *Client) Post(path string, form url.Values, changes ...Change) *Answer {
	c.kit.t.Helper()
	return c.do(http.MethodPost, Base+path, form, changes)
}

// Follow is Get through every redirect inside Pli.
func (c *Client) Follow(path string, changes ...Change) *Answer {
	c.kit.t.Helper()
	a := c.Get(path, changes...)
	for range 10 {
		if a.Status < 300 || a.Status > 399 {
			return a
		}
		a = c.do(http.MethodGet, a.Header.Get("Location"), nil, changes)
	}
	c.kit.t.Fatalf("%s: too many redirects", path)
	return nil
}

func (c *Client) do(method, to string, form url.Values, changes []Change) *Answer {
	c.kit.t.Helper()
	if strings.HasPrefix(to, "/") {
		to = Base + to
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(c.kit.t.Context(), method, to, body)
	if err != nil {
		c.kit.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
	}
	for k, v := range map[string]string{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
		"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Accept": "text/html"} {
		r.Header.Set(k, v)
	}
	for _, change := range changes {
		change(r)
	}
	res, err := c.http.Do(r)
	if err != nil {
		c.kit.t.Fatalf("%s %s: %v", method, to, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return &Answer{Status: res.StatusCode, Header: res.Header, Body: b, URL: res.Request.URL, Cut: errors.Is(err, errCut)}
}

// Cookie gives the value of one of our cookies, "" when there is none.
func (c *Client) Cookie(name string) string {
	u, _ := url.Parse(Base)
	for _, k := range c.http.Jar.Cookies(u) {
		if k.Name == name {
			return k.Value
		}
	}
	return ""
}

func newClient(k *Kit) *Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		k.t.Fatal(err)
	}
	return &Client{kit: k, http: &http.Client{Jar: jar, Transport: &transport{k},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

var errCut = errors.New("connection cut by the server")

// transport hands a request to the handler its host stands for.
type transport struct{ kit *Kit }

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	h := t.kit.handlerFor(r.URL)
	if h == nil {
		return nil, fmt.Errorf("no such host: %s", r.URL.Host)
	}
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI, in.Host, in.RemoteAddr = r.URL.RequestURI(), r.URL.Host, "192.0.2.1:40000"
	w := httptest.NewRecorder()
	cut := serve(h, w, in)
	res := w.Result()
	res.Request = r
	if cut {
		res.Body = io.NopCloser(io.MultiReader(res.Body, failing{}))
	}
	return res, nil
}

// serve reports whether the handler broke the connection on purpose.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (cut bool) {
	defer func() {
		if v := recover(); v != nil {
			if err, ok := v.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			cut = true
		}
	}()
	h.ServeHTTP(w, r)
	return false
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errCut }

var hiddenRequest = regexp.MustCompile(`name="request" value="([^"]+)"`)

// signIn walks from our sign-in button through the provider's page and back. It
// gives the answer of the callback.
func (c *Client) signIn(key, next string) *Answer {
	c.kit.t.Helper()
	return c.signInAt("/sign-in", key, next)
}

// signInAt is signIn by another door of ours.
func (c *Client) signInAt(door, key, next string) *Answer {
	t := c.kit.t
	t.Helper()
	a := c.Post(door, url.Values{"next": {next}})
	if a.Status != http.StatusSeeOther {
		return a
	}
	a = c.do(http.MethodGet, a.Header.Get("Location"), nil, nil)
	if a.Status == http.StatusOK {
		m := hiddenRequest.FindSubmatch(a.Body)
		if m == nil {
			t.Fatalf("no request on the provider's page:\n%s", a.Body)
		}
		at := *a.URL
		at.Path, at.RawQuery = at.Path+"/choose", ""
		a = c.do(http.MethodPost, at.String(), url.Values{"request": {string(m[1])}, "means": {"CARD"}, "person": {key}}, nil)
	}
	if a.Status != http.StatusSeeOther {
		t.Fatalf("the provider answered %d:\n%s", a.Status, a.Body)
	}
	return c.do(http.MethodGet, a.Header.Get("Location"), nil, []Change{With("Sec-Fetch-Site", "cross-site")})
}

var situationKey = regexp.MustCompile(`name="situation"[^>]*value="([^"]+)"`)

func (c *Client) pickFirst() {
	c.kit.t.Helper()
	a := c.Get("/situations")
	m := situationKey.FindSubmatch(a.Body)
	if m == nil {
		c.kit.t.Fatalf("no situation to choose:\n%s", a.Body)
	}
	if a = c.Post("/situations", url.Values{"situation": {string(m[1])}, "next": {"/"}}); a.Status != http.StatusSeeOther {
		c.kit.t.Fatalf("choose a situation: %d", a.Status)
	}
}

// Request is what a Change alters.
type Request = http.Request
