package sanitize

import (
	"bytes"
	"strings"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Options say how parts of the same letter are reached. The zero value shows none.
type Options struct {
	// CID gives the local address of the part with that Content-ID.
	CID func(cid string) (url string, ok bool)

	hiding bool // visibility, which no list lets through, hides all the same: Seen
}

// Result is a fragment of balanced, allow-listed HTML and what was left out.
type Result struct {
	HTML          []byte
	RemoteBlocked int  // pictures and backgrounds that would have been fetched
	Links         int  // links kept
	Truncated     bool // the end was cut at the cap
}

// HTML sanitises a document or a fragment. It always answers; the same options
// give the same bytes when the output is sanitised again.
func HTML(in []byte, o Options) Result { return Begin(in, o).Finish() }

// Work is a document half sanitised: written once by the allow-list, not yet read
// back the way a browser would.
type Work struct {
	// RemoteBlocked is already what the Result will say.
	RemoteBlocked int
	// Likely is what the Result will be unless a browser would read it in another way:
	// to judge its words by, never to be served before Finish.
	Likely Result

	in     []byte
	o      Options
	out    *writer
	stands bool
}

// Certain reports that Likely is the Result: Finish will take no time.
func (w *Work) Certain() bool { return w.stands }

// Begin does the first half of HTML.
func Begin(in []byte, o Options) *Work {
	truncated := len(in) > maxInput
	if truncated {
		in = in[:maxInput]
	}
	w := newWriter(o)
	w.out.Grow(len(in) + len(in)/8)
	out := pass(in, w)
	return &Work{RemoteBlocked: out.remote, in: in, o: o, out: out, stands: stands(out.bytes()),
		Likely: Result{HTML: out.bytes(), RemoteBlocked: out.remote, Links: out.links, Truncated: out.truncated || truncated}}
}

// Finish does the second half, once: only what it gives may be served.
func (w *Work) Finish() Result {
	result, out := w.Likely, w.out
	if w.stands {
		return result
	}
	for range maxPasses {
		parsed, ok := reparse(out.bytes())
		if ok && bytes.Equal(parsed, out.bytes()) {
			result.HTML = parsed
			return result
		}
		if !ok {
			break
		}
		out = pass(parsed, newWriter(w.o))
		result.Links, result.Truncated = out.links, result.Truncated || out.truncated
	}
	// No fixpoint: nothing a browser could read in two ways may pass. The words stay.
	words := newWriter(w.o)
	words.flat = true
	result.HTML, result.Links = pass(w.in, words).bytes(), 0
	return result
}

// pass reads tokens once and writes what is allowed.
func pass(in []byte, w *writer) *writer {
	z := xhtml.NewTokenizer(bytes.NewReader(in))
	s := skipper{in: in}
	for {
		t := z.Next()
		if t == xhtml.ErrorToken || w.truncated {
			break
		}
		raw := len(z.Raw())
		s.at += raw
		switch t {
		case xhtml.TextToken:
			if s.until == "" {
				w.text(string(z.Text()))
			}
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			name, more := z.TagName()
			if s.until == "" {
				startTag(w, z, &s, tagNameOf(name), more)
			}
		case xhtml.EndTagToken:
			name, _ := z.TagName()
			if s.until != "" {
				if s.until == string(name) {
					s.until = ""
				}
				continue
			}
			endTag(w, tagNameOf(name))
		}
	}
	w.closeAll()
	return w
}

func startTag(w *writer, z *xhtml.Tokenizer, s *skipper, e tagName, more bool) {
	if e.dropped {
		if isRaw(e.name) {
			s.until = e.name
		} else {
			s.skip(e.name)
		}
		return
	}
	if !e.kept {
		countRemote(w, z, more)
		return
	}
	a := readAttributes(z, more)
	if e.name == "span" && a.ours {
		s.skip("span")
		return
	}
	if v, _ := a.get("background"); fetches(v) {
		w.remote++
	}
	w.start(e.name, e.kind, a)
}

func isRaw(name string) bool {
	switch name {
	case "script", "style", "title", "iframe", "noembed", "noframes", "noscript":
		return true
	}
	return false
}

func endTag(w *writer, e tagName) {
	switch {
	case e.name == "br":
		w.start("br", e.kind, attributes{}) // as browsers read </br>
	case e.kept && e.kind&void == 0:
		w.end(e.name, e.kind)
	}
}

// skipper leaves out the content of dropped elements. It looks for an end tag
// once per name: an element never closed loses its tag only, not the letter.
type skipper struct {
	in    []byte
	at    int            // bytes read so far
	last  map[string]int // name → where its last end tag starts, -1 for none
	until string
}

func (s *skipper) skip(name string) {
	if s.last == nil {
		s.last = map[string]int{}
	}
	at, ok := s.last[name]
	if !ok {
		at = lastEndTag(s.in, name)
		s.last[name] = at
	}
	if at >= s.at {
		s.until = name
	}
}

// lastEndTag finds the last "</name" without case.
func lastEndTag(in []byte, name string) int {
	for end := len(in); ; {
		i := bytes.LastIndex(in[:end], []byte("</"))
		if i < 0 {
			return -1
		}
		if stop := i + 2 + len(name); stop <= len(in) && strings.EqualFold(string(in[i+2:stop]), name) &&
			(stop == len(in) || bytes.IndexByte([]byte(" \t\n\r\f/>"), in[stop]) >= 0) {
			return i
		}
		end = i + 1
	}
}

// reparse gives what a browser's parser makes of our output, written in our way.
// It fails on anything we would not have written.
func reparse(out []byte) ([]byte, bool) {
	context := &xhtml.Node{Type: xhtml.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := xhtml.ParseFragment(bytes.NewReader(out), context)
	if err != nil {
		return nil, false
	}
	var b bytes.Buffer
	b.Grow(len(out))
	for _, n := range nodes {
		render(&b, n)
	}
	return b.Bytes(), true
}

func render(b *bytes.Buffer, n *xhtml.Node) {
	switch n.Type {
	case xhtml.TextNode:
		escapeText(b, n.Data)
	case xhtml.ElementNode:
		b.WriteByte('<')
		b.WriteString(n.Data)
		for _, a := range n.Attr {
			b.WriteByte(' ')
			b.WriteString(a.Key)
			b.WriteString(`="`)
			escapeText(b, a.Val)
			b.WriteByte('"')
		}
		b.WriteByte('>')
		if elements[n.Data]&void != 0 {
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			render(b, c)
		}
		b.WriteString("</" + n.Data + ">")
	}
}

// escapeText writes text for element content and for attribute values alike.
func escapeText(b *bytes.Buffer, s string) {
	if escapedLen(s) == len(s) { // most words: looked through at many bytes a step
		b.WriteString(s)
		return
	}
	from := 0
	for i := range len(s) {
		var e string
		switch s[i] {
		case '&':
			e = "&amp;"
		case '<':
			e = "&lt;"
		case '>':
			e = "&gt;"
		case '"':
			e = "&#34;"
		default:
			continue
		}
		b.WriteString(s[from:i])
		b.WriteString(e)
		from = i + 1
	}
	b.WriteString(s[from:])
}
