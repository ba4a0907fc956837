package message

import (
	"fmt"
	"html"
	"strings"
)

// QuoteText quotes a plain text under a line that says whose it is: "Le 3 mars
// 2026 à 14:05, X a écrit :". The hour is told in the zone of env.Date: give it
// the reader's.
func QuoteText(env Envelope, text string) string {
	var b strings.Builder
	b.WriteString(attribution(env) + "\n")
	text = strings.Trim(cleanText(text), "\n")
	for l := range strings.SplitSeq(text, "\n") {
		switch {
		case strings.HasPrefix(l, ">"):
			b.WriteString(">" + l)
		case strings.TrimSpace(l) == "":
			b.WriteByte('>')
		default:
			b.WriteString("> " + strings.TrimRight(l, " \t"))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// QuoteHTML quotes a fragment, which must be sanitised already; the result goes
// through sanitize like any other. safeHTML "" gives the line alone.
func QuoteHTML(env Envelope, safeHTML string) string {
	return "<p>" + html.EscapeString(attribution(env)) + "</p>\n" +
		`<blockquote style="margin: 0 0 0 8px; padding-left: 8px; border-left: 2px solid #8a8a8a">` + "\n" + safeHTML + "\n</blockquote>\n"
}

// ForwardText carries a plain text whole, under the head of its letter.
func ForwardText(env Envelope, text string) string {
	var b strings.Builder
	b.WriteString(forwardTitle + "\n")
	for _, f := range forwardHead(env) {
		b.WriteString(f[0] + "\u00a0: " + f[1] + "\n")
	}
	return b.String() + "\n" + strings.Trim(cleanText(text), "\n") + "\n"
}

// ForwardHTML does the same for a sanitised fragment.
func ForwardHTML(env Envelope, safeHTML string) string {
	var b strings.Builder
	b.WriteString("<p>" + html.EscapeString(forwardTitle))
	for _, f := range forwardHead(env) {
		b.WriteString("<br>\n<b>" + html.EscapeString(f[0]) + "\u00a0:</b> " + html.EscapeString(f[1]))
	}
	return b.String() + "</p>\n<div>\n" + safeHTML + "\n</div>\n"
}

const forwardTitle = "---------- Lettre transférée ----------"

// forwardHead names the letter: what its readers saw, hence never Bcc.
func forwardHead(env Envelope) (out [][2]string) {
	add := func(label, value string) {
		if value != "" {
			out = append(out, [2]string{label, value})
		}
	}
	add("De", namesOf(env.From))
	add("Date", frenchDate(env))
	add("Objet", cleanLine(env.Subject))
	add("À", namesOf(env.To))
	add("Cc", namesOf(env.Cc))
	return out
}

const maxNamed = 30

func namesOf(list []Mailbox) string {
	var names []string
	for i, m := range list {
		if i == maxNamed {
			names = append(names, fmt.Sprintf("et %d autres", len(list)-i))
			break
		}
		name, addr := cleanLine(DisplayName(m)), cleanLine(m.String())
		if name != addr && addr != "" {
			name += " <" + addr + ">"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func attribution(env Envelope) string {
	who, when := "", frenchDate(env)
	if len(env.From) > 0 {
		who = cleanLine(DisplayName(env.From[0]))
	}
	switch {
	case who == "" && when == "":
		return "L’expéditeur a écrit\u00a0:"
	case who == "":
		who = "l’expéditeur"
	}
	if when != "" {
		when = "Le " + when + ", "
	}
	return when + who + " a écrit\u00a0:"
}

var months = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}

func frenchDate(env Envelope) string {
	d := env.Date
	if d.IsZero() {
		return ""
	}
	day := fmt.Sprint(d.Day())
	if d.Day() == 1 {
		day = "1er"
	}
	return fmt.Sprintf("%s %s %d à %02d:%02d", day, months[d.Month()-1], d.Year(), d.Hour(), d.Minute())
}
