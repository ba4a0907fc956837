package store

import (
	"testing"
	"testing/fstest"
)

// A migration that asks for what Pli does not do is refused before any runs; marks
// that only tell where a statement ends are nothing to SQLite.
func TestMigrationsAreRead(t *testing.T) {
	t.Parallel()
	up := "-- +goose Up\n-- +goose StatementBegin\nCREATE TABLE a (x);\n-- +goose StatementEnd\nCREATE TABLE b (x);\n-- +goose Down\nDROP TABLE nowhere;\n"
	for name, c := range map[string]struct {
		files fstest.MapFS
		fits  bool
	}{
		"both ways":           {fstest.MapFS{"0001_a.sql": {Data: []byte(up)}}, true},
		"no way up":           {fstest.MapFS{"0001_a.sql": {Data: []byte("CREATE TABLE a (x);")}}, false},
		"no transaction":      {fstest.MapFS{"0001_a.sql": {Data: []byte("-- +goose NO TRANSACTION\n" + up)}}, false},
		"no number":           {fstest.MapFS{"first.sql": {Data: []byte(up)}}, false},
		"the same number":     {fstest.MapFS{"0001_a.sql": {Data: []byte(up)}, "0001_b.sql": {Data: []byte(up)}}, false},
		"none of them at all": {fstest.MapFS{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, err := Open(t.Context(), Options{Migrations: c.files})
			if (err == nil) != c.fits {
				t.Fatal(err)
			}
			if err != nil {
				return
			}
			defer db.Close()
			var n int
			if err := db.Read().QueryRow(`SELECT COUNT(*) FROM sqlite_schema WHERE name IN ('a', 'b')`).Scan(&n); err != nil || n != 2 {
				t.Errorf("%d tables, %v", n, err)
			}
		})
	}
}
