package mailserver

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/emersion/go-sasl"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// A service account names the mailbox it opens as the authorization identity of SASL
// PLAIN (RFC 4616 §2). A server may take that identity and forget it (Courier does):
// every person then reads, and writes to, the account's own mailbox. So before the
// first mailbox is opened under a service account a stranger's is asked for, of a name
// made up on the spot. A server that refuses it heeds the identity. One that opens it
// either makes mailboxes for any name, and that one is new, or opened the same as for
// everybody else: then nothing is opened here.

var (
	// errOneForAll is told once it is certain.
	errOneForAll = errors.New("mailserver: the server opens the same mailbox whatever name is asked for")
	// errUnanswered: the line was closed in the place of an answer to AUTHENTICATE.
	errUnanswered = errors.New("mailserver: no answer to the sign-in")
)

const sayOneForAll = "Le serveur de messagerie ouvre la même boîte pour tout le monde\u00a0: par sécurité, Pli n’en ouvre aucune. Vos lettres n’ont rien\u00a0: prévenez votre opérateur."

// anotherSecond: mailboxes made in the same second look alike, by the second they are
// named after.
const anotherSecond = 1100 * time.Millisecond

// distinct remembers what was found out; asking is a lock of capacity 1.
type distinct struct {
	asking chan struct{}
	proven bool // read and written under asking
}

func newDistinct() *distinct { return &distinct{asking: make(chan struct{}, 1)} }

// looks is how an inbox stands, zero when there is none.
type looks struct{ validity, next, messages uint32 }

// service opens a mailbox under the service account, the first time with that proof.
func (s *Server) service(ctx context.Context, mech mechanism, addr mssante.Address) (*conn, error) {
	d := s.distinct
	select {
	case d.asking <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if d.proven {
		<-d.asking
		return s.connect(ctx, mech)
	}
	defer func() { <-d.asking }()
	strange, opened, err := s.stranger(ctx, addr)
	if err != nil {
		return nil, err
	}
	c, err := s.connect(ctx, mech)
	if err != nil || !opened { // refused for a wrong password, the stranger proves nothing
		d.proven = err == nil
		return c, err
	}
	own, err := s.look(ctx, c)
	if err == nil && own == (looks{}) { // no inbox under this name either: nothing to mistake, and nothing proven
		return c, nil
	}
	same := false
	if err == nil {
		same, err = s.sameMailbox(ctx, own, strange, addr)
	}
	if err == nil && same {
		err = problem.Wrap(errOneForAll, problem.UpstreamRefused, sayOneForAll)
		s.o.Log.ErrorContext(ctx, "the mail server ignores the authorization identity: nothing is opened")
	}
	if err != nil {
		c.kill(err)
		return nil, err
	}
	d.proven = true
	s.o.Log.WarnContext(ctx, "the mail server opens mailboxes of any name")
	return c, nil
}

// stranger asks for a mailbox nobody has; opened false: it was refused. Dovecot, when
// the account may act for anybody and the mailbox is not found, closes the line without
// a word: once may be the network's doing, twice in a row is its answer.
func (s *Server) stranger(ctx context.Context, like mssante.Address) (as looks, opened bool, err error) {
	var c *conn
	for range 2 {
		name := "pli-" + strings.ToLower(rand.Text()) + "@" + string(like.Domain)
		c, err = s.connect(ctx, mechanism{sasl: sasl.NewPlainClient(name, s.o.ServiceUser, s.o.ServicePassword)})
		if !errors.Is(err, errUnanswered) || ctx.Err() != nil {
			break
		}
	}
	switch {
	case errors.Is(err, errToken), errors.Is(err, errUnanswered) && ctx.Err() == nil:
		return looks{}, false, nil
	case err != nil:
		return looks{}, false, err
	}
	defer c.logout(ctx)
	as, err = s.look(ctx, c)
	return as, true, err
}

// sameMailbox compares a mailbox with the one a stranger's name opened; when they look
// alike, with another stranger's a second later.
func (s *Server) sameMailbox(ctx context.Context, own, strange looks, like mssante.Address) (bool, error) {
	if own != strange {
		return false, nil
	}
	select {
	case <-time.After(anotherSecond):
	case <-ctx.Done():
		return false, ctx.Err()
	}
	strange, opened, err := s.stranger(ctx, like)
	return err == nil && opened && own == strange, err
}

// look selects the inbox and tells how it stands. A STATUS would not do: of a mailbox
// never selected Courier makes up a new UIDVALIDITY each time.
func (s *Server) look(ctx context.Context, c *conn) (out looks, err error) {
	err = c.do(ctx, verbSelect, s.o.CommandTimeout, budgetSmall, func() error {
		c.folder = ""
		if err := c.selectFolder("INBOX", false); err != nil {
			if said(err) { // Cyrus signs a stranger in, and has no mailbox to show
				return nil
			}
			return err
		}
		out = looks{c.validity, c.uidNext, c.exists()}
		c.folder = "" // whoever uses it next selects it anew, as on any new connection
		return nil
	})
	return out, err
}
