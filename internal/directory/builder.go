package directory

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"pli.example/pli/internal/store"
)

const (
	// rowsPerInsert rows share one statement, rowsPerCommit one transaction (a few
	// seconds of work: nobody else writes to a file being built).
	rowsPerInsert = 8
	rowsPerCommit = 3_000
)

const mailboxColumns = `id, key, address, kind, national_id, person_ref, structure_key, structure_ref, title, given, family,
	profession, speciality, structure, sign, service, street, postcode, town, department, flags, source, updated_at, digest`

const mailboxCells = 24

// tuning is for a file being built: room to sort in, and index pieces merged once,
// at the end, in steps that can be paused.
var tuning = []string{
	`PRAGMA cache_size = -6000`,
	`INSERT INTO words (words, rank) VALUES ('hashsize', 4194304)`,
	`INSERT INTO words (words, rank) VALUES ('automerge', 0)`,
	`INSERT INTO words (words, rank) VALUES ('crisismerge', 1000)`,
}

// builder fills a generation that nobody reads yet.
type builder struct {
	db   *store.DB
	ids  opaque
	pace *pace

	pending []record
	rows    int64 // the id of the last one
	terms   map[string]termCount
	labels  map[[2]string]string
	lastKey string // of the structure whose id was made last
	lastRef int64
}

func newBuilder(ctx context.Context, db *store.DB, ids opaque, p *pace) (*builder, error) {
	b := &builder{db: db, ids: ids, pace: p, terms: map[string]termCount{}, labels: map[[2]string]string{}}
	return b, db.Write(ctx, func(tx *sql.Tx) error {
		for _, q := range tuning {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return fmt.Errorf("prepare the new file: %w", err)
			}
		}
		return nil
	})
}

// add takes one record; it is written with those that follow.
func (b *builder) add(ctx context.Context, r record) error {
	b.pending = append(b.pending, r)
	if len(b.pending) < rowsPerCommit {
		return nil
	}
	return b.flush(ctx)
}

// flush writes what is pending: the rows, several at once; then their words, one
// row at a time. A statement of several rows opens a savepoint, at which FTS5, once
// it takes part in the transaction, writes out what it has gathered: a thousand
// small pieces would have to be merged.
func (b *builder) flush(ctx context.Context) error {
	if len(b.pending) == 0 {
		return nil
	}
	defer func() { clear(b.pending); b.pending = b.pending[:0] }()
	return b.db.Write(ctx, func(tx *sql.Tx) error {
		if err := b.insertRows(ctx, tx); err != nil {
			return fmt.Errorf("write rows: %w", err)
		}
		if err := b.insertWords(ctx, tx); err != nil {
			return fmt.Errorf("write words: %w", err)
		}
		b.rows += int64(len(b.pending))
		return nil
	})
}

func (b *builder) insertRows(ctx context.Context, tx *sql.Tx) error {
	several, err := tx.PrepareContext(ctx, insertRows(rowsPerInsert))
	if err != nil {
		return err
	}
	defer several.Close()
	cells := make([]any, 0, rowsPerInsert*mailboxCells)
	for from := 0; from < len(b.pending); from += rowsPerInsert {
		rows := b.pending[from:min(from+rowsPerInsert, len(b.pending))]
		cells = cells[:0]
		for i := range rows {
			r := &rows[i]
			if r.structureKey != b.lastKey {
				b.lastKey, b.lastRef = r.structureKey, b.ids.structureRef(r.structureKey)
			}
			cells = append(cells, r.cells(b.rows+int64(from+i)+1, b.ids.personRef(r.nationalID), b.lastRef)...)
		}
		if len(rows) == rowsPerInsert {
			_, err = several.ExecContext(ctx, cells...)
		} else {
			_, err = tx.ExecContext(ctx, insertRows(len(rows)), cells...)
		}
		if err != nil {
			return err
		}
		if err := b.pace.breathe(ctx); err != nil {
			return err
		}
	}
	return nil
}

const insertWords = `INSERT INTO words (rowid, family, given, work, place, org) VALUES (?, ?, ?, ?, ?, ?)`

func (b *builder) insertWords(ctx context.Context, tx *sql.Tx) error {
	one, err := tx.PrepareContext(ctx, insertWords)
	if err != nil {
		return err
	}
	defer one.Close()
	for i := range b.pending {
		r := &b.pending[i]
		x := r.words()
		b.count(r, x)
		if _, err := one.ExecContext(ctx, x.cells(b.rows+int64(i)+1)...); err != nil {
			return err
		}
		if i%rowsPerInsert == 0 {
			if err := b.pace.breathe(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// cells are the values of a row in the order of mailboxColumns.
func (r *record) cells(id, person, structure int64) []any {
	return []any{id, r.address.Key(), r.address.String(), string(r.kind), r.nationalID, person, r.structureKey, structure, r.title, r.given, r.family,
		r.profession, r.speciality, r.structure, r.sign, r.service, r.street, r.postcode, r.town, r.department, r.flags(), r.source, r.updatedAt, r.digest()}
}

func (x indexed) cells(id int64) []any {
	join := func(w []string) string { return strings.Join(w, " ") }
	return []any{id, join(x.family), join(x.given), join(x.work), join(x.place), join(x.org)}
}

// count keeps the dictionary of words and of labels.
func (b *builder) count(r *record, x indexed) {
	add := func(words []string, n termCount) {
		for _, w := range words {
			c, known := b.terms[w]
			if !known {
				w = strings.Clone(w) // not the whole line with it
			}
			b.terms[w] = termCount{c.family + n.family, c.given + n.given, c.place + n.place, c.org + n.org}
		}
	}
	add(x.family, termCount{family: 1})
	add(x.given, termCount{given: 1})
	add(x.place, termCount{place: 1})
	add(x.org, termCount{org: 1})
	add([]string{domainWord(string(r.address.Domain))}, termCount{org: 1})
	b.label(listProfession, r.profession, r.professionLabel)
	b.label(listSpeciality, r.speciality, r.specialityLabel)
}

// maxLabels bounds what a hostile file may make us hold.
const maxLabels = 5_000

func (b *builder) label(list, code, label string) {
	if k := [2]string{list, code}; code != "" && label != "" && b.labels[k] == "" && len(b.labels) < maxLabels {
		b.labels[[2]string{list, strings.Clone(code)}] = strings.Clone(label)
	}
}

func insertRows(n int) string {
	return `INSERT INTO mailboxes (` + mailboxColumns + `) VALUES ` + values(n, mailboxCells)
}

// values is "(?,?),(?,?)" for n rows of so many cells.
func values(n, cells int) string {
	row := "(" + strings.Repeat("?,", cells-1) + "?)"
	return strings.Repeat(row+",", n-1) + row
}
