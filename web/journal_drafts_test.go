package web_test

import (
	"strings"
	"testing"
	"time"
)

// What is saved by itself is one line with a count; a sending stands by itself and
// says to how many; a letter filed says from where to where.
func TestJournalOfWriting(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values("kind", "blank"))
	version := int64(1)
	save := func(at string, version int64, seq int) int64 {
		return ask(t, c, at+"/save", fields{"version": version, "writer": "w", "seq": seq, "subject": "Au journal", "text": "mot" + strings.Repeat(" de plus", seq), "to": to("hugo.petit@chu-touraine.mssante.fr", "paul.mercier@masseur-kinesitherapeute.mssante.fr")}).Version
	}
	for seq := range 5 {
		version = save(at, version, seq+1)
		if a := c.Post(at+"/pause", values("leave", "1")); a.Status != 200 {
			t.Fatal(a.Status, a.Text())
		}
		k.Clock.Advance(20 * time.Second)
	}
	if x := ask(t, c, at+"/send", fields{"version": version, "files": []string{}, "confirmed": []string{}}); x.Came != "sent" {
		t.Fatalf("%+v", x)
	}
	rows := func(kind, words string) *selection {
		return doc(t, ok(t, c.Get("/journal?kind="+kind))).Find("tbody tr").FilterFunction(func(_ int, s *selection) bool { return strings.Contains(s.Text(), words) })
	}
	if l := rows("drafts", "Brouillon enregistré"); l.Length() != 1 || !strings.Contains(l.Text(), "5\u00a0fois") {
		t.Errorf("%d lines of savings: %q", l.Length(), l.Text())
	}
	if l := rows("writing", "Lettre envoyée"); l.Length() != 1 || !strings.Contains(l.Text(), "à 2\u00a0destinataires") {
		t.Errorf("%d sendings: %q", l.Length(), l.Text())
	}
	if rows("writing", "Brouillon").Length() != 0 {
		t.Error("the sendings are drowned")
	}
	inbox := inboxOf(t, c)
	ref := doc(t, ok(t, c.Get(inbox))).Find("[data-testid=row-select]").Last().AttrOr("value", "")
	if a := c.Post("/mail/"+strings.Split(inbox, "/")[2]+"/act?do=archive", values("ref", ref)); a.Status != 303 {
		t.Fatal(a.Status)
	}
	if l := rows("filing", "Lettre classée"); !strings.Contains(l.Text(), "de Réception vers Archives") {
		t.Errorf("filing: %q", l.Text())
	}
}
