package session

import (
	"net/url"
	"strings"
	"unicode"
)

// LocalPath gives s when it is a path of this site, safe to redirect to, and "/"
// for anything else: another host, //host, /\host, control characters in clear
// or encoded, dot segments that a browser or a proxy would resolve differently.
// The fragment is dropped.
func LocalPath(s string) string {
	const home = "/"
	if len(s) == 0 || len(s) > 2048 || s[0] != '/' || strings.ContainsFunc(s, unsafe) {
		return home
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return home
	}
	// Decoded twice: a proxy in front may decode once more than we do.
	path := u.Path
	for range 2 {
		if path == "" || path[0] != '/' || strings.Contains(path, "//") || strings.ContainsFunc(path, unsafe) {
			return home
		}
		for segment := range strings.SplitSeq(path, "/") {
			if segment == "." || segment == ".." {
				return home
			}
		}
		if path, err = url.PathUnescape(path); err != nil {
			return home
		}
	}
	out := u.EscapedPath()
	if u.RawQuery != "" {
		out += "?" + u.RawQuery
	}
	return out
}

func unsafe(r rune) bool {
	return r == '\\' || r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r)
}
