package identity

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"pli.example/pli/internal/problem"
)

var supportRole = Role{Claim: "roles", Value: "pli-support"}

// staffFake is a provider of an operator: no level, no national identifier.
func staffFake(t *testing.T) *fake {
	f := newFake(t)
	delete(f.id, "acr")
	f.id["sub"], f.id["name"], f.id["preferred_username"], f.id["roles"] = "staff:1", "Sam Delmas", "sdelmas", []string{"vpn", "pli-support"}
	f.info = object{"sub": "staff:1"}
	return f
}

func (f *fake) staffProvider(acr string) *Provider {
	o := f.provider(nil).o
	o.DiscoveryPaths, o.Scopes, o.ACRValues = []string{"/.well-known/wallet-openid-configuration"}, nil, acr
	return NewStaff(o)
}

func (f *fake) staffSignIn(p *Provider, role Role) (StaffSignIn, error) {
	f.t.Helper()
	_, pending := f.begin(p)
	return p.FinishStaff(f.t.Context(), f.callback(pending), pending, role)
}

func TestStaffSignIn(t *testing.T) {
	t.Parallel()
	f := staffFake(t)
	p := f.staffProvider("")
	q, pending := f.begin(p)
	if q.Has("acr_values") || q.Get("scope") != "openid profile" || q.Get("code_challenge_method") != "S256" {
		t.Errorf("asked %v", q)
	}
	in, err := p.FinishStaff(t.Context(), f.callback(pending), pending, supportRole)
	if err != nil || in.Staff != (Staff{Subject: "staff:1", Name: "Sam Delmas", Login: "sdelmas"}) || in.IDToken == "" {
		t.Fatalf("%+v, %v", in, err)
	}
	if n, _, _ := f.calls("/userinfo"); n != 0 {
		t.Error("userinfo asked without need")
	}
}

// Where a role may stand, and what looks like one and is not.
func TestStaffRole(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		role   Role
		change func(*fake)
		let    bool
	}{
		"a list":      {supportRole, nil, true},
		"a lone text": {supportRole, func(f *fake) { f.id["roles"] = "pli-support" }, true},
		"userinfo": {supportRole, func(f *fake) {
			delete(f.id, "roles")
			f.info = object{"sub": "staff:1", "roles": []string{"pli-support"}}
		}, true},
		"a path (Keycloak)": {Role{"realm_access.roles", "pli-support"}, func(f *fake) { f.id["realm_access"] = object{"roles": []string{"pli-support"}} }, true},
		"a name with dots":  {Role{"https://op.example/roles", "s"}, func(f *fake) { f.id["https://op.example/roles"] = []string{"s"} }, true},
		"no claim":          {supportRole, func(f *fake) { delete(f.id, "roles") }, false},
		"userinfo of more roles": {supportRole, func(f *fake) {
			delete(f.id, "name") // so that userinfo is asked
			delete(f.id, "preferred_username")
			f.id["roles"] = []string{"vpn"}
			f.info = object{"sub": "staff:1", "name": "Sam Delmas", "roles": []string{"pli-support"}}
		}, false},
		"another role":         {supportRole, func(f *fake) { f.id["roles"] = []string{"pli-admin"} }, false},
		"a longer role":        {supportRole, func(f *fake) { f.id["roles"] = []string{"pli-support-readonly"} }, false},
		"a text of roles":      {supportRole, func(f *fake) { f.id["roles"] = "vpn pli-support" }, false},
		"another case":         {supportRole, func(f *fake) { f.id["roles"] = "PLI-SUPPORT" }, false},
		"an object":            {supportRole, func(f *fake) { f.id["roles"] = object{"pli-support": true} }, false},
		"a list in a list":     {supportRole, func(f *fake) { f.id["roles"] = []any{[]string{"pli-support"}} }, false},
		"null, then nothing":   {supportRole, func(f *fake) { f.id["roles"] = []any{nil, 1, true} }, false},
		"the claim's own name": {Role{"Roles", "pli-support"}, nil, false},
		"a practitioner":       {supportRole, func(f *fake) { f.id, f.info = newFake(f.t).id, newFake(f.t).info }, false},
		"nothing configured":   {Role{}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := staffFake(t)
			if c.change != nil {
				c.change(f)
			}
			in, err := f.staffSignIn(f.staffProvider(""), c.role)
			switch {
			case c.let && err != nil:
				t.Error(err)
			case !c.let && err == nil:
				t.Errorf("let in: %+v", in)
			case !c.let && c.role.Claim != "" && (!errors.Is(err, ErrNoRole) || !problem.Is(err, problem.Denied) || !strings.Contains(problem.SayOf(err), "rôle") || in.Staff.Subject == ""):
				t.Errorf("%v, %+v", err, in)
			}
		})
	}
}

// The checks of a practitioner's sign-in hold for staff, one lie at a time.
func TestStaffRefusals(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*fake){
		"nonce":    func(f *fake) { f.id["nonce"] = "other" },
		"issuer":   func(f *fake) { f.id["iss"] = "https://evil.test" },
		"audience": func(f *fake) { f.id["aud"] = "other" },
		"azp":      func(f *fake) { f.id["azp"] = "other" },
		"expired":  func(f *fake) { f.id["exp"] = now.Unix() - 60 },
		"another key": func(f *fake) {
			f.idToken = func(c object) string { return sign(f.t, jose.RS256, otherKey(), "rsa", c) }
		},
		"unsigned":   func(f *fake) { f.idToken = func(c object) string { return unsigned(c, "none") } },
		"no subject": func(f *fake) { delete(f.id, "sub") },
		"userinfo of another": func(f *fake) {
			delete(f.id, "roles")
			f.info = object{"sub": "staff:2", "roles": []string{"pli-support"}}
		},
		"userinfo of nobody":     func(f *fake) { delete(f.id, "roles"); f.info = object{"roles": []string{"pli-support"}} },
		"userinfo not there":     func(f *fake) { delete(f.id, "roles"); f.infoStatus = 403 },
		"userinfo is not claims": func(f *fake) { delete(f.id, "roles"); f.info = "[]" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := staffFake(t)
			change(f)
			if in, err := f.staffSignIn(f.staffProvider(""), supportRole); err == nil || errors.Is(err, ErrNoRole) {
				t.Errorf("%+v, %v", in, err)
			}
		})
	}
	f := staffFake(t)
	p := f.staffProvider("")
	_, pending := f.begin(p)
	q := f.callback(pending)
	q.Set("iss", "https://evil.test")
	if _, err := p.FinishStaff(t.Context(), q, pending, supportRole); !problem.Is(err, problem.Invalid) {
		t.Errorf("mix-up: %v", err)
	}
	q = f.callback(pending)
	q.Set("state", "x")
	if _, err := p.FinishStaff(t.Context(), q, pending, supportRole); !problem.Is(err, problem.Invalid) {
		t.Errorf("state: %v", err)
	}
}

// A level is held to when the operator asks for one.
func TestStaffLevel(t *testing.T) {
	t.Parallel()
	f := staffFake(t)
	if _, err := f.staffSignIn(f.staffProvider("mfa silver"), supportRole); !problem.Is(err, problem.UpstreamRefused) {
		t.Errorf("no level: %v", err)
	}
	f.id["acr"] = "silver"
	if _, err := f.staffSignIn(f.staffProvider("mfa silver"), supportRole); err != nil {
		t.Error(err)
	}
}
