package templates

import (
	"strconv"
	"strings"
)

func bodyTitle(t string) string {
	if t == "" {
		return "Corps de la lettre"
	}
	return t
}

// nestedTitle numbers the frames of a page: two of one title cannot be told apart.
func nestedTitle(t string, n int) string {
	if t == "" {
		t = "Corps de la lettre jointe"
	}
	return t + nbsp + strconv.Itoa(n+1)
}

// noBody says why no sheet is shown.
func noBody(v LetterView) string {
	if len(v.Attachments)+len(v.Nested) > 0 {
		return "Cette lettre ne contient aucun texte" + nbsp + ": seulement ce qui y est joint."
	}
	return "Cette lettre ne contient aucun texte."
}

// senderName falls back to the address, which is then not said a second time.
func senderName(s Sender) string {
	if strings.TrimSpace(s.Name) == "" && s.Address != "" {
		return s.Address
	}
	return who(s.Name)
}

// archiveKind: a letter is filed next, but where it can be put back, where it stays (Sent),
// and where a patient waits for an answer.
func archiveKind(v LetterView, can triage) string {
	if can.Back != "" || letterRole(v) == "sent" || answerKind(v) == "primary" {
		return "plain"
	}
	return "primary"
}

// answerKind: a patient's letter is there to be answered.
func answerKind(v LetterView) string {
	if v.Patient && !v.Answered && v.ExchangeHref != "" && v.Nav.Write != "" && letterRole(v) != "sent" {
		return "primary"
	}
	return "plain"
}

func personName(p Person) string {
	if p.Name == "" {
		return p.Address
	}
	return p.Name
}

func firstOf(to, cc []Person) Person {
	if len(to) > 0 {
		return to[0]
	}
	return cc[0]
}

func fileName(name string) string {
	if name == "" {
		return "pièce sans nom"
	}
	return name
}

func remoteSay(n int) string {
	if n == 1 {
		return "Une image d’internet n’a pas été chargée" + nbsp + ": elle trahirait votre lecture."
	}
	return grouped(n) + nbsp + "images d’internet n’ont pas été chargées" + nbsp + ": elles trahiraient votre lecture."
}

// documentShown is the document whose first page stands below the letter without being
// asked for: the first PDF of a sender the directory knows, under their own name, or
// the only one of another professional of the trusted space (a laboratory's robot).
// Any other waits for a click.
func documentShown(v LetterView) (shown Attachment, yes bool) {
	if !v.From.Verified && !v.From.Trusted || v.Patient || v.From.Warning != "" || letterRole(v) == "junk" {
		return shown, false
	}
	n := 0
	for _, a := range v.Attachments {
		if a.EmbedHref != "" && !void(a) {
			if n++; n == 1 {
				shown = a
			}
		}
	}
	return shown, n == 1 || n > 1 && v.From.Verified
}

// remindersHref leads from a letter put aside to where it says until when.
func remindersHref(v LetterView) string {
	for _, f := range v.Page.Folders {
		if f.Current && f.Role == "reminders" {
			return f.Href
		}
	}
	return ""
}
