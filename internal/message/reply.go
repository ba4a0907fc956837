package message

import (
	"strings"

	"pli.example/pli/internal/mssante"
)

// Prefixes of what we answer and forward. A plain space before the colon is what
// French readers expect and what servers still recognise (RFC 5256 §2.1).
const (
	prefixReply   = "Re: " // on the wire as every program writes it; pages show the French spacing
	prefixForward = "Tr: "
)

// Reply is what an answer or a forward takes from the letter it is about.
type Reply struct {
	To, Cc     []Mailbox
	Subject    string
	InReplyTo  string // with angle brackets, "" when the letter has no usable id
	References []string
}

// ReplyTo prepares an answer (RFC 5322 §3.6.4, ECO.2.2.2). It goes where the
// letter asks (Reply-To, else From); all adds everyone else it was written to.
// self are the addresses of the mailbox that answers: they are taken out, unless
// nobody would be left. An answer to one's own letter goes to whom that one went.
// Addresses that could not be read are left out, names that pose as other
// addresses too. Bcc is never carried over.
func ReplyTo(env Envelope, self []mssante.Address, all bool) Reply {
	r := Reply{Subject: ReplySubject(env.Subject)}
	r.InReplyTo, r.References = thread(env)
	mine := make(map[string]bool, len(self))
	for _, a := range self {
		mine[a.Key()] = true
	}
	target := reachable(env.ReplyTo)
	if len(target) == 0 {
		target = reachable(env.From)
	}
	seen := make(map[string]bool)
	if own(reachable(env.From), mine) && own(target, mine) {
		r.To = fresh(reachable(env.To), mine, seen)
		if all || len(r.To) == 0 {
			r.Cc = fresh(reachable(env.Cc), mine, seen)
		}
	} else {
		r.To = fresh(target, nil, seen)
		if all {
			r.To = append(r.To, fresh(reachable(env.To), mine, seen)...)
			r.Cc = fresh(reachable(env.Cc), mine, seen)
		}
	}
	if len(r.To) == 0 {
		r.To, r.Cc = r.Cc, nil
	}
	if len(r.To) == 0 { // a note to oneself
		r.To = fresh(target, nil, seen)
	}
	return r
}

// Forward prepares a letter that carries this one to somebody else. It belongs to
// the same thread without answering anything.
func Forward(env Envelope) Reply {
	_, refs := thread(env)
	return Reply{Subject: ForwardSubject(env.Subject), References: refs}
}

// ReplySubject prefixes a subject once, whatever prefixes it carries already. The
// mark of a structured document goes (an answer carries none, ECO.3.1.3); so an
// answer's subject is never exactly "[FIN]" nor begins by "XDM/": nothing is
// closed or filed because somebody answered.
func ReplySubject(subject string) string {
	return trimSubject(prefixReply + mssante.VisibleSubject(baseSubject(subject)))
}

// ForwardSubject does the same for a forward, except that the subject of a letter
// with a structured document stays as it is: receiving software goes by its
// beginning (ECO.2.1.3).
func ForwardSubject(subject string) string {
	if strings.HasPrefix(subject, mssante.SubjectXDM) {
		return trimSubject(subject)
	}
	return trimSubject(prefixForward + baseSubject(subject))
}

func trimSubject(s string) string {
	if r := []rune(s); len(r) > MaxSubject {
		s = string(r[:MaxSubject-1]) + "…"
	}
	return strings.TrimSpace(s)
}

// prefixes in the languages of the programs letters come through. Single letters
// (Italian "R:", "I:") are left alone: they begin real subjects.
var prefixes = map[string]bool{
	"re": true, "ré": true, "rép": true, "rep": true, "réf": false, "tr": true, "fw": true, "fwd": true, // fr, en
	"aw": true, "wg": true, "antw": true, "doorst": true, // de, nl
	"sv": true, "vs": true, "vb": true, "vl": true, "vä": true, // scandinavian, fi
	"rv": true, "rif": true, "enc": true, "odp": true, "pd": true, "ynt": true, "ilt": true, // es, it, pt, pl, tr
	"回复": true, "答复": true, "转发": true, "回覆": true, "轉寄": true, // zh
}

const maxPrefixes = 100

// baseSubject takes off the prefixes of answers and forwards: "RE: Tr : Re[2]: x".
func baseSubject(s string) string {
	for range maxPrefixes {
		s = strings.TrimFunc(s, blank)
		i := strings.IndexAny(s, ":：")
		if i <= 0 || i > 30 {
			return s
		}
		word := strings.TrimFunc(s[:i], blank)
		word = strings.TrimFunc(uncounted(word), blank)
		if !prefixes[strings.ToLower(word)] {
			return s
		}
		_, s, _ = strings.Cut(strings.Replace(s, "：", ":", 1), ":")
	}
	return s
}

// uncounted takes the counter off "Re[2]" and "Re (3)".
func uncounted(w string) string {
	for _, pair := range []string{"[]", "()"} {
		if open := strings.IndexByte(w, pair[0]); open > 0 && w[len(w)-1] == pair[1] {
			if n := w[open+1 : len(w)-1]; n != "" && len(n) <= 3 && strings.Trim(n, "0123456789") == "" {
				return w[:open]
			}
		}
	}
	return w
}

func blank(r rune) bool { return r == ' ' || r == '\t' || r == '\u00a0' || r == '\u202f' }

// thread gives In-Reply-To and References of what follows env (RFC 5322 §3.6.4).
// Ids come from a letter: what could not stand in a header is dropped.
func thread(env Envelope) (inReplyTo string, references []string) {
	inReplyTo = referTo(env.MessageID)
	refs := env.References
	if len(refs) == 0 && env.InReplyTo != "" {
		refs = []string{env.InReplyTo}
	}
	if inReplyTo != "" {
		var before []string
		for _, id := range refs {
			if referTo(id) != inReplyTo {
				before = append(before, id)
			}
		}
		refs = append(before, inReplyTo)
	}
	return inReplyTo, referToAll(refs)
}

// reachable keeps the mailboxes one can write to, names made harmless.
func reachable(list []Mailbox) []Mailbox {
	var out []Mailbox
	for _, m := range list {
		if m.Address.IsZero() {
			continue
		}
		clean := Mailbox{Name: m.Name, Address: m.Address, Raw: m.Address.String(), Valid: true}
		if m.posing() {
			clean.Name = ""
		}
		clean.Name = cutUTF8(cleanLine(clean.Name), maxLabel)
		if clean.writable("") == nil {
			out = append(out, clean)
		}
	}
	return out
}

// fresh keeps those not seen before and not in without, up to the limit of a letter.
func fresh(list []Mailbox, without, seen map[string]bool) (out []Mailbox) {
	for _, m := range list {
		if k := m.Address.Key(); !without[k] && !seen[k] && len(seen) < MaxRecipients {
			seen[k] = true
			out = append(out, m)
		}
	}
	return out
}

func own(list []Mailbox, mine map[string]bool) bool {
	for _, m := range list {
		if !mine[m.Address.Key()] {
			return false
		}
	}
	return len(list) > 0
}
