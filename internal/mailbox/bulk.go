package mailbox

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// BulkDo is what may be done to many letters at once.
type BulkDo string

// What may be done.
const (
	BulkArchive BulkDo = "archive"
	BulkBin     BulkDo = "bin"
	BulkMove    BulkDo = "move"
	BulkRead    BulkDo = "read"
	BulkUnread  BulkDo = "unread"
	BulkStar    BulkDo = "star"
	BulkUnstar  BulkDo = "unstar"

	BulkProcessed   BulkDo = "processed"
	BulkUnprocessed BulkDo = "unprocessed"

	BulkErase BulkDo = "erase" // for good: letters of the bin or of the junk folder alone
)

// BulkState is how far an act on many letters is.
type BulkState string

// The states. All but the first two are its end.
const (
	BulkRunning  BulkState = "running"
	BulkStopping BulkState = "stopping" // told to stop: the piece under way is finished first
	BulkDone     BulkState = "done"
	BulkStopped  BulkState = "stopped" // by the person
	BulkFailed   BulkState = "failed"  // before its end: Say tells why
)

// Bulk tells of an act on many letters.
type Bulk struct {
	ID      string
	Do      BulkDo
	To      string // French name of the folder they go to when it has a role, "" for none
	State   BulkState
	Total   int    // letters asked for
	Done    int    // letters dealt with
	Missed  int    // letters looked at that could not be
	Say     string // French: what else must be said, "" for nothing
	Back    bool   // it takes back the one before it
	CanUndo bool   // what it did can be taken back as one, while this session lives; of a way back: the rest of it
}

// Over reports that nothing more comes of it.
func (b Bulk) Over() bool { return b.State != BulkRunning && b.State != BulkStopping }

// bulk is one of them. There is one in a mailbox: whoever shares it waits.
type bulk struct {
	key  choiceKey
	stop chan struct{} // closed: no other piece is begun

	mu      sync.Mutex
	now     Bulk
	back    []manyStep // takes it back, the last done first; of a way back, what is left of it
	stopped bool
	seen    bool // its person put its sentence away
}

const (
	// bulkPiece is how many letters one command changes: what is lost sight of when
	// the server falls silent, and how long 'Arrêter' takes.
	bulkPiece = 250
	// bulkTime bounds one act: a server that dawdles on each piece must not keep a
	// mailbox busy for ever.
	bulkTime = time.Hour

	sayBusy    = "Un autre lot de lettres est déjà en cours dans cette boîte\u00a0: rien n’a changé. Attendez qu’il finisse, ou arrêtez-le."
	sayNoBulk  = "Ce lot n’est plus connu de Pli\u00a0: il a redémarré, ou votre session n’est plus la même. Les lettres déjà traitées le restent, les autres sont à leur place."
	sayNoMore  = "Ce lot ne peut plus être annulé. Les lettres sont là où elles ont été rangées."
	sayStopped = "Vous avez arrêté le lot\u00a0: les autres lettres n’ont pas changé."
	sayTooLong = "Le lot a duré trop longtemps et s’est arrêté. Les autres lettres n’ont pas changé\u00a0: recommencez pour la suite."
	sayEnded   = "Le lot s’est arrêté avec votre session. Les autres lettres n’ont pas changé."
)

// manyStep is step for many letters of one folder.
type manyStep struct {
	step // its UIDs are not used
	uids mailserver.Ranges
}

// many is an act ready to run.
type many struct {
	view    Bulk
	event   audit.Event
	parts   []part
	add     []string
	remove  []string
	to      string          // folder they go to, "" for marks
	role    mailserver.Role // of that folder, when it may have to be made
	reverse []manyStep      // of a way back
}

// BulkAct begins an act on the letters of a choice and comes back at once; Bulk tells
// how far it is. to is a folder's opaque id, for BulkMove alone.
func (b *Box) BulkAct(ctx context.Context, choice string, do BulkDo, to string) (Bulk, error) {
	m, err := b.prepareBulk(ctx, do, to)
	if err != nil {
		return Bulk{}, err
	}
	c, err := b.Choice(choice)
	if err != nil {
		return Bulk{}, b.record(ctx, m.event, err)
	}
	if do == BulkErase {
		if err := b.erasable(ctx, c); err != nil {
			return Bulk{}, b.record(ctx, m.event, err)
		}
		m.event.Request = "STORE EXPUNGE"
	}
	m.parts, m.view.Total = c.parts, c.Count
	m.event.Target = c.Folder
	return b.launch(ctx, m)
}

// prepareBulk finds what an act asks of the server and whether it may.
func (b *Box) prepareBulk(ctx context.Context, do BulkDo, to string) (many, error) {
	m := many{view: Bulk{Do: do}}
	switch do {
	case BulkArchive:
		m.event.Action, m.role = audit.LetterArchive, mailserver.RoleArchive
	case BulkBin:
		m.event.Action, m.role = audit.LetterBin, mailserver.RoleTrash
	case BulkMove:
		m.event.Action = audit.LetterMove
	case BulkErase:
		m.event.Action = audit.LetterDelete
	case BulkRead:
		m.event.Action, m.add = audit.FlagSet, []string{string(Seen)}
	case BulkUnread:
		m.event.Action, m.remove = audit.FlagClear, []string{string(Seen)}
	case BulkStar:
		m.event.Action, m.add = audit.FlagSet, []string{string(Flagged)}
	case BulkUnstar:
		m.event.Action, m.remove = audit.FlagClear, []string{string(Flagged)}
	case BulkProcessed:
		m.event.Action, m.add = audit.FlagSet, []string{string(Processed)}
	case BulkUnprocessed:
		m.event.Action, m.remove = audit.FlagClear, []string{string(Processed)}
	default:
		return many{}, problem.New(problem.Invalid, "Cette action n’existe pas\u00a0: rien n’a changé.")
	}
	if err := b.may(ctx, delegation.Triage, m.event.Action); err != nil {
		return many{}, err
	}
	m.event.Request = "STORE"
	for _, f := range append(slices.Clone(m.add), m.remove...) {
		m.event.Request += " " + f
	}
	var err error
	switch {
	case m.role != mailserver.RoleNone:
		m.event.Request, m.view.To = "MOVE to "+string(m.role), Label(m.role)
	case do == BulkMove:
		m.event.Request = "MOVE to " + to
		m.to, err = b.folderName(ctx, to)
		m.view.To = b.roleLabel(m.to)
	}
	if err != nil {
		return many{}, b.record(ctx, m.event, err)
	}
	return m, nil
}

// launch takes the mailbox, writes what is asked, and lets it run.
func (b *Box) launch(ctx context.Context, m many) (Bulk, error) {
	m.view.ID, m.view.State = rand.Text()[:20], BulkRunning
	job := &bulk{key: b.choiceKey(), stop: make(chan struct{}), now: m.view}
	before, err := b.takeMailbox(job)
	if err != nil {
		return Bulk{}, b.record(ctx, m.event, err)
	}
	if err := b.ask(ctx, m.event, m.view.Total); err != nil {
		b.h.bulking.Done()
		b.h.mu.Lock()
		if delete(b.h.bulks, job.key); before != nil {
			b.h.bulks[job.key] = before
		}
		b.h.mu.Unlock()
		return Bulk{}, err
	}
	go b.runBulk(context.WithoutCancel(ctx), job, m)
	return job.tell(), nil
}

// takeMailbox makes the job the mailbox's one, unless another is at work in it.
func (b *Box) takeMailbox(job *bulk) (before *bulk, err error) {
	h := b.h
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, gone := h.dropped[b.actor.SessionID]; gone || h.closing {
		return nil, problem.New(problem.SignInNeeded, "Votre session est terminée. Reconnectez-vous pour continuer.")
	}
	for k, other := range h.bulks {
		if k.box == job.key.box && !other.tell().Over() {
			return nil, problem.New(problem.Conflict, sayBusy)
		}
	}
	h.bulking.Add(1)
	before = h.bulks[job.key]
	h.bulks[job.key] = job
	return before, nil
}

func (j *bulk) tell() Bulk {
	j.mu.Lock()
	defer j.mu.Unlock()
	v := j.now
	v.CanUndo = v.Over() && len(j.back) > 0
	return v
}

// halt lets the piece under way be the last.
func (j *bulk) halt() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.stopped {
		j.stopped = true
		close(j.stop)
	}
	if j.now.State == BulkRunning {
		j.now.State = BulkStopping
	}
}

// job is this session's act in this mailbox.
func (b *Box) job(id string) (*bulk, error) {
	b.h.mu.Lock()
	defer b.h.mu.Unlock()
	j := b.h.bulks[b.choiceKey()]
	if j == nil || id != "" && j.now.ID != id {
		return nil, problem.New(problem.Gone, sayNoBulk)
	}
	return j, nil
}

// Bulk tells of this session's act on many letters in this mailbox: the one under
// way, or the last one until its sentence is put away. It shows no letter: it is not
// recorded.
func (b *Box) Bulk() (Bulk, bool) {
	return b.h.BulkIn(b.actor, b.grant.Mailbox.ID)
}

// BulkIn tells the same of a mailbox that is not opened for it; only the session that
// began the act is told.
func (h *House) BulkIn(actor mssante.Actor, boxID string) (Bulk, bool) {
	h.mu.Lock()
	j := h.bulks[choiceKey{actor.SessionID, actor.AccountID, boxID}]
	h.mu.Unlock()
	if j == nil {
		return Bulk{}, false
	}
	j.mu.Lock()
	seen := j.seen
	j.mu.Unlock()
	return j.tell(), !seen
}

// StopBulk ends it after the piece under way. What was done stays done.
func (b *Box) StopBulk(id string) error {
	j, err := b.job(id)
	if err == nil {
		j.halt()
	}
	return err
}

// SeenBulk puts away the sentence of an act that is over; its undo goes with it.
func (b *Box) SeenBulk(id string) error {
	j, err := b.job(id)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.now.Over() {
		j.seen, j.back = true, nil
	}
	return nil
}

// UndoBulk begins to take back, as one, what an act on many letters did.
func (b *Box) UndoBulk(ctx context.Context, id string) (Bulk, error) {
	m := many{view: Bulk{Back: true}, event: audit.Event{Action: audit.Undo, Request: "MOVE or STORE back"}}
	if err := b.may(ctx, delegation.Triage, audit.Undo); err != nil {
		return Bulk{}, err
	}
	j, err := b.job(id)
	if err != nil {
		return Bulk{}, b.record(ctx, m.event, err)
	}
	j.mu.Lock()
	m.reverse, m.view.Do = j.back, j.now.Do
	if !j.now.Over() || len(j.back) == 0 {
		err = problem.New(problem.Gone, sayNoMore)
	}
	j.mu.Unlock()
	if err != nil {
		return Bulk{}, b.record(ctx, m.event, err)
	}
	for _, s := range m.reverse {
		m.view.Total += s.uids.Count()
	}
	return b.launch(ctx, m)
}
