package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
)

// behind is the page from which a draft was begun: closing it leads there.
type behind struct{ draft, page string }

// maxBehinds are remembered in a session, the newest.
const maxBehinds = 50

func (k *desk) cameFrom(draft, page string) {
	if page == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.behinds = append(slices.DeleteFunc(k.behinds, func(b behind) bool { return b.draft == draft }), behind{draft, page})
	k.behinds = k.behinds[max(len(k.behinds)-maxBehinds, 0):]
}

func (k *desk) behind(draft string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, b := range k.behinds {
		if b.draft == draft {
			return b.page
		}
	}
	return ""
}

// behindPages are those a person writes from and comes back to by a GET: the directory, and of a
// mailbox its lists, its letters, its patients and what was found.
var behindPages = regexp.MustCompile(`^/(directory(/(search|person|structure)/[A-Za-z0-9_-]+)?|mail/[a-z0-9]+(/patients(/[a-z0-9]{12,})?|/search(/[A-Za-z0-9]+)?|/conversation/[A-Za-z0-9_-]+|/[a-z0-9]{12,}(/[0-9]+/[0-9]+)?)?)$`)

// pageBehind is the page of ours that made this request; "" when it is not told, or none to
// come back to.
func (s *Server) pageBehind(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || !s.ourPage(r) || !behindPages.MatchString(u.Path) {
		return ""
	}
	q := u.Query()
	q.Del("note")
	return (&url.URL{Path: u.Path, RawQuery: q.Encode()}).String()
}
