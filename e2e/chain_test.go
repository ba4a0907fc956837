//go:build e2e

package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"testing"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/rawimap"
)

// shortDir is a temporary directory with a short name: Unix sockets below it may
// not exceed 107 bytes.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pli-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func startDovecot(t testing.TB, o dovecot.Options) *dovecot.Server {
	t.Helper()
	needDovecot(t)
	o.Dir = shortDir(t)
	s, err := dovecot.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func chainPerson(key, id string) ProviderPerson {
	return ProviderPerson{Key: key, Label: key, Userinfo: map[string]any{
		"sub": "f:00000000-0000-4000-8000-000000000001:" + id, "SubjectNameID": id,
		"given_name": key, "family_name": "ESSAI", "preferred_username": id,
		"SubjectRefPro": map[string]any{"codeCivilite": "M", "exercices": []any{}},
	}}
}

// TestChain proves the supports of the other tests: a token of the independent
// provider opens in Dovecot the mailboxes its person may open, and no other.
func TestChain(t *testing.T) {
	const redirect = "http://127.0.0.1:9/callback"
	p := startProvider(t, ProviderConfig{
		Clients: []ProviderClient{
			{ID: "pli", Secret: "secret-of-pli", RedirectURIs: []string{redirect}},
			{ID: "dovecot", Secret: "secret-of-dovecot"},
		},
		People: []ProviderPerson{chainPerson("anne", "810000000011"), chainPerson("boris", "500000001815646/CPAT00045")},
	})
	d := startDovecot(t, dovecot.Options{
		Mailboxes:     []string{"anne@example.test", "boris@example.test", "officine@example.test"},
		Introspection: p.Introspection("dovecot", "secret-of-dovecot"),
		Pairs: []dovecot.Pair{
			{Mailbox: "anne@example.test", NationalID: "810000000011"},
			{Mailbox: "boris@example.test", NationalID: "500000001815646/CPAT00045"},
			{Mailbox: "officine@example.test", NationalID: "810000000011"},
			{Mailbox: "officine@example.test", NationalID: "500000001815646/CPAT00045"},
		},
	})
	anne, boris := token(t, p, "anne", redirect), token(t, p, "boris", redirect)
	const challenge = `{"status":"401","schemes":"bearer","scope":"mail"}`
	for _, c := range []struct {
		name, user, token string
		in, malformed     bool // malformed: refused before any token is looked at
	}{
		{"own mailbox", "anne@example.test", anne, true, false},
		{"own mailbox in capitals", "Anne@Example.test", anne, true, false},
		{"shared mailbox, one person", "officine@example.test", anne, true, false},
		{"shared mailbox, the other", "officine@example.test", boris, true, false},
		{"id with a slash", "boris@example.test", boris, true, false},
		{"somebody else's mailbox", "boris@example.test", anne, false, false},
		{"a mailbox that is not there", "nobody@example.test", anne, false, false},
		{"the bare national id", "810000000011", anne, false, false},
		{"no token at all", "anne@example.test", "", false, true},
		{"a token of nobody", "anne@example.test", "forged", false, false},
		{"a user made to look like a pair", "anne@example.test|810000000011", boris, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := rawimap.Dial(d.Address, d.TLS())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			r, err := conn.XOAUTH2(c.user, c.token)
			if err != nil {
				t.Fatal(err, d.Log())
			}
			if in := r.Status == "OK"; in != c.in {
				t.Fatalf("let in %v, want %v: %s %s\n%s", in, c.in, r.Status, r.Text, d.Log())
			}
			if !c.in && !c.malformed && (len(r.Asked) != 1 || r.Asked[0] != challenge) {
				t.Errorf("challenge %q, want %s", r.Asked, challenge)
			}
			if c.in {
				if _, _, err := conn.Select("INBOX"); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestServiceAccount proves the other mode: a service account names the mailbox.
func TestServiceAccount(t *testing.T) {
	d := startDovecot(t, dovecot.Options{Mailboxes: []string{"anne@example.test"}, Separator: "/", Folders: dovecot.French})
	for _, c := range []struct {
		name, authzid, user, password string
		in                            bool
	}{
		{"service account", "anne@example.test", dovecot.Service, dovecot.ServicePassword, true},
		{"wrong password", "anne@example.test", dovecot.Service, "x", false},
		{"unknown mailbox", "zoe@example.test", dovecot.Service, dovecot.ServicePassword, false},
		{"the service account itself has no mail", "", dovecot.Service, dovecot.ServicePassword, false},
		{"a mailbox has no password", "", "anne@example.test", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := rawimap.Dial(d.Address, d.TLS())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.Plain(c.authzid, c.user, c.password); (err == nil) != c.in {
				t.Fatalf("let in %v, want %v: %v\n%s", err == nil, c.in, err, d.Log())
			}
			if !c.in {
				return
			}
			folders, err := conn.Folders()
			if err != nil {
				t.Fatal(err)
			}
			if len(folders) != 6 || !strings.Contains(joinFolders(folders), `Envoy&AOk-s \Sent`) {
				t.Errorf("folders: %s", joinFolders(folders))
			}
		})
	}
}

func joinFolders(folders []rawimap.Folder) string {
	var b strings.Builder
	for _, f := range folders {
		b.WriteString(f.Name + " " + f.Attrs[len(f.Attrs)-1] + "; ")
	}
	return b.String()
}

// token signs a person in by hand (code with PKCE) and gives the access token.
func token(t *testing.T, p *Provider, key, redirect string) string {
	t.Helper()
	var meta struct {
		Issuer    string `json:"issuer"`
		Authorize string `json:"authorization_endpoint"`
		Token     string `json:"token_endpoint"`
		Userinfo  string `json:"userinfo_endpoint"`
	}
	getJSON(t, p.Issuer+"/.well-known/wallet-openid-configuration", "", &meta)
	if meta.Issuer != p.Issuer {
		t.Fatalf("issuer %q", meta.Issuer)
	}
	jar, _ := cookiejar.New(nil)
	c := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), redirect) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	verifier := strings.Repeat("v", 64)
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{"response_type": {"code"}, "client_id": {"pli"}, "redirect_uri": {redirect}, "scope": {"openid scope_all"},
		"acr_values": {"eidas1"}, "state": {"s"}, "nonce": {"n"}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}}
	res, err := c.Get(meta.Authorize + "?" + q.Encode())
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	res, err = c.PostForm(res.Request.URL.String(), url.Values{"mode": {"CARD"}, "person": {key}})
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil || back.Query().Get("code") == "" || back.Query().Get("iss") != p.Issuer {
		t.Fatalf("no code: %s %s %s", res.Status, back, body)
	}
	req, _ := http.NewRequest("POST", meta.Token, strings.NewReader(url.Values{"grant_type": {"authorization_code"},
		"code": {back.Query().Get("code")}, "redirect_uri": {redirect}, "code_verifier": {verifier}}.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth("pli", "secret-of-pli")
	res, err = http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		ID      string `json:"id_token"`
		Expires int    `json:"expires_in"`
	}
	if err := json.NewDecoder(res.Body).Decode(&tokens); err != nil || tokens.Access == "" {
		t.Fatal("no token: ", res.Status, err)
	}
	if tokens.Refresh == "" || tokens.Expires != 120 {
		t.Errorf("refresh %q, expires in %d s", tokens.Refresh, tokens.Expires)
	}
	claims := map[string]any{}
	payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(tokens.ID, ".")[1])
	json.Unmarshal(payload, &claims)
	if claims["acr"] != "eidas1" || claims["nonce"] != "n" {
		t.Errorf("id_token claims %v", claims)
	}
	var info map[string]any
	getJSON(t, meta.Userinfo, tokens.Access, &info)
	if info["SubjectRefPro"] == nil || info["sub"] != claims["sub"] {
		t.Errorf("userinfo %v", info)
	}
	return tokens.Access
}

func getJSON(t *testing.T, address, bearer string, into any) {
	t.Helper()
	req, _ := http.NewRequest("GET", address, nil)
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(into); err != nil || res.StatusCode != 200 {
		t.Fatalf("%s: %s %v", address, res.Status, err)
	}
}
