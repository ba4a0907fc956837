package mailhost

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"pli.example/pli/internal/mssante"
)

func addr(t testing.TB, s string) mssante.Address {
	t.Helper()
	a, err := mssante.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var fixedNow = time.Date(2026, time.November, 23, 9, 12, 0, 0, time.UTC)

const patientAddress = "255033799001160@patient.mssante.fr"

func start(t testing.TB, change func(*Options)) *Host {
	t.Helper()
	claire, lilas := addr(t, "claire.martin@medecin.mssante.fr"), addr(t, "cabinet-des-lilas@pro.mssante.fr")
	o := Options{
		Mailboxes: []Mailbox{{Address: claire, Folders: []string{"Réunions", "Patients/À revoir"}}, {Address: lilas}},
		Exists:    func(a mssante.Address) bool { return a.Local == "ailleurs" },
		Trusted:   func(d mssante.Domain) bool { return strings.HasSuffix(string(d), ".mssante.fr") },
		Token: func(token string) (mssante.NationalID, bool) {
			id, ok := strings.CutPrefix(token, "token-of-")
			return mssante.NationalID(id), ok
		},
		MayOpen: func(id mssante.NationalID, a mssante.Address) bool {
			return id == "claire" && (a.Equal(claire) || a.Equal(lilas)) || id == "julie" && a.Equal(lilas)
		},
		ServiceUser: "pli-service", ServicePassword: "secret",
		Patients: []Patient{{Address: addr(t, patientAddress), Label: "Odile Besançon", Open: []mssante.Address{claire}, Answers: []string{"Merci Docteur.", "Entendu."}}},
		Now:      func() time.Time { return fixedNow },
	}
	if change != nil {
		change(&o)
	}
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// token is the client side of XOAUTH2.
type token struct {
	user, token string
	noIR        bool
	challenge   []byte
}

func (c *token) Start() (string, []byte, error) {
	if c.noIR {
		return mechXOAUTH2, nil, nil
	}
	return mechXOAUTH2, c.response(), nil
}

func (c *token) response() []byte {
	return fmt.Appendf(nil, "user=%s\x01auth=Bearer %s\x01\x01", c.user, c.token)
}

func (c *token) Next(challenge []byte) ([]byte, error) {
	if c.noIR {
		c.noIR = false
		return c.response(), nil
	}
	c.challenge = challenge
	return []byte{}, nil
}

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func dialIMAP(t testing.TB, h *Host, o *imapclient.Options) *imapclient.Client {
	t.Helper()
	conn, err := h.DialIMAP(within(t))
	if err != nil {
		t.Fatal(err)
	}
	if o == nil {
		o = &imapclient.Options{}
	}
	o.TLSConfig = h.TLS()
	o.TLSConfig.ServerName = IMAPHost
	c, err := imapclient.NewStartTLS(conn, o)
	if err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(20*time.Second, func() { _ = c.Close() })
	t.Cleanup(func() { timer.Stop(); _ = c.Close() })
	return c
}

func signIn(t testing.TB, h *Host, mailbox string, o *imapclient.Options) *imapclient.Client {
	t.Helper()
	c := dialIMAP(t, h, o)
	if err := c.Authenticate(&token{user: mailbox, token: "token-of-claire"}); err != nil {
		t.Fatal(err)
	}
	return c
}

const claireBox = "claire.martin@medecin.mssante.fr"

func TestXOAUTH2(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	for _, tc := range []struct {
		name, user, token string
		ok                bool
	}{
		{"initial response", claireBox, "token-of-claire", true},
		{"shared mailbox", "cabinet-des-lilas@pro.mssante.fr", "token-of-julie", true},
		{"another's mailbox", claireBox, "token-of-julie", false},
		{"bad token", claireBox, "stolen", false},
		{"unknown mailbox", "nobody@pro.mssante.fr", "token-of-claire", false},
	} {
		c := dialIMAP(t, h, nil)
		a := &token{user: tc.user, token: tc.token}
		err := c.Authenticate(a)
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v", tc.name, err)
		}
		if !tc.ok && string(a.challenge) != refusal {
			t.Errorf("%s: challenge %q", tc.name, a.challenge)
		}
		if e := (*imap.Error)(nil); !tc.ok && (!errors.As(err, &e) || e.Code != imap.ResponseCodeAuthenticationFailed) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if !tc.ok { // the line stays up: another try is possible
			if err := c.Authenticate(&token{user: claireBox, token: "token-of-claire"}); err != nil {
				t.Errorf("%s: second try: %v", tc.name, err)
			}
		}
	}
}

// The exchange without initial response, line by line (go-imap's client insists
// on having one).
func TestXOAUTH2WithoutInitialResponse(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	conn, err := h.DialIMAP(within(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	say := func(c net.Conn, line, want string) {
		t.Helper()
		if line != "" {
			if _, err := io.WriteString(c, line+"\r\n"); err != nil {
				t.Fatal(err)
			}
		}
		got, b := "", make([]byte, 1)
		for !strings.HasSuffix(got, "\n") {
			if _, err := c.Read(b); err != nil {
				t.Fatal(err)
			}
			got += string(b)
		}
		if !strings.HasPrefix(got, want) {
			t.Fatalf("%q answered %q, want %q", line, got, want)
		}
	}
	say(conn, "", "* OK")
	say(conn, "a STARTTLS", "a OK")
	config := h.TLS()
	config.ServerName = IMAPHost
	secure := tls.Client(conn, config)
	b64 := func(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
	say(secure, "b AUTHENTICATE XOAUTH2", "+ \r\n")
	say(secure, b64((&token{user: claireBox, token: "stolen"}).response()), "+ "+b64([]byte(refusal)))
	if _, err := io.WriteString(secure, "\r\n"); err != nil {
		t.Fatal(err)
	}
	say(secure, "", "b NO [AUTHENTICATIONFAILED]")
	say(secure, "c AUTHENTICATE XOAUTH2", "+ \r\n")
	say(secure, b64((&token{user: claireBox, token: "token-of-claire"}).response()), "c OK")
}

func TestRefusedTokenMayCutTheLine(t *testing.T) {
	t.Parallel()
	h := start(t, func(o *Options) { o.CutRefused = true })
	c := dialIMAP(t, h, nil)
	if err := c.Authenticate(&token{user: claireBox, token: "stolen"}); err == nil {
		t.Fatal("accepted")
	}
	if err := c.Noop().Wait(); err == nil {
		t.Error("the connection is still up")
	}
}

func TestPlainWithAuthorizationIdentity(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	for _, tc := range []struct {
		identity, user, password string
		ok                       bool
	}{
		{claireBox, "pli-service", "secret", true},
		{claireBox, "pli-service", "wrong", false},
		{"", "pli-service", "secret", false},
		{claireBox, "other", "secret", false},
	} {
		c := dialIMAP(t, h, nil)
		if err := c.Authenticate(sasl.NewPlainClient(tc.identity, tc.user, tc.password)); (err == nil) != tc.ok {
			t.Errorf("%+v: %v", tc, err)
		}
	}
	off := start(t, func(o *Options) { o.ServiceUser, o.ServicePassword = "", "" })
	if err := dialIMAP(t, off, nil).Authenticate(sasl.NewPlainClient(claireBox, "", "")); err == nil {
		t.Error("an empty service account opens")
	}
}

func TestNoAuthenticationWithoutTLS(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	conn, err := h.DialIMAP(within(t))
	if err != nil {
		t.Fatal(err)
	}
	c := imapclient.New(conn, nil)
	defer c.Close()
	if err := c.Authenticate(&token{user: claireBox, token: "token-of-claire"}); err == nil {
		t.Error("accepted in clear")
	}
}

func TestCertificateIsChecked(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	for name, config := range map[string]*tls.Config{
		"no authority": {ServerName: IMAPHost},
		"other host":   {ServerName: "other.example", RootCAs: h.Authority()},
	} {
		conn, err := h.DialIMAP(within(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := imapclient.NewStartTLS(conn, &imapclient.Options{TLSConfig: config}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
