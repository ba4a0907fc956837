//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/site"
	"pli.example/pli/e2e/visitor"
)

// outageTime is how long the mail server is away: twenty seconds in the long run.
func outageTime() time.Duration {
	if os.Getenv("PLI_E2E_LONG") != "" {
		return 20 * time.Second
	}
	return 3 * time.Second
}

// TestOutage cuts the mail server's power while people read. Each page asked meanwhile
// says that the mail does not answer, soon, and asks nobody to sign in; once the
// server is back the same sessions read on.
func TestOutage(t *testing.T) {
	t.Parallel()
	needDovecot(t)
	readers := site.Many(4, "panne.test")
	var boxes []string
	for _, r := range readers {
		boxes = append(boxes, r.Mailbox)
	}
	d, err := dovecot.Start(dovecot.Options{Dir: t.TempDir(), Mailboxes: boxes, Separator: "/"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Stop)
	for _, box := range boxes {
		c, err := d.Inspect(box)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 30 {
			raw := fmt.Sprintf("From: a@b.test\r\nTo: %s\r\nSubject: Lettre %d\r\n\r\nTexte.\r\n", box, n)
			if err := c.Append("INBOX", nil, time.Time{}, []byte(raw)); err != nil {
				t.Fatal(err)
			}
		}
		c.Close()
	}
	s, err := site.Start(site.Options{Dir: t.TempDir(), Address: d.Address, CA: d.CA.PEM, Readers: readers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	var phase atomic.Int32 // 0 before, 1 away, 2 back
	stop := make(chan struct{})
	counts := make([]outage, len(readers))
	var wg sync.WaitGroup
	for i, r := range readers {
		v, p, err := s.SignIn(r.Key)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() { counts[i].read(v, s.Base, s.Base+p.Attr("folder-inbox", "href"), &phase, stop) })
	}
	time.Sleep(time.Second)
	d.Kill()
	phase.Store(1)
	time.Sleep(outageTime())
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond) // what was asked before the start may end after it
	phase.Store(2)
	time.Sleep(3 * time.Second)
	close(stop)
	wg.Wait()
	for i, c := range counts {
		t.Logf("%s: %d pages before, %d told of the outage (the slowest after %s), %d after", readers[i].Key, c.before, c.told, c.slowest.Round(time.Millisecond), c.after)
		if c.before == 0 || c.told == 0 || c.after < 3 {
			t.Error("too few pages: the test proves nothing")
		}
		for _, w := range c.wrong {
			t.Error(w)
		}
	}
	if t.Failed() {
		t.Log(s.Pli.Log())
	}
}

// outage is what one person saw.
type outage struct {
	before, told, after int
	slowest             time.Duration
	wrong               []string
}

func (o *outage) read(v *visitor.Visitor, base, inbox string, phase *atomic.Int32, stop chan struct{}) {
	var letters []string
	for n := 0; len(o.wrong) < 5; n++ {
		select {
		case <-stop:
			return
		default:
		}
		at := inbox
		if n%2 == 1 && len(letters) > 0 {
			at = base + letters[n%len(letters)]
		}
		before, began := phase.Load(), time.Now()
		p, err := v.Get(at)
		took := time.Since(began)
		if err != nil {
			o.wrong = append(o.wrong, err.Error())
			continue
		}
		if rows := rowsOf(p.Body); len(rows) > 0 {
			letters = letters[:0]
			for _, r := range rows {
				letters = append(letters, r.href)
			}
		}
		o.judge(p, before, phase.Load(), took)
		time.Sleep(50 * time.Millisecond)
	}
}

// judge holds one page against what the server was doing from its question to its
// answer; around the cut either answer is right.
func (o *outage) judge(p *visitor.Page, before, after int32, took time.Duration) {
	down := p.Status >= 502 && p.Status <= 504 && strings.Contains(p.Body, "ne répond pas")
	switch {
	case p.Has("signin-button"):
		o.wrong = append(o.wrong, "asked to sign in again by "+p.URL.Path)
	case down && (before == 0 && after == 0 || before == 2):
		o.wrong = append(o.wrong, fmt.Sprintf("an outage told while there is none: %d", p.Status))
	case down:
		o.told++
		o.slowest = max(o.slowest, took)
	case p.Status != 200:
		o.wrong = append(o.wrong, fmt.Sprintf("%s answered %d", p.URL.Path, p.Status))
	case after == 0:
		o.before++
	case before == 2:
		o.after++
	}
}
