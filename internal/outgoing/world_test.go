package outgoing

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/demo/annuaire"
	"pli.example/pli/internal/demo/mailhost"
	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
	"pli.example/pli/internal/trust"
)

const (
	anneBox  = "anne.martin@medecin.mssante.fr"
	hugoBox  = "hugo.petit@chu-touraine.mssante.fr"
	patient  = "255033799001108@patient.mssante.fr"
	outsider = "quelquun@gmail.example"
)

var (
	anne = mssante.Actor{SessionID: "s-anne", AccountID: "", NationalID: "899700000001", Name: "Dr Anne Martin", Work: "Médecin", ACR: "eidas1"}
	zoe  = mssante.Actor{SessionID: "s-zoe", AccountID: "acc-zoe", NationalID: "899700000002", Name: "Zoé Petit", Work: "Secrétaire médicale", ACR: "eidas1"}
)

// world is the outbox on real rooms, the demo's mail servers and its white list.
type world struct {
	*testing.T
	ctx    context.Context
	path   string
	keys   *seal.Keyring
	host   *mailhost.Host
	list   http.Handler
	roots  *x509.CertPool
	clock  atomic.Int64
	signed sync.Map // session ids that ended
	fault  atomic.Pointer[faults]

	db    *store.DB
	trail *audit.Trail
	grant *delegation.Grants
	mail  *mailserver.Server
	trust *trust.List
	house *mailbox.House
	*Outbox
	change func(*Options)
}

// faults break the line to the submission server.
type faults struct{ deaf, cut, hang atomic.Bool }

type faulty struct {
	net.Conn
	f *faults
}

func (c faulty) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.f.deaf.Load() {
		c.Conn.Close()
		return 0, net.ErrClosed
	}
	return n, err
}

func (c faulty) Write(p []byte) (int, error) {
	if c.f.cut.Load() {
		c.Conn.Close()
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

func address(t testing.TB, s string) mssante.Address {
	t.Helper()
	a, err := mssante.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// yellowPages signs the white list once for all tests: it never changes.
var yellowPages = sync.OnceValues(func() (*annuaire.Annuaire, error) {
	var all []annuaire.Entry
	for i, s := range []string{anneBox, hugoBox} {
		a, err := mssante.ParseAddress(s)
		if err != nil {
			return nil, err
		}
		all = append(all, annuaire.Entry{Kind: mssante.KindNominative, Address: a, NationalID: mssante.NationalID(fmt.Sprint("89970000000", i)),
			Title: "DR", Family: "MARTIN", Given: "ANNE", Profession: "10", Work: "Médecin"})
	}
	return annuaire.New(annuaire.Options{Entries: all, Domains: []mssante.Domain{mssante.PatientDomain}})
})

func newWorld(t *testing.T, change func(*Options)) *world {
	t.Helper()
	w := &world{T: t, path: filepath.Join(t.TempDir(), "pli.db"), keys: ring(), change: change}
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	t.Cleanup(cancel)
	w.ctx = ctx
	w.fault.Store(&faults{})
	var err error
	w.host, err = mailhost.New(mailhost.Options{
		Mailboxes: []mailhost.Mailbox{{Address: address(t, anneBox)}, {Address: address(t, hugoBox)}},
		Exists:    func(a mssante.Address) bool { return !strings.HasPrefix(a.Local, "inconnu") },
		Trusted:   func(d mssante.Domain) bool { return strings.HasSuffix(string(d), ".mssante.fr") },
		Token:     func(s string) (mssante.NationalID, bool) { return mssante.NationalID(s), s != "" },
		MayOpen:   func(mssante.NationalID, mssante.Address) bool { return true },
		Patients:  []mailhost.Patient{{Address: address(t, patient), Label: "Odile Besançon"}},
		Now:       w.now,
	})
	w.must(err)
	t.Cleanup(func() { _ = w.host.Close() })
	yellow, err := yellowPages()
	w.must(err)
	w.list, w.roots = yellow.Handler(), yellow.Anchors()
	w.furnish()
	w.open()
	t.Cleanup(func() { w.shut() })
	return w
}

func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.clock.Load())) }

func (w *world) advance(d time.Duration) { w.clock.Add(int64(d)) }

// open starts a process on the database; shut ends it.
func (w *world) open() {
	w.Helper()
	var err error
	w.db, err = store.Open(w.ctx, store.Options{Path: w.path, Now: w.now})
	w.must(err)
	w.trail = audit.New(audit.Options{DB: w.db, Keys: w.keys, Node: "test", Now: w.now})
	accounts := account.New(account.Options{DB: w.db, Keys: w.keys, Audit: w.trail, Now: w.now})
	w.grant = delegation.New(delegation.Options{DB: w.db, Accounts: accounts, Audit: w.trail, Now: w.now})
	credentials := func(_ context.Context, a mssante.Actor, _ mssante.Address) (string, error) {
		if _, ended := w.signed.Load(a.SessionID); ended {
			return "", problem.New(problem.SignInNeeded, "Reconnectez-vous.")
		}
		return string(a.NationalID), nil
	}
	w.mail = mailserver.New(mailserver.Options{Address: mailhost.IMAPHost + ":143", Mode: mailserver.ModeSTARTTLS, TLS: w.host.TLS(),
		Dial:        func(ctx context.Context, _, _ string) (net.Conn, error) { return w.host.DialIMAP(ctx) },
		Credentials: credentials, CommandTimeout: 20 * time.Second, Now: w.now})
	submission := mailserver.NewSubmission(mailserver.SubmissionOptions{Address: mailhost.SMTPHost + ":587", Mode: mailserver.ModeSTARTTLS, TLS: w.host.TLS(),
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			if w.fault.Load().hang.Load() {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			c, err := w.host.DialSMTP(ctx)
			if err != nil {
				return nil, err
			}
			return faulty{c, w.fault.Load()}, nil
		}, Credentials: credentials, CommandTimeout: 20 * time.Second, DataTimeout: 20 * time.Second, Now: w.now})
	w.trust = trust.New(trust.Options{DB: w.db, Audit: w.trail, URL: "https://liste.invalid" + annuaire.PathWhiteList, HTTP: &http.Client{Transport: handler{w.list}},
		Anchors: w.roots, SignerNames: []string{annuaire.SignerName}, Now: w.now})
	w.must(w.trust.Load(w.ctx))
	w.house = mailbox.New(mailbox.Options{Grants: w.grant, Servers: w.mail, Audit: w.trail, Keys: w.keys, Now: w.now})
	o := Options{DB: w.db, Keys: w.keys, Audit: w.trail, House: w.house, Accounts: accounts, Grants: w.grant, Trust: w.trust,
		Ledger: ledger.New(ledger.Options{DB: w.db, Keys: w.keys, Now: w.now}), Submission: submission, NIL: "PLI-TEST", Now: w.now}
	if w.change != nil {
		w.change(&o)
	}
	w.Outbox = New(o)
}

var (
	ring     = sync.OnceValue(seal.NewRandomKeyring)
	template struct {
		sync.Once
		file []byte
	}
)

// furnish lays a database with Anne, her mailbox and the white list in it: made
// once, since migrations and signatures cost more than the tests.
func (w *world) furnish() {
	w.Helper()
	template.Do(func() {
		w.open()
		_, err := w.o.Accounts.SignedIn(w.ctx, mssante.Practitioner{NationalID: anne.NationalID, GivenName: "ANNE", FamilyName: "MARTIN"})
		w.must(err)
		w.must(w.trust.Refresh(w.ctx))
		w.give(anneBox, anne.NationalID, delegation.Owner, delegation.All)
		w.shut()
		template.file, err = os.ReadFile(w.path)
		w.must(err)
	})
	w.must(os.WriteFile(w.path, template.file, 0o600))
}

func (w *world) shut() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = w.Outbox.Close(ctx)
	_ = w.mail.Close(ctx)
	_ = w.trail.Close()
	_ = w.db.Close()
}

func (w *world) restart() {
	w.Helper()
	w.shut()
	w.open()
	w.must(w.Recover(w.ctx))
}

type handler struct{ h http.Handler }

func (h handler) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	h.h.ServeHTTP(rec, r)
	return rec.Result(), nil
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) give(box string, to mssante.NationalID, kind delegation.Kind, rights delegation.Rights) {
	w.Helper()
	_, err := w.grant.Grant(w.ctx, mssante.Actor{AccountID: "operator"}, delegation.Request{Address: address(w, box), MailboxKind: mssante.KindNominative,
		Label: "Dr Anne Martin", To: to, Kind: kind, Rights: rights})
	w.must(err)
}

func (w *world) box(who mssante.Actor) *mailbox.Box {
	w.Helper()
	if who.NationalID == anne.NationalID {
		acc, err := w.o.Accounts.ByNationalID(w.ctx, who.NationalID)
		w.must(err)
		who.AccountID = acc.ID
	}
	b, err := w.house.Open(w.ctx, who, address(w, anneBox))
	w.must(err)
	return b
}

// draft begins a letter that can leave as it is.
func (w *world) letter(box *mailbox.Box, to ...string) Draft {
	w.Helper()
	b, err := w.New(w.ctx, box, Origin{Kind: Blank})
	w.must(err)
	f := Fields{Subject: "Avis cardiologique", HTML: "<p>Cher confrère,</p><p>Qu’en pensez-vous\u00a0?</p>"}
	for _, a := range to {
		f.To = append(f.To, Recipient{Address: a})
	}
	s, err := w.Save(w.ctx, box, b.Draft.ID, Edit{Version: b.Draft.Version, Writer: "w", Seq: 1, Fields: f})
	w.must(err)
	d, err := w.Get(w.ctx, box, s.ID)
	w.must(err)
	return d
}

// attach uploads a file whole.
func (w *world) attach(box *mailbox.Box, d Draft, name string, content []byte) File {
	w.Helper()
	f, err := w.StartUpload(w.ctx, box, d.ID, name, int64(len(content)))
	w.must(err)
	f, err = w.Chunk(w.ctx, box, d.ID, f.ID, 0, bytes.NewReader(content))
	w.must(err)
	if !f.Complete() {
		w.Fatalf("%d of %d octets received", f.Received, f.Size)
	}
	return f
}

func (w *world) arrived(box string) int { return w.host.Count(address(w, box), "INBOX") }

// settles waits until what follows a sending is done.
func (w *world) settles(what string, done func() bool) {
	w.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			w.Fatal("not in time: " + what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (w *world) sentCopies(n int) {
	w.Helper()
	w.settles(fmt.Sprintf("%d copies in Sent", n), func() bool { return w.host.Count(address(w, anneBox), "Sent") >= n })
	w.flying.Wait()
	if got := w.host.Count(address(w, anneBox), "Sent"); got != n {
		w.Fatalf("%d copies in Sent, want %d", got, n)
	}
}

func (w *world) parse(raw []byte) *message.Letter {
	w.Helper()
	l, err := message.Parse(raw, message.Limits{})
	w.must(err)
	return l
}

// acts counts the rows of the trail with that action and outcome.
func (w *world) acts(a audit.Action, outcome string) (n int) {
	w.Helper()
	rows, err := w.trail.Recent(w.ctx, audit.Filter{Action: a, Limit: 500})
	w.must(err)
	for _, r := range rows {
		if r.Event.Outcome == outcome || outcome == "" {
			n++
		}
	}
	return n
}

func (w *world) state(box *mailbox.Box, id string) State {
	w.Helper()
	d, err := w.draft(w.ctx, w.db.Read(), box, id)
	w.must(err)
	return d.State
}
