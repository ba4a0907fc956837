package web

import (
	"errors"
	"strings"
	"testing"

	"pli.example/pli/internal/problem"
)

func TestEveryKindHasItsPage(t *testing.T) {
	t.Parallel()
	for k := problem.Internal; k <= problem.Timeout; k++ {
		for name, f := range map[string]failure{"signed in": failureOf(k), "at sign-in": signInFailureOf(k)} {
			if f.status < 400 || f.heading == "" || f.say == "" || f.actLabel == "" || f.act == nil {
				t.Errorf("%s, %s: incomplete page %+v", k, name, f)
			}
			if k != problem.Internal && f.status == 500 {
				t.Errorf("%s, %s: falls through to the internal page", k, name)
			}
			for _, sentence := range []string{f.heading, f.say} {
				for _, mark := range []string{" :", " ;", " !", " ?", "Oups"} {
					if strings.Contains(sentence, mark) {
						t.Errorf("%s: %q holds %q: a no-break space goes before it", k, sentence, mark)
					}
				}
			}
		}
	}
}

// Attack 52: a server's prose and people's addresses stay out of the log.
func TestCauseHoldsNoContent(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"listing a folder: imap: NO [NONEXISTENT] Mailbox doesn't exist: Patients/Besançon": "listing a folder: imap: NO [NONEXISTENT…",
		"imap: NO Folder Dupont: unknown":                  "imap: NO…",
		"imap: BAD Error in IMAP command FETCH":            "imap: BAD…",
		"open 255033799001183@patient.mssante.fr: refused": "open ‹adresse›: refused",
		"dial tcp 127.0.0.1:143: connection refused":       "dial tcp 127.0.0.1:143: connection refused",
		"mailserver: connection lost: read: i/o timeout":   "mailserver: connection lost: read: i/o timeout",
		strings.Repeat("é", 500):                           strings.Repeat("é", 200) + "…",
	} {
		if got := cause(errors.New(in)); got != want {
			t.Errorf("cause(%q)\n got %q\nwant %q", firstBytes(in), got, want)
		}
	}
}

func firstBytes(s string) string { return s[:min(len(s), 80)] }
