package mailserver

import (
	"strings"

	"pli.example/pli/internal/message"
)

const snippetRunes = 160

// snippetOf reads the first words of a letter from its row fields and the head
// of its text, cut anywhere: the parser takes what is there.
func snippetOf(header, head []byte) string {
	if len(head) == 0 {
		return ""
	}
	raw := make([]byte, 0, len(header)+len(head)+2)
	raw = append(raw, header...)
	if n := len(raw); n < 4 || string(raw[n-4:]) != "\r\n\r\n" {
		raw = append(raw, '\r', '\n')
	}
	raw = append(raw, head...)
	l, err := message.Parse(raw, message.Limits{Bytes: 1 << 20, Depth: 20, Parts: 50})
	if err != nil {
		return ""
	}
	b := l.Root.Body()
	if b.Plain != nil {
		if text, err := b.Plain.Text(); err == nil && strings.TrimSpace(text) != "" {
			return message.Snippet(text, snippetRunes)
		}
	}
	if b.HTML != nil {
		if text, err := b.HTML.Text(); err == nil {
			return message.Snippet(message.HTMLText(text), snippetRunes)
		}
	}
	return ""
}
