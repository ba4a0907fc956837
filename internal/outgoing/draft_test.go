package outgoing

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// The text is on the disk when Save returns: what a process killed at that very
// moment leaves behind is what a copy of the files holds.
func TestSavedIsDurable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	d := w.letter(w.box(anne), hugoBox)
	left := filepath.Join(t.TempDir(), "pli.db")
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(w.path + end)
		w.must(err)
		w.must(os.WriteFile(left+end, b, 0o600))
	}
	db, err := store.Open(w.ctx, store.Options{Path: left})
	w.must(err)
	defer db.Close()
	got, err := w.draft(w.ctx, db.Read(), w.box(anne), d.ID)
	w.must(err)
	if got.Fields.Subject != "Avis cardiologique" || !strings.Contains(got.Fields.HTML, "Qu’en pensez-vous") || len(got.Fields.To) != 1 {
		t.Fatalf("after a kill: %+v", got.Fields)
	}
}

// A stolen disk tells nothing: no text, subject, recipient, file name or content.
func TestNothingReadableOnDisk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, patient)
	w.attach(box, d, "compte-rendu-besancon.txt", bytes.Repeat([]byte("SECRET-CLINIQUE "), 5000))
	w.must(w.Leave(w.ctx, box, d.ID))
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(w.path + end)
		w.must(err)
		for _, word := range []string{"Avis cardiologique", "pensez-vous", "SECRET-CLINIQUE", "compte-rendu", "255033799001108"} {
			if bytes.Contains(b, []byte(word)) {
				t.Errorf("%q is readable in pli.db%s", word, end)
			}
		}
	}
}

func edit(version int64, writer string, seq int64, text string) Edit {
	return Edit{Version: version, Writer: writer, Seq: seq, Fields: Fields{Subject: "s", Text: text}}
}

// The same draft open in two browsers: neither text is lost.
func TestConcurrentVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	b, err := w.New(w.ctx, box, Origin{})
	w.must(err)
	f := w.attach(box, b.Draft, "a.txt", []byte("fichier"))
	id := b.Draft.ID
	save := func(id string, e Edit) Saved {
		t.Helper()
		s, err := w.Save(w.ctx, box, id, e)
		w.must(err)
		return s
	}
	first := save(id, edit(1, "left", 1, "du premier"))
	if first.Copy || first.Version != 2 {
		t.Fatalf("%+v", first)
	}
	second := save(id, edit(1, "right", 1, "du second"))
	if !second.Copy || second.ID == id || second.Say != sayCopy {
		t.Fatalf("%+v", second)
	}
	// A page that did not hear of its copy goes on with it all the same.
	third := save(id, edit(1, "right", 2, "du second, plus long"))
	if third.ID != second.ID || !third.Copy {
		t.Fatalf("%+v, the copy was %+v", third, second)
	}
	for id, want := range map[string]string{id: "du premier", second.ID: "du second, plus long"} {
		d, err := w.Get(w.ctx, box, id)
		w.must(err)
		if d.Fields.Text != want || len(d.Files) != 1 || d.Files[0].ID != f.ID {
			t.Errorf("%s: %q with %d files", id, d.Fields.Text, len(d.Files))
		}
	}
	// Removing the file from one leaves it in the other.
	w.must(w.Remove(w.ctx, box, id, f.ID))
	if got := w.content(box, second.ID, f.ID); got != "fichier" {
		t.Errorf("the copy's file: %q", got)
	}
	all, err := w.List(w.ctx, box)
	w.must(err)
	if len(all) != 2 || all[0].CopyOf+all[1].CopyOf != id {
		t.Errorf("%+v", all)
	}
}

func TestSavesOutOfOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	b, err := w.New(w.ctx, box, Origin{})
	w.must(err)
	for _, c := range []struct {
		name string
		e    Edit
		want string
	}{
		{"first", edit(1, "tab", 1, "un"), "un"},
		{"its answer was lost, sent again", edit(1, "tab", 1, "un"), "un"},
		{"typed on, version unheard of", edit(1, "tab", 3, "un deux trois"), "un deux trois"},
		{"an old one arrives late", edit(1, "tab", 2, "un deux"), "un deux trois"},
		{"the same text from another window", edit(1, "other", 1, "un deux trois"), "un deux trois"},
	} {
		s, err := w.Save(w.ctx, box, b.Draft.ID, c.e)
		w.must(err)
		d, err := w.Get(w.ctx, box, b.Draft.ID)
		w.must(err)
		if d.Fields.Text != c.want || s.Copy || s.ID != b.Draft.ID || s.Version != d.Version {
			t.Errorf("%s: %q, %+v", c.name, d.Fields.Text, s)
		}
	}
}

// The right to write opens the mailbox's drafts, its lack closes them, and another
// mailbox's ids are unknown.
func TestWhoMaySeeADraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	d := w.letter(w.box(anne), hugoBox)
	w.give(anneBox, zoe.NationalID, delegation.Delegate, delegation.Read)
	if _, err := w.Get(w.ctx, w.box(zoe), d.ID); !problem.Is(err, problem.Denied) {
		t.Errorf("a reader gets %v", err)
	}
	if _, err := w.List(w.ctx, w.box(zoe)); !problem.Is(err, problem.Denied) {
		t.Errorf("a reader lists: %v", err)
	}
	w.give(anneBox, zoe.NationalID, delegation.Delegate, delegation.Read|delegation.Write)
	got, err := w.Get(w.ctx, w.box(zoe), d.ID)
	w.must(err)
	if got.Author != anne.Name {
		t.Errorf("author %q", got.Author)
	}
	s, err := w.Save(w.ctx, w.box(zoe), d.ID, edit(d.Version, "z", 1, "complété par Zoé"))
	w.must(err)
	if _, err := w.Send(w.ctx, w.box(zoe), d.ID, SendOptions{Version: s.Version}); !problem.Is(err, problem.Denied) {
		t.Errorf("who may only write sends: %v", err)
	}
	if w.arrived(hugoBox) != 0 {
		t.Error("a letter left")
	}
	w.give(hugoBox, zoe.NationalID, delegation.Owner, delegation.All)
	other, err := w.house.Open(w.ctx, zoe, address(t, hugoBox))
	w.must(err)
	for name, err := range map[string]error{
		"get":     second(w.Get(w.ctx, other, d.ID)),
		"save":    second(w.Save(w.ctx, other, d.ID, edit(1, "", 0, "x"))),
		"upload":  second(w.StartUpload(w.ctx, other, d.ID, "a", 1)),
		"check":   second(w.Check(w.ctx, other, d.ID)),
		"send":    second(w.Send(w.ctx, other, d.ID, SendOptions{Version: s.Version})),
		"settle":  second(w.Settle(w.ctx, other, d.ID, SendAgain)),
		"pause":   w.Pause(w.ctx, other, d.ID),
		"discard": w.Discard(w.ctx, other, d.ID),
		"restore": w.Restore(w.ctx, other, d.ID),
	} {
		if !problem.Is(err, problem.NotFound) {
			t.Errorf("%s in another mailbox: %v", name, err)
		}
	}
	if w.acts(audit.DraftSave, "ok") == 0 || w.acts(audit.DraftCreate, "ok") != 1 {
		t.Error("the trail does not tell who wrote")
	}
}

func second[T any](_ T, err error) error { return err }

func TestDiscardAndRestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	f := w.attach(box, d, "a.txt", []byte("fichier"))
	w.must(w.Leave(w.ctx, box, d.ID))
	if n := w.host.Count(address(t, anneBox), "Drafts"); n != 1 {
		t.Fatalf("%d copies in Drafts", n)
	}
	w.must(w.Discard(w.ctx, box, d.ID))
	if n := w.host.Count(address(t, anneBox), "Drafts"); n != 0 {
		t.Errorf("%d copies in Drafts once discarded", n)
	}
	if _, err := w.Get(w.ctx, box, d.ID); !problem.Is(err, problem.Gone) {
		t.Errorf("get: %v", err)
	}
	w.advance(23 * time.Hour)
	w.must(w.Sweep(w.ctx))
	w.must(w.Restore(w.ctx, box, d.ID))
	if got := w.content(box, d.ID, f.ID); got != "fichier" {
		t.Errorf("restored file %q", got)
	}
	// Typing in a window that did not hear of it is not lost either.
	w.must(w.Discard(w.ctx, box, d.ID))
	s, err := w.Save(w.ctx, box, d.ID, edit(d.Version, "other", 1, "tapé ailleurs"))
	w.must(err)
	if !s.Copy || s.Say != sayCopySent {
		t.Errorf("%+v", s)
	}
	w.advance(25 * time.Hour)
	w.must(w.Sweep(w.ctx))
	if err := w.Restore(w.ctx, box, d.ID); !problem.Is(err, problem.NotFound) {
		t.Errorf("after a day: %v", err)
	}
	if got := w.content(box, s.ID, f.ID); got != "fichier" {
		t.Errorf("the copy's file went with the original: %q", got)
	}
}

// Attack: what the editor sends is hostile, also when it quotes a hostile letter.
func TestHTMLIsSanitisedBeforeItIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	b, err := w.New(w.ctx, box, Origin{Subject: "a\r\nBcc: x@y.fr", To: []Recipient{{Name: "N\r\nX: y\u202e", Address: hugoBox + "\r\nBcc: z@z.fr"}}, Signature: `<img src=x onerror=alert(1)>Dr Martin`})
	w.must(err)
	if f := b.Draft.Fields; strings.ContainsAny(f.Subject+f.To[0].Name+f.To[0].Address, "\r\n\u202e") || strings.Contains(f.HTML, "onerror") {
		t.Errorf("%+v", f)
	}
	s, err := w.Save(w.ctx, box, b.Draft.ID, Edit{Version: 1, Fields: Fields{HTML: `<p onclick=x>a<script>b</script><img src="https://t.example/p.gif"><svg onload=x></p>`}})
	w.must(err)
	d, err := w.Get(w.ctx, box, s.ID)
	w.must(err)
	for _, bad := range []string{"onclick", "script", "t.example", "svg"} {
		if strings.Contains(d.Fields.HTML, bad) {
			t.Errorf("%q is kept: %s", bad, d.Fields.HTML)
		}
	}
}

// A full disk: a sentence, and what was saved is intact.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	f, err := w.StartUpload(w.ctx, box, d.ID, "gros.bin", 4<<20)
	w.must(err)
	w.must(w.db.Write(w.ctx, func(tx *sql.Tx) error {
		var pages int
		if err := tx.QueryRow(`PRAGMA page_count`).Scan(&pages); err != nil {
			return err
		}
		_, err := tx.Exec(`PRAGMA max_page_count = ` + itoa(pages+150)) // room for two chunks
		return err
	}))
	got, err := w.Chunk(w.ctx, box, d.ID, f.ID, 0, bytes.NewReader(make([]byte, 4<<20)))
	if problem.SayOf(err) != sayFull {
		t.Fatalf("upload: %v", err)
	}
	if got.Received == 0 || got.Received%ChunkSize != 0 {
		t.Errorf("%d octets kept", got.Received)
	}
	_, err = w.Save(w.ctx, box, d.ID, Edit{Version: d.Version, Fields: Fields{Text: strings.Repeat("du texte ", 60_000)}})
	if problem.SayOf(err) != sayFull {
		t.Fatalf("save: %v", err)
	}
	again, err := w.draft(w.ctx, w.db.Read(), box, d.ID)
	w.must(err)
	if again.Fields.Subject != "Avis cardiologique" || again.Files[0].Received != got.Received {
		t.Errorf("what was saved: %+v", again)
	}
	w.must(w.db.Write(w.ctx, func(tx *sql.Tx) error { _, err := tx.Exec(`PRAGMA max_page_count = 1000000`); return err }))
	got, err = w.Chunk(w.ctx, box, d.ID, f.ID, got.Received, bytes.NewReader(make([]byte, 4<<20-int(got.Received))))
	w.must(err)
	if !got.Complete() {
		t.Errorf("resumed to %d", got.Received)
	}
}

func TestTooManyDrafts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	w.must(w.db.Write(w.ctx, func(tx *sql.Tx) error {
		for i := range maxDrafts {
			if _, err := tx.Exec(`INSERT INTO drafts (id, mailbox_id, author_id, version, state, body, message_key, created_at, saved_at)
				SELECT id || ?, mailbox_id, author_id, version, state, body, '', 0, 0 FROM drafts WHERE id = ?`, i, d.ID); err != nil {
				return err
			}
		}
		return nil
	}))
	if _, err := w.New(w.ctx, box, Origin{}); !problem.Is(err, problem.TooMany) {
		t.Errorf("%v", err)
	}
	if s, err := w.Save(w.ctx, box, d.ID, edit(d.Version-1, "other", 1, "encore")); err != nil || !s.Copy {
		t.Errorf("a concurrent version is refused: %+v %v", s, err)
	}
}

func (w *world) content(box *mailbox.Box, draft, file string) string {
	w.Helper()
	_, r, err := w.OpenFile(w.ctx, box, draft, file)
	w.must(err)
	defer r.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(r)
	w.must(err)
	return b.String()
}

// A request that goes away does not take a text with it half way.
func TestSaveWithDeadContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	ctx, cancel := context.WithCancel(w.ctx)
	cancel()
	if _, err := w.Save(ctx, box, d.ID, edit(d.Version, "w", 9, "x")); err == nil {
		t.Error("saved under a dead context, and said so to nobody")
	}
	if got, err := w.Get(w.ctx, box, d.ID); err != nil || got.Version != d.Version {
		t.Errorf("%+v %v", got, err)
	}
}
