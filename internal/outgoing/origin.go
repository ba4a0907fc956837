package outgoing

import (
	"context"
	"database/sql"
	"strings"
	"unicode/utf8"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/sanitize"
)

// Kind is what a draft begins from. The codes are stored.
type Kind string

// The kinds.
const (
	Blank      Kind = "blank"
	Answer     Kind = "reply"
	AnswerAll  Kind = "reply_all"
	Forwarding Kind = "forward"
	Imported   Kind = "import"  // a draft another program left in the Drafts folder
	ToPatient  Kind = "patient" // to a patient whose identity was confirmed from the INS
	Closing    Kind = "closing" // subject [FIN]: CloseExchange alone makes and sends it
)

// Origin says how a draft begins.
type Origin struct {
	Kind Kind
	Ref  mailbox.Ref // the letter answered, forwarded or gone on with
	// WithFiles brings the original's files along, as a forward mostly does; an import
	// always does.
	WithFiles bool
	// Plain begins a letter in plain text: no HTML is made (a page without JavaScript).
	Plain     bool
	To        []Recipient // of a blank one: a click on a colleague
	Subject   string      // of a blank one
	Signature string      // HTML of the mailbox's signature, put before what is quoted
}

// Begun is a new draft, or the one that was there already.
type Begun struct {
	Draft   Draft
	Resumed bool   // the imported draft was one of ours: it is simply gone on with
	Say     string // what could not be brought along, French; "" mostly
}

// New begins a draft. Files of the original are copied here and now, streamed, so
// that the letter can leave even if the original is moved meanwhile.
func (o *Outbox) New(ctx context.Context, box *mailbox.Box, from Origin) (Begun, error) {
	if err := box.MayWrite(ctx, audit.DraftCreate); err != nil {
		return Begun{}, err
	}
	o.remember(box)
	d := o.blank(box)
	var l *mailbox.Letter
	var cut bool
	var err error
	switch from.Kind {
	case Blank, ToPatient, "":
		if d.Origin = Blank; from.Kind == ToPatient {
			d.Origin, d.identified = ToPatient, patientsOf(from.To)
		}
		d.Fields.To, d.Fields.Subject = from.To, from.Subject
		d.Fields.HTML = signed(from, "")
		if from.Plain {
			d.Fields.Text, d.Fields.HTML = PlainOf(d.Fields.HTML), ""
		}
	case Answer, AnswerAll, Forwarding:
		if l, cut, err = o.answer(ctx, box, from, &d); err != nil {
			return Begun{}, err
		}
	case Imported:
		if had, ok, err := o.resume(ctx, box, from.Ref); ok || err != nil {
			return Begun{Draft: had, Resumed: ok}, err
		}
		if l, cut, err = o.adopt(ctx, box, from, &d); err != nil {
			return Begun{}, err
		}
		if had, ok, err := o.ours(ctx, box, l); ok || err != nil {
			return Begun{Draft: had, Resumed: ok}, err
		}
	default:
		return Begun{}, problem.New(problem.Invalid, "Pli ne sait pas commencer cette lettre. Rien n’a été changé\u00a0: recommencez depuis la boîte.")
	}
	if d.Fields, err = d.Fields.clean(); err != nil {
		return Begun{}, err
	}
	if d.fresh(box) {
		d.writer = markBegun
	}
	if err = o.db.Write(ctx, func(tx *sql.Tx) error { return o.create(ctx, tx, box, &d, maxDrafts) }); err != nil {
		return Begun{}, door(err, saySave)
	}
	out := Begun{}
	if l != nil && (from.WithFiles || from.Kind == Imported) {
		out.Say = o.bring(ctx, box, d, from.Ref, l)
	}
	if cut {
		out.Say = strings.TrimSpace(o.sayCut(ctx, box, d, from) + " " + out.Say)
	}
	switch {
	case from.Kind == Imported && out.Say == "":
		err = o.took(ctx, d.ID, from.Ref)
	case from.Kind == Forwarding:
		err = o.brought(ctx, d.ID)
	}
	if err != nil {
		return Begun{}, door(err, saySave)
	}
	out.Draft, err = o.draft(ctx, o.db.Read(), box, d.ID)
	return out, door(err, sayRead)
}

// answer fills a draft from the letter it is about, and tells whether some of its
// words stayed behind.
func (o *Outbox) answer(ctx context.Context, box *mailbox.Box, from Origin, d *Draft) (l *mailbox.Letter, cut bool, err error) {
	if l, err = box.Original(ctx, from.Ref); err != nil {
		return nil, false, err
	}
	env := l.Envelope
	env.Date = env.Date.In(o.o.Zone)
	r := message.Forward(env)
	if from.Kind != Forwarding {
		r = message.ReplyTo(env, []mssante.Address{box.Address()}, from.Kind == AnswerAll)
	}
	ref := from.Ref
	d.Origin, d.Original = from.Kind, &ref
	d.InReplyTo, d.References = r.InReplyTo, r.References
	d.Fields.To, d.Fields.Cc, d.Fields.Subject = recipientsOf(r.To), recipientsOf(r.Cc), r.Subject
	if from.Kind != Forwarding {
		d.answersPatient(env)
	}
	if from.Kind == Forwarding {
		said := words(l, toQuote).noted(uncarried)
		return l, d.begin(from, said, message.ForwardHTML(env, said.html), message.ForwardText(env, said.text)), nil
	}
	said := words(l, toQuote).noted(unquoted)
	return l, d.begin(from, said, message.QuoteHTML(env, said.html), message.QuoteText(env, said.text)), nil
}

// begin puts the signature and what is quoted in one of its two forms, and tells
// whether that form is cut.
func (d *Draft) begin(from Origin, s said, rich, text string) (cut bool) {
	if from.Plain {
		d.Fields.Text = PlainOf(signed(from, "")) + "\n" + text
		return s.cutText
	}
	d.Fields.HTML = signed(from, rich)
	return s.cutHTML
}

// signed puts the cursor's line, the signature and what is quoted in order.
func signed(from Origin, quoted string) string {
	out := "<p><br></p>"
	if s := strings.TrimSpace(from.Signature); s != "" {
		out += "<div>" + string(sanitize.HTML([]byte(s), sanitize.Options{}).HTML) + "</div>"
	}
	if quoted == "" && out == "<p><br></p>" {
		return ""
	}
	return out + quoted
}

func recipientsOf(list []message.Mailbox) []Recipient {
	out := make([]Recipient, 0, len(list))
	for _, m := range list {
		out = append(out, Recipient{Name: m.Name, Address: m.String()})
	}
	return out
}

// brought notes which files came along by themselves: Abandon tells them from those a
// person joined.
func (o *Outbox) brought(ctx context.Context, id string) error {
	return o.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE drafts SET imap_files = files_rev WHERE id = ?`, id)
		return err
	})
}

// took makes the imported letter the draft's copy: what is written here replaces it
// there. One that could not be taken over whole stays beside.
func (o *Outbox) took(ctx context.Context, id string, ref mailbox.Ref) error {
	return o.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE drafts SET imap_version = version, imap_files = files_rev, imap_validity = ?, imap_uid = ? WHERE id = ?`, ref.UIDValidity, ref.UID, id)
		return err
	})
}

// resume finds the draft whose copy in Drafts is that letter.
func (o *Outbox) resume(ctx context.Context, box *mailbox.Box, ref mailbox.Ref) (Draft, bool, error) {
	return o.find(ctx, box, `imap_uid = ? AND imap_validity = ?`, ref.UID, ref.UIDValidity)
}

// ours finds the draft an older copy in Drafts was written from.
func (o *Outbox) ours(ctx context.Context, box *mailbox.Box, l *mailbox.Letter) (Draft, bool, error) {
	id := l.Header.Get(message.FieldDraft)
	if id == "" {
		return Draft{}, false, nil
	}
	return o.find(ctx, box, `id = ? AND message_key = ?`, id, o.messageKey(box.Grant().Mailbox.ID, l.Envelope.MessageID))
}

func (o *Outbox) find(ctx context.Context, box *mailbox.Box, where string, args ...any) (Draft, bool, error) {
	var id string
	err := o.db.Read().QueryRowContext(ctx, `SELECT id FROM drafts WHERE mailbox_id = ? AND state IN ('open','sending','unknown') AND `+where,
		append([]any{box.Grant().Mailbox.ID}, args...)...).Scan(&id)
	if err == sql.ErrNoRows {
		return Draft{}, false, nil
	}
	if err != nil {
		return Draft{}, false, door(err, sayRead)
	}
	d, err := o.Get(ctx, box, id)
	return d, err == nil, err
}

// What a page says of words that stayed behind.
const (
	sayUnquoted   = "La lettre à laquelle vous répondez est trop longue pour être citée en entier\u00a0: il en manque une partie, et le texte le dit. Elle est intacte dans la boîte."
	sayUncarried  = "Cette lettre est trop longue pour être reprise en entier dans le texte\u00a0: il en manque une partie, et le texte le dit."
	sayJoined     = sayUncarried + " Rien n’est perdu\u00a0: la lettre entière est jointe («\u00a0" + originalName + "\u00a0»)."
	sayNotJoined  = sayUncarried + " La lettre entière n’a pas pu être jointe, elle est intacte dans la boîte\u00a0: téléchargez-la et envoyez-la autrement."
	sayUnfinished = "Ce brouillon n’a pas pu être repris en entier\u00a0: il est trop long. L’original n’est ni remplacé ni supprimé\u00a0: il reste entier dans le dossier Brouillons."
)

// sayCut tells the person what is missing; a forward then brings the letter itself.
func (o *Outbox) sayCut(ctx context.Context, box *mailbox.Box, d Draft, from Origin) string {
	switch from.Kind {
	case Imported:
		return sayUnfinished
	case Forwarding:
		if err := o.bringOriginal(ctx, box, d.ID, from.Ref); err != nil {
			return strings.TrimSpace(sayNotJoined + " " + problem.SayOf(err))
		}
		return sayJoined
	}
	return sayUnquoted
}

// adopt fills a draft from one another program wrote, and tells whether some of its
// words, or their formatting, stayed behind. One that is formatted stays so, also on a
// page without a script: its plain form alone might say something else.
func (o *Outbox) adopt(ctx context.Context, box *mailbox.Box, from Origin, d *Draft) (l *mailbox.Letter, cut bool, err error) {
	in, err := box.InDrafts(ctx, from.Ref)
	if err != nil {
		return nil, false, err
	}
	if !in {
		return nil, false, problem.New(problem.Invalid, "Cette lettre n’est pas un brouillon\u00a0: elle ne peut pas être reprise. Transférez-la ou répondez-y.")
	}
	if l, err = box.Original(ctx, from.Ref); err != nil {
		return nil, false, err
	}
	env := l.Envelope
	d.Origin = Imported
	d.Fields.To, d.Fields.Cc, d.Fields.Bcc, d.Fields.Subject = recipientsOf(env.To), recipientsOf(env.Cc), recipientsOf(env.Bcc), env.Subject
	d.InReplyTo, d.References = env.InReplyTo, env.References
	if env.MessageID != "" && len(env.MessageID) <= 200 {
		// Its id stays, for other programs, unless it is that of a letter sent: the copy of
		// this one would be taken for filed already.
		if free, err := box.IsFree(ctx, env.MessageID); err == nil && free {
			d.MessageID = env.MessageID
		}
	}
	said := words(l, toGoOnIn)
	if l.Body.HTML != nil {
		cut, d.Fields.HTML = said.cutHTML || said.flat, said.noted(unfinished).html
	} else {
		cut, d.Fields.Text = said.cutText, said.noted(unfinished).text
	}
	return l, cut || utf8.RuneCountInString(env.Subject) > maxSubject, nil
}
