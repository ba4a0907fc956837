package directory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// FHIRSummary is what a FHIR answer changed.
type FHIRSummary struct {
	Resources int
	Refused   int // resources that could not be read
	Mailboxes int // written
	Removed   int // of the red list, or no longer active
}

// ImportFHIR takes a bundle (a search's answer) or one resource from the Annuaire
// Santé: Practitioner, PractitionerRole, Organization, HealthcareService. What it
// says of a mailbox replaces what was known; a red-listed mailbox is forgotten. It
// is written into the current generation and carried over to the next ones.
func (d *Directory) ImportFHIR(ctx context.Context, r io.Reader) (FHIRSummary, error) {
	all, refused, err := readFHIR(r)
	sum := FHIRSummary{Resources: len(all), Refused: refused}
	if err != nil {
		kind := problem.Invalid
		if errors.Is(err, errOutcome) {
			kind = problem.UpstreamRefused
		}
		err = problem.Wrap(err, kind, "La réponse de l’Annuaire Santé n’a pas pu être lue. L’annuaire en place n’a pas changé.")
	} else {
		err = problem.Wrap(d.applyFHIR(ctx, all, &sum), problem.Internal, "La réponse de l’Annuaire Santé n’a pas pu être enregistrée. L’annuaire en place n’a pas changé.")
	}
	event := audit.Event{Action: audit.DirectoryImport, Target: "fhir", Outcome: outcome(err), Request: "import", Count: sum.Mailboxes}
	if trailErr := d.trace(ctx, event); trailErr != nil {
		return sum, errors.Join(err, trailErr)
	}
	return sum, err
}

func (d *Directory) applyFHIR(ctx context.Context, all []resource, sum *FHIRSummary) error {
	records, red := recordsOf(all, d.o.Now())
	if len(records)+len(red) == 0 {
		return nil
	}
	// Not beside an import: its last pages would not have what is written here.
	d.building.Lock()
	defer d.building.Unlock()
	if err := d.ensure(ctx); err != nil {
		return err
	}
	g, release := d.hold()
	defer release()
	b := &builder{db: g.db, ids: d.ids, terms: map[string]termCount{}, labels: map[[2]string]string{}}
	err := g.db.Write(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0) FROM mailboxes`).Scan(&b.rows); err != nil {
			return err
		}
		for _, a := range red {
			n, err := takeOut(ctx, tx, g, a, "")
			if err != nil {
				return fmt.Errorf("forget a mailbox: %w", err)
			}
			sum.Removed += n
		}
		for i := range records {
			if err := replaceRow(ctx, tx, g, b, records[i]); err != nil {
				return fmt.Errorf("write a mailbox: %w", err)
			}
			sum.Mailboxes++
		}
		return keepWords(ctx, tx, b)
	})
	if err != nil {
		return err
	}
	g.terms.add(b.terms)
	if len(b.labels) > 0 {
		more := b.labels
		if old := g.moreLabels.Load(); old != nil {
			for k, label := range *old {
				more[k] = label
			}
		}
		g.moreLabels.Store(&more)
	}
	g.version.Add(1)
	d.loaded()
	return nil
}

// ensure makes an empty generation when there is none: records may come first.
func (d *Directory) ensure(ctx context.Context) error {
	if g, release := d.hold(); g != nil {
		release()
		return nil
	}
	part := d.partPath()
	db, err := openStore(ctx, part, d.o.Now)
	if err != nil {
		return err
	}
	b, err := newBuilder(ctx, db, d.ids, newPace(1))
	if err == nil {
		err = b.indexAddresses(ctx)
	}
	if err == nil {
		err = b.finish(ctx, map[string]string{aboutSource: SourceFHIR, aboutRows: "0", aboutKeys: d.keyCheck(), aboutWhole: "1"})
	}
	published := false
	if err == nil {
		err = d.put(ctx, db, part, &published)
	}
	if err != nil && !published {
		err = errors.Join(err, db.Close())
		removeDatabase(part)
	}
	return err
}

// takeOut removes the rows of an address, all of them or one person's.
func takeOut(ctx context.Context, tx *sql.Tx, g *generation, a mssante.Address, nationalID string) (int, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+mailboxColumns+` FROM mailboxes WHERE key = ? AND (? = '' OR national_id IN ('', ?))`, a.Key(), nationalID, nationalID)
	if err != nil {
		return 0, err
	}
	type row struct {
		record
		id int64
	}
	var all []row
	for rows.Next() {
		r, id, err := scanRecord(rows, g)
		if err != nil {
			rows.Close()
			return 0, err
		}
		all = append(all, row{r, id})
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, err
	}
	for _, r := range all {
		// A row leaves the index by the very words that put it there.
		x := r.words()
		cells := append([]any{"delete"}, x.cells(r.id)...)
		if _, err := tx.ExecContext(ctx, `INSERT INTO words (words, rowid, family, given, work, place, org) VALUES (?, ?, ?, ?, ?, ?, ?)`, cells...); err != nil {
			return 0, err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM mailboxes WHERE id = ?`, r.id); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}

// replaceRow puts a record in the place of what was known of the mailbox. What FHIR
// does not say (a Practitioner has no place) stays as the extraction said it.
func replaceRow(ctx context.Context, tx *sql.Tx, g *generation, b *builder, r record) error {
	row := tx.QueryRowContext(ctx, `SELECT `+mailboxColumns+` FROM mailboxes WHERE key = ? AND (national_id = ? OR ? = '') ORDER BY id LIMIT 1`, r.address.Key(), r.nationalID, r.nationalID)
	old, _, err := scanRecord(row, g)
	switch {
	case err == nil:
		r.inherit(old)
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	if _, err := takeOut(ctx, tx, g, r.address, r.nationalID); err != nil {
		return err
	}
	b.rows++
	x := r.words()
	b.count(&r, x)
	if _, err := tx.ExecContext(ctx, insertRows(1), r.cells(b.rows, b.ids.personRef(r.nationalID), b.ids.structureRef(r.structureKey))...); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, insertWords, x.cells(b.rows)...)
	return err
}

func (r *record) inherit(old record) {
	if r.kind == mssante.KindUnknown {
		r.kind = old.kind
	}
	for _, f := range []struct{ to, from *string }{
		{&r.nationalID, &old.nationalID}, {&r.title, &old.title}, {&r.given, &old.given}, {&r.family, &old.family},
		{&r.profession, &old.profession}, {&r.speciality, &old.speciality}, {&r.service, &old.service},
	} {
		*f.to = firstOf(*f.to, *f.from)
	}
	if r.structure == "" && r.structureKey == "" {
		r.structureKey, r.structure, r.sign, r.street = old.structureKey, old.structure, old.sign, old.street
		r.postcode, r.town, r.department = old.postcode, old.town, old.department
	}
	r.noReply = noReply(r.kind, r.address.Local)
}

// keepWords makes the words and labels of single records last.
func keepWords(ctx context.Context, tx *sql.Tx, b *builder) error {
	for term, c := range b.terms {
		_, err := tx.ExecContext(ctx, `INSERT INTO terms (term, family, given, place, org) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET family = family + excluded.family, given = given + excluded.given, place = place + excluded.place, org = org + excluded.org`,
			term, c.family, c.given, c.place, c.org)
		if err != nil {
			return err
		}
	}
	for k, label := range b.labels {
		if _, err := tx.ExecContext(ctx, `INSERT INTO labels (list, code, label) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, k[0], k[1], label); err != nil {
			return err
		}
	}
	return nil
}
