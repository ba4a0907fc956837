package sanitize

// kind says how the HTML parser treats an element we keep (WHATWG HTML §13.2).
type kind uint16

const (
	void       kind = 1 << iota // no content, no end tag
	closesP                     // its start tag ends an open <p>
	formatting                  // in the list of active formatting elements
	special                     // stops the search for a matching end tag
	heading                     // h1–h6: never inside each other
	structure                   // table parts: allowed in their places only
	scope                       // a wall: searches for open elements stop here
)

// elements is everything that may come out. Unknown elements vanish and their
// content stays.
var elements = map[string]kind{
	"a": formatting, "b": formatting, "i": formatting, "u": formatting, "s": formatting, "strike": formatting, "em": formatting,
	"strong": formatting, "small": formatting, "big": formatting, "tt": formatting, "code": formatting, "font": formatting,
	"span": 0, "sub": 0, "sup": 0, "abbr": 0, "acronym": 0, "cite": 0, "q": 0, "dfn": 0, "kbd": 0, "samp": 0, "var": 0, "mark": 0,
	"del": 0, "ins": 0, "bdo": 0, "bdi": 0, "time": 0,
	"br": void | special, "wbr": void | special, "img": void | special, "hr": void | special | closesP,
	"p": closesP | special, "div": closesP | special, "center": closesP | special, "blockquote": closesP | special,
	"pre": closesP | special, "address": closesP | special, "section": closesP | special, "article": closesP | special,
	"header": closesP | special, "footer": closesP | special, "main": closesP | special, "nav": closesP | special,
	"aside": closesP | special, "figure": closesP | special, "figcaption": closesP | special,
	"details": closesP | special, "summary": closesP | special,
	"h1": closesP | special | heading, "h2": closesP | special | heading, "h3": closesP | special | heading,
	"h4": closesP | special | heading, "h5": closesP | special | heading, "h6": closesP | special | heading,
	"ul": closesP | special, "ol": closesP | special, "li": closesP | special,
	"dl": closesP | special, "dt": closesP | special, "dd": closesP | special,
	"table":   closesP | special | scope,
	"caption": structure | special | scope, "colgroup": structure | special, "col": structure | special | void,
	"thead": structure | special, "tbody": structure | special, "tfoot": structure | special, "tr": structure | special,
	"td": structure | special | scope, "th": structure | special | scope,
}

// dropped lose their content too, up to their end tag when there is one. The
// tokenizer gives script, style, title, iframe, noembed, noframes and noscript as
// one raw text.
var dropped = map[string]bool{
	"script": true, "style": true, "title": true, "iframe": true, "noembed": true, "noframes": true, "noscript": true,
	"object": true, "applet": true, "template": true, "select": true, "datalist": true, "audio": true, "video": true, "canvas": true,
	"svg": true, "math": true, "frameset": true, "portal": true, "fencedframe": true,
}

// rename gives old or odd elements a plain equivalent.
var rename = map[string]string{"body": "div", "image": "img", "listing": "pre", "menu": "ul", "dir": "ul", "xmp": "pre", "plaintext": "pre"}

// tagName is what a tag's name means to us: the name it gets.
type tagName struct {
	name          string
	kind          kind
	kept, dropped bool
}

// tagNames is the three lists above by the name as it comes, looked up once a tag.
var tagNames = func() map[string]tagName {
	all := make(map[string]tagName, len(elements)+len(dropped)+len(rename))
	for name, k := range elements {
		all[name] = tagName{name: name, kind: k, kept: true}
	}
	for old, name := range rename {
		all[old] = tagName{name: name, kind: elements[name], kept: true}
	}
	for name := range dropped {
		all[name] = tagName{name: name, dropped: true}
	}
	return all
}()

func tagNameOf(name []byte) tagName {
	if e, ok := tagNames[string(name)]; ok {
		return e
	}
	return tagName{name: string(name)}
}

const (
	maxInput    = 16 << 20
	maxOutput   = 2 << 20 // data: pictures not counted
	maxElements = 200_000
	maxDepth    = 160 // the parser that checks us refuses 512
	maxReopen   = 8   // inline elements opened again after a block
	maxPasses   = 5
)
