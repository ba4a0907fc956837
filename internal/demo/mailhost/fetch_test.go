package mailhost

import (
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
)

func TestFoldersCarrySpecialUseAndStatus(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	h.Put(addr(t, claireBox), "INBOX", nil, fixedNow, []byte("Subject: a\r\n\r\nb\r\n"))
	h.Put(addr(t, claireBox), "INBOX", []string{`\Seen`}, fixedNow, []byte("Subject: c\r\n\r\nd\r\n"))
	c := signIn(t, h, claireBox, nil)
	list, err := c.List("", "*", &imap.ListOptions{ReturnStatus: &imap.StatusOptions{NumMessages: true, NumUnseen: true, UIDNext: true, UIDValidity: true}, ReturnSpecialUse: true}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]*imap.ListData{}
	for _, d := range list {
		got[d.Mailbox] = d
	}
	for name, attr := range specialUse {
		if d := got[name]; d == nil || !slices.Contains(d.Attrs, attr) {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if in := got["INBOX"]; in == nil || in.Status == nil || *in.Status.NumMessages != 2 || *in.Status.NumUnseen != 1 || in.Status.UIDNext != 3 {
		t.Errorf("INBOX: %+v", in)
	}
	if p := got["Patients"]; p == nil || !slices.Contains(p.Attrs, imap.MailboxAttrNoSelect) || p.Status != nil {
		t.Errorf("Patients: %+v", p)
	}
	if got["Réunions"] == nil || got["Patients/À revoir"] == nil {
		t.Errorf("folders with accents are missing: %v", got)
	}
	if list[0].Mailbox != "INBOX" {
		t.Errorf("first is %s", list[0].Mailbox)
	}
}

const multipartLetter = "From: \"A\" <a@x.mssante.fr>\r\nSubject: =?utf-8?q?R=C3=A9sultats?=\r\nMessage-ID: <1@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nBonjour\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inside\r\nContent-Type: multipart/alternative; boundary=\"c d\"\r\n\r\n--c d\r\n\r\nun\r\n--c d\r\nContent-Type: text/html\r\n\r\n<p>deux</p>\r\n--c d--\r\n\r\n--b\r\nContent-Type: application/pdf; name=x.pdf\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=x.pdf\r\n\r\nSGVs\r\nbG8=\r\n--b--\r\nepilogue\r\n"

func TestSections(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	h.Put(addr(t, claireBox), "INBOX", nil, fixedNow, []byte(multipartLetter))
	c := signIn(t, h, claireBox, nil)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		section imap.FetchItemBodySection
		want    string
	}{
		{imap.FetchItemBodySection{}, multipartLetter},
		{imap.FetchItemBodySection{Part: []int{1}}, "Bonjour\r\n"},
		{imap.FetchItemBodySection{Part: []int{2, 1}}, "un"},
		{imap.FetchItemBodySection{Part: []int{2, 2}}, "<p>deux</p>"},
		{imap.FetchItemBodySection{Part: []int{2}, Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"subject"}}, "Subject: inside\r\n\r\n"},
		{imap.FetchItemBodySection{Part: []int{3}}, "SGVs\r\nbG8="},
		{imap.FetchItemBodySection{Part: []int{3}, Partial: &imap.SectionPartial{Offset: 2, Size: 3}}, "Vs\r"},
		{imap.FetchItemBodySection{Part: []int{1}, Specifier: imap.PartSpecifierMIME}, "Content-Type: text/plain; charset=utf-8\r\n\r\n"},
		{imap.FetchItemBodySection{Part: []int{9}}, ""},
		{imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Message-Id"}}, "Message-ID: <1@x>\r\n\r\n"},
	} {
		tc.section.Peek = true
		got, err := c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{&tc.section}, Flags: true}).Collect()
		if err != nil || len(got) != 1 {
			t.Fatalf("%+v: %v", tc.section, err)
		}
		if b := string(got[0].BodySection[0].Bytes); b != tc.want {
			t.Errorf("%v %s: %q, want %q", tc.section.Part, tc.section.Specifier, b, tc.want)
		}
		if slices.Contains(got[0].Flags, imap.FlagSeen) {
			t.Error("PEEK marked the letter read")
		}
	}
	got, err := c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{BodyStructure: &imap.FetchItemBodyStructure{Extended: true}, Envelope: true,
		BinarySection: []*imap.FetchItemBinarySection{{Part: []int{3}, Peek: true}}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Envelope.Subject != "Résultats" || string(got[0].BinarySection[0].Bytes) != "Hello" {
		t.Errorf("envelope %+v, binary %q", got[0].Envelope, got[0].BinarySection[0].Bytes)
	}
	var types []string
	got[0].BodyStructure.Walk(func(_ []int, p imap.BodyStructure) bool { types = append(types, p.MediaType()); return true })
	if want := []string{"multipart/mixed", "text/plain", "message/rfc822", "application/pdf"}; !slices.Equal(types, want) {
		t.Errorf("structure %v", types)
	}
}

// A broken letter never stops the server, and the client reads on.
func TestBrokenLettersHaveAStructure(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	broken := []string{
		"", "\r\n", "no header at all", "Content-Type: multipart/mixed\r\n\r\n--\r\nx\r\n", "Content-Type: multipart/mixed; boundary=z\r\n\r\nnothing",
		"Content-Type: text\r\n\r\nx", "Content-Type: ;;;===\r\n\r\nx", "bad line\r\nSubject: s\r\n\r\nbody", "Subject: caf\xe9\r\nFrom: \xff\xfe <x@y.fr>, , <>\r\n\r\n\x80",
		"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA", strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 60),
		"Date: Mon, 99 Foo\r\nTo: group: a@b.fr, c@d.fr;\r\n\r\n", "Content-Disposition: attachment; filename*0*=utf-8''a%20; filename*1=b\r\n\r\n",
	}
	for _, raw := range broken {
		h.Put(addr(t, claireBox), "INBOX", nil, fixedNow, []byte(raw))
	}
	c := signIn(t, h, claireBox, nil)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	got, err := c.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{BodyStructure: &imap.FetchItemBodyStructure{Extended: true}, Envelope: true, RFC822Size: true, UID: true,
		BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect()
	if err != nil || len(got) != len(broken) {
		t.Fatalf("%d of %d letters: %v", len(got), len(broken), err)
	}
	for i, m := range got {
		if m.BodyStructure == nil || string(m.BodySection[0].Bytes) != string(crlf([]byte(broken[i]))) {
			t.Errorf("letter %d: %v, %q", i, m.BodyStructure, m.BodySection[0].Bytes)
		}
	}
}

// Every byte string is a letter the server can describe.
func FuzzStructure(f *testing.F) {
	f.Add([]byte(multipartLetter))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=\"\\\"\r\n\r\n--\""))
	f.Add([]byte("Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\n--a--"))
	f.Add([]byte("Content-Type: message/rfc822\r\n\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l := newLetter(raw, nil, fixedNow)
		tree := l.tree()
		if tree.structure() == nil || envelope(tree.header) == nil {
			t.Fatal("no structure")
		}
		if len(tree.header)+len(tree.body) != len(l.raw) {
			t.Fatal("header and body are not the letter")
		}
		tree.bodyContains("x")
		for _, part := range [][]int{{1}, {2, 1}, {1, 1, 1}} {
			l.section(&imap.FetchItemBodySection{Part: part})
			l.binary(part)
		}
	})
}
