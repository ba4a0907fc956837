package message

import (
	"strings"
)

// DecodeHeaderText makes a raw header value readable: folding undone, RFC 2047
// words decoded (also badly written ones), raw 8-bit text guessed (UTF-8, else
// windows-1252), controls and bidi overrides dropped. The result is one line.
func DecodeHeaderText(raw string) string {
	return cleanLine(decodeWords(cutUTF8(raw, maxValueBytes)))
}

// decodeWords decodes without cleaning: address parsing must see what was hidden.
func decodeWords(raw string) string {
	s := raw
	if !ascii(s) {
		s = DecodeText("", []byte(s))
	}
	s = unfold(s)
	if !strings.Contains(s, "=?") {
		return s
	}
	var out strings.Builder
	out.Grow(len(s))
	var run wordRun
	for len(s) > 0 {
		i := strings.Index(s, "=?")
		if i < 0 {
			break
		}
		w, n := parseWord(s[i:])
		if n == 0 {
			run.flush(&out)
			out.WriteString(s[:i+2])
			s = s[i+2:]
			continue
		}
		// White space between two encoded words is not part of the text (RFC 2047 §6.2).
		if !run.open || strings.TrimLeft(s[:i], " \t") != "" {
			run.flush(&out)
			out.WriteString(s[:i])
		}
		run.add(w, &out)
		s = s[i+n:]
	}
	run.flush(&out)
	out.WriteString(s)
	return out.String()
}

// word is one encoded word: its charset and its bytes.
type word struct {
	charset string
	bytes   []byte
}

// wordRun joins the bytes of neighbours in one charset before they are read:
// many senders split a multibyte character between two words.
type wordRun struct {
	open bool
	word
}

func (r *wordRun) add(w word, out *strings.Builder) {
	if r.open && !strings.EqualFold(r.charset, w.charset) {
		r.flush(out)
	}
	if !r.open {
		r.open, r.word = true, w
		return
	}
	r.bytes = append(r.bytes, w.bytes...)
}

func (r *wordRun) flush(out *strings.Builder) {
	if r.open {
		out.WriteString(DecodeText(r.charset, r.bytes))
	}
	*r = wordRun{}
}

// parseWord reads "=?charset?B|Q?text?=" at the start of s and gives its length,
// or 0. Spaces inside the text are accepted: broken senders write them.
func parseWord(s string) (word, int) {
	rest := s[2:]
	q := strings.IndexByte(rest, '?')
	if q <= 0 || q > 60 || q+2 >= len(rest) || rest[q+2] != '?' || !token(rest[:q]) {
		return word{}, 0
	}
	enc, text := rest[q+1]|0x20, rest[q+3:]
	if enc != 'b' && enc != 'q' {
		return word{}, 0
	}
	end := strings.Index(text, "?=")
	if end < 0 {
		return word{}, 0
	}
	// "=?utf-8?Q??=20x?=": the first ?= may be an encoded byte of a Q word.
	if enc == 'q' && end == 0 && len(text) > 3 && unhex(text[2]) >= 0 && unhex(text[3]) >= 0 {
		if more := strings.Index(text[2:], "?="); more >= 0 {
			end = 2 + more
		}
	}
	n := 2 + q + 3 + end + 2
	if enc == 'q' {
		return word{rest[:q], decodeQ(text[:end])}, n
	}
	return word{rest[:q], decodeB([]byte(text[:end]))}, n
}

func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '_':
			out = append(out, ' ')
		case c == '=' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out
}

// decodeB reads base64, skipping what is not of its alphabet; padding inside
// starts a new group.
func decodeB(in []byte) []byte {
	out := make([]byte, 0, len(in)*3/4+3)
	var acc uint32
	n := 0
	for _, c := range in {
		v := base64Value(c)
		if v < 0 {
			if c == '=' {
				out, acc, n = flush64(out, acc, n)
			}
			continue
		}
		acc, n = acc<<6|uint32(v), n+1
		if n == 4 {
			out = append(out, byte(acc>>16), byte(acc>>8), byte(acc))
			acc, n = 0, 0
		}
	}
	out, _, _ = flush64(out, acc, n)
	return out
}

// flush64 writes the whole bytes of an unfinished group.
func flush64(out []byte, acc uint32, n int) ([]byte, uint32, int) {
	switch n {
	case 2:
		out = append(out, byte(acc>>4))
	case 3:
		out = append(out, byte(acc>>10), byte(acc>>2))
	}
	return out, 0, 0
}

func base64Value(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// token reports RFC 2045 token characters only.
func token(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7F || strings.IndexByte(`()<>@,;:\"/[]?=`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// unfold joins the lines of a header value (RFC 5322 §2.2.3). A line that was
// folded without its space gets one.
func unfold(s string) string {
	if strings.IndexByte(s, '\n') < 0 && strings.IndexByte(s, '\r') < 0 {
		return s
	}
	s = strings.TrimRight(s, "\r\n")
	var b strings.Builder
	b.Grow(len(s))
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '\r' && (i+1 == len(s) || s[i+1] == '\n'):
		case c == '\n':
			if i+1 < len(s) && s[i+1] != ' ' && s[i+1] != '\t' {
				b.WriteByte(' ')
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
