package message

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// TestHostileCost reads ten megabytes of each trap under a deadline that a
// quadratic reader would miss by hours.
func TestHostileCost(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("ten megabytes a case")
	}
	const size = hostileSize
	fill := func(head, unit, tail string) string {
		return head + strings.Repeat(unit, (size-len(head)-len(tail))/len(unit)) + tail
	}
	mp := "Content-Type: multipart/mixed; boundary=A\n\n"
	for name, raw := range map[string]string{
		"boundaries":            fill(mp, "--A\n", ""),
		"near boundaries":       fill(mp, "--AB\n", ""),
		"dashes":                fill(mp, "-", ""),
		"dash lines":            fill(mp, "\n--", ""),
		"nested multiparts":     fill("", "Content-Type: multipart/mixed; boundary=A\n\n--A\n", ""),
		"nested, own boundary":  fill(nest(100), "--zz\n", ""),
		"nested, no boundary":   fill("", "Content-Type: multipart/mixed\n\n", ""),
		"nested letters":        fill("", "Content-Type: message/rfc822\n\n", ""),
		"nested false base64":   fill("", "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n", ""),
		"nested false quoted":   fill("", "Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n", ""),
		"header fields":         fill("", "A: b\n", "\n"),
		"folded header":         fill("Subject: a\n", " b\n", "\n"),
		"stray lines":           fill("From: a@b.example\n", "stray\n", "X: y\n\n"),
		"one header line":       fill("Subject: ", "=?utf-8?Q?a?= ", "\n\n"),
		"half encoded words":    fill("Subject: ", "=?utf-8?Q?", "\n\n"),
		"parameters":            fill("Content-Type: text/plain", ";a=b", "\n\n"),
		"quotes":                fill("Content-Type: text/plain; name=\"", "\\\"", "\n\n"),
		"quotes in name":        fill("Content-Type: text/plain; name=\"", "a\" b", "\n\n"),
		"addresses":             fill("To: ", "a@b.example,", "\n\n"),
		"commas":                fill("To: ", "a,", "\n\n"),
		"brackets":              fill("To: ", "<", "\n\n"),
		"open comments":         fill("To: ", "(", "\n\n"),
		"references":            fill("References: ", "<a@b> ", "\n\n"),
		"base64 padding":        fill("Content-Transfer-Encoding: base64\n\n", "=", ""),
		"quoted-printable":      fill("Content-Transfer-Encoding: quoted-printable\n\n", "= \n", ""),
		"quoted-printable line": fill("Content-Transfer-Encoding: quoted-printable\n\n", "=", ""),
		"uuencode":              fill("Content-Transfer-Encoding: uuencode\n\nbegin 1 a\n", "`\n", ""),
		"quoted text":           fill("Content-Type: text/plain\n\n", "> ", ""),
		"quote ladder":          fill("Content-Type: text/plain\n\n", ">\n>>\n", ""),
		"links":                 fill("Content-Type: text/plain\n\n", "https://", ""),
		"link in parentheses":   fill("Content-Type: text/plain\n\n", "http://a.b/(", ""),
		"flowed":                fill("Content-Type: text/plain; format=flowed\n\n", "a \n", ""),
		"html tags":             fill("Content-Type: text/html\n\n", "<script>", ""),
		"html comments":         fill("Content-Type: text/html\n\n", "<!--", ""),
		"utf-7":                 fill("Content-Type: text/plain; charset=utf-7\n\n", "+", ""),
		"report":                fill("Content-Type: multipart/report; boundary=A\n\n--A\n\n--A\nContent-Type: message/delivery-status\n\n", "A: b\n\n", "--A--"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			done := make(chan time.Duration, 1)
			go func() {
				start := time.Now()
				l, err := Parse([]byte(raw), Limits{})
				if err == nil {
					for _, p := range l.Root.Body().Shown {
						s, _ := p.Text()
						PlainToHTML(s)
						Snippet(HTMLText(s), 120)
						_, _ = io.Copy(io.Discard, p.Reader())
					}
					l.Report()
				}
				done <- time.Since(start)
			}()
			select {
			case d := <-done:
				t.Log(d)
			case <-time.After(120 * time.Second):
				t.Fatal("no end after 120 s")
			}
		})
	}
}

func nest(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	return b.String()
}
