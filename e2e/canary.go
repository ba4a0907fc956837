//go:build e2e

package e2e

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// canary is a host that must never hear anything: hostile letters point at it,
// and it notes what arrives: requests, TLS handshakes by the name they ask for, and
// connections on which nothing is said (a preconnect).
type canary struct {
	URL  string
	mu   sync.Mutex
	hits []string
}

func newCanary(t testing.TB) *canary {
	t.Helper()
	l := listenLoopback(t)
	c := &canary{URL: "http://" + l.Addr().String()}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go c.listen(conn)
		}
	}()
	return c
}

// listen reads the first bytes of a connection and answers a request with nothing.
func (c *canary) listen(conn net.Conn) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	r := bufio.NewReader(conn)
	first, err := r.Peek(1)
	if err != nil {
		c.add("a silent connection")
		return
	}
	if first[0] == 0x16 { // a TLS ClientHello
		tls.Server(peeked{conn, r}, &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			c.add("TLS for " + hello.ServerName)
			return nil, errors.New("no")
		}}).Handshake()
		return
	}
	req, err := http.ReadRequest(r)
	if err != nil {
		c.add("bytes that are no request: " + err.Error())
		return
	}
	c.add(req.Method + " " + req.Host + req.URL.RequestURI())
	fmt.Fprint(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\nCache-Control: no-store\r\nAccess-Control-Allow-Origin: *\r\n\r\n")
}

// peeked is a connection whose first bytes were looked at.
type peeked struct {
	net.Conn
	r *bufio.Reader
}

func (p peeked) Read(b []byte) (int, error) { return p.r.Read(b) }

func (c *canary) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hits = append(c.hits, what)
}

// heard gives what arrived so far, but for what a Chromium says on its own.
func (c *canary) heard() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, h := range c.hits {
		if !ownTalk.MatchString(h) {
			out = append(out, h)
		}
	}
	return out
}

// ownTalk are the hosts a resting Chromium calls, flags notwithstanding. Requests
// that a page makes to them are still seen: tab.asked has those.
var ownTalk = regexp.MustCompile(`^(TLS for|GET|POST) (update\.googleapis\.com|clients2\.google\.com|accounts\.google\.com|` +
	`optimizationguide-pa\.googleapis\.com|safebrowsing\.googleapis\.com|www\.google\.com|content-autofill\.googleapis\.com|redirector\.gvt1\.com|` +
	`android\.clients\.google\.com|mtalk\.google\.com)(/|$)`)

// forget starts counting anew.
func (c *canary) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hits = nil
}

// control shows a page that sanitises nothing, under no policy, in a tab of its
// own, and fails unless a canary heard it (and its script ran): only then does
// another's silence mean anything. body gets the canary's address.
func control(t testing.TB, b *tab, body func(canary string) string) {
	t.Helper()
	c := newCanary(t)
	open := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!doctype html><body>%s</body>", body(c.URL))
	}))
	defer open.Close()
	b.open(open.URL)
	deadline := time.Now().Add(patience)
	for {
		console, _ := b.heardAll()
		ran := !b.js || strings.Contains(strings.Join(console, "\n"), ranMark)
		if ran && len(c.heard()) > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the unsanitised control was heard %q and its script ran: %v; a canary's silence proves nothing", c.heard(), ran)
		}
		time.Sleep(25 * time.Millisecond)
	}
}

// ranMark is what every hostile script of ours writes to the console.
const ranMark = "pli-canary-ran"
