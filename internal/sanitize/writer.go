package sanitize

import (
	"bytes"
	"strings"
)

// writer keeps the stack of what is open and writes well-nested HTML that a
// browser's parser reads as it is: it closes and opens what the parser would.
type writer struct {
	o         Options
	out       bytes.Buffer
	stack     []open
	closing   int // bytes of the end tags still owed
	pictures  int // bytes of data: pictures, outside the cap
	count     int // elements written
	remote    int
	links     int
	truncated bool
	flat      bool // words only
	styles    map[string]style
	seen      linkText // what is read inside the open link
	inLinks   int      // open links: one at most
}

// open is one open element, with its attributes as written, to open it again.
type open struct {
	name  string
	kind  kind
	attrs string
	href  string // host a link leads to
	label int    // where the text of a link starts in linkText
	from  int    // where its start tag begins in the output
	body  int    // where its content begins
}

func newWriter(o Options) *writer { return &writer{o: o, styles: map[string]style{}} }

func (w *writer) bytes() []byte { return w.out.Bytes() }

// room reports whether n more bytes fit with all end tags; else the rest is cut.
func (w *writer) room(n int) bool {
	if w.out.Len()-w.pictures+w.closing+n > maxOutput || w.count > maxElements {
		w.truncated = true
		return false
	}
	return true
}

func (w *writer) top() *open {
	if len(w.stack) == 0 {
		return &open{}
	}
	return &w.stack[len(w.stack)-1]
}

// afterPre reports whether <pre> has just been opened: the parser would drop a
// line feed there.
func (w *writer) afterPre() bool {
	top := w.top()
	return top.name == "pre" && w.out.Len() == top.body
}

// text writes words, in a cell when they stand loose in a table.
func (w *writer) text(s string) {
	s = visibleText(s)
	if w.afterPre() {
		if s = strings.TrimLeft(s, "\n"); s == "" {
			return
		}
	}
	if s == "" {
		return
	}
	if w.top().kind&structure != 0 && w.top().kind&scope == 0 || w.top().name == "table" {
		if strings.Trim(s, " \t\n") == "" {
			return
		}
		w.place("", 0)
	}
	if w.truncated || !w.room(escapedLen(s)) {
		left := maxOutput - (w.out.Len() - w.pictures) - w.closing
		if s = cutEscaped(s, left); s == "" {
			return
		}
	}
	w.seen.add(w.inLinks, s)
	escapeText(&w.out, s)
}

// start opens an allowed element where the parser would put it.
func (w *writer) start(name string, k kind, a attributes) {
	if w.flat {
		if k&(closesP|structure) != 0 || name == "br" {
			w.text("\n")
		}
		return
	}
	if name == "a" || name == "img" {
		var keep bool
		if a, keep = w.resolve(name, a); !keep {
			return
		}
	}
	if k&structure != 0 && !w.inTable() {
		return // a lone <td>: its content stays
	}
	w.place(name, k)
	if w.truncated {
		return
	}
	var again []open
	if k&closesP != 0 {
		again = w.closeP()
	}
	w.closeLike(name, k)
	if len(w.stack) >= maxDepth {
		return
	}
	style, remote := w.style(a.style)
	w.remote += remote
	attrs, picture := a.write(name, k, style)
	w.push(name, k, attrs, picture, a)
	for _, e := range again {
		if len(w.stack) < maxDepth && name != "table" {
			w.reopen(e)
		}
	}
}

// push writes a start tag and remembers the element unless it is void.
func (w *writer) push(name string, k kind, attrs string, picture int, a attributes) {
	owed := 0
	if k&void == 0 {
		owed = len("</>") + len(name)
	}
	if name == "a" {
		owed += markLen(a.host)
	}
	if !w.room(len(name) + 2 + len(attrs) - picture + owed) {
		return
	}
	w.count++
	w.pictures += picture
	from := w.out.Len()
	w.out.WriteByte('<')
	w.out.WriteString(name)
	w.out.WriteString(attrs)
	w.out.WriteByte('>')
	if k&void != 0 {
		return
	}
	if name == "a" {
		w.links++ // opened again after a block: another link to read
		w.inLinks++
	}
	w.closing += owed
	w.stack = append(w.stack, open{name: name, kind: k, attrs: attrs, href: a.host, label: w.seen.len(), from: from, body: w.out.Len()})
}

// reopen writes an element again, after a block took its place.
func (w *writer) reopen(e open) {
	w.push(e.name, e.kind, e.attrs, 0, attributes{host: e.href})
}

// pop closes the innermost element; a link that lies gets its true host behind it.
func (w *writer) pop() open {
	e := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	w.closing -= len("</>") + len(e.name)
	empty := w.out.Len() == e.body && e.kind&special == 0
	if empty { // nothing to see, nothing to write
		w.out.Truncate(e.from)
		w.count--
	} else {
		w.out.WriteString("</" + e.name + ">")
	}
	if e.name == "a" {
		w.closing -= markLen(e.href)
		if empty {
			w.links--
		} else if w.seen.lies(e.label, e.href) {
			w.out.WriteString(mark(e.href))
		}
		if w.inLinks--; w.inLinks == 0 {
			w.seen.reset()
		}
	}
	return e
}

func (w *writer) popTo(i int) {
	for len(w.stack) > i {
		w.pop()
	}
}

func (w *writer) closeAll() { w.popTo(0) }
