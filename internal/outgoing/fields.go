package outgoing

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/sanitize"
)

// Fields is what a person writes. A draft keeps it as it is, complete or not;
// Check says what is missing.
type Fields struct {
	To, Cc, Bcc []Recipient
	Subject     string
	// HTML is the editor's; it is sanitised before it is kept. "" is a letter in plain
	// text.
	HTML string
	// Text is the plain form. With HTML it is made from it, whatever is given here.
	Text string
	// DeliveryReceipt asks the servers for a notice of delivery (ECO.2.3.1), ReadReceipt
	// the reader for one of reading (ECO.3.1.6).
	DeliveryReceipt, ReadReceipt bool
	// NoReply forbids the patient to answer this letter (X-MSS-MES: FIN, ECO.2.2.8).
	// It has no effect on a letter to professionals.
	NoReply bool
}

// Recipient is a person to write to as typed or picked: Address may be half typed.
type Recipient struct {
	Name    string `json:"n,omitempty"`
	Address string `json:"a"`
}

// Parse gives the address, when it is one.
func (r Recipient) Parse() (mssante.Address, bool) {
	a, err := mssante.ParseAddress(strings.TrimSpace(r.Address))
	return a, err == nil
}

// Recipients reads what was typed in a To field: names, addresses, commas or
// semicolons. What is no address is kept as typed.
func Recipients(typed string) []Recipient {
	var out []Recipient
	for _, m := range message.ParseAddressList(typed) {
		r := Recipient{Name: m.Name, Address: m.Raw}
		if m.Valid {
			r.Address = m.Address.String()
		}
		if r.Address == "" {
			r.Address, r.Name = m.Name, ""
		}
		if r.Address != "" {
			out = append(out, r)
		}
	}
	return out
}

// Everybody gives To, Cc and Bcc together.
func (f Fields) Everybody() []Recipient {
	out := make([]Recipient, 0, len(f.To)+len(f.Cc)+len(f.Bcc))
	return append(append(append(out, f.To...), f.Cc...), f.Bcc...)
}

// Bounds of what a draft keeps.
const (
	maxSubject   = message.MaxSubject
	maxHTML      = 2 << 20 // octets, before and after sanitising
	maxText      = 1 << 20
	maxKept      = 500 // recipients a draft keeps; how many a letter may have is Check's
	maxTyped     = 320 // characters of an address as typed
	maxName      = 100 // characters of a name
	sayTooLong   = "Votre texte dépasse ce qu’une lettre peut contenir (environ un million de caractères). Ce qui était enregistré l’est toujours\u00a0: joignez plutôt un document."
	sayManyTyped = "Il y a trop de destinataires (500 au plus dans un brouillon). Ce qui était enregistré l’est toujours."
)

// clean makes fields fit to be kept: sanitised, one plain form, no control
// character. Only what is over a cap is refused.
func (f Fields) clean() (Fields, error) {
	if len(f.To)+len(f.Cc)+len(f.Bcc) > maxKept {
		return f, problem.New(problem.TooMany, sayManyTyped)
	}
	if len(f.HTML) > maxHTML || len(f.Text) > maxText {
		return f, problem.New(problem.TooLarge, sayTooLong)
	}
	f.To, f.Cc, f.Bcc = cleanAll(f.To), cleanAll(f.Cc), cleanAll(f.Bcc)
	f.Subject = oneLine(f.Subject, maxSubject)
	if f.HTML != "" {
		r := sanitize.HTML([]byte(f.HTML), sanitize.Options{})
		if r.Truncated || len(r.HTML) > maxHTML {
			return f, problem.New(problem.TooLarge, sayTooLong)
		}
		f.HTML = string(r.HTML)
		if f.Text = PlainOf(f.HTML); len(f.Text) > maxText {
			return f, problem.New(problem.TooLarge, sayTooLong)
		}
	}
	f.Text = lines(f.Text)
	return f, nil
}

func cleanAll(in []Recipient) []Recipient {
	out := make([]Recipient, 0, len(in))
	for _, r := range in {
		r = Recipient{Name: oneLine(r.Name, maxName), Address: oneLine(r.Address, maxTyped)}
		if r.Address == "" {
			r.Address, r.Name = r.Name, ""
		}
		if r.Address != "" {
			out = append(out, r)
		}
	}
	return out
}

// oneLine drops controls and invisible direction marks, which could make a header
// or a name read otherwise than it is.
func oneLine(s string, max int) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			r = ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			continue
		}
		if n++; n > max {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// lines keeps text with \n ends and no other control than the tab.
func lines(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}
