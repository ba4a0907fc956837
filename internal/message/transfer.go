package message

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

// canonicalEncoding reads what senders write in Content-Transfer-Encoding:
// "7-bit", "quoted printable;", "base64 (comment)". Unknown words are "binary".
func canonicalEncoding(raw string) string {
	s := strings.ToLower(cutUTF8(unfold(raw), 200))
	if i := strings.IndexAny(s, ";("); i > 0 {
		s = s[:i]
	}
	s = strings.Trim(s, " \t\r\n\"'")
	switch {
	case strings.HasPrefix(s, "base64"), s == "b64", s == "base 64", s == "base-64":
		return "base64"
	case strings.HasPrefix(s, "quoted"), s == "qp", s == "q-p":
		return "quoted-printable"
	case s == "uuencode", s == "x-uuencode", s == "x-uue", s == "uue", s == "x-uu":
		return "uuencode"
	case s == "", s == "7bit", s == "7-bit", s == "7 bit":
		return "7bit"
	case strings.HasPrefix(s, "8bit"), s == "8-bit", s == "8bits", s == "8 bit":
		return "8bit"
	}
	return "binary"
}

// DecodeTransfer undoes a transfer encoding as the bytes come. It forgives:
// stray bytes and padding in base64, bad escapes in quoted-printable, missing
// ends in uuencode. Unknown encodings pass untouched. Errors are those of r.
func DecodeTransfer(encoding string, r io.Reader) io.Reader {
	switch canonicalEncoding(encoding) {
	case "base64":
		return &lineDecoder{src: bufio.NewReaderSize(r, 32<<10), decode: (&base64Lines{}).line}
	case "quoted-printable":
		return &lineDecoder{src: bufio.NewReaderSize(r, 32<<10), decode: (&quotedLines{}).line}
	case "uuencode":
		return &lineDecoder{src: bufio.NewReaderSize(r, 32<<10), decode: (&uuLines{}).line}
	}
	return r
}

// lineDecoder feeds a decoder with lines, or with pieces of lines longer than its
// buffer: memory stays bounded whatever comes.
type lineDecoder struct {
	src    *bufio.Reader
	decode func(out, line []byte, whole, last bool) []byte
	out    []byte // not yet read
	buf    []byte // its storage
	err    error
}

func (d *lineDecoder) Read(p []byte) (int, error) {
	for len(d.out) == 0 {
		if d.err != nil {
			return 0, d.err
		}
		line, err := d.src.ReadSlice('\n')
		whole := err == nil
		if err == bufio.ErrBufferFull {
			err = nil
		}
		d.buf = d.decode(d.buf[:0], line, whole, err != nil)
		d.out, d.err = d.buf, err
	}
	n := copy(p, d.out)
	d.out = d.out[n:]
	return n, nil
}

// base64Lines decodes base64. After padding only whole lines of the alphabet
// count: what a mailing list appends in clear is not decoded into noise.
type base64Lines struct {
	acc    uint32
	n      int
	padded bool
	done   bool
	begun  bool
	clear  bool // the label lies: this is readable text
}

func (b *base64Lines) line(out, line []byte, _, last bool) []byte {
	if !b.begun {
		if s := bytes.TrimSpace(line); len(s) > 0 {
			b.begun, b.clear = true, plainWords(s)
		}
	}
	if b.clear {
		return append(out, line...)
	}
	if b.done {
		return out
	}
	if b.padded {
		if s := bytes.TrimSpace(line); len(s) > 0 && (len(s)%4 != 0 || !alphabet64(s)) {
			b.done = true
			return out
		}
	}
	for _, c := range line {
		v := base64Value(c)
		if v >= 0 {
			if b.acc, b.n = b.acc<<6|uint32(v), b.n+1; b.n == 4 {
				out = append(out, byte(b.acc>>16), byte(b.acc>>8), byte(b.acc))
				b.acc, b.n = 0, 0
			}
			continue
		}
		if c == '=' && b.n != 1 {
			b.padded = true
			out, b.acc, b.n = flush64(out, b.acc, b.n)
		}
	}
	if last {
		out, b.acc, b.n = flush64(out, b.acc, b.n)
	}
	return out
}

// plainWords reports a first line that is text in clear, not base64 with a few
// stray bytes: several words, and too much that is not of the alphabet.
func plainWords(s []byte) bool {
	foreign := 0
	for _, c := range s {
		if base64Value(c) < 0 && c != '=' {
			foreign++
		}
	}
	return len(s) > 20 && foreign > 2 && foreign*10 > len(s) && bytes.ContainsAny(s, " <")
}

func alphabet64(s []byte) bool {
	for _, c := range s {
		if base64Value(c) < 0 && c != '=' {
			return false
		}
	}
	return true
}

// quotedLines decodes quoted-printable (RFC 2045 §6.7); what is no escape stays.
type quotedLines struct {
	held []byte // a trailing piece that cannot be judged before the next one
}

func (q *quotedLines) line(out, line []byte, whole, last bool) []byte {
	if len(q.held) > 0 {
		line = append(q.held, line...)
		q.held = nil
	}
	end := ""
	if whole {
		text := bytes.TrimRight(line, "\r\n")
		end = string(line[len(text):])
		line = bytes.TrimRight(text, " \t") // added in transport
		if bytes.HasSuffix(line, []byte("=")) {
			line, end = line[:len(line)-1], ""
		}
	} else if !last {
		// The middle of a very long line: an escape may go on in the next piece.
		keep := len(line)
		if i := bytes.LastIndexByte(line[max(0, len(line)-3):], '='); i >= 0 {
			keep = max(0, len(line)-3) + i
		}
		q.held, line = bytes.Clone(line[keep:]), line[:keep]
	} else {
		line = bytes.TrimSuffix(line, []byte("="))
	}
	for i := 0; i < len(line); i++ {
		if c := line[i]; c == '=' && i+2 < len(line) && unhex(line[i+1]) >= 0 && unhex(line[i+2]) >= 0 {
			out = append(out, byte(unhex(line[i+1])<<4|unhex(line[i+2])))
			i += 2
		} else {
			out = append(out, c)
		}
	}
	return append(out, end...)
}

// uuLines decodes uuencode between "begin" and "end".
type uuLines struct{ begun, ended bool }

func (u *uuLines) line(out, line []byte, _, _ bool) []byte {
	s := bytes.TrimRight(line, "\r\n")
	switch {
	case u.ended || len(s) == 0:
		return out
	case !u.begun:
		u.begun = bytes.HasPrefix(s, []byte("begin "))
		return out
	case bytes.Equal(s, []byte("end")):
		u.ended = true
		return out
	}
	n := int(s[0]-' ') & 0x3F
	at := func(i int) byte {
		if i < len(s) {
			return (s[i] - ' ') & 0x3F
		}
		return 0 // trailing spaces were cut in transport
	}
	for i := 1; n > 0; i, n = i+4, n-3 {
		three := [3]byte{at(i)<<2 | at(i+1)>>4, at(i+1)<<4 | at(i+2)>>2, at(i+2)<<6 | at(i+3)}
		out = append(out, three[:min(n, 3)]...)
	}
	return out
}
