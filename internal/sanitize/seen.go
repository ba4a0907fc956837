package sanitize

import (
	"bytes"
	"strconv"
	"strings"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Seen is HTML without the words that whoever wrote it hid from whoever reads it:
// display:none, visibility, letters too small to be read, letters in the colour of what
// is behind them. For a quotation: nobody passes on what they never saw.
func Seen(in []byte, o Options) Result {
	o.hiding = true
	first := HTML(in, o)
	top, err := xhtml.ParseFragment(bytes.NewReader(first.HTML), &xhtml.Node{Type: xhtml.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil { // HTML itself reads its output in that way: it cannot be
		return Result{Truncated: true}
	}
	for _, n := range top {
		look{ink: frameInk, paper: framePaper, size: frameSize}.at(n)
	}
	var b bytes.Buffer
	b.Grow(len(first.HTML))
	for _, n := range top {
		render(&b, n)
	}
	out := HTML(b.Bytes(), o)
	out.RemoteBlocked, out.Truncated = first.RemoteBlocked, first.Truncated || out.Truncated
	return out
}

// What the frame of a letter begins with.
var (
	framePaper = rgb{255, 255, 255}
	frameInk   = rgb{27, 39, 51}
	frameLink  = rgb{15, 79, 140}
	frameQuote = rgb{74, 90, 104}
)

const (
	frameSize = 15  // pixels
	tooSmall  = 6   // pixels: nobody reads less
	tooNear   = 20  // of 255, in the channel that differs most: nobody sees it
	unseen    = " " // instead of what was hidden: the words around stay apart
)

// look is how words appear where one stands in the letter.
type look struct {
	ink, paper rgb
	size       float64
	gone       bool // display:none
}

// at empties what cannot be seen, from n down.
func (l look) at(n *xhtml.Node) {
	switch n.Type {
	case xhtml.TextNode:
		if l.gone || l.size < tooSmall || l.ink.near(l.paper) {
			n.Data = unseen
		}
		return
	case xhtml.ElementNode:
		l = l.in(n)
	}
	var next *xhtml.Node
	for c := n.FirstChild; c != nil; c = next {
		next = c.NextSibling
		if l.gone && c.Type == xhtml.ElementNode && elements[c.Data]&void != 0 {
			n.RemoveChild(c) // a picture speaks too
			continue
		}
		l.at(c)
	}
}

// byElement is what the frame and browsers give elements before any style.
func (l look) byElement(name string) look {
	switch name {
	case "a", "summary":
		l.ink = frameLink
	case "blockquote":
		l.ink = frameQuote
	case "mark":
		l.ink, l.paper = rgb{}, rgb{255, 255, 0}
	}
	if by, ok := growth[name]; ok {
		l.size *= by
	}
	return l
}

var growth = map[string]float64{"small": 5.0 / 6, "sub": 5.0 / 6, "sup": 5.0 / 6, "big": 1.2, "h1": 2, "h2": 1.5, "h3": 1.17, "h5": 0.83, "h6": 0.67}

var fontSizes = [...]float64{10, 10, 13, 16, 18, 24, 32, 48} // of <font size>

// in gives the look inside an element: its own kind's, its attributes', its style's.
func (l look) in(n *xhtml.Node) look {
	outer := l
	l = l.byElement(n.Data)
	style := ""
	for _, a := range n.Attr {
		switch a.Key {
		case "style":
			style = a.Val
		case "color":
			l.ink = inkOf(a.Val, outer, l)
		case "bgcolor":
			l.paper = paperOf(a.Val, l)
		case "size":
			if i, err := strconv.Atoi(a.Val); err == nil && n.Data == "font" {
				l.size = fontSizes[min(max(i, 0), len(fontSizes)-1)]
			}
		}
	}
	var ink, paper string
	for d := range strings.SplitSeq(style, ";") {
		name, value, _ := strings.Cut(d, ":")
		switch name {
		case "display":
			l.gone = outer.gone || value == "none"
		case "font-size":
			l.size = sizeOf(value, outer.size, l.size)
		case "color":
			ink = value
		case "background-color":
			paper = value
		}
	}
	if paper != "" && paper != "currentcolor" {
		l.paper = paperOf(paper, l)
	}
	if ink != "" {
		l.ink = inkOf(ink, outer, l)
	}
	if paper == "currentcolor" {
		l.paper = l.ink
	}
	return l
}

func inkOf(value string, outer, l look) rgb {
	if value == "inherit" || value == "currentcolor" {
		return outer.ink
	}
	c, alpha, ok := colourOf(value)
	if !ok {
		return l.ink
	}
	return c.over(l.paper, alpha)
}

func paperOf(value string, l look) rgb {
	c, alpha, ok := colourOf(value)
	if !ok { // inherit: it is that of what is behind
		return l.paper
	}
	return c.over(l.paper, alpha)
}

var namedSizes = map[string]float64{"xx-small": 9, "x-small": 10, "small": 13, "medium": 16, "large": 18, "x-large": 24, "xx-large": 32}

// sizeOf reads a font size as we write it; what browsers do not take changes nothing.
func sizeOf(value string, outer, now float64) float64 {
	switch value {
	case "inherit":
		return outer
	case "smaller":
		return outer * 5 / 6
	case "larger":
		return outer * 1.2
	}
	if px, ok := namedSizes[value]; ok {
		return px
	}
	v, ok := measure(value)
	switch {
	case !ok || v.kind == aNumber && v.size != 0:
		return now
	case v.kind == aPercent:
		return outer * v.size / 100
	case strings.HasSuffix(value, "rem"), v.kind == aNumber:
		return v.size
	case strings.HasSuffix(value, "em"), strings.HasSuffix(value, "ex"), strings.HasSuffix(value, "ch"):
		return outer * v.size / units["em"]
	}
	return v.size
}
