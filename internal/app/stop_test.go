package app_test

import (
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/testkit"
)

// steps records the order in which a stop is seen to happen.
type steps struct {
	mu   sync.Mutex
	seen []string
}

func (s *steps) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.seen, what) {
		s.seen = append(s.seen, what)
	}
}

// line tells of the first thing said on a connection to the mail server.
type line struct {
	net.Conn
	said func()
}

func (l *line) Write(p []byte) (int, error) {
	l.said()
	return l.Conn.Write(p)
}

// running reports a background loop of the one app of this process.
func running(loop string) bool {
	buf := make([]byte, 4<<20)
	return strings.Contains(string(buf[:runtime.Stack(buf, true)]), loop)
}

var loops = []string{"session.(*Manager).Run(", "web.(*Server).Run("}

// seedCast enters the people of the world, as the command line does.
func seedCast(t *testing.T, a *app.App, w *demo.World) {
	t.Helper()
	var cast []app.Person
	for _, p := range w.People() {
		q := app.Person{NationalID: p.NationalID, Userinfo: p.Userinfo, Closed: p.Closed}
		for _, m := range p.Mailboxes {
			q.Access = append(q.Access, app.Access{Address: m.Address, Kind: m.Kind, Label: m.Label, Owner: m.Owner, Rights: m.Rights})
		}
		cast = append(cast, q)
	}
	if err := a.Seed(t.Context(), cast); err != nil {
		t.Fatal(err)
	}
}

// The stop, on real parts, in its order: no new request, the one under way goes to
// its end with everything still open beneath it, the loops end, the mail server is
// told goodbye, and the database, which by then holds the last row of the trail, is
// closed. Not parallel: it looks for its loops among the goroutines of the process.
func TestStopOrder(t *testing.T) {
	kit, err := testkit.Open()
	if err != nil {
		t.Fatal(err)
	}
	first := kit.App
	defer func() {
		kit.App = first
		if err := kit.Close(); err != nil {
			t.Error(err)
		}
	}()
	c := first.Config
	c.StopWait = 300 * time.Millisecond
	c.Ephemeral, c.Database, c.Node = false, filepath.Join(t.TempDir(), "pli.db"), "n"
	c.Keys = config.Secret("k:" + base64.StdEncoding.EncodeToString(make([]byte, 32)))

	var order steps
	var drained atomic.Bool
	var a *app.App
	lines := kit.World.Lines()
	dial := lines.DialIMAP
	lines.DialIMAP = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		return &line{Conn: conn, said: func() {
			if !drained.Load() {
				return
			}
			if !slices.ContainsFunc(loops, running) {
				order.note("loops over")
			}
			if err := a.DB.Read().PingContext(context.Background()); err == nil {
				order.note("goodbye to the mail server, database open")
			}
		}}, err
	}
	if a, err = app.New(t.Context(), c, lines, app.Options{PerSession: 1 << 20, PerAddress: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	seedCast(t, a, kit.World)
	kit.App = a
	browser := kit.For(t).SignIn("benali")
	actor, address := whoIs(t, a, browser, kit.World)

	entered, release := make(chan struct{}), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		defer drained.Store(true)
		close(entered)
		<-release
		b, err := a.House.Open(r.Context(), actor, address)
		if err == nil {
			_, err = b.Folders(r.Context())
		}
		if err == nil {
			err = a.Audit.Record(r.Context(), audit.Event{Actor: actor, Action: audit.FolderList, Request: "the last act"})
		}
		if err != nil {
			t.Errorf("while draining: %v", err)
		}
		_, _ = io.WriteString(w, "whole answer")
	})
	mux.Handle("/readyz", a.Handler())
	l := listening(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, l, mux) }()
	answer := make(chan string, 1)
	go func() { answer <- fetch("http://" + l.Addr().String() + "/slow") }()
	<-entered
	// A busy machine may not have begun the loops yet.
	for end := time.Now().Add(20 * time.Second); slices.ContainsFunc(loops, func(l string) bool { return !running(l) }) && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if got := fetch("http://" + l.Addr().String() + "/readyz"); got != "ok\n" {
		t.Errorf("before the stop: %q", got)
	}
	order.note("stop")
	stop()
	for deadline := time.Now().Add(c.StopWait); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if fetch("http://"+l.Addr().String()+"/readyz") == "not ready\n" { // balancers hear it while we still listen
			order.note("not ready")
			break
		}
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			order.note("no new request")
			break
		}
		conn.Close()
		if time.Now().After(deadline) {
			t.Fatal("new connections are still taken")
		}
	}
	for _, loop := range loops {
		if !running(loop) {
			t.Errorf("%s ended before the request under way", loop)
		}
	}
	close(release)
	if got := <-answer; got == "whole answer" {
		order.note("drained")
	} else {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("stop: %v", err)
	}
	if err := a.DB.Read().PingContext(context.Background()); err != nil {
		order.note("database closed")
	}
	want := []string{"stop", "not ready", "no new request", "loops over", "goodbye to the mail server, database open", "database closed"}
	if got := slices.DeleteFunc(order.seen, func(s string) bool { return s == "drained" }); !slices.Equal(got, want) {
		t.Errorf("the stop went\n%q, want\n%q", got, want)
	}
	if a.Servers.Connections() != 0 {
		t.Errorf("%d connections left", a.Servers.Connections())
	}
	lastAct(t, c.Data)
}

func fetch(at string) string {
	res, err := http.Get(at)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// whoIs gives the person signed in with a browser, and a mailbox of theirs.
func whoIs(t *testing.T, a *app.App, c *testkit.Client, w *demo.World) (mssante.Actor, mssante.Address) {
	t.Helper()
	id, _, _ := strings.Cut(c.Cookie("__Host-pli"), ".")
	for _, p := range w.People() {
		if p.Key == c.Key {
			acc, err := a.Accounts.ByNationalID(t.Context(), p.NationalID)
			if err != nil {
				t.Fatal(err)
			}
			return mssante.Actor{SessionID: id, AccountID: acc.ID, NationalID: p.NationalID}, p.Mailboxes[0].Address
		}
	}
	t.Fatalf("no %s in the cast", c.Key)
	return mssante.Actor{}, mssante.Address{}
}

// lastAct looks for what was done while draining in the file that was closed.
func lastAct(t *testing.T, d config.Data) {
	t.Helper()
	a, err := app.Data(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close(t.Context())
	rows, err := a.Audit.Recent(t.Context(), audit.Filter{Limit: 20})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(rows, func(r audit.Row) bool { return r.Event.Request == "the last act" }) {
		t.Error("the last act is not in the trail")
	}
	if report, err := a.Audit.Verify(t.Context()); err != nil || !report.OK() {
		t.Errorf("the trail does not hold: %+v, %v", report, err)
	}
}
