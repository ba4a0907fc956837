package message

import "strings"

// Unflow joins the soft line breaks of format=flowed text (RFC 3676 §4.1): a line
// ending in a space goes on in the next one of the same quote depth. delsp says
// that the space itself is to be dropped.
func Unflow(text string, delsp bool) string {
	var b strings.Builder
	b.Grow(len(text))
	depth, flowing := -1, false
	for len(text) > 0 {
		line, rest, found := strings.Cut(text, "\n")
		text = rest
		d := 0
		for d < len(line) && line[d] == '>' {
			d++
		}
		body := strings.TrimPrefix(line[d:], " ") // space-stuffing
		if flowing && (d != depth || body == "-- ") {
			b.WriteByte('\n')
			flowing = false
		}
		if !flowing && d > 0 {
			b.WriteString(line[:d])
			b.WriteByte(' ')
		}
		depth = d
		flowing = found && strings.HasSuffix(body, " ") && body != "-- "
		if flowing && delsp {
			body = body[:len(body)-1]
		}
		b.WriteString(body)
		if found && !flowing {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
