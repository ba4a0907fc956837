package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// output is read while the command writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// The demo says where it is and who lives there, serves pages that bear its
// banner, its own page beside them, a provider on another port, and stops cleanly.
func TestDemoStartsAndStops(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, errOut := &output{}, &output{}
	done := make(chan int, 1)
	go func() { done <- run(ctx, []string{"demo", "--listen", "127.0.0.1:0"}, out, errOut) }()
	deadline := time.Now().Add(60 * time.Second) // 5 s on a quiet machine; the journeys measure that
	for !strings.Contains(out.String(), "Prêt.") {
		if time.Now().After(deadline) {
			t.Fatalf("never ready: %s %s", out, errOut)
		}
		time.Sleep(10 * time.Millisecond)
	}
	base := address.FindString(out.String())
	for _, want := range []string{"Dr Claire Martin", "claire.martin@medecin.mssante.fr", "Sage-femme", "aucune", base + "/demo/"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the welcome lacks %q", want)
		}
	}
	page := fetch(t, base+"/")
	if !strings.Contains(page, "Démonstration") || !strings.Contains(page, `href="/demo/"`) || !strings.Contains(page, "signin-button") {
		t.Errorf("the first page is %s", page)
	}
	if panel := fetch(t, base+"/demo/"); !strings.Contains(panel, "Serveur de lecture (IMAP)") {
		t.Error("no page about the demo")
	}
	csp := headerOf(t, base+"/sign-in", "Content-Security-Policy")
	_, after, _ := strings.Cut(csp, "form-action 'self' ")
	provider, _, _ := strings.Cut(after, ";")
	if provider == base || !strings.HasPrefix(provider, "http://127.0.0.1:") {
		t.Errorf("the provider is at %q", provider)
	}
	if hsts := headerOf(t, base+"/sign-in", "Strict-Transport-Security"); hsts != "" {
		t.Error("HSTS over http would lock the reader out of every port")
	}
	stop()
	select {
	case code := <-done:
		if code != 0 {
			t.Errorf("exit %d: %s", code, errOut)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("never stopped")
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Jar: jar}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func headerOf(t *testing.T, url, name string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.Header.Get(name)
}
