package web_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/testkit"
)

// server posts as the provider's server does: no cookie, no header of a browser.
func server(r *testkit.Request) {
	for name := range r.Header {
		if name != "Content-Type" {
			r.Header.Del(name)
		}
	}
}

const logoutAt = "/sign-in/backchannel"

// Attack 44: a logout at the provider ends the session here, at once; nothing but a
// token of the provider's does.
func TestBackchannelLogout(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	martin, benali, provider := k.SignIn("martin"), k.SignIn("benali"), k.Browser()
	ok(t, martin.Follow("/"))
	token := k.World.IDP().LogoutToken("martin", "")
	parts := strings.Split(token, ".")
	other, err := json.Marshal(map[string]any{"iss": "https://evil.example"})
	if err != nil {
		t.Fatal(err)
	}
	for name, form := range map[string]url.Values{
		"nothing": {}, "empty": values("logout_token", ""), "garbage": values("logout_token", "x"), "two": {"logout_token": {token, token}},
		"changed": values("logout_token", parts[0]+"."+base64.RawURLEncoding.EncodeToString(other)+"."+parts[2]), "unsigned": values("logout_token", parts[0]+"."+parts[1]+"."),
	} {
		a := provider.Post(logoutAt, form, server)
		if a.Status != 400 || !strings.Contains(a.Text(), `"invalid_request"`) || a.Header.Get("Cache-Control") != "no-store, private" || len(a.Header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s: %d %s %v", name, a.Status, a.Text(), a.Header)
		}
	}
	if a := provider.Post(logoutAt+"?logout_token="+token, url.Values{}, server); a.Status != 400 {
		t.Errorf("in the address: %d", a.Status)
	}
	if a := provider.Get(logoutAt + "?logout_token=" + token); a.Status != 405 {
		t.Errorf("by GET: %d", a.Status)
	}
	if a := provider.Post(logoutAt, values("logout_token", token), testkit.CrossSite); a.Status != 403 {
		t.Errorf("from another site's page: %d", a.Status)
	}
	ok(t, martin.Follow("/"))

	if a := provider.Post(logoutAt, values("logout_token", token), server); a.Status != 200 || len(a.Body) > 0 || a.Header.Get("Cache-Control") != "no-store, private" {
		t.Fatalf("the provider's own: %d %s %v", a.Status, a.Text(), a.Header)
	}
	if a := martin.Get("/"); a.Status != 303 || !strings.HasPrefix(a.Location(), "/sign-in") {
		t.Errorf("after it: %d", a.Status)
	}
	if a := martin.Get("/sign-in"); !strings.Contains(a.Text(), "Pro Santé Connect a mis fin à votre session") {
		t.Error("the reason is not said")
	}
	ok(t, benali.Follow("/"))
	if !did(acts(t, k, "martin"), audit.SessionEnd, "ok") {
		t.Error("the end is not in the trail")
	}
	if a := provider.Post(logoutAt, values("logout_token", token), server); a.Status != 400 {
		t.Errorf("a second time: %d", a.Status)
	}
	if a := provider.Post(logoutAt, values("logout_token", k.World.IDP().LogoutToken("martin", "")), server); a.Status != 200 {
		t.Errorf("nobody left to end: %d", a.Status)
	}
}

// Refused tokens are counted by address; the provider's own are not.
func TestBackchannelRate(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	provider := k.Browser()
	for i := range 60 { // a shift ends
		if a := provider.Post(logoutAt, values("logout_token", k.World.IDP().LogoutToken("martin", "")), server); a.Status != 200 {
			t.Fatalf("logout %d: %d", i, a.Status)
		}
	}
	var last int
	for range 100 {
		last = provider.Post(logoutAt, values("logout_token", "x"), server).Status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("a hundred forged tokens, the last one answered %d", last)
	}
}

// A provider whose keys are out of reach is asked to come again, not called a forger.
func TestBackchannelWithoutKeys(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	token := k.World.IDP().LogoutToken("martin", "")
	if !k.World.Stop(demo.ServicePSC) {
		t.Fatal("no such service")
	}
	if a := k.Browser().Post(logoutAt, values("logout_token", token), server); a.Status != 400 || !strings.Contains(a.Text(), "temporarily_unavailable") {
		t.Errorf("%d %s", a.Status, a.Text())
	}
	k.World.Start(demo.ServicePSC)
	k.Clock.Advance(30 * time.Second) // past the pause between two questions
	if a := k.Browser().Post(logoutAt, values("logout_token", token), server); a.Status != 200 {
		t.Errorf("again: %d %s", a.Status, a.Text())
	}
}
