package web

import (
	"net/url"
	"strings"
	"unicode"
)

// localPath gives next when it is a path of this site and nothing else, or
// fallback. "//host", "/\host", "/%5chost", schemes, control characters and
// anything a browser could read as another host are refused (attack 43).
func localPath(next, fallback string) string {
	if len(next) == 0 || len(next) > 2000 || next[0] != '/' {
		return fallback
	}
	for i := range len(next) {
		if c := next[i]; c <= ' ' || c >= 0x7f || c == '\\' || c == '"' || c == '<' || c == '>' {
			return fallback
		}
	}
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || u.Fragment != "" {
		return fallback
	}
	// The decoded path counts too, twice: "/%2f/host" or "/%255chost" may be decoded
	// by something between the browser and us.
	p := u.Path
	for range 2 {
		if !plainPath(p) {
			return fallback
		}
		if p, err = url.PathUnescape(p); err != nil {
			return fallback
		}
	}
	return next
}

// plainPath refuses what a browser or a proxy could resolve differently: empty and
// dot segments, controls, spaces, invisible characters, backslashes.
func plainPath(p string) bool {
	if p == "" || p[0] != '/' || strings.Contains(p, "//") || strings.ContainsFunc(p, func(r rune) bool {
		return r == '\\' || r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r)
	}) {
		return false
	}
	for segment := range strings.SplitSeq(p, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

// nextPage is localPath for what may follow a sign-in: pages, never the sign-in
// pages themselves (a loop) nor a file that would start to download.
func nextPage(next string) string {
	p := localPath(next, "/")
	for _, no := range []string{"/sign-in", "/sign-out", "/signed-out", "/static", "/healthz", "/readyz"} {
		if p == no || strings.HasPrefix(p, no+"/") || strings.HasPrefix(p, no+"?") {
			return "/"
		}
	}
	return p
}
