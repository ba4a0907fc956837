//go:build e2e

package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"

	"pli.example/pli/e2e/visitor"
)

// attack is one input of a sanitiser's own test suite.
type attack struct{ name, html string }

// attacks reads the inputs of DOMPurify and of bluemonday.
func attacks(t *testing.T) []attack {
	t.Helper()
	root := os.Getenv("PLI_CORPORA")
	if root == "" {
		t.Skip("PLI_CORPORA not set: it names the folder with html-dompurify and html-bluemonday")
	}
	var purify []struct{ Title, Payload string }
	var monday []struct{ Test, In string }
	for name, into := range map[string]any{"html-dompurify/expect.json": &purify, "html-bluemonday/pairs.json": &monday} {
		raw, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatal(err)
		}
	}
	var out []attack
	for i, a := range purify {
		out = append(out, attack{fmt.Sprintf("dompurify %d %s", i, a.Title), a.Payload})
	}
	for i, a := range monday {
		out = append(out, attack{fmt.Sprintf("bluemonday %d %s", i, a.Test), a.In})
	}
	return out
}

// leashed starts a browser in which every host name, whatever it is, leads to the
// canary: nothing can leave unheard, and nothing leaves the machine.
func leashed(t *testing.T, c *canary) context.Context {
	t.Helper()
	path, err := exec.LookPath(whole)
	if err != nil {
		t.Skip("chromium is not installed: run e2e/test")
	}
	ctx, end, err := startBrowser(path, chromedp.Flag("host-resolver-rules", "MAP * "+strings.TrimPrefix(c.URL, "http://")+", EXCLUDE 127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	tryLeash(t, newTabIn(t, ctx, true), c)
	return ctx
}

// tryLeash fails unless a request to any name at all ends at the canary.
func tryLeash(t *testing.T, b *tab, c *canary) {
	t.Helper()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<img src="http://evil.example/leash">`)
	}))
	defer page.Close()
	b.open(page.URL)
	b.until("the picture to be asked for", `document.images[0].complete`)
	if heard := strings.Join(c.heard(), "\n"); !strings.Contains(heard, "evil.example/leash") {
		t.Fatalf("a request to any host does not reach the canary: %q", heard)
	}
	c.forget()
}

const (
	together = 50                     // attacks side by side on one page
	listen   = 100 * time.Millisecond // to a page that is there: timers and animations come late
	namesMax = 20                     // attacks named: without a sanitiser every one would be
)

// TestHostileCorpus shows every input in Chromium, twice: in the frame of the real
// letter page, from its real address with its real headers, and the sanitised body
// alone, without frame, sandbox or policy. Neither may run a script or reach a host.
// Nor may the list, which shows the first words; and the page around the frame holds
// no element that a harmless letter's does not.
//
// Many attacks share a page, each in a frame of its own. A page that is not silent is
// taken apart, frame by frame, until the attack is named.
func TestHostileCorpus(t *testing.T) {
	t.Parallel()
	all := attacks(t)
	c := newCanary(t)
	ctx := leashed(t, c)
	control(t, newTabIn(t, ctx, true), func(canary string) string {
		return `<img src="` + canary + `/pixel"><script>console.log("` + ranMark + `")</script>`
	})
	p := &parade{t: t, w: newDemo(t), canary: c, tab: newTabIn(t, ctx, true), all: all}
	p.deliver()
	p.list()
	p.pages()
	p.eachPage(p.framed)
	if t.Failed() {
		return
	}
	p.bare()
	if problem := p.silence(p.w.base); problem != "" {
		t.Errorf("after the last page: %s", problem)
	}
	t.Logf("%d attacks shown through the letter page and bare", len(all))
}

// parade is the letters of a corpus and the tab that walks past them.
type parade struct {
	t      *testing.T
	w      *world
	canary *canary
	tab    *tab
	all    []attack
	uids   []string
	frames []string // address of what each letter's frame shows, "" when it has none
	bodies []string // what was in the frame
	prefix string   // of the letters' addresses: prefix + uid
	names  int      // attacks named so far

	harmless []string // uids of letters that attack nothing
}

// htmlLetter is a letter whose octets arrive as they are.
func htmlLetter(subject, html string) string {
	text := base64.StdEncoding.EncodeToString([]byte(html))
	var lines strings.Builder
	for len(text) > 76 {
		lines.WriteString(text[:76] + "\n")
		text = text[76:]
	}
	return letterHead(subject) + "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + lines.String() + text + "\n"
}

// deliver gives the GP one letter for each attack, and before and after them some that
// attack nothing: words, a picture from elsewhere, no words at all.
func (p *parade) deliver() {
	p.t.Helper()
	e := p.w.eye(p.t, martinBox)
	harmless := func() {
		for _, text := range []string{"<p>Bonjour</p>", `<img src="https://exemple.invalid/p.gif">`, ""} {
			subject := unique("innocente")
			e.deliver(htmlLetter(subject, text))
			p.harmless = append(p.harmless, e.uid(subject))
		}
	}
	harmless()
	mark := unique("corpus")
	for i, a := range p.all {
		e.deliver(htmlLetter(fmt.Sprintf("%s %d", mark, i), a.html))
	}
	harmless()
	if p.uids = e.uids(mark); len(p.uids) != len(p.all) {
		p.t.Fatalf("%d letters delivered, %d attacks", len(p.uids), len(p.all))
	}
	p.frames, p.bodies = make([]string, len(p.all)), make([]string, len(p.all))
}

// silence is what the tab did since the last time that it should not have.
func (p *parade) silence(base string) string {
	time.Sleep(listen)
	var out []string
	console, dialogs := p.tab.heardAll()
	for _, line := range console {
		if strings.HasPrefix(line, "log") || strings.HasPrefix(line, "exception") {
			out = append(out, "console: "+line)
		}
	}
	if len(dialogs) > 0 {
		out = append(out, fmt.Sprintf("dialogs %q", dialogs))
	}
	if strayed := p.tab.forget(base); len(strayed) > 0 {
		out = append(out, fmt.Sprintf("requests to %q", strayed))
	}
	if hits := p.canary.heard(); len(hits) > 0 {
		out = append(out, fmt.Sprintf("the canary heard %q", hits))
	}
	p.canary.forget()
	return strings.Join(out, "; ")
}

// list walks through the folder's pages: their rows show the letters' first words.
func (p *parade) list() {
	p.t.Helper()
	b := p.tab
	p.w.signIn(b, "martin")
	b.forget(p.w.base) // the provider's pages
	listed := map[string]bool{}
	for next := p.w.inbox(b); next != ""; {
		b.open(next)
		b.see(byTest("letter-row"))
		if problem := p.silence(p.w.base); problem != "" {
			p.t.Errorf("the list %s: %s\nits rows begin with %q", next, problem, b.texts(".row-snippet"))
		}
		for _, uid := range eval[[]string](b, `[...document.querySelectorAll('[data-testid="letter-row"]')].map(r => r.dataset.uid)`) {
			listed[uid] = true
		}
		if p.prefix == "" {
			first := absolute(p.w, b.attr(".row-link", "href"))
			p.prefix = first[:strings.LastIndexByte(first, '/')+1]
		}
		next = ""
		if b.has(byTest("pager-next")) {
			next = absolute(p.w, b.attr(byTest("pager-next"), "href"))
		}
	}
	for i, uid := range p.uids {
		if !listed[uid] {
			p.t.Errorf("%s: its letter is in no list", p.all[i].name)
		}
	}
}

// pages asks for every letter's page without drawing it, learns what its frame shows,
// and compares the elements around the frame with those of harmless letters.
func (p *parade) pages() {
	p.t.Helper()
	v := visitor.New()
	if _, err := v.SignIn(p.w.base, "martin"); err != nil {
		p.t.Fatal(err)
	}
	get := func(uid string) *visitor.Page {
		page, err := v.Get(p.prefix + uid)
		if err != nil {
			p.t.Fatal(err)
		}
		if page.Status != http.StatusOK || !page.Has("letter-subject") {
			p.t.Fatalf("letter %s is not shown: %d", uid, page.Status)
		}
		return page
	}
	known := map[string]bool{}
	for _, uid := range p.harmless {
		for _, shape := range shapes(get(uid).Body) {
			known[shape] = true
		}
	}
	for i, uid := range p.uids {
		page := get(uid)
		for _, shape := range shapes(page.Body) {
			if !known[shape] {
				p.t.Errorf("%s: the page around its frame holds <%s>\n%s", p.all[i].name, shape, p.all[i].html)
			}
		}
		if src := page.Attr("letter-body", "src"); src != "" {
			p.frames[i] = absolute(p.w, src)
		}
	}
}

// shapes are the elements of a page, each with its attributes' names.
func shapes(page string) []string {
	var out []string
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := z.Token()
			shape := tag.Data
			for _, a := range tag.Attr {
				shape += " " + a.Key
			}
			out = append(out, shape)
		}
	}
}

// eachPage shows the attacks in turn, many on a page, and names those that are not
// silent. show gives what was wrong.
func (p *parade) eachPage(show func(from, to int) (problem string)) {
	p.t.Helper()
	for from := 0; from < len(p.all); from += together {
		to := min(from+together, len(p.all))
		problem := show(from, to)
		if problem == "" {
			continue
		}
		before := p.names
		for i := from; i < to && p.names < namesMax; i++ {
			if alone := show(i, i+1); alone != "" {
				p.names++
				p.t.Errorf("%s: %s\n%s", p.all[i].name, alone, p.all[i].html)
			}
		}
		if p.names == before {
			p.t.Errorf("one of %s … %s, on one page: %s", p.all[from].name, p.all[to-1].name, problem)
		}
	}
}

// framed shows letters on the page of one of them: its own frame, as it stands there,
// once more for each, with that letter's address. All are in sight, for what loads
// only then.
func (p *parade) framed(from, to int) (problem string) {
	var on string
	var addresses []string
	for i := from; i < to; i++ {
		if p.frames[i] == "" {
			continue // nothing is left of it: the page has no frame
		}
		addresses = append(addresses, p.frames[i])
		on = p.prefix + p.uids[i]
	}
	if on == "" {
		return ""
	}
	b := p.tab
	b.open(on)
	b.see(byTest("letter-body"))
	bodies, err := tryEval[[]string](b, `(addresses => new Promise(done => {
		const own = document.querySelector('[data-testid="letter-body"]');
		const frames = addresses.map((address, n) => {
			const f = own.cloneNode();
			f.style.cssText = "position: fixed; width: 140px; height: 180px; left: " + n % 10 * 140 + "px; top: " + Math.floor(n / 10) * 180 + "px";
			f.src = address;
			own.after(f);
			return f;
		});
		const there = f => f.contentDocument && f.contentDocument.URL === f.src && f.contentDocument.readyState === "complete";
		const status = f => f.contentWindow.performance.getEntriesByType("navigation")[0].responseStatus;
		const wait = () => frames.every(there) && there(own) ? done(frames.map(f => status(f) === 200 ? f.contentDocument.body.innerHTML : "status " + status(f))) : setTimeout(wait, 5);
		wait();
	}))(`+quoted(addresses)+`)`, chromedp.EvalAwaitPromise)
	problem = p.silence(p.w.base)
	if err != nil {
		return "a frame never came: " + err.Error() + "; " + problem
	}
	for i := from; i < to; i++ {
		if p.frames[i] == "" {
			continue
		}
		if refused.MatchString(bodies[0]) {
			problem += "; the frame answered " + bodies[0]
		}
		p.bodies[i], bodies = bodies[0], bodies[1:]
	}
	return problem
}

var refused = regexp.MustCompile(`^status \d+$`)

// bare shows the sanitised bodies without any of our other guards, one after another
// in one document: the sanitiser must hold alone. A body that is not closed in itself
// would swallow the next.
func (p *parade) bare() {
	p.t.Helper()
	var mu sync.Mutex
	var asked []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		from, err1 := strconv.Atoi(r.URL.Query().Get("from"))
		to, err2 := strconv.Atoi(r.URL.Query().Get("to"))
		switch {
		case r.URL.Path == "/bodies" && err1 == nil && err2 == nil:
			fmt.Fprint(w, "<!doctype html><html><body>")
			for _, body := range p.bodies[from:to] {
				fmt.Fprintf(w, "<div data-body>%s</div>", body)
			}
			fmt.Fprint(w, "</body></html>")
		case r.URL.Path != "/favicon.ico":
			mu.Lock()
			asked = append(asked, r.URL.String())
			mu.Unlock()
		}
	}))
	defer srv.Close()
	p.eachPage(func(from, to int) string {
		p.tab.open(fmt.Sprintf("%s/bodies?from=%d&to=%d", srv.URL, from, to))
		bodies := eval[int](p.tab, `document.querySelectorAll("body > [data-body]").length`)
		problem := p.silence(srv.URL)
		if bodies != to-from {
			problem += fmt.Sprintf("; %d bodies stand apart, of %d", bodies, to-from)
		}
		mu.Lock()
		defer mu.Unlock()
		if len(asked) > 0 {
			problem += fmt.Sprintf("; bare, it asked for %q", asked)
			asked = nil
		}
		return problem
	})
}
