package web_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/testkit"
)

// method changes the verb of a request.
func method(name string) testkit.Change { return func(r *testkit.Request) { r.Method = name } }

// Verbs nobody uses here change nothing, echo nothing and are kept by no cache.
func TestOddMethods(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	href := letterLinks(t, c, "/")[0]
	for _, verb := range []string{"OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "CONNECT", "PROPFIND", "INVENTED", "get"} {
		for _, path := range []string{"/sign-in", "/sessions", href, href + "/part/1", "/sessions/revoke", "/nowhere"} {
			a := c.Get(path, method(verb), testkit.With("X-Marker", "marker-of-the-request"))
			if a.Status != 405 && a.Status != 404 {
				t.Errorf("%s %s answered %d", verb, path, a.Status)
			}
			if strings.Contains(a.Text(), "marker-of-the-request") || a.Header.Get("Access-Control-Allow-Origin") != "" || !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
				t.Errorf("%s %s: %v", verb, path, a.Header)
			}
		}
	}
}

// HEAD opens no letter and reads no attachment.
func TestHead(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	b := open(t, k, "martin", people.MartinBox)
	inbox := c.Get(c.Get("/").Location()).Location()
	href := doc(t, ok(t, c.Get(inbox))).Find(".row.is-unread a.row-link").First().AttrOr("href", "")
	before := state(t, b)
	if a := c.Get(href, method("HEAD")); a.Status != 200 {
		t.Errorf("HEAD of a letter: %d", a.Status)
	}
	if state(t, b) != before {
		t.Error("HEAD marked the letter read")
	}
	for _, tail := range []string{"/part/1", "/zip", "/source", "/part/1/inline", "/part/1/picture", "/part/1/raw"} {
		if a := c.Get(href+tail, method("HEAD"), testkit.With("Sec-Fetch-Dest", "")); a.Status != 405 {
			t.Errorf("HEAD %s: %d", tail, a.Status)
		}
	}
}

// A name the browser or a cache was given for us leads nowhere: no answer repeats it.
func TestHostIsNotRepeated(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	h := k.App.Handler()
	for _, path := range []string{"/", "/sign-in", "/sign-in?next=/x", "/nowhere", "/sessions", "/signed-out", "/situations"} {
		for _, verb := range []string{http.MethodGet, http.MethodPost} {
			r := httptest.NewRequest(verb, path, strings.NewReader("next=/x"))
			r.Host = "evil.example"
			for name, v := range map[string]string{"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "X-Original-URL": "/evil.example", "X-Rewrite-URL": "/evil.example",
				"Forwarded": "host=evil.example", "Cookie": "__Host-pli=" + c.Cookie("__Host-pli"), "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"} {
				r.Header.Set(name, v)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if strings.Contains(fmt.Sprint(w.Header())+w.Body.String(), "evil.example") {
				t.Errorf("%s %s repeats it: %d %v", verb, path, w.Code, w.Header())
			}
		}
	}
}

// Attack 46: whatever goes wrong, no cache keeps it and no sender's policy is lost.
func TestErrorsAreNotKept(t *testing.T) {
	t.Parallel()
	k := testkit.New(t, testkit.Limited(40, 20))
	c := k.SignIn("martin")
	href := letterLinks(t, c, "/")[0]
	seen := map[int]bool{}
	check := func(name string, a *testkit.Answer) {
		t.Helper()
		seen[a.Status] = true
		h := a.Header
		if h.Get("Cache-Control") != "no-store, private" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") == "" || h.Get("Strict-Transport-Security") == "" || h.Get("ETag")+h.Get("Last-Modified") != "" {
			t.Errorf("%s (%d): %v", name, a.Status, h)
		}
	}
	check("no such page", c.Get("/nowhere"))
	check("no such letter", c.Get(href[:strings.LastIndexByte(href, '/')]+"/4294967295"))
	check("no such part", c.Get(href+"/part/9.9.9"))
	check("a verb", c.Post("/journal", nil))
	check("another site", c.Post("/sign-out", url.Values{}, testkit.CrossSite))
	check("wrong place", c.Get(href+"/body", testkit.For("script")))
	check("too big", c.Post("/sessions/revoke", values("id", strings.Repeat("a", 300<<10))))
	check("no picture", c.Get(href+"/part/1/picture", testkit.For("image")))
	check("nobody", k.Browser().Get("/"))
	check("nobody's picture", k.Browser().Get(href+"/part/1/picture", testkit.For("image")))
	check("a bad callback", k.Browser().Get("/sign-in/callback?code=x&state=y"))
	for range 60 {
		c.Get("/sessions")
	}
	check("too many", c.Get("/sessions"))
	for _, status := range []int{303, 400, 401, 403, 404, 405, 410, 413, 429} {
		if !seen[status] {
			t.Errorf("no answer was a %d", status)
		}
	}
}

// Whoever asks for what is not there is counted too: pages of refusal cost work.
func TestStrayAddressesAreCounted(t *testing.T) {
	t.Parallel()
	k := testkit.New(t, testkit.Limited(2, 1000))
	c := k.Browser()
	for _, ask := range []func() int{func() int { return c.Get("/nowhere").Status }, func() int { return c.Post("/journal", nil).Status }} {
		last := 0
		for range 50 { // ten times the rate of a session for one address
			last = ask()
		}
		if last != http.StatusTooManyRequests {
			t.Errorf("fifty stray requests, the last one answered %d", last)
		}
	}
}

// Very long addresses are refused or ignored, and never said again.
func TestLongAddresses(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	long := strings.Repeat("abcdefgh", 7500)
	for _, path := range []string{"/" + long, "/mail/" + long, "/static/" + long, "/sign-in?next=/" + long, "/?" + long, "/mail/" + strings.Repeat("a/", 30000), "/situations?next=/" + long} {
		a := c.Get(path)
		if a.Status >= 500 || a.Status == 200 && strings.Contains(a.Text(), long[:4000]) || strings.Contains(a.Header.Get("Location"), long[:4000]) {
			t.Errorf("%.40s… answered %d with it", path, a.Status)
		}
	}
	if strings.Contains(k.Logs.String(), long[:200]) {
		t.Error("a long address is in the log")
	}
}

// A file comes whole or not at all: no part of one can be asked for, and nothing is
// unpacked that a client sent.
func TestRangesAndPackedForms(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	href := letterLinks(t, c, "/")[0]
	whole := ok(t, c.Get(href+"/part/1"))
	for _, r := range []string{"bytes=0-0", "bytes=0-0,1-1,2-2", "bytes=" + strings.Repeat("0-,", 5000) + "0-", "bytes=99999999999-", "pages=1"} {
		if a := c.Get(href+"/part/1", testkit.With("Range", r)); a.Status != 200 || !bytes.Equal(a.Body, whole.Body) {
			t.Errorf("Range %.30s: %d, %d bytes of %d", r, a.Status, len(a.Body), len(whole.Body))
		}
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, "ref="+url.QueryEscape(strings.Join(strings.Split(strings.SplitN(href, "?", 2)[0], "/")[3:6], "/")))
	_ = z.Close()
	a := c.Post("/mail/"+strings.Split(href, "/")[2]+"/act?do=star", nil, func(r *testkit.Request) {
		r.Body, r.ContentLength = io.NopCloser(&packed), int64(packed.Len())
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Content-Encoding", "gzip")
	})
	if a.Status != 400 {
		t.Errorf("a packed form was unpacked: %d", a.Status)
	}
}

// BREACH: what another site made the browser ask for tells nothing by its length.
func TestCompressionOnlyForOurselves(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	gz := testkit.With("Accept-Encoding", "gzip")
	for site, want := range map[string]string{"same-origin": "gzip", "none": "gzip", "": "gzip", "cross-site": "", "same-site": ""} {
		a := c.Get("/sessions", gz, testkit.With("Sec-Fetch-Site", site))
		if a.Status != 200 || a.Header.Get("Content-Encoding") != want {
			t.Errorf("%q: %d, %q", site, a.Status, a.Header.Get("Content-Encoding"))
		}
	}
}

// A session opens by its own cookie only, under its own name.
func TestCookieNames(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	value := k.SignIn("martin").Cookie("__Host-pli")
	id, secret, _ := strings.Cut(value, ".")
	for _, cookie := range []string{"pli=" + value, "__host-pli=" + value, "__Secure-pli=" + value, "__Host-pli-signin=" + value, "__Host-pli=" + id, "__Host-pli=" + id + ".",
		"__Host-pli=" + strings.ToLower(value), "__Host-pli=" + secret + "." + id, "__Host-pli=" + id + "." + secret + ".x", "__Host-pli=x; __Host-pli=" + value} {
		if a := k.Browser().Get("/sessions", testkit.With("Cookie", cookie)); a.Status != 303 {
			t.Errorf("%.20s… opens: %d", cookie, a.Status)
		}
	}
	ok(t, k.Browser().Get("/sessions", testkit.With("Cookie", "__Host-pli="+value)))
}

// Two readings of one request: what a proxy in front could cut elsewhere is refused.
func TestAmbiguousRequests(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(shared.For(t).App.Handler())
	defer srv.Close()
	for name, head := range map[string]string{
		"two lengths":           "Content-Length: 4\r\nContent-Length: 5\r\n",
		"a signed length":       "Content-Length: +4\r\n",
		"an unknown coding":     "Transfer-Encoding: xchunked\r\n",
		"two codings":           "Transfer-Encoding: chunked, identity\r\n",
		"a space before colon":  "Content-Length : 4\r\n",
		"a control in a value":  "X-A: a\x00b\r\n",
		"two hosts":             "Host: evil.example\r\n",
		"a carriage return":     "X-A: a\rContent-Length: 4\r\n",
		"length in hexadecimal": "Content-Length: 0x4\r\n",
	} {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		_, _ = io.WriteString(conn, "POST /sign-in HTTP/1.1\r\nHost: pli.test\r\nSec-Fetch-Site: same-origin\r\n"+head+"\r\nnext")
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if res.StatusCode != 400 && res.StatusCode != 501 {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
		conn.Close()
	}
}
