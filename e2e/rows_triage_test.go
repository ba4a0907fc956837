//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pli.example/pli/e2e/rawimap"
)

// lot fills a folder of its own with n letters and gives its name.
func (e *eye) lot(n int) string {
	e.t.Helper()
	name := strings.ReplaceAll(unique("Lot"), " ", "-")
	if r, err := e.c.Do("CREATE " + rawimap.Quote(name)); err != nil || r.Err() != nil {
		e.t.Fatal(err, r)
	}
	for i := range n {
		raw := strings.ReplaceAll(plainLetter(fmt.Sprintf("Lettre %d", i), "mot"), "\n", "\r\n")
		if err := e.c.Append(name, nil, time.Now(), []byte(raw)); err != nil {
			e.t.Fatal(err)
		}
	}
	return name
}

func (e *eye) messages(folder string) int {
	e.t.Helper()
	_, n, err := e.c.Select(folder)
	if err != nil {
		e.t.Fatal(err)
	}
	return int(n)
}

// inFolder opens a folder by its name in the rail.
func (w *world) inFolder(b *tab, name string) {
	b.t.Helper()
	b.open(w.inbox(b))
	href := eval[string](b, fmt.Sprintf(`([...document.querySelectorAll(".rail a.rail-link")].find(a => a.textContent.includes(%s)) || {href: ""}).href`, quoted(name)))
	if href == "" {
		b.t.Fatalf("no folder %s in the rail\n%s", name, b.where())
	}
	b.open(href)
}

// bulkWhole: the letters beyond the page, filed with their progress and brought back
// as one.
func bulkWhole(t *testing.T, w *world, b *tab) {
	e := w.eye(t, martinBox)
	wholeLot(t, w, b, e, 300)
}

func wholeLot(t *testing.T, w *world, b *tab, e *eye, n int) {
	name := e.lot(n)
	filed := e.messages(w.folder("Archive"))
	w.signIn(b, "martin")
	w.inFolder(b, name)
	b.click(".choose")
	b.until("the offer", find(byTest("choose-whole"))+".getClientRects().length > 0")
	b.leave(byTest("choose-whole"))
	b.see(byTest("whole"))
	if got := b.text(byTest("whole-count")); !strings.Contains(strings.ReplaceAll(got, "\u00a0", ""), fmt.Sprint(n)) {
		t.Errorf("the choice says %q", got)
	}
	b.leave(byTest("whole-archive"))
	b.until("the end", "!!"+find(byTest("job-over")))
	if a, left := e.messages(w.folder("Archive"))-filed, e.messages(name); a != n || left != 0 {
		t.Errorf("%d filed, %d left: %s", a, left, b.text(byTest("job-over")))
	}
	b.open(w.inbox(b)) // the strip follows from page to page
	b.leave(byTest("job-undo"))
	b.until("the way back", "!!"+find(byTest("job-over")))
	if a, back := e.messages(w.folder("Archive"))-filed, e.messages(name); a != 0 || back != n {
		t.Errorf("%d still filed, %d back: %s", a, back, b.text(byTest("job-over")))
	}
}

// TestSoakBulk files 5,000 letters at once and brings them back, on Dovecot.
func TestSoakBulk(t *testing.T) {
	if os.Getenv("PLI_E2E_LONG") == "" {
		t.Skip("a long run: e2e/test --long")
	}
	w := newOperator(t, operatorOptions{noLetters: true})
	b := newTab(t, true)
	from := time.Now()
	wholeLot(t, w.world, b, w.eye(t, martinBox), 5000)
	t.Logf("5,000 letters delivered, filed and brought back in %s", time.Since(from).Round(time.Second))
}

// folderTree: made, renamed, emptied into the bin, removed.
func folderTree(t *testing.T, w *world, b *tab) {
	e := w.eye(t, martinBox)
	name, other := unique("Staff"), unique("Congres")
	w.signIn(b, "martin")
	b.open(w.inbox(b))
	b.leave(byTest("manage-folders"))
	b.write(byTest("folder-name"), name)
	b.leave(byTest("folder-create"))
	id := eval[string](b, fmt.Sprintf(`([...document.querySelectorAll(".folder-row")].find(r => r.textContent.includes(%s)) || {dataset: {testid: ""}}).dataset.testid`, quoted(name)))
	if id == "" {
		t.Fatalf("the folder is not listed\n%s", b.where())
	}
	at := byTest(id) + " "
	b.click(at + byTest("folder-change"))
	b.write(at+byTest("folder-rename-name"), other)
	b.leave(at + byTest("folder-rename"))
	if err := e.c.Append(other, nil, time.Now(), []byte(strings.ReplaceAll(plainLetter(other, "mot"), "\n", "\r\n"))); err != nil {
		t.Fatalf("the server has no folder %s: %v", other, err)
	}
	b.leave(byTest("manage-folders"))
	id = eval[string](b, fmt.Sprintf(`[...document.querySelectorAll(".folder-row")].find(r => r.textContent.includes(%s)).dataset.testid`, quoted(other)))
	at = byTest(id) + " "
	b.click(at + byTest("folder-change"))
	b.leave(at + byTest("folder-empty"))
	e.eventually("in the bin", other, only(w.folder("Trash")))
	b.leave(byTest("manage-folders"))
	b.click(at + byTest("folder-change"))
	b.leave(at + byTest("folder-delete"))
	folders, err := e.c.Folders()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if strings.Contains(f.Name, other) || strings.Contains(f.Name, name) {
			t.Errorf("the server still has %q", f.Name)
		}
	}
}
