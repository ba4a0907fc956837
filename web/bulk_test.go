package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/testkit"
)

// lot puts n letters in a folder of the cabinet's mailbox that nobody else uses.
func lot(t *testing.T, k *testkit.Kit, folder string, n int) {
	t.Helper()
	for i := range n {
		raw := fmt.Sprintf("From: a@chu.mssante.fr\r\nTo: cabinet-des-lilas@pro.mssante.fr\r\nSubject: lot %d\r\nMessage-ID: <lot-%d@x>\r\n\r\nmot\r\n", i, i)
		if !k.World.Mail().Put(people.LilasBox, folder, nil, k.Clock.Now(), []byte(raw)) {
			t.Fatal("not delivered")
		}
	}
}

// folderNamed is a folder's page, by its name in the rail.
func folderNamed(t *testing.T, c *testkit.Client, box, name string) string {
	t.Helper()
	href := ""
	doc(t, ok(t, c.Follow("/mail/"+box))).Find(".rail a.rail-link").Each(func(_ int, s *selection) {
		if strings.Contains(s.Text(), name) {
			href = s.AttrOr("href", "")
		}
	})
	if href == "" {
		t.Fatalf("no folder %s", name)
	}
	return href
}

// ended asks for a page until its strip says that the act on many letters is over.
func ended(t *testing.T, c *testkit.Client, path string) *selection {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		if strip := doc(t, ok(t, c.Follow(path))).Find("[data-testid=job-over]"); strip.Length() > 0 {
			return strip
		}
	}
	t.Fatal("no end")
	return nil
}

// press sends the form a button belongs to.
func press(t *testing.T, c *testkit.Client, button *selection) *testkit.Answer {
	t.Helper()
	if button.Length() == 0 {
		t.Fatal("no such button")
	}
	form := button.Closest("form")
	v := values()
	form.Find("input[type=hidden]").Each(func(_ int, s *selection) { v.Add(s.AttrOr("name", ""), s.AttrOr("value", "")) })
	if name := button.AttrOr("name", ""); name != "" {
		v.Set(name, button.AttrOr("value", ""))
	}
	a := c.Post(button.AttrOr("formaction", form.AttrOr("action", "")), v)
	if a.Status != 303 {
		t.Fatalf("%s answered %d: %s", a.URL, a.Status, firstBytes(doc(t, a).Find("main").Text(), 300))
	}
	return a
}

// TestWholeFolder: 130 letters filed and brought back by forms alone; a letter that
// comes meanwhile stays; a stranger's choice, an old UIDVALIDITY and a second act are
// refused in words.
func TestWholeFolder(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	box := boxID(t, c, 1)
	lot(t, k, "Lots", 130)
	at := folderNamed(t, c, box, "Lots")
	page := doc(t, ok(t, c.Get(at)))
	offer := page.Find("[data-testid=choose-whole]")
	if !strings.Contains(offer.Text(), "Choisir les 130 de «\u00a0Lots\u00a0»") {
		t.Fatalf("offered %q", offer.Text())
	}
	lot(t, k, "Lots", 1)
	chosen := doc(t, ok(t, c.Get(press(t, c, offer).Location())))
	if got := chosen.Find("[data-testid=whole-count]").Text(); !strings.Contains(got, "130\u00a0lettres choisies") {
		t.Errorf("chosen %q", got)
	}
	if chosen.Find("[data-testid=row-select]").Length() != 0 {
		t.Error("rows may be ticked while all of them are chosen")
	}
	archive := chosen.Find("[data-testid=whole-archive]")
	handle := archive.Closest("form").Find("input[name=choice]").AttrOr("value", "")
	other := k.SignIn("martin")
	a := other.Post("/mail/"+box+"/bulk", values("choice", handle, "do", "bin"))
	if text := doc(t, ok(t, other.Follow(a.Location()))).Find("[data-testid=flash]").Text(); !strings.Contains(text, "n’est plus gardé") {
		t.Errorf("another session: %q", text)
	}
	a = press(t, c, archive)
	if a.Location() != at {
		t.Errorf("led to %s", a.Location())
	}
	strip := ended(t, c, at)
	if text := strip.Text(); !strings.Contains(text, "130\u00a0lettres classées.") {
		t.Errorf("says %q", text)
	}
	if n := doc(t, ok(t, c.Get(at))).Find("[data-testid=letter-row]").Length(); n != 1 {
		t.Errorf("%d letters left", n)
	}
	if strip := doc(t, ok(t, c.Get("/journal"))).Find("[data-testid=job-over]"); strip.Length() != 1 {
		t.Error("the strip does not follow to another page")
	}
	if f := ok(t, c.Get("/mail/"+box+"/bulk", testkit.Fragment)); !strings.Contains(f.Text(), "job-over") || strings.Contains(f.Text(), "<html") {
		t.Errorf("the fragment: %s", f.Text())
	}
	press(t, c, strip.Find("[data-testid=job-undo]"))
	strip = ended(t, c, at)
	if text := strip.Text(); !strings.Contains(text, "130\u00a0lettres sont revenues en tête") {
		t.Errorf("says %q", text)
	}
	press(t, c, strip.Find("[data-testid=job-seen]"))
	if doc(t, ok(t, c.Get(at))).Find("[data-testid=job-over]").Length() != 0 {
		t.Error("the strip was put away and stays")
	}
	if trail := acts(t, k, "martin"); !did(trail, audit.LetterArchive, "ok") || !did(trail, audit.Undo, "ok") {
		t.Error("not in the trail")
	}
	parts := strings.Split(at, "/")
	a = c.Post("/mail/"+box+"/choose", values("in", parts[3], "validity", "1", "upto", "5"))
	if text := doc(t, ok(t, c.Follow(a.Location()))).Find("[data-testid=flash]").Text(); text == "" {
		t.Errorf("an old UIDVALIDITY: %d %s", a.Status, a.Location())
	}
}

// TestWholeSearch: what was found beyond the hundred shown.
func TestWholeSearch(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	box := boxID(t, c, 1)
	lot(t, k, "Lots", 120)
	at := c.Post("/mail/"+box+"/search", values("words", "lot")).Location()
	offer := doc(t, ok(t, c.Get(at))).Find("a[data-testid=choose-whole]")
	if !strings.Contains(offer.Text(), "120\u00a0trouvées") {
		t.Fatalf("offered %q", offer.Text())
	}
	chosen := doc(t, ok(t, c.Get(offer.AttrOr("href", ""))))
	a := press(t, c, chosen.Find("[data-testid=whole-read]"))
	if a.Location() != at {
		t.Errorf("led to %s", a.Location())
	}
	if text := ended(t, c, at).Text(); !strings.Contains(text, "120\u00a0lettres marquées lues.") {
		t.Errorf("says %q", text)
	}
}

// TestFoldersPage: each change by its form; what cannot be is said where it was typed.
func TestFoldersPage(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	box := boxID(t, c, 1)
	at := "/mail/" + box + "/folders"
	flash := func(v ...string) string {
		t.Helper()
		a := c.Post(at, values(v...))
		if a.Status != 303 {
			t.Fatalf("%v: %d %s", v, a.Status, firstBytes(doc(t, a).Find("main").Text(), 300))
		}
		return doc(t, ok(t, c.Get(a.Location()))).Find("[data-testid=flash]").Text()
	}
	row := func(name string) *selection {
		t.Helper()
		return doc(t, ok(t, c.Get(at))).Find(".folder-row").FilterFunction(func(_ int, s *selection) bool {
			return strings.TrimSpace(s.Find(".sheet-title").Text()) == name
		})
	}
	if text := flash("do", "create", "name", "Réunions"); !strings.Contains(text, "créé") {
		t.Errorf("create: %q", text)
	}
	id := row("Réunions").Find("input[name=folder]").First().AttrOr("value", "")
	for _, bad := range []string{"", "Corbeille", "a/b", "a\r\nA1 DELETE INBOX", "Réunions"} {
		a := c.Post(at, values("do", "create", "name", bad))
		if a.Status != 422 || doc(t, a).Find("[data-testid=folder-error]").Length() != 1 {
			t.Errorf("%q: %d", bad, a.Status)
		}
	}
	if text := flash("do", "rename", "folder", id, "name", "Staffs"); !strings.Contains(text, "renommé") {
		t.Errorf("rename: %q", text)
	}
	if text := flash("do", "delete", "folder", id); !strings.Contains(text, "n’existe plus") {
		t.Errorf("by its old name: %q", text)
	}
	id = row("Staffs").Find("input[name=folder]").First().AttrOr("value", "")
	lot(t, k, "Staffs", 2)
	if text := flash("do", "delete", "folder", id); !strings.Contains(text, "Videz-le") {
		t.Errorf("delete with letters: %q", text)
	}
	press(t, c, row("Staffs").Find("[data-testid=folder-empty]"))
	if text := ended(t, c, at).Text(); !strings.Contains(text, "2\u00a0lettres mises à la corbeille") {
		t.Errorf("empty: %q", text)
	}
	press(t, c, row("Staffs").Find("[data-testid=folder-delete]"))
	if row("Staffs").Length() != 0 {
		t.Error("still there")
	}
	inbox := row("Réception")
	if inbox.Find("[data-testid=folder-rename], [data-testid=folder-delete]").Length() != 0 {
		t.Error("the inbox may be changed")
	}
	for _, action := range []audit.Action{audit.FolderCreate, audit.FolderRename, audit.FolderDelete} {
		if !did(acts(t, k, "martin"), action, "ok") {
			t.Errorf("%s is not in the trail", action)
		}
	}
}

// TestProcessedLetters: marked, shown in words, filtered, taken back; in a shared
// mailbox too.
func TestProcessedLetters(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	at := c.Get("/mail/" + boxID(t, c, 1)).Location()
	page := doc(t, ok(t, c.Get(at)))
	all := page.Find("[data-testid=letter-row]").Length()
	row := page.Find("[data-testid=letter-row]").Last()
	ref, href := row.Find("[data-testid=row-select]").AttrOr("value", ""), row.Find("a.row-link").AttrOr("href", "")
	form := page.Find("form#selection")
	if form.Find("[data-act=processed]").Length() != 1 {
		t.Error("no button")
	}
	a := c.Post(form.AttrOr("action", ""), values("ref", ref, "do", "processed"))
	page = doc(t, ok(t, c.Get(a.Location())))
	if text := page.Find("[data-testid=flash]").Text(); !strings.Contains(text, "marquée traitée") {
		t.Errorf("says %q", text)
	}
	if page.Find("[data-processed] .chip-state").Length() != 1 {
		t.Error("its row does not say so")
	}
	toDo := page.Find(".filters a").FilterFunction(func(_ int, s *selection) bool { return s.Text() == "À traiter" }).AttrOr("href", "")
	if n := doc(t, ok(t, c.Get(toDo))).Find("[data-testid=letter-row]").Length(); n != all-1 {
		t.Errorf("%d to do of %d", n, all)
	}
	letter := doc(t, ok(t, c.Get(href)))
	if letter.Find("[data-testid=processed]").Length() != 1 || letter.Find("[data-testid=act-process]").AttrOr("aria-pressed", "") != "true" {
		t.Error("the letter does not say so")
	}
	press(t, c, letter.Find("[data-testid=act-process]"))
	if n := doc(t, ok(t, c.Get(toDo))).Find("[data-testid=letter-row]").Length(); n != all {
		t.Errorf("%d to do of %d", n, all)
	}
}

// TestFoldersPageIsBounded: hundreds of folders make a page, not a flood.
func TestFoldersPageIsBounded(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	box := boxID(t, c, 1)
	for i := range 320 {
		lot(t, k, fmt.Sprintf("Dossier %03d", i), 1)
	}
	page := doc(t, ok(t, c.Get("/mail/"+box+"/folders")))
	if n := page.Find(".folder-row").Length(); n != 300 {
		t.Errorf("%d rows", n)
	}
	if page.Find("[data-testid=folders-left]").Length() != 1 {
		t.Error("nothing is said of the others")
	}
}

// A strip of an act under way that nobody knows of any more says so: Pli started anew,
// or its sentence was put away in another tab.
func TestBulkLostSaysSo(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	at, _, _ := liveOf(t, c)
	d := doc(t, ok(t, c.Get(strings.TrimSuffix(at, "live")+"bulk", testkit.Fragment)))
	if says := d.Find("[data-testid=job-over] .job-says").Text(); !strings.Contains(says, "n’est plus suivi") || d.Find("form").Length() > 0 {
		t.Errorf("says %q, %d forms", says, d.Find("form").Length())
	}
}
