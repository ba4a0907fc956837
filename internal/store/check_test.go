package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"pli.example/pli/internal/finding"
	"pli.example/pli/internal/store"
)

func states(l finding.List) map[string]finding.State {
	out := map[string]finding.State{}
	for _, f := range l {
		out[f.Check] = f.State
	}
	return out
}

// Each state of a file is named, nothing is left behind, nothing is changed.
func TestCheck(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	made, garbage, newer, open := at("made.db"), at("garbage.db"), at("newer.db"), at("open.db")
	for _, path := range []string{made, newer, open} {
		db, err := store.Open(ctx, store.Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if path == newer {
			err = db.Write(ctx, func(tx *sql.Tx) error {
				_, err := tx.ExecContext(context.Background(), `INSERT INTO schema_version (version_id, is_applied) VALUES (999999, 1)`)
				return err
			})
		}
		if path == open { // a Pli serves on it
			t.Cleanup(func() { db.Close() })
			continue
		}
		if err != nil || db.Close() != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(garbage, []byte("this is a letter, not a database"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]map[string]finding.State{
		made:                          {"database.writable": finding.OK, "database.migrations": finding.OK, "database.private": finding.OK},
		open:                          {"database.writable": finding.OK, "database.migrations": finding.OK, "database.private": finding.Fault},
		newer:                         {"database.writable": finding.OK, "database.migrations": finding.Fault, "database.private": finding.OK},
		garbage:                       {"database.writable": finding.Fault, "database.migrations": finding.Untried},
		at("new.db"):                  {"database.writable": finding.OK, "database.migrations": finding.OK},
		filepath.Join(dir, "no", "x"): {"database.writable": finding.Fault, "database.migrations": finding.Untried},
		dir:                           {"database.writable": finding.Fault},
	} {
		got := states(store.Check(ctx, path))
		for check, state := range want {
			if got[check] != state {
				t.Errorf("%s: %s is %q, want %q", filepath.Base(path), check, got[check], state)
			}
		}
		if len(got) != 4 {
			t.Errorf("%s: %v", path, got)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		if f.Name() == "new.db" || f.Name()[0] == '.' {
			t.Errorf("the check left %s", f.Name())
		}
	}
}
