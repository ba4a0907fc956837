package mailbox

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// Place is where the server put a letter of ours, in the folder of its role. The
// zero value is nowhere, or unknown.
type Place struct{ UIDValidity, UID uint32 }

// Outgoing is a letter ready to be laid in a folder: exactly Size octets come out
// of Write, which may be called once for each method given it.
type Outgoing struct {
	MessageID string // without angle brackets
	Date      time.Time
	Size      int64
	Write     func(io.Writer) error
}

// Actor is the person who opened the mailbox.
func (b *Box) Actor() mssante.Actor { return b.actor }

// MayWrite refuses, and writes down, an act on drafts that the grant does not carry.
func (b *Box) MayWrite(ctx context.Context, action audit.Action) error {
	return b.may(ctx, delegation.Write, action)
}

// MaySend does the same for sending in the mailbox's name.
func (b *Box) MaySend(ctx context.Context) error {
	return b.may(ctx, delegation.Send, audit.LetterSend)
}

// Note writes to the trail an act that another room did in this mailbox under this
// handle, and gives its outcome back: see record.
func (b *Box) Note(ctx context.Context, e audit.Event, outcome error) error {
	return b.record(ctx, e, outcome)
}

// KeepDraft lays a copy of a draft in Drafts. The copy it replaces is removed only
// once the new one is there, and any other that ours reports whether it is ours
// (a crash may have come in between).
func (b *Box) KeepDraft(ctx context.Context, l Outgoing, before Place, ours func(message.Header) bool) (Place, error) {
	if err := b.may(ctx, delegation.Write, audit.DraftSave); err != nil {
		return Place{}, err
	}
	at, err := b.keepDraft(ctx, l, before, ours)
	return at, b.record(ctx, audit.Event{Action: audit.DraftSave, Target: at.target("drafts"), Request: "APPEND to drafts", Count: 1}, err)
}

func (b *Box) keepDraft(ctx context.Context, l Outgoing, before Place, ours func(message.Header) bool) (Place, error) {
	f, err := b.mail.EnsureFolder(ctx, mailserver.RoleDrafts)
	if err != nil {
		return Place{}, err
	}
	at, err := b.lay(ctx, f.Name, []string{`\Draft`, `\Seen`}, l)
	if err != nil {
		return Place{}, err
	}
	// From here on the draft is safe: what cannot be tidied now is tidied next time.
	if at.UID != 0 {
		_ = b.dropCopies(ctx, f, l.MessageID, before, at, ours)
	}
	return at, nil
}

// DropDraft removes the copies of a draft that was sent or discarded. One that
// another program wrote stays.
func (b *Box) DropDraft(ctx context.Context, messageID string, at Place, ours func(message.Header) bool) error {
	if err := b.may(ctx, delegation.Write, audit.DraftDelete); err != nil {
		return err
	}
	f, err := b.mail.EnsureFolder(ctx, mailserver.RoleDrafts)
	if err == nil {
		err = b.dropCopies(ctx, f, messageID, at, Place{}, ours)
	}
	return b.record(ctx, audit.Event{Action: audit.DraftDelete, Target: at.target("drafts"), Request: "EXPUNGE in drafts", Count: 1}, err)
}

func (b *Box) dropCopies(ctx context.Context, f mailserver.Folder, messageID string, before, keep Place, ours func(message.Header) bool) error {
	validity, uids, err := b.mail.FindMessageID(ctx, f.Name, messageID)
	if err != nil {
		return err
	}
	var gone []uint32
	if before.UID != 0 && before.UID != keep.UID && validity == before.UIDValidity {
		gone = append(gone, before.UID) // whatever id it bears: a draft may have taken another
	}
	for _, uid := range uids {
		if uid == keep.UID || slices.Contains(gone, uid) {
			continue
		}
		o, err := b.mail.OpenLetter(ctx, f.Name, validity, uid)
		if err == nil && ours(headerOf(o)) {
			gone = append(gone, uid)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	_, err = b.mail.Expunge(ctx, f.Name, validity, gone)
	if problem.Is(err, problem.Gone) {
		return nil
	}
	return err
}

func headerOf(o *mailserver.Opened) message.Header {
	raw := o.Head
	if o.Whole != nil {
		raw = o.Whole
	}
	h, _ := message.ParseHeader(raw)
	return h
}

// lay appends a letter and finds where it went when the server does not say.
func (b *Box) lay(ctx context.Context, folder string, flags []string, l Outgoing) (Place, error) {
	validity, uid, err := b.mail.AppendWith(ctx, folder, flags, l.Date, l.Size, l.Write)
	if err != nil {
		return Place{}, err
	}
	if uid == 0 {
		var uids []uint32
		if validity, uids, err = b.mail.FindMessageID(ctx, folder, l.MessageID); err != nil || len(uids) == 0 {
			return Place{}, nil // it is there: where, the next look will tell
		}
		uid = slices.Max(uids)
	}
	return Place{validity, uid}, nil
}

// FileSent puts the copy of a sent letter in Sent, unless one is there already: a
// second try never makes a second copy.
func (b *Box) FileSent(ctx context.Context, l Outgoing) error {
	if err := b.may(ctx, delegation.Send, audit.LetterCopy); err != nil {
		return err
	}
	request := "APPEND to sent"
	err := func() error {
		f, err := b.mail.EnsureFolder(ctx, mailserver.RoleSent)
		if err != nil {
			return err
		}
		_, there, err := b.mail.FindMessageID(ctx, f.Name, l.MessageID)
		if err != nil {
			return err
		}
		if len(there) > 0 {
			request = "SEARCH in sent"
			return nil
		}
		_, err = b.lay(ctx, f.Name, []string{`\Seen`}, l)
		return err
	}()
	return b.record(ctx, audit.Event{Action: audit.LetterCopy, Target: "sent", Request: request, Count: 1}, err)
}

// InSent reports whether a letter with that Message-ID lies in Sent.
func (b *Box) InSent(ctx context.Context, messageID string) (bool, error) {
	if err := b.may(ctx, delegation.Send, audit.LetterCopy); err != nil {
		return false, err
	}
	f, err := b.mail.EnsureFolder(ctx, mailserver.RoleSent)
	if err != nil {
		return false, err
	}
	_, uids, err := b.mail.FindMessageID(ctx, f.Name, messageID)
	return len(uids) > 0, err
}

// IsFree reports whether no letter in Sent bears that Message-ID: another may.
func (b *Box) IsFree(ctx context.Context, messageID string) (bool, error) {
	if err := b.may(ctx, delegation.Write, audit.DraftCreate); err != nil {
		return false, err
	}
	f, err := b.mail.EnsureFolder(ctx, mailserver.RoleSent)
	if err != nil {
		return false, err
	}
	_, uids, err := b.mail.FindMessageID(ctx, f.Name, messageID)
	return err == nil && len(uids) == 0, err
}

// Trace is a letter received that speaks of one of ours.
type Trace struct {
	Report *message.Report // a server's or a reader's notice about it; nil for an answer
}

const maxTraces = 20

// Traces looks in the inbox for notices about, and answers to, the letter with that
// Message-ID: what proves that it left. Letters that only quote the id are none.
func (b *Box) Traces(ctx context.Context, messageID string) ([]Trace, error) {
	if err := b.may(ctx, delegation.Send, audit.Search); err != nil {
		return nil, err
	}
	out, err := b.traces(ctx, messageID)
	return out, b.record(ctx, audit.Event{Action: audit.Search, Target: "inbox", Request: "SEARCH for notices of a letter sent", Count: len(out)}, err)
}

func (b *Box) traces(ctx context.Context, messageID string) ([]Trace, error) {
	hits, err := b.mail.Search(ctx, mailserver.Search{Folder: "INBOX", Words: []string{messageID}, Everywhere: true, Limit: maxTraces, Within: 5 * time.Second})
	if err != nil {
		return nil, err
	}
	var out []Trace
	for _, uid := range hits.UIDs {
		l, err := b.letter(ctx, Ref{b.folderID("INBOX"), hits.Validity, uid})
		if err != nil {
			continue
		}
		switch {
		case l.Report != nil && l.Report.OriginalMessageID == messageID:
			out = append(out, Trace{Report: l.Report})
		case l.Report == nil && (strings.Trim(l.Envelope.InReplyTo, "<>") == messageID || slices.Contains(l.Envelope.References, messageID)):
			out = append(out, Trace{})
		}
	}
	return out, nil
}

// Handled is what became of a letter received.
type Handled string

// The marks; $Forwarded is RFC 5788's keyword.
const (
	WasAnswered  Handled = `\Answered`
	WasForwarded Handled = `$Forwarded`
)

// MarkHandled marks the letter that was answered or forwarded. It needs the right
// to send, not to triage: it follows from sending. A folder that stores no keyword
// is not an error.
func (b *Box) MarkHandled(ctx context.Context, ref Ref, how Handled) error {
	if err := b.may(ctx, delegation.Send, audit.FlagSet); err != nil {
		return err
	}
	name, err := b.folderName(ctx, ref.Folder)
	if err == nil {
		_, err = b.mail.SetFlags(ctx, name, ref.UIDValidity, []uint32{ref.UID}, []string{string(how)}, nil)
	}
	if err == nil {
		b.marked(name, ref.UIDValidity, []uint32{ref.UID}, []string{string(how)}, nil)
	}
	if how == WasForwarded && problem.Is(err, problem.UpstreamRefused) {
		err = nil
	}
	return b.record(ctx, audit.Event{Action: audit.FlagSet, Target: ref.target(), Request: "STORE " + string(how), Count: 1}, err)
}

// Original opens a letter to answer, forward or go on writing: recorded as opened
// unless this session just did, never marked read by it.
func (b *Box) Original(ctx context.Context, ref Ref) (*Letter, error) {
	if err := b.may(ctx, delegation.Write, audit.LetterOpen); err != nil {
		return nil, err
	}
	return b.Letter(ctx, ref, LetterOptions{Frame: true})
}

// InDrafts reports whether a letter lies in Drafts.
func (b *Box) InDrafts(ctx context.Context, ref Ref) (bool, error) {
	f, err := b.mail.EnsureFolder(ctx, mailserver.RoleDrafts)
	return err == nil && b.folderID(f.Name) == ref.Folder, err
}

func (p Place) target(folder string) string {
	if p.UID == 0 {
		return folder
	}
	return Ref{folder, p.UIDValidity, p.UID}.target()
}
