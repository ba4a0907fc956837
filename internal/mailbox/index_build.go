package mailbox

import (
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"pli.example/pli/internal/index"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// retryIndex: a building that broke off is not begun again at every click.
const retryIndex = 5 * time.Second

const maxAgain = 5 // times the same letters are read again because marks moved

// Index begins to read the mailbox into its index, in the background and newest letter
// first, unless that was done or is under way. It is for after a page was shown: it
// shows nothing, so it is not in the trail.
func (b *Box) Index() {
	i := b.keptOf(true)
	now := b.h.now()
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.building || i.full || i.ctx.Err() != nil || !i.failed.IsZero() && now.Sub(i.failed) < retryIndex {
		return
	}
	if folders := i.ix.Folders(); len(folders) > 0 && !slices.ContainsFunc(folders, func(f index.Folder) bool { return !f.Whole() || f.At.Next == 0 }) {
		return
	}
	i.building = true
	// A Box is made for one request; this outlives it.
	of := &Box{h: b.h, actor: b.actor, grant: b.grant, mail: b.mail}
	go of.build(i)
}

func (b *Box) build(i *kept) {
	var err error
	began := time.Now() // how long it took, for the node's figures: no clock of ours
	defer func() {      // on a goroutine of its own: nobody else would catch it
		if v := recover(); v != nil {
			b.h.log.LogAttrs(i.ctx, slog.LevelError, "panic while indexing", slog.String("kind", problem.PanicWords(v)), slog.String("stack", string(debug.Stack())))
			err = errPanic
		}
		i.mu.Lock()
		i.building = false
		if i.failed = (time.Time{}); err != nil {
			i.failed = b.h.now()
		}
		i.mu.Unlock()
		if err == nil {
			b.h.indexBuilt.Store(int64(time.Since(began)))
		}
	}()
	if err = b.sweep(i); err != nil && i.ctx.Err() == nil {
		b.h.log.LogAttrs(i.ctx, slog.LevelInfo, "indexing broke off", slog.Any("mailbox", b.Address()), slog.String("kind", problem.KindOf(err).String()))
	}
}

// sweep reads every folder to its end.
func (b *Box) sweep(i *kept) error {
	l, err := b.mail.FolderList(i.ctx)
	if err != nil {
		return err
	}
	b.learn(l.Folders)
	folders := indexed(l.Folders)
	for _, f := range folders { // so that how many letters there are is known from the start
		if _, known := i.ix.Folder(f.Name); !known && f.Counted() {
			i.ix.SetFolder(f.Name, kindOf(f), placeOf(f, 0))
		}
	}
	for _, f := range folders {
		if err := b.sweepFolder(i, f); err != nil && !problem.Is(err, problem.Gone) && !problem.Is(err, problem.UpstreamRefused) {
			return err
		}
		if i.isFull() {
			return nil
		}
	}
	return nil
}

// sweepFolder reads one folder, from where it was left.
func (b *Box) sweepFolder(i *kept, f mailserver.Folder) error {
	q := mailserver.SweepQuery{Folder: f.Name}
	known, ok := i.ix.Folder(f.Name)
	if ok && known.Whole() && known.At.Next > 0 {
		return nil
	}
	if ok && known.At.Next > 0 {
		q.Validity, q.Below = known.At.Validity, known.Below
	}
	next := b.sweepAhead(i, q)
	defer func() { // nothing of it goes on behind whoever waits for the end
		if next != nil {
			<-next
		}
	}()
	for again := 0; ; {
		got := <-next
		next = nil
		c, err := got.chunk, got.err
		if problem.Is(err, problem.Gone) && got.of.Validity != 0 { // made anew meanwhile: from the start
			i.ix.DropFolder(f.Name)
			next = b.sweepAhead(i, mailserver.SweepQuery{Folder: f.Name})
			continue
		}
		if err != nil {
			if problem.Is(err, problem.Gone) || problem.Is(err, problem.UpstreamRefused) {
				i.ix.DropFolder(f.Name) // one that may not be read
			}
			return err
		}
		q = got.of
		if q.Validity == 0 {
			q.Validity = c.At.UIDValidity
			i.ix.SetFolder(f.Name, kindOf(f), placeOf(c.At, c.At.UIDNext))
		}
		if now, ok := i.ix.Folder(f.Name); !ok || now.At.Validity != q.Validity {
			return nil // dropped meanwhile
		}
		if c.Below > 0 { // the server reads on while these are put in
			next = b.sweepAhead(i, mailserver.SweepQuery{Folder: f.Name, Validity: q.Validity, Below: c.Below})
		}
		for some := range slices.Chunk(b.letters(f.Role, c.Rows), putAtOnce) {
			i.ix.Put(f.Name, some)
		}
		if now, _ := i.ix.Folder(f.Name); q.Validity == got.before.At.Validity && now.At != got.before.At && got.before.At.Next > 0 && again < maxAgain {
			again++ // a page took in news meanwhile: these marks may be older than them
			if next != nil {
				<-next
			}
			next = b.sweepAhead(i, q)
			continue
		}
		again = 0
		i.ix.ReadDown(f.Name, c.Below)
		if !b.h.shed(i) {
			i.mu.Lock()
			i.full = true
			i.mu.Unlock()
			return nil
		}
		if c.Below == 0 {
			return nil
		}
		if i.ctx.Err() != nil {
			return i.ctx.Err()
		}
	}
}

// putAtOnce: whoever shows a page waits while letters are put in.
const putAtOnce = 250

// sweptChunk is what a question gave, and what was known of the folder before it.
type sweptChunk struct {
	of     mailserver.SweepQuery
	before index.Folder
	chunk  mailserver.SweepChunk
	err    error
}

// sweepAhead sweeps some letters; the answer waits for whoever takes it.
func (b *Box) sweepAhead(i *kept, q mailserver.SweepQuery) <-chan sweptChunk {
	out := make(chan sweptChunk, 1)
	go func() {
		got := sweptChunk{of: q, err: errPanic}
		defer func() {
			if v := recover(); v != nil {
				b.h.log.LogAttrs(i.ctx, slog.LevelError, "panic while sweeping", slog.String("kind", problem.PanicWords(v)), slog.String("stack", string(debug.Stack())))
			}
			out <- got
		}()
		got.before, _ = i.ix.Folder(q.Folder)
		got.chunk, got.err = b.mail.Sweep(i.ctx, q)
	}()
	return out
}

func (i *kept) isFull() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.full
}

// indexed gives the folders to read, where conversations are first.
func indexed(all []mailserver.Folder) []mailserver.Folder {
	out := slices.DeleteFunc(slices.Clone(all), func(f mailserver.Folder) bool { return !f.Selectable || !f.Counted() })
	rank := func(f mailserver.Folder) int {
		switch kindOf(f) {
		case index.Inbox:
			return 0
		case index.Sent:
			return 1
		case index.Archive:
			return 2
		case index.Filed:
			return 3
		}
		return 4
	}
	slices.SortStableFunc(out, func(x, y mailserver.Folder) int { return rank(x) - rank(y) })
	return out
}

func kindOf(f mailserver.Folder) index.Kind {
	switch {
	case f.Role == mailserver.RoleInbox || f.Name == "INBOX":
		return index.Inbox
	case f.Role == mailserver.RoleSent:
		return index.Sent
	case f.Role == mailserver.RoleArchive:
		return index.Archive
	case f.Role == mailserver.RoleNone:
		return index.Filed
	}
	return index.Aside
}

// placeOf is where a folder stands; next 0 marks one of which nothing is read yet.
func placeOf(f mailserver.Folder, next uint32) index.Place {
	return index.Place{Validity: f.UIDValidity, Next: next, Messages: f.Messages, ModSeq: f.HighestModSeq}
}

// letters makes what was swept into what the index keeps.
func (b *Box) letters(role mailserver.Role, rows []mailserver.Swept) []index.Letter {
	out := make([]index.Letter, len(rows))
	for k := range rows {
		s := &rows[k]
		e := &s.Envelope
		out[k] = index.Letter{UID: s.UID, Flags: index.ParseFlags(s.Flags), Received: time.Unix(s.Received, 0), Size: s.Size, MessageID: e.MessageID, InReplyTo: e.InReplyTo,
			References: e.References, From: e.From, To: e.To, Cc: e.Cc, Subject: e.Subject, Patient: b.patientOf(role, e)}
		if s.Mixed {
			out[k].Flags |= index.Mixed
		}
	}
	return out
}

// patientOf tells which exchange a letter belongs to, as gatheredOf does: what a patient
// wrote, or what we wrote to one patient. One to several belongs to none of them: it
// would make one conversation of two patients. Nor does one that came to the inbox under
// our own name: anybody may write that.
func (b *Box) patientOf(role mailserver.Role, e *message.Envelope) mssante.Address {
	if len(e.From) != 1 || !e.From[0].Valid {
		return mssante.Address{}
	}
	from := e.From[0].Address
	if from.IsPatient() && role != mailserver.RoleSent {
		return from
	}
	if !from.Equal(b.Address()) || role == mailserver.RoleInbox {
		return mssante.Address{}
	}
	var to mssante.Address
	for _, m := range slices.Concat(e.To, e.Cc, e.Bcc) {
		if !m.Address.IsPatient() || m.Address.Equal(to) {
			continue
		}
		if !to.IsZero() {
			return mssante.Address{}
		}
		to = m.Address
	}
	return to
}
