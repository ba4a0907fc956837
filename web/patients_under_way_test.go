package web_test

import (
	"database/sql"
	"net/http"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/testkit"
)

// Attack on oneself: while nobody knows whether a closing left, an older page's button is
// clicked again. It means that closing: no second [FIN] leaves, and the answer says where to
// decide.
func TestCloseWhileAClosingIsUnderWay(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	exchange := exchangeAt(patientAt(t, c, patientsAt(t, c, 0), "waiting", "Odile Besançon"))
	d := doc(t, ok(t, c.Get(exchange)))
	form := values("last", d.Find("input[name=last]").AttrOr("value", ""), "who", d.Find("input[name=who]").AttrOr("value", ""))
	c.Post(exchange+"/close", form)
	binClosing(t, c, exchange)
	// As it stands when the operator's answer was lost, and no copy was filed.
	if err := k.App.DB.Write(t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(t.Context(), `UPDATE drafts SET state = 'unknown' WHERE state = 'sent'`); err != nil {
			return err
		}
		_, err := tx.ExecContext(t.Context(), `UPDATE letters SET state = 'unknown', copied = 0`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	d = doc(t, ok(t, c.Get(exchange)))
	if got := d.Find("[data-testid=exchange-letter]").Last().Text(); !strings.Contains(got, "à confirmer dans Brouillons") || d.Find("[data-testid=exchange-close]").Length() != 0 {
		t.Fatalf("the page does not show a closing under way: %q", got)
	}
	if a := c.Post(exchange+"/close", form); a.Status != http.StatusConflict || !strings.Contains(a.Text(), "dites d’abord si elle est partie") {
		t.Errorf("clicked again: %d %q", a.Status, flashAt(t, c, a).Text())
	}
	var n int
	if err := k.App.DB.Read().QueryRowContext(t.Context(), `SELECT count(*) FROM letters`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d closings left, %v", n, err)
	}
}

// binClosing waits for the copy of the closing and puts it in the bin.
func binClosing(t *testing.T, c *testkit.Client, exchange string) {
	t.Helper()
	for range 200 {
		href := doc(t, ok(t, c.Get(exchange))).Find("[data-testid=exchange-letter]").Last().Find("a").AttrOr("href", "")
		place, _, _ := strings.Cut(href, "?")
		if parts := strings.Split(place, "/"); len(parts) >= 6 {
			if f := flashAt(t, c, c.Post("/mail/"+parts[2]+"/act", values("do", "bin", "ref", strings.Join(parts[3:6], "/")))).Text(); !strings.Contains(f, "corbeille") {
				t.Fatalf("the bin says %q of %s", f, href)
			}
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the closing has no page")
}
