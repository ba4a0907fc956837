package session

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/store"
)

// Purposes of sealed blobs; the session id is bound to each.
const (
	purposePerson = "session.person"
	purposeTokens = "session.tokens"
	purposeSignIn = "session.signin"
)

// person is who a session stands for, sealed at rest.
type person struct {
	Actor        mssante.Actor
	Practitioner mssante.Practitioner
	Situation    string
}

// record is one row of sessions, blobs still sealed.
type record struct {
	id, accountID, agent string
	secretHash           []byte
	created, seen        time.Time
	person, tokens       []byte
	tokensAt             time.Time
	accessExpires        time.Time
	mailUntil            time.Time
	evicted, doubt       bool
	leaseOwner           string
	leaseUntil           time.Time
	mailEnded            Ended
	ended                Ended
	providerSID          string // opaque, written once
	providerSub          string
}

const columns = `id, secret_hash, account_id, agent, created_at, seen_at, person, tokens, tokens_at, access_expires,
	mail_until, evicted, lease_owner, lease_until, refresh_doubt, mail_ended_at, mail_reason, ended_at, end_reason`

type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}

// find gives the records a WHERE clause selects.
func find(ctx context.Context, q querier, where string, args ...any) ([]*record, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM sessions WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	defer rows.Close()
	var out []*record
	for rows.Next() {
		r := &record{}
		var created, seen, tokensAt, access, mail, lease, mailEnded, ended int64
		if err := rows.Scan(&r.id, &r.secretHash, &r.accountID, &r.agent, &created, &seen, &r.person, &r.tokens, &tokensAt, &access,
			&mail, &r.evicted, &r.leaseOwner, &lease, &r.doubt, &mailEnded, &r.mailEnded.Reason, &ended, &r.ended.Reason); err != nil {
			return nil, fmt.Errorf("read sessions: %w", err)
		}
		r.created, r.seen, r.tokensAt, r.accessExpires = store.Time(created), store.Time(seen), store.Time(tokensAt), store.Time(access)
		r.mailUntil, r.leaseUntil = store.Time(mail), store.Time(lease)
		r.mailEnded.At, r.ended.At = store.Time(mailEnded), store.Time(ended)
		out = append(out, r)
	}
	return out, rows.Err()
}

// byID gives one record, or nil.
func byID(ctx context.Context, q querier, id string) (*record, error) {
	found, err := find(ctx, q, `id = ?`, id)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

func insert(ctx context.Context, tx *sql.Tx, r *record) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO sessions (id, secret_hash, account_id, agent, created_at, seen_at, person, tokens,
		tokens_at, access_expires, mail_until, provider_sid, provider_sub) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.id, r.secretHash, r.accountID, r.agent, store.Micros(r.created), store.Micros(r.seen), r.person, r.tokens,
		store.Micros(r.tokensAt), store.Micros(r.accessExpires), store.Micros(r.mailUntil), r.providerSID, r.providerSub)
	return err
}

// over gives the clock that has run out, or "". act is the last act this process
// saw, which may be later than what is written.
func (m *Manager) over(r *record, now time.Time) Reason {
	seen := r.seen
	m.mu.Lock()
	if act := m.acts[r.id]; act.After(seen) {
		seen = act
	}
	m.mu.Unlock()
	switch {
	case now.Sub(r.created) >= m.o.Clocks.Absolute:
		return Absolute
	case now.Sub(seen) >= m.o.Clocks.Idle:
		return Idle
	}
	return ""
}

func (m *Manager) sealPerson(r *record, p person) (err error) {
	plain, err := json.Marshal(p)
	if err == nil {
		r.person, err = m.o.Keys.Seal(purposePerson, plain, []byte(r.id))
	}
	return err
}

// opened is a person read from a sealed blob, good while the blob is the same.
type opened struct {
	blob   []byte
	person person
}

// maxPeople is how many opened persons this process remembers: more than the
// sessions of one node; beyond, it starts again.
const maxPeople = 20_000

// openPerson opens the blob once, not at each request.
func (m *Manager) openPerson(r *record) (p person, err error) {
	m.mu.Lock()
	known, ok := m.people[r.id]
	m.mu.Unlock()
	if ok && bytes.Equal(known.blob, r.person) {
		return known.person, nil
	}
	plain, err := m.o.Keys.Open(purposePerson, r.person, []byte(r.id))
	if err == nil {
		err = json.Unmarshal(plain, &p)
	}
	if err == nil {
		m.mu.Lock()
		if len(m.people) >= maxPeople {
			clear(m.people)
		}
		m.people[r.id] = opened{r.person, p}
		m.mu.Unlock()
	}
	return p, err
}

// setTokens seals t into r. A provider that states no end of the refresh token
// is bounded by the session's own end.
func (m *Manager) setTokens(r *record, t identity.Tokens, now time.Time) (err error) {
	plain, err := json.Marshal(t)
	if err == nil {
		r.tokens, err = m.o.Keys.Seal(purposeTokens, plain, []byte(r.id))
	}
	end := r.created.Add(m.o.Clocks.Absolute)
	r.tokensAt, r.accessExpires, r.mailUntil = now, t.AccessExpires, t.RefreshExpires
	if r.mailUntil.IsZero() || r.mailUntil.After(end) {
		r.mailUntil = end
	}
	return err
}

var errNoTokens = errors.New("no tokens kept")

func (m *Manager) openTokens(r *record) (t identity.Tokens, err error) {
	if len(r.tokens) == 0 {
		return t, errNoTokens
	}
	plain, err := m.o.Keys.Open(purposeTokens, r.tokens, []byte(r.id))
	if err == nil {
		err = json.Unmarshal(plain, &t)
	}
	return t, err
}

func (r *record) session(p person) *Session {
	s := &Session{ID: r.id, Actor: p.Actor, Practitioner: p.Practitioner, Situation: p.Situation, CreatedAt: r.created,
		SeenAt: r.seen, Agent: r.agent, MailUntil: r.mailUntil}
	if r.mailEnded.Reason != "" {
		ended := r.mailEnded
		s.Mail = &ended
	}
	return s
}
