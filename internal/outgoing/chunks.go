package outgoing

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strconv"

	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// chunkWriter puts octets at the end of what a file has, one sealed chunk a
// transaction: whatever was written when the line breaks is durable.
type chunkWriter struct {
	ctx          context.Context
	o            *Outbox
	draft        string
	f            *File // Received moves with each commit
	home, author string
	buf          []byte // the chunk being filled, from its first octet
	fresh        int    // octets of buf not durable yet
}

func (o *Outbox) chunkWriter(ctx context.Context, draftID string, f *File) (*chunkWriter, error) {
	w := &chunkWriter{ctx: ctx, o: o, draft: draftID, f: f, buf: make([]byte, 0, ChunkSize)}
	err := o.db.Read().QueryRowContext(ctx, `SELECT home, author_id FROM draft_files WHERE id = ?`, f.ID).Scan(&w.home, &w.author)
	if err != nil {
		return nil, err
	}
	if part := f.Received % ChunkSize; part != 0 { // go on with a chunk that is not full
		tail, err := o.chunk(ctx, o.db.Read(), nil, w.author, w.home, f.ID, f.Received/ChunkSize)
		if err != nil {
			return nil, err
		}
		if int64(len(tail)) != part {
			return nil, fmt.Errorf("file %s: chunk of %d octets, not %d", f.ID, len(tail), part)
		}
		w.buf = append(w.buf, tail...)
	}
	return w, nil
}

func (w *chunkWriter) Write(p []byte) (int, error) {
	done := 0
	for len(p) > 0 {
		n := min(len(p), ChunkSize-len(w.buf))
		if w.f.Received+int64(w.fresh+n) > w.f.Size {
			return done, problem.New(problem.Invalid, sayMore)
		}
		w.buf = append(w.buf, p[:n]...)
		w.fresh += n
		done += n
		p = p[n:]
		if len(w.buf) == ChunkSize {
			if err := w.flush(); err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

// flush makes what was written durable. Another request that wrote meanwhile wins:
// a Conflict, and its octets are the file's.
func (w *chunkWriter) flush() error {
	if w.fresh == 0 {
		return nil
	}
	n := w.f.Received / ChunkSize
	blob, err := w.o.keys.Seal(sealChunk, w.buf, chunkAAD(w.author, w.home, w.f.ID, n))
	if err != nil {
		return err
	}
	var meta []byte
	if n == 0 {
		if meta, err = w.typed(); err != nil {
			return err
		}
	}
	// A request that was cut off still leaves what it brought.
	ctx := context.WithoutCancel(w.ctx)
	err = w.o.db.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE draft_files SET received = ?, dropped = 0, meta = coalesce(?, meta), touched_at = ? WHERE id = ? AND received = ?`,
			w.f.Received+int64(w.fresh), meta, store.Micros(w.o.instant()), w.f.ID, w.f.Received)
		if err != nil {
			return err
		}
		if changed, err := res.RowsAffected(); err != nil || changed == 0 {
			return errors.Join(err, problem.New(problem.Conflict, sayUpload))
		}
		if _, err = tx.ExecContext(ctx, `INSERT INTO draft_chunks (file_id, n, blob) VALUES (?,?,?) ON CONFLICT DO UPDATE SET blob = excluded.blob`, w.f.ID, n, blob); err != nil {
			return err
		}
		if w.f.Received+int64(w.fresh) == w.f.Size {
			return w.o.filesMoved(ctx, tx, w.draft)
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.f.Received += int64(w.fresh)
	w.f.Dropped = false
	w.fresh = 0
	if len(w.buf) == ChunkSize {
		w.buf = w.buf[:0]
	}
	return nil
}

// typed gives the file's sealed description with the type its beginning shows.
func (w *chunkWriter) typed() ([]byte, error) {
	var blob []byte
	if err := w.o.db.Read().QueryRowContext(w.ctx, `SELECT meta FROM draft_files WHERE id = ?`, w.f.ID).Scan(&blob); err != nil {
		return nil, err
	}
	m, err := w.o.openMeta(w.f.ID, blob)
	if err != nil {
		return nil, err
	}
	m.Type = Sniff(m.Name, w.buf)
	w.f.Type = m.Type
	return w.o.sealMeta(w.f.ID, m)
}

func chunkAAD(author, draft, file string, n int64) []byte {
	return aad(author, draft, file, strconv.FormatInt(n, 10))
}

// chunk reads one chunk over what into holds (nil for a new slice): a large file is
// read in hundreds, three times on its way out.
func (o *Outbox) chunk(ctx context.Context, q querier, into []byte, author, home, file string, n int64) (plain []byte, err error) {
	defer func() {
		if err != nil {
			plain, err = nil, fmt.Errorf("file %s, chunk %d: %w", file, n, err)
		}
	}()
	rows, err := q.QueryContext(ctx, `SELECT blob FROM draft_chunks WHERE file_id = ? AND n = ?`, file, n)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if !rows.Next() {
		return nil, cmp.Or(rows.Err(), sql.ErrNoRows)
	}
	var blob sql.RawBytes // the driver's own memory, until rows is closed
	if err := rows.Scan(&blob); err != nil {
		return nil, err
	}
	return o.keys.OpenInto(into[:0], sealChunk, blob, chunkAAD(author, home, file, n))
}

// openFile streams a file: one chunk in memory at a time. A chunk that is missing
// or altered is an error, never a short file.
func (o *Outbox) openFile(ctx context.Context, fileID string) io.ReadCloser {
	return &chunkReader{ctx: ctx, o: o, q: o.db.Read(), file: fileID}
}

type chunkReader struct {
	ctx                context.Context
	o                  *Outbox
	q                  querier
	file, home, author string
	left               int64 // octets still to come, once opened
	n                  int64
	chunk              []byte // the last one read, whole
	buf                []byte // what is left of it
	opened             bool
	err                error
}

func (r *chunkReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if !r.opened {
		r.opened = true
		if r.err = r.q.QueryRowContext(r.ctx, `SELECT home, author_id, size FROM draft_files WHERE id = ?`, r.file).Scan(&r.home, &r.author, &r.left); r.err != nil {
			return 0, r.err
		}
	}
	if len(r.buf) == 0 {
		if r.left == 0 {
			r.err = io.EOF
			return 0, r.err
		}
		if r.chunk, r.err = r.o.chunk(r.ctx, r.q, r.chunk, r.author, r.home, r.file, r.n); r.err != nil {
			return 0, r.err
		}
		r.buf = r.chunk
		if int64(len(r.buf)) != min(ChunkSize, r.left) {
			r.err = fmt.Errorf("file %s: chunk %d has %d octets", r.file, r.n, len(r.buf))
			return 0, r.err
		}
		r.n++
	}
	n := copy(p, r.buf)
	r.buf = r.buf[n:]
	r.left -= int64(n)
	return n, nil
}

func (r *chunkReader) Close() error {
	if r.err == nil {
		r.err = io.ErrClosedPipe
	}
	clear(r.chunk)
	r.buf, r.chunk = nil, nil
	return nil
}
