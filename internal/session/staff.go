package session

import (
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

// StaffOptions configures the sessions of support staff; all pointers are required
// but Log.
type StaffOptions struct {
	DB       *store.DB
	Keys     *seal.Keyring
	Identity *identity.Provider // the staff's own
	Audit    *audit.Trail
	Now      func() time.Time
	Clocks   Clocks // Idle 30 min, Absolute 8 h when zero
	Secure   bool
	Log      *slog.Logger
}

// StaffPrefix begins the account id of whoever acts as support in the trail: no
// account of a practitioner begins so.
const StaffPrefix = "support:"

// StaffSession is a live session of support staff. It names no practitioner and holds
// no token: nothing that reads mail takes one.
type StaffSession struct {
	ID        string
	Actor     mssante.Actor // no national identifier
	CreatedAt time.Time
	SeenAt    time.Time
}

// Staff keeps the sessions of support staff: their own cookie, table and clocks, never
// valid where practitioners' are, nor the other way round.
type Staff struct {
	m *Manager // cookies and sign-ins under way, under names of their own
}

// NewStaff makes a Staff.
func NewStaff(o StaffOptions) *Staff {
	if o.Clocks.Idle <= 0 {
		o.Clocks.Idle = 30 * time.Minute
	}
	if o.Clocks.Absolute <= 0 {
		o.Clocks.Absolute = 8 * time.Hour
	}
	m := New(Options{DB: o.DB, Keys: o.Keys, Identity: o.Identity, Audit: o.Audit, Now: o.Now, Clocks: o.Clocks, Secure: o.Secure, Log: o.Log})
	m.base = "pli-support"
	return &Staff{m: m}
}

const purposeStaff = "session.staff"

// staffPerson is what is sealed of a member of staff.
type staffPerson struct {
	Actor   mssante.Actor
	IDToken string
}

// Start and Pending are the Manager's, for the staff's provider.
func (s *Staff) Start(w http.ResponseWriter, r *http.Request, p identity.Pending) error {
	return s.m.Start(w, r, p)
}

// Pending gives back what Start remembered, once.
func (s *Staff) Pending(w http.ResponseWriter, r *http.Request) (identity.Pending, error) {
	return s.m.Pending(w, r)
}

// Carried reports a cookie of staff in r, whatever it is worth.
func (s *Staff) Carried(r *http.Request) bool { return s.m.Carried(r) }

// Who is the actor that the trail names for a member of staff: an opaque key of their
// subject, which stays the same from one sign-in to the next, and their name.
func (s *Staff) Who(p identity.Staff, sessionID string) mssante.Actor {
	work := "Support"
	if p.Login != "" && p.Login != p.Name {
		work += ", " + p.Login
	}
	return mssante.Actor{SessionID: sessionID, AccountID: StaffPrefix + s.m.o.Keys.Opaque(purposeStaff, p.Subject)[:16], Name: p.Name, Work: work}
}

// SignIn opens a session for verified staff; the browser's former one ends.
func (s *Staff) SignIn(w http.ResponseWriter, r *http.Request, in identity.StaffSignIn) error {
	ctx, now := r.Context(), s.m.now()
	former, err := s.record(r)
	if err != nil {
		return problem.Wrap(err, problem.Internal, sayOurs)
	}
	id, secret, secretHash := mint()
	p := staffPerson{Actor: s.Who(in.Staff, id), IDToken: in.IDToken}
	plain, err := json.Marshal(p)
	if err != nil {
		return problem.Wrap(err, problem.Internal, sayOurs)
	}
	sealed, err := s.m.o.Keys.Seal(purposeStaff, plain, []byte(id))
	if err != nil {
		return problem.Wrap(err, problem.Internal, sayOurs)
	}
	err = s.m.o.DB.Write(ctx, func(tx *sql.Tx) error {
		if former != nil && former.ended.Reason == "" {
			if err := s.endTx(ctx, tx, former, Replaced); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO support_sessions (id, secret_hash, agent, created_at, seen_at, person) VALUES (?, ?, ?, ?, ?, ?)`,
			id, secretHash, Agent(r.UserAgent()), store.Micros(now), store.Micros(now), sealed)
		if err != nil {
			return err
		}
		return s.m.o.Audit.RecordTx(ctx, tx, audit.Event{Actor: p.Actor, Action: audit.SupportSignIn, Request: "openid"})
	})
	if err != nil {
		return problem.Wrap(err, problem.Internal, sayOurs)
	}
	o := s.m.options()
	http.SetCookie(w, &http.Cookie{Name: s.m.cookieName(), Value: id + "." + secret, Path: o.Path, HttpOnly: o.HttpOnly, Secure: o.Secure, SameSite: o.SameSite})
	return nil
}

// staffRecord is one row.
type staffRecord struct {
	id            string
	secretHash    []byte
	created, seen time.Time
	sealed        []byte
	ended         Ended
}

// record reads the row the request's cookie names, nil when none or when the secret
// is not its own.
func (s *Staff) record(r *http.Request) (*staffRecord, error) {
	id, secret, ok := readCookie(r, s.m.cookieName())
	if !ok {
		return nil, nil
	}
	rec := &staffRecord{id: id}
	var created, seen, ended int64
	err := s.m.o.DB.Read().QueryRowContext(r.Context(), `SELECT secret_hash, created_at, seen_at, person, ended_at, end_reason FROM support_sessions WHERE id = ?`, id).
		Scan(&rec.secretHash, &created, &seen, &rec.sealed, &ended, &rec.ended.Reason)
	if errors.Is(err, sql.ErrNoRows) || err == nil && subtle.ConstantTimeCompare(hash(secret), rec.secretHash) != 1 {
		return nil, nil
	}
	rec.created, rec.seen, rec.ended.At = store.Time(created), store.Time(seen), store.Time(ended)
	return rec, err
}

// Current gives the live session of the request, or how it ended, or neither. act: it
// is an act of the person, which moves the idle clock.
func (s *Staff) Current(r *http.Request, act bool) (*StaffSession, *Ended, error) {
	rec, err := s.record(r)
	if err != nil {
		return nil, nil, problem.Wrap(err, problem.Internal, sayOurs)
	}
	if rec == nil {
		return nil, nil, nil
	}
	if rec.ended.Reason != "" {
		return nil, &rec.ended, nil
	}
	now := s.m.now()
	p, openErr := s.person(rec)
	reason := Reason("")
	switch {
	case openErr != nil:
		reason = Lost
	case now.Sub(rec.created) >= s.m.o.Clocks.Absolute:
		reason = Absolute
	case now.Sub(rec.seen) >= s.m.o.Clocks.Idle:
		reason = Idle
	}
	if reason != "" {
		if err := s.end(r.Context(), rec, reason); err != nil {
			return nil, nil, problem.Wrap(err, problem.Internal, sayOurs)
		}
		return nil, &rec.ended, nil
	}
	if act && now.Sub(rec.seen) >= actEvery {
		err := s.m.o.DB.Write(r.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(r.Context(), `UPDATE support_sessions SET seen_at = max(seen_at, ?) WHERE id = ? AND ended_at = 0`, store.Micros(now), rec.id)
			return err
		})
		if err != nil {
			return nil, nil, problem.Wrap(err, problem.Internal, sayOurs)
		}
	}
	return &StaffSession{ID: rec.id, Actor: p.Actor, CreatedAt: rec.created, SeenAt: rec.seen}, nil, nil
}

func (s *Staff) person(rec *staffRecord) (p staffPerson, err error) {
	plain, err := s.m.o.Keys.Open(purposeStaff, rec.sealed, []byte(rec.id))
	if err == nil {
		err = json.Unmarshal(plain, &p)
	}
	return p, err
}
