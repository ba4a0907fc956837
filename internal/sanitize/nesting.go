package sanitize

// find gives the index of the innermost open element accepted by f, or -1 when a
// wall (a cell, a caption, a table) comes first.
func (w *writer) find(f func(*open) bool) int {
	for i := len(w.stack) - 1; i >= 0; i-- {
		if f(&w.stack[i]) {
			return i
		}
		if w.stack[i].kind&scope != 0 {
			return -1
		}
	}
	return -1
}

func (w *writer) findName(name string) int {
	return w.find(func(e *open) bool { return e.name == name })
}

// closeP ends an open paragraph; the inline elements inside it are given back to
// be opened again around the block, as browsers do.
func (w *writer) closeP() []open {
	i := w.findName("p")
	if i < 0 {
		return nil
	}
	var again []open
	for len(w.stack) > i {
		if e := w.pop(); e.kind&formatting != 0 {
			again = append(again, e)
		}
	}
	return lastFew(again)
}

// lastFew puts popped elements back in document order, a bounded number of them.
func lastFew(popped []open) []open {
	if len(popped) > maxReopen {
		popped = popped[:maxReopen]
	}
	for i, j := 0, len(popped)-1; i < j; i, j = i+1, j-1 {
		popped[i], popped[j] = popped[j], popped[i]
	}
	return popped
}

// closeLike ends what may not contain the new element.
func (w *writer) closeLike(name string, k kind) {
	switch {
	case k&heading != 0:
		if w.top().kind&heading != 0 {
			w.pop()
		}
	case name == "a":
		if i := w.findName("a"); i >= 0 {
			w.popTo(i)
		}
	case name == "li":
		w.closeItem("li", "li")
	case name == "dt" || name == "dd":
		w.closeItem("dt", "dd")
	}
}

// closeItem is the list item rule of the parser: look outwards for an open item,
// through anything but the special elements other than address, div and p.
func (w *writer) closeItem(a, b string) {
	for i := len(w.stack) - 1; i >= 0; i-- {
		e := &w.stack[i]
		if e.name == a || e.name == b {
			w.popTo(i)
			break
		}
		if e.kind&special != 0 && e.name != "address" && e.name != "div" && e.name != "p" {
			break
		}
	}
	w.closeP()
}

// end closes an element if it is open within its walls. When an inline element
// ends while blocks inside it are open, they are closed and opened again.
func (w *writer) end(name string, k kind) {
	if w.flat {
		return
	}
	if k&structure != 0 || name == "table" {
		w.endTable(name)
		return
	}
	i := -1
	if k&heading != 0 { // any heading's end tag closes the open one
		i = w.find(func(e *open) bool { return e.kind&heading != 0 })
	} else {
		i = w.findName(name)
	}
	if i < 0 {
		return
	}
	inline := k&special == 0
	if inline && k&formatting == 0 {
		for _, e := range w.stack[i+1:] {
			if e.kind&special != 0 {
				return
			}
		}
	}
	var again []open
	for len(w.stack) > i+1 {
		if e := w.pop(); inline || e.kind&formatting != 0 {
			again = append(again, e)
		}
	}
	w.pop()
	for _, e := range lastFew(again) {
		w.reopen(e)
	}
}
