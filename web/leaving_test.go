package web_test

import (
	"net/http"
	"strings"
	"testing"

	"pli.example/pli/internal/testkit"
)

// Closing a letter one wrote in says where it is, with the way back to it.
func TestKeptLetterIsSaid(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values("kind", "blank"))
	ask(t, c, at+"/save", fields{"version": 1, "writer": "w", "seq": 1, "subject": "Suite", "html": "<p>Bonjour</p>"})
	said := ask(t, c, at+"/pause", values("kept", "1"))
	f := doc(t, ok(t, c.Follow(inboxOf(t, c)+"?note="+said.Note))).Find("[data-testid=flash]")
	if !strings.Contains(f.Text(), "gardée dans Brouillons") || f.Find("[data-testid=draft-go-on]").AttrOr("href", "") != at {
		t.Errorf("said: %q", f.Text())
	}
	c.Post(at, values("do", "discard"))
	if said := ask(t, c, at+"/pause", values("kept", "1")); said.Note != "" {
		t.Error("a draft put away is said to be kept")
	}
}

// Without a script a question stands below the window: the answer leads to it.
func TestQuestionIsInSight(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values("kind", "blank", "plain", "1"))
	a := c.Post(at, values("plain", "1", "version", "1", "to", "hugo.petit@chu-touraine.mssante.fr", "subject", "Suite", "text", "Vous trouverez ci-joint le compte rendu.", "do", "send"))
	_, place, _ := strings.Cut(a.Location(), "#")
	if d := doc(t, ok(t, c.Get(a.Location()))); a.Status != http.StatusSeeOther || place == "" || d.Find("[id='"+place+"'] input[name=confirmed]").Length() != 1 {
		t.Errorf("%d to %s", a.Status, a.Location())
	}
}

// Closing a letter leads where it was begun; another site's address leads nowhere.
func TestClosingALetterLeadsBack(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	box := "/mail/" + strings.Split(inboxOf(t, c), "/")[2]
	for from, want := range map[string]string{
		testkit.Base + "/directory":                             "/directory",
		testkit.Base + box + "/patients?find=abc&note=def":      box + "/patients?find=abc",
		testkit.Base + inboxOf(t, c) + "/1001/3":                inboxOf(t, c) + "/1001/3",
		testkit.Base + box + "/patients/aaaaaaaaaaaaaaaaaa/ins": box,
		testkit.Base + "/sign-out":                              box,
		"":                                                      box,
	} {
		at := c.Post(box+"/compose", values("kind", "blank"), testkit.With("Referer", from)).Location()
		if got := doc(t, ok(t, c.Get(at))).Find("#compose").AttrOr("data-back", ""); got != want {
			t.Errorf("begun at %q: back to %q", from, got)
		}
	}
}
