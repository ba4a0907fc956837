package message

import (
	"crypto/rand"
	"io"
	"strings"
	"time"

	"pli.example/pli/internal/mssante"
)

// Limits of a letter we write.
const (
	MaxRecipients = 100 // of one letter, the least every server takes (RFC 5321 §4.5.3.1.8)
	MaxFiles      = 200 // files and inline pictures together
	MaxSubject    = 400 // characters

	maxLabel = 300 // bytes of a display name
	maxID    = 900 // bytes of a message id: it cannot be folded
	keepIDs  = 20  // last references kept in a reply, after the first one
)

// Compose is a letter about to be written. Its bytes come out of Write, streamed:
// the same value gives the same bytes, so that a hash of them may be kept.
// Everything in it may come from a form or from a hostile letter: what could
// break out of its field is refused by Check, and by Write.
type Compose struct {
	From                 Mailbox
	Sender               *Mailbox // who really writes, when a delegate does (RFC 5322 §3.6.2)
	ReplyTo, To, Cc, Bcc []Mailbox
	Subject              string
	Date                 time.Time // written in its own zone
	MessageID            string    // NewMessageID
	InReplyTo            string    // with or without angle brackets, like References
	References           []string

	Text string // UTF-8, any line ends
	HTML string // a sanitised fragment; "" = plain text only (ECO.2.2.4)
	// Inline are the pictures HTML shows by cid:, Files the attachments.
	Inline, Files []File

	DispositionTo *Mailbox // asks for a read receipt (RFC 8098 §2.1)
	NIL           string   // X-MSS-NIL, on every letter (ECO.2.4.3)
	MES           string   // X-MSS-MES (ECO.2.2.8): "FIN" or ""
	Extra         []Field  // NewField; a closed list of names, see Check
}

// File is one file of a letter. Open may be called once for each Write and must
// give exactly Size bytes.
type File struct {
	Name      string // as the person calls it; written by way of SafeFileName
	Type      string // "application/pdf"; what is no leaf type becomes application/octet-stream
	ContentID string // of an inline picture, with or without angle brackets
	Size      int64  // bytes before encoding
	Open      func() (io.ReadCloser, error)
}

// WriteOptions says for whom the bytes are.
type WriteOptions struct {
	// Bcc writes a copy that stays with the author (Drafts, Sent): it names the
	// Bcc recipients and carries the private fields. Never set for submission.
	Bcc bool
}

// The optional fields Extra may hold.
const (
	FieldImportance = "Importance"  // high, normal, low (RFC 4021 §2.1.54)
	FieldDraft      = "X-Pli-Draft" // the draft this copy is of; written in own copies only
)

// NewField makes a field for Compose.Extra; the value is text, encoded when written.
func NewField(name, value string) Field { return Field{Name: name, raw: []byte(value)} }

// NewMessageID makes an id nobody can guess and that tells nothing but the domain
// (RFC 5322 §3.6.4, ECO.2.2.1). It has its angle brackets.
func NewMessageID(domain string) string {
	d, err := mssante.ParseDomain(domain)
	if err != nil {
		d = "pli.invalid"
	}
	return "<" + strings.ToLower(rand.Text()) + "@" + string(d) + ">"
}

// Recipients gives every address the letter goes to, each once, in order.
func (c *Compose) Recipients() []mssante.Address {
	var out []mssante.Address
	seen := make(map[string]bool)
	for _, list := range [][]Mailbox{c.To, c.Cc, c.Bcc} {
		for _, m := range list {
			if k := m.Address.Key(); k != "" && !seen[k] {
				seen[k] = true
				out = append(out, m.Address)
			}
		}
	}
	return out
}

// plain is the text of a letter that was only given HTML.
func (c *Compose) plain() string {
	if c.Text == "" && c.HTML != "" {
		return HTMLText(c.HTML)
	}
	return c.Text
}

// referTo gives an id as it may stand in a header, or "" when it cannot: a
// received letter may carry anything as its id, and it is reused in ours.
func referTo(id string) string {
	id = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(id), "<"), ">")
	if id == "" || len(id) > maxID {
		return ""
	}
	for i := range len(id) {
		if c := id[i]; c <= ' ' || c >= 0x7F || c == '<' || c == '>' {
			return ""
		}
	}
	return "<" + id + ">"
}

// referToAll keeps the ids that can be written, each once: the first, which is the
// root of the exchange, and the last ones (RFC 5322 §3.6.4 lets a reply trim).
func referToAll(ids []string) []string {
	var out []string
	seen := make(map[string]bool)
	for _, id := range ids {
		if id = referTo(id); id != "" && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	if len(out) > keepIDs+1 {
		out = append(out[:1:1], out[len(out)-keepIDs:]...)
	}
	return out
}
