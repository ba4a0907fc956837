package outgoing

import (
	"regexp"
	"strings"
)

// announced are the words by which a letter speaks of a file that goes with it.
var announced = regexp.MustCompile(`(?i)(\bci[- ]?(joint|annex|inclus)|\b(pi[eè]ces?|documents?|fichiers?|copies?|lettres?|courriers?|images?|photos?)[- ](ci[- ]?)?joint|\bp\.?j\.?\b\s*[:.]|\ben (pi[eè]ce jointe|pj|annexe)\b|\b(je|nous) (vous |te )?(joins|joignons|transmets en annexe)\b|\b(trouverez|trouveras|trouver)\b[^.!?\n]{0,80}\b(joint|jointe|joints|jointes|annexe)\b)`)

// never: "merci de ne rien joindre" and "sans pièce jointe" announce nothing.
var unannounced = regexp.MustCompile(`(?i)\b(sans|aucune?|pas de|pas d[’']) ?(pi[eè]ces?|documents?|fichiers?)[- ]joint\w*`)

// Announces reports whether a text speaks of a file that goes with the letter.
func Announces(text string) bool {
	text = text[:min(len(text), 64<<10)]
	return announced.MatchString(unannounced.ReplaceAllString(text, ""))
}

// OwnWords is the text without what it quotes: lines with ">", and all that
// follows the head of a forwarded letter.
func OwnWords(text string) string {
	var b strings.Builder
	for l := range strings.SplitSeq(text, "\n") {
		t := strings.TrimSpace(l)
		if strings.HasPrefix(t, "---") && strings.Contains(strings.ToLower(t), "transf") {
			break
		}
		if !strings.HasPrefix(t, ">") && !strings.HasSuffix(t, "a écrit :") && !strings.HasSuffix(t, "a écrit\u00a0:") {
			b.WriteString(l)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// Wordless reports a text that says nothing of its own: only a signature, below its
// dash, and what is quoted.
func Wordless(text string) bool {
	own, _, _ := strings.Cut("\n"+strings.ReplaceAll(OwnWords(text), "\r\n", "\n"), "\n—\n")
	return strings.TrimSpace(own) == ""
}
