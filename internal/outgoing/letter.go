package outgoing

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

// From is in whose name a mailbox writes, for the page and the letter.
type From struct {
	Mailbox message.Mailbox // label by ECO.2.2.7
	// Person is who really writes, when another than the mailbox's holder:
	// "Léa Petit, secrétariat pour Dr Anne Martin". "" for one's own mailbox.
	Person string
}

// From tells in whose name this mailbox writes.
func (o *Outbox) From(ctx context.Context, box *mailbox.Box) From {
	g := box.Grant()
	label, owner := o.label(ctx, box)
	f := From{Mailbox: own(g.Mailbox.Address, label)}
	if g.Kind == delegation.Delegate {
		f.Person = message.SenderLabel(box.Actor(), owner)
	}
	return f
}

// label gives the From label of a mailbox, and what people call its holder. The
// directory knows best; then the holder's own account; then the mailbox's label.
func (o *Outbox) label(ctx context.Context, box *mailbox.Box) (label, owner string) {
	g := box.Grant()
	owner = g.Mailbox.Label
	if owner == g.Mailbox.Address.String() {
		owner = ""
	}
	switch g.Mailbox.Kind {
	case mssante.KindNominative, mssante.KindUnknown:
	default:
		return message.EntityLabel(owner), owner
	}
	if o.o.Directory != nil {
		if e, ok, err := o.o.Directory.Card(ctx, g.Mailbox.Address); err == nil && ok && e.FamilyName != "" {
			p := mssante.Practitioner{GivenName: e.GivenName, FamilyName: e.FamilyName}
			s := mssante.Situation{Civility: e.Title, Structure: e.Structure}
			return message.FromLabel(p, s), p.DisplayName(s)
		}
	}
	if p, s, ok := o.holder(ctx, box); ok {
		return message.FromLabel(p, s), p.DisplayName(s)
	}
	return message.EntityLabel(owner), owner
}

// holder finds whose nominative mailbox it is: the person, when it is theirs.
func (o *Outbox) holder(ctx context.Context, box *mailbox.Box) (p mssante.Practitioner, s mssante.Situation, ok bool) {
	g, who := box.Grant(), box.Actor()
	id := g.Grantee
	if g.Kind != delegation.Owner {
		id = ""
		addr := g.Mailbox.Address
		all, err := o.o.Grants.List(ctx, &addr)
		if err != nil {
			return p, s, false
		}
		for _, x := range all {
			if x.Kind == delegation.Owner && x.Live(o.now()) {
				id = x.Grantee
			}
		}
	}
	if id == "" {
		return p, s, false
	}
	acc, err := o.o.Accounts.ByNationalID(ctx, id)
	if err != nil || acc.FamilyName == "" {
		return p, s, false
	}
	p = mssante.Practitioner{NationalID: id, GivenName: acc.GivenName, FamilyName: acc.FamilyName}
	if id == who.NationalID { // the title of the situation chosen at sign-in
		for _, title := range [][2]string{{"Dr ", "DR"}, {"Pr ", "PR"}} {
			if strings.HasPrefix(who.Name, title[0]) {
				s.Civility = title[1]
			}
		}
	}
	return p, s, true
}

func own(a mssante.Address, name string) message.Mailbox {
	return message.Mailbox{Name: name, Address: a, Raw: a.String(), Valid: true}
}

func newMessageID(a mssante.Address) string {
	return strings.Trim(message.NewMessageID(string(a.Domain)), "<>")
}

// compose gives the letter a draft stands for now.
func (o *Outbox) compose(ctx context.Context, box *mailbox.Box, d Draft, at time.Time) (*message.Compose, error) {
	z, err := o.freeze(ctx, box, d, at)
	if err != nil {
		return nil, err
	}
	return o.thaw(ctx, z), nil
}

// frozen is everything the octets of one letter are made from: the same value
// gives the same octets, today and at every retry.
type frozen struct {
	ID         string        `json:"id"` // Message-ID, without brackets
	DraftID    string        `json:"draft"`
	Actor      mssante.Actor `json:"actor"` // who said 'Envoyer'
	From       message.Mailbox
	Sender     *message.Mailbox `json:",omitempty"`
	To         []message.Mailbox
	Cc         []message.Mailbox `json:",omitempty"`
	Bcc        []message.Mailbox `json:",omitempty"`
	Subject    string
	Date       time.Time
	InReplyTo  string   `json:",omitempty"`
	References []string `json:",omitempty"`
	Text, HTML string   `json:",omitempty"`
	Files      []File   `json:",omitempty"`
	DSN, MDN   bool     `json:",omitempty"`
	MES, NIL   string   `json:",omitempty"`
	Origin     Kind
	Original   *mailbox.Ref `json:",omitempty"`
}

func (o *Outbox) freeze(ctx context.Context, box *mailbox.Box, d Draft, at time.Time) (frozen, error) {
	from, f := o.From(ctx, box), d.Fields
	z := frozen{ID: d.MessageID, DraftID: d.ID, Actor: box.Actor(), From: from.Mailbox, To: o.mailboxes(f.To), Cc: o.mailboxes(f.Cc), Bcc: o.mailboxes(f.Bcc),
		Subject: f.Subject, Date: at.In(o.o.Zone).Truncate(time.Second), InReplyTo: d.InReplyTo, References: d.References, Text: f.Text, HTML: f.HTML,
		DSN: f.DeliveryReceipt, MDN: f.ReadReceipt, NIL: o.o.NIL, Origin: d.Origin, Original: d.Original}
	if from.Person != "" {
		s := own(from.Mailbox.Address, from.Person)
		z.Sender = &s
	}
	names := make([]string, len(d.Files))
	for i, x := range d.Files {
		names[i] = x.Name
	}
	for i, name := range message.UniqueNames(names) {
		x := d.Files[i]
		x.Name = name
		z.Files = append(z.Files, x)
	}
	if f.NoReply {
		for _, m := range z.everybody() {
			if m.Address.IsPatient() {
				z.MES = "FIN"
			}
		}
	}
	return z, nil
}

func (z frozen) everybody() []message.Mailbox { return slices.Concat(z.To, z.Cc, z.Bcc) }

// mailboxes gives the recipients that are addresses; Check names the others.
func (o *Outbox) mailboxes(list []Recipient) []message.Mailbox {
	var out []message.Mailbox
	for _, r := range list {
		if a, ok := r.Parse(); ok {
			out = append(out, own(a, r.Name))
		}
	}
	return out
}

// thaw gives the letter back, its files read from their sealed chunks.
func (o *Outbox) thaw(ctx context.Context, z frozen) *message.Compose {
	c := &message.Compose{From: z.From, Sender: z.Sender, To: z.To, Cc: z.Cc, Bcc: z.Bcc, Subject: z.Subject, Date: z.Date,
		MessageID: "<" + z.ID + ">", InReplyTo: z.InReplyTo, References: z.References, Text: z.Text, HTML: z.HTML, NIL: z.NIL, MES: z.MES}
	if z.MDN {
		to := z.From
		c.DispositionTo = &to
	}
	for _, f := range z.Files {
		c.Files = append(c.Files, message.File{Name: f.Name, Type: f.Type, Size: f.Size, Open: func() (io.ReadCloser, error) { return o.openFile(ctx, f.ID), nil }})
	}
	return c
}

// outgoing gives a copy that stays in the mailbox: it names the blind recipients.
func outgoing(z frozen, c *message.Compose) (mailbox.Outgoing, error) {
	own := message.WriteOptions{Bcc: true}
	size, err := c.Size(own)
	return mailbox.Outgoing{MessageID: z.ID, Date: z.Date, Size: size, Write: func(w io.Writer) error {
		_, err := c.Write(w, own)
		return err
	}}, err
}
