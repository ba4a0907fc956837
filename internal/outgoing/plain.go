package outgoing

import (
	"html"
	"strings"
)

// PlainOf gives the plain form of a sanitised fragment: paragraphs, lists, quotes
// with ">", links with their address. It reads what sanitize wrote (well nested,
// every "<" a tag); of anything else it makes text all the same.
func PlainOf(fragment string) string {
	p := plain{}
	for s := fragment; s != ""; {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			p.text(s)
			break
		}
		p.text(s[:i])
		end := strings.IndexByte(s[i:], '>')
		if end < 0 {
			p.text(s[i:])
			break
		}
		p.tag(s[i+1 : i+end])
		s = s[i+end+1:]
	}
	p.newline(1)
	return strings.Trim(p.out.String(), "\n") + "\n"
}

type plain struct {
	out   strings.Builder
	line  strings.Builder
	quote int   // blockquotes around
	last  int   // those around the last line written
	lists []int // counters of the lists around; -1 for bullets
	pre   int
	links []link
	gap   int // line ends owed before the next text
}

type link struct {
	href string
	from int // where its words begin in line
}

func (p *plain) text(s string) {
	if s == "" {
		return
	}
	s = html.UnescapeString(s)
	if p.pre > 0 {
		for i, l := range strings.Split(s, "\n") {
			if i > 0 {
				p.newline(1)
			}
			p.line.WriteString(l)
		}
		return
	}
	space := strings.TrimLeft(s, " \t\n\r\f") != s
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' })
	if space && p.line.Len() > 0 && !strings.HasSuffix(p.line.String(), " ") {
		p.line.WriteByte(' ')
	}
	p.line.WriteString(strings.Join(words, " "))
	if len(words) > 0 && strings.TrimRight(s, " \t\n\r\f") != s {
		p.line.WriteByte(' ')
	}
}

// newline ends the line; n 2 leaves an empty one after it.
func (p *plain) newline(n int) {
	if l := strings.TrimRight(p.line.String(), " "); l != "" {
		if p.out.Len() > 0 {
			for range p.gap {
				p.out.WriteString(strings.TrimRight(strings.Repeat("> ", min(p.quote, p.last)), " ") + "\n")
			}
		}
		p.gap, p.last = 0, p.quote
		p.out.WriteString(strings.Repeat("> ", p.quote) + l + "\n")
	}
	p.line.Reset()
	p.gap = max(p.gap, n-1)
}

func (p *plain) tag(t string) {
	name, rest, _ := strings.Cut(strings.TrimSuffix(t, "/"), " ")
	closing := strings.HasPrefix(name, "/")
	switch name = strings.ToLower(strings.TrimPrefix(name, "/")); name {
	case "br":
		if p.line.Len() == 0 {
			p.gap = min(p.gap+1, 2)
		}
		p.newline(1)
	case "p", "h1", "h2", "h3", "h4", "h5", "h6", "table":
		p.newline(2)
	case "div", "tr", "section", "article", "header", "footer", "dt", "dd", "details", "summary":
		p.newline(1)
	case "blockquote":
		p.newline(2)
		if closing {
			p.quote = max(p.quote-1, 0)
		} else {
			p.quote = min(p.quote+1, 20)
		}
	case "ul", "ol":
		p.list(name, closing)
	case "li":
		p.newline(1)
		if !closing {
			p.bullet()
		}
	case "td", "th":
		if closing {
			p.line.WriteString("  ")
		}
	case "hr":
		p.newline(1)
		p.line.WriteString("----------")
		p.newline(1)
	case "pre":
		p.newline(2)
		if closing {
			p.pre = max(p.pre-1, 0)
		} else {
			p.pre++
		}
	case "a":
		p.anchor(rest, closing)
	case "img":
		if alt := attribute(rest, "alt"); alt != "" {
			p.line.WriteString("[" + alt + "]")
		}
	}
}

func (p *plain) list(name string, closing bool) {
	if closing {
		if len(p.lists) > 0 {
			p.lists = p.lists[:len(p.lists)-1]
		}
		p.newline(1 + min(1, max(0, 1-len(p.lists))))
		return
	}
	p.newline(1)
	n := -1
	if name == "ol" {
		n = 0
	}
	if len(p.lists) < 20 {
		p.lists = append(p.lists, n)
	}
}

func (p *plain) bullet() {
	depth := len(p.lists)
	if depth == 0 {
		return
	}
	p.line.WriteString(strings.Repeat("  ", depth-1))
	if n := &p.lists[depth-1]; *n >= 0 {
		*n++
		p.line.WriteString(itoa(*n) + ". ")
		return
	}
	p.line.WriteString("- ")
}

// anchor writes the address of a link after its words, unless they are the same.
func (p *plain) anchor(rest string, closing bool) {
	if !closing {
		if len(p.links) < 20 {
			p.links = append(p.links, link{attribute(rest, "href"), p.line.Len()})
		}
		return
	}
	if len(p.links) == 0 {
		return
	}
	l := p.links[len(p.links)-1]
	p.links = p.links[:len(p.links)-1]
	words := strings.TrimSpace(p.line.String()[min(l.from, p.line.Len()):])
	target := strings.TrimPrefix(l.href, "mailto:")
	if target == "" || strings.EqualFold(strings.TrimRight(words, "/"), strings.TrimRight(target, "/")) {
		return
	}
	p.line.WriteString(" <" + target + ">")
}

// attribute finds name="value" in what sanitize wrote.
func attribute(s, name string) string {
	_, after, ok := strings.Cut(" "+s, " "+name+`="`)
	if !ok {
		return ""
	}
	value, _, _ := strings.Cut(after, `"`)
	return html.UnescapeString(value)
}
