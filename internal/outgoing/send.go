package outgoing

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// SendOptions are what the person saw when they said 'Envoyer'.
type SendOptions struct {
	Version   int64
	Files     []string // ids of the files the page showed; nil when it cannot tell
	Confirmed []string // Remark.Key of the remarks they said yes to
	Account   string   // the account the page was made for, as in Edit

	closing bool // CloseExchange sends: the person said yes to the closing itself
}

// flight is one click on 'Envoyer' and all those that joined it.
type flight struct {
	done   chan struct{}
	result Result
	err    error
}

// sendTime bounds one submission; the line's own timers are shorter.
const sendTime = 90 * time.Minute

// Send submits a draft's letter: once, however often it is asked. The person's live
// session authorises exactly these octets: their hash and the level of the session
// are in the trail, durable with the letter before the first of them leaves. Send
// returns when the operator has answered, or when ctx ends: the submission goes on.
func (o *Outbox) Send(ctx context.Context, box *mailbox.Box, draftID string, s SendOptions) (Result, error) {
	if err := box.MaySend(ctx); err != nil {
		return Result{}, err
	}
	if err := samePerson(box, s.Account); err != nil {
		return Result{}, err
	}
	place := flightOf(box, draftID)
	f, first := o.board(place)
	if first {
		o.depart(ctx, place, f, sayKept, func() (*ticket, error) { return o.authorise(ctx, box, draftID, s) })
	}
	return o.wait(ctx, f)
}

// depart judges a letter, then lands its flight with the answer or lets it fly. A panic
// there, which the page recovers from, lands it too: a flight left in the air would hold
// up every later click, and the loop with it.
func (o *Outbox) depart(ctx context.Context, k flightKey, f *flight, say string, judge func() (*ticket, error)) {
	var r Result
	var err error = problem.New(problem.Internal, say)
	flies := false
	defer func() {
		if !flies {
			o.land(k, f, r, err)
		}
	}()
	t, refused := judge()
	if t != nil && t.result == nil && refused == nil {
		o.fly(ctx, t, k, f)
		flies = true
		return
	}
	if err = refused; t != nil && t.result != nil {
		r = *t.result
	}
}

// flightKey tells a draft's flight: with its mailbox, since a draft's id alone gives
// no right to hear what became of it.
type flightKey struct{ mailbox, draft string }

func flightOf(box *mailbox.Box, draftID string) flightKey {
	return flightKey{box.Grant().Mailbox.ID, draftID}
}

// board joins the flight of a draft, or begins it.
func (o *Outbox) board(k flightKey) (f *flight, first bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if f = o.sending[k]; f != nil {
		return f, false
	}
	f = &flight{done: make(chan struct{})}
	o.sending[k] = f
	return f, true
}

func (o *Outbox) land(k flightKey, f *flight, r Result, err error) {
	f.result, f.err = r, err
	o.mu.Lock()
	delete(o.sending, k)
	o.mu.Unlock()
	close(f.done)
}

func (o *Outbox) wait(ctx context.Context, f *flight) (Result, error) {
	select {
	case <-f.done:
		return f.result, f.err
	case <-ctx.Done():
		return Result{Came: CameFlying, Say: sayFlying}, nil
	}
}

// ticket is a letter authorised to leave.
type ticket struct {
	id      string
	box     mssante.Address
	frozen  frozen
	letter  *message.Compose
	to      []mssante.Address
	sha     []byte
	size    int64
	draftID string
	result  *Result // nothing to send: this is the answer
}

func answered(r Result) *ticket { return &ticket{result: &r} }

// authorise checks the draft and makes the letter durable as 'submitting'.
func (o *Outbox) authorise(ctx context.Context, box *mailbox.Box, draftID string, s SendOptions) (*ticket, error) {
	d, err := o.draft(ctx, o.db.Read(), box, draftID)
	if err != nil {
		return nil, door(err, sayRead)
	}
	switch d.State {
	case Open, ready(s.closing):
	case Sent, Sending: // the same click again, on another node or after a restart
		r, err := o.progress(ctx, box, draftID)
		return answered(r), err
	default:
		return nil, problem.New(problem.Conflict, sayBusy(d.State))
	}
	if d.Version != s.Version {
		return nil, problem.New(problem.Conflict, sayStale)
	}
	if s.Files != nil && !sameFiles(d.Files, s.Files) {
		return nil, problem.New(problem.Conflict, sayFiles)
	}
	remarks, err := o.checkAs(ctx, box, d, s.closing)
	if err != nil {
		return nil, door(err, sayRead)
	}
	if unanswered(remarks, s.Confirmed) && !(s.closing && !Blocked(remarks)) {
		return answered(Result{Came: CameAsked, Remarks: remarks, Say: sayAsked}), nil
	}
	z, err := o.freeze(ctx, box, d, o.now())
	if err != nil {
		return nil, door(err, sayKept)
	}
	t, err := o.ticket(ctx, box.Address(), z)
	if err != nil {
		return nil, door(err, sayKept)
	}
	return t, door(o.record(ctx, box, t, d.Version, d.filesRev, ""), sayKept)
}

// ready is the state a letter is sent from: a closing is put away until it leaves.
func ready(closing bool) State {
	if closing {
		return Discarded
	}
	return Open
}

func sameFiles(have []File, shown []string) bool {
	ids := make([]string, len(have))
	for i, f := range have {
		ids[i] = f.ID
	}
	shown = slices.Clone(shown)
	slices.Sort(ids)
	slices.Sort(shown)
	return slices.Equal(ids, shown)
}

// unanswered reports a remark that blocks, or that asks and got no yes.
func unanswered(remarks []Remark, confirmed []string) bool {
	for _, r := range remarks {
		if r.Level == Block || r.Level == Ask && !slices.Contains(confirmed, r.Key()) {
			return true
		}
	}
	return false
}

// ticket writes the letter once to nowhere: its hash and size are what the person
// authorises.
func (o *Outbox) ticket(ctx context.Context, box mssante.Address, z frozen) (*ticket, error) {
	t := &ticket{id: newID(), box: box, frozen: z, draftID: z.DraftID, letter: o.thaw(context.WithoutCancel(ctx), z)}
	if err := t.letter.Check(); err != nil {
		return nil, err
	}
	t.to = t.letter.Recipients()
	h := sha256.New()
	var err error
	t.size, err = t.letter.Write(h, message.WriteOptions{})
	t.sha = h.Sum(nil)
	return t, err
}
