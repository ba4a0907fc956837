package ledger

import (
	"fmt"
	"strings"
)

// Kind is what an event says. As a state it is the one that counts most.
type Kind string

// The kinds. None is the state of a recipient nothing is known of yet.
const (
	None      Kind = ""
	Copied    Kind = "copied"    // a copy stands in Sent; says nothing of a recipient
	Queued    Kind = "queued"    // kept by us, to be sent
	Refused   Kind = "refused"   // our server said no: it did not leave for this recipient
	Unknown   Kind = "unknown"   // the line was lost before the answer (RFC 1047): it may have left
	Submitted Kind = "submitted" // our server took it
	Delayed   Kind = "delayed"   // a server on the way keeps trying (RFC 3464 "delayed")
	Contested Kind = "contested" // a notice nobody can believe says that it was given up: see message.Report.Believed
	Delivered Kind = "delivered" // in the recipient's mailbox (RFC 3464 "delivered")
	Bounced   Kind = "bounced"   // given up on the way (RFC 3464 "failed")
	Read      Kind = "read"      // the recipient's software says it was shown (RFC 8098)
)

// kinds in the order they count: a state only moves to the right. Unknown outweighs
// Refused, for a later attempt refused does not undo one that may have left; a
// bounce outweighs a delivery, for one of the two reports is wrong and the sender
// must look; somebody who read it outweighs both. What cannot be believed outweighs
// nothing that can.
func kinds() []Kind {
	return []Kind{None, Copied, Queued, Refused, Unknown, Submitted, Delayed, Contested, Delivered, Bounced, Read}
}

// Kinds lists every kind, in the order they count.
func Kinds() []Kind { return kinds() }

// Code is the kind as figures name it: never empty.
func (k Kind) Code() string {
	if k == None {
		return "none"
	}
	return string(k)
}

// rank is the place in kinds, -1 for what is no kind.
func (k Kind) rank() int {
	for i, known := range kinds() {
		if k == known {
			return i
		}
	}
	return -1
}

// state is what an event of this kind makes of a recipient.
func (k Kind) state() Kind {
	if k == Copied {
		return None
	}
	return k
}

// Final reports whether nothing more is expected: given up, or there.
func (k Kind) Final() bool { return k == Refused || k == Delivered || k == Bounced || k == Read }

// Label says the state in French.
func (k Kind) Label() string {
	switch k {
	case None:
		return "En préparation"
	case Copied:
		return "Copiée dans les messages envoyés"
	case Queued:
		return "En attente d’envoi"
	case Refused:
		return "Non partie"
	case Unknown:
		return "Envoi incertain"
	case Submitted:
		return "Envoyée"
	case Delayed:
		return "Retardée"
	case Contested:
		return "Un avis non vérifié dit qu’elle n’a pas été remise"
	case Delivered:
		return "Remise"
	case Bounced:
		return "Non remise"
	case Read:
		return "Lue"
	}
	return string(k)
}

// rankSQL is rank as an expression over the column kind, from the same list.
func rankSQL() string {
	var b strings.Builder
	b.WriteString("CASE kind")
	for i, k := range kinds() {
		if k.state() != None {
			fmt.Fprintf(&b, " WHEN '%s' THEN %d", k, i)
		}
	}
	return b.String() + " ELSE 0 END"
}
