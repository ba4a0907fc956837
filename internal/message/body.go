package message

import (
	"strings"
)

// Body says how to show a letter: which parts are its text, which belong inside
// it, which are files. Nothing is in no list: what cannot be shown is a file.
type Body struct {
	HTML, Plain *Part            // the first rich and the first plain text; nil when there is none
	Shown       []*Part          // what to show, in order: one form of each text
	Plains      []*Part          // the same in plain form where there is one
	Inline      map[string]*Part // by Content-ID, wherever it stands
	Attachments []*Part          // files; pictures of the HTML text are not among them

	pictures []*Part // left out of Attachments because an HTML text may show them
}

// Body chooses for the tree below root, also one built from a BODYSTRUCTURE.
func (root *Part) Body() Body {
	c := chooser{Body: Body{Inline: map[string]*Part{}}}
	if root == nil {
		return c.Body
	}
	c.node(root, context{top: true})
	for _, p := range c.Shown {
		if p.Type == "text/html" && c.HTML == nil {
			c.HTML = p
		}
	}
	for _, p := range c.Plains {
		if p.Type != "text/html" && c.Plain == nil {
			c.Plain = p
		}
	}
	if c.HTML == nil { // no text could show them
		c.Attachments, c.pictures = c.files, nil
		return c.Body
	}
	for _, p := range c.files {
		if p.ContentID != "" && p.Disposition != "attachment" && picture(p.Type) {
			c.pictures = append(c.pictures, p)
		} else {
			c.Attachments = append(c.Attachments, p)
		}
	}
	return c.Body
}

// Files gives Attachments, the pictures that the HTML text does not mention (what is
// shown nowhere must be listed somewhere), and the texts shown that are files as
// well: somebody named them, to be kept under that name.
func (b Body) Files(html string) []*Part {
	var out []*Part
	for _, p := range b.Shown {
		if p.FileName != "" {
			out = append(out, p)
		}
	}
	for _, p := range b.pictures {
		if !strings.Contains(html, p.ContentID) && !strings.Contains(html, strings.ReplaceAll(p.ContentID, "@", "%40")) {
			out = append(out, p)
		}
	}
	return append(append([]*Part(nil), b.Attachments...), out...)
}

// chooser walks a tree once and sorts its leaves.
type chooser struct {
	Body
	files []*Part
}

// context is where a node stands.
type context struct {
	top     bool // nothing before it in its multipart
	related bool // beside the root of a multipart/related
	rich    bool // this text goes to Shown
	plain   bool // this text goes to Plains
	chosen  bool // rich and plain mean something: inside an alternative
}

func (c *chooser) node(p *Part, at context) {
	switch p.Type {
	case "multipart/alternative":
		c.alternative(p, at)
		return
	case "multipart/related":
		c.related(p, at)
		return
	}
	if p.Multipart() {
		for i, child := range p.Children {
			in := at
			in.top = at.top && i == 0
			in.related = false
			c.node(child, in)
		}
		return
	}
	if p.ContentID != "" && c.Inline[p.ContentID] == nil {
		c.Inline[p.ContentID] = p
	}
	if !at.related && readable(p, at.top) {
		c.text(p, at)
		return
	}
	c.files = append(c.files, p)
}

func (c *chooser) text(p *Part, at context) {
	if !at.chosen || at.rich {
		c.Shown = append(c.Shown, p)
	}
	if !at.chosen || at.plain {
		c.Plains = append(c.Plains, p)
	}
}

// readable reports text to be shown in the letter rather than as a file. A named
// text is a file unless it is asked to be inline or comes first.
func readable(p *Part, top bool) bool {
	switch p.Type {
	case "text/plain", "text/html", "text/enriched", "text/richtext":
	default:
		return false
	}
	if p.Disposition == "attachment" {
		return false
	}
	return p.FileName == "" || top || p.Disposition == "inline" && p.Type == "text/plain"
}

// alternative shows one form of each text: the last one we can show is the
// richest (RFC 2046 §5.1.4), the first plain one the plainest. The files of every
// form are kept.
func (c *chooser) alternative(p *Part, at context) {
	rich, plain := -1, -1
	for i, child := range p.Children {
		if holds(child, "text/html") {
			rich = i
		}
		if plain < 0 && holds(child, "text/plain") {
			plain = i
		}
	}
	if rich < 0 {
		rich = plain
	}
	if plain < 0 {
		plain = rich
	}
	for i, child := range p.Children {
		c.node(child, context{top: true, chosen: true,
			rich: i == rich && (!at.chosen || at.rich), plain: i == plain && (!at.chosen || at.plain)})
	}
}

// holds reports whether a text of that type would be shown from this subtree.
func holds(p *Part, typ string) bool {
	if !p.Multipart() {
		return p.Type == typ && p.Disposition != "attachment" || typ == "text/plain" && (p.Type == "text/enriched" || p.Type == "text/richtext")
	}
	for _, child := range p.Children {
		if holds(child, typ) {
			return true
		}
	}
	return false
}

// related shows its root (RFC 2387: "start", else the first) with the others
// inside it. Without a text root every child stands for itself.
func (c *chooser) related(p *Part, at context) {
	root := 0
	if start := strings.Trim(p.Params["start"], "<> "); start != "" {
		for i, child := range p.Children {
			if child.ContentID == start {
				root = i
			}
		}
	}
	if len(p.Children) > 0 && !holds(p.Children[root], "text/html") && !holds(p.Children[root], "text/plain") {
		for i, child := range p.Children {
			if holds(child, "text/html") {
				root = i
				break
			}
		}
	}
	for i, child := range p.Children {
		in := at
		in.top, in.related = at.top && i == root, i != root
		c.node(child, in)
	}
}

func picture(typ string) bool {
	switch typ {
	case "image/png", "image/jpeg", "image/jpg", "image/pjpeg", "image/gif", "image/webp", "image/bmp":
		return true
	}
	return false
}
