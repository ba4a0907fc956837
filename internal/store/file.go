package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors an operator can act upon; the text around them names the file.
var (
	ErrNotDatabase = errors.New("not a SQLite database, or damaged: restore it from a backup, or name another file")
	ErrReadOnly    = errors.New("cannot be written: check owner, rights and free space of the file and its folder")
)

const sqliteMagic = "SQLite format 3\x00"

// checkFile makes the file (0600: SQLite gives -wal and -shm the same mode) or
// looks at an existing one before SQLite does, for a clearer refusal.
func checkFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("database %s: the folder %s does not exist", path, filepath.Dir(path))
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("database %s: %w", path, ErrReadOnly)
	case err != nil:
		return fmt.Errorf("database %s: %w: %w", path, ErrReadOnly, err)
	}
	defer f.Close()
	head := make([]byte, len(sqliteMagic))
	n, err := io.ReadFull(f, head)
	if errors.Is(err, io.EOF) {
		return nil // empty: new
	}
	if n < len(head) || string(head) != sqliteMagic {
		return fmt.Errorf("database %s: %w", path, ErrNotDatabase)
	}
	return nil
}

// explain puts an operator's words before SQLite's.
func explain(path string, err error) error {
	if path == "" {
		path = "in memory"
	}
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff { // the low byte is the primary result code
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return fmt.Errorf("database %s: %w (%w)", path, ErrNotDatabase, err)
		case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
			return fmt.Errorf("database %s: %w (%w)", path, ErrReadOnly, err)
		}
	}
	return fmt.Errorf("database %s: %w", path, err)
}
