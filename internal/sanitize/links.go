package sanitize

import (
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// markClass is the class of the one element we add: the true host of a link whose
// text names another. Marks found in the input are dropped with their content, so
// a sender cannot write one and a second pass writes the same ones.
const markClass = "pli-host"

func mark(host string) string {
	if host == "" {
		return ""
	}
	return `<span class="` + markClass + `"> [` + host + `]</span>`
}

func markLen(host string) int { return len(mark(host)) }

// resolve judges the addresses of a link or picture. false: leave the tag out.
func (w *writer) resolve(name string, a attributes) (attributes, bool) {
	a.local = true
	if name == "img" {
		return a, w.image(&a)
	}
	href, ok := a.get("href")
	if !ok {
		return a, false
	}
	target, host, ok := link(href)
	if !ok {
		return a, false
	}
	a.keys, a.values, a.host = []string{"href"}, []string{target}, host
	if !strings.HasPrefix(target, "mailto:") {
		a.keys, a.values = append(a.keys, "title"), append(a.values, host)
	}
	return a, true
}

// link reads an address the way browsers do (tabs and line ends vanish, outer
// spaces and controls too) and writes it anew: http, https or mailto, no user
// name, the host in ASCII. host is what the page may show of it.
func link(raw string) (target, host string, ok bool) {
	raw = strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, raw)
	raw = strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' })
	scheme, rest, found := strings.Cut(raw, ":")
	if !found {
		return "", "", false
	}
	switch strings.ToLower(scheme) {
	case "mailto":
		return mailto(rest)
	case "http", "https":
		return web(strings.ToLower(scheme), rest)
	}
	return "", "", false
}

func mailto(rest string) (target, host string, ok bool) {
	addr, _, _ := strings.Cut(rest, "?")
	if dec, err := url.PathUnescape(addr); err == nil {
		addr = dec
	}
	local, domain, found := strings.Cut(addr, "@")
	if !found || local == "" || len(local) > 64 || strings.Trim(strings.ToLower(local), "abcdefghijklmnopqrstuvwxyz0123456789._+-") != "" {
		return "", "", false
	}
	domain, ok = asciiHost(domain)
	if !ok {
		return "", "", false
	}
	return "mailto:" + local + "@" + domain, local + "@" + domain, true
}

func web(scheme, rest string) (target, host string, ok bool) {
	if !strings.HasPrefix(rest, "//") || strings.ContainsAny(rest, "\\") {
		return "", "", false
	}
	u, err := url.Parse(scheme + ":" + rest)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return "", "", false
	}
	host, ok = asciiHost(u.Hostname())
	if !ok {
		return "", "", false
	}
	port := u.Port()
	if strings.Trim(port, "0123456789") != "" || len(port) > 5 {
		return "", "", false
	}
	u.User, u.Host = nil, host
	if port != "" {
		u.Host += ":" + port
	}
	u.RawQuery = plainQuery(u.RawQuery)
	target = u.String()
	if len(target) > maxAttribute || strings.ContainsAny(target, "\\\"'<> `") {
		return "", "", false
	}
	return target, host, true
}

// plainQuery percent-encodes what net/url leaves as it is in a query.
func plainQuery(q string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(q) {
		if c := q[i]; c > ' ' && c < 0x7F && strings.IndexByte("\"'<>\\`", c) < 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
		}
	}
	return b.String()
}

// asciiHost gives a dotted host in lower-case ASCII (IDNA), or false. Addresses
// in numbers are refused: nobody writes those to a physician.
func asciiHost(s string) (string, bool) {
	if !plainASCII(s) {
		a, err := idna.Lookup.ToASCII(s)
		if err != nil {
			return "", false
		}
		s = a
	}
	s = strings.TrimSuffix(strings.ToLower(s), ".")
	if len(s) > 253 || !strings.Contains(s, ".") || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789.-_") != "" ||
		strings.Contains(s, "..") || s[0] == '.' {
		return "", false
	}
	top := s[strings.LastIndexByte(s, '.')+1:]
	if top == "" || top[0] >= '0' && top[0] <= '9' {
		return "", false
	}
	return s, true
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

const maxLinkText = 4 << 10

// linkText gathers what is read inside open links.
type linkText struct{ buf []byte }

func (t *linkText) len() int { return len(t.buf) }

func (t *linkText) reset() { t.buf = t.buf[:0] }

func (t *linkText) add(open int, s string) {
	if open > 0 && len(t.buf) < maxLinkText {
		t.buf = append(t.buf, s[:min(len(s), maxLinkText-len(t.buf))]...)
	}
}

// lies reports whether the text since from names a host that is not host nor
// above it, or host is written in a foreign script (punycode).
func (t *linkText) lies(from int, host string) bool {
	if host == "" {
		return false
	}
	if strings.HasPrefix(host, "xn--") || strings.Contains(host, ".xn--") {
		return true
	}
	text := string(t.buf[min(from, len(t.buf)):])
	if !strings.ContainsAny(text, ".。．｡") {
		return false
	}
	text = strings.Map(func(r rune) rune {
		if r == 0xAD || r >= 0x200B && r <= 0x200F || r == 0x2060 || r == 0xFEFF {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	for _, word := range strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("<>()[]{}\"'«»“”‘’,;|", r)
	}) {
		if seen := visibleHost(word); seen != "" && !covers(seen, host) {
			return true
		}
	}
	return false
}

// visibleHost reads the host a word seems to name, "" for none.
func visibleHost(word string) string {
	named := strings.Contains(word, "://")
	if _, after, ok := strings.Cut(word, "://"); ok {
		word = after
	}
	if i := strings.IndexAny(word, "/?#\\"); i >= 0 {
		word = word[:i]
	}
	local := ""
	if i := strings.LastIndexByte(word, '@'); i >= 0 {
		local, word = word[:i], word[i+1:]
	}
	if i := strings.IndexByte(word, ':'); i >= 0 {
		word = word[:i]
	}
	host, ok := asciiHost(strings.Trim(word, ".!?…-_*"))
	if !ok {
		return ""
	}
	top := host[strings.LastIndexByte(host, '.')+1:]
	if len(top) < 2 || !named && local == "" && fileExtensions[top] || strings.Contains(host, "_") {
		return ""
	}
	if local != "" && !named {
		return local + "@" + host
	}
	return host
}

// covers reports whether a reader who saw seen is not surprised to reach host.
func covers(seen, host string) bool {
	if _, domain, ok := strings.Cut(seen, "@"); ok {
		if strings.Contains(host, "@") {
			return strings.EqualFold(seen, host)
		}
		seen = domain
	}
	if _, domain, ok := strings.Cut(host, "@"); ok {
		host = domain
	}
	seen = strings.TrimPrefix(seen, "www.")
	return host == seen || strings.HasSuffix(host, "."+seen)
}

// fileExtensions are last labels that name a file, not a place.
var fileExtensions = map[string]bool{"pdf": true, "doc": true, "docx": true, "xls": true, "xlsx": true, "odt": true, "ods": true,
	"ppt": true, "pptx": true, "txt": true, "csv": true, "jpg": true, "jpeg": true, "png": true, "gif": true, "tif": true, "tiff": true,
	"xml": true, "html": true, "htm": true, "rtf": true, "eml": true, "dcm": true}
