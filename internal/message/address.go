package message

import (
	"strings"

	"pli.example/pli/internal/mssante"
)

// Mailbox is one author or recipient. Name and Raw are safe to show.
type Mailbox struct {
	Name    string          // display name, decoded; "" when none
	Address mssante.Address // zero when what was written is no plain address
	Raw     string          // the address as written, cleaned, for what Address cannot hold
	Valid   bool            // Address is exactly what was written, with nothing hidden in it

	hidden bool // control, line break or invisible characters were taken out
	group  bool // it stood inside a group
}

// String gives the address to show: the parsed one, or what was written.
func (m Mailbox) String() string {
	if !m.Address.IsZero() {
		return m.Address.String()
	}
	return m.Raw
}

// DisplayName is how a list names a mailbox: its name, unless the name pretends
// to be another address (attack of the false sender); then the address itself.
func DisplayName(m Mailbox) string {
	if m.Name == "" || m.posing() {
		return m.String()
	}
	return m.Name
}

// posing reports a display name that reads as an address other than the real one.
func (m Mailbox) posing() bool {
	if !strings.ContainsAny(m.Name, "@＠﹫") {
		return false
	}
	name := strings.NewReplacer("＠", "@", "﹫", "@").Replace(m.Name)
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(" <>()[],;:'\"", r) }) {
		if at := strings.IndexByte(w, '@'); at > 0 && at < len(w)-1 && !strings.EqualFold(w, m.Address.String()) {
			return true
		}
	}
	return false
}

// ParseAddressList reads a From, To or Cc value. It forgives commas in names,
// semicolons between addresses, quotes and comments never closed; a group gives
// its members. It reads the first 100 kB.
func ParseAddressList(raw string) []Mailbox {
	raw = cutUTF8(raw, maxAddressBytes)
	if !ascii(raw) {
		raw = DecodeText("", []byte(raw))
	}
	s := &addressScanner{in: unfold(raw)}
	s.run()
	if s.unclosed { // read again with the quotes as plain characters
		s = &addressScanner{in: s.in, noQuotes: true}
		s.run()
	}
	return s.out
}

// addressScanner walks an address list once.
type addressScanner struct {
	in       string
	noQuotes bool
	unclosed bool
	group    bool
	out      []Mailbox

	phrase  strings.Builder // words outside angle brackets
	quoted  strings.Builder // the quoted ones among them, unescaped
	comment strings.Builder
	angle   string
	angled  bool
	pending string // "Martin" of "Martin, Paul <x@y>"
}

func (s *addressScanner) run() {
	for i := 0; i < len(s.in); {
		switch c := s.in[i]; {
		case c == '"' && !s.noQuotes:
			i = s.quote(i)
		case c == '(' && !s.noQuotes:
			i = s.paren(i)
		case c == '<':
			i = s.bracket(i)
		case c == ',' || c == ';':
			s.emit(c == ',')
			if c == ';' {
				s.group = false
			}
			i++
		case c == ':' && !s.angled && s.groupName():
			s.phrase.Reset()
			s.group, s.pending = true, ""
			i++
		default:
			s.phrase.WriteByte(c)
			i++
		}
	}
	s.emit(false)
}

// groupName reports whether the phrase before a colon can name a group: it has no
// address in it and is not empty.
func (s *addressScanner) groupName() bool {
	p := strings.TrimSpace(s.phrase.String())
	return !s.group && p != "" && !strings.Contains(p, "@") && !strings.Contains(p, "=?")
}

func (s *addressScanner) quote(i int) int {
	start := s.phrase.Len()
	for i++; i < len(s.in); i++ {
		switch c := s.in[i]; {
		case c == '\\' && i+1 < len(s.in):
			i++
			s.phrase.WriteByte(s.in[i])
		case c == '"':
			s.quoted.WriteString(s.phrase.String()[start:])
			return i + 1
		default:
			s.phrase.WriteByte(c)
		}
	}
	s.unclosed = true
	return i
}

func (s *addressScanner) paren(i int) int {
	depth := 0
	for ; i < len(s.in); i++ {
		switch c := s.in[i]; {
		case c == '\\' && i+1 < len(s.in):
			i++
			s.comment.WriteByte(s.in[i])
		case c == '(':
			if depth++; depth > 1 {
				s.comment.WriteByte(c)
			}
		case c == ')':
			if depth--; depth == 0 {
				s.phrase.WriteByte(' ')
				return i + 1
			}
			s.comment.WriteByte(c)
		default:
			s.comment.WriteByte(c)
		}
	}
	s.unclosed = true
	return i
}

func (s *addressScanner) bracket(i int) int {
	end := strings.IndexAny(s.in[i+1:], ">,;<")
	if end < 0 {
		end = len(s.in) - i - 1
	}
	inside, next := s.in[i+1:i+1+end], i+1+end
	if next < len(s.in) && s.in[next] == '>' {
		next++
	}
	if s.angled && s.angle != "" { // "a <b@c> <d@e>": both are shown, neither is believed
		s.angle += " " + inside
		return next
	}
	s.angle, s.angled = inside, true
	return next
}

// emit ends one mailbox. A piece without any address may be the first half of a
// name with a comma; only a comma can continue it.
func (s *addressScanner) emit(comma bool) {
	phrase := strings.TrimSpace(s.phrase.String())
	comment := strings.TrimSpace(s.comment.String())
	angle, angled, wasQuoted := s.angle, s.angled, s.quoted.Len() > 0
	s.phrase.Reset()
	s.comment.Reset()
	s.quoted.Reset()
	s.angle, s.angled = "", false
	if !angled {
		switch {
		case phrase == "" && comment == "":
			s.flushPending(!comma)
			return
		case comma && phrase != "" && !strings.Contains(phrase, "@") && len(s.pending)+len(phrase) < 500:
			s.pending = joinComma(s.pending, phrase)
			return
		}
		s.flushPending(true)
		if strings.Contains(phrase, "@") || comment == "" {
			s.add(mailbox(decodeWords(comment), phrase, wasQuoted))
		} else {
			s.add(mailbox(decodeWords(joinSpace(phrase, comment)), "", false))
		}
		return
	}
	if s.pending != "" && phrase == "" {
		s.flushPending(true)
	}
	name := decodeWords(joinComma(s.pending, phrase))
	s.pending = ""
	if name == "" {
		name = decodeWords(comment)
	}
	s.add(mailbox(name, angle, false))
}

func (s *addressScanner) flushPending(now bool) {
	if now && s.pending != "" {
		s.add(mailbox("", s.pending, false))
		s.pending = ""
	}
}

func (s *addressScanner) add(m Mailbox) {
	m.group = s.group
	if m.Name != "" || m.Raw != "" {
		s.out = append(s.out, m)
	}
}

func joinComma(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}

func joinSpace(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}

// mailbox judges one pair. An encoded word is not decoded inside an address
// (RFC 2047 §5): what it hides (NUL, a second address) must not be believed.
func mailbox(name, addr string, quoted bool) Mailbox {
	m := Mailbox{Name: cleanLine(name), Raw: cleanLine(addr)}
	m.hidden = hides(name) || hides(addr)
	m.Name = strings.Join(strings.Fields(strings.Trim(m.Name, "\"' ")), " ")
	if strings.EqualFold(m.Name, m.Raw) {
		m.Name = ""
	}
	if strings.Contains(addr, "=?") {
		m.hidden = true
		return m
	}
	bare := withoutComments(strings.TrimSpace(addr))
	a, err := mssante.ParseAddress(bare)
	if err != nil {
		if !strings.Contains(m.Raw, "@") && m.Name == "" { // a name alone: "Service de cardiologie"
			m.Name, m.Raw = cleanLine(decodeWords(addr)), ""
		}
		return m
	}
	m.Address = a
	m.Valid = !m.hidden && !quoted && bare == strings.TrimSpace(addr)
	return m
}

// withoutComments takes "(…)" out of an address (RFC 5322 §3.2.2, obsolete inside
// an addr-spec), with the spaces around them.
func withoutComments(s string) string {
	if !strings.Contains(s, "(") {
		return s
	}
	var b strings.Builder
	depth := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0 && c != ' ':
			b.WriteByte(c)
		}
	}
	return b.String()
}

// hides reports characters that could make an address or a name read as another.
func hides(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r != '\t' && (control(r) || invisible(r)) })
}
