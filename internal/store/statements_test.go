package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
)

// TestStatementsAreKept: a text compiled once answers each time with its own
// arguments, while other rows of the same text are being read, after the schema
// changed, after a failed write, and past the number that is kept.
func TestStatementsAreKept(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", filepath.Join(t.TempDir(), "kept.db")} {
		db, err := Open(t.Context(), Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		write := func(text string, args ...any) error {
			return db.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(text, args...); return err })
		}
		if err := write(`CREATE TABLE town (name TEXT PRIMARY KEY, people INTEGER)`); err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			if err := write(`INSERT INTO town VALUES (?, ?)`, fmt.Sprint("t", i), i); err != nil {
				t.Fatal(err)
			}
		}
		if err := write(`INSERT INTO town VALUES (?, ?)`, "t3", 0); err == nil {
			t.Fatal("the same name twice")
		}
		err = db.Write(t.Context(), func(tx *sql.Tx) error { // one connection: rows within rows of the same text
			outer, err := tx.Query(`SELECT name FROM town WHERE people < ? ORDER BY people`, 3)
			if err != nil {
				return err
			}
			defer outer.Close()
			for n := 0; outer.Next(); n++ {
				var name, inner string
				if err := outer.Scan(&name); err != nil {
					return err
				}
				if err := tx.QueryRow(`SELECT name FROM town WHERE people < ? ORDER BY people`, 1).Scan(&inner); err != nil {
					return err
				}
				if name != fmt.Sprint("t", n) || inner != "t0" {
					return fmt.Errorf("row %d: %q around %q", n, name, inner)
				}
			}
			return outer.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := write(`ALTER TABLE town ADD COLUMN mayor TEXT NOT NULL DEFAULT 'M'`); err != nil {
			t.Fatal(err)
		}
		if err := write(`INSERT INTO town VALUES (?, ?)`, "short", 1); err == nil {
			t.Fatal("the statement of before the new column still ran")
		}
		for i := range maxStatements + 20 {
			var n int
			if err := db.Read().QueryRow(fmt.Sprintf(`SELECT people + %d FROM town WHERE name = ?`, i), "t7").Scan(&n); err != nil || n != 7+i {
				t.Fatalf("%d, %v", n, err)
			}
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := db.Read().QueryContext(gone, `SELECT name FROM town`); err == nil {
			t.Fatal("a cancelled question was answered")
		}
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for j := range 50 {
					var n int
					if err := db.Read().QueryRow(`SELECT people FROM town WHERE name = ?`, fmt.Sprint("t", (i+j)%20)).Scan(&n); err != nil || n != (i+j)%20 {
						t.Errorf("%d, %v", n, err)
						return
					}
				}
			})
		}
		all.Wait()
	}
}

func BenchmarkQuery(b *testing.B) {
	db, err := Open(b.Context(), Options{Path: filepath.Join(b.TempDir(), "bench.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	var n int
	for b.Loop() {
		if err := db.Read().QueryRow(`SELECT count(*) FROM sessions WHERE id = ? AND ended_at = 0`, "x").Scan(&n); err != nil {
			b.Fatal(err)
		}
	}
}
