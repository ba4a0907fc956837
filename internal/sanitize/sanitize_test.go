package sanitize

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// options answers for two parts, as a letter would.
var options = Options{CID: func(cid string) (string, bool) {
	switch cid {
	case "logo@hopital", "a b":
		return "/mail/b/f/1/2/part/2", true
	}
	return "", false
}}

// check asserts everything that must hold for any input, and gives the output.
func check(t *testing.T, in string) string {
	t.Helper()
	r := HTML([]byte(in), options)
	out := string(r.HTML)
	if err := unsafeIn(out); err != nil {
		t.Fatalf("%v\nin:  %.2000q\nout: %.2000q", err, in, out)
	}
	vouched(t, r.HTML)
	vouched(t, pass([]byte(in), newWriter(options)).bytes())
	vouched(t, []byte(in))
	again := HTML(r.HTML, options)
	if !bytes.Equal(again.HTML, r.HTML) {
		t.Fatalf("not idempotent\nin:    %.2000q\nonce:  %.2000q\ntwice: %.2000q", in, out, again.HTML)
	}
	return out
}

// unsafeIn parses out as a browser does and looks at every node. It knows the
// rules by its own lists where it can, not by the writer's.
func unsafeIn(out string) error {
	doc, err := xhtml.ParseFragment(strings.NewReader(out), &xhtml.Node{Type: xhtml.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		return err
	}
	for _, n := range doc {
		for d := range n.Descendants() {
			if err := unsafeNode(d); err != nil {
				return err
			}
		}
		if err := unsafeNode(n); err != nil {
			return err
		}
	}
	return nil
}

func unsafeNode(n *xhtml.Node) error {
	switch n.Type {
	case xhtml.TextNode:
		return nil
	case xhtml.ElementNode:
	default:
		return fmt.Errorf("node type %d", n.Type)
	}
	if n.Namespace != "" {
		return fmt.Errorf("namespace %s", n.Namespace)
	}
	if _, ok := elements[n.Data]; !ok || strings.Contains(" script style svg math form input iframe object embed base meta link template ", " "+n.Data+" ") {
		return fmt.Errorf("element %q", n.Data)
	}
	for _, a := range n.Attr {
		if err := unsafeAttr(n.Data, a); err != nil {
			return fmt.Errorf("%s: %w", n.Data, err)
		}
	}
	return nil
}

func unsafeAttr(name string, a xhtml.Attribute) error {
	bad := fmt.Errorf("attribute %s=%.200q", a.Key, a.Val)
	switch a.Key {
	case "href":
		if name != "a" || !strings.HasPrefix(a.Val, "https://") && !strings.HasPrefix(a.Val, "http://") && !strings.HasPrefix(a.Val, "mailto:") {
			return bad
		}
	case "src":
		typ, _, _ := strings.Cut(a.Val, ",")
		if name != "img" || !strings.HasPrefix(a.Val, "/mail/b/f/1/2/part/2#cid=") &&
			!strings.Contains(" data:image/png;base64 data:image/jpeg;base64 data:image/gif;base64 data:image/webp;base64 ", " "+typ+" ") {
			return bad
		}
	case "class":
		if name != "span" || a.Val != markClass {
			return bad
		}
	case "style":
		return unsafeStyle(a.Val)
	case "rel":
		if a.Val != "noopener noreferrer nofollow" {
			return bad
		}
	case "target":
		if a.Val != "_blank" {
			return bad
		}
	case "title", "alt":
	default:
		if allowed[a.Key] == nil || strings.HasPrefix(a.Key, "on") || strings.ContainsAny(a.Val, ":()\\<>") {
			return bad
		}
	}
	return nil
}

// unsafeStyle reads the declarations by their plain form: ours has no escapes.
func unsafeStyle(s string) error {
	if strings.ContainsAny(s, "\\@{}!<>\"[]") || strings.Contains(s, "/*") {
		return fmt.Errorf("style %q", s)
	}
	for d := range strings.SplitSeq(s, ";") {
		name, v, _ := strings.Cut(d, ":")
		switch name {
		case "position", "z-index", "content", "filter", "transform", "behavior", "-moz-binding", "background", "background-image", "cursor",
			"opacity", "overflow", "visibility", "top", "left", "right", "bottom", "src", "animation", "transition", "clip-path", "mask":
			return fmt.Errorf("style %q", d)
		}
		if strings.HasPrefix(name, "-") || strings.HasPrefix(name, "margin") && strings.Contains(v, "-") {
			return fmt.Errorf("style %q", d)
		}
		for f := range strings.SplitSeq(v, "(") {
			if rest := strings.TrimRight(f, ")"); len(v) > len(f) && rest == f && !strings.HasSuffix(f, "rgb") && !strings.HasSuffix(f, "rgba") &&
				!strings.HasSuffix(f, "hsl") && !strings.HasSuffix(f, "hsla") && !strings.Contains(f, ")") {
				return fmt.Errorf("function in %q", d)
			}
		}
	}
	return nil
}

func TestPairs(t *testing.T) {
	t.Parallel()
	inputs, err := filepath.Glob("testdata/pairs/*.in.html")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no pairs: %v", err)
	}
	for _, file := range inputs {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := check(t, string(in))
			golden := strings.TrimSuffix(file, ".in.html") + ".out.html"
			if os.Getenv("UPDATE_PAIRS") != "" {
				if err := os.WriteFile(golden, []byte(got+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != strings.TrimSuffix(string(want), "\n") {
				t.Errorf("got:  %s\nwant: %s", got, want)
			}
		})
	}
}

func FuzzHTML(f *testing.F) {
	for _, s := range payloads {
		f.Add(s)
	}
	inputs, _ := filepath.Glob("testdata/pairs/*.in.html")
	for _, file := range inputs {
		if b, err := os.ReadFile(file); err == nil {
			f.Add(string(b))
		}
	}
	f.Fuzz(func(t *testing.T, in string) {
		if len(in) > 64<<10 {
			return
		}
		start := time.Now()
		check(t, in)
		if d := time.Since(start); d > 30*time.Second {
			t.Fatalf("%v for %d bytes", d, len(in))
		}
	})
}

var payloads = []string{
	`<p>a<b>b<div>c</b>d</div>e`,
	`<table><tr><td>1<td>2<tr><td>3</table>x<td>y`,
	`<table>loose<b>text<tr>more</table>`,
	`<svg><animate attributeName=href values=javascript:alert(1) /><a id=x><text x=20 y=20>XSS</text></a></svg>`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
	`<a href="java&#10;script:alert(1)">x</a><a href=" https://ex.example/a b?q='&quot;">y</a>`,
	`<div style="position:fixed!important;top:0;background:url(//evil.example/x);color:red !important;width:expression(1)">z</div>`,
	`<p style="color:\72 ed;background:u\72l(x);margin:-9999px;font-family:'Arial',sans-serif">q`,
	`<img src=cid:logo@hopital alt=Logo><img src=https://evil.example/pixel.gif width=1><img src="cid:a%20b">`,
	`<img src="/mail/b/f/1/2/part/2#cid=logo@hopital"><img src="/logout#cid=logo@hopital">`,
	`<a href="https://evil.example/">https://www.ameli.fr/</a><a href="https://xn--mli-bla8e.example">x</a>`,
	`<span class=pli-host>fake</span><span class="pli-host"><b>fake</span>rest`,
	`<pre>` + "\n\n" + `x</pre><pre><b>` + "\n" + `y</b></pre>`,
	`<li>a<ul><li>b<li>c</ul><li>d<dl><dt>x<dd>y<dt>z</dl>`,
	`<h1>a<h2>b</h1>c<p>d<p>e</p></p><a href=http://a.example>1<a href=http://b.example>2</a>`,
	`<b><i><u><s><em><strong><small><big><tt><p>x<p>y<div>z</b>`,
	`<plaintext><b>x`, `<xmp><b>x</xmp>y`, `<textarea><script>x</textarea>z`, `<!--><b>x`, `<![CDATA[<b>]]>x`, `<?php <b>?>x`,
	`<template><p>x</template>y<select><option>z</select>w`, `<body bgcolor=red onload=x style="color:#fff">t</body>u`,
	`<details open><summary>s</summary><blockquote>q</blockquote></details>`,
	`<table><caption>c<tr><td><table><caption><td>x</table><col><colgroup><col span=2></table>`,
	"<b>\x00\xff\u202etxt</b>", `<img src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB">`,
	`<center><p><font color=red><table><tr><td></font>x</center>`,
	`<p><a href="http://a.example"><div>x</div></a>`,
	`<a href="mailto:x@evil.example?subject=a">dr@hopital.example</a>`,
}

func TestPayloads(t *testing.T) {
	t.Parallel()
	for i, s := range payloads {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			t.Log(check(t, s))
		})
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in            string
		remote, links int
	}{
		{`<p>rien`, 0, 0},
		{`<img src=https://a.example/1><img src=//a.example/2><img src=cid:logo@hopital>`, 2, 0},
		{`<p style="background:url(https://a.example/x)">x</p><td background="http://a.example/y">`, 2, 0},
		{`<img src="data:image/svg+xml;base64,AAAA"><video poster=https://a.example/v></video><input type=image src=https://a.example/i>`, 2, 0},
		{`<a href=https://a.example>1</a><a href=javascript:x>2</a><a href=mailto:a@b.example>3</a>`, 0, 2},
	} {
		r := HTML([]byte(c.in), options)
		if r.RemoteBlocked != c.remote || r.Links != c.links {
			t.Errorf("%s: %d remote, %d links; want %d, %d", c.in, r.RemoteBlocked, r.Links, c.remote, c.links)
		}
	}
}
