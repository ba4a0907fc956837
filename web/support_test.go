package web_test

import (
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/testkit"
)

// Nothing configured: there is no such place, for anybody.
func TestNoSupportPagesUnlessConfigured(t *testing.T) {
	t.Parallel()
	k := testkit.New(t, func(c *config.Config, _ *testkit.Rates) { c.SupportDesk = config.SupportDesk{} })
	for _, at := range []string{"/support", "/support/sign-in", "/support/callback?code=x&state=y", "/support/trail", "/support/people/x"} {
		if a := k.SignIn("martin").Get(at); a.Status != http.StatusNotFound {
			t.Errorf("%s: %d", at, a.Status)
		}
	}
	if a := k.Browser().Post("/support/sign-in", values()); a.Status != http.StatusNotFound {
		t.Errorf("post: %d", a.Status)
	}
}

// agentRows are the trail's rows of whoever acts as support, newest first, their own.
func agentRows(t *testing.T, k *testkit.Kit) []audit.Event {
	t.Helper()
	rows, err := k.App.Audit.Recent(context.Background(), audit.Filter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var out []audit.Event
	for _, r := range rows {
		if strings.HasPrefix(r.Event.Actor.AccountID, "support:") {
			out = append(out, r.Event)
		}
	}
	return out
}

// Somebody of the operator's who is not of support is refused in words, and that is in
// the trail under their name.
func TestSupportRefusesOtherRoles(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c, a := k.TryStaff("roche")
	if a.Status != http.StatusForbidden || !strings.Contains(a.Text(), "n’a pas le rôle") || c.Cookie("__Host-pli-support") != "" {
		t.Errorf("%d %s", a.Status, firstBytes(a.Text(), 500))
	}
	if a := c.Get("/support"); a.Location() != "/support/sign-in" {
		t.Errorf("let in: %d", a.Status)
	}
	rows := agentRows(t, k)
	if len(rows) != 1 || rows[0].Action != audit.SupportRefused || rows[0].Actor.Name != "Alix Roche" || rows[0].Outcome != "denied" {
		t.Errorf("trail: %+v", rows)
	}
	// A practitioner's single sign-on is another provider's: nobody slides over.
	if a := k.SignIn("martin").Get("/support"); a.Location() != "/support/sign-in" {
		t.Errorf("a practitioner: %d", a.Status)
	}
}

// The two kinds of session open nothing of each other's, under either cookie name.
func TestSupportAndPractitionersApart(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	person, agent := k.SignIn("martin").Cookie("__Host-pli"), k.Staff("delmas").Cookie("__Host-pli-support")
	if person == "" || agent == "" {
		t.Fatal("no cookies")
	}
	for cookie, want := range map[string]string{
		"__Host-pli=" + agent: "/sign-in", "__Host-pli-support=" + agent: "/sign-in",
		"__Host-pli-support=" + person: "/support/sign-in", "__Host-pli=" + person: "/support/sign-in",
	} {
		at := map[string]string{"/sign-in": "/sessions", "/support/sign-in": "/support"}[want]
		a := k.Browser().Get(at, testkit.With("Cookie", cookie))
		if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Location(), want) {
			t.Errorf("%s with %.20s…: %d %s", at, cookie, a.Status, a.Location())
		}
	}
}

// An agent left alone for half an hour is out; eight hours are the end in any case.
func TestSupportClocks(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.Staff("delmas")
	for range 20 {
		k.Clock.Advance(24 * time.Minute)
		if a := c.Get("/support"); a.Status != http.StatusOK {
			if k.Clock.Now().Sub(time.Date(2026, 11, 19, 8, 30, 0, 0, time.UTC)) < 8*time.Hour {
				t.Fatalf("out after %s", k.Clock.Now())
			}
			break
		}
	}
	if a := c.Follow("/support"); !strings.Contains(a.Text(), "durée maximale") {
		t.Errorf("after eight hours: %s", firstBytes(a.Text(), 300))
	}
	c = k.Staff("delmas")
	k.Clock.Advance(31 * time.Minute)
	if a := c.Follow("/support"); !strings.Contains(a.Text(), "faute d’activité") {
		t.Errorf("idle: %s", firstBytes(a.Text(), 300))
	}
	if rows := agentRows(t, k); rows[0].Action != audit.SessionEnd || rows[0].Actor.Name != "Sam Delmas" {
		t.Errorf("trail: %+v", rows[0])
	}
}

// An agent closes a session: its person reads why at the next request, and the trail
// has every step under the agent's name.
func TestSupportRevokes(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	martin, agent := k.SignIn("martin"), k.Staff("delmas")
	found := ok(t, agent.Follow(agent.Post("/support/search", values("words", "mártin claire")).Location()))
	person := doc(t, found).Find("[data-testid=support-person]").First().AttrOr("href", "")
	page := doc(t, ok(t, agent.Get(person)))
	form := page.Find("[data-testid=support-session] form").First()
	session, to := form.Find("[name=session]").AttrOr("value", ""), form.AttrOr("action", "")
	if session == "" || page.Find("[data-testid=support-grants] tbody tr").Length() != 2 {
		t.Fatalf("%s", firstBytes(page.Text(), 800))
	}
	if a := agent.Post(to, values("session", session, "why", "")); a.Status != http.StatusBadRequest || !strings.Contains(a.Text(), "pourquoi") {
		t.Errorf("without a reason: %d", a.Status)
	}
	if a := agent.Post("/support/people/nobody/revoke", values("session", session, "why", "support.lost")); a.Status != http.StatusNotFound {
		t.Errorf("of another account: %d", a.Status)
	}
	if a := martin.Get("/sessions"); a.Status != http.StatusOK {
		t.Fatalf("closed too early: %d", a.Status)
	}
	if a := ok(t, agent.Follow(agent.Post(to, values("session", session, "why", "support.lost")).Location())); !strings.Contains(a.Text(), "La session est fermée") {
		t.Error("not said to the agent")
	}
	if a := martin.Follow("/"); !strings.Contains(a.Text(), "déclaré perdu ou volé") {
		t.Errorf("not told: %s", firstBytes(a.Text(), 600))
	}
	var did []string
	for _, e := range agentRows(t, k) {
		if e.Actor.Name != "Sam Delmas" || e.Actor.NationalID != "" || e.Detail != "" {
			t.Errorf("%+v", e)
		}
		did = append(did, string(e.Action))
	}
	want := "support.look session.revoke support.look support.search support.signin"
	if strings.Join(did, " ") != want {
		t.Errorf("trail %q, want %q", did, want)
	}
	rows, err := k.App.Audit.Recent(t.Context(), audit.Filter{Action: audit.SessionRevoke})
	if err != nil || len(rows) != 1 || !strings.Contains(rows[0].Event.Request, "reason=support.lost") {
		t.Errorf("%+v, %v", rows, err)
	}
}

// An export holds each row once, opens in a spreadsheet without running anything, and
// is itself in the trail.
func TestSupportExports(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	k.SignIn("martin").Follow("/")
	if err := k.App.Audit.Record(t.Context(), audit.Event{Actor: mssante.Actor{AccountID: "x", Name: `=HYPERLINK("https://evil.example")`}, Action: audit.SignIn}); err != nil {
		t.Fatal(err)
	}
	agent := k.Staff("delmas")
	all, err := k.App.Audit.Recent(t.Context(), audit.Filter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	a := ok(t, agent.Post("/support/trail/export", values("format", "csv")))
	if !strings.Contains(a.Header.Get("Content-Disposition"), `.csv"`) || a.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("headers %v", a.Header)
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.Text(), "\ufeff")))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil || len(rows) != len(all)+2 { // the head, and the row of the export itself
		t.Fatalf("%d rows of %d, %v", len(rows), len(all), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
				t.Errorf("a cell runs: %q", cell)
			}
		}
	}
	// Of a search, only what it found.
	to := agent.Post("/support/trail", values("action", "folder.list", "person", "Claire Martin")).Location()
	a = ok(t, agent.Post("/support/trail/export", values("format", "ndjson", "search", to[strings.LastIndexByte(to, '/')+1:])))
	lines := strings.Split(strings.TrimSpace(a.Text()), "\n")
	for _, line := range lines {
		var row struct{ Action, Name string }
		if err := json.Unmarshal([]byte(line), &row); err != nil || row.Action != "folder.list" || row.Name != "Dr Claire Martin" {
			t.Errorf("%q: %v", line, err)
		}
	}
	if rows := agentRows(t, k); rows[0].Action != audit.TrailExport || rows[0].Request != "ndjson" {
		t.Errorf("trail: %+v", rows[0])
	}
	// Another agent's handle is nobody else's.
	if a := k.Staff("delmas").Post("/support/trail/export", values("format", "ndjson", "search", to[strings.LastIndexByte(to, '/')+1:])); a.Status != http.StatusGone {
		t.Errorf("another session's search: %d", a.Status)
	}
}

// Verify says in words that the trail holds, and the first place that does not.
func TestSupportVerifies(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	k.SignIn("martin").Follow("/")
	agent := k.Staff("delmas")
	verify := func() string {
		return doc(t, ok(t, agent.Follow(agent.Post("/support/trail/verify", values()).Location()))).Find(".notice").Text()
	}
	if say := verify(); !strings.Contains(say, "Le journal tient") {
		t.Errorf("whole: %q", say)
	}
	err := k.App.DB.Write(t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.Exec(`DROP TRIGGER audit_rows_no_update`); err != nil {
			return err
		}
		_, err := tx.Exec(`UPDATE audit_rows SET name = 'Quelqu''un d''autre' WHERE n = 7`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if say := verify(); !strings.Contains(say, "ne tient pas") || !strings.Contains(say, "ligne 7") || !strings.Contains(say, "ligne modifiée") || !strings.Contains(say, "19/11/2026") {
		t.Errorf("tampered: %q", say)
	}
	rows := agentRows(t, k)
	found := false
	for _, e := range rows {
		found = found || e.Action == audit.TrailVerify && e.Outcome == string(audit.FlawChanged)
	}
	if !found {
		t.Error("what was found is not in the trail")
	}
}

// What a form of support cannot take is said beside its field, and the rest of the form
// stays; part of a mailbox's name is enough when it means one.
func TestSupportFormsAreKept(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.Staff("delmas")
	for name, row := range map[string]struct{ at, field, value, says string }{
		"no such mailbox": {"/support/deliveries", "box", "zzz", "Aucune boîte"},
		"several":         {"/support/deliveries", "box", "mssante", "Plusieurs boîtes"},
		"a date":          {"/support/deliveries", "from", "hier", "ne se lit pas"},
		"mailbox, trail":  {"/support/trail", "box", "zzz", "Aucune boîte"},
		"an act":          {"/support/trail", "action", "letter.teleport", "Cet acte n’existe pas"},
	} {
		form := values("to", "2026-11-19", row.field, row.value)
		a := c.Post(row.at, form)
		page := doc(t, a)
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Find("[data-testid=support-wrong]").Text(), row.says) || page.Find("table").Length() != 0 {
			t.Errorf("%s: %d %s", name, a.Status, firstBytes(page.Find("main").Text(), 400))
		}
		if row.field != "action" {
			f := page.Find("#" + row.field)
			if f.AttrOr("value", "") != row.value || f.AttrOr("aria-invalid", "") != "true" || page.Find("#"+f.AttrOr("aria-describedby", "x")).Length() != 1 {
				t.Errorf("%s: the field is %q", name, f.AttrOr("value", ""))
			}
		}
		if page.Find("#to").AttrOr("value", "") != "2026-11-19" {
			t.Errorf("%s: the rest of the form is lost", name)
		}
	}
	page := doc(t, ok(t, c.Follow(c.Post("/support/deliveries", values("box", "claire.martin@")).Location())))
	if got := page.Find("#box").AttrOr("value", ""); got != "claire.martin@medecin.mssante.fr" {
		t.Errorf("part of an address: %q", got)
	}
}

// One act closes every session of somebody whose card was stolen.
func TestSupportRevokesAll(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	one, two, agent := k.SignIn("martin"), k.SignIn("martin"), k.Staff("delmas")
	found := ok(t, agent.Follow(agent.Post("/support/search", values("words", "martin claire")).Location()))
	person := doc(t, found).Find("[data-testid=support-person]").First().AttrOr("href", "")
	to := doc(t, ok(t, agent.Get(person))).Find(".support-revoke-all").AttrOr("action", "")
	if a := agent.Post(to, values("session", "all", "why", "")); a.Status != http.StatusBadRequest {
		t.Errorf("without a reason: %d", a.Status)
	}
	if a := ok(t, agent.Follow(agent.Post(to, values("session", "all", "why", "support.lost")).Location())); !strings.Contains(a.Text(), "2\u00a0sessions sont fermées") {
		t.Errorf("not said: %s", firstBytes(a.Text(), 900))
	}
	for _, c := range []*testkit.Client{one, two} {
		if a := c.Follow("/"); !strings.Contains(a.Text(), "déclaré perdu ou volé") {
			t.Errorf("still open: %s", firstBytes(a.Text(), 300))
		}
	}
}
