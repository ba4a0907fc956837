// Package store owns the opening of the database: driver, file, pragmas,
// migrations, the one writer and the readers. Each feature keeps its own SQL.
//
// SQLite (pure Go) in WAL with synchronous=FULL: once Write returns, the change
// survives kill -9 and a power cut. One connection writes, in transactions taken
// at once (BEGIN IMMEDIATE), so two writers queue instead of failing half-way;
// a second process (a command beside the server) waits up to busyTimeout.
//
// It must not know any feature, and returns plain errors: the feature that asked
// gives them a kind and a sentence. Threats: a file another user can read, a
// corrupt or foreign file, a binary older than the file's schema.
package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"runtime"
	"strconv"
	"time"

	"modernc.org/sqlite"
)

const (
	busyTimeout = 10 * time.Second
	// A WAL that grew under a long read is cut back to this at the next checkpoint.
	walLimit = 64 << 20
)

// Options says which database to open.
type Options struct {
	Path string           // file; "" = in memory, private to this DB, gone at Close
	Now  func() time.Time // nil = time.Now
	// Migrations of a database that a room keeps apart (goose files at the root of the
	// tree); nil is Pli's own.
	Migrations fs.FS
	// Rebuildable: all of it can be made again, so a power cut may cost the last
	// commits (synchronous=NORMAL); the file stays whole.
	Rebuildable bool
	// AsItIs leaves the schema of an existing file alone: a look beside a Pli of
	// another version. Statements may fail.
	AsItIs bool
}

// DB is an open, migrated database. Safe for concurrent use.
type DB struct {
	writer *sql.DB
	reader *sql.DB
	anchor *sql.Conn // keeps an in-memory database alive
	path   string
}

// Open opens the database, creating it (mode 0600) when the file is not there,
// and brings its schema up to date. It refuses a file that is not ours, that
// cannot be written, or whose schema is newer than this binary.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Path != "" {
		if err := checkFile(o.Path); err != nil {
			return nil, err
		}
	}
	db, err := open(ctx, o)
	if err != nil {
		return nil, explain(o.Path, err)
	}
	return db, nil
}

func open(ctx context.Context, o Options) (_ *DB, err error) {
	db := &DB{path: o.Path}
	defer func() {
		if err != nil {
			db.Close()
		}
	}()
	writer, reader := dsn(o.Path, o.Rebuildable)
	if db.writer, err = pool(writer); err != nil {
		return nil, err
	}
	db.writer.SetMaxOpenConns(1)
	db.writer.SetMaxIdleConns(1)
	if db.reader, err = pool(reader); err != nil {
		return nil, err
	}
	readers := max(4, runtime.NumCPU())
	db.reader.SetMaxOpenConns(readers)
	db.reader.SetMaxIdleConns(readers)
	// The writer first: it makes the file and sets WAL, which readers cannot.
	if err = db.writer.PingContext(ctx); err != nil {
		return nil, err
	}
	if o.Path == "" {
		// An in-memory database vanishes with its last connection, and pools close
		// idle ones: hold one for the life of the DB.
		if db.anchor, err = db.reader.Conn(ctx); err != nil {
			return nil, err
		}
	}
	if o.AsItIs {
		return db, nil
	}
	if o.Migrations != nil {
		if err = migrateFrom(ctx, db.writer, o.Migrations); err != nil {
			return nil, err
		}
		return db, nil
	}
	if err = migrateUp(ctx, db.writer); err != nil {
		return nil, err
	}
	err = db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO about (id, created_at) VALUES (1, ?) ON CONFLICT DO NOTHING`, Micros(o.Now()))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("write to the database: %w", err)
	}
	return db, nil
}

func pool(dsn string) (*sql.DB, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(remembering{c}), nil
}

// dsn gives the connection strings of the writer and of the readers.
func dsn(path string, rebuildable bool) (writer, reader string) {
	synchronous := "synchronous(FULL)"
	if rebuildable {
		synchronous = "synchronous(NORMAL)"
	}
	pragma := func(more ...string) url.Values {
		v := url.Values{"_pragma": {
			"busy_timeout(" + strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")", // first: the others may wait
			"foreign_keys(1)",
			synchronous,
			"journal_size_limit(" + strconv.Itoa(walLimit) + ")",
			"trusted_schema(0)",
		}}
		v["_pragma"] = append(v["_pragma"], more...)
		return v
	}
	var w, r url.Values
	name := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String()
	if path == "" {
		// A name of its own: two databases in one process (tests) never meet. Shared
		// cache locks tables, not pages; read_uncommitted keeps readers from waiting
		// for the writer, as WAL does for a file.
		name = "file:" + rand.Text()
		w, r = pragma(), pragma("query_only(1)", "read_uncommitted(1)")
		for _, v := range []url.Values{w, r} {
			v.Set("mode", "memory")
			v.Set("cache", "shared")
		}
	} else {
		w, r = pragma("journal_mode(WAL)"), pragma("query_only(1)")
	}
	w.Set("_txlock", "immediate")
	return name + "?" + w.Encode(), name + "?" + r.Encode()
}

// Write runs fn in one transaction on the only writing connection. When Write
// returns nil the change is durable; otherwise, and when fn panics, nothing of
// it remains. It never retries: fn runs once. fn must use tx only (db.Read sees
// the state before) and must not call Write: it would wait for itself.
func (db *DB) Write(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // after Commit: does nothing
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Read is the pool of reading connections. They refuse to write.
func (db *DB) Read() *sql.DB { return db.reader }

// Close waits for running statements and closes the file. Closing twice is fine.
func (db *DB) Close() error {
	var errs []error
	if db.anchor != nil {
		errs = append(errs, ignoreDone(db.anchor.Close()))
	}
	// Readers first: the last connection to close a WAL database checkpoints it,
	// and readers may not write.
	if db.reader != nil {
		errs = append(errs, db.reader.Close())
	}
	if db.writer != nil {
		errs = append(errs, db.writer.Close())
	}
	return errors.Join(errs...)
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}

// Micros is how an instant is stored: microseconds since 1970 UTC, 0 for the
// zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time reads what Micros wrote, in UTC.
func Time(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
