package web

import (
	"strings"

	"pli.example/pli/internal/message"
)

// attachmentHeader writes Content-Disposition for a download (RFC 6266): an ASCII
// form for old browsers, the true name in the extended form (RFC 8187). The name
// went through message.SafeFileName; quoting here is a second lock.
func attachmentHeader(name string) string {
	if name = message.SafeFileName(name); name == "" {
		name = "piece-jointe"
	}
	var ascii, ext strings.Builder
	const hex = "0123456789ABCDEF"
	for _, r := range name {
		switch {
		case r < ' ' || r == 0x7f || r == '"' || r == '\\' || r == '%' || r > 0x7e:
			ascii.WriteByte('_')
		default:
			ascii.WriteRune(r)
		}
	}
	for i := range len(name) {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			ext.WriteByte(c)
			continue
		}
		ext.WriteByte('%')
		ext.WriteByte(hex[c>>4])
		ext.WriteByte(hex[c&15])
	}
	return `attachment; filename="` + ascii.String() + `"; filename*=UTF-8''` + ext.String()
}

// uniqueNames gives each part a name no other has, compared as the least careful
// file system does (without case), in order.
type uniqueNames struct{ taken map[string]bool }

func (u *uniqueNames) pick(name, fallback string) string {
	if name = message.SafeFileName(name); name == "" {
		name = fallback
	}
	stem, ext := name, ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 8 {
		stem, ext = name[:i], name[i:]
	}
	if reservedName(stem) {
		stem = "_" + stem
	}
	if u.taken == nil {
		u.taken = map[string]bool{}
	}
	for n := 1; ; n++ {
		out := stem + ext
		if n > 1 {
			out = stem + " (" + count(n) + ")" + ext
		}
		if key := strings.ToLower(out); !u.taken[key] {
			u.taken[key] = true
			return out
		}
	}
}

// reservedName are the device names Windows refuses as files.
func reservedName(stem string) bool {
	s := strings.ToUpper(strings.TrimRight(stem, ". "))
	switch s {
	case "", ".", "..", "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(s) == 4 && (s[:3] == "COM" || s[:3] == "LPT") && s[3] >= '0' && s[3] <= '9'
}
