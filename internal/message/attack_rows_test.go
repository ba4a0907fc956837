package message

import (
	"strings"
	"testing"
)

// Attacks 20 to 23, 26 and 59: what a program would have to interpret (a CDA with
// its style sheet, TNEF, RTF, a calendar, an archive, an encrypted letter, SVG) has
// no preview, whatever it says it is; nothing of it is ever run or decoded.
func TestRowNothingIsInterpreted(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{
		"cr.xml":      `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="https://evil.example/cda.xsl"?><ClinicalDocument/>`,
		"bom.xml":     "\xEF\xBB\xBF<?xml version=\"1.0\"?><!DOCTYPE x SYSTEM \"file:///etc/passwd\"><x/>",
		"laugh.xml":   ` <!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><l>&b;</l>`,
		"utf16.xml":   "\xFF\xFE<\x00?\x00x\x00m\x00l\x00",
		"winmail.dat": "\x78\x9F\x3E\x22\x01\x00",
		"xdm.zip":     "PK\x03\x04\x14\x00",
		"smime.p7m":   "\x30\x80\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03",
		"a.svg":       `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`,
		"a.html":      "\n\t<!doctype html><script>alert(1)</script>",
		"a.exe":       "MZ\x90\x00\x03",
		"a.mvg":       "push graphic-context\nviewbox 0 0 1 1\nimage over 0,0 0,0 'https://evil.example/a'\x00",
		"a.ps":        "%!PS-Adobe-3.0\x04",
	} {
		for _, typ := range []string{"", "application/octet-stream", "text/plain", "text/csv", "image/png", "image/svg+xml", "application/pdf", "text/html", "text/xml", "application/xml"} {
			if got := SniffPreview(typ, name, []byte(head)); got != PreviewNone {
				t.Errorf("%s as %q: preview %s", name, typ, got)
			}
		}
		if got := ImageType([]byte(head)); got != "" {
			t.Errorf("%s: shown as %s", name, got)
		}
	}
	for _, typ := range []string{"text/calendar", "text/rtf", "application/rtf", "application/ms-tnef", "application/pkcs7-mime", "application/javascript", "text/javascript", "text/css", "text/vcard", "message/rfc822"} {
		if got := SniffPreview(typ, "a.txt", []byte("BEGIN:VCALENDAR\r\nX-EVIL:<script>\r\n")); got != PreviewNone {
			t.Errorf("%s: preview %s", typ, got)
		}
	}
	for _, typ := range []string{"text/calendar; method=REQUEST", "application/pkcs7-mime; smime-type=enveloped-data", "application/ms-tnef", "text/xml", "text/rtf"} {
		l := parse(t, "From: a@b.example\nContent-Type: multipart/alternative; boundary=B\n\n--B\nContent-Type: text/plain\n\nmot\n--B\nContent-Type: "+typ+"\n\nX-EVIL:1\n--B--\n")
		b := l.Root.Body()
		if len(b.Shown) != 1 || b.Shown[0].Type != "text/plain" || len(b.Attachments) != 1 {
			t.Errorf("%s: shown %q, files %q", typ, paths(b.Shown), paths(b.Attachments))
		}
		whole := parse(t, "From: a@b.example\nContent-Type: "+typ+"\n\nX-EVIL:1\n")
		if b := whole.Root.Body(); len(b.Shown) != 0 || len(b.Attachments) != 1 {
			t.Errorf("%s alone: shown %q, files %q", typ, paths(b.Shown), paths(b.Attachments))
		}
	}
}

// Attack 35: however the sender is written, one address is shown, nothing hidden is
// believed, and what is doubtful says so.
func TestRowOneSender(t *testing.T) {
	t.Parallel()
	for _, from := range []string{
		"dr@chu.example, q@evil.example", "dr@chu.example <q@evil.example> <r@evil.example>", "=?utf-8?Q?dr=40chu.example?=@evil.example", "=?utf-8?B?ZHJAY2h1LmV4YW1wbGUA?= <q@evil.example>",
		"\"dr@chu.example\" <q@evil.example>", "dr@chu.example\x00 <q@evil.example>", "=?utf-8?Q?dr=40chu.example=0A?= <q@evil.example>", "=?utf-8?Q?dr=40chu.example=00?=@evil.example",
		"dr@chu.example (<q@evil.example>)", "Equipe: dr@chu.example;", "dr\u202e@chu.example", "dr@chu.example\u200b", "dr＠chu.example <q@evil.example>",
		"<dr@chu.example>q@evil.example", "dr@[127.0.0.1]", "dr@chu.example>", "=?utf-8?Q?=3Cdr=40chu.example=3E?= <q@evil.example>",
		"dr@chu.example\nFrom: q@evil.example", "q@evil.example\nfrom : dr@chu.example",
	} {
		_, e := ParseHeader([]byte("From: " + from + "\nSubject: x\n\n"))
		if len(e.From) == 0 {
			continue // the page says that no sender can be read
		}
		first := e.From[0]
		shown := DisplayName(first)
		if strings.ContainsAny(shown, "\x00\r\n\u202e\u200b") {
			t.Errorf("%q: shown %q", from, shown)
		}
		named := strings.Contains(shown, "chu.example")
		if named && !strings.EqualFold(first.Address.String(), "dr@chu.example") && len(e.Warnings) == 0 {
			t.Errorf("%q is shown as %q, is %q, and nothing is said", from, shown, first.Address)
		}
		if len(e.Warnings) == 0 && (len(e.From) > 1 || !first.Valid) {
			t.Errorf("%q: %d senders, valid %v, and nothing is said", from, len(e.From), first.Valid)
		}
	}
}

// Attack 35 again: a header or a boundary given twice hides no part of a letter.
func TestRowAmbiguousStructure(t *testing.T) {
	t.Parallel()
	for i, raw := range []string{
		"Content-Type: multipart/mixed; boundary=A; boundary=B\n\n--A\nContent-Type: text/plain\n\nun\n--A--\n--B\nContent-Type: text/plain\n\ndeux\n--B--\n",
		"Content-Type: multipart/mixed; boundary=A\nContent-Type: multipart/mixed; boundary=B\n\n--A\nContent-Type: text/plain\n\nun\n--A--\n--B\nContent-Type: text/plain\n\ndeux\n--B--\n",
		"Content-Type: multipart/mixed; boundary=A\n\n--A\nContent-Type: multipart/mixed; boundary=A\n\n--A\nContent-Type: text/plain\n\nun\n--A--\n--A--\n",
		"Content-Type: multipart/mixed; boundary=\"A\\\nB\"\n\n--AB\nContent-Type: text/plain\n\nun\n--AB--\n",
		"Content-Type: multipart/mixed; boundary=\"\"\n\n--\nContent-Type: text/plain\n\nun\n----\n",
	} {
		l := parse(t, "From: a@b.example\n"+raw)
		var all strings.Builder
		l.Root.Walk(func(p *Part) bool {
			if !p.Multipart() {
				s, err := p.Text()
				if err != nil {
					t.Fatal(err)
				}
				all.WriteString(s)
			}
			return true
		})
		if !strings.Contains(all.String(), "un") {
			t.Errorf("%d: the first text is in no part: %q, defects %v", i, all.String(), l.Defects)
		}
	}
}

// Attack 24: names that a desktop would take for another kind or place.
func TestRowFileNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../../../.ssh/authorized_keys", "..\\..\\a.exe", "/etc/cron.d/x", "C:\\Windows\\x.dll", "~/.bashrc", "file:///etc/passwd", "a\x00.pdf", "a\r\nX: y",
		"facture\u202efdp.exe", "a.pdf\u2028.exe", "\u2066a.pdf", "nul", "com1.txt", "a.pdf" + strings.Repeat(" ", 300) + ".scr", "....//x", "a/../b", "a|b", "a:b.pdf", "a\u3164.exe", strings.Repeat("../", 2000), strings.Repeat("é", 5000)} {
		checkFileName(t, SafeFileName(name))
	}
	l := parse(t, "Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Disposition: attachment; filename=\"../a.pdf\"; filename*=utf-8''..%2F..%2Fb.exe%0D%0AX%3A%20y\n\nx\n--B--\n")
	if got := l.Root.Children[0].FileName; strings.ContainsAny(got, "/\\\r\n") || strings.HasPrefix(got, ".") {
		t.Errorf("a part's name is %q", got)
	}
}
