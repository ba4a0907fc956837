package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// Role is the claim, and the value in it, that makes somebody of the operator's staff
// a member of support. Claim is a claim's exact name ("roles", "https://op.example/roles")
// or, when no claim has that name, a path through objects ("realm_access.roles").
type Role struct{ Claim, Value string }

// Staff is somebody of the operator's support, as their own provider says.
type Staff struct {
	Subject string // stable at the provider
	Name    string // for pages and the trail
	Login   string // preferred_username, "" when not said
}

// StaffSignIn is a verified sign-in of support staff. The id_token serves to sign out
// at the provider; no token gives access to anything of ours.
type StaffSignIn struct {
	Staff   Staff
	IDToken string
	At      time.Time
}

// ErrNoRole: the provider vouches for the person, who is not of support.
var ErrNoRole = errors.New("the role of support is missing")

const (
	sayNoRole = "Votre fournisseur d’identité vous a reconnu, mais votre compte n’a pas le rôle qui ouvre l’espace support. " +
		"Rien n’a été montré\u00a0; demandez ce rôle à votre administrateur."
	maxRoleDepth = 5 // objects on the way to a role
)

// FinishStaff is Finish for a provider of support staff: the same checks of state,
// PKCE, nonce, iss and signatures, then the role, in the id_token or in userinfo, which
// is asked when the id_token names no such claim or nobody. On ErrNoRole the StaffSignIn still says who came.
func (p *Provider) FinishStaff(ctx context.Context, query url.Values, pending Pending, role Role) (StaffSignIn, error) {
	if role.Claim == "" || role.Value == "" {
		return StaffSignIn{}, problem.Wrap(errors.New("no role of support is configured"), problem.Internal, sayNoRole)
	}
	if err := p.checkBinding(query, pending); err != nil {
		return StaffSignIn{}, err
	}
	md, err := p.cached(ctx)
	if err != nil {
		return StaffSignIn{}, p.explain(err, "finish staff sign-in")
	}
	code, err := checkCallback(query, md)
	if err != nil {
		return StaffSignIn{}, err
	}
	ctx, cancel := p.calling(ctx)
	defer cancel()
	out, err := p.redeemStaff(ctx, md, code, pending, role)
	if errors.Is(err, ErrNoRole) {
		return out, problem.Wrap(err, problem.Denied, sayNoRole)
	}
	if err != nil {
		return StaffSignIn{}, p.explain(err, "finish staff sign-in")
	}
	return out, nil
}

func (p *Provider) redeemStaff(ctx context.Context, md *metadata, code string, pending Pending, role Role) (StaffSignIn, error) {
	tokens, err := p.exchange(ctx, md, code, pending.Verifier)
	if err != nil {
		return StaffSignIn{}, err
	}
	said, err := p.verifyIDToken(ctx, md, tokens.ID, tokens.Access)
	if err != nil {
		return StaffSignIn{}, err
	}
	if pending.Nonce == "" || !equal(said.Nonce, pending.Nonce) {
		return StaffSignIn{}, refused("id_token: nonce does not match")
	}
	if asked := strings.Fields(p.o.ACRValues); len(asked) > 0 && !slices.Contains(asked, said.ACR) {
		return StaffSignIn{}, refused("acr %.40q is not among those asked", said.ACR)
	}
	idToken := payload(tokens.ID)
	all := []claims{idToken}
	if _, there := find(idToken, role.Claim); !there || idToken.text("name")+idToken.text("preferred_username") == "" {
		info, err := p.staffInfo(ctx, md, tokens.Access, said.Subject)
		if err != nil {
			return StaffSignIn{}, err
		}
		all = append(all, info)
	}
	out := StaffSignIn{Staff: staff(said.Subject, all), IDToken: tokens.ID, At: p.now()}
	for _, c := range all {
		if _, names := find(c, role.Claim); names { // the first that names the claim decides
			if c.grants(role) {
				return out, nil
			}
			break
		}
	}
	return out, fmt.Errorf("%w: claim %.60q", ErrNoRole, role.Claim)
}

// staff puts a name on a subject, from the first set of claims that has one.
func staff(subject string, all []claims) Staff {
	s := Staff{Subject: subject}
	for _, c := range all {
		full := mssante.Practitioner{GivenName: c.text("given_name"), FamilyName: c.text("family_name")}.DisplayName(mssante.Situation{})
		s.Name = firstOf(s.Name, c.text("name"), full)
		s.Login = firstOf(s.Login, c.text("preferred_username"), c.text("email"))
	}
	s.Name = firstOf(s.Name, s.Login, clean(subject))
	return s
}

// payload reads the claims of a token that was verified.
func payload(raw string) claims {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return nil
	}
	b, err := decodeSegment(parts[1])
	if err != nil {
		return nil
	}
	var c claims
	if json.Unmarshal(b, &c) != nil {
		return nil
	}
	return c
}

// find gives a claim by its exact name, or by a path of names joined with dots.
func find(c claims, name string) (json.RawMessage, bool) {
	if v, ok := c[name]; ok {
		return v, true
	}
	for range maxRoleDepth {
		head, rest, nested := strings.Cut(name, ".")
		v, ok := c[head]
		if !ok || !nested {
			return v, ok
		}
		c, name = nil, rest
		if json.Unmarshal(v, &c) != nil {
			return nil, false
		}
	}
	return nil, false
}

// grants reports the role: the claim is the value, or a list that holds it. Text is
// compared whole: "pli-support-readonly" is not "pli-support".
func (c claims) grants(role Role) bool {
	v, ok := find(c, role.Claim)
	if !ok {
		return false
	}
	var one string
	if json.Unmarshal(v, &one) == nil {
		return one == role.Value
	}
	var list []json.RawMessage
	if json.Unmarshal(v, &list) != nil {
		return false
	}
	for _, item := range list {
		if bytes.HasPrefix(item, []byte(`"`)) && json.Unmarshal(item, &one) == nil && one == role.Value {
			return true
		}
	}
	return false
}

// staffInfo is userinfo, bound to the id_token by sub.
func (p *Provider) staffInfo(ctx context.Context, md *metadata, access, subject string) (claims, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.at(md.Userinfo, md.MTLS.Userinfo), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+access)
	req.Header.Set("Accept", "application/json, application/jwt")
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, refused("userinfo status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind == "application/jwt" {
		if body, err = p.openSigned(ctx, md, strings.TrimSpace(string(body))); err != nil {
			return nil, err
		}
	}
	var c claims
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, refused("userinfo: %w", err)
	}
	if sub := c.raw("sub"); sub == "" || sub != subject {
		return nil, refused("userinfo: sub differs from the id_token's")
	}
	return c, nil
}

// NewStaff is New for a provider of support staff: the standard discovery document and
// scopes, and no level of authentication asked for unless the operator names one.
func NewStaff(o Options) *Provider {
	if len(o.DiscoveryPaths) == 0 {
		o.DiscoveryPaths = []string{"/.well-known/openid-configuration"}
	}
	if len(o.Scopes) == 0 {
		o.Scopes = []string{oidc.ScopeOpenID, "profile"}
	}
	level := o.ACRValues
	p := New(o)
	p.o.ACRValues = level
	return p
}
