package rules

import (
	"strings"

	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

// Letter is what a condition looks at.
type Letter struct {
	Header   message.Header
	Envelope message.Envelope
}

// Fields are the header fields that a Letter needs.
func Fields() []string {
	return []string{"FROM", "TO", "CC", "SUBJECT", "DATE", "MESSAGE-ID", strings.ToUpper(mssante.HeaderCodeCDA)}
}

// test is a condition as Sieve has them (RFC 5228 §5). What is written for the server
// and what is evaluated here are one value, so that a dry run tells the truth.
type test interface {
	write(w *writer)
	match(l Letter) bool
}

type (
	anyOf []test
	allOf []test
)

func (t anyOf) write(w *writer) { w.tests("anyof", t) }
func (t allOf) write(w *writer) { w.tests("allof", t) }

func (t anyOf) match(l Letter) bool {
	for _, one := range t {
		if one.match(l) {
			return true
		}
	}
	return false
}

func (t allOf) match(l Letter) bool {
	for _, one := range t {
		if !one.match(l) {
			return false
		}
	}
	return true
}

// addressTest: an address of one of the fields is one of the keys (§5.1), whole or by
// its domain.
type addressTest struct {
	domain       bool
	fields, keys []string
}

func (t addressTest) write(w *writer) {
	w.raw("address ")
	if t.domain {
		w.raw(":domain ")
	}
	w.raw(":is ").list(t.fields).raw(" ").list(t.keys)
}

func (t addressTest) match(l Letter) bool {
	for _, f := range t.fields {
		for _, m := range l.addresses(f) {
			have := m.Address.String()
			if t.domain {
				have = string(m.Address.Domain)
			}
			for _, k := range t.keys {
				if have != "" && casemap(have) == casemap(k) {
					return true
				}
			}
		}
	}
	return false
}

func (l Letter) addresses(field string) []message.Mailbox {
	switch field {
	case "from":
		return l.Envelope.From
	case "to":
		return l.Envelope.To
	case "cc":
		return l.Envelope.Cc
	}
	return nil
}

// Ways to compare a header (§2.7.1).
const (
	contains = ":contains"
	matches  = ":matches"
)

// headerTest: a field holds, or is like, one of the keys (§5.7).
type headerTest struct {
	how          string
	fields, keys []string
}

func (t headerTest) write(w *writer) {
	w.raw("header ").raw(t.how).raw(" ").list(t.fields).raw(" ").list(t.keys)
}

func (t headerTest) match(l Letter) bool {
	for _, f := range t.fields {
		for _, v := range l.Header.Values(f) {
			v = casemap(strings.TrimSpace(v))
			for _, k := range t.keys {
				if t.how == contains && strings.Contains(v, casemap(k)) || t.how == matches && like(v, casemap(k)) {
					return true
				}
			}
		}
	}
	return false
}

// senders takes addresses and domains apart. Domains are compared exactly: the
// trusted space is a list, never a suffix.
func senders(from []string) test {
	var whole, domains []string
	for _, f := range from {
		if strings.Contains(f, "@") {
			whole = append(whole, f)
		} else {
			domains = append(domains, f)
		}
	}
	var all []test
	if len(whole) > 0 {
		all = append(all, addressTest{fields: []string{"from"}, keys: whole})
	}
	if len(domains) > 0 {
		all = append(all, addressTest{domain: true, fields: []string{"from"}, keys: domains})
	}
	if len(all) == 1 {
		return all[0]
	}
	return anyOf(all)
}

func fromPatient() test {
	return addressTest{domain: true, fields: []string{"from"}, keys: []string{string(mssante.PatientDomain)}}
}

// typeTest: X-MSS-CODECDA holds the code alone or in a list separated by commas, with
// or without spaces (ECO.2.4.1); a code inside a longer one is another.
func typeTest(codes []string) test {
	var keys []string
	for _, c := range codes {
		keys = append(keys, c, c+",*", c+" ,*", "*,"+c, "*, "+c, "*,"+c+",*", "*, "+c+",*", "*,"+c+" ,*", "*, "+c+" ,*")
	}
	return headerTest{how: matches, fields: []string{strings.ToLower(mssante.HeaderCodeCDA)}, keys: keys}
}

// casemap is i;ascii-casemap (RFC 4790 §9.2), Sieve's default: A to Z alone are
// folded, an accented capital is another letter.
func casemap(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}

// like is :matches (§2.7.1) for our own patterns, which hold no ? and no backslash:
// validCode sees to that.
func like(s, pattern string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return s == pattern
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(s, first) || len(s) < len(first)+len(last) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return true
}
