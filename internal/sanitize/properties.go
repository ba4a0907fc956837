package sanitize

// property says which pieces a style property may hold.
type property struct {
	kinds valueKind
	low   float64 // of lengths, in pixels
	high  float64
	max   int      // pieces
	words []string // beside the names of colours and fonts
}

func (p property) fits(v value) bool {
	if p.kinds&v.kind == 0 {
		return false
	}
	switch v.kind {
	case aLength:
		return v.size >= p.low && v.size <= p.high
	case aPercent:
		return v.size >= 0 && v.size <= 400
	case aNumber:
		return v.size >= 0 && v.size <= 1000
	case aWord:
		if p.kinds&aColour != 0 && colourNames[v.text] {
			return true
		}
		if p.kinds&aString != 0 { // a font
			return true
		}
		for _, w := range p.words {
			if v.text == w {
				return true
			}
		}
		return false
	}
	return true
}

var (
	lineWords   = []string{"none", "hidden", "dotted", "dashed", "solid", "double", "groove", "ridge", "inset", "outset"}
	borderProps = property{kinds: aWord | aNumber | aLength | aColour, high: 50, max: 6, words: append([]string{"thin", "medium", "thick"}, lineWords...)}
	sideColour  = property{kinds: aWord | aColour, max: 4}
	sideStyle   = property{kinds: aWord, max: 4, words: lineWords}
	sideWidth   = property{kinds: aWord | aNumber | aLength, high: 50, max: 4, words: []string{"thin", "medium", "thick"}}
	margins     = property{kinds: aWord | aNumber | aLength | aPercent, high: 400, max: 4, words: []string{"auto"}}
	paddings    = property{kinds: aNumber | aLength | aPercent, high: 400, max: 4}
	sizes       = property{kinds: aWord | aNumber | aLength | aPercent, high: 4000, max: 1, words: []string{"auto", "none"}}
	radius      = property{kinds: aNumber | aLength | aPercent, high: 1000, max: 8}
)

// properties is every style property that may come out. Nothing here can fetch,
// move a box out of its place or draw over another.
var properties = map[string]property{
	"color":            {kinds: aWord | aColour, max: 1},
	"background-color": {kinds: aWord | aColour, max: 1},
	"font-family":      {kinds: aWord | aString | aComma, max: 30},
	"font-size": {kinds: aWord | aLength | aPercent | aNumber, high: 100, max: 1, words: []string{"xx-small", "x-small", "small", "medium",
		"large", "x-large", "xx-large", "smaller", "larger", "inherit"}},
	"font-style":     {kinds: aWord, max: 1, words: []string{"normal", "italic", "oblique", "inherit"}},
	"font-variant":   {kinds: aWord, max: 1, words: []string{"normal", "small-caps"}},
	"font-weight":    {kinds: aWord | aNumber, max: 1, words: []string{"normal", "bold", "bolder", "lighter", "inherit"}},
	"line-height":    {kinds: aWord | aNumber | aLength | aPercent, high: 200, max: 1, words: []string{"normal", "inherit"}},
	"letter-spacing": {kinds: aWord | aNumber | aLength, high: 20, max: 1, words: []string{"normal"}},
	"word-spacing":   {kinds: aWord | aNumber | aLength, high: 40, max: 1, words: []string{"normal"}},
	"text-align":     {kinds: aWord, max: 1, words: []string{"left", "right", "center", "justify", "start", "end", "inherit"}},
	"text-decoration": {kinds: aWord, max: 3, words: []string{"none", "underline", "line-through", "overline", "solid", "dotted", "dashed",
		"inherit"}},
	"text-indent":    {kinds: aNumber | aLength, high: 200, max: 1},
	"text-transform": {kinds: aWord, max: 1, words: []string{"none", "uppercase", "lowercase", "capitalize"}},
	"vertical-align": {kinds: aWord, max: 1, words: []string{"top", "middle", "bottom", "baseline", "sub", "super", "text-top", "text-bottom"}},
	"white-space":    {kinds: aWord, max: 1, words: []string{"normal", "nowrap", "pre", "pre-wrap", "pre-line", "break-spaces"}},
	"word-break":     {kinds: aWord, max: 1, words: []string{"normal", "break-all", "keep-all", "break-word"}},
	"word-wrap":      {kinds: aWord, max: 1, words: []string{"normal", "break-word"}},
	"overflow-wrap":  {kinds: aWord, max: 1, words: []string{"normal", "break-word", "anywhere"}},
	"direction":      {kinds: aWord, max: 1, words: []string{"ltr", "rtl"}},
	"display": {kinds: aWord, max: 1, words: []string{"none", "block", "inline", "inline-block", "table", "inline-table", "table-row",
		"table-cell", "table-row-group", "table-header-group", "table-footer-group", "table-column", "table-column-group", "table-caption",
		"list-item"}},
	"float":           {kinds: aWord, max: 1, words: []string{"left", "right", "none"}},
	"clear":           {kinds: aWord, max: 1, words: []string{"left", "right", "both", "none"}},
	"table-layout":    {kinds: aWord, max: 1, words: []string{"auto", "fixed"}},
	"caption-side":    {kinds: aWord, max: 1, words: []string{"top", "bottom"}},
	"empty-cells":     {kinds: aWord, max: 1, words: []string{"show", "hide"}},
	"list-style-type": {kinds: aWord, max: 1, words: listWords},
	"list-style":      {kinds: aWord, max: 2, words: append([]string{"inside", "outside"}, listWords...)},
	"width":           sizes, "min-width": sizes, "max-width": sizes, "height": sizes, "min-height": sizes, "max-height": sizes,
	"margin": margins, "margin-top": margins, "margin-right": margins, "margin-bottom": margins, "margin-left": margins,
	"padding": paddings, "padding-top": paddings, "padding-right": paddings, "padding-bottom": paddings, "padding-left": paddings,
	"border": borderProps, "border-top": borderProps, "border-right": borderProps, "border-bottom": borderProps, "border-left": borderProps,
	"border-color": sideColour, "border-top-color": sideColour, "border-right-color": sideColour, "border-bottom-color": sideColour,
	"border-left-color": sideColour,
	"border-style":      sideStyle, "border-top-style": sideStyle, "border-right-style": sideStyle, "border-bottom-style": sideStyle,
	"border-left-style": sideStyle,
	"border-width":      sideWidth, "border-top-width": sideWidth, "border-right-width": sideWidth, "border-bottom-width": sideWidth,
	"border-left-width": sideWidth,
	"border-radius":     radius, "border-top-left-radius": radius, "border-top-right-radius": radius, "border-bottom-left-radius": radius,
	"border-bottom-right-radius": radius,
	"border-collapse":            {kinds: aWord, max: 1, words: []string{"collapse", "separate"}},
	"border-spacing":             {kinds: aNumber | aLength, high: 100, max: 2},
}

var listWords = []string{"none", "disc", "circle", "square", "decimal", "decimal-leading-zero", "lower-alpha", "upper-alpha", "lower-roman",
	"upper-roman", "lower-latin", "upper-latin"}
