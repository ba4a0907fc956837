package mailserver

import (
	"context"
	"errors"

	"pli.example/pli/internal/mssante"
)

// ErrAway says that signing in to the mail server would take a new token, which only
// an act of the person may ask for: whoever watches waits for one.
var ErrAway = errors.New("mailserver: a new token takes an act of the person")

// errNoRoom: this node has no room for a connection nobody asked for.
var errNoRoom = errors.New("mailserver: no room for a connection nobody waits for")

type unattendedKey struct{}

// Unattended marks what nobody asked for just now, such as looking whether something
// arrived. It signs in with a token at hand and never has one refreshed, reports no
// token as refused, and takes no connection away from anybody.
func Unattended(ctx context.Context) context.Context {
	return context.WithValue(ctx, unattendedKey{}, true)
}

func unattended(ctx context.Context) bool { return ctx.Value(unattendedKey{}) != nil }

// token asks for the person's token, as the work at hand may.
func (s *Server) token(ctx context.Context, actor mssante.Actor, addr mssante.Address) (string, error) {
	if unattended(ctx) && s.o.AtHand != nil {
		return s.o.AtHand(ctx, actor, addr)
	}
	return s.o.Credentials(ctx, actor, addr)
}
