package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

const testPermissions = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), clipboard-read=(), display-capture=(), encrypted-media=(), fullscreen=(self), geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()"

// The exact strings, written out: a change of policy is a change of this test.
func TestHeaderSetsExactly(t *testing.T) {
	t.Parallel()
	common := map[string]string{"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store, private"}
	with := func(more map[string]string) map[string]string {
		out := map[string]string{}
		for k, v := range common {
			out[k] = v
		}
		for k, v := range more {
			if v == "" {
				delete(out, k)
				continue
			}
			out[k] = v
		}
		return out
	}
	for set, want := range map[headerSet]map[string]string{
		pageHeaders: with(map[string]string{
			"Cross-Origin-Opener-Policy": "same-origin", "Permissions-Policy": testPermissions, "Referrer-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; script-src 'nonce-N0NCE'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; frame-src 'self'; form-action 'self' https://auth.example https://wallet.example:8443; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types htmx",
		}),
		signInHeaders: with(map[string]string{
			"Cross-Origin-Opener-Policy": "same-origin", "Permissions-Policy": testPermissions, "Referrer-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; script-src 'nonce-N0NCE'; style-src 'self'; img-src 'self' data:; form-action 'self' https://auth.example https://wallet.example:8443; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types htmx",
		}),
		bodyHeaders: with(map[string]string{
			"Permissions-Policy": testPermissions, "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'",
		}),
		imageHeaders: with(map[string]string{
			"Referrer-Policy":         "no-referrer",
			"Content-Security-Policy": "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
		}),
		fileHeaders: with(map[string]string{
			"Cross-Origin-Opener-Policy": "same-origin", "Referrer-Policy": "no-referrer", "X-Download-Options": "noopen",
			"Content-Security-Policy": "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
		}),
		viewerHeaders: with(map[string]string{
			"Cross-Origin-Opener-Policy": "same-origin", "Permissions-Policy": testPermissions, "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; script-src 'nonce-N0NCE' 'strict-dynamic'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
		}),
		viewerFrameHeaders: with(map[string]string{
			"Permissions-Policy": testPermissions, "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; script-src 'nonce-N0NCE' 'strict-dynamic'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; form-action 'none'; frame-ancestors 'self'; base-uri 'none'",
		}),
		pdfDataHeaders: with(map[string]string{
			"Referrer-Policy":         "no-referrer",
			"Content-Security-Policy": "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
		}),
		streamHeaders: with(map[string]string{
			"Referrer-Policy":         "same-origin",
			"Content-Security-Policy": "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
		}),
		staticHeaders: with(map[string]string{"Cache-Control": "", "Referrer-Policy": "no-referrer"}),
		emptyHeaders: with(map[string]string{
			"Cross-Origin-Opener-Policy": "same-origin", "Referrer-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
		}),
	} {
		h := http.Header{}
		h.Set("Content-Disposition", "attachment") // a leftover of a download that failed
		set.apply(h, "N0NCE", []string{"https://auth.example", "https://wallet.example:8443", "https://evil.example; script-src *", "javascript:alert(1)"}, false)
		var got, exp []string
		for k, v := range h {
			got = append(got, k+": "+strings.Join(v, " | "))
		}
		for k, v := range want {
			exp = append(exp, k+": "+v)
		}
		slices.Sort(got)
		slices.Sort(exp)
		if !slices.Equal(got, exp) {
			t.Errorf("set %d\n got %s\nwant %s", set, strings.Join(got, "\n     "), strings.Join(exp, "\n     "))
		}
	}
}

func TestScriptPoliciesHaveNoUnsafe(t *testing.T) {
	t.Parallel()
	for set := pageHeaders; set <= emptyHeaders; set++ {
		for _, l := range set.lines() {
			if l[0] != "Content-Security-Policy" {
				continue
			}
			for d := range strings.SplitSeq(l[1], ";") {
				d = strings.TrimSpace(d)
				if strings.Contains(d, "unsafe-eval") || strings.Contains(d, "unsafe-inline") && d != "style-src 'unsafe-inline'" && (set != composeHeaders || d != "style-src-attr 'unsafe-inline'") {
					t.Errorf("set %d allows %q", set, d)
				}
				if strings.HasPrefix(d, "sandbox") && strings.Contains(d, "allow-scripts") {
					t.Errorf("set %d lets a sender's document run scripts", set)
				}
			}
		}
	}
	if undeclared.lines() != nil {
		t.Error("the undeclared set must be empty, or a route that forgot would start")
	}
}

func TestHSTSOnlyOverHTTPS(t *testing.T) {
	t.Parallel()
	h := http.Header{}
	pageHeaders.apply(h, "n", nil, true)
	if h.Get("Strict-Transport-Security") != "max-age=63072000; includeSubDomains" {
		t.Errorf("HSTS = %q", h.Get("Strict-Transport-Security"))
	}
}

func TestEveryRouteDeclaresItsSet(t *testing.T) {
	t.Parallel()
	s := &Server{}
	seen := map[string]bool{}
	for _, rt := range s.routes() {
		if rt.set == undeclared || rt.set.lines() == nil {
			t.Errorf("%s %s declares no header set", rt.method, rt.pattern)
		}
		if rt.handle == nil {
			t.Errorf("%s %s has no handler", rt.method, rt.pattern)
		}
		if k := rt.method + rt.pattern; seen[k] {
			t.Errorf("%s %s is declared twice", rt.method, rt.pattern)
		} else {
			seen[k] = true
		}
		if rt.method == post && rt.who == anyone && rt.pattern != "/sign-in" && rt.pattern != "/sign-in/backchannel" && rt.pattern != "/sign-out" {
			t.Errorf("POST %s is open to anyone", rt.pattern)
		}
	}
}
