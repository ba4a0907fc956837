package web_test

import (
	"net/http"
	"testing"
	"time"

	"pli.example/pli/internal/testkit"
)

// A page that reads on in the texts by itself is nobody's act: the session ends as if the
// page were closed.
func TestSearchingOnKeepsNoSessionAlive(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	_, fresh, _ := liveOf(t, c)
	at := c.Post("/mail/"+boxID(t, c, 0)+"/search", values("words", "glycémie", "everywhere", "1")).Location()
	ok(t, c.Get(at))
	k.Clock.Advance(20 * time.Minute) // the provider's refresh token lives 30
	if a := c.Post(at+"/more?auto=1", values("auto", "1"), testkit.Fragment); a.Status != http.StatusOK {
		t.Errorf("reading on: %d", a.Status)
	}
	k.Clock.Advance(11 * time.Minute)
	if a := c.Get(fresh, testkit.Fragment); a.Status != http.StatusNoContent {
		t.Errorf("half an hour after the last click the session answers %d", a.Status)
	}
}
