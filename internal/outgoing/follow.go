package outgoing

import (
	"context"
	"database/sql"
	"time"

	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// followTime bounds what is done in one mailbox at one time.
const followTime = 10 * time.Minute

// Attend does what is left over in a mailbox, in the name of the person who just
// opened it: copies to Sent, evidence of letters whose fate is unknown, copies of
// discarded drafts. It returns at once; a page calls it on every opening of the
// mailbox (nothing to do costs one read).
func (o *Outbox) Attend(ctx context.Context, box *mailbox.Box) {
	o.remember(box)
	id := box.Grant().Mailbox.ID
	if !o.needs(ctx, id) {
		return
	}
	who, addr := box.Actor(), box.Address()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), followTime)
	if !o.launch(func() { defer cancel(); o.followNow(ctx, who, addr) }) {
		cancel()
	}
}

func (o *Outbox) needs(ctx context.Context, mailboxID string) bool {
	var n int
	err := o.db.Read().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM letters WHERE mailbox_id = ?1 AND (state = 'unknown' OR state = 'accepted' AND (copied = 0 OR followed = 0)) AND next_try <= ?2)
		OR EXISTS (SELECT 1 FROM drafts WHERE mailbox_id = ?1 AND state = 'discarded' AND imap_uid <> 0)`, mailboxID, store.Micros(o.now())).Scan(&n)
	return err == nil && n != 0
}

// followNow does what is left over in a mailbox: one at a time there. The person's
// right is asked again, since time may have passed.
func (o *Outbox) followNow(ctx context.Context, who mssante.Actor, addr mssante.Address) {
	box, err := o.o.House.Open(ctx, who, addr)
	if err != nil {
		return
	}
	id := box.Grant().Mailbox.ID
	o.mu.Lock()
	if o.busy[id] {
		o.mu.Unlock()
		return
	}
	o.busy[id] = true
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		delete(o.busy, id)
		o.mu.Unlock()
	}()
	if maySend(box) {
		o.followLetters(ctx, box)
	}
	o.followDiscarded(ctx, box)
}

func (o *Outbox) followLetters(ctx context.Context, box *mailbox.Box) {
	all, err := o.dueIn(ctx, box.Grant().Mailbox.ID)
	if err != nil {
		o.log.WarnContext(ctx, "what is left to do cannot be read", "err", err)
		return
	}
	for _, d := range all {
		if d.state == "unknown" {
			err = o.seekEvidence(ctx, box, &d)
		}
		if err == nil && d.state == "accepted" {
			err = o.follow(ctx, box, d)
		}
		if err != nil || d.state == "unknown" {
			o.later(ctx, d)
		}
		if away(err) {
			return // no mail for this person now: the next opening of the mailbox goes on
		}
	}
}

// away reports that the person's session no longer gives access to mail.
func away(err error) bool { return problem.Is(err, problem.SignInNeeded) }

// follow files the copy in Sent, then tidies up. Each step is found done when it is
// tried again.
func (o *Outbox) follow(ctx context.Context, box *mailbox.Box, d due) error {
	z := d.frozen
	if !d.copied {
		l, err := outgoing(z, o.thaw(ctx, z))
		if err == nil {
			err = box.FileSent(ctx, l)
		}
		if err != nil {
			return err
		}
		o.crash("copied")
		if err := o.mark(ctx, d.id, `copied = 1`); err != nil {
			return err
		}
		o.noteLedger(ctx, d.id, mssante.Address{}, ledger.Event{Kind: ledger.Copied})
	}
	if !d.followed {
		if err := o.tidy(ctx, box, d); err != nil {
			return err
		}
	}
	o.crash("followed")
	return o.forgetContent(ctx, d)
}

// tidy removes the draft's copy, marks the original and remembers who was written
// to. Only an unreachable server makes it wait: a moved original is nobody's fault.
func (o *Outbox) tidy(ctx context.Context, box *mailbox.Box, d due) error {
	z := d.frozen
	var at mailbox.Place
	err := o.db.Read().QueryRowContext(ctx, `SELECT imap_validity, imap_uid FROM drafts WHERE id = ?`, d.draftID).Scan(&at.UIDValidity, &at.UID)
	if err != nil {
		return err
	}
	if err := box.DropDraft(ctx, z.ID, at, oursIs(d.draftID)); unreachable(err) {
		return err
	}
	if z.Original != nil {
		how := mailbox.WasAnswered
		if z.Origin == Forwarding {
			how = mailbox.WasForwarded
		}
		if err := box.MarkHandled(ctx, *z.Original, how); unreachable(err) {
			return err
		}
	}
	o.correspond(ctx, z)
	return nil
}

func unreachable(err error) bool {
	switch {
	case err == nil:
		return false
	case problem.Is(err, problem.UpstreamDown), problem.Is(err, problem.Timeout), problem.Is(err, problem.SignInNeeded), problem.Is(err, problem.TooMany):
		return true
	}
	return false
}

// oursIs tells the copies of one draft from what another program made of them.
func oursIs(draftID string) func(message.Header) bool {
	return func(h message.Header) bool { return h.Get(message.FieldDraft) == draftID }
}

func (o *Outbox) mark(ctx context.Context, letterID, set string) error {
	return o.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE letters SET `+set+`, tries = 0 WHERE id = ?`, letterID)
		return err
	})
}

// forgetContent ends a letter: it lies in Sent now, nothing of it but a closing needs to stay
// here but that it left. The draft's text stays until the sweep, for a tab still open.
func (o *Outbox) forgetContent(ctx context.Context, d due) error {
	gone := `, frozen = x''`
	if d.frozen.Origin == Closing { // what closed an exchange counts though its copy is thrown away: Unfiled
		gone = ``
	}
	return o.db.Write(ctx, func(tx *sql.Tx) error {
		for _, q := range []string{
			`UPDATE letters SET followed = 1` + gone + ` WHERE draft_id = ? AND state <> 'submitting'`,
			`UPDATE drafts SET imap_uid = 0, imap_validity = 0 WHERE id = ?`,
			`DELETE FROM draft_attached WHERE draft_id = ?`,
		} {
			if _, err := tx.ExecContext(ctx, q, d.draftID); err != nil {
				return err
			}
		}
		return dropOrphans(ctx, tx)
	})
}

func dropOrphans(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM draft_files WHERE NOT EXISTS (SELECT 1 FROM draft_attached a WHERE a.file_id = draft_files.id)`)
	return err
}
