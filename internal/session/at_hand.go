package session

import (
	"context"
	"errors"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// AtHand is Credentials for work that nobody asked for just now, such as watching a
// mailbox: the access token if it can be used as it is. Nothing is refreshed, however
// lately the person did something; ErrAway is under the error when that would be
// needed. SignInNeeded when access to mail has ended.
func (m *Manager) AtHand(ctx context.Context, actor mssante.Actor, _ mssante.Address) (string, error) {
	rec, s, err := m.load(ctx, actor.SessionID)
	if err != nil {
		return "", err
	}
	if rec.accountID != actor.AccountID {
		return "", problem.Wrap(errors.New("session of another account"), problem.SignInNeeded, sayNobody)
	}
	if s.Mail != nil {
		return "", problem.New(problem.SignInNeeded, s.Mail.Reason.Say())
	}
	if !rec.usable(m.now()) {
		return "", problem.Wrap(ErrAway, problem.UpstreamRefused, sayAway)
	}
	tokens, err := m.openTokens(rec)
	if err != nil {
		return "", m.lost(ctx, rec)
	}
	return tokens.Access, nil
}

// Lives reports whether a session lives and may reach mail, without moving any clock;
// if not, SignInNeeded with the reason's sentence.
func (m *Manager) Lives(ctx context.Context, id string) error {
	_, s, err := m.load(ctx, id)
	if err == nil && s.Mail != nil {
		err = problem.New(problem.SignInNeeded, s.Mail.Reason.Say())
	}
	return err
}
