package mailbox

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// Exchange is every letter between this mailbox and one patient, and where they stand.
type Exchange struct {
	ID      string          // opaque: an address that names a patient stands in no URL
	Patient mssante.Address // built on the INS: shown by its mask, see mssante.INS
	Name    string          // as the patient's own label gives it, never split; "" when there is none
	State   conversation.State
	Letters []ExchangeLetter // oldest first
	Unread  int
	// Told is when somebody said that the patient, whom the newest letter of the exchange did
	// not reach, was told otherwise: the exchange waits for nobody. Zero for none.
	Told time.Time
}

// Last is the newest letter; an exchange has one at least.
func (e Exchange) Last() ExchangeLetter { return e.Letters[len(e.Letters)-1] }

// LastOfPatient is the newest letter the patient wrote; false when there is none.
func (e Exchange) LastOfPatient() (ExchangeLetter, bool) {
	for _, l := range slices.Backward(e.Letters) {
		if !l.Ours {
			return l, true
		}
	}
	return ExchangeLetter{}, false
}

// CameBack is the newest letter of the exchange when it is one of ours that no server could
// deliver; those not known to have left do not count.
func (e Exchange) CameBack() (ExchangeLetter, bool) {
	for _, l := range slices.Backward(e.Letters) {
		if l.Mark != conversation.Leaving {
			return l, l.Mark == conversation.Lost
		}
	}
	return ExchangeLetter{}, false
}

// ExchangeLetter is one letter of an exchange.
type ExchangeLetter struct {
	Item           // UID 0: it has left, its copy is not in Sent yet
	Ours      bool // from this mailbox
	NoReply   bool // ours, and the patient cannot answer this very letter
	Mark      conversation.Mark
	MessageID string
	Gone      bool // UID 0, and its copy was in Sent once
	Fin       bool // ours, subject exactly [FIN], whether it arrived or not
	// Lost is what the server said that did not deliver it; nil unless Mark is
	// conversation.Lost.
	Lost *message.ReportRecipient
	// Doubt is what a notice nobody can believe says of it: that it was not delivered. nil
	// for none; see message.Report.Believed.
	Doubt *message.ReportRecipient

	of conversation.Letter
}

// Unfiled is a letter that left and whose copy Sent does not show yet: it counts all
// the same.
type Unfiled struct {
	MessageID, InReplyTo string
	To                   []message.Mailbox
	Subject, MES, Text   string
	At                   time.Time
	Filed                bool // its copy was in Sent: it counts in an exchange that has other letters
	UnderWay             bool // not known to have left yet: shown as such in an exchange that has other letters
}

// Left is what the outbox knows of the letters that left a mailbox; the zero value is
// one that knows nothing.
type Left struct {
	Unfiled []Unfiled
	// Lost tells whether a letter was given up on its way to a patient, and the status
	// code (RFC 3463); known is false when nothing was heard of a failure. nil: never.
	Lost func(messageID string, patient mssante.Address) (status string, lost, known bool)
	// Submitted tells whether a letter left under that envelope id. nil: never.
	Submitted func(ctx context.Context, messageID, envelopeID string) bool
	// Told tells when somebody said that the patient whom a letter did not reach was told
	// otherwise; false when nobody did. nil: nobody.
	Told func(messageID string, patient mssante.Address) (time.Time, bool)
	// Heard is told of each letter that came back and of which Lost knows nothing: Message-ID,
	// patient and what was said. It keeps it, for its notice may be thrown away. It hears nothing
	// from who may not send. nil: nobody.
	Heard func(context.Context, string, message.ReportRecipient)
}

// Exchanges are those of a mailbox.
type Exchanges struct {
	All []Exchange
	Say string // French: what was not looked at, "" when everything was
	// Unfinished: for want of time not everything was looked at; the next call goes on.
	Unfinished bool
	// Unsure: a letter that was not looked at may change any state.
	Unsure bool

	older []Exchange // those whose state is not known, for want of older letters
}

// Waiting counts those that wait for us, for a counter that must be able to come to zero:
// a patient whom no letter reached stands with them, and is not counted, for nothing that is
// done in the exchange ever ends that. What an unverified notice contests counts: closing or
// writing again ends it, and so does putting the notice in the bin.
func (x Exchanges) Waiting() (n int) {
	for _, e := range x.All {
		if e.Told.IsZero() && (e.State.Phase == conversation.WaitingForUs || !e.State.Contested.IsZero()) {
			n++
		}
	}
	return n
}

// Waits reports that the exchange waits for us: for an answer, for another way to reach a
// patient whom none of our letters reached, or for a look at a letter that may not have
// arrived. One who was told otherwise waits no more, until a letter comes or leaves.
func (e Exchange) Waits() bool {
	return e.Told.IsZero() && (e.State.Phase == conversation.WaitingForUs || e.State.Phase == conversation.NotOpened || !e.State.Contested.IsZero())
}

const sayNoExchange = "Cet échange n’est plus dans les lettres de cette boîte, sans doute déplacées ou supprimées depuis un autre poste. Revenez à la liste des patients."

const sayOlderExchange = "Cet échange est plus ancien que les lettres que Pli a pu regarder dans tous les dossiers de cette grande boîte\u00a0: il ne peut pas dire où il en est. Ses lettres sont toujours dans leur dossier\u00a0; cherchez-les par le nom du patient."

// Exchanges collects the exchanges with patients: those that wait for us first, the
// patient who has waited longest at the head, then the most recent.
func (b *Box) Exchanges(ctx context.Context, left Left) (Exchanges, error) {
	if err := b.may(ctx, delegation.Patients, audit.ExchangeList); err != nil {
		return Exchanges{}, err
	}
	x, err := b.exchanges(ctx, left)
	return x, b.record(ctx, audit.Event{Action: audit.ExchangeList, Request: "SEARCH HEADER From To", Count: len(x.All)}, err)
}

// Exchange gives one of them. A stale id is Gone, never another patient.
func (b *Box) Exchange(ctx context.Context, id string, left Left) (Exchange, Exchanges, error) {
	return b.exchange(ctx, id, left, audit.Event{Action: audit.ExchangeOpen, Request: "SEARCH HEADER From To"})
}

// ShowINS is Exchange for somebody who asks to see the patient's INS whole.
func (b *Box) ShowINS(ctx context.Context, id string, left Left) (Exchange, Exchanges, error) {
	return b.exchange(ctx, id, left, audit.Event{Action: audit.PatientINS, Request: "shown"})
}

func (b *Box) exchange(ctx context.Context, id string, left Left, e audit.Event) (Exchange, Exchanges, error) {
	if err := b.may(ctx, delegation.Patients, e.Action); err != nil {
		return Exchange{}, Exchanges{}, err
	}
	x, err := b.exchanges(ctx, left)
	var found Exchange
	if err == nil {
		i := slices.IndexFunc(x.All, func(e Exchange) bool { return e.ID == id })
		if i < 0 {
			err = problem.New(problem.Gone, sayNoExchange)
			if slices.ContainsFunc(x.older, func(e Exchange) bool { return e.ID == id }) {
				err = problem.New(problem.Gone, sayOlderExchange)
			}
		} else {
			found = x.All[i]
			e.Detail, e.Count = found.Patient.String(), len(found.Letters)
		}
	}
	e.Target = id
	if err = b.record(ctx, e, err); err != nil {
		return Exchange{}, Exchanges{}, err
	}
	return found, x, nil
}

// ExchangeID is the opaque id of the exchange with a patient, whether it has letters
// yet or not.
func (h *House) ExchangeID(mailboxID string, patient mssante.Address) string {
	return h.keys.Opaque("exchange", mailboxID, patient.Key())
}

// MayPatients refuses, and writes down, what the grant does not carry with patients.
func (b *Box) MayPatients(ctx context.Context, action audit.Action) error {
	return b.may(ctx, delegation.Patients, action)
}

// Awaiting counts the exchanges that wait for us, for a counter: it shows no letter,
// so it is not recorded. more: not everything was looked at yet. -1 beside an error.
func (h *House) Awaiting(ctx context.Context, actor mssante.Actor, g delegation.Grant, left Left) (n int, more bool, err error) {
	if g.Grantee != actor.NationalID || !g.Live(h.now()) || !g.Rights.Has(delegation.Read|delegation.Patients) {
		return -1, false, problem.New(problem.Denied, "")
	}
	b := &Box{h: h, actor: actor, grant: g, mail: h.servers.For(actor, g.Mailbox.Address)}
	x, err := b.exchanges(ctx, left)
	if err != nil {
		return -1, false, err
	}
	return x.Waiting(), x.Unfinished, nil
}

func (b *Box) exchanges(ctx context.Context, left Left) (Exchanges, error) {
	all, err := b.correspondence(ctx)
	if err != nil {
		return Exchanges{}, err
	}
	x := Exchanges{Unfinished: all.unfinished, Unsure: all.unsure}
	x.All, x.older = b.pairs(ctx, all, left)
	for i := range x.All {
		x.All[i].Told = left.toldOtherwise(&x.All[i])
	}
	if !b.grant.Rights.Has(delegation.Send) { // what opening a notice asks for too: the ledger is of those who send
		left.Heard = nil
	}
	left.keep(ctx, x.All)
	left.keep(ctx, x.older)
	x.Say = strings.TrimSpace(sayOlder(len(x.older)) + " " + all.say)
	slices.SortStableFunc(x.All, func(a, b Exchange) int {
		switch ours, theirs := a.Waits(), b.Waits(); {
		case ours && theirs:
			if answer := a.State.Phase == conversation.WaitingForUs; answer != (b.State.Phase == conversation.WaitingForUs) {
				if answer { // a patient who waits stands before one not reached
					return -1
				}
				return 1
			}
			return a.since().Compare(b.since())
		case ours:
			return -1
		case theirs:
			return 1
		}
		if d := b.since().Compare(a.since()); d != 0 {
			return d
		}
		return cmp.Compare(a.ID, b.ID)
	})
	return x, nil
}

// toldOtherwise is about the newest letter alone, those not known to have left apart: what the
// patient wrote since waits, and so does a letter of ours that came back since.
func (l Left) toldOtherwise(e *Exchange) time.Time {
	x, back := e.CameBack()
	if l.Told == nil || !back {
		return time.Time{}
	}
	at, _ := l.Told(x.MessageID, e.Patient)
	return at
}

// keep tells Heard what notices say of letters and Lost does not know.
func (l Left) keep(ctx context.Context, all []Exchange) {
	if l.Heard == nil {
		return
	}
	for _, e := range all {
		for _, x := range e.Letters {
			if x.Lost == nil {
				continue
			}
			if l.Lost != nil {
				if _, _, known := l.Lost(x.MessageID, e.Patient); known {
					continue
				}
			}
			said := *x.Lost
			said.Address = e.Patient
			l.Heard(ctx, x.MessageID, said)
		}
	}
}

// since is when the exchange became what it is.
func (e Exchange) since() time.Time {
	if e.State.Since.IsZero() {
		return e.State.Lost
	}
	return e.State.Since
}
