package message

import (
	"html"
	"strings"
	"unicode"
)

// Snippet gives the first words of a text for a row, at most n characters: one
// line, quoted lines and long rules left out.
func Snippet(text string, n int) string {
	var b strings.Builder
	left, space := n, false
	for len(text) > 0 && left > 0 {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		if t := strings.TrimSpace(line); strings.HasPrefix(t, ">") || len(t) > 3 && strings.Trim(t, "-_=*~ ") == "" {
			continue
		}
		for _, r := range line + " " {
			switch {
			case unicode.IsSpace(r) || r == '\u00a0':
				space = b.Len() > 0
				continue
			case control(r), invisible(r), r == '\uFFFD':
				continue
			}
			if space {
				b.WriteByte(' ')
				space = false
				left--
			}
			if left <= 0 {
				return strings.TrimRight(b.String(), " ") + "…"
			}
			b.WriteRune(r)
			left--
		}
	}
	if left <= 0 && strings.TrimSpace(text) != "" {
		return b.String() + "…"
	}
	return b.String()
}

// HTMLText gives the words of an HTML text for a snippet or a search, crudely: it
// is text to escape, never markup. Each byte is read once.
func HTMLText(s string) string {
	var b strings.Builder
	b.Grow(min(len(s), 4096))
	unclosed := map[string]bool{}
	for len(s) > 0 {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		if strings.HasPrefix(s, "<!--") {
			_, after, ok := strings.Cut(s[4:], "-->")
			if !ok {
				break
			}
			s = after
			continue
		}
		end := strings.IndexByte(s, '>')
		if end < 0 {
			break
		}
		name := tagName(s[1:end])
		s = s[end+1:]
		switch name {
		case "script", "style", "title", "head":
			if unclosed[name] {
				break // looked for once: never again
			}
			if j := closing(s, name); j >= 0 {
				s = s[j:]
			} else {
				unclosed[name] = true
			}
		case "br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "td", "/p", "/div", "/td", "/tr", "/table", "/h1", "/h2", "/h3", "/li":
			b.WriteByte('\n')
		}
	}
	return html.UnescapeString(b.String())
}

func tagName(s string) string {
	i := 0
	for i < len(s) && i < 12 && (alnum(s[i]) || i == 0 && s[i] == '/') {
		i++
	}
	return strings.ToLower(s[:i])
}

// closing finds the end tag of a raw element from the start of s: its cost is the
// distance it goes.
func closing(s, name string) int {
	for at := 0; ; {
		i := strings.Index(s[at:], "</")
		if i < 0 {
			return -1
		}
		at += i
		if end := at + 2 + len(name); end <= len(s) && strings.EqualFold(s[at+2:end], name) {
			return at
		}
		at += 2
	}
}
