package mailserver

import (
	"bytes"
	"strings"

	"pli.example/pli/internal/message"
)

// sweepReader reads the few header fields of many letters: message.ParseHeader for
// who has a hundred thousand to read. What names people is read once for all letters
// that say the same.
type sweepReader struct {
	people map[string][]message.Mailbox
}

const maxSamePeople = 2000 // values remembered at once

func (r *sweepReader) read(s *Swept, raw []byte) {
	for len(raw) > 0 {
		var name, value []byte
		name, value, raw = nextField(raw)
		e := &s.Envelope
		switch {
		case is(name, "message-id"):
			if ids := message.MessageIDs(string(value)); e.MessageID == "" && len(ids) > 0 {
				e.MessageID = ids[0]
			}
		case is(name, "in-reply-to"):
			if ids := message.MessageIDs(string(value)); e.InReplyTo == "" && len(ids) > 0 {
				e.InReplyTo = ids[0]
			}
		case is(name, "references"):
			if e.References == nil {
				e.References = message.MessageIDs(string(value))
			}
		case is(name, "from"):
			e.From = r.mailboxes(e.From, value)
		case is(name, "to"):
			e.To = r.mailboxes(e.To, value)
		case is(name, "cc"):
			e.Cc = r.mailboxes(e.Cc, value)
		case is(name, "subject"):
			if e.Subject == "" {
				e.Subject = message.DecodeHeaderText(string(value))
			}
		case is(name, "content-type"):
			kind, _, _ := strings.Cut(string(value), ";")
			s.Mixed = s.Mixed || strings.EqualFold(strings.TrimSpace(kind), "multipart/mixed")
		}
	}
}

func is(name []byte, want string) bool {
	return len(name) == len(want) && strings.EqualFold(string(name), want)
}

// mailboxes adds the people of one field to those of the fields before: none may hide
// behind another.
func (r *sweepReader) mailboxes(to []message.Mailbox, value []byte) []message.Mailbox {
	list, known := r.people[string(value)]
	if !known {
		list = message.ParseAddressList(string(value))
		if len(r.people) < maxSamePeople {
			r.people[string(value)] = list
		}
	}
	if to == nil {
		return list
	}
	return append(to[:len(to):len(to)], list...)
}

// nextField takes the first field off a header, the lines that continue it included
// (RFC 5322 §2.2.3). A line that is no field has no name.
func nextField(raw []byte) (name, value, rest []byte) {
	end := 0
	for {
		i := bytes.IndexByte(raw[end:], '\n')
		if i < 0 {
			end = len(raw)
			break
		}
		if end += i + 1; end == len(raw) || raw[end] != ' ' && raw[end] != '\t' {
			break
		}
	}
	line := raw[:end]
	if colon := bytes.IndexByte(line, ':'); colon > 0 {
		name, value = bytes.TrimRight(line[:colon], " \t"), line[colon+1:]
	}
	return name, value, raw[end:]
}
