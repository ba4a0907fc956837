package web_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/testkit"
)

// What each address really sends, by the first words of its policy and the rest of
// its set; the exact strings are in headers_test.go.
func TestEachAddressSendsItsSet(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	href := ""
	for _, l := range letterLinks(t, c, "/") {
		if doc(t, ok(t, c.Get(l, testkit.Fragment))).Find("[data-testid=download-all]").Length() > 0 {
			href = l
			break
		}
	}
	const page, sandbox, body = "default-src 'none'; script-src 'nonce-", "sandbox; default-src 'none'", "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src 'self' data:;"
	for path, want := range map[string][4]string{ // policy, referrer, opener, disposition
		"/sign-in":       {page, "same-origin", "same-origin", ""},
		"/sessions":      {page, "same-origin", "same-origin", ""},
		"/journal":       {page, "same-origin", "same-origin", ""},
		"/nowhere":       {page, "same-origin", "same-origin", ""},
		href:             {page, "same-origin", "same-origin", ""},
		href + "/print":  {page, "same-origin", "same-origin", ""},
		href + "/body":   {body, "no-referrer", "", ""},
		href + "/source": {sandbox, "no-referrer", "same-origin", ""},
		href + "/part/1": {sandbox, "no-referrer", "same-origin", "attachment"},
		href + "/zip":    {sandbox, "no-referrer", "same-origin", "attachment"},
		"/healthz":       {"default-src 'none'; form-action 'none'", "same-origin", "same-origin", ""},
	} {
		a := c.Get(path, testkit.With("Sec-Fetch-Dest", ""))
		h := a.Header
		disposition, _, _ := strings.Cut(h.Get("Content-Disposition"), ";")
		if !strings.HasPrefix(h.Get("Content-Security-Policy"), want[0]) || h.Get("Referrer-Policy") != want[1] ||
			h.Get("Cross-Origin-Opener-Policy") != want[2] || disposition != want[3] {
			t.Errorf("%s (%d): %q, %q, %q, %q", path, a.Status, h.Get("Content-Security-Policy"), h.Get("Referrer-Policy"), h.Get("Cross-Origin-Opener-Policy"), disposition)
		}
		if h.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s: no HSTS over https", path)
		}
		if len(h.Values("Content-Security-Policy")) != 1 {
			t.Errorf("%s: %d policies", path, len(h.Values("Content-Security-Policy")))
		}
	}
	if csp := c.Get("/sign-in", testkit.With("Cookie", "")).Header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https://") {
		t.Errorf("the sign-in form cannot reach the provider: %s", csp)
	}
	first, second := c.Get("/journal"), c.Get("/journal")
	if first.Header.Get("Content-Security-Policy") == second.Header.Get("Content-Security-Policy") {
		t.Error("the nonce is used twice")
	}
}

func TestCookiesAreHardened(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	_, a := k.TrySignIn("martin", "/")
	found := false
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if c.Name == "__Host-pli" {
			found = true
			if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("cookie %+v", c)
			}
		}
	}
	if !found {
		t.Error("no session cookie")
	}
}

// Pages and style sheets are compressed, files and pictures come as they are; a
// client that did not ask gets plain bytes.
func TestCompression(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	srv := httptest.NewServer(k.App.Handler())
	defer srv.Close()
	for accept, want := range map[string]string{"gzip, br": "gzip", "br": "", "gzip;q=0": "", "": ""} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/sign-in", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", accept)
		res, err := (&http.Transport{DisableCompression: true}).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body := io.Reader(res.Body)
		if res.Header.Get("Content-Encoding") != want {
			t.Errorf("asked %q, got %q", accept, res.Header.Get("Content-Encoding"))
		}
		if want == "gzip" {
			if body, err = gzip.NewReader(res.Body); err != nil {
				t.Fatal(err)
			}
		}
		b, err := io.ReadAll(body)
		if err != nil || !strings.Contains(string(b), "signin-button") {
			t.Errorf("asked %q: %v, %d bytes", accept, err, len(b))
		}
	}
}

// A nonce in a compressed page next to what a query says: the page echoes no query
// but next, and holds no secret (BREACH has nothing to guess).
func TestSignInPageEchoesLocalPathsOnly(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	a := ok(t, k.Browser().Get("/sign-in?next=%2Fmail%2Fx&say=injected&why=injected"))
	if strings.Contains(a.Text(), "injected") {
		t.Error("the page echoes a parameter")
	}
}

// Past its rate a session is told to wait, in words; another session is not.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	k := testkit.New(t, testkit.Limited(30, 1_000))
	c, other := k.SignIn("martin"), k.SignIn("benali")
	var last *testkit.Answer
	for range 40 {
		last = c.Get("/journal")
	}
	if last.Status != 429 || !strings.Contains(last.Text(), "Attendez") || last.Header.Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q", last.Status, last.Header.Get("Retry-After"))
	}
	ok(t, other.Get("/journal"))
	k = testkit.New(t, testkit.Limited(1_000, 10))
	b := k.Browser()
	for range 15 {
		last = b.Get("/sign-in")
	}
	if last.Status != 429 {
		t.Errorf("sign-in: %d", last.Status)
	}
}

// Inventing a cookie at each request buys nothing: what is not verified is counted by
// address, and past a rate of its own an address is refused before any look-up.
func TestRateLimitOfInventedCookies(t *testing.T) {
	t.Parallel()
	const perSession = 20
	k := testkit.New(t, testkit.Limited(perSession, 1_000))
	c := k.SignIn("martin")
	ok(t, c.Get("/journal"))
	stranger := k.Browser()
	invented := func(i int) *testkit.Answer {
		cookie := fmt.Sprintf("__Host-pli=%026s.%026s", strings.Repeat("A", i%20+1), "B")
		return stranger.Get("/journal", testkit.With("Cookie", strings.ReplaceAll(cookie, " ", "C")))
	}
	refused := 0
	for i := range 2 * perSession {
		if invented(i).Status == 429 {
			refused++
		}
	}
	if refused != perSession {
		t.Errorf("%d of %d requests with invented cookies refused, want %d", refused, 2*perSession, perSession)
	}
	ok(t, c.Get("/journal")) // a real session behind the same address is not refused with them
	for i := range 10 * perSession {
		invented(i)
	}
	if a := c.Get("/journal"); a.Status != 429 {
		t.Errorf("the address is not refused before the look-up: %d", a.Status)
	}
}

// A letter moved elsewhere is gone, never another one, and the page says where to
// look.
func goneLetter(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	links := letterLinks(t, c, "/")
	href := links[len(links)-1]
	parts := strings.Split(strings.SplitN(href, "?", 2)[0], "/")
	if a := c.Post("/mail/"+parts[2]+"/act?do=archive", values("ref", strings.Join(parts[3:6], "/"))); a.Status != 303 {
		t.Fatal(a.Status)
	}
	a := c.Get(href)
	d := doc(t, a)
	if a.Status != 410 || d.Find("[data-testid=error-act]").AttrOr("href", "") != strings.Join(parts[:4], "/") {
		t.Errorf("%d, next act %q", a.Status, d.Find("[data-testid=error-act]").AttrOr("href", ""))
	}
	k.Clock.Advance(time.Minute)
}
