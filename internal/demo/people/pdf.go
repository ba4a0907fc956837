package people

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// paper is a document to print: one slice of lines per page. A line starting with
// "# " is a title, "* " is bold, "---" is a rule, "a | b | c" is a table row,
// "! " before a row makes it bold.
type paper struct {
	head  string // letterhead, small
	pages [][]string
}

// pdf writes a plain PDF 1.4: Helvetica, WinAnsi accents, no compression, so that
// a reader of the bytes sees the words.
func (p paper) pdf() []byte {
	w := &pdfWriter{}
	w.buf.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	const firstPage = 5
	kids := make([]string, len(p.pages))
	for i := range p.pages {
		kids[i] = fmt.Sprintf("%d 0 R", firstPage+2*i)
	}
	w.object(1, "<< /Type /Catalog /Pages 2 0 R /Lang (fr-FR) >>")
	w.object(2, fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(kids)))
	w.object(3, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	w.object(4, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>")
	for i, lines := range p.pages {
		content := p.content(lines, i+1)
		w.object(firstPage+2*i, fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents %d 0 R >>", firstPage+2*i+1))
		w.object(firstPage+2*i+1, fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content))
	}
	return w.end()
}

func (p paper) content(lines []string, page int) string {
	var b strings.Builder
	text := func(font string, size, x, y int, s string) {
		fmt.Fprintf(&b, "BT /%s %d Tf %d %d Td (%s) Tj ET\n", font, size, x, y, pdfString(s))
	}
	text("F1", 9, 60, 800, p.head)
	b.WriteString("0.6 w 60 792 m 535 792 l S\n")
	y := 762
	for _, line := range lines {
		switch {
		case line == "---":
			fmt.Fprintf(&b, "0.4 w 60 %d m 535 %d l S\n", y+8, y+8)
		case strings.HasPrefix(line, "# "):
			text("F2", 15, 60, y, line[2:])
			y -= 8
		case strings.HasPrefix(line, "* "):
			text("F2", 11, 60, y, line[2:])
		case strings.Contains(line, " | "):
			font := "F1"
			if s, ok := strings.CutPrefix(line, "! "); ok {
				font, line = "F2", s
			}
			for i, cell := range strings.Split(line, " | ") {
				text(font, 11, 60+i*165, y, cell)
			}
		case line != "":
			text("F1", 11, 60, y, line)
		}
		y -= 17
	}
	text("F1", 8, 60, 40, "Document fictif, monde de démonstration")
	text("F1", 8, 490, 40, fmt.Sprintf("page %d / %d", page, len(p.pages)))
	return b.String()
}

// pdfString encodes to WinAnsi and escapes.
func pdfString(s string) string {
	enc, err := charmap.Windows1252.NewEncoder().String(s)
	if err != nil {
		panic("people: not in windows-1252: " + s)
	}
	return strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(enc)
}

type pdfWriter struct {
	buf     bytes.Buffer
	offsets []int
}

func (w *pdfWriter) object(n int, body string) {
	if n != len(w.offsets)+1 {
		panic("people: pdf objects out of order")
	}
	w.offsets = append(w.offsets, w.buf.Len())
	fmt.Fprintf(&w.buf, "%d 0 obj\n%s\nendobj\n", n, body)
}

func (w *pdfWriter) end() []byte {
	xref := w.buf.Len()
	fmt.Fprintf(&w.buf, "xref\n0 %d\n0000000000 65535 f \n", len(w.offsets)+1)
	for _, o := range w.offsets {
		fmt.Fprintf(&w.buf, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&w.buf, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(w.offsets)+1, xref)
	return w.buf.Bytes()
}
