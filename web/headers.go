package web

import (
	"net/http"
	"strings"
)

// headerSet names one of the closed list of response header sets. The zero value
// is "undeclared": a route that forgot to choose does not start.
type headerSet int

const (
	undeclared         headerSet = iota
	pageHeaders                  // our own pages: nonce CSP, Trusted Types
	composeHeaders               // the page where letters are written: the same, and styles a quoted letter brings
	signInHeaders                // the same before anybody is known
	bodyHeaders                  // a sender's document, in its sandboxed frame
	imageHeaders                 // an image of a letter, inside the body's frame or a page
	fileHeaders                  // downloads and raw text: nothing in them may run
	viewerHeaders                // the PDF viewer's page of its own
	viewerFrameHeaders           // the same viewer inside a letter's page: framed by our own pages only
	pdfDataHeaders               // the bytes the viewer fetches
	staticHeaders                // our own embedded files, hashed names
	streamHeaders                // news told to our own scripts as they come
	dataHeaders                  // answers to our own scripts, as JSON
	emptyHeaders                 // redirects, probes, answers without a document
)

// hsts is sent when the public address is https. Two years, as preload lists ask.
const hsts = "max-age=63072000; includeSubDomains"

const permissions = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), clipboard-read=(), display-capture=(), " +
	"encrypted-media=(), fullscreen=(self), geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), " +
	"local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), " +
	"serial=(), usb=(), xr-spatial-tracking=()"

// nonceMark stands for the response's nonce, originsMark for the provider's
// hosts in the constant texts below.
const (
	nonceMark   = "{nonce}"
	originsMark = "{origins}"
)

// pageCSP is the policy of our own pages. form-action lists the provider because
// browsers apply it to the redirect that follows our sign-in and sign-out posts.
const pageCSP = "default-src 'none'; script-src 'nonce-" + nonceMark + "'; style-src 'self'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; frame-src 'self'; form-action 'self'" + originsMark + "; " +
	"frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types " + trustedTypes

// trustedTypes are the policies the vendored scripts create, no other.
const trustedTypes = "htmx"

// composeCSP adds what the editor needs and no other page gets: the style attributes
// of a quoted letter (cleaned by the server, never a style sheet or element), and
// the one policy under which compose_clean.js hands HTML to the cleaner.
const composeCSP = "default-src 'none'; script-src 'nonce-" + nonceMark + "'; style-src 'self'; style-src-attr 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'" + originsMark + "; " +
	"frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types " + trustedTypes + " pli-compose"

// signInCSP is the page policy for somebody unknown: nothing to frame, nothing to
// connect to.
const signInCSP = "default-src 'none'; script-src 'nonce-" + nonceMark + "'; style-src 'self'; img-src 'self' data:; form-action 'self'" + originsMark + "; " +
	"frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types " + trustedTypes

// bodyCSP is the policy of a sender's document. allow-same-origin (never with
// allow-scripts) lets our page read the frame's height and lets cid: images be
// asked for with the session cookie; 'unsafe-inline' is for the style attributes
// the sanitizer kept. See architecture, 'One request'.
const bodyCSP = "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src 'self' data:; " +
	"style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"

const fileCSP = "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

const imageCSP = "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// viewerCSP lets the PDF viewer run its worker and show what it decoded, in a page
// that holds nothing else. pdf.js cannot run under Trusted Types.
const viewerCSP = "default-src 'none'; script-src 'nonce-" + nonceMark + "' 'strict-dynamic'; worker-src 'self'; style-src 'self'; " +
	"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"

// viewerFrameCSP is the same, for the first page of a document shown below a letter.
// It has the authority of the page above, as the viewer's own page has; so it is
// opened without a click only for a sender the directory knows.
const viewerFrameCSP = "default-src 'none'; script-src 'nonce-" + nonceMark + "' 'strict-dynamic'; worker-src 'self'; style-src 'self'; " +
	"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; form-action 'none'; frame-ancestors 'self'; base-uri 'none'"

const emptyCSP = "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// lines gives the exact headers of a set. Referrer-Policy is same-origin on pages
// that post: with no-referrer a browser sends "Origin: null", which older ones
// (no Sec-Fetch-Site) would then be refused for.
func (s headerSet) lines() [][2]string {
	common := [][2]string{
		{"X-Content-Type-Options", "nosniff"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
	}
	noStore := [2]string{"Cache-Control", "no-store, private"}
	coop := [2]string{"Cross-Origin-Opener-Policy", "same-origin"}
	perms := [2]string{"Permissions-Policy", permissions}
	switch s {
	case pageHeaders:
		return append(common, noStore, coop, perms, [2]string{"Referrer-Policy", "same-origin"}, [2]string{"Content-Security-Policy", pageCSP})
	case composeHeaders:
		return append(common, noStore, coop, perms, [2]string{"Referrer-Policy", "same-origin"}, [2]string{"Content-Security-Policy", composeCSP})
	case signInHeaders:
		return append(common, noStore, coop, perms, [2]string{"Referrer-Policy", "same-origin"}, [2]string{"Content-Security-Policy", signInCSP})
	case bodyHeaders:
		return append(common, noStore, perms, [2]string{"Referrer-Policy", "no-referrer"}, [2]string{"Content-Security-Policy", bodyCSP})
	case imageHeaders:
		return append(common, noStore, [2]string{"Referrer-Policy", "no-referrer"}, [2]string{"Content-Security-Policy", imageCSP})
	case fileHeaders:
		return append(common, noStore, coop, [2]string{"Referrer-Policy", "no-referrer"}, [2]string{"Content-Security-Policy", fileCSP},
			[2]string{"X-Download-Options", "noopen"})
	case viewerHeaders:
		return append(common, noStore, coop, perms, [2]string{"Referrer-Policy", "no-referrer"}, [2]string{"Content-Security-Policy", viewerCSP})
	case viewerFrameHeaders:
		return append(common, noStore, perms, [2]string{"Referrer-Policy", "no-referrer"}, [2]string{"Content-Security-Policy", viewerFrameCSP})
	case pdfDataHeaders:
		return append(common, noStore, [2]string{"Referrer-Policy", "no-referrer"}, [2]string{"Content-Security-Policy", fileCSP})
	case dataHeaders, streamHeaders:
		return append(common, noStore, [2]string{"Referrer-Policy", "same-origin"}, [2]string{"Content-Security-Policy", fileCSP})
	case staticHeaders: // the static room adds its own policy and a year of caching
		return append(common, [2]string{"Referrer-Policy", "no-referrer"})
	case emptyHeaders:
		return append(common, noStore, coop, [2]string{"Referrer-Policy", "same-origin"}, [2]string{"Content-Security-Policy", emptyCSP})
	}
	return nil
}

// apply writes the set. It replaces: an error page over a half-prepared download
// must not keep the download's headers.
func (s headerSet) apply(h http.Header, nonce string, origins []string, secure bool) {
	h.Del("Content-Disposition")
	h.Del("X-Download-Options")
	h.Del("Cross-Origin-Opener-Policy")
	h.Del("Permissions-Policy")
	formTo := ""
	for _, o := range origins {
		if cspOrigin(o) {
			formTo += " " + o
		}
	}
	for _, l := range s.lines() { // the nonce is ours, an origin holds no mark (cspOrigin)
		h.Set(l[0], strings.Replace(strings.Replace(l[1], nonceMark, nonce, 1), originsMark, formTo, 1))
	}
	if secure {
		h.Set("Strict-Transport-Security", hsts)
	}
}

// cspOrigin accepts scheme://host[:port] only: what the provider's discovery says
// must not add a directive to our policy.
func cspOrigin(o string) bool {
	rest, ok := strings.CutPrefix(o, "https://")
	if !ok {
		if rest, ok = strings.CutPrefix(o, "http://"); !ok {
			return false
		}
	}
	if rest == "" {
		return false
	}
	for i := range len(rest) {
		c := rest[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte(".-:[]", c) < 0 {
			return false
		}
	}
	return true
}
