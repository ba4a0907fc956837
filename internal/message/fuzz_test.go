package message

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/letters/*.eml")
	for _, file := range files {
		f.Add(read(f, file))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := Parse(raw, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		checkLetter(t, "fuzz", raw, l)
	})
}

func FuzzHeader(f *testing.F) {
	for _, s := range []string{"Subject: =?utf-8?B?w6k=?=\r\n =?utf-8?Q?=C3?=\r\n\r\n", "From a b\nFrom: x\n y\nstray\nDate: 1 Jan 2026\n", "A\n\n", " From: a@b.example\n",
		"Content-Type: text/plain; name*0*=utf-8''%C3; name*1=\"x\"; =y\n", "References: <a@b> <c d>\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, e := ParseHeader(raw)
		checkLine(t, e.Subject)
		for _, field := range h.Fields {
			checkLine(t, field.Text())
			value, params := parseParams(field.Raw())
			MergeParams(params)
			if !utf8.ValidString(value) {
				t.Fatalf("%q", value)
			}
		}
		for _, id := range e.References {
			checkLine(t, id)
			if strings.ContainsAny(id, " \t") {
				t.Fatalf("id %q", id)
			}
		}
	})
}

func FuzzAddressList(f *testing.F) {
	for _, s := range []string{`"a, b" <c@d.example>, e@f.example (g)`, `g: a@b.example;`, `=?utf-8?Q?=00?= <a@b.example>`, `"x`, `<<a@b>>`, `a@b.example(`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, m := range ParseAddressList(s) {
			checkLine(t, m.Name)
			checkLine(t, m.Raw)
			if m.Valid && (m.Address.IsZero() || m.Address.String() != strings.TrimSpace(m.Raw) && !strings.EqualFold(m.Address.String(), strings.TrimSpace(m.Raw))) {
				t.Fatalf("%q: valid %v is not what was written: %q", s, m.Address, m.Raw)
			}
			if m.Name == "" && m.Raw == "" {
				t.Fatalf("%q: an empty mailbox", s)
			}
		}
	})
}

func FuzzFileName(f *testing.F) {
	for _, s := range []string{"a.pdf", "../x", "con", "a\u202eb.exe", strings.Repeat("a", 300) + ".pdf", "C:\\x", "a . .", "…"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := SafeFileName(s)
		checkFileName(t, name)
		u := UniqueNames([]string{s, s, strings.ToUpper(s)})
		if strings.EqualFold(u[0], u[1]) || strings.EqualFold(u[1], u[2]) {
			t.Fatalf("not unique: %q", u)
		}
	})
}

func FuzzLinkify(f *testing.F) {
	for _, s := range []string{"https://a.example/x", "> https://a.example\n>> b", "mailto:a@b.example\"><script>", "http://a.example@b.example", "<a href=https://a.example>",
		"https://a.example/\u202e", "hhttps://a.b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(s, "Texte") {
			return
		}
		checkPlain(t, s, PlainToHTML(s))
	})
}

func FuzzDecodeTransfer(f *testing.F) {
	for _, s := range []string{"QUJD", "=C3=A9=\n", "begin 644 a\n+0F]N\n`\nend", "Q=UJ\n=", "= \r\n"} {
		for _, e := range []string{"base64", "quoted-printable", "uuencode"} {
			f.Add(e, []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, enc string, b []byte) {
		whole, err := io.ReadAll(DecodeTransfer(enc, bytes.NewReader(b)))
		if err != nil {
			t.Fatal(err)
		}
		if len(whole) > len(b)+64 && canonicalEncoding(enc) != "uuencode" || len(whole) > 63*len(b) {
			t.Fatalf("%d bytes became %d", len(b), len(whole))
		}
		pieces, _ := io.ReadAll(DecodeTransfer(enc, io.MultiReader(bytes.NewReader(b[:len(b)/2]), bytes.NewReader(b[len(b)/2:]))))
		if !bytes.Equal(whole, pieces) {
			t.Fatalf("depends on how the bytes come: %q, %q", whole, pieces)
		}
	})
}

func FuzzReport(f *testing.F) {
	for _, s := range []string{"Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822;a@b.example\nAction: failed\nStatus: 5.1.1\n", "\n\n\n", "Disposition: a/b; processed/Error: 902^x^y\n",
		"x\n\ny\n\nFinal-Recipient: z", "Original-Message-ID: <a@b>\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, disposition := range []bool{true, false} {
			r := parseReport(b, disposition)
			for _, s := range []string{r.OriginalMessageID, r.Disposition, r.Code, r.Label} {
				checkLine(t, s)
			}
			for _, p := range r.Recipients {
				checkLine(t, p.Raw+p.Action+p.Status+p.Diagnostic)
			}
		}
	})
}
