package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/testkit"
)

// formPages are those whose every button the canary run presses, below a mailbox's address:
// what a person chooses, sorts, keeps, makes rules of, looks for.
var formPages = []string{"", "/folders", "/rules", "/rules/new", "/rules/absence", "/space", "/reminders", "/search", "/patients", "/signature"}

// formPosts are the acts among them that must have succeeded, or the run proves nothing.
var formPosts = []string{"/act", "/bulk", "/choose", "/folders", "/remind", "/reminders", "/rules/absence", "/rules/{rule}", "/rules", "/search", "/search/saved", "/search/{handle}/save",
	"/space", "/undo", "/view", "/patients/find", "/patients/{exchange}/ins", "/patients/{exchange}/write"}

// opaquePart is what differs between two addresses of one act.
var opaquePart = regexp.MustCompile(`/[a-z0-9_-]{12,}|/\d+`)

const maxPressed = 400

// press submits every form of step after step with clinical words in each field, and follows
// where the answers lead; pages found on the way have their forms pressed too.
func (r *canaryRun) press(c *testkit.Client) {
	r.t.Helper()
	box := "/mail/" + r.box(c)
	patient := people.Patients()[0].Address()
	for i := range 60 { // more than a page holds
		r.k.World.Mail().Put(people.MartinBox, "INBOX", nil, r.k.Clock.Now(), fmt.Appendf(nil, "From: \"%s\" <%s>\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <attend%d@canari.test>\r\n\r\n%s\r\n",
			canaryName, patient, people.MartinBox, canarySubject, i, canaryText))
	}
	var todo []string
	for _, at := range formPages {
		todo = append(todo, box+at)
	}
	doc(r.t, r.get(c, c.Get(box).Location())).Find("[data-testid=letter-row] a.row-link").First().Each(func(_ int, row *selection) {
		letter := row.AttrOr("href", "") // of the inbox: others offer less
		ref := doc(r.t, r.get(c, letter)).Find("[data-testid=act-remind]").Closest("form").Find("input[name=ref]").AttrOr("value", "")
		archived := c.Post(box+"/act", values("ref", ref, "do", "archive"))
		r.note(press(r.t, c, doc(r.t, r.get(c, archived.Location())).Find("[data-testid=flash] button").First()))
		doc(r.t, r.get(c, c.Get(box).Location())).Find("#rows input[name=ref]").First().Each(func(_ int, row *selection) {
			r.note(c.Post(box+"/remind", values("ref", row.AttrOr("value", ""), "when", "tomorrow")))
		})
	})
	done := map[string]bool{}
	shape := func(at string) string {
		place, _, _ := strings.Cut(at, "?")
		return opaquePart.ReplaceAllString(place, "/*")
	}
	for n := 0; len(todo) > 0 && n < maxPressed; {
		at := todo[0]
		todo = todo[1:]
		a := r.get(c, at)
		for to := a.Location(); to != ""; to = a.Location() {
			r.note(a)
			at = to
			a = r.get(c, to)
		}
		r.note(a)
		if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") || a.Status >= 500 {
			continue
		}
		d := doc(r.t, a)
		for _, to := range links(d) { // one page of each shape
			if key := shape(to); strings.HasPrefix(to, box) && !done[key] && !strings.Contains(to, "/part/") {
				done[key] = true
				todo = append(todo, to)
			}
		}
		for _, p := range pressesOf(d) {
			key := shape(p.to) + " " + p.button + " " + shape(at)
			if done[key] || !strings.HasPrefix(p.to, "/mail/") {
				continue
			}
			done[key] = true
			n++
			answer := c.Post(p.to, p.fields)
			r.note(answer)
			if to := answer.Location(); strings.HasPrefix(to, box) {
				todo = append(todo, to)
			}
		}
	}
	// A conversation, its list, and what an open page asks by itself.
	inbox := c.Get(box).Location()
	r.note(c.Get(inbox+"/fresh", testkit.For("empty")))
	c.Post(box+"/view", values("view", "conversations", "next", box))
	r.seen = map[string]bool{}
	r.walkSome(c, 80, inbox)
	c.Post(box+"/view", values("view", "letters", "next", box))
	events, status := stream(r.t, r.k, c, box+"/live?folder="+strings.TrimPrefix(inbox, box+"/"))
	if status != http.StatusOK {
		r.t.Errorf("the stream of news: %d", status)
	}
	next(r.t, events, "a first word", func(told) bool { return true })
}

// pressed is one button of one form.
type pressed struct {
	to, button string
	fields     url.Values
}

// pressesOf fills every form of a page and gives each of its buttons.
func pressesOf(d *goquery.Document) (out []pressed) {
	words := []string{canarySubject, canaryName, canaryINS, canaryFolder, canaryTyped}
	d.Find("form[method=post]").Each(func(i int, form *goquery.Selection) {
		controls := form.Find("input, select, textarea")
		if id, ok := form.Attr("id"); ok {
			controls = controls.AddSelection(d.Find(fmt.Sprintf("[form=%q]", id)).Filter("input, select, textarea"))
		}
		v := url.Values{}
		controls.Each(func(j int, s *goquery.Selection) {
			name, word := s.AttrOr("name", ""), words[(i+j)%len(words)]
			switch kind := s.AttrOr("type", "text"); {
			case name == "":
			case goquery.NodeName(s) == "select":
				options := s.Find("option").FilterFunction(func(_ int, o *goquery.Selection) bool { return o.AttrOr("value", o.Text()) != "" })
				v.Set(name, options.First().AttrOr("value", options.First().Text()))
			case (name == "from" || name == "to") && kind == "text": // a rule wants an address
				v.Set(name, "x@ailleurs.example")
			case goquery.NodeName(s) == "textarea", kind == "text", kind == "search":
				v.Set(name, word)
			case kind == "checkbox", kind == "radio":
				if _, set := v[name]; !set { // the first of each name
					v.Set(name, s.AttrOr("value", "on"))
				}
			case kind == "date":
				v.Set(name, "2026-12-24")
			case kind == "number":
				v.Set(name, "2")
			default:
				v.Set(name, s.AttrOr("value", ""))
			}
		})
		buttons := form.Find("button, input[type=submit]")
		if id, ok := form.Attr("id"); ok {
			buttons = buttons.AddSelection(d.Find(fmt.Sprintf("button[form=%q]", id)))
		}
		buttons.Each(func(_ int, b *goquery.Selection) {
			mine := url.Values{}
			for k, x := range v {
				mine[k] = x
			}
			name, value := b.AttrOr("name", ""), b.AttrOr("value", "")
			if name != "" {
				mine.Set(name, value)
			}
			out = append(out, pressed{b.AttrOr("formaction", form.AttrOr("action", "")), name + "=" + opaquePart.ReplaceAllString("/"+value, "/*"), mine})
		})
	})
	return out
}

// pressedAll: each act of the list did what it is for at least once.
func (r *canaryRun) pressedAll(figures string) {
	r.t.Helper()
	for _, at := range formPosts {
		if !strings.Contains(figures, `pli_http_requests_total{route="/mail/{box}`+at+`",method="POST",class="2xx"}`) && !strings.Contains(figures, `pli_http_requests_total{route="/mail/{box}`+at+`",method="POST",class="3xx"}`) {
			r.t.Errorf("nobody did %s", at)
		}
	}
	for _, at := range []string{"/{folder}/fresh", "/conversation/{conversation}"} {
		if !strings.Contains(figures, `pli_http_requests_total{route="/mail/{box}`+at+`",method="GET",class="2xx"}`) {
			r.t.Errorf("nobody asked for %s", at)
		}
	}
}
