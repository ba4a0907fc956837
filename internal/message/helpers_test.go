package message

import (
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parse(t testing.TB, raw string) *Letter {
	t.Helper()
	l, err := Parse([]byte(raw), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// text gives what the letter shows, in plain form.
func (l *Letter) text() string {
	var b strings.Builder
	for _, p := range l.Root.Body().Plains {
		s, _ := p.Text()
		b.WriteString(s)
	}
	return b.String()
}

// checkLetter asserts what holds for any letter.
func checkLetter(t testing.TB, name string, raw []byte, l *Letter) {
	t.Helper()
	seen := map[string]bool{}
	parts := 0
	l.Root.Walk(func(p *Part) bool {
		parts++
		if p.Path == "" && !p.Multipart() || p.Path != "" && seen[p.Path] {
			t.Fatalf("%s: part number %q twice or missing on %s", name, p.Path, p.Type)
		}
		seen[p.Path] = true
		if p.Type == "" || strings.ToLower(p.Type) != p.Type {
			t.Fatalf("%s: type %q", name, p.Type)
		}
		checkFileName(t, p.FileName)
		if !p.Multipart() {
			if _, err := io.Copy(io.Discard, p.Reader()); err != nil {
				t.Fatalf("%s: %s: %v", name, p.Path, err)
			}
			s, err := p.Text()
			if err != nil || !utf8.ValidString(s) || len(s) > MaxText {
				t.Fatalf("%s: %s: text %v", name, p.Path, err)
			}
			if strings.HasPrefix(p.Type, "text/") && len(s) < 1<<16 {
				PlainToHTML(s)
				Snippet(HTMLText(s), 120)
			}
		}
		return true
	})
	if limits := (Limits{}).orDefault(); parts > limits.Parts+1 {
		t.Fatalf("%s: %d parts", name, parts)
	}
	for _, s := range []string{l.Envelope.Subject, l.Envelope.MessageID} {
		checkLine(t, s)
	}
	for _, list := range [][]Mailbox{l.Envelope.From, l.Envelope.To, l.Envelope.Cc, l.Envelope.ReplyTo} {
		for _, m := range list {
			checkLine(t, m.Name)
			checkLine(t, m.Raw)
			checkLine(t, DisplayName(m))
		}
	}
	b := l.Root.Body()
	if len(b.Shown) == 0 && len(b.Attachments) == 0 && len(b.pictures) == 0 {
		t.Fatalf("%s: nothing is shown (%s)", name, l.Root.Type)
	}
	l.Report()
}

func checkLine(t testing.TB, s string) {
	t.Helper()
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return control(r) || invisible(r) }) {
		t.Fatalf("not one safe line: %q", s)
	}
}

func checkFileName(t testing.TB, s string) {
	t.Helper()
	checkLine(t, s)
	if len(s) > maxFileName+1 || strings.ContainsAny(s, `/\<>:"|?*`) || s != strings.Trim(s, " ") || strings.HasSuffix(s, ".") || s == ".." {
		t.Fatalf("unsafe file name %q", s)
	}
	if again := SafeFileName(s); again != s {
		t.Fatalf("file name %q becomes %q", s, again)
	}
}
