package people

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// file is an attachment, or an inline picture when cid is set.
type file struct {
	name        string
	contentType string
	data        []byte
	cid         string
	naming      string // how the name is written: "2231" (default), "2047", "raw"
	encoding    string // base64 when empty
}

// compose writes a well-formed letter: header, text or alternative, related
// pictures, attachments.
func (c *composer) compose(d draft) []byte {
	var b bytes.Buffer
	c.writeHeader(&b, d)
	b.Write(c.body(d))
	return b.Bytes()
}

func (c *composer) writeHeader(b *bytes.Buffer, d draft) {
	s := c.sent[d.id]
	from := c.contact(d.from)
	path := from.Address.String()
	if d.from == "postmaster" { // nothing goes back to what gives letters back (RFC 5321 §4.5.5)
		path = ""
	}
	fmt.Fprintf(b, "Return-Path: <%s>\r\n", path)
	fmt.Fprintf(b, "Received: from smtp.%s (smtp.%s [192.0.2.25])\r\n\tby imap.mssante.demo.invalid with ESMTPS id %s;\r\n\t%s\r\n",
		from.Domain, from.Domain, strings.ToUpper(d.id), s.at.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	fmt.Fprintf(b, "Date: %s\r\n", s.at.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	fmt.Fprintf(b, "From: %s\r\n", d.mailbox(from))
	c.writeList(b, "To", d, d.to)
	c.writeList(b, "Cc", d, d.cc)
	fmt.Fprintf(b, "Message-ID: %s\r\n", s.messageID)
	if len(s.refs) > 0 {
		fmt.Fprintf(b, "In-Reply-To: %s\r\n", s.refs[len(s.refs)-1])
		fmt.Fprintf(b, "References: %s\r\n", strings.Join(s.refs, "\r\n "))
	}
	fmt.Fprintf(b, "Subject: %s\r\n", d.word(d.subject))
	if !from.IsPatient() {
		b.WriteString("X-MSS-NIL: DEMO-0001\r\n")
	}
	for _, h := range d.header {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("MIME-Version: 1.0\r\n")
}

func (c *composer) writeList(b *bytes.Buffer, name string, d draft, keys string) {
	var l []string
	for _, key := range strings.Fields(keys) {
		l = append(l, d.mailbox(c.contact(key)))
	}
	if len(l) > 0 {
		fmt.Fprintf(b, "%s: %s\r\n", name, strings.Join(l, ",\r\n "))
	}
}

// word encodes header text, folding between encoded words.
func (d draft) word(s string) string {
	enc := mime.QEncoding
	if d.headerEncoding == "b" {
		enc = mime.BEncoding
	}
	charset := "utf-8"
	if d.charset != "" && d.headerEncoding == "legacy" {
		charset = d.charset
		s = string(encodeCharset(s, charset))
	}
	e := enc.Encode(charset, s)
	if e == s {
		return foldPlain(s)
	}
	return strings.ReplaceAll(e, "?= =?", "?=\r\n =?")
}

// foldPlain keeps lines of plain header text under 78 characters.
func foldPlain(s string) string {
	if len(s) < 66 {
		return s
	}
	var b strings.Builder
	line := 0
	for i, w := range strings.Split(s, " ") {
		if i > 0 {
			if line+len(w) > 66 {
				b.WriteString("\r\n ")
				line = 0
			} else {
				b.WriteByte(' ')
			}
		}
		b.WriteString(w)
		line += len(w) + 1
	}
	return b.String()
}

func (d draft) mailbox(c contact) string {
	if c.name == "" {
		return c.Address.String()
	}
	e := d.word(c.name)
	if e == c.name && strings.ContainsAny(c.name, `,.()<>@;:"`) {
		e = `"` + strings.ReplaceAll(c.name, `"`, `\"`) + `"`
	}
	return e + " <" + c.Address.String() + ">"
}

// body writes Content-Type and what follows.
func (c *composer) body(d draft) []byte {
	part := d.textPart()
	var inline, attached []file
	for _, f := range d.files {
		if f.cid != "" {
			inline = append(inline, f)
		} else {
			attached = append(attached, f)
		}
	}
	if d.html != "" {
		html := d.encoded("text/html", d.html)
		if len(inline) > 0 {
			html = multipart("related", d.id+"-r", append([][]byte{html}, parts(inline)...)...)
		}
		if d.text == "" {
			part = html
		} else {
			part = multipart("alternative", d.id+"-a", part, html)
		}
	}
	if len(attached) > 0 {
		part = multipart("mixed", d.id+"-m", append([][]byte{part}, parts(attached)...)...)
	}
	return part
}

func (d draft) textPart() []byte { return d.encoded("text/plain", d.text) }

// encoded gives one text part with its header.
func (d draft) encoded(contentType, text string) []byte {
	charset := d.charset
	if charset == "" {
		charset = "utf-8"
	}
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\n"), "\n", "\r\n")
	if contentType == "text/plain" && d.flowed {
		contentType += "; format=flowed; delsp=no"
	}
	data := encodeCharset(text, charset)
	encoding := d.encoding
	if encoding == "" {
		encoding = "quoted-printable"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "Content-Type: %s; charset=%s\r\nContent-Transfer-Encoding: %s\r\n\r\n", contentType, charset, encoding)
	switch encoding {
	case "base64":
		writeBase64(&b, data)
	case "quoted-printable":
		w := quotedprintable.NewWriter(&b)
		_, _ = w.Write(data)
		_ = w.Close()
	default:
		b.Write(data)
	}
	if !bytes.HasSuffix(b.Bytes(), []byte("\r\n")) {
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

func parts(files []file) [][]byte {
	out := make([][]byte, 0, len(files))
	for _, f := range files {
		out = append(out, f.part())
	}
	return out
}

func (f file) part() []byte {
	var b bytes.Buffer
	b.Grow(len(f.data)*4/3 + len(f.data)/40 + 512)
	disposition := "attachment"
	if f.cid != "" {
		disposition = "inline"
	}
	switch f.naming {
	case "2047":
		name := mime.BEncoding.Encode("utf-8", f.name)
		fmt.Fprintf(&b, "Content-Type: %s;\r\n name=\"%s\"\r\nContent-Disposition: %s;\r\n filename=\"%s\"\r\n", f.contentType, name, disposition, name)
	case "raw":
		fmt.Fprintf(&b, "Content-Type: %s; name=\"%s\"\r\nContent-Disposition: %s; filename=\"%s\"\r\n", f.contentType, f.name, disposition, f.name)
	case "none":
		fmt.Fprintf(&b, "Content-Type: %s\r\nContent-Disposition: %s\r\n", f.contentType, disposition)
	default:
		fmt.Fprintf(&b, "Content-Type: %s\r\nContent-Disposition: %s\r\n", f.contentType, mime.FormatMediaType(disposition, map[string]string{"filename": f.name}))
	}
	if f.cid != "" {
		fmt.Fprintf(&b, "Content-ID: <%s>\r\n", f.cid)
	}
	encoding := f.encoding
	if encoding == "" {
		encoding = "base64"
	}
	fmt.Fprintf(&b, "Content-Transfer-Encoding: %s\r\n\r\n", encoding)
	if encoding == "base64" {
		writeBase64(&b, f.data)
	} else {
		b.Write(f.data)
	}
	return b.Bytes()
}

// multipart joins parts, each with its own header, under one boundary.
func multipart(subtype, name string, parts ...[]byte) []byte {
	size := 256
	for _, p := range parts {
		size += len(p) + 80
	}
	var b bytes.Buffer
	b.Grow(size)
	boundary := "=_" + name
	fmt.Fprintf(&b, "Content-Type: multipart/%s; boundary=\"%s\"\r\n\r\n", subtype, boundary)
	for _, p := range parts {
		fmt.Fprintf(&b, "--%s\r\n", boundary)
		b.Write(p)
		if !bytes.HasSuffix(p, []byte("\r\n")) {
			b.WriteString("\r\n")
		}
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.Bytes()
}

func writeBase64(b *bytes.Buffer, data []byte) {
	const in = 57 // 76 characters a line
	line := make([]byte, 76)
	for len(data) > 0 {
		n := min(in, len(data))
		out := line[:base64.StdEncoding.EncodedLen(n)]
		base64.StdEncoding.Encode(out, data[:n])
		b.Write(out)
		b.WriteString("\r\n")
		data = data[n:]
	}
}

func encodeCharset(s, charset string) []byte {
	var m *charmap.Charmap
	switch charset {
	case "iso-8859-1":
		m = charmap.ISO8859_1
	case "iso-8859-15":
		m = charmap.ISO8859_15
	case "windows-1252":
		m = charmap.Windows1252
	default:
		return []byte(s)
	}
	b, err := m.NewEncoder().Bytes([]byte(s))
	if err != nil {
		panic("people: not in " + charset + ": " + s)
	}
	return b
}
