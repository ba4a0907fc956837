package mailserver

import (
	"bytes"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
)

// catcher takes the answers to a sweep off the line before go-imap sees them: a letter
// there costs the library some thirty allocations and two changes of goroutine, and a
// mailbox has a hundred thousand. It takes whole answers of the one form that servers
// write, byte for byte; whatever else comes is the library's, and fetchSwept reads that.
type catcher struct {
	some chan struct{} // capacity 1: there are letters enough to read
	mu   sync.Mutex
	got  caught
}

const enoughCaught = 250

// caught is letters off the line, each a part of one text.
type caught struct {
	rows []caughtRow
	text []byte
}

type caughtRow struct {
	seq, uid       uint32
	flags          string // as written, without parentheses
	received, size int64
	from, to       int // of its header in text
}

// maxCaught bounds one answer, header and all.
const maxCaught = sweepHeader + 4<<10

// take gives what came since.
func (c *catcher) take() caught {
	c.mu.Lock()
	defer c.mu.Unlock()
	got := c.got
	c.got = caught{}
	return got
}

// verdict is what an answer's beginning tells.
type verdict uint8

const (
	theirs verdict = iota // the library's
	ours
	unsure // not enough of it came yet
)

// look looks at the answer that b begins with, and takes it when it is one of a sweep;
// n is then how long it is.
func (c *catcher) look(b []byte) (n int, v verdict) {
	p := answer{b: b}
	r, header := p.swept()
	if p.v != ours {
		if p.v == unsure && len(b) >= maxCaught {
			return 0, theirs
		}
		return 0, p.v
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r.from = len(c.got.text)
	c.got.text = append(c.got.text, header...)
	r.to = len(c.got.text)
	if k := len(c.got.rows); k > 0 && c.got.rows[k-1].flags == string(p.flags) {
		r.flags = c.got.rows[k-1].flags
	} else {
		r.flags = string(p.flags)
	}
	if c.got.rows = append(c.got.rows, r); len(c.got.rows) >= enoughCaught {
		select {
		case c.some <- struct{}{}:
		default:
		}
	}
	return p.i, ours
}

// answer reads one line of the protocol (RFC 9051 §7.5.2, msg-att). Nothing is read
// once v is not ours.
type answer struct {
	b     []byte
	i     int
	v     verdict
	flags []byte
}

func (p *answer) swept() (r caughtRow, header []byte) {
	p.v = ours
	p.text("* ")
	r.seq = p.number32()
	p.text(" FETCH (")
	const uid, flags, date, size, body = 1, 2, 4, 8, 16
	seen := 0
	for first := true; p.v == ours; first = false {
		if !first {
			switch p.next() {
			case ')':
				p.text(")\r\n")
				if seen != uid|flags|date|size|body || r.uid == 0 || r.seq == 0 {
					p.fail(theirs)
				}
				return r, header
			}
			p.text(" ")
		}
		item := 0
		switch p.next() {
		case 'U':
			p.text("UID ")
			item, r.uid = uid, p.number32()
		case 'F':
			p.text("FLAGS (")
			item, p.flags = flags, p.until(')')
			p.fitFlags()
		case 'I':
			p.text(`INTERNALDATE "`)
			item, r.received = date, p.date(p.until('"'))
		case 'R':
			p.text("RFC822.SIZE ")
			item, r.size = size, p.number()
		case 'B':
			p.text("BODY[HEADER.FIELDS (")
			p.fitNames(p.until(')'))
			p.text("]")
			if p.next() == '<' {
				p.text("<0>")
			}
			item, header = body, p.literal()
		default:
			p.fail(theirs)
		}
		if seen&item != 0 {
			p.fail(theirs)
		}
		seen |= item
	}
	return r, header
}

func (p *answer) fail(v verdict) {
	if p.v == ours {
		p.v = v
	}
}

// next is the octet to come, 0 when there is none.
func (p *answer) next() byte {
	if p.v == ours && p.i < len(p.b) {
		return p.b[p.i]
	}
	p.fail(unsure)
	return 0
}

func (p *answer) text(want string) {
	rest := p.b[min(p.i, len(p.b)):]
	switch {
	case p.v != ours:
	case len(rest) >= len(want) && string(rest[:len(want)]) == want:
		p.i += len(want)
	case len(rest) < len(want) && strings.HasPrefix(want, string(rest)):
		p.v = unsure
	default:
		p.v = theirs
	}
}

// number is of at most fifteen digits.
func (p *answer) number() (n int64) {
	from := p.i
	for c := p.next(); c >= '0' && c <= '9' && p.i-from <= 15; c = p.next() {
		n = n*10 + int64(c-'0')
		p.i++
	}
	if p.i == from || p.i-from > 15 {
		p.fail(theirs)
	}
	return n
}

func (p *answer) number32() uint32 {
	n := p.number()
	if n > 1<<32-1 {
		p.fail(theirs)
	}
	return uint32(n)
}

// until gives what stands before an octet, and passes it.
func (p *answer) until(end byte) []byte {
	if p.v != ours {
		return nil
	}
	k := bytes.IndexByte(p.b[p.i:], end)
	if k < 0 {
		p.fail(unsure)
		return nil
	}
	out := p.b[p.i : p.i+k]
	p.i += k + 1
	return out
}

func (p *answer) fit(text []byte, octet func(c byte) bool) {
	for _, c := range text {
		if !octet(c) {
			p.fail(theirs)
		}
	}
}

func nameOctet(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-' || c == ' '
}

// fitNames wants names of fields, quoted or not, one space between two.
func (p *answer) fitNames(list []byte) {
	for word := range bytes.SplitSeq(list, []byte{' '}) {
		if n := len(word); n > 2 && word[0] == '"' && word[n-1] == '"' {
			word = word[1 : n-1]
		}
		if p.fit(word, func(c byte) bool { return c != ' ' && nameOctet(c) }); len(word) == 0 {
			p.fail(theirs)
		}
	}
}

// fitFlags wants atoms of plain letters, one space between two.
func (p *answer) fitFlags() {
	if len(p.flags) == 0 {
		return
	}
	for word := range bytes.SplitSeq(p.flags, []byte{' '}) {
		word = bytes.TrimPrefix(word, []byte{'\\'})
		p.fit(word, func(c byte) bool {
			return c != ' ' && nameOctet(c) || c >= '0' && c <= '9' || c == '$' || c == '_' || c == '.'
		})
		if len(word) == 0 {
			p.fail(theirs)
		}
	}
}

// literal is of a header no longer than was asked for.
func (p *answer) literal() []byte {
	p.text(" {")
	n := p.number()
	p.text("}\r\n")
	switch {
	case p.v != ours:
		return nil
	case n > sweepHeader:
		p.fail(theirs)
		return nil
	case int(n) > len(p.b)-p.i:
		p.fail(unsure)
		return nil
	}
	out := p.b[p.i : p.i+int(n)]
	p.i += int(n)
	return out
}

var monthNames = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

// date reads "17-Nov-2026 08:00:00 +0100" (RFC 9051 §9, date-time), seconds since 1970.
func (p *answer) date(s []byte) int64 {
	if p.v != ours {
		return 0
	}
	if len(s) != 26 || s[2] != '-' || s[6] != '-' || s[11] != ' ' || s[14] != ':' || s[17] != ':' || s[20] != ' ' || s[21] != '+' && s[21] != '-' {
		p.fail(theirs)
		return 0
	}
	if s[0] == ' ' {
		s = append([]byte{'0'}, s[1:]...)
	}
	n := func(from, to, most int) (out int) {
		for _, c := range s[from:to] {
			if c < '0' || c > '9' {
				p.fail(theirs)
			}
			out = out*10 + int(c-'0')
		}
		if out > most {
			p.fail(theirs)
		}
		return out
	}
	month := time.Month(0)
	for i, name := range monthNames {
		if name == string(s[3:6]) {
			month = time.Month(i + 1)
		}
	}
	day, east := n(0, 2, 31), n(22, 24, 14)*3600+n(24, 26, 59)*60
	if s[21] == '-' {
		east = -east
	}
	at := time.Date(n(7, 11, 9999), month, day, n(12, 14, 23), n(15, 17, 59), n(18, 20, 59), 0, time.UTC)
	if month == 0 || at.Day() != day || at.Month() != month {
		p.fail(theirs)
	}
	return at.Unix() - int64(east)
}

// flagsOf names flags as the library does.
func flagsOf(written string) []string {
	out := strings.Fields(written)
	for i, f := range out {
		for _, known := range knownFlags {
			if strings.EqualFold(f, string(known)) {
				out[i] = string(known)
			}
		}
	}
	return out
}

var knownFlags = [...]imap.Flag{imap.FlagSeen, imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagDraft, imap.FlagForwarded, imap.FlagMDNSent,
	imap.FlagJunk, imap.FlagNotJunk, imap.FlagPhishing, imap.FlagImportant}
