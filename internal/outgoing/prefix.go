package outgoing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
)

// Prefix tells how many octets of a file are durable and the SHA-256 of them, in
// lower-case hexadecimal: a page that resumes compares it with the same octets of the
// file it was given, which may be another of that name, or have changed since. One
// chunk is in memory at a time.
func (o *Outbox) Prefix(ctx context.Context, box *mailbox.Box, draftID, fileID string) (received int64, sum string, err error) {
	if err := box.MayWrite(ctx, audit.DraftSave); err != nil {
		return 0, "", err
	}
	d, err := o.draft(ctx, o.db.Read(), box, draftID)
	if err != nil {
		return 0, "", door(err, sayUpload)
	}
	for _, f := range d.Files {
		if f.ID == fileID {
			sum, err = o.prefix(ctx, f)
			return f.Received, sum, door(err, sayUpload)
		}
	}
	return 0, "", problem.New(problem.NotFound, sayNoFile)
}

// prefix digests f.Received octets: a last chunk that grew meanwhile counts as far as
// it went.
func (o *Outbox) prefix(ctx context.Context, f File) (string, error) {
	var home, author string
	if err := o.db.Read().QueryRowContext(ctx, `SELECT home, author_id FROM draft_files WHERE id = ?`, f.ID).Scan(&home, &author); err != nil {
		return "", err
	}
	h := sha256.New()
	var b []byte
	for at := int64(0); at < f.Received; at += ChunkSize {
		var err error
		if b, err = o.chunk(ctx, o.db.Read(), b, author, home, f.ID, at/ChunkSize); err != nil {
			return "", err
		}
		want := min(ChunkSize, f.Received-at)
		if int64(len(b)) < want {
			return "", fmt.Errorf("file %s: chunk %d has %d octets", f.ID, at/ChunkSize, len(b))
		}
		h.Write(b[:want])
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
