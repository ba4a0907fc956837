package demo

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"

	"pli.example/pli/internal/config"
	"pli.example/pli/internal/demo/annuaire"
	"pli.example/pli/internal/demo/idp"
	"pli.example/pli/internal/demo/mailhost"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/xmlsig"
)

const public = "http://127.0.0.1:8080"

var fixedNow = time.Date(2026, time.November, 23, 9, 12, 0, 0, time.UTC)

// options are of every world here. Letters and keys, most of what a world costs, are
// drawn once.
func options() Options {
	return Options{Now: func() time.Time { return fixedNow }, PublicURL: public, Keys: keys(), Letters: func(time.Time) []people.SeedLetter { return letters() }}
}

var (
	letters = sync.OnceValue(func() []people.SeedLetter { return people.Letters(fixedNow) })
	keys    = sync.OnceValue(func() Keys { return Keys{PSC: idp.NewKey(), Staff: idp.NewKey(), List: idp.NewKey()} })
)

func start(t testing.TB) *World {
	t.Helper()
	w, err := New(t.Context(), options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// shared is one world for tests that change nothing others look at.
var shared = sync.OnceValues(func() (*World, error) {
	return New(context.Background(), options())
})

func look(t testing.TB) *World {
	t.Helper()
	w, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// accessToken signs a person in by the stand-in's own pages.
func accessToken(t testing.TB, w *World, key string) string {
	t.Helper()
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{"response_type": {"code"}, "client_id": {"pli-demo"}, "redirect_uri": {public + "/sign-in/callback"}, "scope": {"openid scope_all"}, "state": {"s"},
		"nonce": {"n"}, "acr_values": {"eidas1"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
	rec := httptest.NewRecorder()
	w.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, w.o.WalletURL+"/auth?"+q.Encode(), nil))
	id := regexp.MustCompile(`name="request" value="([^"]+)"`).FindStringSubmatch(rec.Body.String())
	if id == nil {
		t.Fatalf("no page to choose on: %d %s", rec.Code, rec.Body)
	}
	form := url.Values{"request": {id[1]}, "person": {key}, "means": {"CARD"}}
	r := httptest.NewRequest(http.MethodPost, w.o.WalletURL+"/auth/choose", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec = httptest.NewRecorder()
	w.IDPHandler().ServeHTTP(rec, r)
	back, err := url.Parse(rec.Header().Get("Location"))
	if err != nil || back.Query().Get("code") == "" {
		t.Fatalf("no code: %d %s", rec.Code, rec.Header())
	}
	client := w.Lines().Client()
	req, err := http.NewRequest(http.MethodPost, w.Issuer()+"/protocol/openid-connect/token", strings.NewReader(url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {public + "/sign-in/callback"}, "code_verifier": {verifier}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth("pli-demo", "pli-demo-secret")
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var got struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || got.AccessToken == "" {
		t.Fatalf("no token: %d, %v", res.StatusCode, err)
	}
	return got.AccessToken
}

type xoauth2 struct{ user, token string }

func (x xoauth2) Start() (string, []byte, error) {
	return "XOAUTH2", fmt.Appendf(nil, "user=%s\x01auth=Bearer %s\x01\x01", x.user, x.token), nil
}
func (xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

func open(t testing.TB, w *World, token string, box mssante.Address) *imapclient.Client {
	t.Helper()
	lines := w.Lines()
	conn, err := lines.DialIMAP(within(t), "tcp", mailhost.IMAPHost+":143")
	if err != nil {
		t.Fatal(err)
	}
	c, err := imapclient.NewStartTLS(conn, &imapclient.Options{TLSConfig: lines.IMAPTLS})
	if err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(30*time.Second, func() { _ = c.Close() })
	t.Cleanup(func() { timer.Stop(); _ = c.Close() })
	if err := c.Authenticate(xoauth2{box.String(), token}); err != nil {
		t.Fatalf("%s: %v", box, err)
	}
	return c
}

// Everybody reads every mailbox they hold, with their own token, letter by letter.
func TestEverybodyReadsTheirMail(t *testing.T) {
	t.Parallel()
	w := look(t)
	unreadable := 0
	for _, p := range w.People() {
		if p.Support || len(p.Mailboxes) == 0 {
			continue
		}
		token := accessToken(t, w, p.Key)
		for _, g := range p.Mailboxes {
			c := open(t, w, token, g.Address)
			folders, err := c.List("", "*", &imap.ListOptions{ReturnStatus: &imap.StatusOptions{NumMessages: true}}).Collect()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range folders {
				if slices.Contains(f.Attrs, imap.MailboxAttrNoSelect) {
					continue
				}
				data, err := c.Select(f.Mailbox, nil).Wait()
				if err != nil {
					t.Fatalf("%s %s: %v", g.Address, f.Mailbox, err)
				}
				for n := uint32(1); n <= data.NumMessages; n++ {
					got, err := c.Fetch(imap.SeqSetNum(n), &imap.FetchOptions{Envelope: true, Flags: true, BodyStructure: &imap.FetchItemBodyStructure{Extended: true}}).Collect()
					if err == nil && len(got) == 1 {
						continue
					}
					// One letter is there to fail here: its structure is what Dovecot says.
					unreadable++
					c = open(t, w, token, g.Address)
					if _, err := c.Select(f.Mailbox, nil).Wait(); err != nil {
						t.Fatal(err)
					}
					head, err := c.Fetch(imap.SeqSetNum(n), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{Specifier: imap.PartSpecifierHeader, Peek: true}}}).Collect()
					if err != nil || !bytes.Contains(head[0].BodySection[0].Bytes, []byte("Content-Type: text/plain; =x")) {
						t.Errorf("%s %s %d does not list: %v", g.Address, f.Mailbox, n, err)
					}
				}
			}
		}
	}
	if unreadable != 2 { // the practice's mailbox holds it, and two people read that
		t.Errorf("%d letters without a readable structure, want 2", unreadable)
	}
}

func TestRightsOfTheCast(t *testing.T) {
	t.Parallel()
	w := look(t)
	julie := accessToken(t, w, "renard")
	open(t, w, julie, people.LilasBox)
	conn, err := w.Lines().DialIMAP(within(t), "tcp", mailhost.IMAPHost+":143")
	if err != nil {
		t.Fatal(err)
	}
	c, err := imapclient.NewStartTLS(conn, &imapclient.Options{TLSConfig: w.IMAPTLS()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Authenticate(xoauth2{people.MartinBox.String(), julie}); err == nil {
		t.Error("the secretary opens the doctor's own mailbox")
	}
	if len(w.Grants()) < 12 {
		t.Errorf("%d grants", len(w.Grants()))
	}
}

// A letter to a colleague found in the directory is taken; a patient answers.
func TestLettersTravel(t *testing.T) {
	t.Parallel()
	w := start(t)
	lines := w.Lines()
	conn, err := lines.DialSMTP(within(t), "tcp", mailhost.SMTPHost+":587")
	if err != nil {
		t.Fatal(err)
	}
	c, err := smtp.NewClientStartTLS(conn, lines.SMTPTLS)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Auth(xoauth2{people.MartinBox.String(), accessToken(t, w, "martin")}); err != nil {
		t.Fatal(err)
	}
	var colleague mssante.Address
	for _, e := range Directory() {
		if e.Skill == "SM04" && e.Town == "TOURS" && !e.Address.Equal(people.PetitBox) {
			colleague = e.Address
		}
	}
	patient := people.Patients()[0]
	if !patient.Writes {
		t.Fatal("the first patient is silent")
	}
	before := w.Mail().Count(people.MartinBox, "INBOX")
	send := func(to mssante.Address) error {
		return c.SendMail(people.MartinBox.String(), []string{to.String()}, strings.NewReader("Subject: Bonjour\r\nMessage-ID: <t@x>\r\n\r\nBonjour\r\n"))
	}
	for _, to := range []mssante.Address{colleague, people.PetitBox, patient.Address()} {
		if err := send(to); err != nil {
			t.Errorf("%s: %v", to, err)
		}
	}
	if n := w.Mail().Count(people.MartinBox, "INBOX"); n != before+1 {
		t.Errorf("%d answers of the patient", n-before)
	}
	if raw := w.Mail().Newest(people.PetitBox, "INBOX"); !bytes.Contains(raw, []byte("Subject: Bonjour")) {
		t.Error("the letter is not in the colleague's inbox")
	}
	if err := send(mssante.Address{Local: "a", Domain: "mailiz-verification.mssante.fr"}); err == nil {
		t.Error("a domain outside the white list is accepted")
	}
}

func TestNothingLeavesTheMachine(t *testing.T) {
	t.Parallel()
	w := look(t)
	for _, u := range []string{"https://example.com/", "https://wallet.esw.esante.gouv.fr/auth", public + "/", public + "/demo/wallet/auth", "https://" + HostAnnuaire + "/other",
		"http://127.0.0.1:9/demo/psc/auth/realms/esante-wallet/x", "https://" + HostFHIR + ".example.com" + annuaire.PathFHIR + "/Practitioner"} {
		res, err := w.Lines().Client().Get(u)
		if err == nil {
			_ = res.Body.Close()
			t.Errorf("%s answered %d", u, res.StatusCode)
		} else if !strings.Contains(err.Error(), "nothing leaves the machine") {
			t.Errorf("%s: %v", u, err)
		}
	}
	for _, addr := range []string{"imap.example.com:143", mailhost.SMTPHost + ":587", "127.0.0.1:143", ""} {
		if _, err := w.Lines().DialIMAP(within(t), "tcp", addr); err == nil {
			t.Errorf("dialled %q", addr)
		}
	}
}

func get(t testing.TB, w *World, u string) (int, []byte, error) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, u, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("ESANTE-API-KEY", APIKey)
	res, err := w.Lines().Client().Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, body, err
}

func TestDirectoryThroughTheLine(t *testing.T) {
	t.Parallel()
	w := look(t)
	_, list, err := get(t, w, w.WhiteListURL())
	if err != nil {
		t.Fatal(err)
	}
	v, err := xmlsig.Verify(bytes.NewReader(list), xmlsig.Options{Anchors: w.WhiteListAnchors(), At: fixedNow, Signer: annuaire.SignerName})
	if err != nil || !bytes.Contains(v.XML, []byte("<Nom>medecin.mssante.fr</Nom>")) {
		t.Errorf("white list: %v", err)
	}
	_, packed, err := get(t, w, w.ExtractionURL())
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil || len(z.File) != 1 {
		t.Errorf("extraction: %v", err)
	}
	code, body, err := get(t, w, w.FHIRBase()+"/Practitioner?family=Martin&given=Claire")
	if err != nil || code != http.StatusOK || !bytes.Contains(body, []byte(people.MartinBox.String())) {
		t.Errorf("FHIR: %d, %v", code, err)
	}
	// Those who write are in the directory, but for those meant not to be.
	known := map[string]bool{}
	for _, e := range Directory() {
		known[e.Address.Key()] = true
	}
	for _, c := range people.Correspondents() {
		if !known[c.Address.Key()] {
			t.Errorf("%s is in no directory", c.Address)
		}
	}
}

func TestStopAndStart(t *testing.T) {
	t.Parallel()
	w := start(t)
	refused := map[string]func() error{
		ServicePSC: func() error {
			_, _, err := get(t, w, w.Issuer()+"/.well-known/wallet-openid-configuration")
			return err
		},
		ServiceAnnuaire: func() error { _, _, err := get(t, w, w.WhiteListURL()); return err },
		ServiceIMAP: func() error {
			c, err := w.Lines().DialIMAP(within(t), "tcp", mailhost.IMAPHost+":143")
			if err == nil {
				_ = c.Close()
			}
			return err
		},
		ServiceSieve: func() error {
			c, err := w.Lines().DialSieve(within(t), "tcp", mailhost.SieveHost+":4190")
			if err == nil {
				_ = c.Close()
			}
			return err
		},
		ServiceSMTP: func() error {
			c, err := w.Lines().DialSMTP(within(t), "tcp", mailhost.SMTPHost+":587")
			if err == nil {
				_ = c.Close()
			}
			return err
		},
	}
	for _, s := range w.Status() {
		if !s.Running || refused[s.Name]() != nil {
			t.Errorf("%s is down at first", s.Name)
		}
		if !w.Stop(s.Name) {
			t.Errorf("%s cannot be stopped", s.Name)
		}
		if err := refused[s.Name](); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s stopped: %v", s.Name, err)
		}
		if !w.Start(s.Name) || refused[s.Name]() != nil {
			t.Errorf("%s does not come back", s.Name)
		}
	}
	if w.Stop("other") {
		t.Error("an unknown service is stopped")
	}
}

func TestPanel(t *testing.T) {
	t.Parallel()
	w := start(t)
	panel := w.Panel()
	rec := httptest.NewRecorder()
	panel.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/demo/", nil))
	page := rec.Body.String()
	for _, p := range w.People() {
		if !strings.Contains(page, `data-testid="demo-person-`+p.Key+`"`) {
			t.Errorf("%s is not on the page", p.Key)
		}
	}
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Security-Policy") != panelPolicy || strings.Contains(page, "{{") || strings.Contains(page, "<script") || strings.Contains(page, "style=") {
		t.Errorf("page: %d %v", rec.Code, rec.Header())
	}
	words := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, "")
	if bad := regexp.MustCompile(`.{0,20} [:;!?]`).FindString(words); bad != "" {
		t.Errorf("an ordinary space before punctuation: %q", bad)
	}
	post := func(site string, form url.Values) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/demo/switch", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", site)
		rec := httptest.NewRecorder()
		panel.ServeHTTP(rec, r)
		return rec
	}
	stop := url.Values{"service": {"imap"}, "etat": {"arret"}}
	if rec := post("cross-site", stop); rec.Code != http.StatusForbidden || !w.Mail().Running(ServiceIMAP) {
		t.Errorf("another site stops a server: %d", rec.Code)
	}
	if rec := post("same-origin", stop); rec.Code != http.StatusSeeOther || w.Mail().Running(ServiceIMAP) {
		t.Errorf("stop: %d", rec.Code)
	}
	if rec := post("same-origin", url.Values{"service": {"imap"}, "etat": {"marche"}}); rec.Code != http.StatusSeeOther || !w.Mail().Running(ServiceIMAP) {
		t.Errorf("start: %d", rec.Code)
	}
	if rec := post("same-origin", url.Values{"service": {"lune"}}); rec.Code != http.StatusBadRequest {
		t.Errorf("unknown service: %d", rec.Code)
	}
}

// The world answers to the settings the demo configuration gives the house.
func TestFitsTheDemoConfiguration(t *testing.T) {
	t.Parallel()
	c, err := config.Demo("127.0.0.1:8080")
	if err != nil {
		t.Skipf("the environment holds real settings: %v", err)
	}
	w := look(t)
	if c.OIDC.Issuer != w.Issuer() || c.OIDC.ClientID != w.o.ClientID || string(c.OIDC.ClientSecret) != w.o.ClientSecret {
		t.Errorf("sign-in settings differ: %s, %s", c.OIDC.Issuer, w.Issuer())
	}
	if c.IMAP.Address != mailhost.IMAPHost+":143" || c.SMTP.Address != mailhost.SMTPHost+":587" {
		t.Errorf("addresses differ: %s, %s", c.IMAP.Address, c.SMTP.Address)
	}
}
