package sanitize

import (
	"bytes"
	"strings"
	"testing"
)

// What a sender hid is not in a quotation, what they showed is.
func TestSeen(t *testing.T) {
	t.Parallel()
	hide := func(style string) string { return `<p>avant <span style="` + style + `">SECRET</span> après</p>` }
	for _, in := range []string{
		hide("display:none"), hide("DISPLAY : none !important"), hide("visibility:hidden"), hide("visibility:collapse"), hide("visibility:visible;visibility:hidden"),
		hide("font-size:0"), hide("font-size:1px"), hide("font-size:4pt"), hide("font-size:.3em"), hide("font-size:20%"), hide("font-size:0rem"),
		hide("color:white"), hide("color:#fff"), hide("color:#FEFEFE"), hide("color:rgb(255,255,255)"), hide("color:hsl(0,0%,100%)"), hide("color:rgb(100% 100% 100%)"),
		hide("color:transparent"), hide("color:rgba(0,0,0,.02)"), hide("color:#00000005"), hide("color:snow"),
		hide("color:#000;background:black"), hide("color:#123456;background-color:#123456"), hide("color:red;background-color:currentcolor"),
		`<p>avant après</p><p style="font-size:5px"><b>SECRET</b></p>`,
		`<p>avant</p><div style="display:none"><p style="display:block;color:red">SECRET</p><img src="data:image/png;base64,iVBORw0KGgo=" alt="SECRET"></div><p>après</p>`,
		`<p>avant</p><table bgcolor="#336699"><tr><td><font color="#336699">SECRET</font></td></tr></table><p>après</p>`,
		`<p>avant</p><table style="background:#000"><tr><td bgcolor=navy style="color:navy"><p>SECRET</p></td></tr></table><p>après</p>`,
		`<body bgcolor=black><p>avant</p><font color=black>SECRET</font><p>après</p></body>`,
		`<p>avant</p><a href="https://a.example" style="color:#fff">SECRET</a><p>après</p>`,
		`<p>avant</p>` + strings.Repeat("<small>", 8) + "SECRET" + strings.Repeat("</small>", 8) + `<p>après</p>`,
		`<p>avant</p><p style="color:white">SECRET<b>SECRET</b></p><p>après</p>`,
		`<p>avant</p><p style="color:#fff"><span style="color:inherit">SECRET</span></p><p>après</p>`,
	} {
		r := Seen([]byte(in), Options{})
		out := string(r.HTML)
		if strings.Contains(out, "SECRET") || !strings.Contains(out, "avant") || !strings.Contains(out, "après") {
			t.Errorf("%s\n%s", in, out)
		}
		if err := unsafeIn(out); err != nil {
			t.Error(err)
		}
		if again := HTML(r.HTML, Options{}); !bytes.Equal(again.HTML, r.HTML) {
			t.Errorf("not idempotent: %s\n%s", out, again.HTML)
		}
	}
	for _, in := range []string{
		`<p>MOT</p>`, `<p style="color:#777">MOT</p>`, `<p style="color:yellow">MOT</p>`, `<p style="visibility:visible">MOT</p>`, `<p style="visibility:hidden;visibility:visible">MOT</p>`,
		`<td>MOT</td>`, `<table bgcolor=navy><tr><td style="color:white">MOT</td></tr></table>`, `<div style="background:#000"><font color=white>MOT</font></div>`,
		`<div style="font-size:0"><span style="font-size:14px">MOT</span></div>`, `<div style="color:#fff"><p style="color:#000">MOT</p></div>`,
		`<div style="color:#fff"><a href="https://a.example">MOT</a></div>`, `<div style="font-size:5px"><h1>MOT</h1></div>`, `<p style="font-size:8px">MOT</p>`,
		`<p style="background:transparent;color:#333">MOT</p>`, `<p style="background:rgba(0,0,0,0)">MOT</p>`, `<p style="font-size:0;font-size:12pt">MOT</p>`,
		`<div style="color:white"><mark>MOT</mark></div>`, `<div style="color:white"><blockquote>MOT</blockquote></div>`, `<p style="font-size:5">MOT</p>`,
		`<p style="color:inherit;background:inherit">MOT</p>`, `<p style="color:nosuch">MOT</p>`,
	} {
		if out := string(Seen([]byte(in), Options{}).HTML); !strings.Contains(out, "MOT") {
			t.Errorf("%s\n%s", in, out)
		}
	}
}

// What hides nothing is as HTML gives it.
func TestSeenChangesNothingElse(t *testing.T) {
	t.Parallel()
	for _, in := range []string{`<p>Voici <b>le bilan</b><img src="https://x.example/a.png"></p>`, `<ul><li>un<li>deux</ul><pre>
  a</pre>`, `<table><tr><td>a<td>b</table>`, strings.Repeat("<div>", 300) + "fond"} {
		want, got := HTML([]byte(in), Options{}), Seen([]byte(in), Options{})
		if !bytes.Equal(got.HTML, want.HTML) || got.RemoteBlocked != want.RemoteBlocked || got.Truncated != want.Truncated {
			t.Errorf("%.200s\n%+v\n%+v", in, want, got)
		}
	}
}

func TestEveryColourNameHasAValue(t *testing.T) {
	t.Parallel()
	for name := range colourNames {
		_, _, ok := colourOf(name)
		if special := name == "inherit" || name == "currentcolor"; ok == special {
			t.Errorf("%s: %v", name, ok)
		}
	}
	for s, want := range map[string]rgb{"#f00": {255, 0, 0}, "hsl(120,100%,50%)": {0, 255, 0}, "hsl(240 100% 50% / 1)": {0, 0, 255}, "rgb(10,20,30)": {10, 20, 30}, "hsl(-120,100%,50%)": {0, 0, 255}} {
		if got, _, ok := colourOf(s); !ok || !got.near(want) {
			t.Errorf("%s: %+v", s, got)
		}
	}
}

func FuzzSeen(f *testing.F) {
	f.Add(`<p style="color:#fff">a<b style="font-size:0">b</b></p><table><tr><td bgcolor=red>c`)
	f.Fuzz(func(t *testing.T, in string) {
		r := Seen([]byte(in), Options{})
		if err := unsafeIn(string(r.HTML)); err != nil {
			t.Fatal(err)
		}
		if again := HTML(r.HTML, Options{}); !bytes.Equal(again.HTML, r.HTML) {
			t.Fatalf("not idempotent: %q %q", r.HTML, again.HTML)
		}
	})
}
