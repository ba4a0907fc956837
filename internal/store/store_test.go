package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

func openAt(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// both runs a test on a file and in memory: the two must behave alike.
func both(t *testing.T, fn func(t *testing.T, db *DB)) {
	for _, kind := range []string{"file", "memory"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			path := ""
			if kind == "file" {
				path = filepath.Join(t.TempDir(), "a b?#%é.db")
			}
			fn(t, openAt(t, path))
		})
	}
}

func put(t *testing.T, db *DB, id string) {
	t.Helper()
	if err := db.Write(t.Context(), insert(id)); err != nil {
		t.Fatal(err)
	}
}

func insert(id string) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO accounts (id, national_id, given_name, family_name, profession, created_at) VALUES (?, ?, '', '', '', 1)`, id, id)
		return err
	}
}

func count(t *testing.T, db *DB) (n int) {
	t.Helper()
	if err := db.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM accounts`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWriteAndRead(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *DB) {
		put(t, db, "a")
		boom := errors.New("boom")
		if err := db.Write(t.Context(), func(tx *sql.Tx) error {
			if err := insert("b")(tx); err != nil {
				return err
			}
			return boom
		}); !errors.Is(err, boom) {
			t.Errorf("error of fn: %v", err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = db.Write(t.Context(), func(tx *sql.Tx) error {
				if err := insert("c")(tx); err != nil {
					return err
				}
				panic("boom")
			})
		}()
		put(t, db, "d") // the writer is free again
		if n := count(t, db); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
		if _, err := db.Read().Exec(`DELETE FROM accounts`); err == nil {
			t.Error("a reading connection wrote")
		}
	})
}

func TestPragmas(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *DB) {
		want := map[string]string{"synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000", "journal_mode": "wal"}
		if db.path == "" {
			want["journal_mode"] = "memory"
		}
		for pragma, value := range want {
			for name, pool := range map[string]*sql.DB{"writer": db.writer, "reader": db.reader} {
				var got string
				if err := pool.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != value {
					t.Errorf("%s %s = %q, %v, want %q", name, pragma, got, err, value)
				}
			}
		}
	})
}

// TestConcurrent: writers queue, readers never wait for them, even with a
// cursor open across writes.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *DB) {
		put(t, db, "first")
		rows, err := db.Read().Query(`SELECT id FROM accounts`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if !rows.Next() {
			t.Fatal("no row")
		}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := range 20 {
					if err := db.Write(t.Context(), insert(fmt.Sprint(i, "-", j))); err != nil {
						t.Error(err)
					}
					var n int
					if err := db.Read().QueryRow(`SELECT COUNT(*) FROM accounts`).Scan(&n); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		rows.Close()
		if n := count(t, db); n != 161 {
			t.Errorf("%d rows, want 161", n)
		}
	})
}

// TestReadInsideWrite: a feature that reads while it holds the writer must not
// hang; a file shows the state before.
func TestReadInsideWrite(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *DB) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		err := db.Write(ctx, func(tx *sql.Tx) error {
			if err := insert("a")(tx); err != nil {
				return err
			}
			var n int
			return db.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM accounts`).Scan(&n)
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestWriteHonoursContext(t *testing.T) {
	t.Parallel()
	db := openAt(t, "")
	held, release := make(chan struct{}), make(chan struct{})
	go db.Write(context.Background(), func(*sql.Tx) error { close(held); <-release; return nil })
	<-held
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := db.Write(ctx, insert("late")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(release)
	put(t, db, "next")
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestMemoryIsPrivate(t *testing.T) {
	t.Parallel()
	a, b := openAt(t, ""), openAt(t, "")
	put(t, a, "x")
	if n := count(t, b); n != 0 {
		t.Errorf("another database sees %d rows", n)
	}
}

func TestFileMode(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pli.db")
	put(t, openAt(t, path), "x")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("pli.db%s has mode %o", suffix, mode)
		}
	}
}

func TestMigrationsAreIdempotent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pli.db")
	for range 3 {
		db, err := Open(t.Context(), Options{Path: path, Now: func() time.Time { return time.UnixMicro(42) }})
		if err != nil {
			t.Fatal(err)
		}
		var created int64
		if err := db.Read().QueryRow(`SELECT created_at FROM about`).Scan(&created); err != nil || created != 42 {
			t.Errorf("created_at %d, %v", created, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTwoProcessesOpenAtOnce stands for a command started beside the server.
func TestTwoProcessesOpenAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pli.db")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			db, err := Open(t.Context(), Options{Path: path})
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Write(t.Context(), insert(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := count(t, openAt(t, path)); n != 4 {
		t.Errorf("%d rows, want 4", n)
	}
}

// TestTwoProcessesWriteAtOnce: each reads, then writes what it read. Without
// BEGIN IMMEDIATE one of them fails half-way or loses an update.
func TestTwoProcessesWriteAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pli.db")
	a := openAt(t, path)
	b := openAt(t, path)
	put(t, a, "counter")
	var wg sync.WaitGroup
	for _, db := range []*DB{a, b} {
		wg.Go(func() {
			for range 50 {
				err := db.Write(t.Context(), func(tx *sql.Tx) error {
					var n int
					if err := tx.QueryRow(`SELECT created_at FROM accounts`).Scan(&n); err != nil {
						return err
					}
					_, err := tx.Exec(`UPDATE accounts SET created_at = ?`, n+1)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var n int
	if err := a.Read().QueryRow(`SELECT created_at FROM accounts`).Scan(&n); err != nil || n != 101 {
		t.Errorf("counted %d, %v, want 101", n, err)
	}
}

func TestEveryMigrationGoesDownAndUp(t *testing.T) {
	t.Parallel()
	db := openAt(t, "")
	files, err := fs.Sub(migrationFiles, "migrations/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db.writer, files,
		goose.WithDisableGlobalRegistry(true), goose.WithTableName("schema_version"))
	if err != nil {
		t.Fatal(err)
	}
	if down, err := p.DownTo(t.Context(), 0); err != nil || len(down) < 3 {
		t.Fatal(len(down), err)
	}
	var left int
	err = db.writer.QueryRow(`SELECT COUNT(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' AND name <> 'schema_version'`).Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("%d things left after going down, %v", left, err)
	}
	if err := migrateUp(t.Context(), db.writer); err != nil {
		t.Error(err)
	}
	put(t, db, "x")
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pli.db")
	db := openAt(t, path)
	newer := fstest.MapFS{}
	files, _ := fs.Glob(migrationFiles, "migrations/sqlite/*.sql")
	for _, f := range files {
		b, _ := fs.ReadFile(migrationFiles, f)
		newer[filepath.Base(f)] = &fstest.MapFile{Data: b}
	}
	newer["9001_future.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE future (id INTEGER);\n-- +goose Down\nDROP TABLE future;\n")}
	if err := migrateFrom(t.Context(), db.writer, newer); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Options{Path: path})
	if !errors.Is(err, ErrNewerSchema) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "9001") {
		t.Errorf("got %v", err)
	}
}

func TestOpenRefusesBadFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	damaged := filepath.Join(dir, "damaged.db")
	db, err := Open(t.Context(), Options{Path: damaged})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	b, err := os.ReadFile(damaged)
	if err != nil {
		t.Fatal(err)
	}
	for i := 100; i < len(b); i++ {
		b[i] = 0xa5
	}
	for name, c := range map[string]struct {
		path string
		want error
	}{
		"another format": {write("text.db", []byte("this is a letter to nobody")), ErrNotDatabase},
		"short":          {write("short.db", []byte("SQL")), ErrNotDatabase},
		"damaged inside": {write("damaged.db", b), ErrNotDatabase},
		"a folder":       {dir, ErrReadOnly},
		"no folder":      {filepath.Join(dir, "none", "pli.db"), nil},
	} {
		_, err := Open(t.Context(), Options{Path: c.path})
		if err == nil || !strings.Contains(err.Error(), c.path) || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(dir, "text.db")); err != nil || string(got) != "this is a letter to nobody" {
		t.Error("a file that is not ours was changed")
	}
}

func TestReadOnlyFileIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pli.db")
	db := openAt(t, path)
	db.Close()
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
		f.Close()
		t.Log("this user may write anything: only the translation of SQLite's refusal is checked")
	} else if _, err := Open(t.Context(), Options{Path: path}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("got %v", err)
	}
	ro, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer ro.Close()
	_, err = ro.Exec(`DELETE FROM accounts`)
	var e *sqlite.Error
	if !errors.As(err, &e) || e.Code()&0xff != sqlite3.SQLITE_READONLY {
		t.Fatalf("got %v", err)
	}
	if got := explain(path, err); !errors.Is(got, ErrReadOnly) || !strings.Contains(got.Error(), path) {
		t.Errorf("got %v", got)
	}
}

func TestMicros(t *testing.T) {
	t.Parallel()
	if Micros(time.Time{}) != 0 || !Time(0).IsZero() {
		t.Error("the zero time is not 0")
	}
	now := time.Date(2026, 11, 22, 1, 2, 3, 4000, time.FixedZone("", 3600))
	if got := Time(Micros(now)); !got.Equal(now) || got.Location() != time.UTC {
		t.Errorf("got %v", got)
	}
}

func TestRoomsOwnDatabase(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"0001_places.sql": {Data: []byte("-- +goose Up\nCREATE TABLE places (name TEXT NOT NULL);\n")}}
	db, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "aside.db"), Migrations: files, Rebuildable: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO places VALUES ('Tours')`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var name string
	if err := db.Read().QueryRow(`SELECT name FROM places`).Scan(&name); err != nil || name != "Tours" {
		t.Fatalf("%q, %v", name, err)
	}
	if err := db.Read().QueryRow(`SELECT 1 FROM accounts`).Scan(new(int)); err == nil {
		t.Fatal("the room's database has Pli's tables")
	}
}
