package web

import (
	"net/url"
	"strings"
	"testing"
)

func TestLocalPathRefusesOtherHosts(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"", "mail", "//evil.example", "///evil.example", "/\\evil.example", "/\\/evil.example", "https://evil.example/",
		"https:evil.example", "javascript:alert(1)", "/%2fevil.example", "/%2f/evil.example", "/%5cevil.example", "/%5Cevil.example",
		"/\tevil", "/\r\nSet-Cookie: a=b", "/a\x00b", " /mail", "/é", "/mail#x", "/a/../../b", "http://user@host/", "/..",
		"/" + strings.Repeat("a", 2001), `/"><script>`,
	} {
		if got := localPath(bad, "/safe"); got != "/safe" {
			t.Errorf("localPath(%q) = %q, want the fallback", bad, got)
		}
	}
	for _, good := range []string{"/", "/mail/abc/def", "/mail/abc/def?before=12", "/mail/b/f/1/2?p=3&filter=unread"} {
		if got := localPath(good, "/safe"); got != good {
			t.Errorf("localPath(%q) = %q", good, got)
		}
	}
	for _, loop := range []string{"/sign-in", "/sign-in?next=/", "/sign-in/callback?code=x", "/signed-out", "/static/app.css"} {
		if got := nextPage(loop); got != "/" {
			t.Errorf("nextPage(%q) = %q, want /", loop, got)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"/", "//evil", "/\\evil", "/%2fevil", "/%252fevil", "/a?b=//c", "/;//x", "/.//evil", "/a//evil"} {
		f.Add(s)
	}
	base, _ := url.Parse("https://pli.example/sign-in")
	f.Fuzz(func(t *testing.T, s string) {
		got := localPath(s, "/")
		u, err := base.Parse(got)
		if err != nil {
			t.Fatalf("%q does not parse: %v", got, err)
		}
		if u.Host != base.Host || u.Scheme != base.Scheme || u.User != nil {
			t.Fatalf("localPath(%q) = %q leads to %s", s, got, u.Host)
		}
	})
}
