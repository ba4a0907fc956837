// Package visitor is a person without a browser: it keeps cookies, follows
// redirects and presses buttons in forms, found by their data-testid. The bench
// measures through it and the crash and soak runs act through it. Unlike a
// library's cookie jar it sends Secure cookies to loopback http, as browsers do.
package visitor

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Visitor is one person; not for concurrent use.
type Visitor struct {
	Client  *http.Client // never follows redirects by itself
	cookies map[string]map[string]string
}

// Page is an answer, read whole.
type Page struct {
	URL    *url.URL
	Status int
	Header http.Header
	Body   string
}

// New makes a visitor with connections of its own.
func New() *Visitor {
	return &Visitor{cookies: map[string]map[string]string{}, Client: &http.Client{Timeout: 60 * time.Second,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 4, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Request prepares a request as a browser's address bar or form would send it.
func (v *Visitor) Request(method, address string, form url.Values) (*http.Request, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequest(method, address, body)
	if err != nil {
		return nil, err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", req.URL.Scheme+"://"+req.URL.Host)
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Sec-Fetch-Mode", "navigate")
	req.Header.Set("Sec-Fetch-Dest", "document")
	for name, value := range v.cookies[req.URL.Host] {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return req, nil
}

// Send sends one request and keeps the cookies of the answer.
func (v *Visitor) Send(req *http.Request) (*http.Response, error) {
	res, err := v.Client.Do(req)
	if err != nil {
		return nil, err
	}
	for _, c := range res.Cookies() {
		if v.cookies[req.URL.Host] == nil {
			v.cookies[req.URL.Host] = map[string]string{}
		}
		if c.MaxAge < 0 || c.Value == "" {
			delete(v.cookies[req.URL.Host], c.Name)
		} else {
			v.cookies[req.URL.Host][c.Name] = c.Value
		}
	}
	return res, nil
}

// Get opens an address, following redirects.
func (v *Visitor) Get(address string) (*Page, error) { return v.follow("GET", address, nil) }

func (v *Visitor) follow(method, address string, form url.Values) (*Page, error) {
	for range 15 {
		req, err := v.Request(method, address, form)
		if err != nil {
			return nil, err
		}
		res, err := v.Send(req)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
		res.Body.Close()
		if err != nil {
			return nil, err
		}
		to := res.Header.Get("Location")
		if res.StatusCode < 300 || res.StatusCode > 399 || to == "" {
			return &Page{URL: req.URL, Status: res.StatusCode, Header: res.Header, Body: string(body)}, nil
		}
		next, err := req.URL.Parse(to)
		if err != nil {
			return nil, err
		}
		address = next.String()
		if res.StatusCode != http.StatusTemporaryRedirect && res.StatusCode != http.StatusPermanentRedirect {
			method, form = "GET", nil
		}
	}
	return nil, errors.New("too many redirects")
}

var (
	formRE  = regexp.MustCompile(`(?s)<form([^>]*)>(.*?)</form>`)
	fieldRE = regexp.MustCompile(`(?s)<(input|button)([^>]*)>`)
	attrRE  = regexp.MustCompile(`([a-zA-Z:-]+)(?:="([^"]*)")?`)
)

func attributes(s string) map[string]string {
	out := map[string]string{}
	for _, m := range attrRE.FindAllStringSubmatch(s, -1) {
		out[strings.ToLower(m[1])] = html.UnescapeString(m[2])
	}
	return out
}

// Has reports whether the page holds an element with this data-testid.
func (p *Page) Has(testid string) bool { return strings.Contains(p.Body, `data-testid="`+testid+`"`) }

// Attr gives an attribute of the first element with this data-testid.
func (p *Page) Attr(testid, name string) string {
	re := regexp.MustCompile(`<[^<>]*data-testid="` + regexp.QuoteMeta(testid) + `"[^<>]*>`)
	return attributes(re.FindString(p.Body))[name]
}

// Attrs gives an attribute of every such element.
func (p *Page) Attrs(testid, name string) []string {
	re := regexp.MustCompile(`<[^<>]*data-testid="` + regexp.QuoteMeta(testid) + `"[^<>]*>`)
	var out []string
	for _, m := range re.FindAllString(p.Body, -1) {
		out = append(out, attributes(m)[name])
	}
	return out
}

// Press posts the form that holds this button, with further fields.
func (v *Visitor) Press(p *Page, testid string, more url.Values) (*Page, error) {
	for _, m := range formRE.FindAllStringSubmatch(p.Body, -1) {
		if !strings.Contains(m[2], `data-testid="`+testid+`"`) {
			continue
		}
		form := url.Values{}
		for _, f := range fieldRE.FindAllStringSubmatch(m[2], -1) {
			a := attributes(f[2])
			_, checked := a["checked"]
			box := a["type"] == "radio" || a["type"] == "checkbox"
			if a["name"] == "" || box && !checked || f[1] == "button" && a["data-testid"] != testid {
				continue
			}
			form.Add(a["name"], a["value"])
		}
		for name, values := range more {
			form[name] = values
		}
		to, err := p.URL.Parse(attributes(m[1])["action"])
		if err != nil {
			return nil, err
		}
		return v.follow("POST", to.String(), form)
	}
	return nil, fmt.Errorf("no form with %s on %s (%d)", testid, p.URL, p.Status)
}

// SignIn presents somebody's card at the provider and gives the first page of
// their letters.
func (v *Visitor) SignIn(base, key string) (*Page, error) {
	p, err := v.Get(base + "/")
	if err != nil {
		return nil, err
	}
	for _, button := range []string{"signin-button", "idp-person-" + key, "situation-1"} {
		if button == "situation-1" && !p.Has(button) {
			continue
		}
		if p, err = v.Press(p, button, nil); err != nil {
			return nil, fmt.Errorf("sign in: %w", err)
		}
	}
	if !p.Has("signout") {
		return nil, fmt.Errorf("not signed in: %s answered %d", p.URL, p.Status)
	}
	return p, nil
}
