//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"pli.example/pli/e2e/program"
)

// patience bounds every wait on a page. Polling, never sleeping: a quick page
// costs nothing.
const patience = 30 * time.Second

// pace is the time between two looks at something awaited: what is nearly there is
// seen at once, what takes long is not asked after forty times a second, which would
// keep the processor from it.
type pace struct{ last time.Duration }

func (p *pace) wait() {
	p.last = min(max(20*time.Millisecond, p.last*5/4), 250*time.Millisecond)
	time.Sleep(p.last)
}

// The browsers: one engine, two programs. The shell is Chromium without what lies
// around the engine (window, prefetching, predictions) and costs half; whatever a
// hostile letter is shown in is the whole browser, which has more ways out.
const (
	shell = "chromium-headless-shell"
	whole = "chromium"
)

// running are the browser processes of the run, one per program; each tab has its
// own cookies, as a person at another computer would.
var running struct {
	sync.Mutex
	ctx map[string]context.Context
	end []func()
	err error
}

// browserContext is the browser of that program; the shell may be missing, the
// whole browser does its work then.
func browserContext(t testing.TB, name string) context.Context {
	t.Helper()
	running.Lock()
	defer running.Unlock()
	path, err := exec.LookPath(name)
	if err != nil && name == shell {
		path, err = exec.LookPath(whole)
	}
	if err != nil {
		t.Skip("chromium is not installed: run e2e/test")
	}
	if ctx := running.ctx[path]; ctx != nil {
		return ctx
	}
	if running.err != nil {
		t.Fatal(running.err)
	}
	options := []chromedp.ExecAllocatorOption{chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")} // nothing leaves the machine
	if name == shell {                                                                                                    // no process kept ready for a page nobody asked for, none for a graphics card there is not
		options = append(options, chromedp.Flag("disable-features", "Translate,SpareRendererForSitePerProcess"), chromedp.Flag("in-process-gpu", true))
	}
	ctx, end, err := startBrowser(path, options...)
	if err != nil {
		running.err = fmt.Errorf("%s does not start: %w", path, err)
		t.Fatal(running.err)
	}
	if running.ctx == nil {
		running.ctx = map[string]context.Context{}
	}
	running.ctx[path], running.end = ctx, append(running.end, end)
	return ctx
}

func startBrowser(path string, more ...chromedp.ExecAllocatorOption) (context.Context, func(), error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "fr"))
	alloc, endAlloc := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	ctx, endBrowser := chromedp.NewContext(alloc)
	if err := chromedp.Do(ctx); err != nil { // no timeout on the first context: it would end the browser
		endAlloc()
		return nil, nil, err
	}
	return ctx, func() { endBrowser(); endAlloc() }, nil
}

// TestMain ends the browsers the tests shared.
func TestMain(m *testing.M) {
	code := m.Run()
	running.Lock()
	for _, end := range running.end {
		end()
	}
	running.Unlock()
	os.Exit(code)
}

// tab is one page of somebody's browser.
type tab struct {
	t         testing.TB
	ctx       context.Context
	js        bool
	downloads string

	mu      sync.Mutex
	console []string // errors and refusals the page reported
	dialogs []string // alert() and the like: a script of ours never opens one
	asked   []request
}

// request is an address that a document asked for.
type request struct{ address, document string }

// newTab opens a tab with its own cookies; js false switches scripts off as a
// browser's own setting would.
func newTab(t testing.TB, js bool) *tab {
	t.Helper()
	return newTabIn(t, browserContext(t, shell), js)
}

// newWholeTab is newTab in the whole browser.
func newWholeTab(t testing.TB, js bool) *tab {
	t.Helper()
	return newTabIn(t, browserContext(t, whole), js)
}

// newTabIn is newTab in a given browser.
func newTabIn(t testing.TB, parent context.Context, js bool) *tab {
	t.Helper()
	return newTabOn(t, sit(t, parent, js))
}

// newTabOn is newTab on a given seat.
func newTabOn(t testing.TB, s *seat) *tab {
	t.Helper()
	b := &tab{t: t, js: s.js, downloads: t.TempDir()}
	s.user.Store(b)
	b.ctx = s.ctx
	t.Cleanup(func() { s.stand(t.Failed()) })
	b.must("choose a download folder", b.call(func(ctx context.Context) error {
		_, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
			Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: b.downloads,
			BrowserContextID: chromedp.FromContext(ctx).BrowserContextID, EventsEnabled: new(true)})
		return err
	}))
	return b
}

// cookies are those a tab would send to base.
func (b *tab) cookies(base string) []*network.Cookie {
	b.t.Helper()
	var got []*network.Cookie
	b.must("read the cookies", b.call(func(ctx context.Context) error {
		r, err := chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{base + "/"}})
		if err == nil {
			got = r.Cookies
		}
		return err
	}))
	return got
}

// setCookies gives a tab the cookies of another.
func (b *tab) setCookies(base string, cookies []*network.Cookie) {
	b.t.Helper()
	for _, c := range cookies {
		b.must("set a cookie", b.call(func(ctx context.Context) error {
			_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: base + "/",
				Path: c.Path, Secure: &c.Secure, HTTPOnly: &c.HTTPOnly, SameSite: c.SameSite})
			return err
		}))
	}
}

func (b *tab) heard(ev any) {
	switch ev := ev.(type) {
	case *page.EventJavascriptDialogOpening:
		b.mu.Lock()
		b.dialogs = append(b.dialogs, ev.Message)
		b.mu.Unlock()
		go chromedp.Call(b.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
	case *runtime.EventConsoleAPICalled:
		var words []string
		for _, a := range ev.Args {
			words = append(words, string(a.Value))
		}
		b.mu.Lock()
		b.console = append(b.console, string(ev.Type)+": "+strings.Join(words, " "))
		b.mu.Unlock()
	case *network.EventRequestWillBeSent:
		if strings.HasPrefix(ev.Request.URL, "http") || strings.HasPrefix(ev.Request.URL, "ws") {
			b.mu.Lock()
			b.asked = append(b.asked, request{ev.Request.URL, ev.DocumentURL})
			b.mu.Unlock()
		}
	case *runtime.EventExceptionThrown:
		b.mu.Lock()
		text := ev.ExceptionDetails.Text
		if ev.ExceptionDetails.Exception != nil {
			text += " " + ev.ExceptionDetails.Exception.Description
		}
		b.console = append(b.console, "exception: "+text)
		b.mu.Unlock()
	}
}

// heardAll tells what scripts did so far: console lines and dialogs.
func (b *tab) heardAll() (console, dialogs []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.console...), append([]string(nil), b.dialogs...)
}

// forget starts listening anew and gives the requests since the last time that
// went elsewhere than to base.
func (b *tab) forget(base string) (strayed []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.asked {
		if !strings.HasPrefix(r.address, base+"/") {
			strayed = append(strayed, r.address+" for "+r.document)
		}
	}
	b.console, b.dialogs, b.asked = nil, nil, nil
	return strayed
}

func (b *tab) call(f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return f(ctx)
}

func (b *tab) must(what string, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", what, err, b.where())
	}
}

// where describes the page a test failed on, and keeps a picture of it.
func (b *tab) where() string {
	url, _ := tryEval[string](b, `location.href`)
	text, _ := tryEval[string](b, `document.body ? document.body.innerText.slice(0, 900) : ""`)
	name := strings.NewReplacer("/", "_", " ", "_").Replace(b.t.Name()) + ".png"
	if png, err := b.png(); err == nil {
		os.MkdirAll(program.Out("failures"), 0o755)
		os.WriteFile(filepath.Join(program.Out("failures"), name), png, 0o644)
	}
	console, _ := b.heardAll()
	return fmt.Sprintf("on %s (picture: e2e/.out/failures/%s)\n%s\nconsole: %s", url, name, text, strings.Join(console, "\n"))
}

func tryEval[T any](b *tab, js string, options ...chromedp.EvaluateOption) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](js, options...))
}

// eval runs a question on the page; DevTools may ask even where the page's own
// scripts are off.
func eval[T any](b *tab, js string) T {
	b.t.Helper()
	v, err := tryEval[T](b, js)
	b.must("ask the page "+js, err)
	return v
}

// open goes to an address.
func (b *tab) open(url string) {
	b.t.Helper()
	b.must("open "+url, b.call(func(ctx context.Context) error {
		err := chromedp.Do(ctx, chromedp.Navigate(url))
		if err != nil && strings.Contains(err.Error(), "ERR_ABORTED") {
			return nil // a download or an empty answer: the page stays
		}
		return err
	}))
}

// until waits for a condition of the page, in JavaScript.
func (b *tab) until(what, condition string) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for p := (pace{}); ; {
		ok, err := tryEval[bool](b, "!!("+condition+")")
		if err == nil && ok {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("waited %v for %s; %v\n%s", patience, what, err, b.where())
		}
		p.wait()
	}
}

func byTest(id string) string { return `[data-testid="` + id + `"]` }

func quoted(s any) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// find is the JavaScript that gives the first element for a CSS selector.
func find(css string) string { return "document.querySelector(" + quoted(css) + ")" }

// see waits until something is there.
func (b *tab) see(css string) {
	b.t.Helper()
	b.until(css, find(css))
}

func (b *tab) has(css string) bool { b.t.Helper(); return eval[bool](b, "!!"+find(css)) }

func (b *tab) count(css string) int {
	b.t.Helper()
	return eval[int](b, "document.querySelectorAll("+quoted(css)+").length")
}

// text gives what an element says, waiting for it.
func (b *tab) text(css string) string {
	b.t.Helper()
	b.see(css)
	return strings.TrimSpace(eval[string](b, find(css)+".textContent"))
}

func (b *tab) texts(css string) []string {
	b.t.Helper()
	return eval[[]string](b, "[...document.querySelectorAll("+quoted(css)+")].map(e => e.textContent.trim())")
}

func (b *tab) attr(css, name string) string {
	b.t.Helper()
	b.see(css)
	return eval[string](b, find(css)+".getAttribute("+quoted(name)+") || ''")
}

func (b *tab) url() string { b.t.Helper(); return eval[string](b, "location.href") }

// click presses the mouse on an element, as a person would.
func (b *tab) click(css string) {
	b.t.Helper()
	b.see(css)
	b.steady(css)
	var err error
	for range 3 { // a page that replaces itself may take the element away under the mouse
		err = b.call(func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
			defer cancel()
			return chromedp.Do(ctx, chromedp.Click(chromedp.CSS(css), chromedp.NodeVisible))
		})
		if err == nil || b.ctx.Err() != nil {
			break
		}
	}
	b.must("click "+css, err)
}

// leave clicks something that leads to another document and waits for it.
func (b *tab) leave(css string) {
	b.t.Helper()
	b.see(css)
	eval[bool](b, "(document.documentElement.dataset.before = '1', true)")
	b.click(css)
	b.until("another page after "+css, "document.readyState === 'complete' && !document.documentElement.dataset.before")
}

// write types into a field.
func (b *tab) write(css, text string) {
	b.t.Helper()
	b.see(css)
	eval[bool](b, "("+find(css)+".value = '', true)")
	b.must("write into "+css, b.call(func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS(css), text))
	}))
}

// key presses one key on the page.
func (b *tab) key(key string) {
	b.t.Helper()
	b.must("press "+key, b.call(func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.KeyEvent(key)) }))
}

// viewport sets the width, the scheme and takes effect at once.
func (b *tab) viewport(width, height int64, dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.must("set the viewport", b.call(func(ctx context.Context) error {
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil {
			return err
		}
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return err
	}))
	b.until("transitions to end", `document.getAnimations().every(a => a.playState !== "running")`)
}

func (b *tab) png() ([]byte, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.CaptureScreenshot())
}

// downloaded waits for one finished file in the download folder.
func (b *tab) downloaded() (name string, content []byte) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		entries, _ := os.ReadDir(b.downloads)
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".crdownload") || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			path := filepath.Join(b.downloads, e.Name())
			content, err := os.ReadFile(path)
			if err != nil || len(content) == 0 {
				continue // its name is reserved before its bytes are there
			}
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				b.t.Fatal(err)
			}
			return e.Name(), content
		}
		time.Sleep(25 * time.Millisecond)
	}
	b.t.Fatalf("no download arrived\n%s", b.where())
	return "", nil
}

// steady waits, two seconds at most, until an element stands still: a script that has
// just put something above it moves it from under the mouse.
func (b *tab) steady(css string) {
	if !b.js {
		return
	}
	at := func() string { // nobody presses what a bar covers: the page is scrolled first
		v, _ := tryEval[string](b, `(e => { let r = e && e.getBoundingClientRect(); const over = r && document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
			if (over && over !== e && !e.contains(over) && !over.contains(e)) { e.scrollIntoView({ block: "center" }); r = e.getBoundingClientRect(); } return r ? [r.top, r.left].map(Math.round).join() : ""; })(document.querySelector(`+quoted([]string{css})+`[0]))`)
		return v
	}
	for last, end := at(), time.Now().Add(2*time.Second); time.Now().Before(end); {
		time.Sleep(40 * time.Millisecond)
		now := at()
		if now == last {
			return
		}
		last = now
	}
}
