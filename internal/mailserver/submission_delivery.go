package mailserver

import (
	"fmt"
	"strings"

	"pli.example/pli/internal/mssante"
)

// SubmissionRequest is the envelope of one letter.
type SubmissionRequest struct {
	From mssante.Address   // the mailbox: who signs in, and the return path
	To   []mssante.Address // each once; a second mention is left out
	// DSN asks for a report on success, failure and delay, where announced.
	DSN        bool
	EnvelopeID string // comes back in reports (ENVID); printable ASCII, at most 100
	Size       int64  // bytes write gives, exactly
	Partial    bool   // go on without the recipients that are refused
}

// Stage says how far a letter got.
type Stage int

// The stages. Nothing left before StageAccepted; with StageUnknown nobody can
// know: the letter was shown whole and no answer came (RFC 1047).
const (
	StageBefore   Stage = iota // the server did not answer for the letter; nobody got it
	StageRefused               // the server said no; nobody got it
	StageAccepted              // the server answers for the letter from now on
	StageUnknown
)

// String gives the stable code for logs and the trail.
func (s Stage) String() string {
	if s < 0 || int(s) > 3 {
		return "unknown"
	}
	return [...]string{"before", "refused", "accepted", "unknown"}[s]
}

// Delivery is what came of a submission. Texts are the server's, cleaned: safe to
// show as text. They may name a patient: never to be logged.
type Delivery struct {
	Stage      Stage
	Recipients []RecipientOutcome // in the order of the request
	Code       int                // of the answer that decided, 0 when there was none
	Enhanced   string             // "5.7.1" (RFC 3463), "" when unsaid
	Reply      string
	QueueID    string // by which the operator finds the letter in its logs; "" when unsaid
}

// RecipientOutcome is what the server said of one recipient. Accepted says that it
// took the letter for them; Code and Text may be good all the same when another
// recipient or the letter itself was refused.
type RecipientOutcome struct {
	Address        mssante.Address
	Accepted       bool
	Code           int // 0 when the server was not asked
	Enhanced, Text string
}

// newDelivery also takes second mentions out of the request.
func newDelivery(req *SubmissionRequest) Delivery {
	d := Delivery{}
	seen := make(map[string]bool)
	var to []mssante.Address
	for _, a := range req.To {
		if !seen[a.Key()] {
			seen[a.Key()] = true
			to = append(to, a)
			d.Recipients = append(d.Recipients, RecipientOutcome{Address: a})
		}
	}
	req.To = to
	return d
}

// settle makes Accepted true to the stage.
func (d *Delivery) settle() {
	for i := range d.Recipients {
		d.Recipients[i].Accepted = d.Stage == StageAccepted && d.Recipients[i].Code/100 == 2
	}
}

// refused notes the answer that ended a transaction.
func (d *Delivery) refused(r smtpReply) {
	d.Stage, d.Code, d.Enhanced, d.Reply = StageRefused, r.code, r.enhanced, r.text()
}

const (
	maxEnvelope = 1000 // recipients of one transaction
	maxENVID    = 100  // RFC 3461 §4.4
)

func (q SubmissionRequest) check() error {
	switch {
	case len(q.To) == 0 || len(q.To) > maxEnvelope:
		return fmt.Errorf("%w: %d recipients", errValue, len(q.To))
	case q.Size <= 0:
		return fmt.Errorf("%w: size", errValue)
	case len(q.EnvelopeID) > maxENVID || strings.ContainsFunc(q.EnvelopeID, func(r rune) bool { return r < ' ' || r > '~' }):
		return fmt.Errorf("%w: envelope id", errValue)
	}
	for _, a := range append([]mssante.Address{q.From}, q.To...) {
		if _, err := smtpPath(a); err != nil {
			return err
		}
	}
	return nil
}

// smtpPath writes an address between angle brackets and says whether it goes
// beyond ASCII (RFC 6531). Anything else than a plain address is refused.
func smtpPath(a mssante.Address) (beyond bool, err error) {
	s := a.String()
	for _, r := range s {
		if r <= ' ' || r >= 0x7F && r < 0xA0 || strings.ContainsRune("<>()[]\\,;:\"\u2028\u2029\uFFFD", r) {
			return false, fmt.Errorf("%w: address", errValue)
		}
		beyond = beyond || r >= 0x80
	}
	if beyond {
		if len(s) > 254 || strings.Count(s, "@") != 1 {
			return false, fmt.Errorf("%w: address", errValue)
		}
		return true, nil
	}
	if b, err := mssante.ParseAddress(s); err != nil || b != a {
		return false, fmt.Errorf("%w: address", errValue)
	}
	return false, nil
}
