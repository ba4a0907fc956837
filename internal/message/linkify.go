package message

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxLink = 2000

// linkify escapes one line of text and makes links of plain https, http and mailto
// addresses. It can only add: the text is escaped first and last, a link's target
// is exactly what is read, and anything doubtful (user names before the host,
// characters beyond ASCII next to it) stays text.
func linkify(b *strings.Builder, line string) {
	for len(line) > 0 {
		i, scheme := nextScheme(line)
		if i < 0 {
			break
		}
		n, skip := 0, len(scheme)
		if before, _ := utf8.DecodeLastRuneInString(line[:i]); i == 0 || !unicode.IsLetter(before) && !unicode.IsDigit(before) {
			n, skip = linkLength(line[i:], scheme)
		}
		if n == 0 {
			b.WriteString(html.EscapeString(line[:i+skip]))
			line = line[i+skip:]
			continue
		}
		b.WriteString(html.EscapeString(line[:i]))
		link := html.EscapeString(line[i : i+n])
		b.WriteString(`<a href="`)
		b.WriteString(link)
		b.WriteString(`">`)
		b.WriteString(link)
		b.WriteString(`</a>`)
		line = line[i+n:]
	}
	b.WriteString(html.EscapeString(line))
}

// nextScheme finds the first scheme. Every candidate starts with h or m, so the
// line is read once.
func nextScheme(s string) (int, string) {
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		if c != 'h' && c != 'm' {
			continue
		}
		for _, scheme := range [...]string{"https://", "http://", "mailto:"} {
			if len(s)-i > len(scheme) && strings.EqualFold(s[i:i+len(scheme)], scheme) {
				return i, scheme
			}
		}
	}
	return -1, ""
}

// linkLength gives how much of s, which starts with scheme, is the link, 0 for
// none; and then how much is surely text, so that nothing long is read twice.
func linkLength(s, scheme string) (n, text int) {
	if scheme == "mailto:" {
		return mailLength(s), len(scheme)
	}
	end := len(scheme)
	for end < len(s) && end < len(scheme)+300 && strings.IndexByte("/?#", s[end]) < 0 && linkByte(s[end]) {
		end++
	}
	whole := end < len(s) && strings.IndexByte("/?#", s[end]) >= 0 // else the host is where the text stops
	if whole && !plainHost(s[len(scheme):end]) {
		return 0, len(scheme)
	}
	for end < len(s) && end < maxLink && linkByte(s[end]) {
		end++
	}
	if end >= maxLink {
		return 0, end
	}
	stopped, _ := utf8.DecodeRuneInString(s[end:])
	end = trimLink(s[:end])
	if end <= len(scheme) {
		return 0, len(scheme)
	}
	if !whole && (!plainHost(s[len(scheme):end]) || stopped >= utf8.RuneSelf && (unicode.IsLetter(stopped) || unicode.IsMark(stopped))) {
		return 0, len(scheme)
	}
	if host := strings.IndexAny(s[len(scheme):end], "/?#"); whole && host < 0 && !plainHost(s[len(scheme):end]) {
		return 0, len(scheme)
	}
	return end, end
}

func mailLength(s string) int {
	end := len("mailto:")
	for end < len(s) && end < 400 && (alnum(s[end]) || strings.IndexByte("._+-@", s[end]) >= 0) {
		end++
	}
	stopped, _ := utf8.DecodeRuneInString(s[end:])
	end = trimLink(s[:end])
	if end <= len("mailto:") || !plainAddress(s[len("mailto:"):end]) || stopped >= utf8.RuneSelf && (unicode.IsLetter(stopped) || unicode.IsMark(stopped)) {
		return 0
	}
	return end
}

// linkByte is RFC 3986, without what closes an attribute or a tag.
func linkByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~:/?#[]@!$&()*+,;=%", c) >= 0
}

// trimLink leaves the punctuation of the sentence outside, and a closing bracket
// that the link did not open.
func trimLink(s string) int {
	open, shut := strings.Count(s, "("), strings.Count(s, ")")
	for len(s) > 0 {
		switch c := s[len(s)-1]; {
		case strings.IndexByte(".,;:!?*_[]", c) >= 0:
		case c == ')' && shut > open:
			shut--
		default:
			return len(s)
		}
		s = s[:len(s)-1]
	}
	return 0
}

// plainHost accepts a dotted ASCII host with an optional port.
func plainHost(s string) bool {
	host, port, found := strings.Cut(s, ":")
	if found && (port == "" || len(port) > 5 || strings.Trim(port, "0123456789") != "") {
		return false
	}
	if len(host) > 253 || !strings.Contains(host, ".") {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; c >= 0x80 || c != '-' && token(label[i:i+1]) && !alnum(c) || !token(label[i:i+1]) {
				return false
			}
		}
	}
	return true
}

func alnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func plainAddress(s string) bool {
	local, host, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(local) > 64 || strings.Contains(host, ":") {
		return false
	}
	for i := range len(local) {
		if c := local[i]; !alnum(c) && strings.IndexByte("._+-", c) < 0 {
			return false
		}
	}
	return plainHost(host)
}
