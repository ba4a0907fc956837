package directory

import (
	"context"
	"database/sql"
	"fmt"
)

// indexAddresses comes when the rows are there: sorted once, not kept sorted.
func (b *builder) indexAddresses(ctx context.Context) error {
	if err := b.flush(ctx); err != nil {
		return err
	}
	return b.exec(ctx, `CREATE INDEX mailboxes_key ON mailboxes (key, digest)`)
}

// finish writes the dictionary, merges the index and makes the other indexes.
func (b *builder) finish(ctx context.Context, about map[string]string) error {
	if err := b.flush(ctx); err != nil {
		return err
	}
	if err := b.writeTerms(ctx); err != nil {
		return fmt.Errorf("write the words: %w", err)
	}
	err := b.db.Write(ctx, func(tx *sql.Tx) error {
		for k, label := range b.labels {
			if _, err := tx.ExecContext(ctx, `INSERT INTO labels (list, code, label) VALUES (?, ?, ?)`, k[0], k[1], label); err != nil {
				return err
			}
		}
		for name, value := range about {
			if _, err := tx.ExecContext(ctx, `INSERT INTO about (name, value) VALUES (?, ?)`, name, value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write the labels: %w", err)
	}
	if err := b.merge(ctx); err != nil {
		return err
	}
	for _, q := range indexes {
		if err := b.pace.breathe(ctx); err != nil {
			return err
		}
		if err := b.exec(ctx, q); err != nil {
			return fmt.Errorf("make the indexes: %w", err)
		}
	}
	return nil
}

func (b *builder) exec(ctx context.Context, query string) error {
	return b.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query)
		return err
	})
}

// indexes of the pages; and single records merge as they come.
var indexes = []string{
	`INSERT INTO words (words, rank) VALUES ('automerge', 4)`,
	`INSERT INTO words (words, rank) VALUES ('crisismerge', 16)`,
	`CREATE INDEX mailboxes_person ON mailboxes (person_ref) WHERE person_ref <> 0`,
	`CREATE INDEX mailboxes_structure ON mailboxes (structure_ref) WHERE structure_ref <> 0`,
}

func (b *builder) writeTerms(ctx context.Context) error {
	return b.db.Write(ctx, func(tx *sql.Tx) error {
		s, err := tx.PrepareContext(ctx, `INSERT INTO terms (term, family, given, place, org) VALUES (?, ?, ?, ?, ?)`)
		if err != nil {
			return err
		}
		defer s.Close()
		for term, c := range b.terms {
			if _, err := s.ExecContext(ctx, term, c.family, c.given, c.place, c.org); err != nil {
				return err
			}
			if err := b.pace.breathe(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// merge makes one piece of the search index, step by step (FTS5 "merge": a
// negative number starts an optimisation, positive ones go on; it is done when a
// step changes next to nothing).
func (b *builder) merge(ctx context.Context) error {
	for step := 0; step < 100_000; step++ {
		pages := 64
		if step == 0 {
			pages = -64
		}
		var before, after int64
		err := b.db.Write(ctx, func(tx *sql.Tx) error {
			if err := tx.QueryRowContext(ctx, `SELECT total_changes()`).Scan(&before); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO words (words, rank) VALUES ('merge', ?)`, pages); err != nil {
				return err
			}
			return tx.QueryRowContext(ctx, `SELECT total_changes()`).Scan(&after)
		})
		if err != nil {
			return fmt.Errorf("merge the index: %w", err)
		}
		if after-before < 2 {
			return nil
		}
		if err := b.pace.breathe(ctx); err != nil {
			return err
		}
	}
	return nil
}
