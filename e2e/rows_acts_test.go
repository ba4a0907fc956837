//go:build e2e

package e2e

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
)

func markUnread(t *testing.T, w *world, b *tab) {
	e, subject := begin(t, w, b, "nonlue")
	w.openLetter(b, e, subject)
	e.eventually("opened", subject, flagged(`\Seen`, true))
	b.click(byTest("act-more"))
	b.leave(byTest("act-unread"))
	e.eventually("marked unread", subject, flagged(`\Seen`, false))
}

func star(t *testing.T, w *world, b *tab) {
	e, subject := begin(t, w, b, "suivre")
	w.openLetter(b, e, subject)
	b.leave(byTest("act-star"))
	e.eventually("starred", subject, flagged(`\Flagged`, true))
	w.openLetter(b, e, subject)
	b.leave(byTest("act-star"))
	e.eventually("no longer starred", subject, flagged(`\Flagged`, false))
}

func archiveAndUndo(t *testing.T, w *world, b *tab) {
	e, subject := begin(t, w, b, "classer")
	w.openLetter(b, e, subject)
	b.leave(byTest("act-archive"))
	b.see(byTest("flash"))
	e.eventually("filed", subject, only(w.folder("Archive")))
	b.leave(byTest("undo"))
	e.eventually("undone", subject, only("INBOX"))
	e.eventually("still read", subject, flagged(`\Seen`, true))
}

func binOne(t *testing.T, w *world, b *tab) {
	e, subject := begin(t, w, b, "corbeille")
	w.openLetter(b, e, subject)
	b.leave(byTest("act-bin"))
	if b.has(byTest("act-bin")) { // a slow double click would put it away too
		t.Errorf("another letter opened by itself\n%s", b.where())
	}
	e.eventually("in the bin", subject, only(w.folder("Trash")))
}

// tick chooses letters in the list by their boxes.
func (w *world) tick(b *tab, e *eye, subjects ...string) {
	b.t.Helper()
	b.open(w.inbox(b))
	for _, s := range subjects {
		box := row(e, s) + " " + byTest("row-select")
		b.see(box)
		if b.js {
			b.click(row(e, s) + " label")
		} else {
			b.click(box)
		}
		b.until("ticked", find(box)+".checked")
	}
}

func bulkBinAndUndo(t *testing.T, w *world, b *tab) {
	e, first := begin(t, w, b, "lot-un")
	second, third := unique("lot-deux"), unique("lot-reste")
	e.deliver(plainLetter(second, "deux"))
	e.deliver(plainLetter(third, "reste"))
	w.tick(b, e, first, second)
	b.leave(byTest("bulk-bin"))
	e.eventually("first in the bin", first, only(w.folder("Trash")))
	e.eventually("second in the bin", second, only(w.folder("Trash")))
	e.eventually("the one not ticked stays", third, only("INBOX"))
	b.leave(byTest("undo"))
	e.eventually("first is back", first, only("INBOX"))
	e.eventually("second is back", second, only("INBOX"))
}

func bulkRead(t *testing.T, w *world, b *tab) {
	e, first := begin(t, w, b, "lues-un")
	second := unique("lues-deux")
	e.deliver(plainLetter(second, "deux"))
	w.tick(b, e, first, second)
	b.leave(byTest("bulk-read"))
	e.eventually("first read", first, flagged(`\Seen`, true))
	e.eventually("second read", second, flagged(`\Seen`, true))
	w.tick(b, e, second)
	b.leave(byTest("bulk-unread"))
	e.eventually("second unread again", second, flagged(`\Seen`, false))
	e.eventually("first untouched", first, flagged(`\Seen`, true))
}

func moveElsewhere(t *testing.T, w *world, b *tab) {
	e, subject := begin(t, w, b, "deplacer")
	w.openLetter(b, e, subject)
	b.click(byTest("act-more"))
	if !eval[bool](b, `(s => { const o = [...s.options].find(o => o.textContent.includes("Indésirables")); if (!o) return false; s.value = o.value; return true })(document.querySelector("#move-to"))`) {
		t.Fatalf("no folder Indésirables to move to\n%s", b.where())
	}
	b.leave(byTest("act-move"))
	e.eventually("moved", subject, only(w.folder("Junk")))
}

func searchHeaders(t *testing.T, w *world, b *tab) {
	e, subject := begin(t, w, b, "recherche")
	word := strings.Fields(subject)[1]
	b.open(w.inbox(b))
	b.write(byTest("search-input"), word)
	b.leave(byTest("search-submit"))
	b.until("the result", find(byTest("search-result"))+" && "+find(byTest("search-result"))+".textContent.includes("+quoted(subject)+")")
	if strings.Contains(b.url(), word) {
		t.Errorf("the words are in the address: %s", b.url())
	}
	b.click(byTest("search-result") + " a")
	b.until("the letter", find(byTest("letter-subject"))+" && "+find(byTest("letter-subject"))+".textContent.includes("+quoted(subject)+")")
	e.eventually("opened from a result", subject, flagged(`\Seen`, true))
	// A word that could end an IMAP line finds nothing and harms nothing.
	b.open(w.inbox(b))
	b.write(byTest("search-input"), `x" NOT DELETED {3} \ é`)
	b.leave(byTest("search-submit"))
	if b.has(byTest("error-title")) {
		t.Errorf("an odd search fails\n%s", b.where())
	}
}

// searchEverywhere looks into the text as well: by itself when who and subject give
// little, the box ticked then; with conditions beside words, in all folders or in one.
func searchEverywhere(t *testing.T, w *world, b *tab) {
	e := w.eye(t, martinBox)
	subject, hidden := unique("texte"), strings.Fields(unique("mot"))[1]
	e.deliver(plainLetter(subject, "dedans il y a "+hidden+" et rien d'autre"))
	w.signIn(b, "martin")
	found := find(byTest("search-result")) + " && " + find(byTest("search-result")) + ".textContent.includes(" + quoted(subject) + ")"
	b.write(byTest("search-input"), hidden)
	b.leave(byTest("search-submit"))
	b.until("the result without a tick", found)
	b.until("the box is ticked for them", find(`input[name="everywhere"]`)+".checked")
	b.write(byTest("search-input"), "texte:"+hidden+" non-lue depuis:2020")
	b.leave(byTest("search-submit"))
	b.until("the result by conditions", found+" && document.querySelectorAll('.search-chip').length === 3")
	b.leave(byTest("chip-unread"))
	b.until("a condition less", found+" && document.querySelectorAll('.search-chip').length === 2")
	b.write(byTest("search-input"), "dans:archives")
	b.leave(byTest("search-submit"))
	b.until("not in that folder", find(byTest("search-progress"))+" && !document.querySelector('[data-testid=letter-row]')")
	if strings.Contains(b.url(), hidden) {
		t.Errorf("the words are in the address: %s", b.url())
	}
}

func zipOfAll(t *testing.T, w *world, b *tab) {
	w.openWith(t, b, "tout", attached{"compte-rendu.pdf", "application/pdf", samplePDF()},
		attached{"../../etc/notes.txt", "text/plain", []byte("un")}, attached{"notes.txt", "text/plain", []byte("deux")})
	b.click(byTest("download-all"))
	name, raw := b.downloaded()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var names []string
	content := map[string]string{}
	for _, f := range z.File {
		names = append(names, f.Name)
		if strings.ContainsAny(f.Name, `/\`) || strings.HasPrefix(f.Name, ".") {
			t.Errorf("a path in the archive: %q", f.Name)
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		content[f.Name] = string(text)
	}
	if len(content) != 3 || content["compte-rendu.pdf"] != string(samplePDF()) {
		t.Errorf("the archive holds %v", names)
	}
	slices.Sort(names)
	if texts := content[names[1]] + content[names[2]]; texts != "undeux" && texts != "deuxun" {
		t.Errorf("the two files of one name: %q in %v", texts, names)
	}
}
