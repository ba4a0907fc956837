package web_test

import (
	"net/url"
	"strings"
	"testing"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/testkit"
)

const polyglot = `"'></textarea></title><img src=x onerror=alert(1)><script>alert(2)</script><svg onload=alert(3)>{{7*7}}`

// inert complains of any element that a sender or a writer made of their words.
func inert(t *testing.T, what string, a *testkit.Answer) {
	t.Helper()
	d := doc(t, a)
	if n := d.Find("[onerror], [onload], img[src=x]").Length(); n > 0 {
		t.Errorf("%s: %d live elements", what, n)
	}
	d.Find("script").Each(func(_ int, s *selection) {
		if strings.Contains(s.Text(), "alert(") {
			t.Errorf("%s: a script of the writer", what)
		}
	})
}

// Attack rows 15, 16 and 48 where one writes and finds: a hostile letter answered and
// forwarded, hostile words in every field of the sheet, in the name of a file, in the
// list of drafts, on the directory's pages and in their addresses.
func TestRowPolyglotsInWriting(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	header := `"` + strings.ReplaceAll(polyglot, `"`, `\"`) + `"`
	letter := strings.ReplaceAll("From: "+header+" <hugo.petit@chu-touraine.mssante.fr>\nTo: "+header+" <claire.martin@medecin.mssante.fr>\nCc: "+header+" <paul.mercier@masseur-kinesitherapeute.mssante.fr>\n"+
		"Message-ID: <evil@chu-touraine.mssante.fr>\nSubject: canari "+polyglot+"\nMIME-Version: 1.0\n"+mixed+"--B\nContent-Type: text/html\n\n<p>Bonjour</p>"+polyglot+"\n"+
		part("application/pdf", "a.pdf", []byte("%PDF-1.4"))+"--B--\n", "\n", "\r\n")
	if !k.World.Mail().Put(people.MartinBox, "INBOX", nil, k.Clock.Now(), []byte(letter)) {
		t.Fatal("not delivered")
	}
	c := k.SignIn("martin")
	href, _, _ := strings.Cut(hrefOf(t, c, "/", "canari"), "?")
	ref := strings.Join(strings.Split(href, "/")[3:], "/")
	for _, kind := range []string{"reply", "reply_all", "forward"} {
		for _, plain := range []string{"", "1"} {
			at := begin(t, c, values("kind", kind, "ref", ref, "plain", plain))
			a := ok(t, c.Get(at))
			inert(t, kind+" plain="+plain, a)
			// What the script of the page will take for the letter's text.
			inert(t, kind+", the editor's text", &testkit.Answer{Body: []byte(doc(t, a).Find("#html").Text())})
		}
	}
	at := begin(t, c, values())
	drafts := at[:strings.LastIndexByte(at, '/')]
	f := ask(t, c, at+"/files", values("name", polyglot+".png", "size", "3"))
	ask(t, c, at+"/files/"+f.ID+"?at=0", []byte("abc"))
	s := ask(t, c, at+"/save", fields{"version": 1, "writer": "w", "seq": 1, "to": []map[string]string{{"n": polyglot, "a": polyglot}, {"n": polyglot, "a": "hugo.petit@chu-touraine.mssante.fr"}},
		"cc": to("a@" + polyglot), "subject": polyglot, "text": polyglot, "html": ""})
	if s.Status != 200 {
		t.Fatalf("%+v", s)
	}
	q := url.QueryEscape(polyglot)
	box := strings.Split(at, "/")[2]
	ask(t, c, at+"/send", fields{"version": s.Version, "files": []string{f.ID}})
	for _, path := range []string{at, at + "?check=1", at + "?sent=1", at + "?check=" + q, at + "?sent=" + q, drafts, drafts + "?discarded=" + q, "/directory", "/directory?words=" + q,
		"/directory/search/" + url.PathEscape(polyglot), "/directory/person/" + url.PathEscape(polyglot), "/directory/structure/" + url.PathEscape(polyglot),
		"/mail/" + box + "/compose/" + url.PathEscape(polyglot), at + "/files/" + url.PathEscape(polyglot)} {
		inert(t, path, c.Get(path))
	}
	found := c.Post("/directory", values("words", polyglot[:60]))
	inert(t, "the answer of the directory", found)
	if found.Status == 303 {
		inert(t, "the directory's page", c.Get(found.Location()))
		inert(t, "the directory's page, by number", c.Get(found.Location()+"?page="+q))
	}
	if a := ok(t, c.Get(drafts)).Text(); !strings.Contains(a, "&lt;script&gt;") {
		t.Error("the subject is not shown as text among the drafts")
	}
}
