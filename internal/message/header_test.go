package message

import (
	"strings"
	"testing"
)

func TestAddressList(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{`a@b.example`, `|a@b.example`},
		{`"Petit, Claire (Dr)" <claire@b.example>, x@y.example`, `Petit, Claire (Dr)|claire@b.example;|x@y.example`},
		{`Petit, Claire <claire@b.example>`, `Petit, Claire|claire@b.example`},
		{`claire@b.example (Dr Petit)`, `Dr Petit|claire@b.example`},
		{`a@b.example; c@d.example`, `|a@b.example;|c@d.example`},
		{`Equipe: a@b.example, "C" <c@d.example>;, e@f.example`, `|a@b.example;C|c@d.example;|e@f.example`},
		{`undisclosed-recipients:;`, ``},
		{`=?utf-8?Q?H=C3=A9l=C3=A8ne?= <h@b.example>`, `Hélène|h@b.example`},
		{`=?iso-8859-1?Q?M=FCller=2C_Jo?= <h@b.example>, x@y.example`, `Müller, Jo|h@b.example;|x@y.example`},
		{`"jamais fermé <a@b.example>`, `jamais fermé|a@b.example`},
		{`<a@b.example`, `|a@b.example`},
		{`Service de cardiologie`, `Service de cardiologie|`},
		{"Ren\xe9 <r@b.example>", `René|r@b.example`},
		{`a@b.example, , ,`, `|a@b.example`},
		{`Nom <>`, `Nom|`},
		{`jdöe@mächine.example`, `|jdöe@mächine.example`},
		{`"a\"b" <a@b.example>`, `a"b|a@b.example`},
	} {
		var got []string
		for _, m := range ParseAddressList(c.in) {
			got = append(got, m.Name+"|"+m.String())
		}
		if s := strings.Join(got, ";"); s != c.want {
			t.Errorf("%q: got %q, want %q", c.in, s, c.want)
		}
	}
}

func TestSenderWarnings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ header, want, shown string }{
		{"From: Dr Petit <p@chu.example>\n", "", "Dr Petit"},
		{"Subject: x\n", "no_sender", ""},
		{"From: p@chu.example\nFrom: q@evil.example\n", "several_from", "p@chu.example"},
		{"From: \"p@chu.example\" <q@evil.example>\n", "posing", "q@evil.example"},
		{"From: \"p＠chu.example\" <q@evil.example>\n", "posing", "q@evil.example"},
		{"From: =?utf-8?Q?p=40chu.example?= <q@evil.example>\n", "posing", "q@evil.example"},
		{"From: p@chu.example <p@chu.example>\n", "", "p@chu.example"},
		{"From: =?utf-8?Q?Dr_Petit=00=0A?= <q@evil.example>\n", "hidden", "Dr Petit"},
		{"From: =?utf-8?Q?Dr_=E2=80=AEtiteP?= <q@evil.example>\n", "hidden", "Dr titeP"},
		{"From: =?utf-8?Q?p=40chu.example=00?=@evil.example\n", "hidden bad_address", "=?utf-8?Q?p=40chu.example=00?=@evil.example"},
		{"From: Equipe: p@chu.example;\n", "group", "p@chu.example"},
		{"From: personne\n", "bad_address", "personne"},
	} {
		_, e := ParseHeader([]byte(c.header))
		var got []string
		for _, w := range e.Warnings {
			got = append(got, string(w))
			if w.Say() == "" {
				t.Errorf("%s says nothing", w)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%q: warnings %q, want %q", c.header, s, c.want)
		}
		if len(e.From) > 0 && DisplayName(e.From[0]) != c.shown {
			t.Errorf("%q: shown %q, want %q", c.header, DisplayName(e.From[0]), c.shown)
		}
	}
}

func TestHeaderText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"=?utf-8?B?w6k=?=":                           "é",
		"=?UTF-8?Q?a?= =?utf-8?q?b?=":                "ab",
		"=?utf-8?Q?=C3?=\r\n =?utf-8?Q?=A9?=":        "é",
		"=?utf-8?Q?avec espace dedans?= suite":       "avec espace dedans suite",
		"=?inconnu-9?Q?caf=E9?=":                     "café",
		"=?utf-8*fr?Q?=C3=A9t=C3=A9?=":               "été",
		"=?iso-2022-jp?B?GyRCJF4kXyRgJGEkYhsoQg==?=": "まみむめも",
		"plain =? text ?= end":                       "plain =? text ?= end",
		"=?utf-8?X?abc?=":                            "=?utf-8?X?abc?=",
		"caf\xe9":                                    "café",
		"a\r\n b\tc":                                 "a b c",
		"=?utf-8?Q?a=0D=0ABcc:_x?=":                  "a  Bcc: x",
		"\u202egnp.exe":                              "gnp.exe",
		"Re: =?utf-8?Q?[FIN]?=":                      "Re: [FIN]",
		"=?utf-8?Q??=20x?=":                          "? x",
	} {
		if got := DecodeHeaderText(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Tue, 03 Nov 2026 09:12:00 +0100":       "2026-11-03T08:12:00Z",
		"Tue, 20 Feb 2024 00:19:00 +0100 (CET)": "2024-02-19T23:19:00Z",
		"3 Nov 2026 09:12 +0100":                "2026-11-03T08:12:00Z",
		"Tue 3 Nov 2026 09:12:00 +0100":         "2026-11-03T08:12:00Z",
		"Tue, 3 Nov 2026 09.12.00 +0100":        "2026-11-03T08:12:00Z",
		"2026-11-03 09:12:00 +0100":             "2026-11-03T08:12:00Z",
		"Tue, 03 Nov 2026 09:12:00 FOOBAR":      "2026-11-03T09:12:00Z",
		"hier":                                  "0001-01-01T00:00:00Z",
		"":                                      "0001-01-01T00:00:00Z",
	} {
		if got := ParseDate(in).UTC().Format("2006-01-02T15:04:05Z"); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}
