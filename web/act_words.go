package web

import (
	"crypto/sha256"
	"net/http"
	"strings"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/templates"
)

// maxSubjectSaid is how much of a subject the sentence after an act shows, in letters.
const maxSubjectSaid = 32

// letterNamed is the letter an act was about, as the sentence after it calls it: '« Objet »'.
// It stands in the session's memory, never in an address. "" when one letter has no
// subject, or is not the only one.
func letterNamed(r *http.Request, b *mailbox.Box, which []mailbox.Ref) string {
	if len(which) != 1 {
		return ""
	}
	s := strings.Join(strings.Fields(mssante.VisibleSubject(b.SubjectOf(r.Context(), which[0]))), " ")
	if s == "" {
		return ""
	}
	s = templates.SubjectPrefixes(s)
	if runes := []rune(s); len(runes) > maxSubjectSaid {
		s = strings.TrimSpace(string(runes[:maxSubjectSaid-1])) + "…"
	}
	return "«\u00a0" + s + "\u00a0»"
}

// maxUndone acts taken back are remembered in a session: one is not taken back twice.
const maxUndone = 50

const sayUndone = "Il n’y a plus rien à annuler\u00a0: cet acte l’est déjà."

// undone notes that an act was taken back.
func (k *desk) undone(token string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tokens = append(k.tokens, sha256.Sum256([]byte(token)))
	if len(k.tokens) > maxUndone {
		k.tokens = append(k.tokens[:0], k.tokens[len(k.tokens)-maxUndone:]...)
	}
	for i := range k.notes {
		if k.notes[i].value.undo == token {
			k.notes[i].value.undo = ""
		}
	}
}

func (k *desk) wasUndone(token string) bool {
	sum := sha256.Sum256([]byte(token))
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, t := range k.tokens {
		if t == sum {
			return true
		}
	}
	return false
}
