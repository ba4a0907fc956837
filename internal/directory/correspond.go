package directory

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Correspondent is somebody an account wrote to.
type Correspondent struct {
	Address mssante.Address
	Name    string // as it stood in the letter; the directory's own comes first
}

const (
	// maxPast correspondents are kept per account, the latest.
	maxPast     = 1_000
	maxPastName = 120
	maxAtOnce   = 500
	purposePast = "directory.correspondents"
)

// sealedPast is what is under seal.
type sealedPast struct {
	Address string `json:"a"`
	Name    string `json:"n,omitempty"`
}

// Correspond remembers whom an account has written to: they come first in Suggest.
// A patient is never kept here: the address names one.
func (d *Directory) Correspond(ctx context.Context, accountID string, to []Correspondent) error {
	if accountID == "" || len(to) > maxAtOnce {
		return problem.New(problem.Invalid, "Ces correspondants n’ont pas pu être retenus.")
	}
	now := store.Micros(d.o.Now())
	err := d.o.Main.Write(ctx, func(tx *sql.Tx) error {
		for _, c := range to {
			if c.Address.IsPatient() || c.Address.IsZero() {
				continue
			}
			if err := d.keepPast(ctx, tx, accountID, c, now); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM directory_correspondents WHERE account_id = ? AND mac IN
			(SELECT mac FROM directory_correspondents WHERE account_id = ? ORDER BY last_at DESC, mac LIMIT -1 OFFSET ?)`, accountID, accountID, d.maxPast)
		return err
	})
	return problem.Wrap(err, problem.Internal, "Ces correspondants n’ont pas pu être retenus. La lettre n’est pas concernée.")
}

func (d *Directory) keepPast(ctx context.Context, tx *sql.Tx, accountID string, c Correspondent, now int64) error {
	mac := d.pastMAC(accountID, c.Address)
	name := clean(c.Name)
	if len(name) > maxPastName {
		name = strings.ToValidUTF8(name[:maxPastName], "")
	}
	plain, err := json.Marshal(sealedPast{c.Address.String(), name})
	if err != nil {
		return err
	}
	blob, err := d.o.Keys.Seal(purposePast, plain, pastAAD(accountID, mac))
	if err != nil {
		return fmt.Errorf("seal a correspondent: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO directory_correspondents (account_id, mac, sealed, uses, last_at) VALUES (?, ?, ?, 1, ?)
		ON CONFLICT DO UPDATE SET sealed = excluded.sealed, uses = uses + 1, last_at = max(last_at, excluded.last_at)`, accountID, mac, blob, now)
	return err
}

// pastMAC finds an address again. It is an opaque id, not a MAC under the current
// key: a rotation must not make two rows of one correspondent.
func (d *Directory) pastMAC(accountID string, a mssante.Address) []byte {
	return []byte(d.o.Keys.Opaque(purposePast, accountID, a.Key()))
}

func pastAAD(accountID string, mac []byte) []byte {
	return append([]byte(accountID+"\x00"), mac...)
}

// past is an account's correspondents, opened, with the words they are found by.
type past struct {
	stamp   pastStamp
	all     []pastEntry // the most used and latest first
	byKey   map[string]bool
	touched time.Time
}

type pastEntry struct {
	entry Entry
	words []string
	codes []string
}

// pastStamp changes whenever the account's rows, or the directory, do.
type pastStamp struct {
	rows, uses, last int64
	generation       *generation
	version          int64
}

// maxPastAccounts are kept open at a time.
const maxPastAccounts = 200

type pastCache struct {
	mu sync.Mutex
	of map[string]*past
}

// pastOf gives an account's correspondents; nobody's are empty.
func (d *Directory) pastOf(ctx context.Context, g *generation, accountID string) (*past, error) {
	if accountID == "" {
		return &past{}, nil
	}
	stamp := pastStamp{generation: g}
	if g != nil {
		stamp.version = g.version.Load()
	}
	err := d.o.Main.Read().QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(uses), 0), COALESCE(MAX(last_at), 0) FROM directory_correspondents WHERE account_id = ?`,
		accountID).Scan(&stamp.rows, &stamp.uses, &stamp.last)
	if err != nil {
		return nil, fmt.Errorf("count correspondents: %w", err)
	}
	d.past.mu.Lock()
	have := d.past.of[accountID]
	if have != nil && have.stamp == stamp {
		have.touched = d.o.Now()
		d.past.mu.Unlock()
		return have, nil
	}
	d.past.mu.Unlock()
	p, err := d.readPast(ctx, accountID)
	if err != nil {
		return nil, err
	}
	p.stamp, p.touched = stamp, d.o.Now()
	d.past.mu.Lock()
	defer d.past.mu.Unlock()
	if d.past.of == nil {
		d.past.of = map[string]*past{}
	}
	if len(d.past.of) >= maxPastAccounts {
		d.past.makeRoom()
	}
	d.past.of[accountID] = p
	return p, nil
}

func (c *pastCache) makeRoom() {
	oldest, at := "", time.Time{}
	for id, p := range c.of {
		if oldest == "" || p.touched.Before(at) {
			oldest, at = id, p.touched
		}
	}
	delete(c.of, oldest)
}

func (d *Directory) readPast(ctx context.Context, accountID string) (*past, error) {
	rows, err := d.o.Main.Read().QueryContext(ctx, `SELECT mac, sealed, uses, last_at FROM directory_correspondents WHERE account_id = ? ORDER BY last_at DESC LIMIT ?`, accountID, d.maxPast)
	if err != nil {
		return nil, fmt.Errorf("read correspondents: %w", err)
	}
	defer rows.Close()
	type row struct {
		sealedPast
		address mssante.Address
		uses    int64
		last    int64
	}
	var all []row
	var addresses []mssante.Address
	for rows.Next() {
		var mac, blob []byte
		var r row
		if err := rows.Scan(&mac, &blob, &r.uses, &r.last); err != nil {
			return nil, fmt.Errorf("read a correspondent: %w", err)
		}
		plain, err := d.o.Keys.Open(purposePast, blob, pastAAD(accountID, mac))
		if err != nil {
			continue // sealed under a key that is gone, or tampered: not a reason to fail
		}
		if json.Unmarshal(plain, &r.sealedPast) != nil {
			continue
		}
		if r.address = addressOf(r.Address); r.address.IsZero() {
			continue
		}
		all = append(all, r)
		addresses = append(addresses, r.address)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	cards, err := d.Cards(ctx, addresses)
	if err != nil {
		return nil, err
	}
	// Often and lately: a correspondent of last week, ten times, before last year's.
	slices.SortStableFunc(all, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.last/(7*24*3600*1e6), a.last/(7*24*3600*1e6)), cmp.Compare(b.uses, a.uses), cmp.Compare(b.last, a.last))
	})
	p := &past{byKey: make(map[string]bool, len(all))}
	for _, r := range all {
		e, known := cards[r.address]
		if !known {
			e = Entry{Address: r.address, FamilyName: r.Name, NoReply: noReply(mssante.KindUnknown, r.address.Local)}
		}
		e.Past = true
		p.byKey[r.address.Key()] = true
		p.all = append(p.all, newPastEntry(e, r.Name))
	}
	return p, nil
}

func newPastEntry(e Entry, name string) pastEntry {
	words := append(nameWords(e.FamilyName), nameWords(e.GivenName)...)
	for _, s := range []string{name, e.Town, e.Structure, e.Sign, e.Service, e.Address.Local, string(e.Address.Domain)} {
		words = placeWords(words, s)
	}
	words = append(words, e.PostCode, strings.ToLower(e.Department))
	p := pastEntry{entry: e, words: words}
	if e.ProfessionCode != "" {
		p.codes = append(p.codes, professionWord(e.ProfessionCode))
	}
	if e.SpecialityCode != "" {
		p.codes = append(p.codes, specialityWord(e.SpecialityCode))
	}
	return p
}

func (p *past) has(a mssante.Address) bool { return p.byKey[a.Key()] }

// matching gives those every word of the question fits, in their order.
func (p *past) matching(q question, limit int) []Entry {
	var out []Entry
	for i := range p.all {
		if len(out) == limit {
			break
		}
		if p.all[i].fits(q) {
			out = append(out, p.all[i].entry)
		}
	}
	return out
}

func (p *pastEntry) fits(q question) bool {
	key := p.entry.Address.Key()
	if q.address != "" && strings.HasPrefix(key, q.address) || q.domain != "" && string(p.entry.Address.Domain) == q.domain {
		return true
	}
	if q.person != "" && strings.EqualFold(p.entry.NationalID, q.person) || slices.Contains(q.numbers, p.entry.structureKey) && p.entry.structureKey != "" {
		return true
	}
	if len(q.tokens) == 0 {
		return false
	}
	for _, t := range q.tokens {
		fits := slices.ContainsFunc(p.words, func(w string) bool { return strings.HasPrefix(w, t.word) }) ||
			slices.ContainsFunc(p.codes, func(c string) bool { return slices.Contains(t.codes, c) })
		if !fits {
			return false
		}
	}
	return true
}
