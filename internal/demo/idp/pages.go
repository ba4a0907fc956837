package idp

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

//go:embed style.css
var styleSheet []byte

//go:embed pages.html
var pagesSource string

// pages is parsed once and only executed afterwards.
var pages = template.Must(template.New("idp").Parse(pagesSource))

// view is what any page may need.
type view struct {
	Base    string // WalletBase
	Request string
	People  []Person
	Person  Person
	Digits  string
	Say     string
	Back    string
	State   string
	Action  string
}

func (p *Provider) page(w http.ResponseWriter, status int, name string, v view) {
	v.Base = p.o.WalletBase
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, v); err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", p.policy())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

func (p *Provider) refusePage(w http.ResponseWriter, say string) {
	p.page(w, http.StatusBadRequest, "refuse", view{Say: say})
}

// policy allows one style sheet and no script. form-action must name the client
// too: browsers apply it to the redirect that answers the form.
func (p *Provider) policy() string {
	to := []string{"'self'", origin(p.o.WalletBase), origin(p.o.Issuer)}
	for _, uri := range slices.Concat(p.o.RedirectURIs, p.o.PostLogoutURIs) {
		to = append(to, origin(uri))
	}
	slices.Sort(to)
	return "default-src 'none'; style-src 'self' " + origin(p.o.WalletBase) + "; form-action " + strings.Join(slices.Compact(to), " ") +
		"; base-uri 'none'; frame-ancestors 'none'"
}

func origin(at string) string {
	u, err := url.Parse(at)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "max-age=3600")
	w.Write(styleSheet)
}
