package directory

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// cardsPerQuery addresses go into one statement, always the same text.
const cardsPerQuery = 50

// maxCards is how many addresses a generation remembers; then it forgets them all.
const maxCards = 8_000

// cardCache remembers what an address is, unknown ones included.
type cardCache struct {
	mu      sync.Mutex
	version int64
	known   map[string]card
}

type card struct {
	entry Entry
	ok    bool
}

// Card tells whom an address belongs to. ok is false when the directory does not
// know it, or is not there yet: that is no error, a letter shows without a card.
func (d *Directory) Card(ctx context.Context, address mssante.Address) (Entry, bool, error) {
	cards, err := d.Cards(ctx, []mssante.Address{address})
	for _, e := range cards {
		return e, true, err
	}
	return Entry{}, false, err
}

// Cards tells whom the addresses of a page belong to, in one query for up to 50.
// The map is by the addresses given; unknown ones are not in it. A patient's
// address is never looked for.
func (d *Directory) Cards(ctx context.Context, addresses []mssante.Address) (map[mssante.Address]Entry, error) {
	out := make(map[mssante.Address]Entry, len(addresses))
	g, release := d.hold()
	defer release()
	if g == nil {
		return out, nil
	}
	version := g.version.Load()
	var missing []string
	g.cards.read(version, addresses, func(a mssante.Address, key string, c card, known bool) {
		switch {
		case c.ok:
			c.entry.Address = a
			out[a] = c.entry
		case !known && !a.IsPatient() && !a.IsZero():
			missing = append(missing, key)
		}
	})
	if len(missing) == 0 {
		return out, nil
	}
	found := make(map[string]card, len(missing))
	for from := 0; from < len(missing); from += cardsPerQuery {
		if err := d.readCards(ctx, g, missing[from:min(from+cardsPerQuery, len(missing))], found); err != nil {
			return out, problem.Wrap(err, problem.KindOf(err), "L’annuaire n’a pas pu être lu. Vos lettres ne sont pas concernées.")
		}
	}
	g.cards.write(version, found)
	for _, a := range addresses {
		if c := found[a.Key()]; c.ok {
			c.entry.Address = a
			out[a] = c.entry
		}
	}
	return out, nil
}

var cardsQuery = `SELECT ` + mailboxColumns + ` FROM mailboxes WHERE key IN (?` + strings.Repeat(", ?", cardsPerQuery-1) + `) ORDER BY id`

func (d *Directory) readCards(ctx context.Context, g *generation, keys []string, found map[string]card) error {
	args := make([]any, cardsPerQuery)
	for i, k := range keys {
		args[i] = k
		found[k] = card{}
	}
	rows, err := g.db.Read().QueryContext(ctx, cardsQuery, args...)
	if err != nil {
		return fmt.Errorf("read cards: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		r, id, err := scanRecord(rows, g)
		if err != nil {
			return fmt.Errorf("read a card: %w", err)
		}
		if k := r.address.Key(); !found[k].ok { // several rows: the first of the file
			found[k] = card{d.entry(r, id), true}
		}
	}
	return rows.Err()
}

func (c *cardCache) read(version int64, addresses []mssante.Address, each func(mssante.Address, string, card, bool)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version != version {
		c.known, c.version = nil, version
	}
	for _, a := range addresses {
		key := a.Key()
		known, ok := c.known[key]
		each(a, key, known, ok)
	}
}

func (c *cardCache) write(version int64, found map[string]card) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version != version {
		return
	}
	if c.known == nil || len(c.known)+len(found) > maxCards {
		c.known = make(map[string]card, len(found))
	}
	for k, v := range found {
		c.known[k] = v
	}
}
