package message

import (
	"net/mail"
	"strings"
	"time"
)

// Envelope is what a list and the head of a letter show.
type Envelope struct {
	From, ReplyTo, To, Cc, Bcc []Mailbox
	Sender                     []Mailbox
	Subject                    string    // decoded, one line; the XDM prefix is still there
	Date                       time.Time // zero when absent or unreadable
	MessageID                  string    // without angle brackets
	InReplyTo                  string
	References                 []string
	Warnings                   []Warning // about the sender, for the card
}

// Warning is a reason not to take the sender at their word.
type Warning string

// The warnings. Their order is the order of gravity on the card.
const (
	WarnNoSender    Warning = "no_sender"    // no From at all
	WarnSeveralFrom Warning = "several_from" // two From fields, or two authors without a Sender
	WarnGroup       Warning = "group"        // From is a group: nobody in particular
	WarnHidden      Warning = "hidden"       // control, invisible or encoded characters in the address or name
	WarnPosing      Warning = "posing"       // the name reads as another address
	WarnBadAddress  Warning = "bad_address"  // no address that could be checked
)

// Say is the sentence for the sender card.
func (w Warning) Say() string {
	switch w {
	case WarnNoSender:
		return "Cette lettre ne dit pas qui l’a écrite."
	case WarnSeveralFrom:
		return "Cette lettre indique plusieurs expéditeurs\u00a0: ne vous fiez à aucun sans vérifier."
	case WarnGroup:
		return "L’expéditeur est un nom de groupe, pas une personne."
	case WarnHidden:
		return "Le nom ou l’adresse de l’expéditeur contenait des caractères cachés\u00a0: ils ont été retirés, méfiez-vous."
	case WarnPosing:
		return "Le nom affiché imite une autre adresse que celle qui a envoyé cette lettre."
	case WarnBadAddress:
		return "L’adresse de l’expéditeur n’est pas une adresse valide."
	}
	return ""
}

const maxReferences = 100

func envelopeOf(h Header) Envelope {
	e := Envelope{
		From: addresses(h, "From"), Sender: addresses(h, "Sender"), ReplyTo: addresses(h, "Reply-To"),
		To: addresses(h, "To"), Cc: addresses(h, "Cc"), Bcc: addresses(h, "Bcc"),
		Subject: h.Get("Subject"), Date: ParseDate(h.Raw("Date")),
	}
	if ids := messageIDs(h.Raw("Message-ID")); len(ids) > 0 {
		e.MessageID = ids[0]
	}
	if ids := messageIDs(h.Raw("In-Reply-To")); len(ids) > 0 {
		e.InReplyTo = ids[0]
	}
	e.References = messageIDs(h.Raw("References"))
	e.Warnings = e.judge(h.count("From"))
	return e
}

// Judge fills Warnings for an envelope made from a server's words, where from
// fields cannot be counted.
func (e *Envelope) Judge() { e.Warnings = e.judge(1) }

// judge looks at the author the way a hurried reader would be fooled. Every From
// field counts (RFC 5322 §3.6 allows one): programs differ on which they show.
func (e *Envelope) judge(fields int) (out []Warning) {
	if len(e.From) == 0 {
		return []Warning{WarnNoSender}
	}
	if fields > 1 || len(e.From) > 1 {
		out = append(out, WarnSeveralFrom)
	}
	has := func(f func(Mailbox) bool) bool {
		for _, m := range e.From {
			if f(m) {
				return true
			}
		}
		return false
	}
	if has(func(m Mailbox) bool { return m.group }) {
		out = append(out, WarnGroup)
	}
	if has(func(m Mailbox) bool { return m.hidden }) {
		out = append(out, WarnHidden)
	}
	if has(Mailbox.posing) {
		out = append(out, WarnPosing)
	}
	if has(func(m Mailbox) bool { return m.Address.IsZero() }) {
		out = append(out, WarnBadAddress)
	}
	return out
}

// addresses joins all fields of that name: none may hide behind another.
func addresses(h Header, name string) []Mailbox {
	var out []Mailbox
	size := 0
	for _, f := range h.Fields {
		if !strings.EqualFold(f.Name, name) {
			continue
		}
		if size += len(f.raw); size > maxAddressBytes && out != nil {
			break
		}
		out = append(out, ParseAddressList(string(f.raw))...)
	}
	return out
}

// MessageIDs reads the value of Message-ID, In-Reply-To or References: the ids without
// angle brackets, the last 100.
func MessageIDs(raw string) []string { return messageIDs(raw) }

// messageIDs reads the ids of a Message-ID or References value: what stands
// between angle brackets, or bare words with an @. The last 100 are kept.
func messageIDs(raw string) []string {
	s := unfold(cutUTF8(raw, maxValueBytes))
	var out []string
	add := func(id string) {
		if id = strings.Join(strings.Fields(cleanLine(id)), ""); id != "" && len(id) < 1000 {
			out = append(out, id)
		}
	}
	if !strings.Contains(s, "<") {
		for _, w := range strings.Fields(s) {
			if strings.Contains(w, "@") {
				add(w)
			}
		}
	}
	for {
		_, rest, ok := strings.Cut(s, "<")
		if !ok {
			break
		}
		id, after, ok := strings.Cut(rest, ">")
		if !ok {
			break
		}
		add(id)
		s = after
	}
	if len(out) > maxReferences {
		out = out[len(out)-maxReferences:]
	}
	return out
}

// dateForms are what net/mail refuses and mail holds.
var dateForms = []string{
	"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05", "2 Jan 2006 15:04 -0700", "2 Jan 2006 15:04",
	"2 Jan 06 15:04:05 -0700", "2 Jan 06 15:04:05", "2 Jan 2006", "Jan 2 15:04:05 2006", "Jan 2 15:04:05 MST 2006",
	"Jan 2, 2006 15:04:05", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", time.RFC3339, "2006-01-02T15:04:05",
	"January 2, 2006 15:04:05", "2-Jan-2006 15:04:05 -0700", "02/01/2006 15:04:05", "02/01/2006 15:04",
}

// ParseDate reads a Date value, forgiving; zero when it cannot.
func ParseDate(raw string) time.Time {
	s := DecodeHeaderText(cutUTF8(raw, 200))
	if t, err := mail.ParseDate(s); err == nil && t.Year() > 1900 {
		return t
	}
	if i := strings.IndexByte(s, '('); i > 0 {
		s = s[:i]
	}
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, ".", ":")), " ")
	if day, rest, ok := strings.Cut(s, ","); ok && len(day) < 12 && !strings.ContainsAny(day, "0123456789") {
		s = strings.TrimSpace(rest)
	} else if day, rest, ok := strings.Cut(s, " "); ok && len(day) == 3 && weekday(day) {
		s = rest
	}
	for _, form := range dateForms {
		if t, err := time.Parse(form, s); err == nil {
			return t
		}
	}
	// A zone nobody understands costs the zone, not the date.
	if i := strings.LastIndexByte(s, ' '); i > 10 {
		for _, form := range dateForms {
			if t, err := time.Parse(form, s[:i]); err == nil {
				return t
			}
		}
	}
	return time.Time{}
}

func weekday(s string) bool {
	return strings.Contains("mon tue wed thu fri sat sun", strings.ToLower(s))
}
