package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/testkit"
)

// told is one event of a stream.
type told struct {
	name string
	data struct {
		State, Why, Say string
		Cover           bool
		Folders         []struct {
			ID, Mark, Count, Words string
			Unseen                 int
			Inbox, Arrived, Gone   bool
		}
	}
}

// stream opens a stream over a real connection, as a browser does.
func stream(t *testing.T, k *testkit.Kit, c *testkit.Client, path string) (events <-chan told, status int) {
	t.Helper()
	srv := httptest.NewServer(k.App.Handler())
	t.Cleanup(srv.Close)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", "__Host-pli="+c.Cookie("__Host-pli"))
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Sec-Fetch-Dest", "empty")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	ch := make(chan told, 100)
	go func() {
		defer close(ch)
		defer res.Body.Close()
		var e told
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				e = told{name: name}
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && json.Unmarshal([]byte(data), &e.data) == nil {
				ch <- e
			}
		}
	}()
	return ch, res.StatusCode
}

// next waits for the event that want accepts.
func next(t *testing.T, events <-chan told, what string, want func(told) bool) told {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		select {
		case e, open := <-events:
			if !open {
				t.Fatalf("%s: the stream ended before", what)
			}
			if want(e) {
				return e
			}
		case <-limit:
			t.Fatalf("%s: not told", what)
		}
	}
}

func inboxNews(e told) bool { return len(e.data.Folders) > 0 && e.data.Folders[0].Inbox }

// liveOf is where a person's mailbox tells its news, and what its page says.
func liveOf(t *testing.T, c *testkit.Client) (at, fresh, mark string) {
	t.Helper()
	d := doc(t, ok(t, c.Follow("/"))).Find("#live")
	at, fresh, mark = d.AttrOr("data-stream", ""), d.AttrOr("data-fresh", ""), d.AttrOr("data-mark", "")
	if at == "" || fresh == "" || mark == "" {
		t.Fatalf("the page says %q %q %q", at, fresh, mark)
	}
	return at, fresh, mark
}

const arrival = "From: Dr Petit <hugo.petit@chu.mssante.fr>\r\nSubject: une nouvelle\r\n\r\nmot\r\n"

// A letter that arrives is told to the page that shows the mailbox, whose mark is then
// no longer the folder's.
func TestLiveTellsAnArrival(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	at, fresh, mark := liveOf(t, c)
	events, status := stream(t, k, c, at)
	if status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	next(t, events, "hello", func(e told) bool { return e.name == "hello" })
	if e := next(t, events, "how it stands", inboxNews); e.data.Folders[0].Mark != mark || e.data.Folders[0].Arrived {
		t.Errorf("told %+v, the page says %s", e, mark)
	}
	began := time.Now()
	if !k.World.Mail().Put(people.MartinBox, "INBOX", nil, k.Clock.Now(), []byte(arrival)) {
		t.Fatal("not delivered")
	}
	e := next(t, events, "an arrival", func(e told) bool { return inboxNews(e) && e.data.Folders[0].Arrived })
	t.Logf("told after %s", time.Since(began).Round(time.Millisecond))
	if f := e.data.Folders[0]; f.Mark == mark || f.Count == "" || !strings.Contains(f.Words, "non lue") {
		t.Errorf("told %+v", f)
	}
	list := ok(t, c.Get(fresh, testkit.Fragment))
	d := doc(t, list)
	if got := d.Find("#live").AttrOr("data-mark", ""); got != e.data.Folders[0].Mark {
		t.Errorf("the list asked for anew says %s, told %s", got, e.data.Folders[0].Mark)
	}
	if got := d.Find("[data-testid=row-subject]").First().Text(); got != "une nouvelle" {
		t.Errorf("its first row is %q", got)
	}
	if strings.Contains(string(list.Body), "<html") {
		t.Error("a whole page where a fragment was asked for")
	}
}

// Neither the stream nor what the page asks for by itself is an act: the session ends
// as if the page were closed, and the page stays, text and all.
func TestLiveKeepsNoSessionAlive(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	at, fresh, _ := liveOf(t, c)
	events, _ := stream(t, k, c, at)
	next(t, events, "how it stands", inboxNews)
	k.Clock.Advance(29 * time.Minute) // the provider's refresh token lives 30
	if a := c.Get(fresh, testkit.Fragment); a.Status >= 500 && a.Status != http.StatusBadGateway {
		t.Errorf("fresh: %d", a.Status)
	}
	k.Clock.Advance(2 * time.Minute)
	began := time.Now()
	e := next(t, events, "the end", func(e told) bool { return e.name == "over" })
	if e.data.Why != "session" || e.data.Say == "" || e.data.Cover {
		t.Errorf("ended with %+v", e)
	}
	t.Logf("ended after %s", time.Since(began).Round(time.Millisecond))
	if a := c.Get(fresh, testkit.Fragment); a.Status != http.StatusNoContent || a.Header.Get("HX-Redirect") != "" {
		t.Errorf("a list nobody clicked for takes the page away: %d %q", a.Status, a.Header.Get("HX-Redirect"))
	}
	if a := c.Get(at, testkit.For("empty"), testkit.With("Accept", "application/json")); a.Status != http.StatusUnauthorized || !strings.Contains(a.Text(), `"say"`) {
		t.Errorf("asked once: %d %s", a.Status, a.Text())
	}
}

// Signing out ends the streams at once.
func TestLiveEndsAtSignOut(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	at, _, _ := liveOf(t, c)
	events, _ := stream(t, k, c, at)
	next(t, events, "how it stands", inboxNews)
	c.Post("/sign-out", nil)
	if e := next(t, events, "the end", func(e told) bool { return e.name == "over" }); e.data.Why != "session" || !e.data.Cover {
		t.Errorf("ended with %+v: the letters of who left stay on the screen", e)
	}
}

// Who does not take a stream is told once; HEAD and a navigation are told nothing.
func TestLiveOnce(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	at, _, mark := liveOf(t, c)
	a := ok(t, c.Get(at, testkit.For("empty"), testkit.With("Accept", "application/json")))
	if !strings.Contains(a.Text(), "event: news\n") || !strings.Contains(a.Text(), mark) {
		t.Errorf("told %q", a.Text())
	}
	if a := c.Get(at); a.Status != http.StatusForbidden {
		t.Errorf("a navigation: %d", a.Status)
	}
	if a := c.Get(at+"?folder=../x", testkit.For("empty")); a.Status != http.StatusNotFound {
		t.Errorf("a folder that is no id: %d", a.Status)
	}
	for _, e := range []string{"folder=zzzzzzzzzzzzzzzzzzzz"} {
		if a := c.Get(at+"?"+e, testkit.For("empty")); a.Status != http.StatusOK || !strings.Contains(a.Text(), "event: over") {
			t.Errorf("a folder that is not there: %d %s", a.Status, a.Text())
		}
	}
}

// A session holds a few streams, and the node ends all of them when it stops.
func TestLiveIsBoundedAndStops(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	at, _, _ := liveOf(t, c)
	var all []<-chan told
	for range 8 {
		events, status := stream(t, k, c, at)
		if status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
		all = append(all, events)
	}
	if _, status := stream(t, k, c, at); status != http.StatusTooManyRequests {
		t.Errorf("the ninth: %d", status)
	}
	if a := c.Get(at, testkit.For("empty"), testkit.With("Accept", "application/json")); a.Status != http.StatusOK || !strings.Contains(a.Text(), "event: news\n") {
		t.Errorf("who is refused a stream, and asks once: %d %s", a.Status, a.Text())
	}
	for _, events := range all {
		next(t, events, "how it stands", inboxNews)
	}
	if n := k.App.Servers.Watching(); n != 1 {
		t.Errorf("%d connections wait for one mailbox of one session", n)
	}
	k.App.Web.EndStreams()
	for _, events := range all {
		if e := next(t, events, "the stop", func(e told) bool { return e.name == "over" }); e.data.Why != "stop" {
			t.Errorf("ended with %+v", e)
		}
	}
	if _, status := stream(t, k, c, at); status != http.StatusTooManyRequests {
		t.Errorf("one that begins during the stop: %d", status)
	}
	for began := time.Now(); k.App.Web.Streams() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 5*time.Second {
			t.Fatalf("%d streams counted", k.App.Web.Streams())
		}
	}
}
