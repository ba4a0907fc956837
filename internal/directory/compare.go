package directory

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/store"
)

// keepFHIR is how long a record of the FHIR service outlives the last time it was
// seen there (the service asks that copies be dropped after 30 days).
const keepFHIR = 30 * 24 * time.Hour

// carry copies into the new generation what only the FHIR service told and the file
// does not say (applicative and cabinet mailboxes above all), while it is fresh.
func (d *Directory) carry(ctx context.Context, current *generation, b *builder) (int, error) {
	if current == nil {
		return 0, nil
	}
	rows, err := current.db.Read().QueryContext(ctx, `SELECT `+mailboxColumns+` FROM mailboxes WHERE source = ? AND updated_at >= ? ORDER BY id`,
		SourceFHIR, store.Micros(d.o.Now().Add(-keepFHIR)))
	if err != nil {
		return 0, fmt.Errorf("read the FHIR records: %w", err)
	}
	defer rows.Close()
	var keep []record
	for rows.Next() && len(keep) < maxCarried {
		r, _, err := scanRecord(rows, current)
		if err != nil {
			return 0, err
		}
		keep = append(keep, r)
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	n := 0
	for _, r := range keep {
		var known bool
		err := b.db.Read().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM mailboxes WHERE key = ?)`, r.address.Key()).Scan(&known)
		if err != nil {
			return n, fmt.Errorf("look for an address: %w", err)
		}
		if known {
			continue // the file is newer
		}
		if err := b.add(ctx, r); err != nil {
			return n, err
		}
		n++
	}
	return n, b.flush(ctx)
}

// maxCarried bounds what is held in memory meanwhile.
const maxCarried = 20_000

// compare counts addresses that came, went and changed: one pass over both files in
// the order of addresses, in a memory that does not depend on them.
func (d *Directory) compare(ctx context.Context, current *generation, b *builder, sum *Summary) error {
	err := b.db.Read().QueryRowContext(ctx, `SELECT COUNT(*) - COUNT(DISTINCT key) FROM mailboxes`).Scan(&sum.Shared)
	if err != nil {
		return fmt.Errorf("count shared addresses: %w", err)
	}
	if current == nil {
		sum.First = true
		sum.New = int(b.rows) - sum.Shared
		return nil
	}
	before, err := newAddressCursor(ctx, current.db.Read())
	if err != nil {
		return err
	}
	defer before.close()
	after, err := newAddressCursor(ctx, b.db.Read())
	if err != nil {
		return err
	}
	defer after.close()
	for n := 0; before.ok || after.ok; n++ {
		switch {
		case !before.ok || after.ok && after.key < before.key:
			sum.New++
			after.next()
		case !after.ok || before.key < after.key:
			sum.Gone++
			before.next()
		default:
			if before.digest != after.digest {
				sum.Changed++
			}
			before.next()
			after.next()
		}
		if n%256 == 0 {
			if err := b.pace.breathe(ctx); err != nil {
				return err
			}
		}
	}
	if before.err != nil {
		return before.err
	}
	return after.err
}

// addressCursor gives each address once, with a digest of all its rows.
type addressCursor struct {
	rows   *sql.Rows
	key    string
	digest int64
	ok     bool
	err    error

	ahead       string
	aheadDigest int64
	more        bool
}

func newAddressCursor(ctx context.Context, db *sql.DB) (*addressCursor, error) {
	rows, err := db.QueryContext(ctx, `SELECT key, digest FROM mailboxes INDEXED BY mailboxes_key ORDER BY key, digest`)
	if err != nil {
		return nil, err
	}
	c := &addressCursor{rows: rows}
	c.read()
	c.next()
	return c, nil
}

func (c *addressCursor) read() {
	if c.more = c.rows.Next(); c.more {
		c.err = c.rows.Scan(&c.ahead, &c.aheadDigest)
	} else if c.err == nil {
		c.err = c.rows.Err()
	}
	if c.err != nil {
		c.more = false
	}
}

func (c *addressCursor) next() {
	c.ok = c.more
	if !c.ok {
		return
	}
	c.key, c.digest = c.ahead, c.aheadDigest
	for c.read(); c.more && c.ahead == c.key; c.read() {
		c.digest = c.digest*31 + c.aheadDigest
	}
}

func (c *addressCursor) close() { c.rows.Close() }

// scanner is a row.
type scanner interface{ Scan(...any) error }

// scanRecord reads a row back, with its id.
func scanRecord(row scanner, g *generation) (r record, id int64, err error) {
	var key, address, kind string
	var person, structure, digest int64
	var flags int
	err = row.Scan(&id, &key, &address, &kind, &r.nationalID, &person, &r.structureKey, &structure, &r.title, &r.given, &r.family,
		&r.profession, &r.speciality, &r.structure, &r.sign, &r.service, &r.street, &r.postcode, &r.town, &r.department, &flags, &r.source, &r.updatedAt, &digest)
	if err != nil {
		return r, 0, err
	}
	r.address, r.kind = addressOf(address), mssante.MailboxKind(kind)
	r.noReply, r.paperless = flags&flagNoReply != 0, flags&flagPaperless != 0
	r.professionLabel, r.specialityLabel = g.label(listProfession, r.profession), g.label(listSpeciality, r.speciality)
	return r, id, nil
}

// entry is what the rest of the house sees of a record.
func (d *Directory) entry(r record, id int64) Entry {
	return Entry{
		Address: r.address, Kind: r.kind, PersonID: d.ids.person(r.nationalID), StructureID: d.ids.structure(r.structureKey),
		Title: r.title, GivenName: r.given, FamilyName: r.family, ProfessionCode: r.profession, Profession: r.professionLabel,
		SpecialityCode: r.speciality, Speciality: r.specialityLabel, Structure: r.structure, Sign: r.sign, Service: r.service,
		Street: r.street, PostCode: r.postcode, Town: r.town, Department: r.department, NationalID: r.nationalID,
		NoReply: r.noReply, Paperless: r.paperless, Listed: true, Source: r.source, UpdatedAt: store.Time(r.updatedAt), structureKey: r.structureKey, id: id,
	}
}
