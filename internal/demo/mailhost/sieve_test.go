package mailhost

import (
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

const sieveLetter = "From: Labo <labo@bio.fr>\r\nTo: anne@x.fr\r\nCc: bob@y.fr\r\nSubject: =?utf-8?q?R=C3=A9sultat?= VIAL\r\nX-MSS-CODECDA: 1, 22\r\n\r\nmot\r\n"

// TestSieveRun: what a script does to a letter.
func TestSieveRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		script, into, flags string
		answers             bool
	}{
		{``, "INBOX", "", false},
		{`# x` + "\r\n" + `if header :contains "subject" "résultat v" { addflag ["\\Seen", "\\Flagged"]; fileinto "Labo"; stop; } fileinto "Autre";`, "Labo", `\Seen \Flagged`, false},
		{`if allof (address :is ["from"] ["LABO@bio.fr"], not address :domain :is "cc" "bio.fr") { fileinto "Labo"; } /* } */ `, "Labo", "", false},
		{`if anyof (header :matches "x-mss-codecda" ["2", "*, 22"], true) { if mailboxexists "Disparu" { fileinto "Disparu"; stop; } }`, "INBOX", "", false},
		{`if header :matches "x-mss-codecda" ["2", "*, 2"] { discard; }`, "INBOX", "", false},
		{`if envelope :domain :matches "from" "*.fr" { discard; }`, "", "", false},
		{`if allof (currentdate :zone "+0000" :value "ge" "iso8601" "2026-11-20T00:00:00", currentdate :zone "+0000" :value "lt" "iso8601" "2026-11-22T00:00:00") { vacation :days 7 :subject "a" "b"; }`, "INBOX", "", true},
		{`if currentdate :zone "+0000" :value "lt" "iso8601" "2026-11-21T00:00:00" { vacation "b"; }`, "INBOX", "", false},
	} {
		nodes, err := readSieve(c.script)
		if err != nil {
			t.Errorf("%s: %v", c.script, err)
			continue
		}
		header, _ := splitHeader([]byte(sieveLetter))
		r := &sieveRun{header: header, from: "x@bio.test.fr", now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), exists: func(f string) bool { return f != "Disparu" }}
		r.run(nodes)
		if len(r.into) == 0 && !r.dropped {
			r.into = []string{"INBOX"}
		}
		var flags []string
		for _, f := range r.flags {
			flags = append(flags, string(imap.Flag(f)))
		}
		if strings.Join(r.into, " ") != c.into || strings.Join(flags, " ") != c.flags || (r.answer != nil) != c.answers {
			t.Errorf("%s: %q %q %v", c.script, r.into, flags, r.answer)
		}
	}
	for _, script := range []string{`redirect "a@b.fr";`, `require "regex";`, `keep`, `if true { keep; `, `fileinto;`, `if header "x" { keep; }`, `"x";`, `keep; }`, `if`, `fileinto "a`, strings.Repeat("if true {", 50)} {
		if _, err := readSieve(script); err == nil {
			t.Errorf("%q is taken", script)
		}
	}
}

// FuzzSieve: a script of anybody's is read or refused, and ends.
func FuzzSieve(f *testing.F) {
	for _, s := range []string{`if allof (true, not false) { keep; }`, `fileinto "a\"b";`, "/*", "#", `vacation :days 7 "x";`, `if header ["a"] ["b"] {}`, `address`, `if not`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, script string) {
		nodes, err := readSieve(script)
		if err != nil {
			return
		}
		header, _ := splitHeader([]byte(sieveLetter))
		(&sieveRun{header: header, exists: func(string) bool { return true }}).run(nodes)
	})
}
