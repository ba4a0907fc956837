package rules

import (
	"maps"
	"slices"
	"strings"
)

// writer makes Sieve. raw takes this room's own words only; whatever comes from a
// user, a letter or a server goes through str.
type writer struct {
	b     strings.Builder
	needs map[string]bool
}

func (w *writer) raw(own string) *writer {
	w.b.WriteString(own)
	return w
}

// str writes a quoted string (RFC 5228 §2.4.2): whatever it holds, it ends where we
// end it. A NUL, which no Sieve string may hold, and what is no UTF-8 are left out; a
// line end becomes CRLF, the only one there is.
func (w *writer) str(s string) *writer {
	w.b.WriteByte('"')
	w.b.WriteString(quoting.Replace(lines.Replace(strings.ToValidUTF8(s, ""))))
	w.b.WriteByte('"')
	return w
}

var (
	lines   = strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n", "\x00", "")
	quoting = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
)

// list writes a string list (§2.4.2.1).
func (w *writer) list(all []string) *writer {
	w.raw("[")
	for i, s := range all {
		if i > 0 {
			w.raw(", ")
		}
		w.str(s)
	}
	return w.raw("]")
}

func (w *writer) tests(how string, all []test) {
	w.raw(how).raw(" (")
	for i, t := range all {
		if i > 0 {
			w.raw(", ")
		}
		t.write(w)
	}
	w.raw(")")
}

// need notes an extension that what is written requires (§3.2).
func (w *writer) need(extension string) {
	if w.needs == nil {
		w.needs = map[string]bool{}
	}
	w.needs[extension] = true
}

// script gives the whole, its require first.
func (w *writer) script() string {
	var head writer
	if len(w.needs) > 0 {
		head.raw("require ").list(slices.Sorted(maps.Keys(w.needs))).raw(";\r\n")
	}
	return head.b.String() + w.b.String()
}

// The extensions Pli's scripts may require.
const (
	extFileInto   = "fileinto"   // RFC 5228 §4.1
	extFlags      = "imap4flags" // RFC 5232
	extMailbox    = "mailbox"    // RFC 5490 §3, where there is one
	extVacation   = "vacation"   // RFC 5230
	extDate       = "date"       // RFC 5260
	extRelational = "relational" // RFC 5231
	extEnvelope   = "envelope"   // RFC 5228 §5.4
)

// Extensions are all of them.
func Extensions() []string {
	return []string{extFileInto, extFlags, extMailbox, extVacation, extDate, extRelational, extEnvelope}
}

// write gives the rule as an if with its actions.
func (r Rule) write(w *writer, has func(string) bool) {
	w.raw("if ")
	r.test().write(w)
	w.raw(" {\r\n")
	for _, f := range r.flags() {
		w.need(extFlags)
		w.raw("  addflag ").str(f).raw(";\r\n")
	}
	if r.Folder != "" {
		w.need(extFileInto)
		into := func() { w.raw("fileinto ").str(r.Folder).raw("; stop;") }
		if has(extMailbox) { // a folder that is gone leaves the letter in the inbox
			w.need(extMailbox)
			w.raw("  if mailboxexists ").str(r.Folder).raw(" { ")
			into()
			w.raw(" }\r\n")
		} else {
			w.raw("  ")
			into()
			w.raw("\r\n")
		}
	}
	if r.Stop {
		w.raw("  stop;\r\n")
	}
	w.raw("}\r\n")
}

func (r Rule) flags() (out []string) {
	if r.Seen {
		out = append(out, `\Seen`)
	}
	if r.Flagged {
		out = append(out, `\Flagged`)
	}
	return out
}

// needs are the extensions without which the rule cannot be written.
func (r Rule) needs() (out []string) {
	if r.Folder != "" {
		out = append(out, extFileInto)
	}
	if r.Seen || r.Flagged {
		out = append(out, extFlags)
	}
	return out
}
