package templates

import "testing"

// A document stands open without being asked for only below a sender's letter who is
// known, or alone below that of another professional of the space; never a patient's.
func TestDocumentShown(t *testing.T) {
	t.Parallel()
	pdf := func(n int) (out []Attachment) {
		for range n {
			out = append(out, Attachment{EmbedHref: "/view"})
		}
		return out
	}
	known, trusted := Sender{Verified: true, Trusted: true}, Sender{Trusted: true}
	warned := known
	warned.Warning = "autre nom"
	for name, c := range map[string]struct {
		v    LetterView
		want bool
	}{
		"known":               {LetterView{From: known, Attachments: pdf(1)}, true},
		"known, several":      {LetterView{From: known, Attachments: pdf(2)}, true},
		"trusted":             {LetterView{From: trusted, Attachments: pdf(1)}, true},
		"trusted, several":    {LetterView{From: trusted, Attachments: pdf(2)}, false},
		"a patient's":         {LetterView{From: trusted, Patient: true, Attachments: pdf(1)}, false},
		"under another name":  {LetterView{From: warned, Attachments: pdf(1)}, false},
		"from outside":        {LetterView{Attachments: pdf(1)}, false},
		"nothing to be shown": {LetterView{From: known, Attachments: []Attachment{{}}}, false},
	} {
		if _, got := documentShown(c.v); got != c.want {
			t.Errorf("%s: shown %v", name, got)
		}
	}
}
