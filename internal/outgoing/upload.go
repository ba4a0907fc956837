package outgoing

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// File is one file of a draft.
type File struct {
	ID       string
	Name     string // cleaned: what the recipient will see
	Type     string // from the content, once its beginning is here; never the browser's word
	Size     int64  // octets announced
	Received int64  // octets durable; an upload resumes there
	// Dropped tells that the file stood half uploaded for a day: what had come is
	// forgotten (Received is 0), the letter does not leave without it all the same. It
	// may still be sent, from its beginning, or removed.
	Dropped bool
}

// Complete reports whether all of it is here.
func (f File) Complete() bool { return f.Received == f.Size }

// ChunkSize is the size of a sealed chunk, in octets: what a page sends at once may
// be smaller or larger.
const ChunkSize = 256 << 10

const maxFiles = 100

// fileMeta is the sealed part of a file's row.
type fileMeta struct {
	Name string `json:"name"`
	Type string `json:"type"`
	From string `json:"from,omitempty"` // part number it was taken from, of the original
}

const (
	sayManyFiles = "Une lettre porte 100 fichiers au plus. Ceux qui y sont déjà sont gardés\u00a0: regroupez les autres dans une archive."
	sayEmptyFile = "Ce fichier est vide, il n’a pas été joint. Vérifiez-le sur votre poste."
	sayNoFile    = "Ce fichier n’est plus dans le brouillon. Le reste y est\u00a0: joignez-le de nouveau."
	sayMore      = "Le fichier est plus long que ce qui avait été annoncé, il a peut-être changé entre-temps. Retirez-le et joignez-le de nouveau."
	sayUpload    = "Le fichier n’a pas pu être enregistré. La partie déjà reçue est gardée\u00a0: l’envoi reprendra où il en était."
)

// StartUpload announces a file of exactly size octets. It refuses at once what
// cannot be sent, with the limit in its sentence.
func (o *Outbox) StartUpload(ctx context.Context, box *mailbox.Box, draftID, name string, size int64) (File, error) {
	if err := box.MayWrite(ctx, audit.DraftSave); err != nil {
		return File{}, err
	}
	return o.startUpload(ctx, box, draftID, fileMeta{Name: name}, size)
}

func (o *Outbox) startUpload(ctx context.Context, box *mailbox.Box, draftID string, meta fileMeta, size int64) (File, error) {
	if size <= 0 {
		return File{}, problem.New(problem.Invalid, sayEmptyFile)
	}
	if meta.Name = message.SafeFileName(meta.Name); meta.Name == "" {
		meta.Name = "piece-jointe"
	}
	f := File{ID: newID(), Name: meta.Name, Size: size}
	before, err := o.draft(ctx, o.db.Read(), box, draftID)
	if err != nil {
		return File{}, door(err, sayUpload)
	}
	limit := o.limitAt(ctx, letterWith(before, f)) // not while the database is held
	err = o.db.Write(ctx, func(tx *sql.Tx) error {
		d, err := o.draft(ctx, tx, box, draftID)
		if err != nil {
			return err
		}
		if d.State != Open {
			return problem.New(problem.Conflict, sayBusy(d.State))
		}
		if len(d.Files) >= maxFiles {
			return problem.New(problem.TooMany, sayManyFiles)
		}
		if err := limit.For(d.Fields).room(d, f); err != nil {
			return err
		}
		if err := o.fits(ctx, tx, box, size); err != nil {
			return err
		}
		blob, err := o.sealMeta(f.ID, meta)
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, `INSERT INTO draft_files (id, home, author_id, size, received, meta, touched_at, mailbox_id, by_id) VALUES (?,?,?,?,0,?,?,?,?)`,
			f.ID, d.ID, d.AuthorID, size, blob, store.Micros(o.instant()), d.MailboxID, box.Actor().AccountID); err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, `INSERT INTO draft_attached (draft_id, file_id, place) VALUES (?, ?, (SELECT coalesce(max(place),0)+1 FROM draft_attached WHERE draft_id = ?))`,
			d.ID, f.ID, d.ID); err != nil {
			return err
		}
		return errors.Join(o.filesMoved(ctx, tx, d.ID), o.noteFile(ctx, tx, box, d.ID, f, "file added"))
	})
	return f, door(err, sayUpload)
}

func (o *Outbox) filesMoved(ctx context.Context, tx *sql.Tx, draftID string) error {
	_, err := tx.ExecContext(ctx, `UPDATE drafts SET files_rev = files_rev + 1, saved_at = ? WHERE id = ?`, store.Micros(o.instant()), draftID)
	return err
}

// Chunk adds the octets of r, which stand at offset in the file, and tells how many
// are durable now. Octets already here are read and passed over, so a chunk may be
// sent again; one that would leave a hole is a Conflict, and File.Received of the
// answer says where to resume. What was received stays when r breaks off.
func (o *Outbox) Chunk(ctx context.Context, box *mailbox.Box, draftID, fileID string, offset int64, r io.Reader) (File, error) {
	if err := box.MayWrite(ctx, audit.DraftSave); err != nil {
		return File{}, err
	}
	d, err := o.draft(ctx, o.db.Read(), box, draftID)
	if err != nil {
		return File{}, door(err, sayUpload)
	}
	if d.State != Open {
		return File{}, problem.New(problem.Conflict, sayBusy(d.State))
	}
	for _, f := range d.Files {
		if f.ID == fileID {
			o.remember(box)
			return o.receive(ctx, d.ID, f, offset, r)
		}
	}
	return File{}, problem.New(problem.NotFound, sayNoFile)
}

func (o *Outbox) receive(ctx context.Context, draftID string, f File, offset int64, r io.Reader) (File, error) {
	if offset < 0 || offset > f.Received {
		return f, problem.New(problem.Conflict, sayUpload)
	}
	if _, err := io.CopyN(io.Discard, r, f.Received-offset); err != nil {
		if errors.Is(err, io.EOF) {
			return f, nil // all of it was here already
		}
		return f, door(err, sayUpload)
	}
	w, err := o.chunkWriter(ctx, draftID, &f)
	if err != nil {
		return f, door(err, sayUpload)
	}
	_, err = io.CopyBuffer(onlyWriter{w}, onlyReader{r}, make([]byte, 32<<10))
	if cerr := w.flush(); cerr != nil {
		err = errors.Join(cerr, err) // what was read before the line broke is kept
	}
	return f, door(err, sayUpload)
}

// Without them io.CopyBuffer would pass its buffer by.
type (
	onlyWriter struct{ io.Writer }
	onlyReader struct{ io.Reader }
)

// Remove takes a file out of a draft.
func (o *Outbox) Remove(ctx context.Context, box *mailbox.Box, draftID, fileID string) error {
	if err := box.MayWrite(ctx, audit.DraftSave); err != nil {
		return err
	}
	err := o.db.Write(ctx, func(tx *sql.Tx) error {
		d, err := o.draft(ctx, tx, box, draftID)
		if err != nil {
			return err
		}
		if d.State != Open {
			return problem.New(problem.Conflict, sayBusy(d.State))
		}
		res, err := tx.ExecContext(ctx, `DELETE FROM draft_attached WHERE draft_id = ? AND file_id = ?`, draftID, fileID)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err // gone already
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM draft_files WHERE id = ? AND NOT EXISTS (SELECT 1 FROM draft_attached WHERE file_id = id)`, fileID); err != nil {
			return err
		}
		return errors.Join(o.filesMoved(ctx, tx, draftID), o.noteFile(ctx, tx, box, draftID, File{ID: fileID}, "file removed"))
	})
	return door(err, saySave)
}

func (o *Outbox) noteFile(ctx context.Context, tx *sql.Tx, box *mailbox.Box, draftID string, f File, what string) error {
	return o.trail.RecordTx(ctx, tx, audit.Event{Actor: box.Actor(), Mailbox: box.Address().String(), Action: audit.DraftSave,
		Target: draftID + "/file/" + f.ID, Request: what, Detail: f.Name, Count: 1})
}

// OpenFile streams a file of a draft back, for a preview: its content as uploaded.
func (o *Outbox) OpenFile(ctx context.Context, box *mailbox.Box, draftID, fileID string) (File, io.ReadCloser, error) {
	if err := box.MayWrite(ctx, audit.PartPreview); err != nil {
		return File{}, nil, err
	}
	d, err := o.draft(ctx, o.db.Read(), box, draftID)
	var f File
	if err == nil {
		err = problem.New(problem.NotFound, sayNoFile)
		for _, x := range d.Files {
			if x.ID == fileID && x.Complete() {
				f, err = x, nil
			}
		}
	}
	err = box.Note(ctx, audit.Event{Action: audit.PartPreview, Target: draftID + "/file/" + fileID, Request: "draft file", Detail: f.Name, Count: 1}, err)
	if err != nil {
		return File{}, nil, door(err, sayRead)
	}
	return f, o.openFile(ctx, f.ID), nil
}

func (o *Outbox) sealMeta(fileID string, m fileMeta) ([]byte, error) {
	plain, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return o.keys.Seal(sealFile, plain, aad(fileID))
}

func (o *Outbox) openMeta(fileID string, blob []byte) (m fileMeta, err error) {
	plain, err := o.keys.Open(sealFile, blob, aad(fileID))
	if err != nil {
		return m, fmt.Errorf("file %s: %w", fileID, err)
	}
	return m, json.Unmarshal(plain, &m)
}

// files lists a draft's files in order.
func (o *Outbox) files(ctx context.Context, q querier, draftID string) ([]File, error) {
	rows, err := q.QueryContext(ctx, `SELECT f.id, f.size, f.received, f.dropped, f.meta FROM draft_attached a JOIN draft_files f ON f.id = a.file_id
		WHERE a.draft_id = ? ORDER BY a.place`, draftID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []File
	for rows.Next() {
		var f File
		var blob []byte
		if err := rows.Scan(&f.ID, &f.Size, &f.Received, &f.Dropped, &blob); err != nil {
			return nil, err
		}
		m, err := o.openMeta(f.ID, blob)
		if err != nil {
			return nil, err
		}
		f.Name, f.Type = m.Name, m.Type
		out = append(out, f)
	}
	return out, rows.Err()
}
