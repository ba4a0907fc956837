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
		"/" + strings.Repeat("a", 2001), `/"><script>`, "\\\\evil.example", "\t//evil.example", "/ /evil.example", "HTTPS:/evil.example", "data:text/html,x",
		"/%2f%2fevil.example", "/%252F%252Fevil.example", "/%255Cevil.example", "/.//evil.example", "/..//evil.example", "/./evil", "/../evil",
		"/%2e%2e/evil", "/%2e/", "/a/%0d%0aSet-Cookie:x", "/%00", "/\u202e", "/%e2%80%8b/x", "/a//b", "//user@evil.example/", "/%", "/%zz", "/%ff", "?next=x", "#x",
	} {
		if got := localPath(bad, "/safe"); got != "/safe" {
			t.Errorf("localPath(%q) = %q, want the fallback", bad, got)
		}
	}
	for _, good := range []string{"/", "/mail/abc/def", "/mail/abc/def?before=12", "/mail/b/f/1/2?p=3&filter=unread", "/mail/abc?page=2&x=%2F%2Fy", "/a-b_c~d.e", "/"} {
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
	for _, s := range []string{"/", "//evil", "/\\evil", "/%2fevil", "/%252fevil", "/a?b=//c", "/;//x", "/.//evil", "/a//evil", "/\t/x", "https:x", "/x?//y", "/%252fx", "/a/../b"} {
		f.Add(s)
	}
	base, _ := url.Parse("https://pli.example/sign-in")
	f.Fuzz(func(t *testing.T, s string) {
		got := localPath(s, "/")
		u, err := base.Parse(got)
		if err != nil {
			t.Fatalf("%q does not parse: %v", got, err)
		}
		if again := localPath(got, "/"); again != got {
			t.Fatalf("not stable: %q → %q → %q", s, got, again)
		}
		if got[0] != '/' || strings.HasPrefix(got, "//") || strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }) {
			t.Fatalf("%q → %q", s, got)
		}
		if u.Host != base.Host || u.Scheme != base.Scheme || u.User != nil {
			t.Fatalf("localPath(%q) = %q leads to %s", s, got, u.Host)
		}
	})
}
