package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/testkit"
)

// raw gives a request a body of its own.
func raw(kind string, body []byte) testkit.Change {
	return func(r *testkit.Request) {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Origin", testkit.Base)
		r.Header.Set("Sec-Fetch-Mode", "cors")
		r.Header.Set("Sec-Fetch-Dest", "empty")
	}
}

// asked is what a script of the page gets.
type asked struct {
	Note                                        string
	Status                                      int
	ID, Href, Say, Came, To, Saved, Text, Other string
	Version, Received, Size                     int64
	Copy                                        bool
	Remarks                                     []struct{ Key, Level, Place, Address, Say string }
	Fates                                       []struct{ Who, Say string }
	Entries                                     []struct{ Name, Address, Work string }
	Chips                                       []struct{ Name, Address, Kind, Say, Suggest string }
}

func ask(t *testing.T, c *testkit.Client, path string, body any) asked {
	t.Helper()
	var a *testkit.Answer
	switch b := body.(type) {
	case url.Values:
		a = c.Post(path, b)
	case []byte:
		a = c.Post(path, nil, raw("application/octet-stream", b))
	default:
		j, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		a = c.Post(path, nil, raw("application/json", j))
	}
	var out asked
	if err := json.Unmarshal(a.Body, &out); err != nil {
		t.Fatalf("%s answered %d %q: %v", path, a.Status, firstBytes(a.Text(), 300), err)
	}
	out.Status = a.Status
	return out
}

type fields map[string]any

// to is a list of recipients as the page's script sends it.
func to(addresses ...string) []map[string]string {
	out := []map[string]string{}
	for _, a := range addresses {
		out = append(out, map[string]string{"a": a})
	}
	return out
}

// begin begins a letter in the person's first mailbox and gives its address.
func begin(t *testing.T, c *testkit.Client, form url.Values) string {
	t.Helper()
	box := strings.Split(c.Get("/").Location(), "/")[2]
	a := c.Post("/mail/"+box+"/compose", form)
	if a.Status != 303 || !strings.Contains(a.Location(), "/compose/") {
		t.Fatalf("begin: %d %s %s", a.Status, a.Location(), firstBytes(a.Text(), 300))
	}
	p, _, _ := strings.Cut(a.Location(), "?")
	return p
}

// kit is an app of its own with its directory and white list there.
func writingKit(t *testing.T, o ...testkit.Option) *testkit.Kit {
	k := testkit.New(t, o...)
	k.Stock()
	return k
}

// received waits until a letter with these words in its subject stands in a mailbox.
func received(t *testing.T, c *testkit.Client, subject string) string {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(30 * time.Millisecond) {
		d := doc(t, ok(t, c.Follow("/")))
		row := d.Find("[data-testid=letter-row]").FilterFunction(func(_ int, s *selection) bool {
			return strings.Contains(s.Find("[data-testid=row-subject]").Text(), subject)
		}).First()
		if row.Length() > 0 {
			return row.Find("a.row-link").AttrOr("href", "")
		}
	}
	t.Fatalf("no letter about %q arrived", subject)
	return ""
}
