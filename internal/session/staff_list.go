package session

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// staffLongest is the longest life an operator may give a session of support.
const staffLongest = 12 * time.Hour

// StaffListed is an open session of support staff, as the operator sees it.
type StaffListed struct {
	StaffSession
	Agent string // browser and system
}

// List gives the open sessions of support staff, the newest first. The clocks of the
// server may have ended some that its next look will say so of.
func (s *Staff) List(ctx context.Context) ([]StaffListed, error) {
	rows, err := s.m.o.DB.Read().QueryContext(ctx, `SELECT id, agent, created_at, seen_at, person FROM support_sessions WHERE ended_at = 0 AND created_at > ? ORDER BY created_at DESC`,
		store.Micros(s.m.now().Add(-staffLongest)))
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, sayOurs)
	}
	defer rows.Close()
	var out []StaffListed
	for rows.Next() {
		var rec staffRecord
		var agent string
		var created, seen int64
		if err := rows.Scan(&rec.id, &agent, &created, &seen, &rec.sealed); err != nil {
			return nil, problem.Wrap(err, problem.Internal, sayOurs)
		}
		l := StaffListed{StaffSession{ID: rec.id, CreatedAt: store.Time(created), SeenAt: store.Time(seen)}, agent}
		if p, err := s.person(&rec); err == nil { // other keys: it ends at its next request
			l.Actor = p.Actor
		}
		out = append(out, l)
	}
	return out, problem.Wrap(rows.Err(), problem.Internal, sayOurs)
}

// Revoke ends an open session of support staff on behalf of the operator, from its next
// request on. The trail names who did it, and whose session it was.
func (s *Staff) Revoke(ctx context.Context, by mssante.Actor, id string) error {
	rec := &staffRecord{id: id}
	var ended int64
	err := s.m.o.DB.Read().QueryRowContext(ctx, `SELECT person, ended_at FROM support_sessions WHERE id = ?`, id).Scan(&rec.sealed, &ended)
	if errors.Is(err, sql.ErrNoRows) || err == nil && ended != 0 {
		return problem.New(problem.NotFound, "Cette session du support n’existe pas ou n’est plus ouverte. Rien n’a été fermé.")
	}
	if err != nil {
		return problem.Wrap(err, problem.Internal, sayOurs)
	}
	account := StaffPrefix + "unknown"
	if p, err := s.person(rec); err == nil {
		account = p.Actor.AccountID
	}
	e := audit.Event{Actor: by, Action: audit.SessionRevoke, Target: id, Request: "support, account=" + account + " reason=" + string(Dismissed)}
	err = s.m.o.DB.Write(ctx, func(tx *sql.Tx) error { return s.closeTx(ctx, tx, rec, Dismissed, e) })
	return problem.Wrap(err, problem.Internal, sayOurs)
}
