package mailbox

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/index"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
)

// said is a letter of a thread.
func said(id, refs, from, to, subject string) string {
	s := "From: " + from + "\nTo: " + to + "\nSubject: " + subject + "\nMessage-ID: <" + id + "@x>\n"
	if refs != "" {
		s += "References:"
		for _, r := range strings.Fields(refs) {
			s += " <" + r + "@x>"
		}
		s += "\n"
	}
	return s + "Date: Sun, 1 Mar 2026 10:00:00 +0100\n\ntexte\n"
}

// indexAll waits until the mailbox is read.
func (w *world) indexAll(b *Box) {
	w.Helper()
	b.Index()
	for until := time.Now().Add(20 * time.Second); !b.Reading().Done; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			w.Fatalf("not read: %+v", b.Reading())
		}
	}
}

func (w *world) conversations(b *Box, q ConversationQuery) ConversationList {
	w.Helper()
	_, l, err := b.Conversations(w.ctx, q)
	w.must(err)
	return l
}

// TestConversationAcrossFolders: what came, what was answered and what was filed are one,
// and each act on them shows at once.
func TestConversationAcrossFolders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.open(anne, annes)
	first := w.put(annes, "INBOX", said("a", "", "helene@lab.test.mssante.fr", annes, "Résultats"))
	w.put(annes, "INBOX", said("z", "", "paul@lab.test.mssante.fr", annes, "Compte rendu"))
	w.put(annes, "INBOX", said("y", "", "luc@lab.test.mssante.fr", annes, "Compte rendu"))
	w.put(annes, "Patients", said("b", "a", annes, "helene@lab.test.mssante.fr", "Re: Résultats"), `\Seen`)
	if l := w.conversations(b, ConversationQuery{Folder: b.folderID("INBOX")}); l.Reading.Done && len(l.Items) != 3 {
		t.Errorf("before it is read: %+v", l)
	}
	w.indexAll(b)
	l := w.conversations(b, ConversationQuery{Folder: b.folderID("INBOX")})
	if l.Total != 3 || w.last().Action != audit.LetterList {
		t.Fatalf("%d conversations, %+v", l.Total, w.last())
	}
	i := slices.IndexFunc(l.Items, func(c Conversation) bool { return c.Letters == 2 })
	if i < 0 || l.Items[i].Unread != 1 || l.Items[i].Here.UID != first {
		t.Fatalf("%+v", l.Items)
	}
	c, err := b.Conversation(w.ctx, l.Items[i].ID, "")
	letters, left := c.All, c.Older
	w.must(err)
	if len(letters) != 2 || left != 0 || c.Letters != 2 || letters[0].UID != first || !letters[1].Ours || letters[1].Folder.Name != "Patients" {
		t.Fatalf("%+v", letters)
	}
	_, err = b.SetFlags(w.ctx, []Ref{letters[0].Ref}, []Flag{Seen}, nil)
	w.must(err)
	if known, _ := b.keptOf(false).ix.Folder("INBOX"); known.Unread != 2 {
		t.Errorf("not told of a mark of Pli's: %+v", known)
	}
	out, err := b.Archive(w.ctx, []Ref{letters[0].Ref})
	w.must(err)
	if n := b.keptOf(false).ix.Conversations(index.Asked{Folder: "INBOX"}).Total; n != 2 {
		t.Errorf("not told of a move of Pli's: %d", n)
	}
	if l = w.conversations(b, ConversationQuery{Folder: b.folderID("INBOX")}); l.Total != 2 {
		t.Errorf("archived, and still there: %+v", l.Items)
	}
	w.indexAll(b)
	if c, err = b.Conversation(w.ctx, c.ID, ""); err != nil || len(c.All) != 2 {
		t.Errorf("its id after the move: %d letters, %v", len(letters), err)
	}
	_, err = b.Undo(w.ctx, out.Undo)
	w.must(err)
	if l = w.conversations(b, ConversationQuery{Folder: b.folderID("INBOX")}); l.Total != 3 {
		t.Errorf("taken back: %d", l.Total)
	}
	if _, err := b.Conversation(w.ctx, "aaaaaaaaaaaaa", ""); err == nil || w.last().Outcome == "ok" {
		t.Errorf("an unknown id: %v, %+v", err, w.last())
	}
}

// TestIndexGoesWithTheSession: nothing is kept of a session that ended, and nobody else's
// is read.
func TestIndexGoesWithTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.open(anne, annes)
	w.put(annes, "INBOX", said("a", "", "helene@lab.test.mssante.fr", annes, "Résultats"))
	w.indexAll(b)
	if w.house.IndexBytes() == 0 {
		t.Fatal("nothing was kept")
	}
	again := anne
	again.SessionID = "s-anne-2"
	if r := w.open(again, annes).Reading(); r.Of != 0 {
		t.Errorf("another session has it: %+v", r)
	}
	w.house.Drop(anne.SessionID)
	if n := w.house.IndexBytes(); n != 0 {
		t.Errorf("%d bytes of a session that ended", n)
	}
	b.Index()
	_, _, _ = b.Conversations(w.ctx, ConversationQuery{Folder: b.folderID("INBOX")})
	if n := w.house.IndexBytes(); n != 0 {
		t.Errorf("%d bytes came back", n)
	}
}

// TestIndexRoom: the node keeps to its room; the index unused longest goes first.
func TestIndexRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.give(team, anne, delegation.Delegate, delegation.All, "Cabinet")
	a, b := w.open(anne, annes), w.open(anne, team)
	for i := range 3 {
		w.put(annes, "INBOX", said(fmt.Sprint("a", i), "", "helene@lab.test.mssante.fr", annes, "Résultats"))
		w.put(team, "INBOX", said(fmt.Sprint("a", i), "", "helene@lab.test.mssante.fr", annes, "Résultats"))
	}
	w.indexAll(a)
	w.house.indexRoom = w.house.IndexBytes() + 1000
	w.clock.Add(5)
	w.indexAll(b)
	if a.keptOf(false) != nil || b.keptOf(false) == nil {
		t.Error("the one unused longest stayed")
	}
	for rests := false; !rests; time.Sleep(time.Millisecond) { // read to its end, its builder may still look at the room
		i := b.keptOf(false)
		i.mu.Lock()
		rests = !i.building
		i.mu.Unlock()
	}
	w.house.indexRoom = 1000
	w.clock.Add(5)
	a.Index()
	for until := time.Now().Add(10 * time.Second); !a.Reading().Full; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%+v", a.Reading())
		}
	}
	l := w.conversations(a, ConversationQuery{Folder: a.folderID("INBOX")})
	if !l.Reading.Full {
		t.Errorf("%+v", l.Reading)
	}
}

// TestIndexFollowsOthers: another client moves, marks, copies, removes and makes folders
// anew at random; what the index shows in the end is what a fresh reading does.
func TestIndexFollowsOthers(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) *world{"memory": newWorld, "dovecot": newDovecotWorld} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			indexFollowsOthers(t, open(t))
		})
	}
}

// newDovecotWorld is newWorld on a real server, which keeps MODSEQ.
func newDovecotWorld(t *testing.T) *world {
	t.Helper()
	if err := dovecot.Installed(); err != nil {
		t.Skip(err)
	}
	dir, err := os.MkdirTemp("", "pli") // short: sockets live below it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d, err := dovecot.Start(dovecot.Options{Dir: dir, Mailboxes: []string{annes}, Separator: "/"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Stop() })
	w := newWorld(t)
	w.home = d.Home(annes)
	w.mail = mailserver.New(mailserver.Options{Address: d.Address, TLS: &tls.Config{RootCAs: d.CA.Pool(), MinVersion: tls.VersionTLS12}, Auth: mailserver.AuthPlain,
		ServiceUser: dovecot.Service, ServicePassword: dovecot.ServicePassword, CommandTimeout: 15 * time.Second, Now: w.house.now})
	mail := w.mail
	t.Cleanup(func() { mail.Close(context.Background()) })
	w.house = New(Options{Grants: w.grant, Servers: w.mail, Audit: w.trail, Keys: w.house.keys, Now: w.house.now})
	return w
}

func indexFollowsOthers(t *testing.T, w *world) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	b := w.open(anne, annes)
	other := w.mail.For(mssante.Actor{SessionID: "other"}, address(t, annes))
	filed, err := other.EnsureFolder(w.ctx, mailserver.RoleArchive)
	w.must(err)
	sent, err := other.EnsureFolder(w.ctx, mailserver.RoleSent)
	w.must(err)
	folders := []string{"INBOX", sent.Name, filed.Name}
	n := 0
	put := func(folder string) {
		n++
		refs := ""
		if r.IntN(2) == 0 {
			refs = fmt.Sprint("m", r.IntN(n))
		}
		w.put(annes, folder, said(fmt.Sprint("m", n), refs, "helene@lab.test.mssante.fr", annes, fmt.Sprint("Objet ", n%3)))
	}
	for range 30 {
		put(folders[r.IntN(3)])
	}
	b.Index() // while it is being read, too
	for range 150 {
		from := folders[r.IntN(3)]
		l, err := other.Rows(w.ctx, mailserver.Query{Folder: from, Size: 200})
		w.must(err)
		if len(l.Rows) == 0 || r.IntN(4) == 0 {
			put(from)
			continue
		}
		uid := l.Rows[r.IntN(len(l.Rows))].UID
		switch v := l.Folder.UIDValidity; r.IntN(5) {
		case 0, 1:
			_, err = other.SetFlags(w.ctx, from, v, []uint32{uid}, []string{`\Seen`}, []string{`\Flagged`})
		case 2:
			_, err = other.SetFlags(w.ctx, from, v, []uint32{uid}, []string{`\Flagged`}, []string{`\Seen`})
		case 3:
			_, err = other.Move(w.ctx, from, v, []uint32{uid}, folders[r.IntN(3)])
		case 4:
			_, err = other.Expunge(w.ctx, from, v, []uint32{uid})
		}
		w.must(err)
		if r.IntN(10) == 0 {
			w.conversations(b, ConversationQuery{Folder: b.folderID(from)})
		}
		if r.IntN(10) == 0 {
			w.must(b.Changed(w.ctx, from))
		}
	}
	w.indexAll(b)
	if f, _ := b.keptOf(false).ix.Folder("INBOX"); strings.HasSuffix(w.Name(), "dovecot") != (f.At.ModSeq > 0) {
		t.Fatalf("MODSEQ %d: not the way that was to be tried", f.At.ModSeq)
	}
	w.conversations(b, ConversationQuery{Folder: b.folderID("INBOX"), Refresh: true})
	again := anne
	again.SessionID = "s-fresh"
	fresh := w.open(again, annes)
	w.indexAll(fresh)
	for _, f := range folders {
		got, want := w.conversations(b, ConversationQuery{Folder: b.folderID(f), Size: 1000}), w.conversations(fresh, ConversationQuery{Folder: b.folderID(f), Size: 1000})
		if a, b := summaries(got), summaries(want); !slices.Equal(a, b) {
			t.Fatalf("%s\ngot  %v\nwant %v", f, a, b)
		}
	}
	if a, b := counters(b), counters(fresh); a != b {
		t.Errorf("counters\n%s\n%s", a, b)
	}
}

func counters(b *Box) (out string) {
	for _, f := range b.keptOf(false).ix.Folders() {
		out += fmt.Sprintln(f.Name, f.Letters, f.Unread, f.Flagged)
	}
	return out
}

func summaries(l ConversationList) (out []string) {
	for _, c := range l.Items {
		out = append(out, fmt.Sprint(c.ID, c.Letters, c.Unread, c.Flagged, c.Newest, c.Here))
	}
	return out
}
