package message

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLetters reads our own odd letters; what is understood of each is written in
// the .txt beside it.
func TestLetters(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/letters/*.eml")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d letters: %v", len(files), err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			t.Parallel()
			raw := read(t, f)
			l, err := Parse(raw, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			checkLetter(t, f, raw, l)
			got := l.summary()
			golden := strings.TrimSuffix(f, ".eml") + ".txt"
			if os.Getenv("UPDATE_LETTERS") != "" {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(read(t, golden)); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// summary is a letter in words.
func (l *Letter) summary() string {
	var b strings.Builder
	e := l.Envelope
	fmt.Fprintf(&b, "subject: %s\n", e.Subject)
	for _, m := range e.From {
		fmt.Fprintf(&b, "from: %q <%s> shown as %q valid %v\n", m.Name, m, DisplayName(m), m.Valid)
	}
	fmt.Fprintf(&b, "to: %d, id: %s, date: %s\n", len(e.To), e.MessageID, e.Date.UTC().Format("2006-01-02 15:04"))
	fmt.Fprintf(&b, "warnings: %v\ndefects: %s\n", e.Warnings, strings.Join(l.Defects, ", "))
	l.Root.Walk(func(p *Part) bool {
		fmt.Fprintf(&b, "part %q %s %s %s file %q", p.Path, p.Type, p.Encoding, p.Disposition, p.FileName)
		if p.Embedded != nil {
			fmt.Fprintf(&b, " letter %q", p.Embedded.Envelope.Subject)
		} else if !p.Multipart() {
			s, _ := p.Text()
			fmt.Fprintf(&b, " %q", s)
		}
		b.WriteByte('\n')
		return true
	})
	body := l.Root.Body()
	list := func(name string, parts []*Part) {
		fmt.Fprintf(&b, "%s:", name)
		for _, p := range parts {
			b.WriteString(" " + p.Path)
		}
		b.WriteByte('\n')
	}
	list("shown", body.Shown)
	list("plain", body.Plains)
	list("files", body.Attachments)
	if r, ok := l.Report(); ok {
		fmt.Fprintf(&b, "report: %+v failed %v\n", r, r.Failed())
	}
	return b.String()
}
