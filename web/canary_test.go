package web_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/testkit"
)

// Words that stand in letters, names and files of the canary run and nowhere else.
const (
	canarySubject = "ZORGLUBINE au resultat"
	canaryName    = "Quetzalie VANDERMOLEN"
	canaryFile    = "compte-rendu-xyloquine.pdf"
	canaryText    = "kryptozole 40 mg au coucher"
	canaryTyped   = "brandebourine"
	canaryDraft   = "Suivi pamplonadine"
	canaryFolder  = "Dossier Wolframine"
	canaryINS     = "166047599001823" // of nobody; its key does not matter to a search of texts
)

// clinicalWords are what must never leave the pages: the words above, and every
// patient of the cast.
func clinicalWords() []string {
	words := []string{"zorglubine", "quetzalie", "vandermolen", "xyloquine", "kryptozole", canaryTyped, "pamplonadine", "wolframine", canaryINS, "@patient.mssante.fr"}
	for _, p := range people.Patients() {
		words = append(words, strings.ToLower(string(p.INS)), strings.ToLower(p.Label))
	}
	return words
}

// sightings names the clinical words of a text, with what stands around.
func sightings(text string) (out []string) {
	lower := strings.ToLower(text)
	for _, w := range clinicalWords() {
		for _, form := range []string{w, url.QueryEscape(w), url.PathEscape(w)} {
			if i := strings.Index(lower, strings.ToLower(form)); i >= 0 {
				out = append(out, w+": …"+lower[max(0, i-120):min(len(lower), i+80)]+"…")
				break
			}
		}
	}
	return out
}

// canaryRun is one walk with what it left: every address the pages gave, every title.
type canaryRun struct {
	t         *testing.T
	k         *testkit.Kit
	addresses strings.Builder
	titles    strings.Builder
	seen      map[string]bool
}

// TestCanaryRun fills a mailbox with letters that speak of somebody, walks every page and
// presses the buttons, those where one chooses, sorts, looks for and makes rules among them,
// servers down included; then no log line, figure, address or title holds a word of it.
func TestCanaryRun(t *testing.T) {
	ofSize(t)
	t.Parallel()
	r := &canaryRun{t: t, k: writingKit(t), seen: map[string]bool{}}
	r.fill()
	c := r.k.SignIn("martin")
	r.walk(c, "/", "/sessions", "/journal", "/situations", "/directory")
	r.search(c)
	r.write(c)
	r.press(c)
	r.probe(c)
	for _, service := range []string{demo.ServiceIMAP, demo.ServiceSMTP} {
		r.k.World.Stop(service)
		r.seen = map[string]bool{}
		r.walkSome(c, 25, "/")
		r.k.World.Start(service)
	}
	figures := figuresOf(t, r.k)
	if !strings.Contains(figures, `pli_http_requests_total{route="/mail/{box}/{folder}/{uidvalidity}/{uid}",method="GET",class="2xx"}`) || !strings.Contains(figures, `pli_smtp_submissions_total{stage="accepted"}`) {
		t.Errorf("the figures counted nothing:\n%s", figures)
	}
	r.pressedAll(figures)
	if len(r.seen) == 0 || strings.Count(r.addresses.String(), "\n") < 100 || !strings.Contains(r.titles.String(), "Lettre · Pli") {
		t.Fatal("the walk saw too little to prove anything")
	}
	for name, text := range map[string]string{"logs": r.k.Logs.String(), "figures": figures, "addresses": r.addresses.String(), "titles": r.titles.String()} {
		for _, s := range sightings(text) {
			t.Errorf("%s hold %s", name, s)
		}
	}
	r.linesNameTheirRequest()
}

// TestCanarySearchCanFail: the same search, given what a careless line would hold,
// finds each word; and the letters of the run really show them on the pages.
func TestCanarySearchCanFail(t *testing.T) {
	t.Parallel()
	for _, careless := range []string{
		`level=WARN msg="move failed" folder="` + canaryFolder + `"`, `route=/mail/x?subject=` + url.QueryEscape(canarySubject),
		`pli_letters{mailbox="` + canaryINS + `@patient.mssante.fr"} 1`, `<title>` + canaryName + `</title>`, "/mail/a/part/1/" + url.PathEscape(canaryFile),
	} {
		if len(sightings(careless)) == 0 {
			t.Errorf("nothing seen in %s", careless)
		}
	}
	r := &canaryRun{t: t, k: testkit.New(t), seen: map[string]bool{}}
	r.fill()
	c := r.k.SignIn("martin")
	d := doc(t, ok(t, c.Follow("/")))
	page := ""
	d.Find("[data-testid=letter-row] a.row-link").Each(func(_ int, s *selection) {
		if strings.Contains(s.Closest("[data-testid=letter-row]").Text(), canarySubject) {
			page = ok(t, c.Get(s.AttrOr("href", ""))).Text()
		}
	})
	if n := len(sightings(page)); n < 4 {
		t.Errorf("the page of the letter shows only %d of the words: the run would prove nothing", n)
	}
}

func (r *canaryRun) fill() {
	r.t.Helper()
	box, err := mssante.ParseAddress("claire.martin@medecin.mssante.fr")
	for _, p := range people.Cast() {
		if p.Key == "martin" {
			box = p.Mailboxes[0].Address
		}
	}
	if err != nil {
		r.t.Fatal(err)
	}
	part := "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + canaryText + "\r\n--b\r\nContent-Type: application/pdf; name=\"" + canaryFile +
		"\"\r\nContent-Disposition: attachment; filename=\"" + canaryFile + "\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--b--\r\n"
	head := "From: \"" + canaryName + "\" <" + canaryINS + "@patient.mssante.fr>\r\nTo: " + box.String() + "\r\nSubject: " + canarySubject + "\r\nMessage-ID: <%d@canari.test>\r\n" +
		"Date: Thu, 19 Nov 2026 08:00:00 +0100\r\nMIME-Version: 1.0\r\n"
	letters := []string{
		head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part,
		head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@y.test\r\nSubject: " + canarySubject + "\r\n\r\n" + canaryText + "\r\n--b--\r\n",
		head + "Content-Type: text/html; charset=" + canaryFolder + "\r\n\r\n<title>" + canaryName + "</title><img src=\"https://x.test/" + canaryFile + "\"><p>" + canaryText,
		head + "Content-Type: multipart/mixed\r\nContent-Transfer-Encoding: " + canaryText + "\r\n\r\nno boundary " + canaryText,
		head + "Subject: =?utf-8?B?" + canaryFile + "?=\r\nContent-Disposition: attachment; filename*=x''" + canaryFile + "\r\n\r\n" + canaryText,
	}
	at := time.Date(2026, time.November, 19, 8, 0, 0, 0, time.UTC)
	for i, l := range letters {
		for _, folder := range []string{"INBOX", canaryFolder} {
			raw := strings.Replace(l, "%d", fmt.Sprint(i, len(folder)), 1)
			if !r.k.World.Mail().Put(box, folder, nil, at.Add(time.Duration(i)*time.Minute), []byte(raw)) {
				r.t.Fatal("no such mailbox")
			}
		}
	}
}

func (r *canaryRun) walk(c *testkit.Client, from ...string) { r.walkSome(c, 400, from...) }

// walkSome follows links and notes every address and title. Answers of any status
// count: servers may be down.
func (r *canaryRun) walkSome(c *testkit.Client, most int, todo ...string) {
	r.t.Helper()
	for from := len(r.seen); len(todo) > 0 && len(r.seen) < from+most; {
		path := todo[0]
		todo = todo[1:]
		if r.seen[path] || strings.HasPrefix(path, "/static/") {
			continue
		}
		r.seen[path] = true
		todo = append(todo, r.note(r.get(c, path))...)
	}
}

func (r *canaryRun) get(c *testkit.Client, path string) *testkit.Answer {
	switch {
	case strings.HasSuffix(path, "/body"), strings.Contains(path, "/body?"):
		return c.Get(path, testkit.For("iframe"))
	case strings.HasSuffix(path, "/inline"), strings.HasSuffix(path, "/picture"):
		return c.Get(path, testkit.For("image"))
	}
	return c.Get(path)
}

// note keeps what an answer gives away: its own address, where it leads, its title.
func (r *canaryRun) note(a *testkit.Answer) (next []string) {
	r.t.Helper()
	fmt.Fprintln(&r.addresses, a.URL.RequestURI())
	if to := a.Location(); to != "" {
		next = append(next, to)
	}
	if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		d := doc(r.t, a)
		if !strings.Contains(a.URL.Path, "/body") { // the letter's own, in its frame
			fmt.Fprintln(&r.titles, strings.TrimSpace(d.Find("head > title").Text()))
		}
		next = append(next, links(d)...)
		d.Find("form").Each(func(_ int, s *selection) { fmt.Fprintln(&r.addresses, s.AttrOr("action", "")) })
		d.Find("[hx-get], [hx-post]").Each(func(_ int, s *selection) {
			fmt.Fprintln(&r.addresses, s.AttrOr("hx-get", ""), s.AttrOr("hx-post", ""))
		})
	}
	for _, to := range next {
		fmt.Fprintln(&r.addresses, to)
	}
	return next
}

func (r *canaryRun) box(c *testkit.Client) string {
	return strings.Split(c.Get("/").Location(), "/")[2]
}

func (r *canaryRun) search(c *testkit.Client) {
	for _, words := range []string{canaryTyped, canarySubject, canaryName, canaryINS} {
		r.walk(c, r.note(c.Post("/mail/"+r.box(c)+"/search", values("words", words)))...)
		r.walk(c, r.note(c.Post("/directory", values("words", words)))...)
		r.note(c.Post("/mail/"+r.box(c)+"/suggest", values("words", words)))
	}
}

// write saves, uploads, sends: to a colleague, to a stranger, to a patient.
func (r *canaryRun) write(c *testkit.Client) {
	r.t.Helper()
	patient := people.Patients()[0].Address().String()
	for _, who := range []string{"hugo.petit@chu-touraine.mssante.fr", canaryINS + "@patient.mssante.fr", patient, canaryName + " <x@ailleurs.example>"} {
		at := begin(r.t, c, values("kind", "blank"))
		r.note(c.Get(at))
		saved := ask(r.t, c, at+"/save", fields{"version": 1, "writer": "w", "seq": 1, "to": to(who), "subject": canaryDraft, "html": "<p>" + canaryText + "</p>"})
		f := ask(r.t, c, at+"/files", values("name", canaryFile, "size", "3"))
		ask(r.t, c, at+"/files/"+f.ID+"?at=0", []byte("abc"))
		send := fields{"version": saved.Version, "files": []string{f.ID}}
		sent := ask(r.t, c, at+"/send", send)
		for _, remark := range sent.Remarks { // what the page warns of is confirmed
			keys, _ := send["confirmed"].([]string)
			send["confirmed"] = append(keys, remark.Key)
		}
		sent = ask(r.t, c, at+"/send", send)
		r.note(c.Get(at))
		if sent.To != "" {
			r.note(c.Get(sent.To))
		}
	}
	r.walk(c, "/mail/"+r.box(c)+"/compose")
}

// probe asks what nobody should, with the words where a log might take them from.
func (r *canaryRun) probe(c *testkit.Client) {
	box, word := r.box(c), url.PathEscape(canaryName)
	c.Get("/" + word)
	c.Get("/mail/" + box + "/" + word)
	c.Get("/mail/" + box + "/?q=" + url.QueryEscape(canarySubject))
	c.Get("/mail/" + word)
	c.Get("/directory/search/" + word)
	c.Post("/mail/"+box+"/act?do="+word, values("ref", canarySubject))
	c.Post("/mail/"+box+"/undo", values("undo", canarySubject))
	c.Get("/", testkit.With("Referer", testkit.Base+"/?q="+word), testkit.With("User-Agent", canaryName), testkit.With("X-Request-Id", canaryINS))
	c.Get("/sign-in?next=" + url.QueryEscape("/"+canaryName))
	c.Get("/sign-in/callback?error=" + word + "&state=" + word)
}

// linesNameTheirRequest: every line above information that a request made names it.
func (r *canaryRun) linesNameTheirRequest() {
	r.t.Helper()
	problems := 0
	for line := range strings.Lines(r.k.Logs.String()) {
		var l struct{ Level, Msg, Request, Loop string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			r.t.Errorf("not a line of JSON: %q", firstBytes(line, 200))
			continue
		}
		if l.Level == "INFO" || l.Level == "DEBUG" {
			continue
		}
		problems++
		if l.Request == "" && !r.ofALoop(l.Msg) {
			r.t.Errorf("a line without its request: %s", firstBytes(line, 300))
		}
	}
	if problems == 0 {
		r.t.Error("nothing went wrong in the run: it proves nothing of the lines about errors")
	}
}

// ofALoop: the lines of background work, which serves no request.
func (r *canaryRun) ofALoop(msg string) bool {
	for _, s := range []string{"white list", "directory:", "ledger", "sweep"} {
		if strings.Contains(msg, s) {
			return true
		}
	}
	return false
}

// figuresOf asks the app for its figures.
func figuresOf(t *testing.T, k *testkit.Kit) string {
	t.Helper()
	return testkit.Figures(k)
}
