package sanitize

// inTable reports whether a table is open: table parts elsewhere vanish.
func (w *writer) inTable() bool {
	for i := len(w.stack) - 1; i >= 0; i-- {
		if w.stack[i].name == "table" {
			return true
		}
	}
	return false
}

// place brings the stack to where an element (or text, name "") may stand: it
// opens the cells that loose content needs, so that a browser never moves it out
// of the table, and closes the cell that a new row or cell ends.
func (w *writer) place(name string, k kind) {
	for range 8 { // each turn goes one level up or down; the chain is shorter
		switch top := w.top().name; top {
		case "table":
			switch name {
			case "caption", "colgroup", "thead", "tbody", "tfoot":
				return
			case "col":
				w.implied("colgroup")
			default:
				w.implied("tbody")
			}
		case "thead", "tbody", "tfoot":
			switch name {
			case "tr":
				return
			case "caption", "colgroup", "col", "thead", "tbody", "tfoot":
				w.pop()
			default:
				w.implied("tr")
			}
		case "tr":
			switch {
			case name == "td" || name == "th":
				return
			case k&structure != 0:
				w.pop()
			default:
				w.implied("td")
			}
		case "colgroup":
			if name == "col" {
				return
			}
			w.pop()
		default:
			if k&structure == 0 {
				return
			}
			w.leaveCell()
		}
		if w.truncated {
			return
		}
	}
}

// implied opens a table part nobody wrote.
func (w *writer) implied(name string) {
	if len(w.stack) >= maxDepth+8 {
		w.truncated = true
		return
	}
	w.push(name, elements[name], "", 0, attributes{})
}

// leaveCell closes everything up to and with the innermost cell or caption.
func (w *writer) leaveCell() {
	for len(w.stack) > 0 {
		if e := w.top(); e.name == "table" || w.pop().kind&structure != 0 {
			return
		}
	}
}

// endTable closes a table or one of its parts, when it is open in the innermost
// table.
func (w *writer) endTable(name string) {
	for i := len(w.stack) - 1; i >= 0; i-- {
		if w.stack[i].name == name {
			w.popTo(i)
			return
		}
		if w.stack[i].name == "table" {
			return
		}
	}
}
