package outgoing

import (
	"bytes"
	"database/sql"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
)

// A file that never arrived in full keeps its draft from leaving without it, until a
// person takes it out, though what had come is forgotten after a day.
func TestUnfinishedFileStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	content := noise(ChunkSize + 1000)
	f, err := w.StartUpload(w.ctx, box, d.ID, "bilan.pdf", int64(len(content)))
	w.must(err)
	f, err = w.Chunk(w.ctx, box, d.ID, f.ID, 0, bytes.NewReader(content[:ChunkSize+10]))
	w.must(err)
	w.advance(23 * time.Hour)
	w.must(w.Sweep(w.ctx))
	if got, err := w.Get(w.ctx, box, d.ID); err != nil || len(got.Files) != 1 || got.Files[0].Dropped || got.Files[0].Received != ChunkSize+10 {
		t.Fatalf("before its day: %+v %v", got.Files, err)
	}
	w.advance(2 * time.Hour)
	w.must(w.Sweep(w.ctx))
	d, err = w.Get(w.ctx, box, d.ID)
	w.must(err)
	if len(d.Files) != 1 || d.Files[0].Complete() || d.Files[0].Received != 0 || !d.Files[0].Dropped {
		t.Fatalf("after a day: %+v", d.Files)
	}
	if n := w.count(`SELECT count(*) FROM draft_chunks`); n != 0 {
		t.Errorf("%d chunks of it are still there", n)
	}
	r := w.send(box, d)
	if r.Came != CameAsked || codes(r.Remarks) != "block unfinished_file" || w.arrived(hugoBox) != 0 {
		t.Fatalf("the letter left without its file: %+v", r)
	}
	if say := r.Remarks[0].Say; !strings.Contains(say, "n’est jamais arrivé en entier") || !strings.Contains(say, "bilan.pdf") {
		t.Errorf("%q", say)
	}
	// It can come after all, from its beginning; or be taken out.
	got, err := w.Chunk(w.ctx, box, d.ID, f.ID, 0, bytes.NewReader(content))
	w.must(err)
	if !got.Complete() || got.Dropped || w.content(box, d.ID, f.ID) != string(content) {
		t.Errorf("%+v", got)
	}
	w.must(w.Remove(w.ctx, box, d.ID, f.ID))
	if got, err := w.Get(w.ctx, box, d.ID); err != nil || len(got.Files) != 0 {
		t.Errorf("%+v %v", got.Files, err)
	}
}

// A request that has been writing since before the sweep brings nothing half.
func TestSweepMeetsAnUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	f, err := w.StartUpload(w.ctx, box, d.ID, "a", 10)
	w.must(err)
	f, err = w.Chunk(w.ctx, box, d.ID, f.ID, 0, strings.NewReader("01234"))
	w.must(err)
	slow := f
	c, err := w.chunkWriter(w.ctx, d.ID, &slow)
	w.must(err)
	_, err = c.Write([]byte("56789"))
	w.must(err)
	w.advance(25 * time.Hour)
	w.must(w.Sweep(w.ctx))
	if err := c.flush(); !problem.Is(err, problem.Conflict) {
		t.Errorf("%v", err)
	}
	got, err := w.Chunk(w.ctx, box, d.ID, f.ID, 0, strings.NewReader("0123456789"))
	w.must(err)
	if !got.Complete() || w.content(box, d.ID, f.ID) != "0123456789" {
		t.Errorf("%+v", got)
	}
}

func (w *world) count(query string, args ...any) (n int) {
	w.Helper()
	w.must(w.db.Read().QueryRowContext(w.ctx, query, args...).Scan(&n))
	return n
}

// Attack: the disk is filled with files of drafts, discarded or not, one's own or
// of a mailbox one works in.
func TestRoomForFiles(t *testing.T) {
	t.Parallel()
	const kB = 1000
	start := func(w *world, box *mailbox.Box, d Draft, size int64) error {
		_, err := w.StartUpload(w.ctx, box, d.ID, "a.bin", size)
		return err
	}
	t.Run("a mailbox", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(o *Options) { o.MailboxRoom = 100 * kB })
		w.give(anneBox, zoe.NationalID, delegation.Delegate, delegation.Read|delegation.Write)
		box := w.box(anne)
		d := w.letter(box, hugoBox)
		f := w.attach(box, d, "a.bin", noise(60*kB))
		w.must(w.Discard(w.ctx, box, d.ID))
		other := w.letter(box, hugoBox)
		err := start(w, box, other, 41*kB)
		if say := problem.SayOf(err); !problem.Is(err, problem.TooLarge) || !strings.Contains(say, "cette boîte") || !strings.Contains(say, "retirez") {
			t.Fatalf("a discarded draft's files do not count: %v", err)
		}
		if err := start(w, w.box(zoe), other, 41*kB); !problem.Is(err, problem.TooLarge) {
			t.Errorf("another person fills it: %v", err)
		}
		w.must(start(w, box, other, 40*kB))
		if err := start(w, box, other, 1); !problem.Is(err, problem.TooLarge) {
			t.Errorf("what was announced does not count: %v", err)
		}
		w.must(w.Restore(w.ctx, box, d.ID)) // Remove gives room at once, Discard after a day
		w.must(w.Remove(w.ctx, box, d.ID, f.ID))
		w.must(start(w, box, other, 60*kB))
		w.must(w.Discard(w.ctx, box, other.ID))
		w.advance(25 * time.Hour)
		w.must(w.Sweep(w.ctx))
		w.must(start(w, box, d, 100*kB))
	})
	t.Run("a person", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(o *Options) { o.AccountRoom = 100 * kB })
		w.give(anneBox, zoe.NationalID, delegation.Delegate, delegation.Read|delegation.Write)
		w.give(hugoBox, zoe.NationalID, delegation.Owner, delegation.All)
		at := w.box(zoe)
		there, err := w.house.Open(w.ctx, zoe, address(t, hugoBox))
		w.must(err)
		d := w.letter(w.box(anne), hugoBox) // whose draft it is does not matter: who brings the file does
		w.must(start(w, at, d, 60*kB))
		b, err := w.New(w.ctx, there, Origin{})
		w.must(err)
		err = start(w, there, b.Draft, 41*kB)
		if say := problem.SayOf(err); !problem.Is(err, problem.TooLarge) || !strings.Contains(say, "vous") {
			t.Errorf("%v", err)
		}
		w.must(start(w, there, b.Draft, 40*kB))
		w.must(start(w, w.box(anne), d, 41*kB)) // nobody else is held up
	})
	t.Run("a letter on its way", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(o *Options) { o.MailboxRoom = 100 * kB })
		box := w.box(anne)
		d := w.letter(box, hugoBox)
		w.attach(box, d, "a.bin", noise(60*kB))
		w.must(w.db.Write(w.ctx, func(tx *sql.Tx) error {
			_, err := tx.Exec(`UPDATE drafts SET state = 'sent' WHERE id = ?`, d.ID)
			return err
		}))
		if err := start(w, box, w.letter(box, hugoBox), 41*kB); !problem.Is(err, problem.TooLarge) {
			t.Errorf("files awaiting their copy in Sent do not count: %v", err)
		}
	})
}

// Attack: drafts are begun and discarded without end.
func TestRoomForDrafts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	w.must(w.db.Write(w.ctx, func(tx *sql.Tx) error {
		for i := range maxWithDiscarded {
			if _, err := tx.Exec(`INSERT INTO drafts (id, mailbox_id, author_id, version, state, body, message_key, created_at, saved_at, closed_at)
				SELECT id || ?, mailbox_id, author_id, version, 'discarded', body, '', 0, 0, ? FROM drafts WHERE id = ?`, i, w.now().UnixMicro(), d.ID); err != nil {
				return err
			}
		}
		return nil
	}))
	_, err := w.New(w.ctx, box, Origin{})
	if say := problem.SayOf(err); !problem.Is(err, problem.TooMany) || !strings.Contains(say, "supprimés") {
		t.Errorf("%v", err)
	}
	if s, err := w.Save(w.ctx, box, d.ID, edit(d.Version-1, "other", 1, "encore")); err != nil || !s.Copy {
		t.Errorf("a concurrent version is refused: %+v %v", s, err)
	}
	w.advance(25 * time.Hour)
	w.must(w.Sweep(w.ctx))
	_, err = w.New(w.ctx, box, Origin{})
	w.must(err)
}
