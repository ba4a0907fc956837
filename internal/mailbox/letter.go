package mailbox

import (
	"bytes"
	"context"
	"errors"
	"log/slog"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
)

// LetterOptions says how a letter is opened.
type LetterOptions struct {
	// MarkRead sets \Seen, when the grant allows to triage, once the letter is loaded
	// and its opening recorded. The only way a letter becomes read.
	MarkRead bool
	// Frame: this call serves the body of a page already recorded as opened by
	// this session; it is recorded only if it was not.
	Frame bool
	// As is what is written to the trail; "" is LetterOpen.
	As audit.Action
	// Loaded, when set, is called with the letter as soon as it is read, while the
	// trail is being written and the list beside it is being asked for: to prepare its
	// document, not to show it yet.
	Loaded func(*Letter)
	// Ready, when set, is called with the letter as it will be shown, if possible while
	// the trail is being written: to prepare its page, shown only when no error comes.
	Ready func(*Letter)
}

// Letter is one letter, ready to be shown: texts loaded, files described.
type Letter struct {
	Item
	Flags    []string
	Envelope message.Envelope
	Header   message.Header
	Root     *message.Part // nil only when Unreadable
	Content
	Defects    []string        // French, short
	Report     *message.Report // a delivery, reading or integration notice
	Cut        bool            // only the head of the letter could be read here: offer its source
	MarkedRead bool            // \Seen was set by this opening
	Prev, Next *Ref            // newer and older neighbour in the folder
}

// Content is what a letter, or a letter inside it, shows.
type Content struct {
	Body   message.Body
	Shown  []Text   // Body.Shown with their text, in order
	Plains []Text   // Body.Plains with their text
	Nested []Nested // message/rfc822 parts opened in place
}

// Text is a loaded text part.
type Text struct {
	Part      *message.Part
	Text      string // UTF-8, at most message.MaxText
	Truncated bool
}

// Nested is a letter carried inside another.
type Nested struct {
	Path     string // part number of the message/rfc822
	Envelope message.Envelope
	Header   message.Header
	Content
	Defects []string
}

const maxNesting = 5

// Letter opens one letter.
func (b *Box) Letter(ctx context.Context, ref Ref, o LetterOptions) (*Letter, error) {
	l, err := b.letter(ctx, ref)
	return b.opened(ctx, ref, o, l, err)
}

// opened writes the opening down, then gives the letter; what could not be written
// is not given.
func (b *Box) opened(ctx context.Context, ref Ref, o LetterOptions, l *Letter, err error) (*Letter, error) {
	key := b.openedKey(ref)
	if o.Frame && err == nil && b.h.justOpened(key) {
		o.loaded(l)
		o.ready(l)
		return l, nil
	}
	mark := b.marks(o, l, err)
	prepare := func() {
		o.loaded(l)
		if !mark {
			o.ready(l)
		}
	}
	if err = b.recordWhile(ctx, opening(ref, o, l, mark), err, prepare); err != nil {
		return nil, err
	}
	b.h.rememberOpened(key, l)
	if mark {
		b.markSeen(ctx, ref, l)
		o.ready(l)
	}
	return l, nil
}

func (o LetterOptions) loaded(l *Letter) {
	if o.Loaded != nil {
		o.Loaded(l)
	}
}

func (o LetterOptions) ready(l *Letter) {
	if o.Ready != nil {
		o.Ready(l)
	}
}

// opening is what the trail says of it; l is nil when it failed.
func opening(ref Ref, o LetterOptions, l *Letter, mark bool) audit.Event {
	e := audit.Event{Action: o.As, Target: ref.target(), Request: "FETCH BODY.PEEK", Count: 1}
	if e.Action == "" {
		e.Action = audit.LetterOpen
	}
	if mark {
		e.Request = "FETCH BODY.PEEK, STORE +FLAGS \\Seen"
	}
	if l != nil {
		e.Request += receivedWords(l)
	}
	return e
}

// marks reports whether this opening makes the letter read.
func (b *Box) marks(o LetterOptions, l *Letter, err error) bool {
	return o.MarkRead && err == nil && l.Unread && b.grant.Rights.Has(delegation.Triage)
}

// markSeen marks a letter that was loaded and recorded, never one nobody saw. A
// letter that cannot be marked is read all the same; the trail then says so.
func (b *Box) markSeen(ctx context.Context, ref Ref, l *Letter) {
	name, err := b.folderName(ctx, ref.Folder)
	if err == nil {
		err = b.mail.MarkSeen(ctx, name, ref.UIDValidity, ref.UID)
	}
	if err == nil {
		b.marked(name, ref.UIDValidity, []uint32{ref.UID}, []string{string(Seen)}, nil)
		l.MarkedRead, l.Unread = true, false
		return
	}
	failed := audit.Event{Action: audit.FlagSet, Target: ref.target(), Request: "STORE \\Seen", Outcome: problem.KindOf(err).String()}
	lost := b.write(ctx, failed)
	b.h.log.LogAttrs(ctx, slog.LevelWarn, "a letter opened was not marked read", slog.Any("err", errors.Join(err, lost)))
}

// letter reads one letter; nil beside an error.
func (b *Box) letter(ctx context.Context, ref Ref) (*Letter, error) {
	l, raw, err := b.fetch(ctx, ref)
	if err == nil {
		err = l.load(raw)
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// fetch asks for one letter; nothing of it is read yet but its row.
func (b *Box) fetch(ctx context.Context, ref Ref) (*Letter, *mailserver.Opened, error) {
	name, err := b.folderName(ctx, ref.Folder)
	if err != nil {
		return nil, nil, err
	}
	raw, err := b.mail.OpenLetter(ctx, name, ref.UIDValidity, ref.UID)
	if err != nil {
		return nil, nil, err
	}
	return letterOf(ref, raw), raw, nil
}

func letterOf(ref Ref, raw *mailserver.Opened) *Letter {
	l := &Letter{Item: item(ref.Folder, ref.UIDValidity, &raw.Row), Flags: raw.Flags}
	l.Prev, l.Next = near(ref, raw.Newer), near(ref, raw.Older)
	return l
}

// near is a letter of the same folder, nil for uid 0.
func near(ref Ref, uid uint32) *Ref {
	if uid == 0 {
		return nil
	}
	return &Ref{ref.Folder, ref.UIDValidity, uid}
}

// load fills the letter from its whole bytes, or from the structure and texts
// fetched of a large one.
func (l *Letter) load(o *mailserver.Opened) error {
	if o.Whole != nil {
		parsed, err := message.Parse(o.Whole, message.Limits{})
		if err != nil {
			return err
		}
		l.Envelope, l.Header, l.Root, l.Defects, l.Cut = parsed.Envelope, parsed.Header, parsed.Root, parsed.Defects, o.Cut
		l.Content = contentOf(l.Root, parsedText, parsedHead, 0)
		if r, ok := parsed.Report(); ok {
			l.Report = &r
		}
		l.From, l.To, l.Subject = l.Envelope.From, l.Envelope.To, l.Envelope.Subject
		l.Attachments = len(l.Body.Attachments)
		return nil
	}
	l.Header, l.Envelope = message.ParseHeader(o.Head)
	l.Root = o.Structure
	l.Content = contentOf(l.Root, func(p *message.Part) (Text, error) {
		raw := o.Texts[p.Path]
		text, cut, err := p.TextFrom(bytes.NewReader(raw))
		return Text{Part: p, Text: text, Truncated: cut || int64(len(raw)) < p.Size}, err
	}, func(p *message.Part) (message.Header, message.Envelope, []string) {
		h, e := message.ParseHeader(o.Heads[p.Path])
		return h, e, nil
	}, 0)
	if r, ok := message.ReportOf(l.Envelope, l.Root, nil); ok {
		r.Path = l.Header.ReturnPath()
		l.Report = &r
	}
	return nil
}

func parsedText(p *message.Part) (Text, error) {
	text, cut, err := p.TextFrom(bytes.NewReader(p.Raw()))
	return Text{Part: p, Text: text, Truncated: cut}, err
}

func parsedHead(p *message.Part) (message.Header, message.Envelope, []string) {
	return p.Embedded.Header, p.Embedded.Envelope, p.Embedded.Defects
}

// contentOf chooses what to show below root and loads it. A text that cannot be
// read is shown empty and truncated rather than costing the letter.
func contentOf(root *message.Part, load func(*message.Part) (Text, error),
	head func(*message.Part) (message.Header, message.Envelope, []string), depth int) Content {
	c := Content{Body: root.Body()}
	loaded := make(map[*message.Part]Text)
	read := func(parts []*message.Part) (out []Text) {
		for _, p := range parts {
			t, ok := loaded[p]
			if !ok {
				var err error
				if t, err = load(p); err != nil {
					t = Text{Part: p, Truncated: true}
				}
				loaded[p] = t
			}
			out = append(out, t)
		}
		return out
	}
	c.Shown, c.Plains = read(c.Body.Shown), read(c.Body.Plains)
	if depth >= maxNesting {
		return c
	}
	for _, p := range c.Body.Attachments {
		if p.Embedded == nil || p.Embedded.Root == nil {
			continue
		}
		n := Nested{Path: p.Path}
		n.Header, n.Envelope, n.Defects = head(p)
		n.Content = contentOf(p.Embedded.Root, load, head, depth+1)
		c.Nested = append(c.Nested, n)
	}
	return c
}

// errNoPart is what a part number nobody has gets.
func errNoPart() error {
	return problem.New(problem.NotFound, "Cette pièce jointe est introuvable dans la lettre. La lettre n’a rien\u00a0: rouvrez-la.")
}
