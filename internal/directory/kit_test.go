package directory

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

var fixedNow = time.Date(2026, time.November, 23, 9, 12, 0, 0, time.UTC)

var someone = mssante.Actor{AccountID: "acc1", SessionID: "s1", NationalID: "899700000001", Name: "Dr Claire Martin"}

func newDirectory(t testing.TB, changes ...func(*Options)) *Directory {
	t.Helper()
	db := mainDatabase(t)
	t.Cleanup(func() { db.Close() })
	keys := seal.NewRandomKeyring()
	trail := audit.New(audit.Options{DB: db, Keys: keys, Node: "test"})
	t.Cleanup(func() { trail.Close() })
	o := Options{Main: db, Keys: keys, Audit: trail, Share: 1, Now: func() time.Time { return fixedNow }}
	for _, change := range changes {
		change(&o)
	}
	d, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func text(s string) Source {
	return Source{Name: "test.txt", Size: int64(len(s)), Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }}
}

// mainDatabase has what this room reads and writes of the main one: opening the
// whole of it costs more than the tests do.
func mainDatabase(t testing.TB) *store.DB {
	t.Helper()
	few := fstest.MapFS{}
	for _, name := range []string{"0003_audit.sql", "0050_correspondents.sql"} {
		raw, err := os.ReadFile(filepath.Join("..", "store", "migrations", "sqlite", name))
		if err != nil {
			t.Fatal(err)
		}
		few[name] = &fstest.MapFile{Data: raw}
	}
	db, err := store.Open(t.Context(), store.Options{Migrations: few})
	if err != nil {
		t.Fatal(err)
	}
	return db
}
