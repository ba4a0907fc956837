package mailserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/problem"
)

// Moved tells where letters went.
type Moved struct {
	Validity uint32            // UIDVALIDITY of the destination, 0 when the server does not say
	UIDs     map[uint32]uint32 // old UID → new UID, for those the server named
	Done     []uint32          // old UIDs of the letters that did move, ascending
	// MarkedOnly: the server cannot remove single letters; they were copied and
	// the originals carry \Deleted until the server's own clean-up.
	MarkedOnly bool
	// Doubled: old UIDs of letters copied whose original stayed; there is an error.
	Doubled []uint32
}

// What a move that broke off half way says.
const (
	sayDoubled = "La lettre a été copiée mais l’originale est restée à sa place\u00a0: la messagerie MSSanté a refusé de l’en retirer. Rien n’est perdu\u00a0: supprimez celle qui est en trop."
	sayDoubles = "Les lettres ont été copiées mais les originales sont restées à leur place\u00a0: la messagerie MSSanté a refusé de les en retirer. Rien n’est perdu\u00a0: supprimez celles qui sont en trop."
	sayUnsure  = "La messagerie MSSanté n’a pas confirmé le déplacement. Aucune lettre n’est perdue\u00a0: vérifiez les deux dossiers avant de recommencer."
)

// Move moves letters to another folder: MOVE, or where it is missing or broken
// COPY, \Deleted and UID EXPUNGE of exactly these letters. A plain EXPUNGE, which
// removes what colleagues marked in a shared mailbox, is never sent. With an
// error, Done still names what moved before it.
func (a *Account) Move(ctx context.Context, folder string, validity uint32, uids []uint32, to string) (Moved, error) {
	return a.move(ctx, a.commands, folder, validity, uids, to)
}

func (a *Account) move(ctx context.Context, l *lane, folder string, validity uint32, uids []uint32, to string) (Moved, error) {
	m := moving{folder: folder, to: to}
	err := a.changeOn(ctx, l, func(c *conn) error {
		return c.do(ctx, verbMove, a.s.o.CommandTimeout, budgetList, func() error {
			set, err := c.prepare(folder, validity, uids)
			if err != nil {
				return err
			}
			if folder == to {
				return nil
			}
			if set, err = c.existing(set); err != nil {
				return err
			}
			return m.run(c, set)
		})
	})
	err = door(ctx, err, "moving letters")
	slices.Sort(m.out.Done)
	if err != nil && m.sent && !m.answered {
		err = problem.Wrap(err, problem.KindOf(err), sayUnsure)
	}
	return m.out, err
}

// moving is one move under way.
type moving struct {
	folder, to string
	out        Moved
	sent       bool // the server was asked to change something
	answered   bool // and told what came of it
}

func (m *moving) run(c *conn, set imap.UIDSet) error {
	if c.has(imap.CapMove) {
		m.sent = true
		data, err := c.client.Move(set, m.to).Wait()
		if err == nil {
			m.answered = true
			m.took(set, data.UIDValidity, data.SourceUIDs, data.DestUIDs)
			return nil
		}
		m.answered = said(err)
		if !fallBack(err) {
			return noDestination(err)
		}
		left, err := c.existing(set)
		if err != nil && !errors.Is(err, errGone) {
			m.answered = false
			return err
		}
		for _, uid := range listed(set) { // what it moved before failing stays moved, to where it did not say
			if !left.Contains(imap.UID(uid)) {
				m.out.Done = append(m.out.Done, uid)
			}
		}
		if set = left; len(set) == 0 {
			return nil
		}
	}
	return m.byHand(c, set)
}

// took notes the letters that went: those COPYUID names, all when it names none.
func (m *moving) took(set imap.UIDSet, validity uint32, src, dst imap.NumSet) (gone imap.UIDSet) {
	named := pairs(src, dst)
	maps.DeleteFunc(named, func(old, _ uint32) bool { return !set.Contains(imap.UID(old)) })
	if len(named) == 0 {
		m.out.Done = append(m.out.Done, listed(set)...)
		return set
	}
	m.out.Validity, m.out.UIDs = validity, named
	for old := range named {
		m.out.Done = append(m.out.Done, old)
		gone.AddNum(imap.UID(old))
	}
	return gone
}

// byHand copies letters, then removes exactly those that were copied. When the
// originals cannot be removed the copies are, so that trying again makes no
// doubles; where the server will not have that either, they are named Doubled.
func (m *moving) byHand(c *conn, set imap.UIDSet) error {
	before := m.out
	m.sent, m.answered = true, false
	data, err := c.client.Copy(set, m.to).Wait()
	if m.answered = said(err); err != nil {
		return noDestination(err)
	}
	set = m.took(set, data.UIDValidity, data.SourceUIDs, data.DestUIDs)
	err = c.remove(set, &m.out.MarkedOnly)
	if m.answered = err == nil || said(err); err == nil {
		return nil
	}
	copies := m.out
	m.out = before
	if said(err) && m.takeBack(c, copies) {
		return err
	}
	if !said(err) {
		return err // whether the originals stayed, nobody knows
	}
	m.out.Doubled = listed(set)
	if len(m.out.Doubled) > 1 {
		return problem.Wrap(err, problem.UpstreamRefused, sayDoubles)
	}
	return problem.Wrap(err, problem.UpstreamRefused, sayDoubled)
}

// takeBack removes the copies just made, by the UIDs the server gave them.
func (m *moving) takeBack(c *conn, copies Moved) bool {
	if len(copies.UIDs) == 0 || !c.has(imap.CapUIDPlus) || c.selectFolder(m.to, false) != nil || c.validity != copies.Validity {
		return false
	}
	var set imap.UIDSet
	for _, now := range copies.UIDs {
		set.AddNum(imap.UID(now))
	}
	marked := false
	return c.remove(set, &marked) == nil && !marked
}

// noDestination tells a destination that is gone from letters that are.
func noDestination(err error) error {
	var no *imap.Error
	if errors.As(err, &no) && said(err) && (no.Code == imap.ResponseCodeTryCreate || no.Code == imap.ResponseCodeNonExistent) {
		return fmt.Errorf("%w: %w", errDestination, err)
	}
	return err
}

// DestinationGone reports that letters stayed where they are because the folder they were
// to go to is no more.
func DestinationGone(err error) bool { return errors.Is(err, errDestination) }

func listed(set imap.UIDSet) []uint32 { return spansOf(set).newest(0, maxBulk) }

// fallBack: a bare NO to MOVE (live: "Internal error") is tried by hand; a NO with
// a reason is an answer.
func fallBack(err error) bool {
	var no *imap.Error
	if !errors.As(err, &no) || no.Type == imap.StatusResponseTypeBye {
		return false
	}
	switch no.Code {
	case "", imap.ResponseCodeServerBug, imap.ResponseCodeCannot, imap.ResponseCodeClientBug:
		return true
	}
	return false
}

// existing keeps the letters that are still there; none is Gone.
func (c *conn) existing(set imap.UIDSet) (imap.UIDSet, error) {
	rows, err := c.flagRows(set)
	if err != nil {
		return nil, err
	}
	var out imap.UIDSet
	for _, r := range rows {
		if set.Contains(imap.UID(r.UID)) {
			out.AddNum(imap.UID(r.UID))
		}
	}
	if len(out) == 0 {
		return nil, errGone
	}
	return out, nil
}

// remove marks letters deleted and expunges exactly them, where the server can.
func (c *conn) remove(set imap.UIDSet, markedOnly *bool) error {
	if err := c.store(set, imap.StoreFlagsAdd, []string{string(imap.FlagDeleted)}); err != nil {
		return err
	}
	if !c.has(imap.CapUIDPlus) {
		*markedOnly = true
		return nil
	}
	if err := c.client.UIDExpunge(set).Close(); err != nil {
		*markedOnly = said(err) // marked it is, and hidden; removing is the server's to do
		if !*markedOnly {
			return err
		}
	}
	return nil
}

// Expunge removes letters for good: exactly these. markedOnly as in Moved.
func (a *Account) Expunge(ctx context.Context, folder string, validity uint32, uids []uint32) (markedOnly bool, err error) {
	_, markedOnly, err = a.expunge(ctx, a.commands, folder, validity, uids)
	return markedOnly, err
}

func (a *Account) expunge(ctx context.Context, l *lane, folder string, validity uint32, uids []uint32) (gone []uint32, markedOnly bool, err error) {
	err = a.changeOn(ctx, l, func(c *conn) error {
		return c.do(ctx, verbExpunge, a.s.o.CommandTimeout, budgetList, func() error {
			set, err := c.prepare(folder, validity, uids)
			if err != nil {
				return err
			}
			if set, err = c.existing(set); err != nil {
				return err
			}
			if err = c.remove(set, &markedOnly); err == nil {
				gone = listed(set)
			}
			return err
		})
	})
	return gone, markedOnly, door(ctx, err, "removing letters")
}

// pairs matches the two sets of COPYUID (RFC 4315 §3), which correspond in order.
func pairs(src, dst imap.NumSet) map[uint32]uint32 {
	from, to := spansOf(src), spansOf(dst)
	n := from.count()
	if n == 0 || n != to.count() || n > maxBulk {
		return nil
	}
	old, now := from.newest(0, maxBulk), to.newest(0, maxBulk)
	out := make(map[uint32]uint32, len(old))
	for i := range old {
		out[old[i]] = now[i]
	}
	return out
}
