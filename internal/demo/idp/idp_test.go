package idp

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestWire(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tok := b.tokens()
	if tok["expires_in"] != 120.0 || tok["refresh_expires_in"] != 1800.0 || tok["token_type"] != "Bearer" || tok["not-before-policy"] != 0.0 ||
		tok["session_state"] == "" || tok["scope"] != "openid scope_all" {
		t.Errorf("token response: %v", tok)
	}
	claims := func(name string) (out map[string]any) {
		part := strings.Split(tok[name].(string), ".")[1]
		raw, _ := base64.RawURLEncoding.DecodeString(part)
		json.Unmarshal(raw, &out)
		return out
	}
	id, access := claims("id_token"), claims("access_token")
	for k, want := range map[string]any{"iss": issuer, "aud": "pli", "azp": "pli", "typ": "ID", "nonce": "no", "acr": "eidas3",
		"sub": subjectStore + "810007001372", "sid": tok["session_state"], "session_state": tok["session_state"]} {
		if id[k] != want {
			t.Errorf("id_token %s = %v, want %v", k, id[k], want)
		}
	}
	if access["typ"] != "Bearer" || access["exp"].(float64)-access["iat"].(float64) != 120 || id["at_hash"] == nil {
		t.Errorf("access token %v, id_token %v", access, id)
	}
	introspectAt := tokenAt + "/introspect"
	if _, in := b.api(url.Values{"token": {tok["access_token"].(string)}}, introspectAt); in["active"] != true || in["SubjectNameID"] != "810007001372" || in["acr"] != "eidas3" {
		t.Errorf("introspection: %v", in)
	}
	if _, in := b.api(url.Values{"token": {tok["refresh_token"].(string)}}, introspectAt); in["active"] != true || in["SubjectNameID"] != nil {
		t.Errorf("introspection of the refresh token: %v", in)
	}
	if status, in := b.api(url.Values{"token": {"x"}}, introspectAt); status != 200 || len(in) != 1 || in["active"] != false {
		t.Errorf("introspection of nothing: %d %v", status, in)
	}
	resp, body := b.do("GET", issuer+"/protocol/openid-connect/userinfo", nil, "Authorization", "Bearer "+tok["access_token"].(string))
	if resp.StatusCode != 200 || !strings.Contains(body, `"authMode":"CARD"`) || !strings.Contains(body, subjectStore) {
		t.Errorf("userinfo: %s", body)
	}
	for _, bad := range []string{"Bearer " + tok["refresh_token"].(string), "Bearer x", "x", ""} {
		if resp, _ := b.do("GET", issuer+"/protocol/openid-connect/userinfo", nil, "Authorization", bad); resp.StatusCode != 401 {
			t.Errorf("userinfo with %.20q: %d", bad, resp.StatusCode)
		}
	}
	if id, ok := b.p.IntrospectToken(tok["access_token"].(string)); !ok || id != "810007001372" {
		t.Errorf("in process: %q", id)
	}
	b.move(accessLife)
	if _, ok := b.p.IntrospectToken(tok["access_token"].(string)); ok {
		t.Error("the access token outlived its two minutes")
	}
	if resp, _ := b.do("GET", issuer+"/.well-known/openid-configuration", nil); resp.StatusCode != 404 {
		t.Error("the standard discovery path answers")
	}
	if _, body := b.do("GET", issuer+"/.well-known/wallet-openid-configuration", nil); !strings.Contains(body, `"authorization_endpoint":"`+wallet+`/auth"`) {
		t.Errorf("discovery: %s", body)
	}
}

func TestAuthorizeRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, row := range map[string]struct {
		change func(url.Values)
		want   string // error sent back; "" = a page, nothing sent
	}{
		"foreign redirect":    {func(q url.Values) { q.Set("redirect_uri", callback+"/") }, ""},
		"no redirect":         {func(q url.Values) { q.Del("redirect_uri") }, ""},
		"foreign client":      {func(q url.Values) { q.Set("client_id", "x") }, ""},
		"implicit":            {func(q url.Values) { q.Set("response_type", "token") }, "unsupported_response_type"},
		"no PKCE":             {func(q url.Values) { q.Del("code_challenge"); q.Del("code_challenge_method") }, "invalid_request"},
		"plain PKCE":          {func(q url.Values) { q.Set("code_challenge_method", "plain") }, "invalid_request"},
		"no openid":           {func(q url.Values) { q.Set("scope", "email") }, "invalid_scope"},
		"prompt=none, nobody": {func(q url.Values) { q.Set("prompt", "none") }, "login_required"},
	} {
		resp, body := b.do("GET", authorizeURL(row.change), nil)
		got := answer(resp)
		if row.want == "" && (resp.StatusCode != 400 || resp.Request.URL.Host == "pli.test" || !strings.Contains(body, "Demande refusée")) {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
		if row.want != "" && (got.Get("error") != row.want || got.Get("iss") != issuer || got.Get("state") != "st" || got.Has("code")) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTokenRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	code := b.code()
	for name, change := range map[string]func(url.Values){
		"no verifier":    func(f url.Values) { f.Del("code_verifier") },
		"wrong verifier": func(f url.Values) { f.Set("code_verifier", verifier+"x") },
		"other redirect": func(f url.Values) { f.Set("redirect_uri", left) },
		"unknown code":   func(f url.Values) { f.Set("code", "x") },
	} {
		form := redeem(b.codeAgain())
		change(form)
		if status, out := b.api(form, tokenAt); status != 400 || out["error"] != "invalid_grant" {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	b.move(codeLife + time.Second)
	if status, out := b.api(redeem(code), tokenAt); status != 400 || out["error"] != "invalid_grant" {
		t.Errorf("old code: %d %v", status, out)
	}
	for _, secret := range []string{"", "wrong"} {
		form := redeem(b.codeAgain())
		form.Set("client_id", "pli")
		form.Set("client_secret", secret)
		if resp, body := b.do("POST", tokenAt, form); resp.StatusCode != 401 || !strings.Contains(body, "invalid_client") {
			t.Errorf("secret %q: %d %s", secret, resp.StatusCode, body)
		}
	}
	form := redeem(b.codeAgain())
	form.Set("client_id", "pli")
	form.Set("client_secret", "secret")
	if resp, _ := b.do("POST", tokenAt, form); resp.StatusCode != 200 {
		t.Error("client_secret_post refused")
	}
	if status, out := b.api(url.Values{"grant_type": {"password"}}, tokenAt); status != 400 || out["error"] != "unsupported_grant_type" {
		t.Errorf("password grant: %v", out)
	}
}

// codeAgain uses the signed-in browser: no page is shown.
func (b *bench) codeAgain() string {
	b.t.Helper()
	resp, body := b.do("GET", authorizeURL(nil), nil)
	if answer(resp).Get("code") == "" {
		b.t.Fatalf("asked again: %s", body)
	}
	return answer(resp).Get("code")
}

func TestReuseKills(t *testing.T) {
	t.Parallel()
	t.Run("code", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		code := b.code()
		_, tok := b.api(redeem(code), tokenAt)
		if status, _ := b.api(redeem(code), tokenAt); status != 400 {
			t.Fatal("a code was used twice")
		}
		if _, ok := b.p.IntrospectToken(tok["access_token"].(string)); ok {
			t.Error("the tokens of a stolen code live on")
		}
	})
	t.Run("refresh", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		tok := b.tokens()
		b.move(time.Minute)
		status, next := b.api(renew(tok["refresh_token"]), tokenAt)
		if status != 200 || next["refresh_token"] == tok["refresh_token"] {
			t.Fatalf("not rotated: %v", next)
		}
		if status, out := b.api(renew(tok["refresh_token"]), tokenAt); status != 400 || out["error"] != "invalid_grant" {
			t.Fatalf("reused: %v", out)
		}
		if status, _ := b.api(renew(next["refresh_token"]), tokenAt); status != 400 {
			t.Error("the session survived the reuse of a refresh token")
		}
	})
	t.Run("two sign-ins of one browser do not disturb each other", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		one := b.tokens()
		_, two := b.api(redeem(b.codeAgain()), tokenAt)
		for _, tok := range []map[string]any{one, two} {
			if status, out := b.api(renew(tok["refresh_token"]), tokenAt); status != 200 {
				t.Errorf("refresh: %v", out)
			}
		}
	})
}

func TestRefreshSlides(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tok := b.tokens()
	for range 8 {
		b.move(29 * time.Minute)
		status, next := b.api(renew(tok["refresh_token"]), tokenAt)
		if status != 200 {
			t.Fatalf("refresh: %v", next)
		}
		tok = next
	}
	if tok["refresh_expires_in"] != 480.0 { // 4 h − 8 × 29 min
		t.Errorf("the refresh token goes beyond the session: %v s", tok["refresh_expires_in"])
	}
	b.move(8 * time.Minute)
	if status, _ := b.api(renew(tok["refresh_token"]), tokenAt); status != 400 {
		t.Error("refreshed after four hours")
	}
	idle := newBench(t)
	tok = idle.tokens()
	idle.move(refreshLife)
	if status, _ := idle.api(renew(tok["refresh_token"]), tokenAt); status != 400 {
		t.Error("refreshed after thirty idle minutes")
	}
}

func TestECPS(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	start := func() string {
		id := b.page(func(q url.Values) { q.Set("prompt", "login") })
		_, body := b.do("POST", wallet+"/auth/choose", url.Values{"request": {id}, "means": {"MOBILE"}, "person": {"petit"}})
		if !regexp.MustCompile(`data-testid="idp-digits">\d\d<`).MatchString(body) || !strings.Contains(body, "Confirmez sur votre mobile") {
			t.Fatalf("confirm page: %s", body)
		}
		return id
	}
	resp, _ := b.do("POST", wallet+"/auth/confirm", url.Values{"request": {start()}, "refuse": {"1"}})
	if q := answer(resp); q.Get("error") != "access_denied" || q.Get("iss") != issuer || q.Has("code") {
		t.Errorf("refused on the phone: %v", q)
	}
	id := start()
	resp, _ = b.do("POST", wallet+"/auth/confirm", url.Values{"request": {id}, "confirm": {"1"}})
	_, tok := b.api(redeem(answer(resp).Get("code")), tokenAt)
	if who, ok := b.p.IntrospectToken(tok["access_token"].(string)); !ok || who != "810007001745" {
		t.Errorf("e-CPS: %q", who)
	}
	if _, in := b.api(url.Values{"token": {tok["access_token"].(string)}}, tokenAt+"/introspect"); in["acr"] != "eidas1" {
		t.Errorf("acr %v", in["acr"])
	}
	if resp, _ := b.do("POST", wallet+"/auth/confirm", url.Values{"request": {id}, "confirm": {"1"}}); resp.StatusCode != 400 {
		t.Error("a page was answered twice")
	}
	// Nobody was picked: the phone has nothing to confirm.
	resp, _ = b.do("POST", wallet+"/auth/confirm", url.Values{"request": {b.page(func(q url.Values) { q.Set("prompt", "login") })}, "confirm": {"1"}})
	if answer(resp).Get("error") != "access_denied" {
		t.Error("confirmed without a person")
	}
}

func TestSingleSignOnAndLogout(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tokens()
	b.codeAgain()
	b.move(ssoIdle)
	b.page(nil) // asked again after thirty idle minutes

	b = newBench(t)
	tok := b.tokens()
	logout := issuer + "/protocol/openid-connect/logout?"
	if resp, _ := b.do("GET", logout+url.Values{"id_token_hint": {tok["id_token"].(string)}, "post_logout_redirect_uri": {left + "/x"}}.Encode(), nil); resp.StatusCode != 400 {
		t.Error("an unregistered address was followed")
	}
	b.codeAgain()
	b.move(10 * time.Minute) // the id_token has expired; it is still a hint
	resp, body := b.do("GET", logout+url.Values{"id_token_hint": {tok["id_token"].(string)}, "post_logout_redirect_uri": {left}, "state": {"bye"}}.Encode(), nil)
	if resp.Request.URL.String() != left+"?state=bye" {
		t.Errorf("after logout: %s %s", resp.Request.URL, body)
	}
	b.page(nil)

	// Without a hint the person is asked. The demo has one host: the wallet's cookie
	// reaches the issuer too.
	b = newBench(t)
	b.tokens()
	at, _ := url.Parse(wallet)
	to, _ := url.Parse(issuer)
	b.c.Jar.SetCookies(to, b.c.Jar.Cookies(at))
	_, body = b.do("GET", logout+url.Values{"id_token_hint": {"forged"}, "post_logout_redirect_uri": {left}}.Encode(), nil)
	if !strings.Contains(body, "idp-logout-confirm") {
		t.Errorf("not asked: %s", body)
	}
	b.codeAgain()
	resp, _ = b.do("POST", strings.TrimSuffix(logout, "?"), url.Values{"confirm": {"1"}, "post_logout_redirect_uri": {left}})
	if resp.Request.URL.String() != left {
		t.Errorf("after the click: %s", resp.Request.URL)
	}
	b.page(nil)
}

func TestRefuseAndNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	resp, _ := b.do("POST", wallet+"/auth/choose", url.Values{"request": {b.page(nil)}, "refuse": {"1"}})
	if answer(resp).Get("error") != "access_denied" {
		t.Errorf("refuse: %v", answer(resp))
	}
	if resp, _ := b.do("POST", wallet+"/auth/choose", url.Values{"request": {b.page(nil)}, "person": {"nobody"}}); resp.StatusCode != 400 {
		t.Error("an unknown person was let in")
	}
	id := b.page(nil)
	b.move(requestLife + time.Second)
	if resp, _ := b.do("POST", wallet+"/auth/choose", url.Values{"request": {id}, "person": {"leroy"}}); resp.StatusCode != 400 {
		t.Error("an old page was answered")
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	resp, body := b.do("GET", authorizeURL(nil), nil)
	for _, want := range []string{`<html lang="fr">`, "Doublure de démonstration", "pas le vrai Pro Santé Connect", `data-testid="idp-card"`, `data-testid="idp-ecps"`,
		`data-testid="idp-person-leroy"`, `data-testid="idp-refuse"`, "généraliste &lt;1&gt;", "<h1>", "<legend>"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(body, "<script") || strings.Contains(body, "style=") {
		t.Error("script or inline style in the page")
	}
	want := "default-src 'none'; style-src 'self' " + wallet + "; form-action 'self' https://auth.idp.test https://pli.test " + wallet + "; base-uri 'none'; frame-ancestors 'none'"
	if got := resp.Header.Get("Content-Security-Policy"); got != want {
		t.Errorf("CSP %q, want %q", got, want)
	}
	if resp, css := b.do("GET", wallet+"/style.css", nil); resp.StatusCode != 200 || strings.Contains(css, "url(") || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/css") {
		t.Error("style sheet")
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tok := b.tokens()
	b.p.Stop()
	if resp, body := b.do("GET", issuer+"/.well-known/wallet-openid-configuration", nil); resp.StatusCode != 503 || body != "" {
		t.Errorf("stopped: %d %q", resp.StatusCode, body)
	}
	if _, ok := b.p.IntrospectToken(tok["access_token"].(string)); ok {
		t.Error("a stopped provider vouches for a token")
	}
	// On a real connection it hangs up.
	server := httptest.NewServer(b.p.Handler())
	defer server.Close()
	if resp, err := http.Get(server.URL + "/auth"); err == nil {
		resp.Body.Close()
		t.Errorf("stopped on a socket: %d", resp.StatusCode)
	}
	b.p.Start()
	if _, ok := b.p.IntrospectToken(tok["access_token"].(string)); !ok {
		t.Error("sessions were lost by a stop")
	}
}
