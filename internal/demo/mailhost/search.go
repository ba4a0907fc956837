package mailhost

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// Search matches without case but, like Dovecot without an index, not without
// accents.
func (s *session) Search(kind imapserver.NumKind, c *imap.SearchCriteria, o *imap.SearchOptions) (*imap.SearchData, error) {
	v := s.view
	v.box.mu.Lock()
	all := v.items(imap.SeqSet{{Start: 1, Stop: 0}})
	flags := make([]map[string]bool, len(all))
	for i, it := range all {
		flags[i] = map[string]bool{}
		for key := range it.l.flags {
			flags[i][key] = true
		}
	}
	last := uint32(len(v.seen))
	var lastUID uint32
	if len(v.seen) > 0 {
		lastUID = uint32(v.seen[len(v.seen)-1].uid)
	}
	saved := v.saved
	v.box.mu.Unlock()

	m := matcher{last: last, lastUID: lastUID, saved: saved}
	data := &imap.SearchData{}
	var seqs imap.SeqSet
	var uids imap.UIDSet
	for i, it := range all {
		if !m.match(it, flags[i], c, 0) {
			continue
		}
		seqs.AddNum(it.seq)
		uids.AddNum(it.l.uid)
		n := it.seq
		if kind == imapserver.NumKindUID {
			n = uint32(it.l.uid)
		}
		if data.Count == 0 {
			data.Min = n
		}
		data.Max = n
		data.Count++
	}
	data.All = seqs
	if kind == imapserver.NumKindUID {
		data.All = uids
	}
	if o.ReturnSave {
		v.box.mu.Lock()
		v.saved = uids
		v.box.mu.Unlock()
	}
	return data, nil
}

type matcher struct {
	last, lastUID uint32
	saved         imap.UIDSet
}

func (m matcher) match(it item, flags map[string]bool, c *imap.SearchCriteria, depth int) bool {
	return depth < 20 && m.numbers(it, c) && dates(it.l, c) && sizes(it.l, c) && flagged(flags, c) && texts(it.l, c) && m.nested(it, flags, c, depth)
}

func (m matcher) numbers(it item, c *imap.SearchCriteria) bool {
	for _, set := range c.SeqNum {
		ok := false
		for _, r := range set {
			ok = ok || between(it.seq, r.Start, r.Stop, m.last)
		}
		if !ok {
			return false
		}
	}
	for _, set := range c.UID {
		if imap.IsSearchRes(set) {
			set = m.saved
		}
		ok := false
		for _, r := range set {
			ok = ok || between(uint32(it.l.uid), uint32(r.Start), uint32(r.Stop), m.lastUID)
		}
		if !ok {
			return false
		}
	}
	return true
}

func flagged(flags map[string]bool, c *imap.SearchCriteria) bool {
	for _, fl := range c.Flag {
		if !flags[flagKey(fl)] {
			return false
		}
	}
	for _, fl := range c.NotFlag {
		if flags[flagKey(fl)] {
			return false
		}
	}
	return true
}

func sizes(l *letter, c *imap.SearchCriteria) bool {
	n := int64(len(l.raw))
	return (c.Larger == 0 || n > c.Larger) && (c.Smaller == 0 || n < c.Smaller)
}

func dates(l *letter, c *imap.SearchCriteria) bool {
	if !inDays(l.received, c.Since, c.Before) {
		return false
	}
	if c.SentSince.IsZero() && c.SentBefore.IsZero() {
		return true
	}
	sent, err := mail.ParseDate(fieldValue(l.tree().header, "Date"))
	return err == nil && inDays(sent, c.SentSince, c.SentBefore)
}

// inDays compares days without regard to zones (RFC 9051 §6.4.4).
func inDays(t, since, before time.Time) bool {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return (since.IsZero() || !day.Before(since)) && (before.IsZero() || day.Before(before))
}

func texts(l *letter, c *imap.SearchCriteria) bool {
	header := l.tree().header
	for _, h := range c.Header {
		ok := false
		fields(header, func(name string, raw []byte) bool {
			if strings.EqualFold(name, h.Key) {
				_, value, _ := bytes.Cut(raw, []byte(":"))
				ok = ok || contains(decodeWords(string(value)), h.Value)
			}
			return !ok
		})
		if !ok {
			return false
		}
	}
	for _, t := range c.Text {
		if !contains(decodeWords(string(header)), t) && !l.tree().bodyContains(t) {
			return false
		}
	}
	for _, t := range c.Body {
		if !l.tree().bodyContains(t) {
			return false
		}
	}
	return true
}

func (m matcher) nested(it item, flags map[string]bool, c *imap.SearchCriteria, depth int) bool {
	for i := range c.Not {
		if m.match(it, flags, &c.Not[i], depth+1) {
			return false
		}
	}
	for i := range c.Or {
		if !m.match(it, flags, &c.Or[i][0], depth+1) && !m.match(it, flags, &c.Or[i][1], depth+1) {
			return false
		}
	}
	return true
}

// bodyContains looks into text parts and the letters inside, not attachments.
func (p *part) bodyContains(words string) bool {
	for _, c := range p.children {
		if c.bodyContains(words) {
			return true
		}
	}
	if p.letter != nil {
		return contains(decodeWords(string(p.letter.header)), words) || p.letter.bodyContains(words)
	}
	return p.kind == "text" && contains(toUTF8(p.param("charset"), p.decoded()), words)
}

func contains(s, words string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(words))
}

// toUTF8 decodes by charset, guessing windows-1252 for what is no UTF-8.
func toUTF8(charset string, b []byte) string {
	if charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
		if enc, err := htmlindex.Get(charset); err == nil {
			if out, err := enc.NewDecoder().Bytes(b); err == nil {
				return string(out)
			}
		}
	}
	if utf8.Valid(b) {
		return string(b)
	}
	out, _ := charmap.Windows1252.NewDecoder().Bytes(b)
	return string(out)
}

func wordDecoder() *mime.WordDecoder {
	return &mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
		enc, err := htmlindex.Get(charset)
		if err != nil {
			return nil, fmt.Errorf("charset %q: %w", charset, err)
		}
		return enc.NewDecoder().Reader(r), nil
	}}
}

// decodeWords gives header text as UTF-8, whatever stands in it.
func decodeWords(s string) string {
	if out, err := wordDecoder().DecodeHeader(s); err == nil {
		s = out
	}
	return toUTF8("", []byte(s))
}
