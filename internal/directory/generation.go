package directory

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"pli.example/pli/internal/store"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// generation is one whole directory, open. Searches hold it while they run; when
// another has taken its place and nobody holds it, it closes.
type generation struct {
	number int64 // of the file; 0 in memory
	db     *store.DB
	terms  *dictionary
	labels map[[2]string]string
	about  map[string]string
	rows   int64
	trades trades

	mu      sync.Mutex
	holders int
	retired bool
	version atomic.Int64 // raised by single records: what was remembered is stale
	cards   cardCache
	// Labels that single records brought since.
	moreLabels atomic.Pointer[map[[2]string]string]
}

func openStore(ctx context.Context, path string, now func() time.Time) (*store.DB, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, store.Options{Path: path, Now: now, Migrations: files, Rebuildable: true})
}

// load reads what a generation keeps in memory.
func load(ctx context.Context, db *store.DB, number int64) (*generation, error) {
	g := &generation{number: number, db: db, labels: map[[2]string]string{}, about: map[string]string{}}
	var err error
	if g.terms, err = loadDictionary(ctx, db.Read()); err != nil {
		return nil, fmt.Errorf("read the words: %w", err)
	}
	read := func(query string, each func(a, b, c string)) error {
		rows, err := db.Read().QueryContext(ctx, query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var a, b, c string
			if err := rows.Scan(&a, &b, &c); err != nil {
				return err
			}
			each(a, b, c)
		}
		return rows.Err()
	}
	if err := read(`SELECT list, code, label FROM labels`, func(a, b, c string) { g.labels[[2]string{a, b}] = c }); err != nil {
		return nil, fmt.Errorf("read the labels: %w", err)
	}
	if err := read(`SELECT name, value, '' FROM about`, func(a, b, _ string) { g.about[a] = b }); err != nil {
		return nil, fmt.Errorf("read the file's notes: %w", err)
	}
	if err := db.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM mailboxes`).Scan(&g.rows); err != nil {
		return nil, fmt.Errorf("count the rows: %w", err)
	}
	g.trades = newTrades(g.labels)
	return g, nil
}

// hold keeps the current generation open until release. nil: there is none yet.
func (d *Directory) hold() (*generation, func()) {
	d.mu.RLock()
	g := d.current
	if g == nil {
		d.mu.RUnlock()
		return nil, func() {}
	}
	g.mu.Lock()
	g.holders++
	g.mu.Unlock()
	d.mu.RUnlock()
	return g, func() {
		g.mu.Lock()
		g.holders--
		last := g.retired && g.holders == 0
		g.mu.Unlock()
		if last {
			d.closed(g)
		}
	}
}

// swap puts a generation in the place of the current one, which closes when the
// last search on it ends.
func (d *Directory) swap(next *generation) {
	d.mu.Lock()
	old := d.current
	d.current = next
	d.mu.Unlock()
	if old == nil {
		return
	}
	old.mu.Lock()
	old.retired = true
	idle := old.holders == 0
	old.mu.Unlock()
	if idle {
		d.closed(old)
	}
}

func (d *Directory) closed(g *generation) {
	if err := g.db.Close(); err != nil {
		d.o.Log.Warn("directory: close an old generation", "err", err)
	}
	d.retirements.Add(1)
}

// label gives the words of a code: the source's own, else ours, else the code.
func (g *generation) label(list, code string) string {
	if code == "" {
		return ""
	}
	k := [2]string{list, code}
	if label, ok := g.labels[k]; ok {
		return label
	}
	if more := g.moreLabels.Load(); more != nil {
		if label, ok := (*more)[k]; ok {
			return label
		}
	}
	return labelOf(list, code)
}
