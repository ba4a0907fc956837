package mailbox

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"pli.example/pli/internal/index"
	"pli.example/pli/internal/mailserver"
)

// TestIndexBench prints what the index of a large mailbox costs on a real server;
// PLI_INDEX_BENCH says of how many letters (100000).
func TestIndexBench(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("PLI_INDEX_BENCH"))
	if err != nil {
		t.Skip("PLI_INDEX_BENCH not set: nothing is measured")
	}
	w := newDovecotWorld(t)
	w.ctx = t.Context() // no limit of its own
	cur := filepath.Join(w.home, "Maildir", "cur")
	for _, d := range []string{"cur", "new", "tmp"} {
		w.must(os.MkdirAll(filepath.Join(w.home, "Maildir", d), 0o755))
	}
	for i := range n {
		raw := fmt.Sprintf("From: =?utf-8?q?Dr_H=C3=A9l=C3=A8ne?= Roux <praticien%d@lab%d.test.mssante.fr>\r\nTo: %s\r\nSubject: =?utf-8?q?R=C3=A9sultats_d=27analyses?= %d\r\nMessage-ID: <%d.abcdef0123456789@lab.test>\r\n"+
			"References: <%d.abcdef0123456789@lab.test>\r\nDate: Sun, 1 Mar 2026 10:00:00 +0100\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nBonjour\r\n--x--\r\n", i%3000, i%40, annes, i, i, i-i%3)
		w.must(os.WriteFile(filepath.Join(cur, fmt.Sprintf("%d.M%dP1.host:2,S", 1_700_000_000+i, i)), []byte(raw), 0o644))
	}
	if os.Getuid() == 0 {
		if out, err := exec.Command("chown", "-R", "nobody", w.home).CombinedOutput(); err != nil {
			t.Fatal(string(out))
		}
	}
	b := w.open(anne, annes)
	in := b.folderID("INBOX")
	for _, warmth := range []string{"cold", "warm"} {
		began := time.Now()
		b.Index()
		for !b.Reading().Done {
			time.Sleep(time.Millisecond)
			if time.Since(began) > 5*time.Minute {
				t.Fatal(b.Reading())
			}
		}
		took := time.Since(began)
		t.Logf("%s: %d letters read in %v, %.1f µs and %.0f bytes a letter", warmth, n, took, float64(took.Microseconds())/float64(n), float64(w.house.IndexBytes())/float64(n))
		if warmth == "cold" {
			w.house.mu.Lock()
			w.house.dropIndexes(anne.SessionID)
			w.house.mu.Unlock()
		}
	}
	timed := func(what string, f func()) {
		all := make([]time.Duration, 40)
		for i := range all {
			began := time.Now()
			f()
			all[i] = time.Since(began)
		}
		slices.Sort(all)
		t.Logf("%s: p50 %v, p95 %v", what, all[20], all[37])
	}
	timed("page of conversations", func() { w.conversations(b, ConversationQuery{Folder: in}) })
	timed("page 1,000", func() { w.conversations(b, ConversationQuery{Folder: in, Page: 1000}) })
	timed("page of letters", func() {
		_, _, err := b.Desk(w.ctx, ListQuery{Folder: in}, nil)
		w.must(err)
	})
	timed("header search", func() { b.keptOf(false).ix.Search(index.Query{Words: []string{"résultats", "77"}}) })
	timed("header search, its page and its row in the trail", func() {
		_, res, err := b.Search(w.ctx, Query{Words: []string{"résultats", "77"}}, 0)
		w.must(err)
		if res.Total == 0 || !res.Complete {
			t.Fatalf("%+v", res)
		}
	})
	for range 3 {
		began := time.Now()
		h, err := b.mail.SearchWindow(w.ctx, mailserver.Window{Folder: "INBOX", Size: firstWindow, Match: mailserver.Match{Bodies: []string{"rien du tout"}}})
		w.must(err)
		t.Logf("a window: %v, of which the question %v", time.Since(began), h.Took)
	}
	began := time.Now()
	found, res, err := b.Search(w.ctx, Query{Body: []string{"bonjour rien"}}, 0)
	w.must(err)
	t.Logf("first look into texts: %v, %+v", time.Since(began), res.Texts)
	for res.Texts.Going {
		res, err = b.SearchOn(w.ctx, found, time.Second, false)
		w.must(err)
	}
	t.Logf("all texts: %v, %+v", time.Since(began), res.Texts)
	timed("search of the server", func() {
		_, err := b.mail.Search(w.ctx, mailserver.Search{Folder: "INBOX", Words: []string{"77"}})
		w.must(err)
	})
}
