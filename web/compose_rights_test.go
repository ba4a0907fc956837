package web_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/testkit"
)

// Who may prepare but not send sees no button to send, and is refused.
func TestDelegateWrites(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("renard")
	at := begin(t, c, values())
	a := ok(t, c.Get(at))
	d := doc(t, a)
	if d.Find("[data-testid=compose-send]").Length() != 0 || d.Find("[data-testid=compose-save]").Length() != 1 {
		t.Error("the wrong buttons")
	}
	if from := d.Find("[data-testid=compose-from]").Text(); !strings.Contains(from, "cabinet-des-lilas@pro.mssante.fr") || !strings.Contains(from, "Renard") {
		t.Errorf("from %q", from)
	}
	if x := ask(t, c, at+"/send", fields{"version": 1}); x.Status != 403 {
		t.Errorf("%+v", x)
	}
	if s := doc(t, ok(t, k.SignIn("martin").Get(at))).Find("[data-testid=strip]").Text(); !strings.Contains(s, "Renard") {
		t.Errorf("the doctor is not told who prepared it: %q", s)
	}
}

// A draft put away comes back.
func TestDiscardAndRestore(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values())
	ask(t, c, at+"/save", fields{"version": 1, "writer": "w", "seq": 1, "subject": "À reprendre", "text": "x"})
	a := c.Post(at, values("do", "discard"))
	d := doc(t, ok(t, c.Get(a.Location())))
	if d.Find("[data-testid=draft-row]").Length() != 0 || d.Find("[data-testid=draft-restore]").Length() != 1 {
		t.Fatalf("%s", a.Location())
	}
	if c.Get(at).Status != 410 {
		t.Error("a draft put away still opens")
	}
	a = c.Post(d.Find("[data-testid=draft-restore]").Closest("form").AttrOr("action", ""), values())
	if !strings.Contains(ok(t, c.Get(a.Location())).Text(), "À reprendre") {
		t.Error("the draft did not come back as it was")
	}
}

// An empty letter closed by the page that began it is put away, which the next page says
// and takes back; a second page of it, or a reload, puts nothing away.
func TestEmptyLetterClosed(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	closed := func(at, page string) string {
		a := c.Post(at+"/pause", values("leave", "1", "unwritten", page))
		var out struct{ Note string }
		if err := json.Unmarshal(ok(t, a).Body, &out); err != nil {
			t.Fatal(err)
		}
		return out.Note
	}
	begun := func(at string) string { return doc(t, ok(t, c.Get(at))).Find("#compose").AttrOr("data-begun", "") }
	at := begin(t, c, values())
	page := begun(at)
	if again := begun(at); page == "" || again != "" || closed(at, page) != "" || c.Get(at).Status != 200 {
		t.Errorf("a page shown twice is put away: %q, %q", page, again)
	}
	if at = begin(t, c, values()); closed(at, "1") != "" || c.Get(at).Status != 200 {
		t.Error("any page puts a draft away")
	}
	at = begin(t, c, values())
	handle := closed(at, begun(at))
	d := doc(t, ok(t, c.Get(strings.Split(at, "/compose/")[0]+"/compose?note="+handle)))
	back := d.Find("[data-testid=flash] [data-testid=draft-restore]").Closest("form").AttrOr("action", "")
	if back != at+"/restore" || c.Get(at).Status != 410 {
		t.Fatalf("put away without a word: %q", back)
	}
	if a := c.Post(back, values()); a.Location() != at || c.Get(at).Status != 200 {
		t.Errorf("it does not come back: %d %s", a.Status, a.Location())
	}
}

// Another site can neither begin, save nor send; another mailbox's id opens nothing.
func TestWritingIsGuarded(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values())
	for _, path := range []string{at, at + "/save", at + "/send", at + "/files", strings.TrimSuffix(at[:strings.LastIndexByte(at, '/')], "/"), "/directory"} {
		if a := c.Post(path, values("x", "y"), testkit.CrossSite); a.Status != 403 {
			t.Errorf("%s from another site: %d", path, a.Status)
		}
	}
	benali := k.SignIn("benali")
	theirs := strings.Split(benali.Get("/").Location(), "/")[2]
	id := at[strings.LastIndexByte(at, '/'):]
	for _, path := range []string{at, "/mail/" + theirs + "/compose" + id} {
		if a := benali.Get(path); a.Status != 404 {
			t.Errorf("%s to a stranger: %d", path, a.Status)
		}
		if x := ask(t, benali, path+"/save", fields{"version": 1, "text": "vol"}); x.Status != 404 {
			t.Errorf("%s saved by a stranger: %+v", path, x)
		}
	}
}

// The operator's server is down: said in words, everything kept, and the same click
// later sends it once.
func TestSendWhileDown(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values())
	f := ask(t, c, at+"/files", values("name", "a.txt", "size", "3"))
	ask(t, c, at+"/files/"+f.ID+"?at=0", []byte("abc"))
	s := ask(t, c, at+"/save", fields{"version": 1, "writer": "w", "seq": 1, "to": to("hugo.petit@chu-touraine.mssante.fr"), "subject": "En panne", "html": "<p>Texte gardé</p>"})
	if !k.World.Stop(demo.ServiceSMTP) {
		t.Fatal("no such service")
	}
	send := fields{"version": s.Version, "files": []string{f.ID}}
	x := ask(t, c, at+"/send", send)
	if x.Came == "sent" || x.To != "" || !strings.Contains(x.Say, "gardé") {
		t.Errorf("%+v", x)
	}
	d := doc(t, ok(t, c.Get(at+"?sent=1")))
	if !strings.Contains(d.Find("#html").Text(), "Texte gardé") || d.Find("[data-testid=compose-file]").Length() != 1 {
		t.Error("the draft is not as it was")
	}
	if rows := doc(t, ok(t, c.Get(at[:strings.LastIndexByte(at, '/')]))).Find(".row-error"); rows.Length() != 1 {
		t.Error("the list of drafts does not say that it failed")
	}
	k.World.Start(demo.ServiceSMTP)
	if x = ask(t, c, at+"/send", send); x.Came != "sent" {
		t.Errorf("%+v", x)
	}
	received(t, k.SignIn("petit"), "En panne")
}
