package outgoing

import (
	"html"
	"strings"
	"unicode/utf8"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/sanitize"
)

// said is what a letter says, as a safe fragment and as text. Pictures stay behind:
// they come as files when files come.
type said struct {
	html, text       string
	cutHTML, cutText bool // the end, or a part, of its words did not fit
	flat             bool // html shows the words without their formatting
}

// room is how much of a letter is taken, octets of each form.
type room struct {
	html, text int
	line       int // what each line costs besides: the mark of a quotation
	read       func([]byte, sanitize.Options) sanitize.Result
}

// Half a letter is for what it quotes, of which only what was seen is passed on; one
// that is gone on with may fill it, as it is.
var (
	toQuote  = room{html: maxHTML / 2, text: maxText / 2, line: len("> "), read: sanitize.Seen}
	toGoOnIn = room{html: maxHTML - 1024, text: maxText - 1024, read: sanitize.HTML} // the rest is for the line that says what is missing
)

const (
	hardRoom = maxText - maxText/16 // of the plain form of quoted HTML
	easyRoom = maxText / 16         // a fragment this short has no plain form beyond it
)

// words gives what was shown of the letter: the plain form is made from it too, never
// from another text that nobody looked at.
func words(l *mailbox.Letter, r room) said {
	var h, t strings.Builder
	out := said{cutText: l.Cut}
	for _, s := range l.Shown {
		source := s.Text
		if s.Part.Type != "text/html" {
			source = message.PlainToHTML(s.Text)
		}
		clean := r.read([]byte(source), sanitize.Options{})
		h.Write(clean.HTML)
		out.cutHTML = out.cutHTML || clean.Truncated
		if s.Part.Type == "text/html" {
			t.WriteString(PlainOf(string(clean.HTML)))
			out.cutText = out.cutText || clean.Truncated
		} else {
			t.WriteString(s.Text)
		}
		out.cutText = out.cutText || s.Truncated
	}
	out.html, out.text = h.String(), t.String()
	out.cutHTML = out.cutHTML || out.cutText
	if !r.holds(out.html) { // its text alone, then: as much of it as fits
		kept, cut := cutText(out.text, min(r.html, r.text), func(c byte) int { return len(html.EscapeString(string(rune(c)))) + r.perLine(c) })
		out.html, out.flat, out.cutHTML = "<pre>"+html.EscapeString(kept)+"</pre>", true, cut || out.cutText
	}
	kept, cut := cutText(out.text, r.text, func(c byte) int { return 1 + r.perLine(c) })
	out.text, out.cutText = kept, cut || out.cutText
	return out
}

func (r room) perLine(c byte) int {
	if c == '\n' {
		return r.line
	}
	return 0
}

// holds reports whether a fragment fits, with the plain form that will be made of it.
func (r room) holds(fragment string) bool {
	if len(fragment) > r.html {
		return false
	}
	if len(fragment) <= easyRoom {
		return true
	}
	if r.line > 0 {
		return len(PlainOf("<blockquote>"+fragment+"</blockquote>")) <= hardRoom
	}
	return len(PlainOf(fragment)) <= r.text
}

// cutText gives as much of s as costs limit at most, ended at a character.
func cutText(s string, limit int, cost func(byte) int) (string, bool) {
	if len(s)*len("&#34;") <= limit {
		return s, false
	}
	for i := range len(s) {
		if limit -= cost(s[i]); limit < 0 {
			for i > 0 && !utf8.RuneStart(s[i]) {
				i--
			}
			return s[:i], true
		}
	}
	return s, false
}

// What a text says of its own missing words.
const (
	unfinished = "[Ce brouillon est trop long pour être repris en entier\u00a0: il en manque une partie ici. L’original, dans le dossier Brouillons, est entier.]"
	unquoted   = "[Cette lettre est trop longue pour être citée en entier\u00a0: il en manque une partie ici.]"
	uncarried  = "[Cette lettre est trop longue pour être reprise en entier\u00a0: il en manque une partie ici. Lisez-la dans le fichier joint «\u00a0" + originalName + "\u00a0», ou demandez-la.]"
)

// noted puts a line after the words when some of them are missing.
func (s said) noted(line string) said {
	if s.cutHTML {
		s.html += "<p><b>" + html.EscapeString(line) + "</b></p>"
	}
	if s.cutText {
		s.text = strings.TrimRight(s.text, "\n") + "\n\n" + line + "\n"
	}
	return s
}
