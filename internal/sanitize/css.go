package sanitize

import (
	"math"
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
)

// style is one style attribute as we write it.
type style struct {
	css    string
	remote int
	hidden bool // visibility says so
}

// style cleans a style attribute; newsletters repeat the same few hundreds of times.
func (w *writer) style(raw string) (string, int) {
	if raw == "" {
		return "", 0
	}
	s, ok := w.styles[raw]
	if !ok {
		s = cleanStyle(raw)
		if len(w.styles) < 5000 {
			w.styles[raw] = s
		}
	}
	if s.hidden && w.o.hiding {
		return "display:none", s.remote
	}
	return s.css, s.remote
}

const maxDeclarations = 100

// cleanStyle reads declarations token by token and writes those it understands
// whole. An escape, a function other than a colour, a block or an unknown unit
// loses its declaration; !important loses itself.
func cleanStyle(raw string) style {
	var out style
	var b strings.Builder
	lex := css.NewLexer(parse.NewInputString(raw))
	var d declaration
	for n := 0; n < maxDeclarations; {
		tt, data := lex.Next()
		if tt != css.SemicolonToken && tt != css.ErrorToken {
			d.token(tt, data)
			continue
		}
		n++
		out.remote += d.remote
		if d.name == "visibility" && !d.bad && len(d.values) == 1 {
			out.hidden = d.values[0].text == "hidden" || d.values[0].text == "collapse"
		}
		if name, value, ok := d.write(); ok {
			if b.Len() > 0 {
				b.WriteByte(';')
			}
			b.WriteString(name + ":" + value)
		}
		d = declaration{}
		if tt == css.ErrorToken {
			break
		}
	}
	out.css = b.String()
	return out
}

// valueKind sorts the pieces of a value.
type valueKind uint8

const (
	aWord valueKind = 1 << iota
	aNumber
	aLength
	aPercent
	aColour
	aString
	aComma
	aSlash
)

// value is one piece: its text as we write it, its size in pixels or percent.
type value struct {
	kind valueKind
	text string
	size float64
}

// declaration gathers one "name: value".
type declaration struct {
	name     string
	colon    bool
	bad      bool
	bang     bool
	function string // open colour function
	depth    int
	values   []value
	remote   int
}

func (d *declaration) token(tt css.TokenType, data []byte) {
	s := string(data)
	if strings.IndexByte(s, '\\') >= 0 {
		d.bad = true
	}
	if tt == css.URLToken || tt == css.BadURLToken || tt == css.StringToken && d.bad && d.depth > 0 {
		if l := strings.ToLower(s); strings.Contains(l, "//") {
			d.remote++
		}
	}
	if tt == css.WhitespaceToken || tt == css.CommentToken {
		if d.function != "" {
			d.function += " "
		}
		return
	}
	switch {
	case d.name == "" && tt == css.IdentToken && !d.colon:
		d.name = strings.ToLower(s)
	case !d.colon && tt == css.ColonToken && d.name != "":
		d.colon = true
	case !d.colon || len(d.values) > 20:
		d.bad = true
	case d.bang:
		d.bad = d.bad || tt != css.IdentToken || !strings.EqualFold(s, "important")
	case d.function != "":
		d.inFunction(tt, s)
	default:
		d.value(tt, s)
	}
}

func (d *declaration) add(k valueKind, text string, size float64) {
	d.values = append(d.values, value{k, text, size})
}

func (d *declaration) value(tt css.TokenType, s string) {
	switch tt {
	case css.IdentToken:
		if w := strings.ToLower(s); strings.Trim(w, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && len(w) <= 40 {
			d.add(aWord, w, 0)
			return
		}
	case css.HashToken:
		if h := strings.ToLower(s[1:]); (len(h) == 3 || len(h) == 4 || len(h) == 6 || len(h) == 8) && strings.Trim(h, "0123456789abcdef") == "" {
			d.add(aColour, "#"+h, 0)
			return
		}
	case css.NumberToken, css.PercentageToken, css.DimensionToken:
		if v, ok := measure(s); ok {
			d.values = append(d.values, v)
			return
		}
	case css.StringToken:
		if name := strings.Trim(s, "\"'"); len(s) >= 2 && s[0] == s[len(s)-1] && len(name) <= 60 {
			if _, ok := fontNames(name); ok && !strings.Contains(name, ",") {
				d.add(aString, "'"+name+"'", 0)
				return
			}
		}
	case css.CommaToken:
		d.add(aComma, ",", 0)
		return
	case css.FunctionToken:
		switch f := strings.ToLower(s); f {
		case "rgb(", "rgba(", "hsl(", "hsla(":
			d.function = f
			return
		}
		d.depth++
	case css.DelimToken:
		switch s {
		case "!":
			d.bang = true
			return
		case "/":
			d.add(aSlash, "/", 0)
			return
		}
	}
	d.bad = true
}

// inFunction takes the numbers of a colour.
func (d *declaration) inFunction(tt css.TokenType, s string) {
	switch tt {
	case css.RightParenthesisToken:
		d.add(aColour, strings.Join(strings.Fields(strings.ReplaceAll(d.function, ",", " , ")), " ")+")", 0)
		d.values[len(d.values)-1].text = strings.NewReplacer(" , ", ",", "( ", "(", " )", ")").Replace(d.values[len(d.values)-1].text)
		d.function = ""
	case css.NumberToken, css.PercentageToken:
		v, ok := measure(s)
		d.bad = d.bad || !ok || len(d.function) > 80
		d.function += v.text
	case css.CommaToken:
		d.function += ","
	case css.DelimToken:
		d.bad = d.bad || s != "/"
		d.function += "/"
	default:
		d.bad = true
	}
}

var units = map[string]float64{"px": 1, "pt": 4.0 / 3, "em": 16, "rem": 16, "ex": 8, "ch": 8, "in": 96, "cm": 37.8, "mm": 3.78, "pc": 16}

// measure reads a number with its unit and writes it in one form.
func measure(s string) (value, bool) {
	i := len(s)
	for i > 0 && (s[i-1] == '%' || s[i-1]|0x20 >= 'a' && s[i-1]|0x20 <= 'z') {
		i--
	}
	n, err := strconv.ParseFloat(s[:i], 64)
	unit := strings.ToLower(s[i:])
	if err != nil || len(s) > 24 || math.IsNaN(n) || math.Abs(n) > 1e6 {
		return value{}, false
	}
	n = math.Round(n*1000) / 1000
	text := strconv.FormatFloat(n, 'f', -1, 64)
	if text == "-0" {
		text = "0"
	}
	switch {
	case unit == "":
		return value{aNumber, text, n}, true
	case unit == "%":
		return value{aPercent, text + "%", n}, true
	case units[unit] > 0:
		return value{aLength, text + unit, n * units[unit]}, true
	}
	return value{}, false
}

// write gives the declaration in one form, or false when its property or one of
// its pieces is not on the list.
func (d *declaration) write() (name, text string, ok bool) {
	if d.bad && d.name != "background" || d.name == "" || !d.colon || d.function != "" || len(d.values) == 0 {
		return "", "", false
	}
	name, values := d.name, d.values
	if name == "background" { // its colour only
		name, values = "background-color", backgroundColour(d)
	}
	p, known := properties[name]
	if !known || len(values) == 0 || len(values) > p.max {
		return "", "", false
	}
	var b strings.Builder
	for i, v := range values {
		if !p.fits(v) {
			return "", "", false
		}
		if i > 0 && v.kind != aComma && values[i-1].kind != aComma {
			b.WriteByte(' ')
		}
		b.WriteString(v.text)
	}
	return name, b.String(), true
}

func backgroundColour(d *declaration) []value {
	if d.bad && len(d.values) == 0 {
		return nil
	}
	for _, v := range d.values {
		if v.kind == aColour || v.kind == aWord && colourNames[v.text] {
			return []value{v}
		}
	}
	return nil
}
