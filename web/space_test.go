package web_test

import (
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/testkit"
)

// TestSpacePage: heavy letters to the bin with their undo; the bin itself only once
// that was asked, and only what it held then.
func TestSpacePage(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	box := boxID(t, c, 1)
	at := "/mail/" + box + "/space"
	lot(t, k, "Trash", 3)
	page := doc(t, ok(t, c.Get(at)))
	if page.Find("[data-testid=space-folder]").Length() < 3 || page.Find("[data-testid=space-unknown]").Length() != 1 {
		t.Errorf("says %s", page.Find("main").Text())
	}
	before := page.Find("[data-testid=empty-bin]")
	a := c.Post(at, values("do", "empty"))
	ask := doc(t, ok(t, a)).Find("[data-testid=erase-ask]")
	if before.Length() != 1 || !strings.Contains(ask.Text(), "Supprimer définitivement 3\u00a0lettres") && !strings.Contains(ask.Text(), "lettres de la corbeille") {
		t.Fatalf("asks %q", ask.Text())
	}
	if did(acts(t, k, "martin"), audit.LetterDelete, "ok") {
		t.Error("erased without having been asked")
	}
	lot(t, k, "Trash", 1)
	press(t, c, ask.Find("[data-testid=erase]"))
	if text := ended(t, c, at).Text(); !strings.Contains(text, "supprimées définitivement") {
		t.Errorf("says %q", text)
	}
	if text := doc(t, ok(t, c.Get(at))).Find("[aria-label=Corbeille]").Text(); !strings.Contains(text, "1\u00a0lettre") {
		t.Errorf("what came after: %q", text)
	}
	if !did(acts(t, k, "martin"), audit.LetterDelete, "ok") {
		t.Error("not in the trail")
	}
	inbox := strings.Split(c.Get("/mail/"+box).Location(), "/")[3]
	for name, form := range map[string][]string{"an age not offered": {"do", "old", "folder", inbox, "years", "0"}, "nothing": {"do", "x"}} {
		if a := c.Post(at, values(form...)); a.Status != 400 && a.Status != 422 {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
}
