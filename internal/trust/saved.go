package trust

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
	"pli.example/pli/internal/xmlsig"
)

var errSaved = errors.New("the saved copy is not what was saved")

// Load puts the last good copy of the database in force, its signature verified
// again; none is no error. Its certificate is judged at DateDeGeneration: a list
// that was good stays so when its signer's certificate ends. Age is no reason to
// refuse it here: the last good list serves on, and State says it is stale.
func (l *List) Load(ctx context.Context) error {
	l.turn.Lock()
	defer l.turn.Unlock()
	err := l.load(ctx)
	if ctx.Err() != nil && err != nil {
		return l.door(err)
	}
	l.settle(err, false)
	l.tell(ctx, err)
	return l.door(err)
}

func (l *List) load(ctx context.Context) error {
	refuse := func(err error) error {
		return &refusal{reason: savedRefused, kind: problem.Invalid, err: err, clause: "La copie enregistrée de la liste blanche n’a pas pu être vérifiée\u00a0: elle n’est pas utilisée."}
	}
	have := l.current.Load()
	saved, err := l.saved(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		if have != nil {
			return refuse(errSaved)
		}
		return nil
	case err != nil:
		return &refusal{reason: notRead, kind: problem.Internal, err: err, clause: "La copie enregistrée de la liste blanche n’a pas pu être lue."}
	}
	raw, err := unpack(saved.packed)
	if err != nil {
		return refuse(err)
	}
	digest := sha256.Sum256(raw)
	if have != nil && digest == have.digest && saved.generated.Equal(have.generated) {
		return nil
	}
	s, err := l.judge(raw, saved.generated)
	if err != nil {
		return refuse(err)
	}
	if !saved.generated.Equal(s.generated) {
		return refuse(errSaved)
	}
	s.fetched = saved.fetched
	if have != nil && s.generated.Before(have.generated) {
		return nil
	}
	l.current.Store(s)
	l.validators = validators{}
	return nil
}

type savedCopy struct {
	packed             []byte
	generated, fetched time.Time
}

func (l *List) saved(ctx context.Context) (savedCopy, error) {
	var c savedCopy
	var generated, fetched int64
	err := l.o.DB.Read().QueryRowContext(ctx, `SELECT substr(document, 1, ?), generated_at, fetched_at FROM trust_list WHERE id = 1`, xmlsig.MaxBytes).
		Scan(&c.packed, &generated, &fetched)
	c.generated, c.fetched = store.Time(generated), store.Time(fetched)
	return c, err
}

// unpack caps what comes out, however it was packed.
func unpack(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack the saved list: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(z, xmlsig.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("unpack the saved list: %w", err)
	}
	return raw, nil
}

// save keeps s as the last good copy, with its row in the trail or not at all.
func (l *List) save(ctx context.Context, raw []byte, s *snapshot) error {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(raw); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return l.o.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO trust_list (id, document, generated_at, fetched_at) VALUES (1, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET document = excluded.document, generated_at = excluded.generated_at, fetched_at = excluded.fetched_at`,
			packed.Bytes(), store.Micros(s.generated), store.Micros(s.fetched))
		if err != nil {
			return err
		}
		return l.o.Audit.RecordTx(ctx, tx, accepted(s))
	})
}
