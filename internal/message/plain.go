package message

import (
	"html"
	"strings"
)

const (
	maxQuoteDepth = 6
	foldFrom      = 4 // quoted lines; fewer are left open between an answer's lines
)

// PlainToHTML shows plain text as a fragment of HTML: escaped, its lines and
// spaces kept, links made (see linkify), long quoted runs folded in <details>.
// The fragment goes through sanitize like any other.
func PlainToHTML(text string) string {
	text = cleanText(text)
	var b strings.Builder
	b.Grow(len(text) + len(text)/8 + 64)
	for len(text) > 0 {
		run, rest := quotedRun(text)
		text = rest
		if len(run) > 0 {
			writeQuote(&b, run, strings.TrimSpace(rest) == "")
			continue
		}
		b.WriteString(`<div style="white-space:pre-wrap">`)
		for first := true; len(text) > 0 && text[0] != '>'; first = false {
			line, rest, _ := strings.Cut(text, "\n")
			if !first {
				b.WriteByte('\n')
			}
			linkify(&b, line)
			text = rest
		}
		b.WriteString("</div>")
	}
	return b.String()
}

type quotedLine struct {
	depth int
	text  string
}

// quotedRun takes the quoted lines at the start of text.
func quotedRun(text string) (run []quotedLine, rest string) {
	for len(text) > 0 && text[0] == '>' {
		line, after, _ := strings.Cut(text, "\n")
		text = after
		depth := 0
		for len(line) > 0 && (line[0] == '>' || line[0] == ' ' && len(line) > 1 && line[1] == '>' && depth > 0) {
			if line[0] == '>' {
				depth++
			}
			line = line[1:]
		}
		run = append(run, quotedLine{min(depth, maxQuoteDepth), strings.TrimPrefix(line, " ")})
	}
	return run, text
}

func writeQuote(b *strings.Builder, run []quotedLine, last bool) {
	fold := last || len(run) >= foldFrom
	if fold {
		b.WriteString("<details><summary>" + html.EscapeString("Texte cité") + "</summary>")
	}
	depth := 0
	for i, l := range run {
		same := i > 0 && l.depth == depth
		if !same && i > 0 {
			b.WriteString("</div>")
		}
		for ; depth < l.depth; depth++ {
			b.WriteString("<blockquote>")
		}
		for ; depth > l.depth; depth-- {
			b.WriteString("</blockquote>")
		}
		if same {
			b.WriteByte('\n')
		} else {
			b.WriteString(`<div style="white-space:pre-wrap">`)
		}
		linkify(b, l.text)
	}
	b.WriteString("</div>")
	for ; depth > 0; depth-- {
		b.WriteString("</blockquote>")
	}
	if fold {
		b.WriteString("</details>")
	}
}
