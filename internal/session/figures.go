package session

import (
	"context"
	"sync/atomic"

	"pli.example/pli/internal/metrics"
	"pli.example/pli/internal/problem"
)

// figures count what the sessions do; nobody's name is in them.
type figures struct {
	ok, refused, failed atomic.Int64 // refreshes
	sweeps              metrics.Pulse
}

func (f *figures) refreshed(err error) {
	switch {
	case err == nil:
		f.ok.Add(1)
	case problem.Is(err, problem.SignInNeeded):
		f.refused.Add(1)
	default:
		f.failed.Add(1)
	}
}

// Refreshes counts the refreshes asked of the provider since the start: done, refused
// (the session's access to mail ended), and failed (the provider was down).
func (m *Manager) Refreshes() (ok, refused, failed int64) {
	return m.figures.ok.Load(), m.figures.refused.Load(), m.figures.failed.Load()
}

// Sweeps tells of the loop's passes.
func (m *Manager) Sweeps() *metrics.Pulse { return &m.figures.sweeps }

// Live counts the sessions of the database that have not ended, and those among them
// that may still reach mail.
func (m *Manager) Live(ctx context.Context) (sessions, withMail int, err error) {
	err = m.o.DB.Read().QueryRowContext(ctx, `SELECT count(*), coalesce(sum(mail_ended_at = 0), 0) FROM sessions WHERE ended_at = 0`).Scan(&sessions, &withMail)
	return sessions, withMail, problem.Wrap(err, problem.Internal, sayOurs)
}
