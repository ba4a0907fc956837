package identity

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"pli.example/pli/internal/problem"
)

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

func logoutClaims() object {
	return object{"iss": issuer, "aud": "pli", "sub": sub, "sid": "s", "iat": now.Unix(), "exp": now.Unix() + 120, "jti": "j1",
		"events": object{logoutEvent: object{}}}
}

// typed signs with a typ in the header.
func typed(t *testing.T, typ string, claims object) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: rsaKey(), KeyID: "rsa"}}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		t.Fatal(err)
	}
	payload, _ := json.Marshal(claims)
	jws, err := s.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Attack 44: only the provider's own order of the minute ends sessions.
func TestVerifyLogout(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	p := f.provider(nil)
	for name, change := range map[string]func(object){
		"sid and sub": func(object) {}, "sub alone": func(c object) { delete(c, "sid") }, "sid alone": func(c object) { delete(c, "sub") },
		"several audiences": func(c object) { c["aud"] = []string{"other", "pli"} }, "within the leeway": func(c object) { c["iat"] = now.Unix() + 9 },
		"Keycloak's typ": func(c object) { c["typ"] = "Logout" },
	} {
		c := logoutClaims()
		change(c)
		out, err := p.VerifyLogout(t.Context(), sign(t, jose.RS256, rsaKey(), "rsa", c))
		if err != nil || out.TokenID != "j1" || out.Subject == "" && out.Session == "" || !out.Until.After(now.Add(logoutMaxAge)) {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
	for name, change := range map[string]func(object){
		"another issuer": func(c object) { c["iss"] = issuer + "/" }, "another audience": func(c object) { c["aud"] = "other" }, "no audience": func(c object) { delete(c, "aud") },
		"nobody": func(c object) { delete(c, "sub"); delete(c, "sid") }, "no jti": func(c object) { delete(c, "jti") }, "no events": func(c object) { delete(c, "events") },
		"another event":      func(c object) { c["events"] = object{"http://schemas.openid.net/event/other": object{}} },
		"null event":         func(c object) { c["events"] = object{logoutEvent: nil} },
		"event is a string":  func(c object) { c["events"] = object{logoutEvent: "x"} },
		"a nonce":            func(c object) { c["nonce"] = "n" },
		"an empty nonce":     func(c object) { c["nonce"] = "" },
		"no exp":             func(c object) { delete(c, "exp") },
		"expired":            func(c object) { c["exp"] = now.Unix() - 11; c["iat"] = now.Unix() - 100 },
		"no iat":             func(c object) { delete(c, "iat") },
		"kept":               func(c object) { c["iat"] = now.Add(-logoutMaxAge - 11*time.Second).Unix() },
		"from the future":    func(c object) { c["iat"] = now.Unix() + 11; c["exp"] = now.Unix() + 300 },
		"an endless sid":     func(c object) { c["sid"] = strings.Repeat("s", maxLogoutID+1) },
		"an endless jti":     func(c object) { c["jti"] = strings.Repeat("s", maxLogoutID+1) },
		"events is an array": func(c object) { c["events"] = []string{logoutEvent} },
	} {
		c := logoutClaims()
		change(c)
		if out, err := p.VerifyLogout(t.Context(), sign(t, jose.RS256, rsaKey(), "rsa", c)); !problem.Is(err, problem.UpstreamRefused) {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
	idToken := maps.Clone(f.id)
	idToken["sid"], idToken["jti"], idToken["nonce"] = "s", "j", "n"
	for name, raw := range map[string]string{
		"empty": "", "not a token": "x.y.z", "unsigned": unsigned(logoutClaims(), "none"), "HMAC by our secret": sign(t, jose.HS256, []byte("secretsecretsecretsecretsecretse"), "rsa", logoutClaims()),
		"another's key": sign(t, jose.RS256, otherKey(), "rsa", logoutClaims()), "another's key, unknown": sign(t, jose.RS256, otherKey(), "other", logoutClaims()),
		"an id_token": sign(t, jose.RS256, rsaKey(), "rsa", idToken), "too long": strings.Repeat("x", maxIDToken+1),
		"an access token's header": typed(t, "at+jwt", logoutClaims()), "a header of another kind": typed(t, "secevent+jwt", logoutClaims()),
	} {
		if out, err := p.VerifyLogout(t.Context(), raw); !problem.Is(err, problem.UpstreamRefused) {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
	for _, typ := range []string{"JWT", "logout+jwt", "application/logout+jwt"} {
		if _, err := p.VerifyLogout(t.Context(), typed(t, typ, logoutClaims())); err != nil {
			t.Errorf("typ %s: %v", typ, err)
		}
	}
}

// A provider out of reach is no forged token: whoever calls may come again.
func TestVerifyLogoutWithoutProvider(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.down["/certs"] = 503
	p := f.provider(nil)
	if _, err := p.VerifyLogout(t.Context(), sign(t, jose.RS256, rsaKey(), "rsa", logoutClaims())); !problem.Is(err, problem.UpstreamDown) {
		t.Errorf("no keys: %v", err)
	}
	f.down["-configuration"] = -1
	if _, err := f.provider(nil).VerifyLogout(t.Context(), "x"); !problem.Is(err, problem.UpstreamDown) {
		t.Errorf("no document: %v", err)
	}
}

// What a sign-in keeps of the provider's session is what a logout will name.
func TestSignInNamesTheProvidersSession(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(object)
		want   string
	}{
		"sid": {func(o object) { o["sid"] = "abc" }, "abc"}, "session_state": {func(o object) { o["session_state"] = "def" }, "def"},
		"both": {func(o object) { o["sid"], o["session_state"] = "abc", "def" }, "abc"}, "none": {func(object) {}, ""},
		"endless": {func(o object) { o["sid"] = strings.Repeat("s", maxLogoutID+1) }, ""},
	} {
		f := newFake(t)
		c.change(f.id)
		if in, err := f.signIn(f.provider(nil)); err != nil || in.Session != c.want {
			t.Errorf("%s: %q, %v", name, in.Session, err)
		}
	}
}
