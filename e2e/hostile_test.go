//go:build e2e

package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
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
	browserContext(t) // skips when there is no Chromium
	to := strings.TrimPrefix(c.URL, "http://")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * "+to+", EXCLUDE 127.0.0.1"))
	alloc, endAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, end := chromedp.NewContext(alloc)
	t.Cleanup(func() { end(); endAlloc() })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// TestHostileCorpus shows every input in Chromium, twice: through the real letter
// page, and the sanitised body alone, without frame, sandbox or policy. Neither
// may run a script or reach a host.
func TestHostileCorpus(t *testing.T) {
	t.Parallel()
	all := attacks(t)
	c := newCanary(t)
	ctx := leashed(t, c)
	// The leash first: any name at all must end at the canary.
	leash := newTabIn(t, ctx, true)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<img src="http://evil.example/leash">`)
	}))
	defer page.Close()
	leash.open(page.URL)
	leash.until("the picture to be asked for", `document.images[0].complete`)
	if heard := strings.Join(c.heard(), "\n"); !strings.Contains(heard, "evil.example/leash") {
		t.Fatalf("a request to any host does not reach the canary: %q", heard)
	}
	c.forget()
	control(t, newTabIn(t, ctx, true), func(canary string) string {
		return `<img src="` + canary + `/pixel"><script>console.log("` + ranMark + `")</script>`
	})

	w := newDemo(t)
	e := w.eye(t, martinBox)
	mark := unique("corpus")
	for i, a := range all {
		text := base64.StdEncoding.EncodeToString([]byte(a.html))
		var lines strings.Builder
		for len(text) > 76 {
			lines.WriteString(text[:76] + "\n")
			text = text[76:]
		}
		e.deliver(letterHead(fmt.Sprintf("%s %d", mark, i)) + "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + lines.String() + text + "\n")
	}
	uids := e.uids(mark)
	if len(uids) != len(all) {
		t.Fatalf("%d letters delivered, %d attacks", len(uids), len(all))
	}

	var mu sync.Mutex
	bodies := make([]string, len(all))
	var wg sync.WaitGroup
	for part := range 2 {
		tab := newTabIn(t, ctx, true)
		w.signIn(tab, "martin")
		tab.forget(w.base)
		first := eval[string](tab, `document.querySelector(".row-link").getAttribute("href")`)
		prefix := absolute(w, first[:strings.LastIndexByte(first, '/')+1])
		wg.Go(func() {
			for i := part; i < len(all); i += 2 {
				body, problem := showAttack(tab, w.base, prefix+uids[i])
				hits := c.heard()
				mu.Lock()
				bodies[i] = body
				if problem != "" || len(hits) > 0 {
					t.Errorf("%s: %s; the canary heard %q\n%s", all[i].name, problem, hits, all[i].html)
					c.forget()
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	bareBodies(t, ctx, c, all, bodies)
	t.Logf("%d attacks shown through the letter page and bare", len(all))
}

// showAttack opens one letter and gives its sanitised body, or what went wrong.
func showAttack(b *tab, base, address string) (body, problem string) {
	if err := b.call(func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.Navigate(address)) }); err != nil {
		return "", "does not open: " + err.Error()
	}
	body, err := tryEval[string](b, `new Promise(done => {
		const f = document.querySelector('[data-testid="letter-body"]');
		if (!f) return done(document.querySelector('[data-testid="letter-subject"]') ? "" : "no letter");
		const ready = () => f.contentDocument && f.contentDocument.URL !== "about:blank" && f.contentDocument.readyState === "complete";
		const wait = () => ready() ? done(f.contentDocument.body.innerHTML) : setTimeout(wait, 5);
		wait();
	})`, chromedp.EvalAwaitPromise)
	if err != nil {
		return "", "its body never came: " + err.Error()
	}
	console, dialogs := b.heardAll()
	if strayed := b.forget(base); len(strayed) > 0 {
		return body, fmt.Sprintf("requests to %q", strayed)
	}
	for _, line := range console {
		if strings.HasPrefix(line, "log") || strings.HasPrefix(line, "exception") {
			return body, "console: " + line
		}
	}
	if len(dialogs) > 0 {
		return body, fmt.Sprintf("dialogs %q", dialogs)
	}
	return body, ""
}

// bareBodies shows the sanitised bodies without any of our other guards, fifty
// frames a page: the sanitiser must hold alone.
func bareBodies(t *testing.T, ctx context.Context, c *canary, all []attack, bodies []string) {
	t.Helper()
	b := newTabIn(t, ctx, true)
	const each = 50
	var mu sync.Mutex
	var asked []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if from, err := strconv.Atoi(r.URL.Query().Get("from")); err == nil && r.URL.Path == "/frames" {
			for i := from; i < min(from+each, len(all)); i++ {
				fmt.Fprintf(w, `<iframe src="/body?n=%d"></iframe>`, i)
			}
			return
		}
		if n, err := strconv.Atoi(r.URL.Query().Get("n")); err == nil && r.URL.Path == "/body" {
			fmt.Fprintf(w, "<!doctype html><html><body>%s</body></html>", bodies[n])
			return
		}
		if r.URL.Path != "/favicon.ico" {
			mu.Lock()
			asked = append(asked, r.Referer()+" asked for "+r.URL.String())
			mu.Unlock()
		}
	}))
	defer srv.Close()
	for from := 0; from < len(all); from += each {
		b.open(srv.URL + "/frames?from=" + strconv.Itoa(from))
		b.until("all frames", `[...document.querySelectorAll("iframe")].every(f => { try { return f.contentDocument && f.contentDocument.readyState === "complete" } catch (e) { return true } })`)
		console, dialogs := b.heardAll()
		if hits := append(c.heard(), b.forget(srv.URL)...); len(hits)+len(dialogs)+len(console) > 0 {
			t.Errorf("bare bodies %d to %d: heard %q, dialogs %q, console %q", from, from+each, hits, dialogs, console)
			c.forget()
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for _, a := range asked {
		where, _ := url.QueryUnescape(a)
		t.Errorf("a sanitised body %s", where)
	}
}
