package identity

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"pli.example/pli/internal/problem"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	p := f.provider(nil)
	q, pending := f.begin(p)
	challenge := sha256.Sum256([]byte(pending.Verifier))
	for name, want := range map[string]string{"response_type": "code", "client_id": "pli", "redirect_uri": "https://pli.test/callback",
		"scope": "openid scope_all", "acr_values": "eidas1", "code_challenge_method": "S256", "state": pending.State, "nonce": pending.Nonce,
		"code_challenge": base64.RawURLEncoding.EncodeToString(challenge[:])} {
		if got := q.Get(name); got != want || got == "" {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if len(pending.State) < 22 || len(pending.Nonce) < 22 || len(pending.Verifier) < 43 || pending.State == pending.Nonce {
		t.Errorf("under 128 bits: %+v", pending)
	}
	in, err := p.Finish(t.Context(), f.callback(pending), pending)
	if err != nil {
		t.Fatal(err)
	}
	if in.ACR != "eidas1" || in.Practitioner.NationalID != "810007001372" || in.Tokens.Access != "access" || in.Tokens.ID == "" ||
		!in.Tokens.AccessExpires.Equal(now.Add(120*time.Second)) || !in.Tokens.RefreshExpires.Equal(now.Add(30*time.Minute)) {
		t.Errorf("sign-in: %+v", in)
	}
	_, r, form := f.calls("/token")
	if user, pass, ok := r.BasicAuth(); !ok || user != "pli" || pass != "secret" || form.Has("client_secret") {
		t.Error("client_secret_basic not used")
	}
	if form.Get("code_verifier") != pending.Verifier || form.Get("redirect_uri") != "https://pli.test/callback" || form.Get("code") != "c0de" {
		t.Errorf("token request: %v", form)
	}
	if n, _, _ := f.calls("/token/introspect"); n != 0 {
		t.Error("introspection asked without need")
	}
	if got := p.AuthOrigins(t.Context()); strings.Join(got, " ") != "https://wallet.psc.test https://auth.psc.test" {
		t.Errorf("origins: %q", got)
	}
}

// Every claim and parameter that must be checked, one lie at a time.
func TestRefusals(t *testing.T) {
	t.Parallel()
	future := func(d time.Duration) int64 { return now.Add(d).Unix() }
	rows := []struct {
		name string
		lie  func(*fake)
		back func(url.Values, *Pending)
		kind problem.Kind
	}{
		{"no state", nil, func(q url.Values, _ *Pending) { q.Del("state") }, problem.Invalid},
		{"wrong state", nil, func(q url.Values, _ *Pending) { q.Set("state", "x") }, problem.Invalid},
		{"state twice", nil, func(q url.Values, _ *Pending) { q.Add("state", "x") }, problem.Invalid},
		{"nothing pending", nil, func(q url.Values, p *Pending) { q.Del("state"); *p = Pending{At: now} }, problem.Invalid},
		{"old request", nil, func(_ url.Values, p *Pending) { p.At = now.Add(-11 * time.Minute) }, problem.SignInNeeded},
		{"mix-up: another iss", nil, func(q url.Values, _ *Pending) { q.Set("iss", "https://evil.test") }, problem.Invalid},
		{"mix-up: no iss though advertised", nil, func(q url.Values, _ *Pending) { q.Del("iss") }, problem.Invalid},
		{"mix-up: iss of an error", nil, func(q url.Values, _ *Pending) { q.Set("error", "access_denied"); q.Set("iss", "https://evil.test") }, problem.Invalid},
		{"no code", nil, func(q url.Values, _ *Pending) { q.Del("code") }, problem.Invalid},
		{"code twice", nil, func(q url.Values, _ *Pending) { q.Add("code", "x") }, problem.Invalid},
		{"refused card", nil, func(q url.Values, _ *Pending) { q.Set("error", "access_denied") }, problem.Denied},
		{"login required", nil, func(q url.Values, _ *Pending) { q.Set("error", "login_required") }, problem.SignInNeeded},
		{"provider unwell", nil, func(q url.Values, _ *Pending) { q.Set("error", "temporarily_unavailable") }, problem.UpstreamDown},
		{"badly configured", nil, func(q url.Values, _ *Pending) { q.Set("error", "unauthorized_client") }, problem.Internal},
		{"unknown error", nil, func(q url.Values, _ *Pending) { q.Set("error", "<script>") }, problem.UpstreamRefused},

		{"PKCE or code refused", func(f *fake) { f.tokenStatus, f.tokens = 400, object{"error": "invalid_grant"} }, nil, problem.SignInNeeded},
		{"client refused", func(f *fake) { f.tokenStatus, f.tokens = 401, object{"error": "invalid_client"} }, nil, problem.Internal},
		{"token answer is HTML", func(f *fake) { f.tokenStatus, f.tokens = 404, object{} }, nil, problem.UpstreamRefused},
		{"token type", func(f *fake) { f.tokens["token_type"] = "DPoP" }, nil, problem.UpstreamRefused},
		{"no access token", func(f *fake) { delete(f.tokens, "access_token") }, nil, problem.UpstreamRefused},

		{"no id_token", func(f *fake) { f.tokens["id_token"] = "" }, nil, problem.UpstreamRefused},
		{"id_token of 1 MB", func(f *fake) { f.tokens["id_token"] = strings.Repeat("a", 100_000) }, nil, problem.UpstreamRefused},
		{"alg none", func(f *fake) { f.idToken = func(c object) string { return unsigned(c, "none") } }, nil, problem.UpstreamRefused},
		{"alg NONE", func(f *fake) { f.idToken = func(c object) string { return unsigned(c, "NONE") } }, nil, problem.UpstreamRefused},
		{"HS256 with the client secret", func(f *fake) {
			f.idToken = func(c object) string { return sign(f.t, jose.HS256, []byte(strings.Repeat("secret", 6)), "", c) }
		}, nil, problem.UpstreamRefused},
		{"HS256 with the public key", func(f *fake) {
			f.idToken = func(c object) string { return sign(f.t, jose.HS256, rsaKey().N.Bytes(), "rsa", c) }
		}, nil, problem.UpstreamRefused},
		{"RS512, not in our list", func(f *fake) { f.idToken = func(c object) string { return sign(f.t, jose.RS512, rsaKey(), "rsa", c) } }, nil, problem.UpstreamRefused},
		{"unknown key, known kid", func(f *fake) {
			f.idToken = func(c object) string { return sign(f.t, jose.RS256, otherKey(), "rsa", c) }
		}, nil, problem.UpstreamRefused},
		{"unknown key and kid", func(f *fake) { f.idToken = func(c object) string { return sign(f.t, jose.RS256, otherKey(), "x", c) } }, nil, problem.UpstreamRefused},
		{"signature of another payload", func(f *fake) {
			f.idToken = func(c object) string {
				a := strings.Split(sign(f.t, jose.RS256, rsaKey(), "rsa", c), ".")
				c["sub"] = "somebody else"
				b := strings.Split(sign(f.t, jose.RS256, rsaKey(), "rsa", c), ".")
				return b[0] + "." + b[1] + "." + a[2]
			}
		}, nil, problem.UpstreamRefused},
		{"iss", func(f *fake) { f.id["iss"] = "https://evil.test" }, nil, problem.UpstreamRefused},
		{"aud", func(f *fake) { f.id["aud"] = "other" }, nil, problem.UpstreamRefused},
		{"no aud", func(f *fake) { delete(f.id, "aud") }, nil, problem.UpstreamRefused},
		{"azp", func(f *fake) { f.id["azp"] = "other" }, nil, problem.UpstreamRefused},
		{"several aud, no azp", func(f *fake) { f.id["aud"] = []string{"pli", "other"}; delete(f.id, "azp") }, nil, problem.UpstreamRefused},
		{"no sub", func(f *fake) { delete(f.id, "sub") }, nil, problem.UpstreamRefused},
		{"nonce", func(f *fake) { f.id["nonce"] = "replayed" }, nil, problem.UpstreamRefused},
		{"no nonce", func(f *fake) { f.id["nonce"] = "" }, nil, problem.UpstreamRefused},
		{"expired", func(f *fake) { f.id["iat"], f.id["exp"] = future(-2*time.Minute), future(-11*time.Second) }, nil, problem.UpstreamRefused},
		{"no exp", func(f *fake) { delete(f.id, "exp") }, nil, problem.UpstreamRefused},
		{"issued in the future", func(f *fake) { f.id["iat"] = future(11 * time.Second) }, nil, problem.UpstreamRefused},
		{"issued long ago", func(f *fake) { f.id["iat"], f.id["exp"] = future(-10*time.Minute), future(time.Hour) }, nil, problem.UpstreamRefused},
		{"no iat", func(f *fake) { delete(f.id, "iat") }, nil, problem.UpstreamRefused},
		{"not yet valid", func(f *fake) { f.id["nbf"] = future(time.Minute) }, nil, problem.UpstreamRefused},
		{"at_hash of another token", func(f *fake) { f.id["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" }, nil, problem.UpstreamRefused},

		{"acr 0 and introspection silent", func(f *fake) { f.id["acr"], f.introspection = "0", object{"active": true, "sub": sub} }, nil, problem.UpstreamRefused},
		{"no acr, token inactive", func(f *fake) {
			delete(f.id, "acr")
			f.introspection = object{"active": false, "acr": "eidas1", "sub": sub}
		}, nil, problem.UpstreamRefused},
		{"no acr, introspection of another", func(f *fake) {
			delete(f.id, "acr")
			f.introspection = object{"active": true, "acr": "eidas1", "sub": "x"}
		}, nil, problem.UpstreamRefused},
		{"no acr, no introspection", func(f *fake) { delete(f.id, "acr"); delete(f.doc, "introspection_endpoint") }, nil, problem.UpstreamRefused},
		{"acr below", func(f *fake) { f.id["acr"] = "eidas0" }, nil, problem.UpstreamRefused},
		{"acr unknown", func(f *fake) { f.id["acr"] = "password" }, nil, problem.UpstreamRefused},

		{"userinfo of another", func(f *fake) { f.info.(object)["sub"] = "f:x:1" }, nil, problem.UpstreamRefused},
		{"userinfo without sub", func(f *fake) { delete(f.info.(object), "sub") }, nil, problem.UpstreamRefused},
		{"userinfo with SUB", func(f *fake) { delete(f.info.(object), "sub"); f.info.(object)["SUB"] = sub }, nil, problem.UpstreamRefused},
		{"userinfo without national id", func(f *fake) { delete(f.info.(object), "SubjectNameID") }, nil, problem.UpstreamRefused},
		{"userinfo refused", func(f *fake) { f.infoStatus = 401 }, nil, problem.UpstreamRefused},
		{"userinfo over the cap", func(f *fake) { f.info.(object)["x"] = strings.Repeat("x", maxBody) }, nil, problem.UpstreamRefused},
		{"userinfo not JSON", func(f *fake) { f.info = "<html>" }, nil, problem.UpstreamRefused},
		{"userinfo JWT unsigned", func(f *fake) {
			f.infoType, f.info = "application/jwt", unsigned(object{"sub": sub, "SubjectNameID": "1"}, "none")
		}, nil, problem.UpstreamRefused},
		{"userinfo JWT for another", func(f *fake) {
			f.infoType, f.info = "application/jwt", sign(f.t, jose.RS256, rsaKey(), "rsa", object{"iss": issuer, "aud": "other", "sub": sub, "SubjectNameID": "1"})
		}, nil, problem.UpstreamRefused},
		{"userinfo JWT, other key", func(f *fake) {
			f.infoType, f.info = "application/jwt", sign(f.t, jose.RS256, otherKey(), "rsa", object{"sub": sub, "SubjectNameID": "1"})
		}, nil, problem.UpstreamRefused},

		{"token endpoint hangs up", func(f *fake) { f.down["/token"] = -1 }, nil, problem.UpstreamDown},
		{"token endpoint 502", func(f *fake) { f.down["/token"] = 502 }, nil, problem.UpstreamDown},
		{"token endpoint redirects", func(f *fake) { f.down["/token"] = 302 }, nil, problem.UpstreamRefused},
		{"keys unreachable", func(f *fake) { f.down["/certs"] = -1 }, nil, problem.UpstreamDown},
		{"keys 503", func(f *fake) { f.down["/certs"] = 503 }, nil, problem.UpstreamDown},
		{"userinfo 500", func(f *fake) { f.down["/userinfo"] = 500 }, nil, problem.UpstreamDown},
		{"too many requests", func(f *fake) { f.down["/userinfo"] = 429 }, nil, problem.UpstreamDown},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			if row.lie != nil {
				row.lie(f)
			}
			p := f.provider(nil)
			_, pending := f.begin(p)
			q := f.callback(pending)
			if row.back != nil {
				row.back(q, &pending)
			}
			in, err := p.Finish(t.Context(), q, pending)
			var e *problem.Error
			if !errors.As(err, &e) || e.Kind != row.kind {
				t.Fatalf("signed in %q, error %v, want kind %s", in.Practitioner.NationalID, err, row.kind)
			}
			for _, r := range f.seen {
				if r.URL.Host != "auth.psc.test" {
					t.Errorf("a request went to %s", r.URL.Host)
				}
			}
			if e.Say == "" || strings.Contains(e.Say, "script") {
				t.Errorf("sentence %q", e.Say)
			}
			for _, secret := range []string{"access\"", "refresh\"", pending.Verifier, "810007001372"} {
				if secret != "" && strings.Contains(err.Error(), secret) {
					t.Errorf("the error holds %q: %v", secret, err)
				}
			}
		})
	}
}

// What differs from the plain case and must pass.
func TestTolerances(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		lie  func(*fake)
		acr  string
	}{
		{"a card answers more than asked", func(f *fake) { f.id["acr"] = "eidas3" }, "eidas3"},
		{"acr by introspection", func(f *fake) {
			delete(f.id, "acr")
			f.introspection = object{"active": true, "acr": "eidas3", "sub": sub}
		}, "eidas3"},
		{"clock 9 s ahead", func(f *fake) { f.id["iat"] = now.Unix() + 9 }, "eidas1"},
		{"clock 9 s behind", func(f *fake) { f.id["iat"], f.id["exp"] = now.Unix()-60, now.Unix()-9 }, "eidas1"},
		{"several aud with azp", func(f *fake) { f.id["aud"] = []string{"account", "pli"} }, "eidas1"},
		{"no azp", func(f *fake) { delete(f.id, "azp") }, "eidas1"},
		{"PS256", func(f *fake) { f.idToken = func(c object) string { return sign(f.t, jose.PS256, rsaKey(), "rsa", c) } }, "eidas1"},
		{"ES256", func(f *fake) { f.idToken = func(c object) string { return sign(f.t, jose.ES256, ecKey(), "ec", c) } }, "eidas1"},
		{"userinfo as a signed JWT", func(f *fake) {
			f.infoType = "application/jwt; charset=utf-8"
			f.info = sign(f.t, jose.RS256, rsaKey(), "rsa", object{"iss": issuer, "aud": "pli", "sub": sub, "SubjectNameID": "810007001372"})
		}, "eidas1"},
		{"standard discovery path", func(f *fake) { f.down["/wallet-openid-configuration"] = 404; f.down["/none"] = 0 }, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			row.lie(f)
			if row.acr == "" {
				if _, err := f.provider(nil).fetchMetadata(t.Context()); err == nil {
					t.Fatal("expected the fake to have no standard path")
				}
				if n, _, _ := f.calls("/.well-known/openid-configuration"); n != 1 {
					t.Error("the standard path was not tried")
				}
				return
			}
			in, err := f.signIn(f.provider(nil))
			if err != nil || in.ACR != row.acr {
				t.Errorf("acr %q, want %q: %v", in.ACR, row.acr, err)
			}
		})
	}
}

func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	t.Run("post", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		delete(f.id, "acr")
		if _, err := f.signIn(f.provider(func(o *Options) { o.AuthMethod, o.ClientSecret = AuthPost, "\u200b secret\n" })); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/token", "/introspect"} {
			_, r, form := f.calls(path)
			if _, _, basic := r.BasicAuth(); basic || form.Get("client_id") != "pli" || form.Get("client_secret") != "secret" {
				t.Errorf("%s: %v", path, form)
			}
		}
	})
	t.Run("mutual TLS", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		f.doc["mtls_endpoint_aliases"] = object{"token_endpoint": issuer + "/mtls/token", "userinfo_endpoint": issuer + "/mtls/userinfo"}
		p := f.provider(func(o *Options) { o.AuthMethod = AuthTLS })
		if _, err := f.signIn(p); err != nil {
			t.Fatal(err)
		}
		n, r, form := f.calls("/mtls/token")
		if n != 1 || form.Get("client_id") != "pli" || form.Has("client_secret") || r.Header.Get("Authorization") != "" {
			t.Errorf("%d calls, %v", n, form)
		}
		if n, _, _ := f.calls("/mtls/userinfo"); n != 1 {
			t.Error("userinfo alias not used")
		}
	})
}
