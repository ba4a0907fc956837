package web_test

import (
	"strings"
	"testing"

	"pli.example/pli/internal/testkit"
)

// The sentence says which letter, though it was never opened; the address does not.
func actsNameTheirLetter(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	inbox := inboxOf(t, c)
	row := doc(t, ok(t, c.Get(inbox))).Find("[data-testid=letter-row]").Last()
	subject, ref := strings.TrimSpace(row.Find("[data-testid=row-subject]").Text()), row.Find("[data-testid=row-select]").AttrOr("value", "")
	a := c.Post("/mail/"+strings.Split(inbox, "/")[2]+"/act?do=archive", values("ref", ref, "next", inbox))
	if u := a.Location(); strings.Contains(u, "%") || strings.Contains(u, strings.Fields(subject)[0]) {
		t.Errorf("the address tells %q", u)
	}
	if say := flashAt(t, c, a).Text(); !strings.Contains(say, "«\u00a0"+string([]rune(subject)[:10])) || !strings.Contains(say, "\u00a0» classée.") {
		t.Errorf("%q is said to be %q", subject, say)
	}
}

// What was taken back is not taken back again, from the same sentence or another tab.
func undoOnce(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	inbox := inboxOf(t, c)
	ref := doc(t, ok(t, c.Get(inbox))).Find("[data-testid=row-select]").First().AttrOr("value", "")
	done := c.Post("/mail/"+strings.Split(inbox, "/")[2]+"/act?do=star", values("ref", ref, "next", inbox))
	action, token, next := undoForm(flashAt(t, c, done))
	if text := flashAt(t, c, c.Post(action, values("undo", token, "next", next))).Text(); !strings.Contains(text, "C’est annulé") {
		t.Fatalf("undo: %q", text)
	}
	if text := flashAt(t, c, c.Post(action, values("undo", token, "next", next))).Text(); !strings.Contains(text, "plus rien à annuler") {
		t.Errorf("again: %q", text)
	}
	if flashAt(t, c, done).Find("form").Length() > 0 {
		t.Error("the page before still offers to take back")
	}
}

// What comes back is what one looks at again: its row in the list, or the letter itself
// for whoever was reading.
func undoShowsWhatCameBack(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	inbox := inboxOf(t, c)
	act := "/mail/" + strings.Split(inbox, "/")[2] + "/act?do=archive"
	for _, reading := range []bool{false, true} {
		rows := doc(t, ok(t, c.Get(inbox))).Find("[data-testid=letter-row]")
		ref, other := rows.Last().Find("[data-testid=row-select]").AttrOr("value", ""), rows.First().Find("a").AttrOr("href", "")
		next := inbox
		if reading {
			next = other + "?filter=unread"
		}
		done := c.Post(act, values("ref", ref, "next", next))
		action, token, back := undoForm(flashAt(t, c, done))
		undone := c.Post(action, values("undo", token, "next", back))
		row := flashAt(t, c, undone).AttrOr("data-row", "")
		top := doc(t, ok(t, c.Get(inbox))).Find("[data-testid=letter-row]").First()
		if row == "" || top.AttrOr("data-uid", "") != row {
			t.Errorf("row %q is named, %q came back", row, top.AttrOr("data-uid", ""))
		}
		if at := undone.Location(); reading && !strings.HasPrefix(at, top.Find("a").AttrOr("href", "none")+"?filter=unread&") || !reading && !strings.HasPrefix(at, inbox+"?note=") {
			t.Errorf("reading %v: back at %q", reading, at)
		}
	}
}

// A name that poses as an address is told in the list as well as in the letter.
func doubtfulSender(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("petit")
	rows := doc(t, ok(t, c.Get(inboxOf(t, c)))).Find("[data-testid=letter-row]:has(.chip-doubt)")
	if rows.Length() != 1 || !strings.Contains(rows.Text(), "claire.martin@medecin.mssante.fr") {
		t.Fatalf("%d rows in doubt: %q", rows.Length(), rows.Text())
	}
	d := doc(t, ok(t, c.Get(rows.Find("a").AttrOr("href", ""))))
	if say := d.Find(".notice-alarm").Text(); !strings.Contains(say, "Expéditeur à vérifier") || d.Find("[data-testid=first-page]").Length() > 0 {
		t.Errorf("the letter says %q", say)
	}
}
