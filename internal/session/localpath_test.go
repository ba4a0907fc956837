package session

import (
	"net/url"
	"strings"
	"testing"
	"unicode"
)

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"/", "/mail", "/mail/abc/def/12/34", "/mail/abc?page=2&x=%2F%2Fy", "/a-b_c~d.e"} {
		if got := LocalPath(s); got != s {
			t.Errorf("LocalPath(%q) = %q", s, got)
		}
	}
	for _, s := range []string{"", "mail", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/\n/evil.example",
		"\t//evil.example", " //evil.example", "/ /evil.example", "https://evil.example/", "HTTPS:/evil.example", "javascript:alert(1)", "data:text/html,x",
		"/%2F/evil.example", "/%2f%2fevil.example", "/%5Cevil.example", "/%5cevil.example", "/%252F%252Fevil.example", "/%255Cevil.example",
		"/.//evil.example", "/..//evil.example", "/./evil", "/../evil", "/%2e%2e/evil", "/%2e/", "/a/%0d%0aSet-Cookie:x", "/%00", "/\x00", "/\u202e", "/\u200b/x",
		"/a//b", "//user@evil.example/", "/%", "/%zz", "/é\xff", "?next=x", "#x", "/" + strings.Repeat("a", 3000)} {
		if got := LocalPath(s); got != "/" {
			t.Errorf("LocalPath(%q) = %q, want /", s, got)
		}
	}
	if got := LocalPath("/mail#frag"); got != "/mail" {
		t.Errorf("fragment: %q", got)
	}
}

// FuzzLocalPath: whatever comes in, what goes out stays on this site however a
// browser reads it, and is a fixed point.
func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"/", "/mail?a=b", "//x", "/\\x", "/%2F/x", "/a/../b", "/\t/x", "https:x", "/%252fx", "/;//x", "/x?//y"} {
		f.Add(s)
	}
	base, _ := url.Parse("https://pli.test/signin")
	f.Fuzz(func(t *testing.T, s string) {
		got := LocalPath(s)
		if again := LocalPath(got); again != got {
			t.Fatalf("not stable: %q → %q → %q", s, got, again)
		}
		if got[0] != '/' || strings.HasPrefix(got, "//") || strings.ContainsFunc(got, func(r rune) bool { return r == '\\' || unicode.IsControl(r) || unicode.IsSpace(r) }) {
			t.Fatalf("%q → %q", s, got)
		}
		to, err := base.Parse(got)
		if err != nil || to.Host != "pli.test" || to.Scheme != "https" || to.User != nil {
			t.Fatalf("%q → %q leaves the site: %v %v", s, got, to, err)
		}
	})
}

func TestAgent(t *testing.T) {
	t.Parallel()
	for ua, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                           "Firefox sur Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36":                            "Chrome sur Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0":              "Edge sur Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1":    "Safari sur iPhone",
		"Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36": "Samsung Internet sur Android",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36":                              "Chrome sur Linux",
		"": "Navigateur inconnu", "curl/8.0": "Navigateur inconnu", "<script>Firefox/": "Firefox", "Windows": "Navigateur sur Windows",
	} {
		if got := Agent(ua); got != want {
			t.Errorf("Agent(%q) = %q, want %q", ua, got, want)
		}
	}
}
