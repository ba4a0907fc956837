package outgoing

import (
	"strings"
	"testing"
)

// Attack row 15: words the sender hid would be passed on by somebody who never saw them,
// to readers who do.
func TestRowHiddenWords(t *testing.T) {
	t.Parallel()
	raw := strings.Replace(received, "<p>Voici <b>le bilan</b>", `<p>Voici <b>le bilan</b></p><div style="display:none">CACHE-1</div><span style="visibility:hidden">CACHE-2</span>`+
		`<span style="font-size:0">CACHE-3</span><font color="white">CACHE-4</font><p style="color:#123;background:#123">CACHE-5</p><p>Fin.`, 1)
	raw = strings.Replace(raw, "--c\r\nContent-Type: text/html; charset=utf-8\r\n", "--c\r\nContent-Type: multipart/alternative; boundary=d\r\n\r\n--d\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nVoici le bilan. Fin. CACHE-6\r\n"+
		"--d\r\nContent-Type: text/html; charset=utf-8\r\n", 1)
	raw = strings.Replace(raw, "--c\r\nContent-Type: image/png", "--d--\r\n--c\r\nContent-Type: image/png", 1)
	w := newWorld(t, nil)
	box := w.box(anne)
	ref := w.put("INBOX", raw)
	for _, from := range []Origin{{Kind: Answer}, {Kind: AnswerAll, Plain: true}, {Kind: Forwarding}, {Kind: Forwarding, Plain: true}} {
		from.Ref = ref
		b, err := w.New(w.ctx, box, from)
		w.must(err)
		f := b.Draft.Fields
		if strings.Contains(f.HTML+f.Text, "CACHE") || !strings.Contains(f.Text, "le bilan") || !strings.Contains(f.Text, "Fin.") || (f.HTML == "") != from.Plain {
			t.Errorf("%s, plain %v:\n%s\n%s", from.Kind, from.Plain, f.HTML, f.Text)
		}
	}
	// One's own draft is gone on with as it is.
	b, err := w.New(w.ctx, box, Origin{Kind: Imported, Ref: w.put("Drafts", raw, `\Draft`)})
	w.must(err)
	if !strings.Contains(b.Draft.Fields.HTML, "CACHE-3") || b.Say != "" {
		t.Errorf("%q %s", b.Say, b.Draft.Fields.HTML)
	}
}
