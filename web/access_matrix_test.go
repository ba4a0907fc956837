package web_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/testkit"
	"pli.example/pli/web"
)

// Answers of an address to somebody. in is any answer to them: a page, a file, or the
// refusal of a form that says nothing; the others are refusals of the person.
const (
	in     = "in"
	signIn = "sign in first"
	denied = "denied"
	hidden = "no such mailbox"
	door   = "sign in to support first"
)

// roles are who asks: nobody, practitioners from a stranger to the owner of the
// cabinet's mailbox through delegates with each right, an agent of support.
var roles = []string{"signed out", "stranger", "reader", "triage", "writer", "sender", "patient reader", "patient writer", "patient sender", "owner", "support"}

// The places of some roles.
const (
	owner = 9
	agent = 10
)

// declared is what each role is answered, by what the address declares.
var declared = map[string][11]string{
	"anyone":          {in, in, in, in, in, in, in, in, in, in, in},
	"persons":         {signIn, in, in, in, in, in, in, in, in, in, signIn},
	"readers":         {signIn, hidden, in, in, in, in, in, in, in, in, signIn},
	"triage":          {signIn, hidden, denied, in, in, in, denied, in, in, in, signIn},
	"writers":         {signIn, hidden, denied, denied, in, in, denied, in, in, in, signIn},
	"senders":         {signIn, hidden, denied, denied, denied, in, denied, denied, in, in, signIn},
	"patients":        {signIn, hidden, denied, denied, denied, denied, in, in, in, in, signIn},
	"patient writers": {signIn, hidden, denied, denied, denied, denied, denied, in, in, in, signIn},
	"patient senders": {signIn, hidden, denied, denied, denied, denied, denied, denied, in, in, signIn},
	"support":         {door, door, door, door, door, door, door, door, door, door, in},
}

// TestAccessMatrix asks every address of the site map as everybody: a new address is
// asked too, and one that does not declare whom it serves fails (attack 45).
func TestAccessMatrix(t *testing.T) {
	ofSize(t)
	t.Parallel()
	k := testkit.New(t)
	m := newMatrix(t, k)
	asked := 0
	for role, name := range roles {
		if rights, delegate := map[string]string{"reader": "read", "triage": "read,triage", "writer": "read,triage,write", "sender": "read,triage,write,send",
			"patient reader": "read,patients", "patient writer": "read,triage,write,patients", "patient sender": "read,triage,write,send,patients"}[name]; delegate {
			grant(t, k, "renard", []mssanteGrant{{people.LilasBox, rights}})
		}
		for _, d := range k.App.Web.Declarations() {
			want, known := declared[d.Access]
			if !known {
				t.Errorf("%s %s declares no access", d.Method, d.Pattern)
				continue
			}
			a := m.ask(role, d)
			if a == nil {
				continue // said why
			}
			asked++
			if got := answer(a); got != want[role] {
				t.Errorf("%s %s as %s: %s (%d %s), declared %s", d.Method, d.Pattern, name, got, a.Status, a.Header.Get("Location"), want[role])
			}
		}
		m.still(role)
	}
	if asked < len(roles)*40 {
		t.Errorf("%d answers looked at", asked)
	}
}

// answer names a response.
func answer(a *testkit.Answer) string {
	support := strings.Contains(a.Text(), `data-testid="support-door"`)
	switch {
	case a.Status == http.StatusSeeOther && a.Location() == "/support/sign-in", a.Status == http.StatusUnauthorized && support:
		return door
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusSeeOther && strings.HasPrefix(a.Location(), "/sign-in"):
		return signIn
	case a.Status == http.StatusForbidden:
		return denied
	case a.Status == http.StatusNotFound:
		return hidden
	case a.Status >= 500:
		return "broken"
	}
	return in
}

// matrix fills addresses with the mailbox of the cabinet and a letter of it.
type matrix struct {
	t      *testing.T
	k      *testkit.Kit
	keys   [11]string
	params map[string]string
	ref    string

	browsers    [11]*testkit.Client
	draft, file string            // the one that may be asked again, "" for none
	entries     map[string]string // of the directory, by pattern
}

func newMatrix(t *testing.T, k *testkit.Kit) *matrix {
	if err := k.App.Stock(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := &matrix{t: t, k: k, entries: map[string]string{}, keys: [11]string{"", "benali", "renard", "renard", "renard", "renard", "renard", "renard", "renard", "martin", "delmas"}}
	letter := "From: Dr Petit <hugo.petit@chu.mssante.fr>\nTo: cabinet-des-lilas@pro.mssante.fr\nSubject: la matrice\nMIME-Version: 1.0\n" + mixed +
		"--B\nContent-Type: text/plain\n\nmot\n" + part("application/pdf", "a.pdf", []byte("%PDF-1.4")) + part("text/plain", "a.txt", []byte("mot")) + "--B--\n"
	if !k.World.Mail().Put(people.LilasBox, "INBOX", nil, k.Clock.Now(), []byte(strings.ReplaceAll(letter, "\n", "\r\n"))) {
		t.Fatal("not delivered")
	}
	patient := "From: Odile Besançon <255033799001138@patient.mssante.fr>\nTo: cabinet-des-lilas@pro.mssante.fr\nSubject: une question\nMessage-ID: <q@patient>\n\nBonjour\n"
	if !k.World.Mail().Put(people.LilasBox, "INBOX", nil, k.Clock.Now(), []byte(strings.ReplaceAll(patient, "\n", "\r\n"))) {
		t.Fatal("not delivered")
	}
	titular := m.client(owner)
	box := ""
	doc(t, ok(t, titular.Follow("/"))).Find("[data-testid=box-link]").Each(func(_ int, s *selection) {
		if strings.Contains(s.Text(), "Lilas") {
			box = strings.TrimPrefix(s.AttrOr("href", ""), "/mail/")
		}
	})
	if box == "" {
		t.Fatal("no mailbox of the cabinet")
	}
	parts := strings.Split(strings.SplitN(hrefOf(t, titular, titular.Get("/mail/"+box).Location(), "la matrice"), "?", 2)[0], "/") // "", mail, box, folder, validity, uid
	asset := doc(t, ok(t, titular.Get("/sessions"))).Find("link[rel=stylesheet]").First().AttrOr("href", "")
	m.params = map[string]string{"box": box, "folder": parts[3], "uidvalidity": parts[4], "uid": parts[5], "part": "2", "*": strings.TrimPrefix(asset, "/static/")}
	m.params["rule"] = "new"
	m.ref = strings.Join(parts[3:6], "/")
	m.params["exchange"] = strings.TrimPrefix(exchangeAt(doc(t, ok(t, titular.Get("/mail/"+box+"/patients"))).Find("[data-testid=patient-row]").First()), "/mail/"+box+"/patients/")
	m.params["conversation"] = conversationID(t, m.fresh(owner), "/mail/"+box+"/"+parts[3])
	return m
}

// client is the role's browser, the same for every question but those that end its
// session, which see what they get in ask.
func (m *matrix) client(role int) *testkit.Client {
	if m.browsers[role] == nil {
		m.browsers[role] = m.fresh(role)
	}
	return m.browsers[role]
}

// ends are the questions after which a browser may be signed out; after any other it
// is signed in as before.
var ends = []string{"/sign-in", "/sign-out", "/sessions/revoke", "/support/sign-in", "/support/sign-out"}

// still fails unless the role's browser came through its questions signed in: what it
// was refused was refused to that person, not to a session that had ended.
func (m *matrix) still(role int) {
	m.t.Helper()
	page := "/sessions"
	switch {
	case m.keys[role] == "":
		return
	case role == agent:
		page = "/support"
	}
	if a := m.client(role).Get(page); answer(a) != in {
		m.t.Errorf("the browser of %s was signed out by a question: %d", roles[role], a.Status)
	}
}

// fresh is a browser of its own.
func (m *matrix) fresh(role int) *testkit.Client {
	switch {
	case m.keys[role] == "":
		return m.k.Browser()
	case role == agent:
		return m.k.Staff(m.keys[role])
	}
	return m.k.SignIn(m.keys[role])
}

// post is what a request carries: a form, or what a script sends.
type post struct {
	form url.Values
	json string
}

// posts are what each address is sent, by its pattern. Every post needs a line that
// means something: one refused for its own sake tells nothing of who may send it.
func (m *matrix) post(role int, pattern string) (post, bool) {
	if pattern == "/sessions/revoke" {
		id, _, _ := strings.Cut(m.fresh(role).Cookie("__Host-pli"), ".")
		return post{form: values("id", id)}, true
	}
	if pattern == "/support/people/{account}/revoke" {
		return post{form: values("session", m.session(), "why", "support.asked")}, true
	}
	const draft = "/mail/{box}/compose/{draft}"
	p, known := map[string]post{
		"/support/sign-in": {}, "/support/sign-out": {}, "/support/search": {form: values("words", "martin")},
		"/support/deliveries": {form: values("state", "bounced")}, "/support/trail": {form: values("person", "martin")},
		"/support/trail/export": {form: values("format", "csv")}, "/support/trail/verify": {},
		"/sign-in": {}, "/sign-in/backchannel": {}, "/sign-out": {}, "/situations": {form: values("situation", "x")},
		"/mail/{box}/view": {form: values("view", "letters")}, "/mail/{box}/act": {form: values("do", "star", "ref", m.ref)}, "/mail/{box}/undo": {form: values("undo", "x")},
		"/mail/{box}/choose": {form: values("in", m.params["folder"], "validity", m.params["uidvalidity"], "upto", "1")},
		"/mail/{box}/bulk":   {form: values("choice", "ABCDEFGHIJKLMNOPQRST", "do", "read")}, "/mail/{box}/bulk/stop": {form: values("id", "x")},
		"/mail/{box}/bulk/undo": {form: values("id", "x")}, "/mail/{box}/bulk/seen": {form: values("id", "x")},
		"/mail/{box}/remind": {form: values("ref", m.ref, "when", "date", "date", "2020-01-01")}, "/mail/{box}/reminders": {form: values("id", "ABCDEFGHIJKLMNOPQRST")},
		"/mail/{box}/space":   {form: values("do", "old", "folder", m.params["folder"], "years", "5")},
		"/mail/{box}/folders": {form: values("do", "subscribe", "folder", m.params["folder"])},
		"/mail/{box}/search":  {form: values("words", "ordonnance")}, "/mail/{box}/suggest": {form: values("words", "petit")}, "/mail/{box}/signature": {form: values("do", "save", "text", "mot")}, "/directory": {form: values("words", "petit")},
		"/mail/{box}/search/{handle}/more": {}, "/mail/{box}/search/{handle}/save": {form: values("name", "")}, "/mail/{box}/search/saved": {form: values("open", "")},
		"/mail/{box}/compose": {form: values("kind", "blank")}, "/mail/{box}/compose/chosen": {form: values("do", "bin")}, draft: {form: values("version", "1", "subject", "x", "do", "save")},
		draft + "/save": {json: `{"version":1,"subject":"x","text":"mot"}`}, draft + "/pause": {form: values("leave", "0")}, draft + "/text": {json: `{"html":"<p>mot</p>"}`},
		draft + "/send": {json: `{"version":1,"files":[],"confirmed":[]}`}, draft + "/settle": {form: values("verdict", "left")}, draft + "/restore": {},
		"/mail/{box}/rules": {form: values("do", "suspend")}, "/mail/{box}/rules/{rule}": {form: values("do", "try", "patient", "1", "seen", "1")},
		"/mail/{box}/rules/absence": {form: values("do", "off", "text", "mot", "version", "none")},
		"/mail/{box}/patients":      {form: values("ins", "255033799001138")}, "/mail/{box}/patients/find": {form: values("words", "odile")}, "/mail/{box}/patients/identity/{handle}": {form: values("name", "Odile")},
		"/mail/{box}/patients/{exchange}/ins": {}, "/mail/{box}/patients/{exchange}/write": {}, "/mail/{box}/patients/{exchange}/close": {form: values("last", "x")},
		"/mail/{box}/patients/{exchange}/told": {form: values("seen", "x")},
		draft + "/files":                       {form: values("name", "a.txt", "size", "3")}, draft + "/files/{file}": {json: "mot"}, draft + "/files/{file}/remove": {},
	}[pattern]
	return p, known
}

// aDraft is a letter begun in the mailbox, with a file, by its owner.
func (m *matrix) aDraft() (id, file string) {
	m.t.Helper()
	if m.draft != "" {
		return m.draft, m.file
	}
	c := m.client(owner)
	a := c.Post("/mail/"+m.params["box"]+"/compose", values("kind", "blank"))
	id = a.Location()[strings.LastIndexByte(a.Location(), '/')+1:]
	at := "/mail/" + m.params["box"] + "/compose/" + id + "/files"
	var f struct{ ID string }
	if err := json.Unmarshal(ok(m.t, c.Post(at, values("name", "a.txt", "size", "3"))).Body, &f); err != nil || f.ID == "" {
		m.t.Fatalf("no file in a draft: %v", err)
	}
	ok(m.t, c.Post(at+"/"+f.ID+"?at=0", nil, script("mot")))
	m.draft, m.file = id, f.ID
	return id, f.ID
}

// script makes a post one of a script.
func script(body string) testkit.Change {
	return func(r *testkit.Request) {
		testkit.For("empty")(r)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Type", "application/json")
	}
}

var placeholder = regexp.MustCompile(`\{[a-z]+(:(?:[^{}]|\{[^{}]*\})*)?\}|\*$`)

// ask fills the address for a role and asks it; nil when the matrix does not know
// how to, which fails the test.
func (m *matrix) ask(role int, d web.Declared) (a *testkit.Answer) {
	m.t.Helper()
	c := m.client(role)
	defer func() {
		if slices.Contains(ends, d.Pattern) {
			m.browsers[role] = nil
		}
		if a != nil && answer(a) == in { // whoever got in may have sent it
			m.draft = ""
		}
	}()
	unknown := ""
	at := placeholder.ReplaceAllStringFunc(d.Pattern, func(p string) string {
		name, _, _ := strings.Cut(strings.Trim(p, "{}"), ":")
		v, known := m.params[name]
		switch {
		case name == "account":
			v, known = m.account(), true
		case name == "handle" && strings.HasPrefix(d.Pattern, "/support"):
			v, known = m.supportSearch(c, strings.TrimSuffix(d.Pattern, "/{handle}")), true
		case name == "handle" && strings.HasPrefix(d.Pattern, "/directory"):
			v, known = m.search(c, "/directory"), true
		case name == "handle" && strings.Contains(d.Pattern, "/patients/"):
			v, known = m.meant(c), true
		case name == "handle":
			v, known = m.search(c, "/mail/"+m.params["box"]+"/search"), true
		case name == "draft" || name == "file":
			draft, file := m.aDraft()
			v, known = map[string]string{"draft": draft, "file": file}[name], true
		case name == "entry":
			v, known = m.entry(d.Pattern)
		}
		if !known {
			unknown = "{" + name + "}"
		}
		return v
	})
	p, known := m.post(role, d.Pattern)
	if d.Method != http.MethodGet && !known {
		unknown = "its form"
	}
	if unknown != "" {
		m.t.Errorf("%s %s: the matrix does not know %s; give it one that means something", d.Method, d.Pattern, unknown)
		return nil
	}
	dest := testkit.With("Sec-Fetch-Dest", strings.Split(d.Dest+",", ",")[0])
	if d.Method == http.MethodGet {
		return c.Get(at, dest)
	}
	if p.json != "" {
		return c.Post(at+"?at=0", nil, script(p.json))
	}
	return c.Post(at, p.form, dest)
}

// search keeps words for this browser, or, for whoever may not, gives a handle of
// the same shape.
func (m *matrix) search(c *testkit.Client, at string) string {
	a := c.Post(at, values("words", "ordonnance"))
	to := a.Location()
	if cut := strings.LastIndexByte(to, '/'); a.Status == http.StatusSeeOther && strings.Contains(to, "/search/") {
		return to[cut+1:]
	}
	return "ABCDEFGHIJKLMNOPQRST"
}

// meant keeps an INS for this browser, or gives a handle of the same shape.
func (m *matrix) meant(c *testkit.Client) string {
	to := c.Post("/mail/"+m.params["box"]+"/patients", values("ins", "255033799001138")).Location()
	if cut := strings.LastIndexByte(to, '/'); strings.Contains(to, "/identity/") {
		return to[cut+1:]
	}
	return "abcdefghijklmnopqrst"
}

// account is the owner's, and session one they have open.
func (m *matrix) account() string {
	for _, p := range m.k.World.People() {
		if p.Key == m.keys[owner] {
			acc, err := m.k.App.Accounts.ByNationalID(m.t.Context(), p.NationalID)
			if err != nil {
				m.t.Fatal(err)
			}
			return acc.ID
		}
	}
	m.t.Fatal("no owner")
	return ""
}

func (m *matrix) session() string {
	id, _, _ := strings.Cut(m.fresh(owner).Cookie("__Host-pli"), ".")
	return id
}

// supportSearch is search at a page of support.
func (m *matrix) supportSearch(c *testkit.Client, at string) string {
	a := c.Post(at, values("words", "martin", "person", "martin", "state", "bounced"))
	if to := a.Location(); a.Status == http.StatusSeeOther && strings.HasPrefix(to, at+"/") {
		return strings.TrimPrefix(to, at+"/")
	}
	return "abcdefghijklmnopqrst"
}

// entry finds a person or a structure of the directory, as the owner sees it.
func (m *matrix) entry(pattern string) (string, bool) {
	if id := m.entries[pattern]; id != "" {
		return id, true
	}
	c := m.client(owner)
	kind, _, _ := strings.Cut(pattern, "{")
	words := map[string]string{"/directory/person/": "petit hugo", "/directory/structure/": "tours"}[kind]
	id := doc(m.t, ok(m.t, c.Follow(c.Post("/directory", values("words", words)).Location()))).Find("a[href^='"+kind+"']").First().AttrOr("href", "")
	m.entries[pattern] = strings.TrimPrefix(id, kind)
	return m.entries[pattern], id != ""
}
