package web_test

import (
	"testing"

	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/testkit"
)

// What a page read serves its frame without asking the server again, to the same
// session and under the same right only.
func TestFrameOfAnOpenedLetter(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	grant(t, k, "renard", []mssanteGrant{{people.LilasBox, "read"}})
	c, other := k.SignIn("renard"), k.SignIn("renard")
	d := doc(t, ok(t, c.Follow("/")))
	box := d.Find("[data-testid=box-link]").FilterFunction(func(_ int, s *selection) bool { return s.AttrOr("href", "") != "" }).First().AttrOr("href", "/")
	href := letterLinks(t, c, box)[0]
	ok(t, c.Get(href))
	k.World.Stop(demo.ServiceIMAP)
	first := ok(t, c.Get(href+"/body", testkit.For("iframe"))).Text()
	if again := ok(t, c.Get(href+"/body", testkit.For("iframe"))).Text(); again != first || len(first) < 200 {
		t.Errorf("the frame changed from %d to %d bytes", len(first), len(again))
	}
	if a := other.Get(href+"/body", testkit.For("iframe")); a.Status != 503 && a.Status != 502 {
		t.Errorf("another session, that opened nothing, got %d", a.Status)
	}
	if a := c.Get(href+"/body?form=plain&part=9", testkit.For("iframe")); a.Status == 200 {
		t.Error("a part nobody opened was served")
	}
	grants, err := k.App.Grants.ForPerson(t.Context(), member(t, "renard").NationalID)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range grants {
		if err := k.App.Grants.Revoke(t.Context(), mssante.Actor{AccountID: "operator"}, g.ID); err != nil {
			t.Fatal(err)
		}
	}
	if a := c.Get(href+"/body", testkit.For("iframe")); a.Status != 404 {
		t.Errorf("after the right was withdrawn the frame answered %d", a.Status)
	}
}

func TestDocumentsEndWithTheSession(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	href := letterLinks(t, c, "/")[0]
	ok(t, c.Get(href))
	if k.App.Web.Documents() == 0 {
		t.Fatal("nothing is kept")
	}
	c.Post("/sign-out", nil)
	if n := k.App.Web.Documents(); n != 0 {
		t.Errorf("%d bytes of letters outlive their session", n)
	}
}
