package idp

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	issuer   = "https://auth.idp.test/auth/realms/esante-wallet"
	wallet   = "https://wallet.idp.test"
	tokenAt  = issuer + "/protocol/openid-connect/token"
	callback = "https://pli.test/callback"
	left     = "https://pli.test/left"
	verifier = "0123456789012345678901234567890123456789abc"
)

// bench is a provider and one browser in front of it; no ports.
type bench struct {
	t  *testing.T
	p  *Provider
	mu sync.Mutex
	at time.Time
	c  *http.Client
}

func (b *bench) now() time.Time { b.mu.Lock(); defer b.mu.Unlock(); return b.at }

func (b *bench) move(d time.Duration) { b.mu.Lock(); defer b.mu.Unlock(); b.at = b.at.Add(d) }

func (b *bench) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if r.URL.Host == "pli.test" {
		w.WriteString("back at the client")
	} else {
		in := r.Clone(r.Context())
		in.RequestURI = r.URL.RequestURI()
		b.p.Handler().ServeHTTP(w, in)
	}
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, at: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)}
	b.p = New(Options{Issuer: issuer, WalletBase: wallet, ClientID: "pli", ClientSecret: "secret", RedirectURIs: []string{callback},
		PostLogoutURIs: []string{left}, Now: b.now, People: []Person{
			{Key: "leroy", Label: "Dr Paul Leroy", Work: "médecin", About: "généraliste <1>", Userinfo: map[string]any{"SubjectNameID": "810007001372", "given_name": "Paul"}},
			{Key: "petit", Label: "Claire Petit", Work: "infirmière", Userinfo: map[string]any{"SubjectNameID": "810007001745"}}}})
	jar, _ := cookiejar.New(nil)
	b.c = &http.Client{Transport: b, Jar: jar}
	return b
}

func (b *bench) do(method, at string, form url.Values, header ...string) (*http.Response, string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, at, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := b.c.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp, string(body)
}

func (b *bench) api(form url.Values, at string) (int, map[string]any) {
	b.t.Helper()
	resp, body := b.do("POST", at, form, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("pli:secret")))
	var out map[string]any
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		b.t.Fatalf("%s: %s", at, body)
	}
	return resp.StatusCode, out
}

func authorizeURL(change func(url.Values)) string {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{"response_type": {"code"}, "client_id": {"pli"}, "redirect_uri": {callback}, "scope": {"openid scope_all"}, "acr_values": {"eidas1"},
		"state": {"st"}, "nonce": {"no"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
	if change != nil {
		change(q)
	}
	return wallet + "/auth?" + q.Encode()
}

var requestID = regexp.MustCompile(`name="request" value="([A-Z2-7]+)"`)

// page opens authorize and gives the id of the request in the page.
func (b *bench) page(change func(url.Values)) string {
	b.t.Helper()
	_, body := b.do("GET", authorizeURL(change), nil)
	m := requestID.FindStringSubmatch(body)
	if m == nil {
		b.t.Fatalf("no page of persons: %s", body)
	}
	return m[1]
}

// answer is where the browser ended up at the client.
func answer(resp *http.Response) url.Values { return resp.Request.URL.Query() }

func (b *bench) code() string {
	b.t.Helper()
	resp, _ := b.do("POST", wallet+"/auth/choose", url.Values{"request": {b.page(nil)}, "means": {"CARD"}, "person": {"leroy"}})
	q := answer(resp)
	if q.Get("iss") != issuer || q.Get("state") != "st" || q.Get("code") == "" || q.Get("session_state") == "" {
		b.t.Fatalf("answer %v", q)
	}
	return q.Get("code")
}

func redeem(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}
}

func renew(token any) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}}
}

func (b *bench) tokens() map[string]any {
	b.t.Helper()
	status, out := b.api(redeem(b.code()), tokenAt)
	if status != 200 {
		b.t.Fatalf("token: %v", out)
	}
	return out
}
