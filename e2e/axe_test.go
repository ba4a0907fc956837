//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// finding is one rule of axe-core that a page breaks.
type finding struct {
	ID, Impact, Help string
	Nodes            []struct {
		Target  any
		Summary string `json:"failureSummary"`
		HTML    string
	}
}

// axeSource is the engine's text.
func axeSource(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(tools(), "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Skip("axe-core is not installed: run e2e/test")
	}
	return string(source)
}

// The rules asked of a page. The dark scheme changes colours and nothing else: the
// rules of colour are those it can break.
const (
	everyRule   = `{type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}`
	colourRules = `{type: "rule", values: ["color-contrast", "link-in-text-block"]}`
)

// rules are those asked of a page in this look.
func (l look) rules() string {
	if l.dark {
		return colourRules
	}
	return everyRule
}

// accessible runs axe-core on the page as it stands. The sender's own document inside
// a frame is excluded (we do not write it); the frame's title and reachability are
// not.
func (b *tab) accessible(t *testing.T, source, page string, l look) {
	t.Helper()
	for _, f := range b.axe(source, l.rules()) {
		for _, n := range f.Nodes {
			t.Errorf("%s at %s: %s (%s) %s\n  %v\n  %s\n  %s", page, l.name, f.ID, f.Impact, f.Help, n.Target, n.HTML, strings.ReplaceAll(n.Summary, "\n", " "))
		}
	}
	b.frames(t, page)
}

// axe injects the engine (DevTools may, the page's policy forbids it to others)
// and gives what it found. iframes: false keeps it out of the sender's document.
func (b *tab) axe(source, rules string) []finding {
	b.t.Helper()
	if !eval[bool](b, `!!window.axe`) { // once a page, whatever its looks
		b.must("inject axe", chromedp.Do(b.ctx, chromedp.Evaluate[chromedp.Void](source+";void 0")))
	}
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]finding](`axe.run(document, {iframes: false, resultTypes: ["violations"],
		runOnly: `+rules+`}).then(r => r.violations.map(v => ({ID: v.id, Impact: v.impact, Help: v.help, Nodes: v.nodes.map(n => ({Target: n.target, failureSummary: n.failureSummary, HTML: n.html.slice(0, 200)}))})))`,
		chromedp.EvalAwaitPromise))
	b.must("run axe", err)
	return found
}

// frames checks what axe is kept out of: every frame has a title of its own and
// is reached by the keyboard.
func (b *tab) frames(t *testing.T, page string) {
	t.Helper()
	for i, title := range eval[[]string](b, `[...document.querySelectorAll("iframe")].map(f => f.title + (f.tabIndex < 0 ? " (not reachable)" : ""))`) {
		if strings.TrimSpace(title) == "" || strings.Contains(title, "(not reachable)") {
			t.Errorf("%s: frame %d: title %q", page, i, title)
		}
	}
	if n := eval[int](b, `(t => t.length - new Set(t).size)([...document.querySelectorAll("iframe")].map(f => f.title))`); n > 0 {
		t.Errorf("%s: %s", page, fmt.Sprint(n, " frames share a title"))
	}
}
