package mailhost

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// Fetch answers from slices of the stored bytes. The mailbox is locked only to
// find the letters: a client that reads slowly holds up nobody else.
func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, o *imap.FetchOptions) error {
	v := s.view
	marks := false
	for _, bs := range o.BodySection {
		marks = marks || !bs.Peek
	}
	for _, bs := range o.BinarySection {
		marks = marks || !bs.Peek
	}
	marks = marks && !v.readOnly
	type answer struct {
		item
		flags []imap.Flag
	}
	var answers []answer
	v.box.mu.Lock()
	for _, it := range v.items(set) {
		if marks && !it.l.has(imap.FlagSeen) {
			it.l.set(imap.FlagSeen)
			v.folder.touched(it.l, nil)
		}
		answers = append(answers, answer{it, it.l.flagList()})
	}
	v.box.mu.Unlock()
	for _, a := range answers {
		if err := a.l.write(w.CreateMessage(a.seq), o, a.flags); err != nil {
			return err
		}
	}
	return nil
}

func (l *letter) write(w *imapserver.FetchResponseWriter, o *imap.FetchOptions, flags []imap.Flag) error {
	w.WriteUID(l.uid)
	if o.Flags {
		w.WriteFlags(flags)
	}
	if o.InternalDate {
		w.WriteInternalDate(l.received)
	}
	if o.RFC822Size {
		w.WriteRFC822Size(int64(len(l.raw)))
	}
	if o.Envelope {
		w.WriteEnvelope(envelope(l.tree().header))
	}
	if o.BodyStructure != nil {
		w.WriteBodyStructure(l.tree().structure())
	}
	put := func(wc io.WriteCloser, data []byte) error {
		_, err := wc.Write(data)
		if cerr := wc.Close(); err == nil {
			err = cerr
		}
		return err
	}
	for _, bs := range o.BodySection {
		data := cut(l.section(bs), bs.Partial)
		if err := put(w.WriteBodySection(bs, int64(len(data))), data); err != nil {
			return err
		}
	}
	for _, bs := range o.BinarySection {
		data := cut(l.binary(bs.Part), bs.Partial)
		if err := put(w.WriteBinarySection(bs, int64(len(data))), data); err != nil {
			return err
		}
	}
	for _, bs := range o.BinarySectionSize {
		w.WriteBinarySectionSize(bs, uint32(len(l.binary(bs.Part))))
	}
	return w.Close()
}

func cut(b []byte, p *imap.SectionPartial) []byte {
	if p == nil {
		return b
	}
	from := min(max(p.Offset, 0), int64(len(b)))
	size := min(max(p.Size, 0), int64(len(b))-from)
	return b[from : from+size]
}

// find walks a section number (RFC 9051 §6.4.5). top says p is a letter, whose
// single part is its number 1.
func (p *part) find(path []int, top bool) *part {
	switch {
	case len(path) == 0:
		return p
	case p.kind == "multipart":
		if n := path[0]; n >= 1 && n <= len(p.children) {
			return p.children[n-1].find(path[1:], false)
		}
	case top && path[0] == 1:
		return p.find(path[1:], false)
	case !top && p.letter != nil:
		return p.letter.find(path, true)
	}
	return nil
}

// section gives the bytes of BODY[…]; nothing for a part that is not there.
func (l *letter) section(bs *imap.FetchItemBodySection) []byte {
	p := l.tree().find(bs.Part, true)
	if p == nil {
		return nil
	}
	if len(bs.Part) == 0 && bs.Specifier == imap.PartSpecifierNone {
		return l.raw
	}
	inner := p
	if len(bs.Part) > 0 {
		inner = p.letter // HEADER and TEXT of a part speak of the letter inside
	}
	switch {
	case bs.Specifier == imap.PartSpecifierNone:
		return p.body
	case bs.Specifier == imap.PartSpecifierMIME:
		return p.header
	case inner == nil:
		return nil
	case bs.Specifier == imap.PartSpecifierText:
		return inner.body
	}
	return filterHeader(inner.header, bs.HeaderFields, bs.HeaderFieldsNot)
}

func filterHeader(header []byte, only, not []string) []byte {
	if len(only) == 0 && len(not) == 0 {
		return header
	}
	listed := func(names []string, name string) bool {
		for _, n := range names {
			if strings.EqualFold(n, name) {
				return true
			}
		}
		return false
	}
	var out bytes.Buffer
	fields(header, func(name string, raw []byte) bool {
		if (len(only) > 0 && listed(only, name)) || (len(only) == 0 && !listed(not, name)) {
			out.Write(raw)
		}
		return true
	})
	out.WriteString("\r\n")
	return out.Bytes()
}

func (l *letter) binary(path []int) []byte {
	if len(path) == 0 {
		return l.raw
	}
	p := l.tree().find(path, true)
	if p == nil {
		return nil
	}
	return p.decoded()
}

// decoded undoes the transfer encoding, skipping what does not belong.
func (p *part) decoded() []byte {
	switch strings.ToLower(strings.TrimSpace(fieldValue(p.header, "Content-Transfer-Encoding"))) {
	case "base64":
		clean := make([]byte, 0, len(p.body))
		for _, c := range p.body {
			if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' {
				clean = append(clean, c)
			}
		}
		out := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
		n, _ := base64.RawStdEncoding.Decode(out, clean)
		return out[:n]
	case "quoted-printable":
		out, _ := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(p.body)))
		return out
	}
	return p.body
}

// structure gives BODYSTRUCTURE. A multipart without parts is not allowed on the
// wire: like Dovecot, an empty text stands in for them.
func (p *part) structure() imap.BodyStructure {
	disposition := p.disposition()
	if p.kind == "multipart" {
		m := &imap.BodyStructureMultiPart{Subtype: p.subtype, Extended: &imap.BodyStructureMultiPartExt{Params: paramMap(p.params), Disposition: disposition}}
		for _, c := range p.children {
			m.Children = append(m.Children, c.structure())
		}
		if len(m.Children) == 0 {
			m.Children = []imap.BodyStructure{(&part{kind: "text", subtype: "plain"}).structure()}
		}
		return m
	}
	b := &imap.BodyStructureSinglePart{
		Type: p.kind, Subtype: p.subtype, Params: paramMap(p.params), ID: fieldValue(p.header, "Content-ID"),
		Description: fieldValue(p.header, "Content-Description"), Encoding: strings.TrimSpace(fieldValue(p.header, "Content-Transfer-Encoding")),
		Size: uint32(len(p.body)), Extended: &imap.BodyStructureSinglePartExt{Disposition: disposition, Location: fieldValue(p.header, "Content-Location")},
	}
	lines := int64(bytes.Count(p.body, []byte("\n")))
	switch {
	case p.letter != nil:
		b.MessageRFC822 = &imap.BodyStructureMessageRFC822{Envelope: envelope(p.letter.header), BodyStructure: p.letter.structure(), NumLines: lines}
	case p.kind == "text":
		b.Text = &imap.BodyStructureText{NumLines: lines}
	}
	return b
}

func (p *part) disposition() *imap.BodyStructureDisposition {
	value, params := valueAndParams(fieldValue(p.header, "Content-Disposition"))
	if value == "" {
		return nil
	}
	return &imap.BodyStructureDisposition{Value: strings.ToLower(value), Params: paramMap(params)}
}

func paramMap(params []param) map[string]string {
	m := make(map[string]string, len(params))
	for _, p := range params {
		if _, ok := m[p.name]; !ok {
			m[p.name] = p.value
		}
	}
	return m
}

// envelope reads what it can from any header.
func envelope(header []byte) *imap.Envelope {
	e := &imap.Envelope{Subject: decodeWords(fieldValue(header, "Subject"))}
	e.Date, _ = mail.ParseDate(fieldValue(header, "Date"))
	if y := e.Date.Year(); y < 1 || y > 9999 {
		e.Date = time.Time{}
	}
	for _, f := range []struct {
		name string
		to   *[]imap.Address
	}{{"From", &e.From}, {"Sender", &e.Sender}, {"Reply-To", &e.ReplyTo}, {"To", &e.To}, {"Cc", &e.Cc}, {"Bcc", &e.Bcc}} {
		*f.to = addressList(fieldValue(header, f.name))
	}
	e.MessageID = strings.Trim(fieldValue(header, "Message-ID"), "<> ")
	for _, id := range strings.Fields(fieldValue(header, "In-Reply-To")) {
		if id = strings.Trim(id, "<>"); id != "" {
			e.InReplyTo = append(e.InReplyTo, id)
		}
	}
	return e
}

func addressList(value string) []imap.Address {
	if value == "" {
		return nil
	}
	parser := mail.AddressParser{WordDecoder: wordDecoder()}
	list, err := parser.ParseList(value)
	var out []imap.Address
	if err == nil {
		for _, a := range list {
			local, host, _ := cutLast(a.Address, "@")
			out = append(out, imap.Address{Name: a.Name, Mailbox: local, Host: host})
		}
		return out
	}
	for value != "" && len(out) < 100 {
		var item string
		item, value = cutUnquoted(value, ',')
		name, addr := "", strings.TrimSpace(item)
		if i := strings.LastIndexByte(item, '<'); i >= 0 {
			name, addr = strings.TrimSpace(item[:i]), strings.Trim(item[i:], "<> ")
		}
		if local, host, ok := cutLast(addr, "@"); ok {
			out = append(out, imap.Address{Name: decodeWords(unquote(name)), Mailbox: local, Host: host})
		}
	}
	return out
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
