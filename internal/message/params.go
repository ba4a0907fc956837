package message

import (
	"sort"
	"strconv"
	"strings"
)

// param is one parameter of Content-Type or Content-Disposition as written.
type param struct{ key, value string }

// parseParams reads "value; key=value; …" (RFC 2045 §5.1, RFC 2231), forgiving
// what mail writes: names with spaces and no quotes, quotes never closed, empty
// parameters, raw 8-bit text, comments. The first of two equal keys wins.
func parseParams(raw string) (value string, params map[string]string) {
	raw = cutUTF8(raw, maxValueBytes)
	if !ascii(raw) {
		raw = DecodeText("", []byte(raw))
	}
	raw = unfold(raw)
	head, rest, _ := strings.Cut(raw, ";")
	if i := strings.IndexByte(head, '('); i > 0 {
		head = head[:i]
	}
	value = strings.ToLower(strings.Trim(head, " \t\r\n\"'"))
	return value, joinParams(splitParams(rest))
}

// splitParams cuts at semicolons outside quotes.
func splitParams(s string) []param {
	var out []param
	for len(s) > 0 && len(out) < 200 {
		s = strings.TrimLeft(s, " \t;")
		eq := strings.IndexAny(s, "=;")
		if eq < 0 {
			break
		}
		if s[eq] == ';' {
			// A name cut by its own semicolon: "filename=a;b.pdf".
			if n := len(out); n > 0 && nameKey(out[n-1].key) && !strings.HasSuffix(out[n-1].key, "*") {
				out[n-1].value += ";" + strings.TrimSpace(s[:eq])
			}
			s = s[eq:]
			continue
		}
		key := strings.ToLower(strings.TrimSpace(s[:eq]))
		var value string
		value, s = paramValue(key, strings.TrimLeft(s[eq+1:], " \t"))
		if key != "" {
			out = append(out, param{key, value})
		}
	}
	return out
}

// paramValue reads one value at the start of s and gives what follows it.
func paramValue(key, s string) (value, rest string) {
	if s == "" || s[0] != '"' {
		i := strings.IndexByte(s, ';')
		if i < 0 {
			i = len(s)
		}
		value, rest = strings.TrimSpace(s[:i]), s[i:]
		if !nameKey(key) {
			if j := strings.IndexAny(value, " \t("); j > 0 {
				value = value[:j] // "us-ascii (Plain text)"
			}
		}
		return strings.Trim(value, "\""), rest
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case c == '"' && quoteEnds(s[i+1:]):
			return b.String(), s[i+1:]
		default:
			b.WriteByte(c)
		}
	}
	// Never closed: up to the next parameter.
	value, rest, found := strings.Cut(s[1:], ";")
	if found {
		rest = ";" + rest
	}
	return strings.TrimSpace(value), rest
}

// quoteEnds reports whether a quote before s closes the value: an unescaped quote
// inside a name is followed by more name.
func quoteEnds(s string) bool {
	s = strings.TrimLeft(s, " \t")
	if s == "" || s[0] == ';' || s[0] == '(' {
		return true
	}
	// Missing semicolon: "a" b="c".
	eq := strings.IndexByte(s, '=')
	return eq > 0 && eq < 40 && token(strings.TrimRight(s[:eq], " \t*")) || !strings.Contains(s, "\"")
}

func nameKey(key string) bool {
	return strings.HasPrefix(key, "name") || strings.HasPrefix(key, "filename")
}

// MergeParams makes readable values from parameters as a server lists them:
// RFC 2231 pieces joined, charsets and RFC 2047 words decoded. Servers pass
// "filename*0*" through untouched.
func MergeParams(raw map[string]string) map[string]string {
	keys := make([]string, 0, len(raw))
	for k := range raw {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	list := make([]param, 0, len(keys))
	for _, k := range keys {
		v := raw[k]
		if !ascii(v) {
			v = DecodeText("", []byte(v))
		}
		list = append(list, param{strings.ToLower(strings.TrimSpace(k)), unfold(v)})
	}
	return joinParams(list)
}

// piece is one part of a RFC 2231 §3 continuation.
type piece struct {
	n       int
	encoded bool
	value   string
}

func joinParams(list []param) map[string]string {
	out := make(map[string]string, len(list))
	var pieces map[string][]piece
	for _, p := range list {
		base, n, encoded, split := splitKey(p.key)
		if split {
			if pieces == nil {
				pieces = make(map[string][]piece)
			}
			pieces[base] = append(pieces[base], piece{n, encoded, p.value})
			continue
		}
		if _, ok := out[base]; ok || base == "" {
			continue
		}
		out[base] = p.value
		if strings.Contains(p.value, "=?") {
			out[base] = decodeWords(p.value)
		}
	}
	for base, ps := range pieces { // the extended form wins over a plain one (RFC 6266 §4.3)
		out[base] = joinPieces(ps)
	}
	return out
}

// splitKey reads "filename*0*", "filename*1", "filename*".
func splitKey(key string) (base string, n int, encoded, split bool) {
	base, rest, found := strings.Cut(key, "*")
	if !found {
		return key, 0, false, false
	}
	rest, encoded = strings.CutSuffix(rest, "*")
	if rest == "" {
		return base, 0, true, true
	}
	n, err := strconv.Atoi(rest)
	if err != nil || n < 0 || n > 10_000 {
		return key, 0, false, false
	}
	return base, n, encoded, true
}

// joinPieces puts the pieces in order and decodes their bytes together: a
// character may be cut between two.
func joinPieces(ps []piece) string {
	sort.SliceStable(ps, func(i, j int) bool { return ps[i].n < ps[j].n })
	charset, buf, any := "", []byte(nil), false
	for i, p := range ps {
		if i > 0 && p.n == ps[i-1].n {
			continue
		}
		v := p.value
		if p.encoded {
			any = true
			if i == 0 {
				if cs, rest, ok := strings.Cut(v, "'"); ok {
					if _, text, ok := strings.Cut(rest, "'"); ok {
						charset, v = cs, text
					}
				}
			}
			buf = append(buf, percent(v)...)
			continue
		}
		buf = append(buf, v...)
	}
	if !any {
		return decodeWords(string(buf)) // words inside a continuation: wrong, and common
	}
	return decodeWords(DecodeText(charset, buf))
}

func percent(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}
