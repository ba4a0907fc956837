package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

// Nobody is named in the file: neither address, nor Message-ID, nor a server's words.
// And a sealed value put in another row does not open.
func TestAtRest(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pli.db")
	db, err := store.Open(t.Context(), store.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	old, recent := bytes.Repeat([]byte{1}, seal.KeySize), bytes.Repeat([]byte{2}, seal.KeySize)
	keys, err := seal.NewKeyring("1", map[string][]byte{"1": old})
	if err != nil {
		t.Fatal(err)
	}
	now := born
	o := Options{DB: db, Keys: keys, Keep: 24 * time.Hour, Now: func() time.Time { return now }}
	l := New(o)
	x := letter(patient, alice)
	x.MessageID = "<secret-id@medecin.mssante.fr>"
	if err := l.Open(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	l.must(t, x.ID, patient, Event{Kind: Refused, Code: "550", Text: "<279035121518989@patient.mssante.fr> inconnue ici"})
	for _, file := range []string{path, path + "-wal"} {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{patient.Local, "alice", "Alice", "secret-id", "inconnue ici"} {
			if bytes.Contains(raw, []byte(secret)) {
				t.Errorf("%s holds %q", filepath.Base(file), secret)
			}
		}
	}
	// A new key in front: the story goes on.
	if o.Keys, err = seal.NewKeyring("2", map[string][]byte{"1": old, "2": recent}); err != nil {
		t.Fatal(err)
	}
	l = New(o)
	l.must(t, x.ID, patient, Event{Kind: Refused, Code: "550", Text: "<279035121518989@patient.mssante.fr> inconnue ici"})
	if h, err := l.ByMessageID(t.Context(), sender, "<secret-id@medecin.mssante.fr>"); err != nil || h.ID != x.ID {
		t.Errorf("after a rotation: %v", err)
	}
	if rows := l.rows(t, x.ID); rows[0].Recipient != patient || len(rows[0].Events) != 1 {
		t.Errorf("after a rotation: %+v", rows)
	}
	exec := func(statement string) {
		t.Helper()
		err := db.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(statement); return err })
		if err != nil {
			t.Fatal(err)
		}
	}
	if c, err := l.Counts(t.Context(), born); err != nil || c.Letters != 1 || !reflect.DeepEqual(c.Recipients, map[Kind]int{Refused: 1, None: 1}) {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := l.Counts(t.Context(), born.Add(time.Second)); err != nil || c.Letters != 0 || len(c.Recipients) != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	exec(`UPDATE ledger_recipients SET recipient = (SELECT recipient FROM ledger_recipients WHERE n = 1)`)
	if _, err := l.Of(t.Context(), x.ID); !problem.Is(err, problem.Internal) {
		t.Errorf("a recipient pasted over another: %v", err)
	}

	// Kept a day, then gone with all it had.
	now = born.Add(24 * time.Hour)
	y := opened(t, l, alice)
	if n, err := l.Purge(t.Context()); err != nil || n != 0 {
		t.Errorf("purged %d, %v", n, err)
	}
	now = now.Add(time.Second)
	if n, err := l.Purge(t.Context()); err != nil || n != 1 {
		t.Errorf("purged %d, %v", n, err)
	}
	var left int
	if err := db.Read().QueryRow(`SELECT (SELECT count(*) FROM ledger_recipients) + (SELECT count(*) FROM ledger_events)`).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d rows left, %v", left, err)
	}
	l.rows(t, y.ID)
	now = now.Add(48 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	for end := time.Now().Add(30 * time.Second); left != 0 && time.Now().Before(end); time.Sleep(time.Millisecond) {
		_ = db.Read().QueryRow(`SELECT count(*) FROM ledger_letters`).Scan(&left)
	}
	cancel()
	if err := <-ended; err != nil || left != 0 {
		t.Errorf("%d letters left, %v", left, err)
	}
}
