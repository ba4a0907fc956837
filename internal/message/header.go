package message

import (
	"bytes"
	"strings"
)

// Field is one header line as it was written, still folded and encoded.
type Field struct {
	Name string
	raw  []byte
}

// Raw gives the value as written.
func (f Field) Raw() string { return string(f.raw) }

// Text gives the value as one readable line.
func (f Field) Text() string { return DecodeHeaderText(string(f.raw)) }

// Header is the fields of a letter or part, in order. The zero value is empty.
type Header struct {
	Fields []Field
}

// Get gives the first field of that name, decoded to one readable line, or "".
func (h Header) Get(name string) string {
	if f, ok := h.first(name); ok {
		return f.Text()
	}
	return ""
}

// Only gives a header of the first field of each of those names, holding on to nothing
// of h.
func (h Header) Only(names ...string) (out Header) {
	for _, name := range names {
		if f, ok := h.first(name); ok {
			out.Fields = append(out.Fields, Field{Name: strings.Clone(f.Name), raw: bytes.Clone(f.raw)})
		}
	}
	return out
}

// Raw gives the first field of that name as written, or "".
func (h Header) Raw(name string) string {
	f, _ := h.first(name)
	return f.Raw()
}

// Has reports whether the field is there.
func (h Header) Has(name string) bool {
	_, ok := h.first(name)
	return ok
}

// Values gives all fields of that name, decoded, in order.
func (h Header) Values(name string) []string {
	var out []string
	for _, f := range h.Fields {
		if strings.EqualFold(f.Name, name) {
			out = append(out, f.Text())
		}
	}
	return out
}

func (h Header) first(name string) (Field, bool) {
	for _, f := range h.Fields {
		if strings.EqualFold(f.Name, name) {
			return f, true
		}
	}
	return Field{}, false
}

func (h Header) count(name string) (n int) {
	for _, f := range h.Fields {
		if strings.EqualFold(f.Name, name) {
			n++
		}
	}
	return n
}

// headerReader reads one header block line by line.
type headerReader struct {
	raw     []byte
	limits  Limits
	isStop  func(line []byte) bool // a boundary line ends a header that forgot its blank line
	fields  []Field
	defects []string
	size    int
	open    bool // the last field may still be continued
	start   int  // where its value starts
	stray   int  // where unreadable lines start, -1: none since the last field
	tail    int  // where they end
}

// readHeader reads fields from raw[pos:] and gives the offset of the body. A line
// that is no field continues the field before it when more fields follow, else it
// begins the body: a letter whose blank line is missing, or which has no header at
// all, keeps its text.
func readHeader(raw []byte, pos int, limits Limits, isStop func([]byte) bool) (Header, int, []string) {
	r := headerReader{raw: raw, limits: limits, isStop: isStop, stray: -1}
	body := r.read(pos)
	return Header{r.fields}, body, r.defects
}

func (r *headerReader) read(pos int) int {
	for first := true; pos < len(r.raw); first = false {
		line, next := lineAt(r.raw, pos)
		switch {
		case len(line) == 0:
			return r.end(next)
		case r.isStop != nil && r.isStop(line):
			r.defect(DefectNoBlankLine)
			return r.end(pos)
		case first && fieldName(line) < 0 && (bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))): // mbox
		case line[0] == ' ' || line[0] == '\t':
			r.fold(line, pos, next)
		default:
			r.field(line, pos, next)
		}
		pos = next
	}
	return r.end(pos)
}

func (r *headerReader) end(body int) int {
	if r.stray >= 0 {
		r.defect(DefectHeaderLine)
		return r.stray
	}
	return body
}

func (r *headerReader) defect(s string) {
	if len(r.defects) == 0 || r.defects[len(r.defects)-1] != s {
		r.defects = append(r.defects, s)
	}
}

func (r *headerReader) full(n int) bool {
	if r.size+n <= r.limits.HeaderBytes && len(r.fields) < r.limits.HeaderFields {
		return false
	}
	r.defect(DefectHeaderLong)
	return true
}

// extend makes the last field reach to next.
func (r *headerReader) extend(next int) {
	f := &r.fields[len(r.fields)-1]
	if r.open && r.full(next-r.start-len(f.raw)) {
		r.open = false
	}
	if r.open {
		r.size += next - r.start - len(f.raw)
		f.raw = r.raw[r.start:next]
	}
}

// continues reports whether the unreadable lines are the rest of the field above,
// folded without its space. Elsewhere they could spoil an address.
func (r *headerReader) continues() bool {
	if len(r.fields) == 0 || r.tail-r.stray > 1000 || !r.open {
		return false
	}
	last := r.fields[len(r.fields)-1]
	name := strings.ToLower(last.Name)
	if name == "subject" || strings.HasPrefix(name, "content-") {
		return true
	}
	v := bytes.TrimRight(last.raw, " \t\r\n")
	return len(v) > 0 && (v[len(v)-1] == ',' || v[len(v)-1] == ';')
}

// fold adds a continuation line to the last field.
func (r *headerReader) fold(line []byte, pos, next int) {
	switch {
	case r.stray >= 0:
		r.tail = next
	case len(r.fields) > 0:
		r.extend(next)
	case len(bytes.TrimSpace(line)) > 0: // a first line pushed to the right
		trimmed := bytes.TrimLeft(line, " \t")
		r.field(trimmed, pos+len(line)-len(trimmed), next)
	}
}

func (r *headerReader) field(line []byte, pos, next int) {
	colon := fieldName(line)
	if colon < 0 {
		if r.stray < 0 {
			r.stray = pos
		}
		r.tail = next
		return
	}
	if r.stray >= 0 {
		r.defect(DefectHeaderLine)
		if r.continues() {
			r.extend(r.tail)
		}
		r.stray = -1
	}
	if r.open = !r.full(next - pos); !r.open {
		return
	}
	r.size += next - pos
	r.start = pos + colon + 1
	name := strings.TrimRight(string(line[:colon]), " \t")
	r.fields = append(r.fields, Field{Name: name, raw: r.raw[r.start:next]})
}

// fieldName gives the place of the colon of a header line, or -1. Space before
// the colon (RFC 5322 §4.5) is accepted for names mail uses: "Objet : x" is text.
func fieldName(line []byte) int {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || colon > 100 {
		return -1
	}
	name := bytes.TrimRight(line[:colon], " \t")
	for _, c := range name {
		if c <= ' ' || c >= 0x7F {
			return -1
		}
	}
	if len(name) < colon && !knownName(string(name)) {
		return -1
	}
	if bytes.HasPrefix(line[colon+1:], []byte("//")) { // a link in a text
		return -1
	}
	return colon
}

func knownName(s string) bool {
	s = strings.ToLower(s)
	switch s {
	case "from", "to", "cc", "bcc", "subject", "date", "sender", "reply-to", "message-id", "mime-version", "received",
		"return-path", "in-reply-to", "references":
		return true
	}
	return strings.HasPrefix(s, "content-") || strings.HasPrefix(s, "x-")
}

// lineAt gives the line at pos without its end, and where the next one starts.
func lineAt(raw []byte, pos int) (line []byte, next int) {
	i := bytes.IndexByte(raw[pos:], '\n')
	if i < 0 {
		return bytes.TrimSuffix(raw[pos:], []byte("\r")), len(raw)
	}
	return bytes.TrimSuffix(raw[pos:pos+i], []byte("\r")), pos + i + 1
}
