package outgoing

import (
	"context"
	"database/sql"
	"io"
	"strings"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
)

// bring copies the original's files, and says which could not be.
func (o *Outbox) bring(ctx context.Context, box *mailbox.Box, d Draft, ref mailbox.Ref, l *mailbox.Letter) string {
	var lost []string
	why := ""
	for _, p := range l.Body.Files("") {
		if err := o.bringPart(ctx, box, d.ID, ref, p); err != nil {
			lost = append(lost, "«\u00a0"+short(p.DownloadName())+"\u00a0»")
			why = problem.SayOf(err)
		}
	}
	switch len(lost) {
	case 0:
		return ""
	case 1:
		return "Le fichier " + lost[0] + " de la lettre d’origine n’a pas pu être joint. " + why
	}
	return "Ces fichiers de la lettre d’origine n’ont pas pu être joints\u00a0: " + strings.Join(lost, ", ") + ". " + why
}

func (o *Outbox) bringPart(ctx context.Context, box *mailbox.Box, draftID string, ref mailbox.Ref, p *message.Part) error {
	s, err := box.Part(ctx, ref, p.Path)
	if err != nil {
		return err
	}
	defer s.Close()
	// How long it is, only the end of a streamed part tells: room for the most it can
	// be is asked first, and the true size set once it is all here.
	size := s.Size
	if size < 0 {
		size = max(p.Size, 1)
	}
	if size == 0 {
		return nil
	}
	f, err := o.startUpload(ctx, box, draftID, fileMeta{Name: p.DownloadName(), From: p.Path}, size)
	if err != nil {
		return err
	}
	w, err := o.chunkWriter(ctx, draftID, &f)
	if err == nil {
		_, err = io.CopyBuffer(onlyWriter{w}, onlyReader{s}, make([]byte, 32<<10))
	}
	if err == nil {
		err = w.flush()
	}
	if err == nil && !f.Complete() {
		err = o.shorten(ctx, f)
	}
	if err != nil {
		_ = o.Remove(context.WithoutCancel(ctx), box, draftID, f.ID)
		return door(err, sayUpload)
	}
	return nil
}

// shorten sets a file's size to what is here.
func (o *Outbox) shorten(ctx context.Context, f File) error {
	return o.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE draft_files SET size = received WHERE id = ?`, f.ID)
		return err
	})
}
