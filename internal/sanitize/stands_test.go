package sanitize

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// vouched fails when stands vouches for what the parser reads otherwise.
func vouched(t *testing.T, out []byte) {
	t.Helper()
	if !stands(out) {
		return
	}
	if again, ok := reparse(out); !ok || !bytes.Equal(again, out) {
		t.Errorf("vouched for, and read otherwise\nout: %q\nis:  %q", out, again)
	}
}

func TestStands(t *testing.T) {
	t.Parallel()
	for _, ordinary := range []string{
		"", "Bonjour &amp; merci", `<p style="margin:0">a<br>b <b>c <i>d</i></b></p><hr><p>e</p>`,
		`<div><h1>x</h1><ul><li>a</li><li><p>b</p><ol><li>c</li></ol></li></ul><dl><dt>d</dt><dd>e</dd></dl></div>`,
		`<table border="1"><caption>t</caption><colgroup><col></colgroup><tbody><tr><td><p>a</p></td><th>b</th></tr></tbody></table>`,
		`<b><table><tbody><tr><td><p>a</p><a href="https://a.example/">x</a></td></tr></tbody></table></b><pre>x` + "\n" + `</pre>`,
	} {
		if !stands([]byte(ordinary)) {
			t.Errorf("not vouched for: %s", ordinary)
		}
		vouched(t, []byte(ordinary))
	}
}

// Each is read otherwise than it is written, for a reason of its own.
func TestStandsNot(t *testing.T) {
	t.Parallel()
	for _, moved := range []string{
		`<p><div>x</div></p>`, `<p><b><ul><li>x</li></ul></b></p>`, `<p><table><tbody><tr><td>x</td></tr></tbody></table></p>`, `<p><li>x</li></p>`,
		`<a href="x"><b><a href="y">z</a></b></a>`, `<h1><h2>x</h2></h1>`, `<ul><li><li>x</li></li></ul>`, `<dl><dd><dt>x</dt></dd></dl>`,
		`<table>x</table>`, `<table><tbody><tr>x</tr></tbody></table>`, `<table><tr><td>x</td></tr></table>`, `<table><tbody><td>x</td></tbody></table>`,
		`<table><tbody><tr><p>x</p></tr></tbody></table>`, `<table><colgroup><td>x</td></colgroup></table>`, `<div><td>x</td></div>`, `<div><col></div>`,
		"<pre>\nx</pre>", `<b title="a" title="b">x</b>`, `&copy;`, `&#60;`, "a\rb", "a\x00b", `<b title="&lt">x</b>`, `<b title='x'>x</b>`, `<B>x</B>`,
		`<b>x</i>`, `<b>x`, `x</b>`, `<b><i>x</b></i>`, `<!-- -->`, `<br/>`, `<br></br>`, `a>b`, `a"b`, "<b\ttitle=\"x\">y</b>", `<b title="a<b">x</b>`,
		strings.Repeat("<div>", 600) + "x" + strings.Repeat("</div>", 600),
	} {
		if stands([]byte(moved)) {
			t.Errorf("vouched for: %q", moved)
		}
		if again, ok := reparse([]byte(moved)); ok && string(again) == moved {
			t.Errorf("read as it is written, it proves nothing: %q", moved)
		}
	}
}

// What is not in the list is not vouched for, however well it would read.
func TestStandsKnowsItsElements(t *testing.T) {
	t.Parallel()
	for _, other := range []string{`<script>x</script>`, `<svg></svg>`, `<form></form>`, `<b onclick>x</b>`, `<x-y>x</x-y>`} {
		if stands([]byte(other)) {
			t.Errorf("vouched for: %q", other)
		}
	}
}

// TestStandsRandom glues elements, closed in order and put anywhere.
func TestStandsRandom(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 2))
	var names []string
	for n := range elements {
		names = append(names, n)
	}
	slices.Sort(names)
	often := []string{"table", "tbody", "tr", "td", "p", "div", "a", "b", "ul", "li", "h1", "pre"}
	vouchedFor := 0
	for range 6000 {
		var b strings.Builder
		var tree func(depth int)
		tree = func(depth int) {
			for range 1 + rnd.IntN(3) {
				from := names
				if rnd.IntN(2) == 0 {
					from = often
				}
				n := from[rnd.IntN(len(from))]
				switch {
				case depth == 0 || rnd.IntN(5) == 0:
					b.WriteString([]string{"x", "\n", " ", "&amp;"}[rnd.IntN(4)])
				case elements[n]&void != 0:
					b.WriteString("<" + n + ">")
				default:
					b.WriteString("<" + n + ">")
					tree(depth - 1)
					b.WriteString("</" + n + ">")
				}
			}
		}
		tree(rnd.IntN(5))
		vouched(t, []byte(b.String()))
		if stands([]byte(b.String())) {
			vouchedFor++
		}
	}
	t.Logf("%d of 6000 vouched for", vouchedFor)
	if vouchedFor < 500 {
		t.Errorf("vouches for %d of 6000: it proves little", vouchedFor)
	}
}
