package mailbox

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// runBulk does an act piece by piece on the connection aside, in order of arrival, so
// that the letters stand in their new folder as they stood in the old one. Each piece
// is one command: whatever kills this process in between, a letter is in one folder
// or in the other. What it cannot do is said with numbers.
func (b *Box) runBulk(ctx context.Context, j *bulk, m many) {
	defer b.h.bulking.Done()
	ctx, cancel := context.WithTimeout(ctx, bulkTime)
	defer cancel()
	r := running{b: b, job: j, m: m}
	err := r.guarded(ctx)
	out, err := r.result(err)
	out = b.tellTrail(ctx, m.event, out, err)
	if b.h.over(b.actor.SessionID) {
		defer b.h.forgetBulk(j)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.now.Done, j.now.Missed, j.now.Say, j.now.State = out.Done, out.Missed, out.Say, r.end
	if m.view.Back {
		j.now.To = r.ReturnedTo
	} else {
		slices.Reverse(r.back)
	}
	j.back = r.back
}

// forgetBulk lets go of an act whose session ended before it did.
func (h *House) forgetBulk(j *bulk) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.bulks[j.key] == j {
		delete(h.bulks, j.key)
	}
}

// running is one act on many letters under way.
type running struct {
	tally
	b      *Box
	job    *bulk
	m      many
	looked int // letters whose turn came
	back   []manyStep
	end    BulkState
}

// guarded: on a goroutine of its own nobody else would catch a panic.
func (r *running) guarded(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			r.b.h.log.LogAttrs(ctx, slog.LevelError, "panic in an act on many letters", slog.String("kind", problem.PanicWords(v)), slog.String("stack", string(debug.Stack())))
			err = problem.Wrap(errPanic, problem.Internal, "Le lot s’est interrompu\u00a0: c’est une erreur de Pli, prévenez le support. Aucune lettre n’est perdue\u00a0; celles qui restaient n’ont pas changé.")
		}
	}()
	if r.m.view.Back {
		return r.takeBack(ctx)
	}
	if r.m.role != mailserver.RoleNone {
		f, err := r.b.mail.EnsureFolder(ctx, r.m.role)
		if err != nil {
			return err
		}
		r.m.to = f.Name
	}
	for _, p := range r.m.parts {
		if r.m.to != "" && p.folder == r.m.to {
			r.already(p.uids.Count())
			r.looked += p.uids.Count()
			continue
		}
		_, goOn, err := r.through(ctx, p.uids, func(uids []uint32) (int, error) { return r.piece(ctx, p, uids) })
		if err != nil || !goOn {
			return err
		}
	}
	return nil
}

// errHalt ends an act that was told to stop.
var errHalt = errors.New("mailbox: told to stop")

// through does f to a set of letters, piece by piece, and gives those whose turn did
// not come, or of whom nobody knows what became. goOn is false when the server cannot
// be asked for anything else.
func (r *running) through(ctx context.Context, uids mailserver.Ranges, f func([]uint32) (done int, err error)) (left mailserver.Ranges, goOn bool, err error) {
	for uids.Count() > 0 {
		if err := r.mayGoOn(ctx); err != nil {
			return uids, false, err
		}
		now, rest := uids.Take(bulkPiece)
		done, err := f(now)
		r.looked += len(now)
		goOn := r.group(len(now), done, err)
		r.job.mu.Lock()
		r.job.now.Done, r.job.now.Missed = r.Done, r.looked-r.Done
		r.job.mu.Unlock()
		if !goOn {
			return uids, false, nil
		}
		if problem.Is(err, problem.UpstreamRefused) || mailserver.DestinationGone(err) {
			return uids, true, nil // it will be refused for the next pieces too
		}
		uids = rest
	}
	return nil, true, nil
}

// mayGoOn asks before each piece: still wanted, and still their right?
func (r *running) mayGoOn(ctx context.Context) error {
	select {
	case <-r.job.stop:
		return errHalt
	default:
	}
	if ctx.Err() != nil {
		return problem.Wrap(ctx.Err(), problem.Timeout, sayTooLong)
	}
	_, err := r.b.h.grants.Check(ctx, r.b.actor.NationalID, r.b.Address(), delegation.Read|delegation.Triage)
	return err
}

// piece deals with some letters of one folder and notes how to take that back.
func (r *running) piece(ctx context.Context, p part, uids []uint32) (int, error) {
	slow := r.b.mail.Slow()
	if r.m.view.Do == BulkErase {
		gone, marked, err := slow.Expunge(ctx, p.folder, p.validity, uids)
		if marked {
			r.tell("Le serveur ne sait pas retirer une lettre seule\u00a0: elles sont marquées pour suppression.")
		}
		r.b.erased(p.folder, p.validity, gone)
		return len(gone), err
	}
	if r.m.to == "" {
		before, err := slow.SetFlags(ctx, p.folder, p.validity, uids, r.m.add, r.m.remove)
		if err != nil {
			return 0, unkept(err)
		}
		r.b.marked(p.folder, p.validity, slices.Collect(maps.Keys(before)), r.m.add, r.m.remove)
		for _, s := range flagSteps(group{name: p.folder, validity: p.validity}, before, r.m.add, r.m.remove) {
			r.undoBy(s, s.UIDs)
		}
		return len(before), nil
	}
	moved, err := slow.Move(ctx, p.folder, p.validity, uids, r.m.to)
	r.b.moved(p.folder, p.validity, moved, r.m.to)
	if moved.MarkedOnly {
		r.tell(sayMarkedOnly)
	} else {
		var now []uint32
		for _, old := range moved.Done {
			if uid, ok := moved.UIDs[old]; ok {
				now = append(now, uid)
			}
		}
		r.undoBy(step{From: r.m.to, Validity: moved.Validity, To: p.folder}, now)
	}
	if len(moved.Doubled) > 0 {
		r.tell(problem.SayOf(err))
	}
	return len(moved.Done), err
}

// undoBy adds letters to the step that takes their change back.
func (r *running) undoBy(s step, uids []uint32) {
	if len(uids) == 0 {
		return
	}
	s.UIDs = nil
	for i := range r.back {
		if o := &r.back[i]; o.From == s.From && o.Validity == s.Validity && o.To == s.To && slices.Equal(o.Add, s.Add) && slices.Equal(o.Remove, s.Remove) {
			o.uids = o.uids.Join(uids)
			return
		}
	}
	r.back = append(r.back, manyStep{s, mailserver.RangesOf(uids)})
}

// takeBack does the steps of an undo.
func (r *running) takeBack(ctx context.Context) error {
	slow := r.b.mail.Slow()
	homes := make(map[string]bool)
	defer func() {
		if len(homes) == 1 {
			for name := range homes {
				r.ReturnedTo = r.b.roleLabel(name)
			}
		}
	}()
	for i, s := range r.m.reverse {
		if s.To != "" {
			homes[s.To] = true
		}
		left, goOn, err := r.through(ctx, s.uids, func(uids []uint32) (int, error) {
			if s.To != "" {
				moved, err := slow.Move(ctx, s.From, s.Validity, uids, s.To)
				r.b.moved(s.From, s.Validity, moved, s.To)
				return len(moved.Done), err
			}
			before, err := slow.SetFlags(ctx, s.From, s.Validity, uids, s.Add, s.Remove)
			r.b.marked(s.From, s.Validity, slices.Collect(maps.Keys(before)), s.Add, s.Remove)
			return len(before), err
		})
		if left.Count() > 0 {
			r.back = append(r.back, manyStep{s.step, left})
		}
		if err != nil || !goOn {
			r.back = append(r.back, r.m.reverse[i+1:]...)
			return err
		}
	}
	return nil
}

// result settles how it ended. err is what stopped it, nil for its own end.
func (r *running) result(err error) (Outcome, error) {
	r.end = BulkDone
	out, failed := r.tally.result(r.looked)
	switch {
	case errors.Is(err, errHalt):
		r.end = BulkStopped
		say := sayStopped
		if r.b.h.over(r.b.actor.SessionID) {
			say = sayEnded
		}
		out.tell(say)
		return out, nil
	case err != nil:
		r.end = BulkFailed
		out.tell(problem.SayOf(err))
		return out, err
	case failed != nil:
		r.end = BulkFailed
		out.tell(problem.SayOf(failed))
		return out, failed
	}
	if left := r.m.view.Total - r.looked; left > 0 {
		r.end = BulkFailed
		out.tell("Le lot s’est arrêté là\u00a0: " + lettersWord(left) + agree(left, " n’a pas changé.", " n’ont pas changé."))
		return out, r.first
	}
	return out, nil
}

// over reports that a session ended, or that this node is stopping.
func (h *House) over(session string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, gone := h.dropped[session]
	return gone || h.closing
}

// dropBulksLocked ends the acts of a session and forgets its choices. h.mu is held.
func (h *House) dropBulksLocked(session string) {
	for box, j := range h.bulks {
		if j != nil && j.key.session == session {
			j.halt()
			if j.tell().Over() {
				delete(h.bulks, box)
			}
		}
	}
	for k := range h.attended {
		if k.session == session {
			delete(h.attended, k)
		}
	}
	for k := range h.choices {
		if k.session == session {
			delete(h.choices, k)
		}
	}
}

// Close lets the pieces under way be the last and waits for them, as long as ctx.
func (h *House) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closing = true
	for _, j := range h.bulks {
		if j != nil {
			j.halt()
		}
	}
	h.mu.Unlock()
	ended := make(chan struct{})
	go func() { h.bulking.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
