package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/store"
)

// Delivery is one recipient of one letter as support may see it. It has no field for
// an address, a name or a server's words: what is not here cannot be shown.
type Delivery struct {
	Seq      int64  // anchor of DeliveryFilter.Before: greater is newer
	Letter   string // opaque
	Mailbox  mssante.Address
	ActorID  string // account that sent
	Size     int64
	At       time.Time
	Patient  bool           // the recipient is a patient; Domain is then empty
	Domain   mssante.Domain // of the recipient
	State    Kind
	StateAt  time.Time // of the event that gives the state; zero when None
	SMTP     string    // reply code, RFC 5321 §4.2: "250", "550"; "" when not said
	Enhanced string    // enhanced status code, RFC 3463: "5.1.1"; "" when not said
}

// DeliveryFilter narrows Deliveries. Empty fields do not filter.
type DeliveryFilter struct {
	Mailbox  string // key of the sender's address
	ActorID  string
	From, To time.Time // opened at or after, before
	State    Kind      // the state; None filters nothing
	Before   int64     // older than this Seq; 0 = from the newest
	Limit    int       // 50 when 0, at most 500
}

const maxDeliveries = 500

// Deliveries lists recipients of letters, newest letter first.
func (l *Ledger) Deliveries(ctx context.Context, f DeliveryFilter) ([]Delivery, error) {
	out, err := l.deliveries(ctx, f)
	return out, door(err, sayNotRead)
}

func (l *Ledger) deliveries(ctx context.Context, f DeliveryFilter) ([]Delivery, error) {
	if f.Limit <= 0 {
		f.Limit = 50
	}
	if f.Before <= 0 {
		f.Before = math.MaxInt64
	}
	// A letter has at most a thousand recipients: opened_at in microseconds and the
	// recipient's place give a total order without a column of its own.
	where := []string{`l.opened_at * 1000 + (999 - min(r.n, 999)) < ?`}
	args := []any{f.Before}
	add := func(condition string, value any) { where, args = append(where, condition), append(args, value) }
	if f.Before != math.MaxInt64 {
		add(`l.opened_at <= ?`, f.Before/1000) // what the index by age can use
	}
	if f.Mailbox != "" {
		add(`l.mailbox = ?`, f.Mailbox)
	}
	if f.ActorID != "" {
		add(`l.actor = ?`, f.ActorID)
	}
	if !f.From.IsZero() {
		add(`l.opened_at >= ?`, store.Micros(f.From))
	}
	if !f.To.IsZero() {
		add(`l.opened_at < ?`, store.Micros(f.To))
	}
	const state = `(SELECT coalesce(max(%s), 0) FROM ledger_events e WHERE e.letter_id = r.letter_id AND e.recipient_key = r.recipient_key)`
	if f.State != None {
		add(fmt.Sprintf(state, rankSQL())+` = ?`, f.State.rank())
	}
	rows, err := l.o.DB.Read().QueryContext(ctx, `SELECT l.opened_at * 1000 + (999 - min(r.n, 999)), l.id, l.mailbox, l.actor, l.size, l.opened_at, r.recipient_key, r.recipient
		FROM ledger_letters l JOIN ledger_recipients r ON r.letter_id = l.id
		WHERE `+strings.Join(where, " AND ")+` ORDER BY l.opened_at DESC, r.n LIMIT ?`, append(args, min(f.Limit, maxDeliveries))...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Delivery
	var keys []string
	for rows.Next() {
		d, key, err := l.scanDelivery(rows)
		if err != nil {
			return nil, err
		}
		out, keys = append(out, d), append(keys, key)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return out, l.fillStates(ctx, out, keys)
}

// scanDelivery reads a row and keeps of the recipient what support may know.
func (l *Ledger) scanDelivery(rows *sql.Rows) (d Delivery, key string, err error) {
	var mailbox string
	var at int64
	var sealed []byte
	if err := rows.Scan(&d.Seq, &d.Letter, &mailbox, &d.ActorID, &d.Size, &at, &key, &sealed); err != nil {
		return d, "", err
	}
	d.At = store.Time(at)
	if d.Mailbox, err = mssante.ParseAddress(mailbox); err != nil {
		return d, "", errors.New("delivery: the sender's mailbox is no address")
	}
	plain, err := l.o.Keys.Open(purposeRecipient, sealed, bound(d.Letter, key))
	if err != nil {
		return d, "", fmt.Errorf("recipient: %w", err)
	}
	at2 := strings.LastIndexByte(string(plain), '@')
	if at2 < 0 {
		return d, "", errors.New("recipient: no address")
	}
	to := mssante.Address{Local: string(plain[:at2]), Domain: mssante.Domain(plain[at2+1:])}
	if d.Patient = to.IsPatient(); !d.Patient {
		d.Domain = to.Domain
	}
	return d, key, nil
}

// fillStates reads the events of each letter once.
func (l *Ledger) fillStates(ctx context.Context, out []Delivery, keys []string) error {
	known := map[string]map[string][]Event{}
	for i := range out {
		d := &out[i]
		events, ok := known[d.Letter]
		if !ok {
			var err error
			if events, err = l.codes(ctx, d.Letter); err != nil {
				return err
			}
			known[d.Letter] = events
		}
		row := derive(events[keys[i]])
		d.State, d.StateAt = row.State, row.Event.At
		d.SMTP, d.Enhanced = codesOf(row.Event.Code)
	}
	return nil
}

// codes is events without the servers' words: they are not even opened.
func (l *Ledger) codes(ctx context.Context, letterID string) (map[string][]Event, error) {
	rows, err := l.o.DB.Read().QueryContext(ctx, `SELECT recipient_key, kind, code, at FROM ledger_events WHERE letter_id = ?`, letterID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string][]Event{}
	for rows.Next() {
		var key string
		var e Event
		var at int64
		if err := rows.Scan(&key, &e.Kind, &e.Code, &at); err != nil {
			return nil, err
		}
		e.At = store.Time(at)
		out[key] = append(out[key], e)
	}
	return out, rows.Err()
}

// codesOf reads the codes of an event. A report comes from outside: anything that is
// not of the shape of a code is nobody's to see.
func codesOf(code string) (smtp, enhanced string) {
	for _, word := range strings.Fields(code) {
		switch {
		case smtp == "" && len(word) == 3 && digits(word) && word[0] >= '2' && word[0] <= '5':
			smtp = word
		case enhanced == "" && isEnhanced(word):
			enhanced = word
		}
	}
	return smtp, enhanced
}

// isEnhanced: class 2, 4 or 5, subject and detail of one to three digits (RFC 3463 §2).
func isEnhanced(s string) bool {
	parts := strings.Split(s, ".")
	if len(parts) != 3 || parts[0] != "2" && parts[0] != "4" && parts[0] != "5" {
		return false
	}
	for _, p := range parts[1:] {
		if len(p) > 3 || !digits(p) {
			return false
		}
	}
	return true
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// Day is one day's recipients by state.
type Day struct {
	Date   time.Time // midnight, in the zone asked for
	States map[Kind]int
}

// Days counts recipients by the day their letter was opened, from midnight of the day
// of since in its zone until now, days without any included.
func (l *Ledger) Days(ctx context.Context, since time.Time) ([]Day, error) {
	loc, now := since.Location(), l.o.Now().In(since.Location())
	var out []Day
	at := time.Date(since.Year(), since.Month(), since.Day(), 0, 0, 0, 0, loc)
	for !at.After(now) && len(out) < 400 {
		next := time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, loc) // 23 or 25 hours, twice a year
		c, err := l.between(ctx, store.Micros(at), store.Micros(next))
		if err != nil {
			return nil, door(err, sayNotRead)
		}
		out = append(out, Day{Date: at, States: c})
		at = next
	}
	return out, nil
}

func (l *Ledger) between(ctx context.Context, from, to int64) (map[Kind]int, error) {
	rows, err := l.o.DB.Read().QueryContext(ctx, `SELECT rank, count(*) FROM (
			SELECT coalesce(max(`+rankSQL()+`), 0) AS rank
			FROM ledger_letters l JOIN ledger_recipients r ON r.letter_id = l.id
			LEFT JOIN ledger_events e ON e.letter_id = r.letter_id AND e.recipient_key = r.recipient_key
			WHERE l.opened_at >= ? AND l.opened_at < ? GROUP BY r.letter_id, r.recipient_key)
		GROUP BY rank`, from, to)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[Kind]int{}
	for rows.Next() {
		var rank, n int
		if err := rows.Scan(&rank, &n); err != nil {
			return nil, err
		}
		out[kinds()[rank]] = n
	}
	return out, rows.Err()
}

// States are the kinds a recipient may be in, in the order they count.
func States() []Kind {
	var out []Kind
	for _, k := range kinds() {
		if k.state() != None {
			out = append(out, k)
		}
	}
	return out
}
