package sanitize

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestHostileCost feeds input made to be slow. The deadline is generous: a
// quadratic walk over that much would need minutes.
func TestHostileCost(t *testing.T) {
	t.Parallel()
	const size = hostileSize
	for _, unit := range []string{
		"<div>", "<b>", "<a href=https://a.example>", "<table>", "<table><tr><td>", "<p>", "<p><b>", "</p>", "<font color=red><p>", "<li>", "<ul><li>",
		"<svg>", "<select>", "<template>", "</div>", "<span class=pli-host>", "<!--", "<![CDATA[", "<a", "<a href='", "&#0;", "&amp", "<b><i></b></i>",
		"<h1>", "<dd><dt>", "<td>", "<col>", "<pre>\n", "<style>", "<x y=z ", "<p style='color:red;'>", "\x00", "<blockquote>x</b>", "<b><div></b>",
		"<object><svg></object>", "</", "<img src=cid:logo@hopital alt=", "<details><summary>", "<b a=1><b a=2><b a=3><b a=4><p>",
	} {
		t.Run(fmt.Sprintf("%.20q", unit), func(t *testing.T) {
			in := []byte(strings.Repeat(unit, size/len(unit)))
			done := make(chan Result, 1)
			start := time.Now()
			go func() { done <- HTML(in, options) }()
			select {
			case r := <-done:
				t.Logf("%v, %d bytes out, truncated %v", time.Since(start), len(r.HTML), r.Truncated)
				if len(r.HTML) > maxOutput+4096 {
					t.Errorf("%d bytes out", len(r.HTML))
				}
				if again := HTML(r.HTML, options); !bytes.Equal(again.HTML, r.HTML) {
					t.Errorf("not idempotent: %.200q then %.200q", r.HTML, again.HTML)
				}
			case <-time.After(60 * time.Second):
				t.Fatal("no answer after 60 s")
			}
		})
	}
}

// TestRandomTrees glues tags in any order: the writer must agree with the parser.
func TestRandomTrees(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	var names []string
	for n := range elements {
		names = append(names, n)
	}
	names = append(names, "svg", "math", "style", "select", "template", "button", "form", "noscript", "body", "xmp", "mi", "foreignObject")
	rounds, lost := 2000, 0
	for range rounds {
		var b strings.Builder
		for range 2 + rnd.IntN(30) {
			n := names[rnd.IntN(len(names))]
			switch rnd.IntN(8) {
			case 0:
				b.WriteString("x\n")
			case 1, 2:
				b.WriteString("</" + n + ">")
			case 3:
				b.WriteString("<" + n + " href=https://a.example/ src=cid:logo@hopital style='color:red' title=t width=3>")
			default:
				b.WriteString("<" + n + ">")
			}
		}
		in := b.String()
		check(t, in)
		once := pass([]byte(in), newWriter(options)).bytes()
		if again, ok := reparse(once); !ok || !bytes.Equal(again, once) {
			if lost++; lost < 4 {
				t.Logf("parser disagrees\nin:  %s\nout: %s\nis:  %s", in, once, again)
			}
		}
	}
	t.Logf("%d of %d needed another pass", lost, rounds)
	if lost > rounds/100 {
		t.Errorf("the writer no longer follows the parser's rules")
	}
}

func TestCaps(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		t.Skip("of a letter's largest size, one goroutine: without the race detector (tests of size)")
	}
	r := HTML([]byte("<div><p>"+strings.Repeat("mot &amp; ", maxOutput/4)), Options{})
	if !r.Truncated || len(r.HTML) > maxOutput || !strings.HasSuffix(string(r.HTML), "</p></div>") {
		t.Errorf("truncated %v, %d bytes, ends %q", r.Truncated, len(r.HTML), r.HTML[len(r.HTML)-20:])
	}
	if again := HTML(r.HTML, Options{}); !bytes.Equal(again.HTML, r.HTML) {
		t.Error("a cut letter is not a fixpoint")
	}
	deep := HTML([]byte(strings.Repeat("<div>", 10_000)+"fond"), Options{})
	if !strings.Contains(string(deep.HTML), "fond") || strings.Count(string(deep.HTML), "<div>") > maxDepth {
		t.Errorf("deep: %d levels", strings.Count(string(deep.HTML), "<div>"))
	}
	pixel := "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB"
	big := "data:image/png;base64,iVBORw0KGgoAAAAN" + strings.Repeat("AAAA", 200_000)
	pics := HTML([]byte(strings.Repeat(`<img src="`+big+`">`, 6)+`<img src="`+pixel+strings.Repeat("A", 2<<20)+`">`), Options{})
	if n := strings.Count(string(pics.HTML), "<img"); n != 3 || pics.RemoteBlocked != 4 {
		t.Errorf("%d pictures kept, %d blocked", n, pics.RemoteBlocked)
	}
}

// newsletter is a 96 kB letter of nested tables with a style on every cell.
func newsletter(size int) []byte {
	var b bytes.Buffer
	b.WriteString(`<!DOCTYPE html><html><head><style>` + strings.Repeat(".a{color:red}", 200) + `</style></head><body bgcolor="#ffffff"><table width="100%"><tr><td align=center>`)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `<table width="600" cellpadding="0" cellspacing="0" border="0" style="border-collapse:collapse;mso-table-lspace:0pt;background:#fff url(https://img.example/%d.png) no-repeat">
<tr><td style="padding:10px 20px;font-family:Arial,'Helvetica Neue',sans-serif;font-size:14px;line-height:1.5;color:#333333" valign="top">
<p style="margin:0 0 12px">Bonjour, voici l’actualité n° %d de votre région&nbsp;: <b>vaccination</b>, <i>dépistage</i>.</p>
<a href="https://lettre.example/clic?id=%d&amp;u=abcdef" style="color:#0055aa;text-decoration:none">Lire la suite</a><img src="https://img.example/p.gif" width="1" height="1"></td></tr></table>`, i, i, i)
	}
	b.WriteString(`</td></tr></table></body></html>`)
	return b.Bytes()
}

func bigTable(size int) []byte {
	var b bytes.Buffer
	b.WriteString("<table border=1>")
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "<tr><td>%d</td><td align=right>valeur %d</td><td style=\"color:#%06x\">normal</td></tr>\n", i, i*7, i%4096)
	}
	b.WriteString("</table>")
	return b.Bytes()
}

func BenchmarkNewsletter96K(b *testing.B) { benchmark(b, newsletter(96<<10)) }

func BenchmarkTable2M(b *testing.B) { benchmark(b, bigTable(2<<20)) }

func benchmark(b *testing.B, in []byte) {
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if r := HTML(in, Options{}); len(r.HTML) == 0 {
			b.Fatal("nothing")
		}
	}
}
