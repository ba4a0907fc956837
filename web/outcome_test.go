package web

import (
	"strings"
	"testing"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
)

func TestSayingOfAnOutcome(t *testing.T) {
	t.Parallel()
	s := saying{"classée", "classées"}
	for want, o := range map[string]mailbox.Outcome{
		"Lettre classée.":                                      {Done: 1},
		"2\u00a0lettres classées.":                             {Done: 2},
		"1\u00a0lettre classée\u00a0; 1 n’était plus là.":      {Done: 1, Missed: 1},
		"2\u00a0lettres classées\u00a0; 3 n’étaient plus là.":  {Done: 2, Missed: 3},
		"1\u00a0lettre classée. Le serveur a refusé le reste.": {Done: 1, Missed: 1, Say: "Le serveur a refusé le reste."},
		"Rien n’a changé.":                                     {},
	} {
		if got := s.of(o, ""); got != want {
			t.Errorf("%+v: %q, want %q", o, got, want)
		}
	}
	if got := s.of(mailbox.Outcome{Done: 1}, "«\u00a0Pansement\u00a0»"); got != "«\u00a0Pansement\u00a0» classée." {
		t.Errorf("a letter that has a name: %q", got)
	}
	if got := s.of(mailbox.Outcome{}, "«\u00a0Pansement\u00a0»"); got != "Rien n’a changé." {
		t.Errorf("nothing done: %q", got)
	}
	if noteKind(mailbox.Outcome{Done: 1}) != "ok" || noteKind(mailbox.Outcome{Done: 1, Missed: 1}) != "warn" {
		t.Error("kind")
	}
}

// A code is for machines: the page says what it means.
func TestIntegrationReportShowsNoCode(t *testing.T) {
	t.Parallel()
	n := reportNotice(message.Report{Kind: message.ReportIntegration, Code: "902", Label: "patient inconnu"})
	if strings.Contains(n.Text, "902") || strings.Contains(n.Text, "code") || !strings.Contains(n.Text, "patient inconnu") {
		t.Errorf("%q", n.Text)
	}
}
