package trust

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
	"pli.example/pli/internal/xmlsig"
)

var born = time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)

// signing is one authority and one key, made once.
type signing struct {
	key  *rsa.PrivateKey
	ca   *x509.Certificate
	pool *x509.CertPool
}

var authority = sync.OnceValue(func() signing {
	s := signing{key: testKey()}
	s.ca = s.certificate(&x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "AC de test"}, NotBefore: born.AddDate(-5, 0, 0), NotAfter: born.AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil)
	s.pool = x509.NewCertPool()
	s.pool.AddCert(s.ca)
	return s
})

func (s signing) certificate(t, parent *x509.Certificate) *x509.Certificate {
	if parent == nil {
		parent = t
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, &s.key.PublicKey, s.key)
	if err != nil {
		panic(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return c
}

// leaf is the signer's certificate, good from a year before born to a month after,
// unless changed.
func (s signing) leaf(change func(*x509.Certificate)) *x509.Certificate {
	t := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: DefaultSigner}, NotBefore: born.AddDate(-1, 0, 0), NotAfter: born.AddDate(0, 1, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}}
	if change != nil {
		change(t)
	}
	return s.certificate(t, s.ca)
}

// list writes an unsigned list.
func list(generated time.Time, names ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListeBlancheMSSante xmlns=%q>\n<DateDeGeneration>%s</DateDeGeneration>\n<ListeDomaines>\n", namespace, generated.Format(time.RFC3339))
	for _, n := range names {
		fmt.Fprintf(&b, "<Domaine><Nom>%s</Nom><Description>Fictif</Description></Domaine>\n", n)
	}
	b.WriteString("</ListeDomaines></ListeBlancheMSSante>")
	return b.String()
}

func sign(t testing.TB, document string, change func(*x509.Certificate)) []byte {
	t.Helper()
	s := authority()
	out, err := xmlsig.Sign([]byte(document), s.key, s.leaf(change))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// world is a list, its server and its clock.
type world struct {
	t      testing.TB
	db     *store.DB
	trail  *audit.Trail
	list   *List
	now    atomic.Int64 // Unix seconds
	mu     sync.Mutex
	answer func(*http.Request) *http.Response // nil: nobody there
	asked  []*http.Request
	before int64 // rows of the trail up to here are not of this test
}

func newWorld(t testing.TB, change func(*Options)) *world {
	t.Helper()
	s := shared()
	s.turn.Lock()
	t.Cleanup(s.turn.Unlock)
	w := &world{t: t, db: s.db, trail: s.trail}
	w.reset(change)
	return w
}

// shared is the one database of these tests, taken in turns: opening it under the
// race detector costs more than everything done with it.
var shared = sync.OnceValue(func() *sharing {
	now := func() time.Time { return born }
	db, err := store.Open(context.Background(), store.Options{Now: now})
	if err != nil {
		panic(err)
	}
	return &sharing{db: db, trail: audit.New(audit.Options{DB: db, Keys: seal.NewRandomKeyring(), Now: now})}
})

type sharing struct {
	turn  sync.Mutex
	db    *store.DB
	trail *audit.Trail
}

// reset begins anew: no saved copy, the clock at born, a trail read from here on.
func (w *world) reset(change func(*Options)) {
	w.t.Helper()
	w.exec(`DELETE FROM trust_list`)
	w.now.Store(born.Unix())
	w.answer, w.asked = nil, nil
	rows, err := w.trail.Recent(w.t.Context(), audit.Filter{Limit: 1})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(rows) > 0 {
		w.before = rows[0].Seq
	}
	w.list = w.open(change)
}

// open makes another List on the same database: a restart.
func (w *world) open(change func(*Options)) *List {
	o := Options{DB: w.db, Audit: w.trail, URL: "https://liste.example/liste.xml", HTTP: &http.Client{Transport: w}, Anchors: authority().pool, Now: w.clock}
	if change != nil {
		change(&o)
	}
	return New(o)
}

func (w *world) clock() time.Time         { return time.Unix(w.now.Load(), 0).UTC() }
func (w *world) advance(by time.Duration) { w.now.Add(int64(by / time.Second)) }

func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, r)
	if w.answer == nil {
		return nil, io.ErrUnexpectedEOF
	}
	return w.answer(r), nil
}

func (w *world) serve(f func(*http.Request) *http.Response) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = f
}

// publish serves a document with a validator.
func (w *world) publish(document []byte, etag string) {
	w.serve(func(r *http.Request) *http.Response {
		if etag != "" && r.Header.Get("If-None-Match") == etag {
			return response(http.StatusNotModified, nil, etag)
		}
		return response(http.StatusOK, document, etag)
	})
}

func response(status int, body []byte, etag string) *http.Response {
	h := http.Header{}
	if etag != "" {
		h.Set("ETag", etag)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body))}
}

func (w *world) refresh() error {
	w.t.Helper()
	return w.list.Refresh(w.t.Context())
}

func (w *world) mustRefresh() {
	w.t.Helper()
	if err := w.refresh(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) verdict(domain string) Verdict {
	return w.list.Allows(mssante.Address{Local: "x", Domain: mssante.Domain(domain)})
}

// actions are the trail's rows of this room, oldest first: action and request.
func (w *world) actions() []string {
	w.t.Helper()
	rows, err := w.trail.Recent(w.t.Context(), audit.Filter{Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for i := len(rows) - 1; i >= 0; i-- {
		if rows[i].Seq <= w.before {
			continue
		}
		out = append(out, string(rows[i].Event.Action)+" "+rows[i].Event.Request)
	}
	return out
}

func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	err := w.db.Write(w.t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(statement, args...)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}
