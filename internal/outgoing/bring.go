package outgoing

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
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
	return o.bringStream(ctx, box, draftID, fileMeta{Name: p.DownloadName(), From: p.Path}, s, size)
}

// originalName is what a letter too long to be forwarded in a text is joined as.
const originalName = "Lettre d’origine.eml"

// bringOriginal joins the letter itself.
func (o *Outbox) bringOriginal(ctx context.Context, box *mailbox.Box, draftID string, ref mailbox.Ref) error {
	raw, size, err := box.Source(ctx, ref)
	if err != nil {
		return err
	}
	defer raw.Close()
	letter, err := withoutBlind(raw)
	if err != nil {
		return door(err, sayUpload)
	}
	return o.bringStream(ctx, box, draftID, fileMeta{Name: originalName}, letter, size)
}

// maxHead is the most octets of a letter's header that are looked through.
const maxHead = 1 << 20

// withoutBlind gives a letter without the fields that name blind recipients, and
// without our own: the copies of what we sent bear both.
func withoutBlind(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 32<<10)
	var head bytes.Buffer
	drop, begins := false, true // the field is left out; a line begins here
	for read := 0; ; {
		line, err := in.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if begins && len(line) > 0 && line[0] != ' ' && line[0] != '\t' {
			name, _, _ := strings.Cut(string(line[:min(len(line), 100)]), ":")
			drop = blind(strings.TrimSpace(name))
		}
		if !drop {
			head.Write(line)
		}
		if errors.Is(err, io.EOF) || begins && strings.Trim(string(line), "\r\n") == "" {
			return io.MultiReader(&head, in), nil
		}
		if read += len(line); read > maxHead {
			return nil, problem.New(problem.Invalid, "Son en-tête est trop long.")
		}
		begins = err == nil
	}
}

func blind(field string) bool {
	return strings.EqualFold(field, "Bcc") || strings.EqualFold(field, "Resent-Bcc") || strings.EqualFold(field, message.FieldDraft)
}

func (o *Outbox) bringStream(ctx context.Context, box *mailbox.Box, draftID string, meta fileMeta, r io.Reader, size int64) error {
	f, err := o.startUpload(ctx, box, draftID, meta, size)
	if err != nil {
		return err
	}
	w, err := o.chunkWriter(ctx, draftID, &f)
	if err == nil {
		_, err = io.CopyBuffer(onlyWriter{w}, onlyReader{r}, make([]byte, 32<<10))
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
