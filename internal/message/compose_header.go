package message

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

const (
	foldAt  = 78 // columns of a line (RFC 5322 §2.1.1)
	wordMax = 75 // of an encoded word (RFC 2047 §2)
)

// head is a header block being written.
type head struct{ bytes.Buffer }

// pieces writes one field from what may not be broken, folding between pieces.
func (h *head) pieces(name string, pieces ...string) {
	h.WriteString(name)
	h.WriteByte(':')
	col := len(name) + 1
	for i, p := range pieces {
		if col+1+len(p) > foldAt && (i > 0 || len(p) < foldAt) {
			h.WriteString("\r\n")
			col = 0
		}
		h.WriteByte(' ')
		h.WriteString(p)
		col += 1 + len(p)
	}
	h.WriteString("\r\n")
}

// text writes an unstructured field.
func (h *head) text(name, value string) { h.pieces(name, textPieces(value, len(name)+2)...) }

// mailboxes writes an address list; an empty one is left out.
func (h *head) mailboxes(name string, list []Mailbox) {
	if len(list) == 0 {
		return
	}
	var out []string
	for i, m := range list {
		col := 1
		if i == 0 {
			col = len(name) + 2
		}
		p := m.pieces(col)
		if i < len(list)-1 {
			p[len(p)-1] += ","
		}
		out = append(out, p...)
	}
	h.pieces(name, out...)
}

func (m Mailbox) pieces(col int) []string {
	name := cleanLine(m.Name)
	if name == "" {
		return []string{m.Address.String()}
	}
	return append(phrasePieces(name, col), "<"+m.Address.String()+">")
}

// textPieces cuts text at its spaces, or encodes it when a reader could take it
// for something else. Runs of spaces survive unfolding.
func textPieces(s string, col int) []string {
	if !asciiLine(s) || strings.Contains(s, "=?") || s != strings.TrimSpace(s) || longest(s) > foldAt-20 {
		return encodedWords(s, col)
	}
	var out []string
	gap := ""
	for w := range strings.SplitSeq(s, " ") {
		if w == "" {
			gap += " "
			continue
		}
		out = append(out, gap+w)
		gap = ""
	}
	return out
}

// longest is the longest run between single spaces.
func longest(s string) (n int) {
	run := 0
	for i := range len(s) {
		run++
		if s[i] == ' ' && (i == 0 || s[i-1] != ' ') {
			run = 0
		}
		n = max(n, run)
	}
	return n
}

// phrasePieces writes a display name: atoms, a quoted string, or encoded words.
func phrasePieces(name string, col int) []string {
	words := strings.Split(name, " ")
	atoms := !strings.Contains(name, "=?")
	for _, w := range words {
		atoms = atoms && w != "" && len(w) < foldAt-20 && atom(w)
	}
	switch {
	case atoms:
		return words
	case asciiLine(name) && len(name) <= 60 && !strings.Contains(name, "=?"):
		return []string{`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`}
	}
	return encodedWords(name, col)
}

// atom reports RFC 5322 §3.2.3 atext only.
func atom(s string) bool {
	for i := range len(s) {
		if c := s[i]; !alnum(c) && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// encodedWords writes s by RFC 2047, whole characters in each word: Q while that
// is shorter, which keeps French readable in the raw, else B. col is where the
// first word begins.
func encodedWords(s string, col int) []string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	q := 0
	for i := range len(s) {
		q += len(qByte(s[i]))
	}
	if q > base64.StdEncoding.EncodedLen(len(s)) {
		return splitWords(s, col, "=?UTF-8?B?", func(p string) string { return base64.StdEncoding.EncodeToString([]byte(p)) })
	}
	return splitWords(s, col, "=?UTF-8?Q?", encodeQ)
}

func splitWords(s string, col int, open string, encode func(string) string) (out []string) {
	room := max(wordMax-col, 30)
	from, end := 0, 0
	for end < len(s) {
		_, n := utf8.DecodeRuneInString(s[end:])
		if end > from && len(open)+len(encode(s[from:end+n]))+len("?=") > room {
			out = append(out, open+encode(s[from:end])+"?=")
			from, room = end, wordMax
			continue
		}
		end += n
	}
	return append(out, open+encode(s[from:])+"?=")
}

func encodeQ(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString(qByte(s[i]))
	}
	return b.String()
}

const hexDigits = "0123456789ABCDEF"

// qByte is the Q encoding restricted to what a phrase allows (RFC 2047 §5).
func qByte(c byte) string {
	switch {
	case c == ' ':
		return "_"
	case alnum(c) || strings.IndexByte("!*+-/", c) >= 0:
		return string(rune(c))
	}
	return string([]byte{'=', hexDigits[c>>4], hexDigits[c&15]})
}

// nameParams are the pieces that carry a file name. Old readers look at "name"
// and understand RFC 2047 there, the others at "filename*" (RFC 2231): what
// Thunderbird and Outlook write, both for both.
func nameParams(name string) (inType, inDisposition []string) {
	if asciiLine(name) && !strings.Contains(name, "=?") {
		return []string{`name="` + name + `"`}, []string{`filename="` + name + `"`}
	}
	words := encodedWords(name, len(`name="`)+1)
	words[0] = `name="` + words[0]
	words[len(words)-1] += `"`
	return words, extendedParam("filename", name)
}

// extendedParam writes a parameter by RFC 2231, in numbered sections when it is long.
func extendedParam(key, value string) []string {
	var sections []string
	var b strings.Builder
	for _, r := range value {
		var enc strings.Builder
		for _, c := range []byte(string(r)) {
			if alnum(c) || strings.IndexByte("!#$&+-.^_`{|}~", c) >= 0 {
				enc.WriteByte(c)
			} else {
				enc.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
			}
		}
		if b.Len()+enc.Len() > 50 {
			sections = append(sections, b.String())
			b.Reset()
		}
		b.WriteString(enc.String())
	}
	sections = append(sections, b.String())
	if len(sections) == 1 {
		return []string{key + "*=UTF-8''" + sections[0]}
	}
	var out []string
	for i, s := range sections {
		if i == 0 {
			s = "UTF-8''" + s
		}
		end := ";"
		if i == len(sections)-1 {
			end = ""
		}
		out = append(out, key+"*"+itoa(i)+"*="+s+end)
	}
	return out
}
