package message

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

func TestDecodeTransfer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ enc, in, want string }{
		{"base64", "QUJD\r\nREVG", "ABCDEF"},
		{"BASE64", "QUJD=\nREVG", "ABCDEF"},
		{"base64", "QQ==QQ==", "AA"},
		{"base64", "QUI", "AB"},
		{"base64", "Q U*J!D", "ABC"},
		{"base64 ", "", ""},
		{"quoted-printable", "a=3Db=\r\nc  \r\nd=", "a=bc\r\nd"},
		{"quoted-printable", "100% =ZZ =3", "100% =ZZ =3"},
		{"quoted printable", "=c3=A9", "é"},
		{"7bit", "=3D", "=3D"},
		{"x-uuencode", "begin 644 a\n+0F]N:F]U<B!U=0H`\n`\nend\nrest", "Bonjour uu\n"},
		{"x-uuencode", "begin 644 a\n+0F]N:F", "Bonj"},
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(c.in), "bytewise": iotest.OneByteReader(strings.NewReader(c.in))} {
			got, err := io.ReadAll(DecodeTransfer(c.enc, r))
			if err != nil || !strings.HasPrefix(string(got), c.want) || c.enc != "x-uuencode" && string(got) != c.want {
				t.Errorf("%s %q %s: got %q, %v, want %q", c.enc, c.in, name, got, err, c.want)
			}
		}
	}
	long := strings.Repeat("=C3=A9", 50_000) // one line, longer than any buffer
	got, _ := io.ReadAll(DecodeTransfer("quoted-printable", strings.NewReader(long)))
	if string(got) != strings.Repeat("é", 50_000) {
		t.Error("an escape was cut at a buffer's edge")
	}
	long = strings.Repeat("QUJD", 100_000)
	got, _ = io.ReadAll(DecodeTransfer("base64", strings.NewReader(long)))
	if string(got) != strings.Repeat("ABC", 100_000) {
		t.Error("a group was cut at a buffer's edge")
	}
	if _, err := io.ReadAll(DecodeTransfer("base64", iotest.ErrReader(io.ErrClosedPipe))); err != io.ErrClosedPipe {
		t.Errorf("the source's error became %v", err)
	}
}

// TestNumbers builds a tree the way the server's BODYSTRUCTURE is read.
func TestNumbers(t *testing.T) {
	t.Parallel()
	text := func() *Part {
		return FromStructure(Structure{Type: "TEXT/PLAIN", Params: map[string]string{"CHARSET": "utf-8"}})
	}
	inner := FromStructure(Structure{Type: "multipart/mixed", Children: []*Part{text(), text()}})
	alone := text()
	pdf := FromStructure(Structure{Type: "application/pdf", Disposition: "ATTACHMENT",
		DispositionParams: map[string]string{"filename*0*": "utf-8''Compte%20rend", "filename*1*": "u%20%C3%A9crit.pdf"}})
	root := FromStructure(Structure{Type: "multipart/mixed", Children: []*Part{
		text(),
		FromStructure(Structure{Type: "message/rfc822", Embedded: &Letter{Root: inner}}),
		FromStructure(Structure{Type: "message/rfc822", Embedded: &Letter{Root: alone}}),
		pdf,
	}})
	Number(root)
	for path, want := range map[string]*Part{"1": root.Children[0], "2": root.Children[1], "2.1": inner.Children[0], "2.2": inner.Children[1],
		"3.1": alone, "4": pdf, "": root, "5": nil, "2.3": nil} {
		if got := root.Find(path); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
	if inner.Path != "" || pdf.FileName != "Compte rendu écrit.pdf" || pdf.Disposition != "attachment" || alone.Charset != "utf-8" {
		t.Errorf("inner %q, pdf %q %q, charset %q", inner.Path, pdf.FileName, pdf.Disposition, alone.Charset)
	}
	single := text()
	Number(single)
	if b := single.Body(); single.Path != "1" || b.Plain != single {
		t.Errorf("single part %q", single.Path)
	}
	if b := root.Body(); b.Plain != root.Children[0] || len(b.Attachments) != 3 {
		t.Errorf("body of a server's tree: %d files", len(b.Attachments))
	}
}

func TestBody(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, tree, shown, plains, files, inline string }{
		{"alternative of mixed (Apple)", "a(t,m(h,pdf,h))", "2.1 2.3", "1", "2.2", ""},
		{"calendar is a file", "a(t,h,cal)", "2", "1", "3", ""},
		{"picture of the text", "r(h,png#logo)", "1", "1", "", "logo"},
		{"picture outside related", "m(h,png#logo)", "1", "1", "", "logo"},
		{"picture without html", "m(t,png#logo)", "1", "1", "2", "logo"},
		{"related without text", "r(pdf,png#x)", "", "", "1 2", "x"},
		{"text, picture, text", "m(t,png,t)", "1 3", "1 3", "2", ""},
		{"letter inside", "m(t,msg)", "1", "1", "2", ""},
		{"only a pdf", "pdf", "", "", "1", ""},
		{"empty alternative", "a()", "", "", "", ""},
		{"alternative of files", "a(pdf,png)", "", "", "1 2", ""},
		{"alternative in alternative", "a(t,a(t,h))", "2.2", "1", "", ""},
	} {
		root, rest := build(c.tree)
		if rest != "" {
			t.Fatalf("%s: %q left", c.tree, rest)
		}
		Number(root)
		b := root.Body()
		var inline []string
		for id := range b.Inline {
			inline = append(inline, id)
		}
		if s, p, f := paths(b.Shown), paths(b.Plains), paths(b.Attachments); s != c.shown || p != c.plains || f != c.files || strings.Join(inline, " ") != c.inline {
			t.Errorf("%s: shown %q plain %q files %q inline %q", c.name, s, p, f, inline)
		}
	}
	root, _ := build("r(h,png#logo,png#other)")
	Number(root)
	if got := paths(root.Body().Files(`<img src="cid:logo">`)); got != "3" {
		t.Errorf("a picture the text does not mention must be listed: %q", got)
	}
}

func paths(parts []*Part) string {
	var out []string
	for _, p := range parts {
		out = append(out, p.Path)
	}
	return strings.Join(out, " ")
}

// build reads "m(t,a(t,h),png#cid)".
func build(s string) (*Part, string) {
	i := strings.IndexAny(s, "(,)")
	if i < 0 {
		i = len(s)
	}
	name, cid, _ := strings.Cut(s[:i], "#")
	types := map[string]string{"m": "multipart/mixed", "a": "multipart/alternative", "r": "multipart/related", "t": "text/plain", "h": "text/html",
		"pdf": "application/pdf", "png": "image/png", "cal": "text/calendar", "msg": "message/rfc822"}
	p := &Part{Type: types[name], ContentID: cid}
	s = s[i:]
	if !strings.HasPrefix(s, "(") {
		return p, s
	}
	for s = s[1:]; !strings.HasPrefix(s, ")"); s = strings.TrimPrefix(s, ",") {
		var c *Part
		c, s = build(s)
		p.Children = append(p.Children, c)
	}
	return p, s[1:]
}

func TestCaps(t *testing.T) {
	t.Parallel()
	if _, err := Parse(make([]byte, 101), Limits{Bytes: 100}); !problem.Is(err, problem.TooLarge) {
		t.Errorf("%v", err)
	}
	many := parse(t, "Content-Type: multipart/mixed; boundary=A\n\n"+strings.Repeat("--A\n\nx\n", 5000)+"--A--\n")
	if n := len(many.Root.Children); n >= 1001 || n < 900 || !has(many.Defects, DefectTooMany) {
		t.Errorf("%d parts, %v", n, many.Defects)
	}
	var b strings.Builder
	for range 300 {
		b.WriteString("Content-Type: message/rfc822\n\n")
	}
	deep := parse(t, b.String()+"Subject: fond\n\nfond\n")
	if !has(deep.Defects, DefectTooDeep) || !strings.Contains(deepest(deep.Root), "fond") {
		t.Errorf("%v %q", deep.Defects, deepest(deep.Root))
	}
	long := parse(t, "Subject: x\nX-Long: "+strings.Repeat("a", 200_000)+"\n folded\nX-After: y\nFrom: a@b.example\n\ntexte\n")
	if !has(long.Defects, DefectHeaderLong) || long.text() != "texte\n" || long.Header.Has("X-Long") || long.Header.Get("Subject") != "x" {
		t.Errorf("%v %q", long.Defects, long.text())
	}
	big := parse(t, "Content-Type: text/plain\n\n"+strings.Repeat("é", MaxText))
	if s, err := big.Root.Text(); err != nil || len(s) > MaxText || strings.Contains(s, "\uFFFD") {
		t.Errorf("%d bytes %v", len(s), err)
	}
	if _, truncated, _ := big.Root.TextFrom(bytes.NewReader(big.Root.Raw())); !truncated {
		t.Error("the cut is not told")
	}
	to := parse(t, "To: "+strings.Repeat("a@b.example, ", 100_000)+"\n\nx")
	if n := len(to.Envelope.To); n > 10_000 {
		t.Errorf("%d recipients", n)
	}
}

func has(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func deepest(root *Part) (text string) {
	root.Walk(func(p *Part) bool {
		if !p.Multipart() && p.Embedded == nil {
			text, _ = p.Text()
		}
		return true
	})
	return text
}

// TestParseKeepsSlices: a letter of several megabytes is not copied.
func TestParseKeepsSlices(t *testing.T) {
	raw := []byte("Content-Type: multipart/mixed; boundary=A\n\n--A\n\nx\n--A\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n" +
		strings.Repeat(strings.Repeat("QUJD", 19)+"\n", 100_000) + "--A--\n")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	l, err := Parse(raw, Limits{})
	runtime.ReadMemStats(&after)
	if err != nil || len(l.Root.Children) != 2 {
		t.Fatal(err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 200_000 {
		t.Errorf("%d bytes allocated for a letter of %d", n, len(raw))
	}
}

func TestDecodeText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ charset, in, want string }{
		{"utf-8", "d\xc3\xa9j\xc3\xa0", "déjà"},
		{"UTF8", "d\xc3\xa9j\xc3\xa0", "déjà"},
		{"", "d\xe9j\xe0", "déjà"},
		{"us-ascii", "d\xe9j\xe0", "déjà"},
		{"utf-8", "d\xe9j\xe0", "déjà"},
		{"utf-8", "d\xc3\xa9j\xc3\xa0 \xc3\xa9 \xff", "déjà é \uFFFD"},
		{"iso-8859-1", "prix \x80", "prix €"},
		{"iso-8859-1", "d\xc3\xa9j\xc3\xa0", "déjà"},
		{"iso-8859-15", "prix \xa4", "prix €"},
		{"macintosh", "d\x8ej\x88", "déjà"},
		{"cp850", "d\x82j\x85", "déjà"},
		{"x-jamais-vu", "d\xe9j\xe0", "déjà"},
		{"utf-7", "d+AOk-j+AOA- 1+-1", "déjà 1+1"},
		{"utf-16", "\xff\xfed\x00\xe9\x00", "dé"},
		{"utf-16le", "d\x00\xe9\x00", "dé"},
		{"koi8-r", "\xd0\xd2", "пр"},
		{"gb2312", "\xb9\xdc", "管"},
		{"\"iso-8859-1\";", "\xe9", "é"},
		{"iso-8859-1", "\xef\xbb\xbfé", "é"},
	} {
		if got := DecodeText(c.charset, []byte(c.in)); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.charset, c.in, got, c.want)
		}
	}
}

func TestIntegrationSubject(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, code, rest string
		ok             bool
	}{
		{"[KO Intégration système !][902] XDM/1.0/DDM+CR NOM", "902", "CR NOM", true},
		{"[KO Integration systeme\u00a0!] [902] CR", "902", "CR", true},
		{"[ko intégration système!] CR", "", "CR", true},
		{"Re: [KO Intégration système !][902] CR", "", "Re: [KO Intégration système !][902] CR", false},
		{"[KO]", "", "[KO]", false},
		{"Résultats", "", "Résultats", false},
	} {
		code, rest, ok := IntegrationSubject(c.in)
		if code != c.code || rest != c.rest || ok != c.ok {
			t.Errorf("%q: %q %q %v", c.in, code, rest, ok)
		}
	}
}

func TestReportWithoutTree(t *testing.T) {
	t.Parallel()
	root := FromStructure(Structure{Type: "multipart/report", Children: []*Part{
		FromStructure(Structure{Type: "text/plain"}), FromStructure(Structure{Type: "message/delivery-status", Size: 10})}})
	Number(root)
	if p := ReportPart(root); p == nil || p.Path != "2" {
		t.Fatalf("%v", p)
	}
	r, ok := ReportOf(Envelope{InReplyTo: "a@b.example"}, root, []byte("\n\n\nFinal-Recipient: rfc822;x@y.example\nStatus: 5.1.1\n\n\n\n"))
	if !ok || r.OriginalMessageID != "a@b.example" || len(r.Recipients) != 1 || !r.Failed() ||
		!r.Recipients[0].Address.Equal(mssante.Address{Local: "x", Domain: "y.example"}) {
		t.Errorf("%v %+v", ok, r)
	}
	if _, ok := ReportOf(Envelope{}, FromStructure(Structure{Type: "text/plain"}), nil); ok {
		t.Error("a plain letter is no report")
	}
}
