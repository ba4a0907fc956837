package web

import (
	"net/http"
	"testing"
)

// The exact strings of the sets that writing brought.
func TestWritingHeadersExactly(t *testing.T) {
	t.Parallel()
	for set, want := range map[headerSet]map[string]string{
		composeHeaders: {
			"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store, private",
			"Cross-Origin-Opener-Policy": "same-origin", "Permissions-Policy": testPermissions, "Referrer-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; script-src 'nonce-N0NCE'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self' https://auth.example; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types htmx pli-compose",
		},
		dataHeaders: {
			"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store, private", "Referrer-Policy": "same-origin",
			"Content-Security-Policy": "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
		},
	} {
		h := http.Header{}
		set.apply(h, "N0NCE", []string{"https://auth.example"}, false)
		for k := range h {
			if h.Get(k) != want[k] {
				t.Errorf("set %d %s:\n got %s\nwant %s", set, k, h.Get(k), want[k])
			}
		}
		if len(h) != len(want) {
			t.Errorf("set %d sends %d headers, want %d", set, len(h), len(want))
		}
	}
}
