package identity

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"pli.example/pli/internal/finding"
)

// announced is what of the discovery document only Check reads.
type announced struct {
	Challenges []string `json:"code_challenge_methods_supported"`
	AuthWays   []string `json:"token_endpoint_auth_methods_supported"`
	Scopes     []string `json:"scopes_supported"`
}

// clockGrain is what an HTTP Date cannot tell: it counts whole seconds, and travels.
const clockGrain = 2 * time.Second

// checks in order.
var checks = []string{"oidc.discovery", "oidc.certificate", "oidc.issuer", "oidc.endpoints", "oidc.pkce", "oidc.method", "oidc.keys", "oidc.client", "oidc.clock"}

// Check asks the provider what a sign-in would, without a person: its document by
// each path, what the document promises, its keys, whether it knows our client, and
// what time it is there. topic begins the codes, settings the names of what to change:
// practitioners and support staff have a provider each.
func (p *Provider) Check(ctx context.Context, topic, settings string) finding.List {
	var l finding.List
	ctx, cancel := context.WithTimeout(ctx, 3*callTimeout)
	defer cancel()
	if md, an := p.checkDocument(ctx, &l); md != nil {
		p.checkPromises(&l, md, an)
		p.checkKeys(ctx, &l, md)
		p.checkClient(ctx, &l, md)
	}
	l.Complete(checks...)
	for i, f := range l {
		l[i].Check = topic + strings.TrimPrefix(f.Check, "oidc")
		l[i].Do = strings.ReplaceAll(f.Do, "PLI_OIDC_", settings)
	}
	return l
}

// checkDocument tries every path and reads the first document that came; nil when it
// is not to be used.
func (p *Provider) checkDocument(ctx context.Context, l *finding.List) (*metadata, announced) {
	var body []byte
	var got *http.Response
	var tried []string
	var last error
	for _, path := range p.o.DiscoveryPaths {
		res, b, err := p.look(ctx, strings.TrimSuffix(p.o.Issuer, "/")+path)
		switch {
		case err != nil:
			last = err
			tried = append(tried, path+"\u00a0: pas de réponse")
			continue
		case res.StatusCode != http.StatusOK:
			tried = append(tried, fmt.Sprintf("%s\u00a0: réponse %d", path, res.StatusCode))
		case got == nil:
			body = b
			tried = append(tried, path+"\u00a0: reçu")
		default:
			tried = append(tried, path+"\u00a0: reçu aussi")
			continue
		}
		if got == nil || got.StatusCode != http.StatusOK {
			got = res
		}
	}
	if got == nil {
		say, do := because(last, host(p.o.Issuer))
		l.Fault("oidc.discovery", do, "Le document de découverte n’a pas pu être lu. %s", say)
		p.checkLine(l, nil, last)
		return nil, announced{}
	}
	p.checkClock(l, got)
	p.checkLine(l, got.TLS, nil)
	if body == nil {
		l.Fault("oidc.discovery", "Vérifiez PLI_OIDC_ISSUER et PLI_OIDC_DISCOVERY_PATHS.", "Aucun document de découverte (%s).", strings.Join(tried, "\u00a0; "))
		return nil, announced{}
	}
	md, an := &metadata{}, announced{}
	if err := errors.Join(json.Unmarshal(body, md), json.Unmarshal(body, &an)); err != nil {
		l.Fault("oidc.discovery", "Vérifiez PLI_OIDC_ISSUER\u00a0: ce n’est pas un fournisseur d’identité qui a répondu.", "Le document de découverte est illisible.")
		return nil, announced{}
	}
	l.OK("oidc.discovery", "Le document de découverte est lu (%s).", strings.Join(tried, "\u00a0; "))
	return p.checkIssuer(l, md), an
}

func (p *Provider) look(ctx context.Context, at string) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Accept", "application/json")
	res, err := p.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, body, err
}

// checkLine looks at the certificate, which the HTTP library already accepted or not.
func (p *Provider) checkLine(l *finding.List, state *tls.ConnectionState, err error) {
	switch {
	case state != nil && len(state.PeerCertificates) > 0:
		end := state.PeerCertificates[0].NotAfter
		l.OK("oidc.certificate", "Le certificat du fournisseur est accepté, jusqu’au %s (%s).", end.UTC().Format("02/01/2006"), tls.VersionName(state.Version))
	case finding.OfCertificate(err):
		l.Fault("oidc.certificate", "Donnez son autorité par PLI_OIDC_CA_FILE, ou vérifiez l’adresse et l’horloge.", "Le certificat du fournisseur est refusé (%v).", cause(err))
	case err == nil && strings.HasPrefix(p.o.Issuer, "http://"):
		l.OK("oidc.certificate", "La ligne est en clair\u00a0: c’est permis sur cette machine seulement (boucle locale).")
	}
}

func (p *Provider) checkIssuer(l *finding.List, md *metadata) *metadata {
	if md.Issuer != p.o.Issuer {
		l.Fault("oidc.issuer", "Écrivez dans PLI_OIDC_ISSUER l’émetteur exact, barre finale comprise\u00a0; sinon, quelqu’un répond à sa place.",
			"L’émetteur du document est %.200s, celui de la configuration %s.", md.Issuer, p.o.Issuer)
		return nil
	}
	l.OK("oidc.issuer", "L’émetteur est bien %s.", md.Issuer)
	if p.o.AuthMethod != AuthTLS {
		md.MTLS = mtlsAliases{}
	}
	if err := md.check(p.o.Issuer, p.o.Hosts); err != nil {
		l.Fault("oidc.endpoints", "Nommez l’hôte dans PLI_OIDC_HOSTS s’il est bien celui du fournisseur.", "Une adresse du document n’est pas utilisable (%v).", err)
		return nil
	}
	l.OK("oidc.endpoints", "Les adresses du document sont utilisables (autorisation\u00a0: %s).", host(md.Authorization))
	return md
}

// checkPromises reads what the document says it supports. What it leaves out is no
// fault: RFC 8414 §2 makes these lists optional.
func (p *Provider) checkPromises(l *finding.List, md *metadata, an announced) {
	switch {
	case slices.Contains(an.Challenges, "S256"):
		l.OK("oidc.pkce", "Le fournisseur annonce PKCE S256.")
	case len(an.Challenges) > 0:
		l.Fault("oidc.pkce", "Demandez au fournisseur d’accepter PKCE S256.", "Le fournisseur n’annonce pas PKCE S256.")
	default:
		l.Warn("oidc.pkce", "Demandez au fournisseur si PKCE S256 est pris en compte\u00a0; Pli l’envoie toujours.", "Le document ne dit rien de PKCE.")
	}
	if len(an.AuthWays) > 0 && !slices.Contains(an.AuthWays, p.o.AuthMethod) {
		l.Fault("oidc.method", "Choisissez pour PLI_OIDC_AUTH_METHOD l’une des manières annoncées.", "Le fournisseur n’annonce pas %s (mais %.200s).",
			p.o.AuthMethod, strings.Join(an.AuthWays, ", "))
		return
	}
	var absent []string
	for _, s := range p.o.Scopes {
		if len(an.Scopes) > 0 && !slices.Contains(an.Scopes, s) {
			absent = append(absent, s)
		}
	}
	if len(absent) > 0 {
		l.Warn("oidc.method", "Vérifiez PLI_OIDC_SCOPES.", "Le fournisseur n’annonce pas %s.", strings.Join(absent, ", "))
		return
	}
	l.OK("oidc.method", "Le fournisseur accepte %s.", p.o.AuthMethod)
}

func (p *Provider) checkKeys(ctx context.Context, l *finding.List, md *metadata) {
	res, body, err := p.look(ctx, md.JWKS)
	var set struct {
		Keys []struct {
			Use string `json:"use"`
		} `json:"keys"`
	}
	const do = "Sans ces clés personne ne peut entrer\u00a0: prévenez le fournisseur, ou ouvrez la route vers cet hôte."
	switch {
	case err != nil:
		say, _ := because(err, host(md.JWKS))
		l.Fault("oidc.keys", do, "Les clés du fournisseur n’ont pas pu être lues. %s", say)
		return
	case res.StatusCode != http.StatusOK || json.Unmarshal(body, &set) != nil:
		l.Fault("oidc.keys", do, "Les clés du fournisseur sont illisibles (réponse %d).", res.StatusCode)
		return
	}
	n := 0
	for _, k := range set.Keys {
		if k.Use == "" || k.Use == "sig" {
			n++
		}
	}
	if n == 0 {
		l.Fault("oidc.keys", do, "Le fournisseur ne publie aucune clé de signature.")
		return
	}
	l.OK("oidc.keys", "Les clés du fournisseur sont lues (%s de signature).", finding.Count(int64(n), "clé", "clés"))
}

// checkClient trades a code nobody was given: invalid_client means that our id or
// secret is wrong, invalid_grant that only the code is.
func (p *Provider) checkClient(ctx context.Context, l *finding.List, md *metadata) {
	ctx, cancel := p.calling(ctx)
	defer cancel()
	_, err := p.config(md).Exchange(ctx, "pli-check", oauth2.VerifierOption(secret()))
	var said *oauth2.RetrieveError
	switch {
	case errors.As(err, &said) && said.ErrorCode == "invalid_grant":
		l.OK("oidc.client", "Le fournisseur reconnaît le client %s.", p.o.ClientID)
	case errors.As(err, &said) && (said.ErrorCode == "invalid_client" || said.ErrorCode == "unauthorized_client" || said.Response != nil && said.Response.StatusCode == http.StatusUnauthorized):
		l.Fault("oidc.client", "Vérifiez PLI_OIDC_CLIENT_ID, le secret (ou le certificat) et PLI_OIDC_AUTH_METHOD.", "Le fournisseur refuse le client %s (%.60s).", p.o.ClientID, said.ErrorCode)
	case errors.As(err, &said):
		l.Warn("oidc.client", "Essayez une connexion\u00a0; si elle échoue, donnez cette réponse au fournisseur.", "Le fournisseur a répondu %.60s à l’essai du client %s.", said.ErrorCode, p.o.ClientID)
	case err != nil:
		say, do := because(err, host(md.Token))
		l.Fault("oidc.client", do, "Le client n’a pas pu être essayé. %s", say)
	default:
		l.Fault("oidc.client", "Ne mettez pas Pli en service avec ce fournisseur.", "Le fournisseur a donné un jeton pour un code inventé.")
	}
}

// checkClock compares our clock with the provider's: tokens are dated by it.
func (p *Provider) checkClock(l *finding.List, res *http.Response) {
	there, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil {
		l.Warn("oidc.clock", "Vérifiez que l’horloge de cette machine est réglée (NTP).", "Le fournisseur ne donne pas l’heure\u00a0: l’horloge n’a pas pu être comparée.")
		return
	}
	off := p.now().Sub(there)
	if off.Abs() > p.o.Leeway+clockGrain {
		way := "en avance"
		if off < 0 {
			way = "en retard"
		}
		l.Fault("oidc.clock", "Réglez l’horloge de cette machine (NTP)\u00a0: les jetons seraient refusés.", "L’horloge est %s de %s sur celle du fournisseur (au plus %s).",
			way, finding.Age(off.Abs()), finding.Age(p.o.Leeway+clockGrain))
		return
	}
	l.OK("oidc.clock", "L’horloge s’accorde avec celle du fournisseur.")
}

// because is finding.Because for errors our transport makes of answers.
func because(err error, at string) (say, do string) {
	if se := (*statusError)(nil); errors.As(err, &se) {
		return fmt.Sprintf("%s répond par l’erreur %d.", at, se.code), "Attendez ou prévenez le fournisseur\u00a0: son service est en panne."
	}
	return finding.Because(cause(err), at)
}

// host is what a sentence names of an address.
func host(at string) string {
	if u, err := url.Parse(at); err == nil && u.Host != "" {
		return u.Host
	}
	return at
}

// cause leaves the address, which the line names already, out of an error.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
