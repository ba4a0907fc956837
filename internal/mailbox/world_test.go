package mailbox

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

const host = "imap.test.example"

// world is the house on real rooms and an in-memory mail server.
type world struct {
	*testing.T
	house *House
	trail *audit.Trail
	grant *delegation.Grants
	mail  *mailserver.Server
	clock atomic.Int64 // seconds added to the time of the start
	mute  sync.Map     // mailbox key → the server hangs up on it
	hook  atomic.Pointer[func(command, folder string) error]
	users *users
	db    *store.DB
	ctx   context.Context
	home  string // of annes's mailbox, on a real server
}

var (
	anne = mssante.Actor{SessionID: "s-anne", AccountID: "acc-anne", NationalID: "810000000001", Name: "Dr Anne Martin", Work: "médecin"}
	zoe  = mssante.Actor{SessionID: "s-zoe", AccountID: "acc-zoe", NationalID: "810000000002", Name: "Zoé Petit", Work: "secrétaire"}
)

func address(t testing.TB, s string) mssante.Address {
	t.Helper()
	a, err := mssante.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const (
	annes = "anne.martin@medecin.test.mssante.fr"
	team  = "cabinet.port@cabinet.test.mssante.fr"
)

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t}
	start := time.Now()
	now := func() time.Time { return start.Add(time.Since(start)).Add(time.Duration(w.clock.Load()) * time.Second) }
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	w.ctx = ctx
	db, err := store.Open(ctx, store.Options{Now: now})
	w.must(err)
	keys := seal.NewRandomKeyring()
	w.trail = audit.New(audit.Options{DB: db, Keys: keys, Node: "test", Now: now})
	accounts := account.New(account.Options{DB: db, Keys: keys, Audit: w.trail, Now: now})
	w.grant = delegation.New(delegation.Options{DB: db, Accounts: accounts, Audit: w.trail, Now: now})
	dial, pool := w.imap()
	w.mail = mailserver.New(mailserver.Options{Address: host + ":993", Mode: mailserver.ModeTLS, TLS: &tls.Config{RootCAs: pool}, Dial: dial,
		Credentials:    func(context.Context, mssante.Actor, mssante.Address) (string, error) { return "token", nil },
		CommandTimeout: 15 * time.Second, Now: now})
	w.house, w.db = New(Options{Grants: w.grant, Servers: w.mail, Audit: w.trail, Keys: keys, DB: db, Now: now}), db
	t.Cleanup(func() {
		w.mail.Close(context.Background())
		w.trail.Close()
		db.Close()
	})
	w.give(annes, anne, delegation.Owner, delegation.All, "Ma boîte")
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) give(box string, to mssante.Actor, kind delegation.Kind, rights delegation.Rights, label string) delegation.Grant {
	w.Helper()
	g, err := w.grant.Grant(w.ctx, mssante.Actor{AccountID: "operator"}, delegation.Request{Address: address(w, box), MailboxKind: mssante.KindNominative,
		Label: label, To: to.NationalID, Kind: kind, Rights: rights})
	w.must(err)
	return g
}

func (w *world) open(actor mssante.Actor, box string) *Box {
	w.Helper()
	b, err := w.house.Open(w.ctx, actor, address(w, box))
	w.must(err)
	return b
}

// put lays a letter in a folder, as another server would.
func (w *world) put(box, folder, raw string, flags ...string) uint32 {
	w.Helper()
	raw = strings.ReplaceAll(raw, "\n", "\r\n")
	_, uid, err := w.mail.For(mssante.Actor{SessionID: "postman"}, address(w, box)).Append(w.ctx, folder, flags,
		time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), int64(len(raw)), strings.NewReader(raw))
	w.must(err)
	return uid
}

// acts gives the trail since a point, newest last.
func (w *world) acts() []audit.Event {
	w.Helper()
	rows, err := w.trail.Recent(w.ctx, audit.Filter{Limit: 500})
	w.must(err)
	var out []audit.Event
	for i := len(rows) - 1; i >= 0; i-- {
		out = append(out, rows[i].Event)
	}
	return out
}

func (w *world) last() audit.Event {
	w.Helper()
	all := w.acts()
	return all[len(all)-1]
}

// imap is go-imap's memory server behind TLS and XOAUTH2, one user per mailbox.
func (w *world) imap() (func(context.Context, string, string) (net.Conn, error), *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.must(err)
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	w.must(err)
	leaf, err := x509.ParseCertificate(der)
	w.must(err)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	cfg := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	users := &users{all: map[string]*imapmemserver.User{}, mute: &w.mute, hook: &w.hook}
	w.users = users
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &userSession{users: users}, nil, nil
		},
		InsecureAuth: true, Caps: imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}}, Logger: log.New(io.Discard, "", 0),
	})
	ln := &oneListener{ch: make(chan net.Conn), done: make(chan struct{}), started: make(chan struct{})}
	go func() { _ = srv.Serve(ln) }()
	<-ln.started // the library's Close must not race with the start of Serve
	w.Cleanup(func() { srv.Close(); ln.Close() })
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		mine, theirs := net.Pipe()
		select {
		case ln.ch <- tls.Server(theirs, cfg):
			return mine, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}, pool
}

type oneListener struct {
	ch      chan net.Conn
	done    chan struct{}
	once    sync.Once
	started chan struct{}
	first   sync.Once
}

func (l *oneListener) Accept() (net.Conn, error) {
	l.first.Do(func() { close(l.started) })
	select {
	case c := <-l.ch:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}
func (l *oneListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *oneListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

type users struct {
	mu    sync.Mutex
	all   map[string]*imapmemserver.User
	mute  *sync.Map
	hook  *atomic.Pointer[func(command, folder string) error]
	slow  atomic.Pointer[func(letters int) error]
	asked atomic.Pointer[func(c *imap.SearchCriteria) error]
}

func (u *users) get(name string) *imapmemserver.User {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.all[name] == nil {
		u.all[name] = imapmemserver.NewUser(name, "")
		_ = u.all[name].Create("INBOX", nil)
		_ = u.all[name].Create("Patients", nil)
	}
	return u.all[name]
}

type userSession struct {
	*imapmemserver.UserSession
	users  *users
	folder string
}

// during runs f before the server does an AUTHENTICATE, SELECT, MOVE, COPY or STORE; what f
// returns is the server's answer.
func (w *world) during(f func(command, folder string) error) { w.hook.Store(&f) }

// searches runs f before the server answers which of so many letters are somebody's.
func (w *world) searches(f func(letters int) error) { w.users.slow.Store(&f) }

// asks runs f before the server answers a question about a window of letters.
func (w *world) asks(f func(c *imap.SearchCriteria) error) { w.users.asked.Store(&f) }

func (s *userSession) before(command string) error {
	if f := s.users.hook.Load(); f != nil {
		return (*f)(command, s.folder)
	}
	return nil
}

func (s *userSession) Select(name string, o *imap.SelectOptions) (*imap.SelectData, error) {
	s.folder = name
	if err := s.before("SELECT"); err != nil {
		return nil, err
	}
	return s.UserSession.Select(name, o)
}

func (s *userSession) Search(kind imapserver.NumKind, c *imap.SearchCriteria, o *imap.SearchOptions) (*imap.SearchData, error) {
	if err := s.before("SEARCH"); err != nil {
		return nil, err
	}
	if f := s.users.asked.Load(); f != nil && len(c.SeqNum) > 0 {
		if err := (*f)(c); err != nil {
			return nil, err
		}
	}
	if f := s.users.slow.Load(); f != nil && len(c.Or)+len(c.Header) > 0 && len(c.SeqNum) > 0 && len(c.SeqNum[0]) > 0 {
		if err := (*f)(int(c.SeqNum[0][0].Stop-c.SeqNum[0][0].Start) + 1); err != nil {
			return nil, err
		}
	}
	return s.UserSession.Search(kind, c, o)
}

func (s *userSession) Store(w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, o *imap.StoreOptions) error {
	if err := s.before("STORE"); err != nil {
		return err
	}
	return s.UserSession.Store(w, set, flags, o)
}

func (s *userSession) Copy(set imap.NumSet, to string) (*imap.CopyData, error) {
	if err := s.before("COPY"); err != nil {
		return nil, err
	}
	return s.UserSession.Copy(set, to)
}

func (s *userSession) Move(w *imapserver.MoveWriter, set imap.NumSet, to string) error {
	if err := s.before("MOVE"); err != nil {
		return err
	}
	return s.UserSession.Move(w, set, to)
}

func (s *userSession) Close() error {
	if s.UserSession != nil {
		return s.UserSession.Close()
	}
	return nil
}
func (s *userSession) Login(string, string) error       { return imapserver.ErrAuthFailed }
func (s *userSession) AuthenticateMechanisms() []string { return []string{"XOAUTH2"} }
func (s *userSession) Authenticate(string) (sasl.Server, error) {
	return saslServer(func(name string) error {
		if _, mute := s.users.mute.Load(name); mute {
			time.Sleep(3 * time.Second)
			return imapserver.ErrAuthFailed
		}
		s.UserSession = imapmemserver.NewUserSession(s.users.get(name))
		return s.before("AUTHENTICATE")
	}), nil
}

type saslServer func(name string) error

func (f saslServer) Next(resp []byte) ([]byte, bool, error) {
	if resp == nil {
		return []byte{}, false, nil
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(string(resp), "user="), "\x01")
	return nil, true, f(name)
}
