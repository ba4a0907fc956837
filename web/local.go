package web

import (
	"net/url"
	"strings"
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
	// The decoded path counts too: "/%2f/host" or "/%5chost" may be decoded by
	// something between the browser and us.
	if strings.HasPrefix(u.Path, "//") || strings.ContainsAny(u.Path, "\\\r\n\t\x00") || strings.Contains(u.Path, "/../") || strings.HasSuffix(u.Path, "/..") {
		return fallback
	}
	return next
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
