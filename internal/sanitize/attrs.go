package sanitize

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	xhtml "golang.org/x/net/html"
)

// attributes are those of one start tag that we may write or must see.
type attributes struct {
	keys, values []string
	style        string
	ours         bool   // class="pli-host": our mark of an earlier pass
	host         string // where a link leads, set by resolve
	local        bool   // src and href are already judged
}

const (
	maxAttributes = 40
	maxAttribute  = 8 << 10 // bytes of one value, data: pictures apart
)

// allowed gives what each attribute may hold; style, href, src and alt are judged
// on their own. Elements not named take every general attribute.
var allowed = map[string]func(string) (string, bool){
	"align":       word("left", "right", "center", "justify", "top", "middle", "bottom", "baseline", "absmiddle", "texttop"),
	"valign":      word("top", "middle", "bottom", "baseline"),
	"bgcolor":     colour,
	"border":      number(0, 20),
	"bordercolor": colour,
	"cellpadding": number(0, 100),
	"cellspacing": number(0, 100),
	"clear":       word("left", "right", "all", "none"),
	"color":       colour,
	"colspan":     number(1, 100),
	"dir":         word("ltr", "rtl", "auto"),
	"face":        fontNames,
	"height":      length(3000),
	"hspace":      number(0, 100),
	"lang":        language,
	"nowrap":      func(string) (string, bool) { return "", true },
	"rowspan":     number(1, 500),
	"scope":       word("row", "col", "rowgroup", "colgroup"),
	"size":        number(1, 7),
	"span":        number(1, 100),
	"start":       number(0, 100_000),
	"type":        word("disc", "circle", "square", "1", "a", "i"),
	"value":       number(0, 100_000),
	"vspace":      number(0, 100),
	"width":       length(4000),
}

// readAttributes reads the attributes of the current tag. The first of two equal
// names counts, as in browsers.
func readAttributes(z *xhtml.Tokenizer, more bool) attributes {
	var a attributes
	for n := 0; more && n < maxAttributes; n++ {
		var k, v []byte
		k, v, more = z.TagAttr()
		key := string(k)
		switch {
		case key == "style" && a.style == "":
			a.style = string(v[:min(len(v), maxAttribute)])
		case key == "class":
			for _, f := range bytes.Fields(v) {
				a.ours = a.ours || string(f) == markClass
			}
		case key == "href" || key == "src" || key == "alt" || key == "background" || key == "srcset" || allowed[key] != nil:
			if _, dup := a.get(key); !dup && (len(v) <= maxAttribute || key == "src") {
				a.keys, a.values = append(a.keys, key), append(a.values, string(v))
			}
		}
	}
	return a
}

func (a *attributes) get(key string) (string, bool) {
	for i, k := range a.keys {
		if k == key {
			return a.values[i], true
		}
	}
	return "", false
}

// write gives the attributes in alphabetical order (the parser that checks us
// sorts some), and how many of the bytes are a data: picture.
func (a *attributes) write(name string, k kind, style string) (attrs string, picture int) {
	if len(a.keys) == 0 && style == "" {
		return "", 0
	}
	out := make([]attribute, 0, 8)
	if style != "" {
		out = append(out, attribute{"style", style})
	}
	if name == "a" {
		out = append(out, attribute{"rel", "noopener noreferrer nofollow"}, attribute{"target", "_blank"})
	}
	for i, key := range a.keys {
		value := a.values[i]
		switch key {
		case "href", "src", "alt", "title":
			if !a.local {
				continue
			}
			if key == "src" && strings.HasPrefix(value, "data:") {
				picture = len(value)
			}
		default:
			judge := allowed[key]
			if judge == nil || !fits(name, k, key) {
				continue
			}
			var ok bool
			if value, ok = judge(strings.TrimSpace(value)); !ok {
				continue
			}
		}
		out = append(out, attribute{key, value})
	}
	slices.SortFunc(out, func(x, y attribute) int { return strings.Compare(x.key, y.key) })
	size := 0
	for _, x := range out {
		size += len(x.key) + len(x.value) + len(` =""`)
	}
	var b bytes.Buffer
	b.Grow(size)
	for _, x := range out {
		b.WriteByte(' ')
		b.WriteString(x.key)
		b.WriteString(`="`)
		escapeText(&b, x.value)
		b.WriteByte('"')
	}
	return b.String(), picture
}

type attribute struct{ key, value string }

// fits keeps an attribute to the elements it means something on.
func fits(name string, k kind, key string) bool {
	switch key {
	case "dir", "lang":
		return true
	case "align":
		return name != "span" && name != "a"
	case "valign", "nowrap":
		return k&structure != 0
	case "colspan", "rowspan", "scope":
		return name == "td" || name == "th"
	case "span":
		return name == "col" || name == "colgroup"
	case "cellpadding", "cellspacing", "bordercolor":
		return name == "table"
	case "bgcolor":
		return k&structure != 0 || name == "table" || name == "div"
	case "border", "hspace", "vspace":
		return name == "table" || name == "img"
	case "width", "height":
		return k&structure != 0 || name == "table" || name == "img" || name == "hr"
	case "color", "face", "size":
		return name == "font" || name == "hr" && key != "face"
	case "clear":
		return name == "br"
	case "start", "type", "value":
		return name == "ol" || name == "ul" || name == "li"
	}
	return false
}

func word(words ...string) func(string) (string, bool) {
	return func(s string) (string, bool) {
		s = strings.ToLower(s)
		for _, w := range words {
			if s == w {
				return w, true
			}
		}
		return "", false
	}
}

func number(low, high int) func(string) (string, bool) {
	return func(s string) (string, bool) {
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(s, "+"), "px"))
		if err != nil || n < low || n > high || len(s) > 9 {
			return "", false
		}
		return strconv.Itoa(n), true
	}
}

// length reads pixels, at most limit, or a percentage.
func length(limit int) func(string) (string, bool) {
	pixels, percent := number(0, limit), number(0, 100)
	return func(s string) (string, bool) {
		if p, ok := strings.CutSuffix(s, "%"); ok {
			v, ok := percent(strings.TrimSpace(p))
			return v + "%", ok
		}
		if i := strings.IndexByte(s, '.'); i > 0 {
			s = s[:i]
		}
		return pixels(s)
	}
}

func colour(s string) (string, bool) {
	h, hash := strings.CutPrefix(s, "#")
	if hash && (len(h) == 3 || len(h) == 6) && strings.Trim(strings.ToLower(h), "0123456789abcdef") == "" {
		return "#" + strings.ToLower(h), true
	}
	if !hash && len(s) == 6 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == "" {
		return "#" + strings.ToLower(s), true
	}
	s = strings.ToLower(s)
	return s, colourNames[s]
}

func fontNames(s string) (string, bool) {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != ' ' && r != ',' && r != '-' && r != '_' {
			return "", false
		}
	}
	return s, s != "" && len(s) <= 200
}

func language(s string) (string, bool) {
	return s, s != "" && len(s) <= 20 && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
