package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/sqlite/*.sql
var migrationFiles embed.FS

// ErrNewerSchema: the file was last opened by a later version of Pli.
var ErrNewerSchema = errors.New("the database was written by a newer version of this program")

// A migration that fails for good is tried this often, this far apart, before it is
// said.
const (
	migrateTurns = 25
	migrateWait  = 80 * time.Millisecond
)

// migrateUp brings the schema to the last migration this binary knows.
func migrateUp(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrationFiles, "migrations/sqlite")
	if err != nil {
		return err
	}
	return migrateFrom(ctx, db, files)
}

func migrateFrom(ctx context.Context, db *sql.DB, files fs.FS) error {
	p, err := provider(db, files)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if have > want {
		return fmt.Errorf("%w: its schema is version %d, this binary knows up to %d; run the newer binary, or restore a backup made before it",
			ErrNewerSchema, have, want)
	}
	// Another process may be migrating the same new file: then a statement of ours meets
	// what it made, fails and leaves nothing behind, and the next turn goes on from there.
	for range migrateTurns {
		if _, err = p.Up(ctx); err == nil {
			return nil
		}
		if pending, perr := p.HasPending(ctx); perr == nil && !pending {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("migrate the database: %w", ctx.Err())
		case <-time.After(migrateWait):
		}
	}
	return fmt.Errorf("migrate the database: %w", err)
}

// provider counts and runs the migrations of files. SQLite is given each one's way up
// whole: it knows best where a statement ends, and goose's own reader takes two
// buffers of 4 MB a file, a hundred megabytes at each start.
func provider(db *sql.DB, files fs.FS) (*goose.Provider, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	var all []*goose.Migration
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		up, err := wayUp(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, goose.NewGoMigration(version, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, up)
			return err
		}}, nil))
	}
	return goose.NewProvider(goose.DialectSQLite3, db, nil, goose.WithDisableGlobalRegistry(true), goose.WithTableName("schema_version"), goose.WithGoMigrations(all...))
}

// wayUp is the part of a migration between its two marks. Other marks are comments to
// SQLite; one that asks for no transaction cannot be kept.
func wayUp(text string) (string, error) {
	_, up, found := strings.Cut(text, "-- +goose Up\n")
	if !found || strings.Contains(text, "NO TRANSACTION") || strings.Contains(text, "ENVSUB") {
		return "", errors.New("not a migration this program can run")
	}
	up, _, _ = strings.Cut(up, "-- +goose Down")
	return up, nil
}
