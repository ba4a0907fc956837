package sanitize

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// letter30K is a letter as practice software writes it.
func letter30K() []byte {
	var b bytes.Buffer
	b.WriteString("<html><body style=\"font-family:Arial;font-size:11pt\">\n")
	for i := 0; b.Len() < 30<<10; i++ {
		fmt.Fprintf(&b, "<p style=\"margin:6px 0\">%s</p>\n<table border=1 style=\"border-collapse:collapse\"><tr><td style=\"color:#333\">glycémie</td><td><b>%d,%d</b></td></tr></table>\n",
			strings.Repeat("Bonjour cher confrère, merci d’avoir adressé ce patient. ", 5), i%20, i%10)
	}
	b.WriteString("</body></html>")
	return b.Bytes()
}

func BenchmarkLetter30K(b *testing.B) { benchmark(b, letter30K()) }

func BenchmarkPass30K(b *testing.B) {
	in := letter30K()
	b.ReportAllocs()
	for b.Loop() {
		pass(in, newWriter(Options{}))
	}
}

func BenchmarkReparse30K(b *testing.B) {
	out := pass(letter30K(), newWriter(Options{})).bytes()
	b.ReportAllocs()
	for b.Loop() {
		reparse(out)
	}
}
