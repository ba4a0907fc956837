package message

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"testing"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// TestComposeInjection (attack rows 16, 24, 32, 35): what could end a header line
// or hide in an address is refused in every field, by Check and by Write.
func TestComposeInjection(t *testing.T) {
	t.Parallel()
	local := func(s string) Mailbox {
		return Mailbox{Address: mssante.Address{Local: s, Domain: "lab.test.mssante.fr"}}
	}
	named := func(s string) Mailbox {
		return Mailbox{Name: s, Address: mssante.Address{Local: "a", Domain: "lab.test.mssante.fr"}}
	}
	fields := map[string]func(c *Compose, evil string){
		"subject":      func(c *Compose, s string) { c.Subject = "x" + s + "Bcc: evil@x.example" },
		"to":           func(c *Compose, s string) { c.To = append(c.To, local("a"+s+"b")) },
		"to domain":    func(c *Compose, s string) { c.To[0].Address.Domain = mssante.Domain("lab" + s + ".fr") },
		"to name":      func(c *Compose, s string) { c.To[0] = named("x" + s + "y") },
		"cc":           func(c *Compose, s string) { c.Cc = []Mailbox{local(s + "b")} },
		"bcc":          func(c *Compose, s string) { c.Bcc = []Mailbox{local("b" + s)} },
		"from":         func(c *Compose, s string) { c.From.Address.Local += s },
		"from name":    func(c *Compose, s string) { c.From.Name += s + "z" },
		"sender":       func(c *Compose, s string) { m := named("x" + s + "y"); c.Sender = &m },
		"reply to":     func(c *Compose, s string) { c.ReplyTo = []Mailbox{local("r" + s + "r")} },
		"disposition":  func(c *Compose, s string) { m := local("d" + s); c.DispositionTo = &m },
		"message id":   func(c *Compose, s string) { c.MessageID = "<a" + s + "b@x>" },
		"nil":          func(c *Compose, s string) { c.NIL = "PLI" + s + "X" },
		"mes":          func(c *Compose, s string) { c.MES = "FIN" + s },
		"extra value":  func(c *Compose, s string) { c.Extra = []Field{NewField(mssante.HeaderCodeCDA, "1"+s+"2")} },
		"extra name":   func(c *Compose, s string) { c.Extra = []Field{NewField("X"+s+"Y", "1")} },
		"file name":    func(c *Compose, s string) { c.Files = []File{bytesFile("a"+s+".pdf", "application/pdf", nil)} },
		"picture's id": func(c *Compose, s string) { c.Inline = []File{{Name: "a", ContentID: "x" + s + "y"}} },
	}
	for field, set := range fields {
		for _, evil := range []string{"\r\n", "\n", "\r", "\x00", "\x7f", "\x1b", "\u0085", "\u2028", "\xff"} {
			c := simple(t)
			set(c, evil)
			var b bytes.Buffer
			_, err := c.Write(&b, WriteOptions{Bcc: true})
			if c.Check() == nil || err == nil || b.Len() > 0 {
				t.Errorf("%s with %q: check %v, write %v, %d bytes", field, evil, c.Check(), err, b.Len())
			}
			if say := problem.SayOf(c.Check()); say == "" || strings.ContainsAny(say, "\r\n\x00") {
				t.Errorf("%s with %q says %q", field, evil, say)
			}
		}
	}
}

func TestComposeCheck(t *testing.T) {
	t.Parallel()
	if err := simple(t).Check(); err != nil {
		t.Fatal(err)
	}
	many := func(n int) (out []Mailbox) {
		for i := range n {
			out = append(out, box(t, "", fmt.Sprintf("p%d@lab.test.mssante.fr", i)))
		}
		return out
	}
	for _, c := range []struct {
		name   string
		change func(*Compose)
		kind   problem.Kind
		says   string
	}{
		{"nobody", func(c *Compose) { c.To = nil }, problem.Invalid, "pas de destinataire"},
		{"too many", func(c *Compose) { c.To = many(MaxRecipients + 1) }, problem.TooMany, "101 destinataires"},
		{"no address", func(c *Compose) { c.Cc = []Mailbox{{Name: "Roux", Raw: "roux"}} }, problem.Invalid, "«\u00a0roux\u00a0» (champ «\u00a0Cc\u00a0»)"},
		{"accents", func(c *Compose) { c.To[0].Address.Local = "hélène" }, problem.Invalid, "accentués"},
		{"accents, not parsed", func(c *Compose) { c.To = []Mailbox{{Raw: "hélène@lab.test.mssante.fr"}} }, problem.Invalid, "accentués"},
		{"quoted local part", func(c *Compose) { c.To[0].Address.Local = `"a b"` }, problem.Invalid, "pas une adresse valide"},
		{"two addresses in one", func(c *Compose) { c.To[0].Address.Local = "a@b.fr,c" }, problem.Invalid, "pas une adresse valide"},
		{"angle in an address", func(c *Compose) { c.To[0].Address.Local = "a>,<b" }, problem.Invalid, "pas une adresse valide"},
		{"no sender", func(c *Compose) { c.From = Mailbox{} }, problem.Invalid, "champ «\u00a0De\u00a0»"},
		{"long subject", func(c *Compose) { c.Subject = strings.Repeat("é", MaxSubject+1) }, problem.Invalid, "L’objet"},
		{"no NIL", func(c *Compose) { c.NIL = "" }, problem.Internal, "prévenez"},
		{"fin in small letters", func(c *Compose) { c.MES = "fin" }, problem.Internal, "prévenez"},
		{"a field of no list", func(c *Compose) { c.Extra = []Field{NewField("Received", "x")} }, problem.Internal, "prévenez"},
		{"a field twice", func(c *Compose) {
			c.Extra = []Field{NewField(mssante.HeaderINS, "O"), NewField(mssante.HeaderINS, "N")}
		}, problem.Internal, "prévenez"},
		{"too many files", func(c *Compose) { c.Files = make([]File, MaxFiles+1) }, problem.TooMany, "pièces jointes"},
	} {
		l := simple(t)
		c.change(l)
		if err := l.Check(); !problem.Is(err, c.kind) || !strings.Contains(problem.SayOf(err), c.says) {
			t.Errorf("%s: %v, says %q", c.name, err, problem.SayOf(err))
		}
	}
	draft := simple(t)
	draft.To = nil
	if written(t, draft, WriteOptions{Bcc: true}); len(draft.Recipients()) != 0 {
		t.Error("a draft without recipient")
	}
}

func TestRecipientsOnce(t *testing.T) {
	t.Parallel()
	c := simple(t)
	c.Cc = []Mailbox{box(t, "", "Helene.ROUX@lab.test.mssante.fr"), box(t, "", "b@lab.test.mssante.fr")}
	c.Bcc = []Mailbox{box(t, "", "b@lab.test.mssante.fr")}
	if got := fmt.Sprint(c.Recipients()); got != "[helene.roux@lab.test.mssante.fr b@lab.test.mssante.fr]" {
		t.Error(got)
	}
}

func TestNewMessageID(t *testing.T) {
	t.Parallel()
	a, b := NewMessageID("medecin.test.mssante.fr"), NewMessageID("medecin.test.mssante.fr")
	if a == b || referTo(a) != a || !strings.HasSuffix(a, "@medecin.test.mssante.fr>") || len(a) > 80 {
		t.Errorf("%s %s", a, b)
	}
	if id := NewMessageID("x\r\ny"); referTo(id) != id {
		t.Error(id)
	}
}

// FuzzCompose: whatever a name, subject or file name holds, the letter is refused
// or has exactly the fields it should have and reads back.
func FuzzCompose(f *testing.F) {
	for _, s := range []string{"Bonjour", "a\r\nBcc: x@y.fr", "=?utf-8?q?x?=", "é\u202e", "\x00", strings.Repeat("long ", 50), `"\`, "a\rb", "<a@b.fr>", " x ", "..", "con.pdf"} {
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, subject, name, file string) {
		c := simple(t)
		c.Subject, c.To[0].Name, c.Text = subject, name, file
		c.Files = []File{bytesFile(file, name, []byte(subject))}
		var b bytes.Buffer
		n, err := c.Write(&b, WriteOptions{})
		if err != nil {
			if problem.SayOf(err) == "" || b.Len() > 0 {
				t.Fatalf("%v, %d bytes", err, b.Len())
			}
			return
		}
		if size, err := c.Size(WriteOptions{}); err != nil || size != n {
			t.Fatalf("size %d, written %d, %v", size, n, err)
		}
		checkBytes(t, b.Bytes())
		m, err := mail.ReadMessage(&b)
		if err != nil || len(m.Header) != 8 {
			t.Fatalf("%d fields, %v: %v", len(m.Header), err, m)
		}
		to, err := mail.ParseAddressList(m.Header.Get("To"))
		if err != nil || len(to) != 1 || to[0].Address != c.To[0].Address.String() {
			t.Fatalf("%q: %v, %v", m.Header.Get("To"), to, err)
		}
		l := parse(t, string(written(t, c, WriteOptions{})))
		if l.Envelope.Subject != cleanLine(subject) || len(l.Root.Children) != 2 || l.Root.Children[1].FileName != SafeFileName(file) {
			t.Fatalf("read back %q, %d parts", l.Envelope.Subject, len(l.Root.Children))
		}
	})
}
