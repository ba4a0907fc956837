package rules_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/internal/account"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/rules"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

const annes = "anne.martin@medecin.test.mssante.fr"

var (
	anne = mssante.Actor{SessionID: "s-anne", AccountID: "acc-anne", NationalID: "810000000001", Name: "Dr Anne Martin"}
	zoe  = mssante.Actor{SessionID: "s-zoe", AccountID: "acc-zoe", NationalID: "810000000002", Name: "Zoé Petit"}
)

// world is the room of rules on a private Dovecot with Pigeonhole.
type world struct {
	*testing.T
	d     *dovecot.Server
	at    dovecot.Delivery
	room  *rules.Room
	sieve *mailserver.Sieve
	house *mailbox.House
	trail *audit.Trail
}

func newWorld(t *testing.T) *world {
	t.Helper()
	if err := dovecot.SieveInstalled(); err != nil {
		t.Skip(err)
	}
	if os.Getuid() != 0 {
		t.Skip("not root: Dovecot's login processes cannot be started")
	}
	dir, err := os.MkdirTemp("", "sv") // short: sockets live there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	w := &world{T: t}
	w.d, w.at, err = dovecot.StartDelivering(dovecot.Options{Dir: dir, Mailboxes: []string{annes}, Separator: "/", Folders: dovecot.French, Rules: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.d.Stop)
	db, err := store.Open(t.Context(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	keys := seal.NewRandomKeyring()
	w.trail = audit.New(audit.Options{DB: db, Keys: keys, Node: "test"})
	accounts := account.New(account.Options{DB: db, Keys: keys, Audit: w.trail})
	grants := delegation.New(delegation.Options{DB: db, Accounts: accounts, Audit: w.trail})
	conf := &tls.Config{RootCAs: w.d.CA.Pool(), MinVersion: tls.VersionTLS12}
	servers := mailserver.New(mailserver.Options{Address: w.d.Address, TLS: conf, Auth: mailserver.AuthPlain, ServiceUser: dovecot.Service, ServicePassword: dovecot.ServicePassword})
	w.sieve = w.serve(dovecot.ServicePassword)
	w.house = mailbox.New(mailbox.Options{Grants: grants, Servers: servers, Audit: w.trail, Keys: keys})
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	w.room = rules.New(rules.Options{Sieve: w.sieve, Keys: keys, Zone: paris})
	t.Cleanup(func() { servers.Close(context.Background()); w.trail.Close(); db.Close() })
	for _, g := range []delegation.Request{{To: anne.NationalID, Kind: delegation.Owner, Rights: delegation.All}, {To: zoe.NationalID, Kind: delegation.Delegate, Rights: delegation.Read}} {
		g.Address, g.MailboxKind = w.address(), mssante.KindNominative
		if _, err := grants.Grant(t.Context(), mssante.Actor{AccountID: "operator"}, g); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) address() mssante.Address {
	a, err := mssante.ParseAddress(annes)
	w.must(err)
	return a
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) box(who mssante.Actor) *mailbox.Box {
	w.Helper()
	b, err := w.house.Open(w.Context(), who, w.address())
	w.must(err)
	return b
}

// deliver hands a letter to Dovecot as a mail transfer agent does.
func (w *world) deliver(from, header string) { w.Helper(); w.deliverAs(from, from, header) }

// deliverAs has another sender on the envelope than in the letter.
func (w *world) deliverAs(envelope, from, header string) {
	w.Helper()
	conn, err := net.Dial("unix", w.at.LMTPSocket)
	w.must(err)
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	w.must(c.Hello("mta.test"))
	w.must(c.Mail(envelope, nil))
	w.must(c.Rcpt(annes, nil))
	d, err := c.Data()
	w.must(err)
	fmt.Fprintf(d, "From: %s\r\nDate: %s\r\nMessage-ID: <%d@test>\r\n%s\r\n\r\nBonjour\r\n", from, time.Now().Format(time.RFC1123Z), time.Now().UnixNano(), strings.ReplaceAll(header, "\n", "\r\n"))
	w.must(d.Close())
}

// in gives the flags of the letters of a folder that hold a word in their subject.
func (w *world) in(folder, word string) []string {
	w.Helper()
	c, err := w.d.Inspect(annes)
	w.must(err)
	defer c.Close()
	_, _, err = c.Select(folder)
	w.must(err)
	uids, err := c.Search(`HEADER SUBJECT "` + word + `"`)
	w.must(err)
	var out []string
	for _, uid := range uids {
		flags, _, err := c.Flags(uid)
		w.must(err)
		out = append(out, strings.Join(flags, " "))
	}
	return out
}

func (w *world) look() rules.State {
	w.Helper()
	st, err := w.room.Look(w.Context(), w.box(anne))
	w.must(err)
	return st
}

func (w *world) save(r rules.Rule) rules.State {
	w.Helper()
	_, err := w.room.Save(w.Context(), w.box(anne), w.look().Version, r)
	w.must(err)
	return w.look()
}

// written waits for the letters the server wrote by itself.
func (w *world) written(n int) []string {
	w.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		files, err := filepath.Glob(filepath.Join(w.at.Sieve.Letters, "*"))
		w.must(err)
		if len(files) >= n && n > 0 || time.Now().After(end) {
			var out []string
			for _, f := range files {
				b, err := os.ReadFile(f)
				w.must(err)
				out = append(out, string(b))
			}
			return out
		}
		if n == 0 {
			time.Sleep(300 * time.Millisecond)
			return w.none(files)
		}
	}
}

func (w *world) none(files []string) []string {
	if len(files) > 0 {
		w.Errorf("%d letters were written", len(files))
	}
	return nil
}

// TestPigeonhole is the contract of rules with a real server: kept, read back, applied
// to what LMTP delivers, ordered, suspended, deleted, brought back.
func TestPigeonhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, b := t.Context(), w.box(anne)
	st := w.look()
	if len(st.Lacks) > 0 || st.Version != "none" || st.Active {
		t.Fatalf("%+v", st)
	}
	if _, err := w.room.Look(ctx, w.box(zoe)); !problem.Is(err, problem.Denied) {
		t.Errorf("a reader sees the rules: %v", err)
	}
	if _, err := w.room.Save(ctx, w.box(zoe), "none", rules.Rule{Patient: true, Seen: true}); !problem.Is(err, problem.Denied) {
		t.Errorf("a reader makes a rule: %v", err)
	}
	const hostile = "a\"; discard; # */\r\ntext:\r\n."
	st = w.save(rules.Rule{Name: hostile, From: []string{"labo@bio.test.mssante.fr"}, Subject: []string{"résultat", `"; discard; "`}, Folder: "Archives", Seen: true, Flagged: true})
	st = w.save(rules.Rule{Name: "INS", Patient: true, Flagged: true})
	st = w.save(rules.Rule{Types: []string{"11502-2"}, Folder: "Disparu"})
	st = w.save(rules.Rule{Subject: []string{"SEPT"}, Folder: "Indésirables"})
	if !st.Active || st.Altered || len(st.Set.Rules) != 4 || st.Set.Rules[0].By != anne.Name {
		t.Fatalf("%+v", st)
	}
	w.deliver("labo@bio.test.mssante.fr", "To: "+annes+"\nSubject: =?utf-8?q?R=C3=A9sultat_UN?=")
	w.deliver("labo@bio.test.mssante.fr", "To: "+annes+"\nSubject: autre DEUX")
	w.deliver("255033799001138@patient.mssante.fr", "To: "+annes+"\nSubject: question TROIS")
	w.deliver("x@chu.test.mssante.fr", "To: "+annes+"\nSubject: CR QUATRE\nX-MSS-CODECDA: 34112-3, 11502-2")
	w.deliver("x@chu.test.mssante.fr", "To: "+annes+"\nSubject: CR CINQ\nX-MSS-CODECDA: 111502-2")
	w.deliver("x@chu.test.mssante.fr", "To: "+annes+"\nSubject: Sept")
	for _, c := range []struct{ folder, word, flags string }{
		{"Ind&AOk-sirables", "Sept", ""}, {"Archives", "UN", `\Flagged \Seen`}, {"INBOX", "DEUX", ""}, {"INBOX", "TROIS", `\Flagged`}, {"INBOX", "QUATRE", ""}, {"INBOX", "CINQ", ""},
	} {
		got := w.in(c.folder, c.word)
		if len(got) != 1 || strings.Contains(got[0], `\Seen`) != strings.Contains(c.flags, `\Seen`) || strings.Contains(got[0], `\Flagged`) != strings.Contains(c.flags, `\Flagged`) {
			t.Errorf("%s in %s: %q, want %q", c.word, c.folder, got, c.flags)
		}
	}
	w.checks()
	w.tries(b)
	w.acts(b, st)
	w.others(b)
	w.atOnce(b)
}

// slow is a line to a server far away.
type slow struct{ net.Conn }

func (s slow) Read(p []byte) (int, error) {
	time.Sleep(10 * time.Millisecond)
	return s.Conn.Read(p)
}

// atOnce: of several who save at the same moment one does, and the others are told that
// they did not.
func (w *world) atOnce(b *mailbox.Box) {
	w.Helper()
	before := w.look()
	far := mailserver.NewSieve(mailserver.SieveOptions{Address: w.at.Sieve.Address, TLS: &tls.Config{RootCAs: w.d.CA.Pool(), MinVersion: tls.VersionTLS12},
		Auth: mailserver.AuthPlain, ServiceUser: dovecot.Service, ServicePassword: dovecot.ServicePassword, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			return slow{c}, err
		}})
	room := rules.New(rules.Options{Sieve: far, Keys: seal.NewRandomKeyring(), Zone: time.UTC})
	var saved, told atomic.Int32
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			_, err := room.Save(w.Context(), b, before.Version, rules.Rule{Name: fmt.Sprint("règle ", i), Subject: []string{fmt.Sprint("x", i)}, Flagged: true})
			switch {
			case err == nil:
				saved.Add(1)
			case problem.Is(err, problem.Conflict):
				told.Add(1)
			default:
				w.Error(err)
			}
		})
	}
	wg.Wait()
	if now := w.look(); saved.Load() != 1 || told.Load() != 2 || len(now.Set.Rules) != len(before.Set.Rules)+1 {
		w.Errorf("%d saved, %d told, %d rules more", saved.Load(), told.Load(), len(now.Set.Rules)-len(before.Set.Rules))
	}
}

// checks: what "pli check" says of the server as it is, and of a wrong password.
func (w *world) checks() {
	w.Helper()
	sound := w.sieve.Check(w.Context(), w.address(), rules.Extensions())
	if sound.Faults() > 0 || len(sound) != 9 {
		w.Fatalf("a sound server: %+v", sound)
	}
	said := ""
	for _, f := range w.serve("wrong").Check(w.Context(), w.address(), []string{"fileinto", "teleport"}) {
		if f.State != sound[0].State {
			said += f.Check + " "
		}
	}
	if said != "sieve.signin sieve.extensions " {
		w.Errorf("a wrong password: %q", said)
	}
}

func (w *world) serve(password string) *mailserver.Sieve {
	return mailserver.NewSieve(mailserver.SieveOptions{Address: w.at.Sieve.Address, TLS: &tls.Config{RootCAs: w.d.CA.Pool(), MinVersion: tls.VersionTLS12},
		Auth: mailserver.AuthPlain, ServiceUser: dovecot.Service, ServicePassword: password})
}

// tries: the dry run finds what the server would have.
func (w *world) tries(b *mailbox.Box) {
	w.Helper()
	for _, c := range []struct {
		r    rules.Rule
		want int
	}{
		{rules.Rule{Types: []string{"11502-2"}, Seen: true}, 1}, {rules.Rule{Patient: true, Seen: true}, 1}, {rules.Rule{From: []string{"chu.test.mssante.fr"}, Seen: true}, 2},
		{rules.Rule{Subject: []string{"deux", "trois"}, Seen: true}, 2}, {rules.Rule{Subject: []string{"nulle part"}, Seen: true}, 0},
	} {
		t, err := w.room.Try(w.Context(), b, c.r)
		if err != nil || t.Matched != c.want || len(t.Letters) != c.want || t.Looked != 4 || !t.Complete || t.Refused != "" {
			w.Errorf("%s: %+v %v", c.r.Asks(), t, err)
		}
	}
	if _, err := w.room.Try(w.Context(), b, rules.Rule{Seen: true}); !problem.Is(err, problem.Invalid) {
		w.Errorf("a rule that asks nothing: %v", err)
	}
}

// acts: order, suspension, deletion and its undo, two pages at once.
func (w *world) acts(b *mailbox.Box, st rules.State) {
	w.Helper()
	ctx, first := w.Context(), st.Set.Rules[0]
	_, err := w.room.Move(ctx, b, st.Version, first.ID, 1)
	w.must(err)
	if now := w.look(); now.Set.Rules[1].ID != first.ID {
		w.Errorf("not moved: %+v", now.Set.Rules)
	}
	if _, err := w.room.Move(ctx, b, st.Version, first.ID, 1); !problem.Is(err, problem.Conflict) {
		w.Errorf("an older page wins: %v", err)
	}
	_, err = w.room.Switch(ctx, b, w.look().Version, first.ID, true)
	w.must(err)
	w.deliver("labo@bio.test.mssante.fr", "To: "+annes+"\nSubject: =?utf-8?q?R=C3=A9sultat_SIX?=")
	if got := w.in("INBOX", "SIX"); len(got) != 1 {
		w.Errorf("a rule that is off is applied: %q", got)
	}
	undo, _, err := w.room.Delete(ctx, b, w.look().Version, first.ID)
	w.must(err)
	if _, at := w.look().Set.Find(first.ID); at >= 0 {
		w.Error("not deleted")
	}
	_, err = w.room.Restore(ctx, b, undo)
	w.must(err)
	_, err = w.room.Restore(ctx, b, undo) // twice is once
	w.must(err)
	now := w.look()
	if r, at := now.Set.Find(first.ID); at != 1 || !r.Off || len(now.Set.Rules) != 4 {
		w.Errorf("brought back at %d: %+v", at, now.Set.Rules)
	}
	_, err = w.room.Activate(ctx, b, false)
	w.must(err)
	if w.look().Active {
		w.Error("still in force")
	}
	_, err = w.room.Activate(ctx, b, true)
	w.must(err)
	if !w.look().Active {
		w.Error("not in force")
	}
	rows, err := w.trail.Recent(ctx, audit.Filter{Limit: 100})
	w.must(err)
	asked := map[audit.Action]int{}
	for _, r := range rows {
		if r.Event.Outcome == audit.OutcomeAsked {
			asked[r.Event.Action]++
		}
	}
	if asked[audit.RuleSave] != 6 || asked[audit.RuleOrder] != 2 || asked[audit.RuleSwitch] != 3 || asked[audit.RuleDelete] != 1 {
		w.Errorf("asked in the trail: %v", asked)
	}
}

// others: a script of another program stays in force until somebody chooses.
func (w *world) others(b *mailbox.Box) {
	w.Helper()
	ctx := w.Context()
	put := func(name, script string) {
		w.must(w.sieve.Do(ctx, anne, w.address(), func(s *mailserver.Scripts) error { return errors.Join(s.Put(name, script), s.Activate(name)) }))
	}
	put("ailleurs", "require \"copy\"; redirect :copy \"x@example.org\";")
	st := w.look()
	if st.Active || st.Other != "ailleurs" || !st.Forward || len(st.Set.Rules) != 4 {
		w.Errorf("%+v", st)
	}
	st = w.save(rules.Rule{Patient: true, Seen: true})
	if st.Active || st.Other != "ailleurs" || len(st.Set.Rules) != 5 {
		w.Errorf("saving took over: %+v", st)
	}
	if _, err := w.room.Activate(ctx, b, false); err != nil || w.look().Other != "ailleurs" {
		w.Errorf("another's script is stopped: %v", err)
	}
	_, err := w.room.Activate(ctx, b, true)
	w.must(err)
	if st = w.look(); !st.Active || st.Other != "" {
		w.Errorf("%+v", st)
	}
	put("pli", "keep;")
	if st = w.look(); !st.Altered || len(st.Set.Rules) != 0 {
		w.Errorf("a script changed elsewhere is believed: %+v", st)
	}
	if _, err := w.room.Activate(ctx, b, true); !problem.Is(err, problem.Conflict) {
		w.Errorf("what is not shown is put in force: %v", err)
	}
	if st = w.save(rules.Rule{Patient: true, Seen: true}); st.Altered || !st.Active {
		w.Errorf("%+v", st)
	}
}

// TestPigeonholeAbsence: answered once, never to a patient, not outside its days.
func TestPigeonholeAbsence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, b := t.Context(), w.box(anne)
	day := func(n int) rules.Day { return rules.Day(time.Now().AddDate(0, 0, n).Format(time.DateOnly)) }
	set := func(a rules.Absence) {
		t.Helper()
		if a.Text == "" {
			a.Text = "Je suis absente.\n.\nUrgence\u00a0: le 15. \"}; discard; #"
		}
		_, err := w.room.SetAbsence(ctx, b, w.look().Version, a)
		w.must(err)
	}
	to := "To: " + annes + "\nSubject: Mme VIAL"
	set(rules.Absence{On: true, From: day(2)})
	w.deliver("hugo@chu.test.mssante.fr", to)
	w.written(0)
	set(rules.Absence{On: true, Subject: "Absence é", From: day(-1), Until: day(1), Label: "Docteur_Anaïs_MARTIN_Cabinet, \"des\" Lilas"})
	w.deliver("255033799001138@patient.mssante.fr", to)
	w.deliver("hugo@chu.test.mssante.fr", "To: liste@chu.test.mssante.fr\nSubject: x")
	w.deliver("hugo@chu.test.mssante.fr", to+"\nReply-To: 255033799001138@patient.mssante.fr")
	w.deliverAs("255033799001138@patient.mssante.fr", "hugo@chu.test.mssante.fr", to)
	w.written(0)
	w.deliver("hugo@chu.test.mssante.fr", to)
	got := w.written(1)
	w.deliver("hugo@chu.test.mssante.fr", to)
	time.Sleep(300 * time.Millisecond)
	if again := w.written(1); len(got) != 1 || len(again) != 1 {
		t.Fatalf("answered %d, then %d times", len(got), len(again))
	}
	if head, err := mail.ReadMessage(strings.NewReader(got[0])); err != nil {
		t.Error(err)
	} else if from, err := mail.ParseAddress(head.Header.Get("From")); err != nil || from.Name != `Docteur_Anaïs_MARTIN_Cabinet, "des" Lilas` || from.Address != annes {
		t.Errorf("from %+v %v", from, err)
	}
	if !strings.Contains(got[0], "\nTo: <hugo@chu.test.mssante.fr>") || strings.Contains(got[0], "VIAL") || !strings.Contains(got[0], "discard; #") || !strings.Contains(strings.ToLower(got[0]), "auto-submitted: auto-replied") {
		t.Errorf("answered:\n%s", got[0])
	}
	if n := len(w.in("INBOX", "")); n != 7 {
		t.Errorf("%d letters kept, want 7", n)
	}
	if _, err := w.room.SetAbsence(ctx, b, w.look().Version, rules.Absence{On: true, Text: "x", Until: day(-1)}); !problem.Is(err, problem.Invalid) {
		t.Errorf("an absence that is over: %v", err)
	}
	if st := w.look(); !st.Set.Absence.On || st.Altered {
		t.Errorf("%+v", st)
	}
}
