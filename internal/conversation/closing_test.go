package conversation

import (
	"strings"
	"testing"
)

func TestClosingExactly(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"[FIN]": true, "=?utf-8?q?[FIN]?=": true, "=?UTF-8?B?W0ZJTl0=?=": true, " [FIN]\r\n": true, "\r\n [FIN]\r\n": true, "[FIN] ": false, " [FIN] \r\n": false,
		"": false, "FIN": false, "[fin]": false, "[Fin]": false, "Re: [FIN]": false, "Re : [FIN]": false, "[FIN] merci": false,
		"merci [FIN]": false, "Tr : [FIN]": false, "[ FIN ]": false, "[FIN].": false, "[FIN][FIN]": false, "［FIN］": false,
		"[FIN]\u200b": false, "=?utf-8?b?W0ZJTl3igIs=?=": false, "=?utf-8?q?[FIN]=20?=": false, "[FIN]\u00a0": false,
		"=?utf-8?q?[fin]?=": false, "[F\u0406N]": false, "XDM/1.0/DDM+[FIN]": false,
	} {
		if got := Closes(raw); got != want {
			t.Errorf("Closes(%q) = %v", raw, got)
		}
	}
}

func TestResemblesClosing(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]bool{
		"[FIN]": true, "[fin]": true, "[Fin]": true, "Re: [FIN]": true, "Re : Tr : [FIN]": true, "[FIN] merci": true, "Merci [fin]": true,
		"[ FIN ]": true, "(FIN)": true, "FIN": true, "fin": true, "« Fin »": true, "［ＦＩＮ］": true, "[F\u200bIN]": true, "RE: fin.": true, "*** FIN ***": true,
		"": false, "Fin de traitement": false, "Votre ordonnance est prête": false, "Infin": false, "[FINESS]": false, "Enfin": false, "la fin": false,
		"Afin de [préparer]": false, strings.Repeat("[FIN]", 1000): true, "[FIN] " + strings.Repeat("—", 340): true, strings.Repeat("—", 1000) + "[FIN]": false,
	} {
		if got := Resembles(subject); got != want {
			t.Errorf("Resembles(%q) = %v", subject, got)
		}
	}
}

func FuzzClosing(f *testing.F) {
	for _, s := range []string{"[FIN]", "Re: [FIN]", "=?utf-8?q?[FIN]?=", "=?utf-8?b?W0ZJTl0=?=", "[F\u200bIN]", ": : :", "=?x?q?=?="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		closes, resembles := Closes(s), Resembles(s)
		bare := strings.TrimRight(strings.TrimLeft(s, " \t\r\n"), "\r\n")
		if closes && bare != "[FIN]" && !strings.HasPrefix(bare, "=?") {
			t.Errorf("%q closes", s)
		}
		if bare == "[FIN]" && (!closes || !resembles) {
			t.Errorf("%q: closes %v, resembles %v", s, closes, resembles)
		}
		if Resembles(s) && len("Re : "+s) <= maxSubject && !Resembles("Re : "+s) {
			t.Errorf("an answer to %q hides it", s)
		}
	})
}
