package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/testkit"
)

// lilasRules is the page of the cabinet's rules.
func lilasRules(t *testing.T, c *testkit.Client) string {
	t.Helper()
	at := ""
	doc(t, ok(t, c.Follow("/"))).Find("[data-testid=box-link]").Each(func(_ int, s *goquery.Selection) {
		if strings.Contains(s.Text(), "Lilas") {
			at = s.AttrOr("href", "") + "/rules"
		}
	})
	return at
}

// typed are the fields of a form as they are shown, with some changed.
func typed(form *goquery.Selection, changes ...string) url.Values {
	v := url.Values{}
	form.Find("input, textarea, select").Each(func(_ int, s *goquery.Selection) {
		name := s.AttrOr("name", "")
		kind := s.AttrOr("type", "")
		_, on := s.Attr("checked")
		switch {
		case name == "" || (kind == "checkbox" || kind == "radio") && !on:
		case goquery.NodeName(s) == "select":
			v.Set(name, s.Find("option[selected]").AttrOr("value", ""))
		case goquery.NodeName(s) == "textarea":
			v.Set(name, strings.TrimPrefix(s.Text(), "\n"))
		default:
			v.Set(name, s.AttrOr("value", ""))
		}
	})
	for i := 0; i < len(changes); i += 2 {
		v.Set(changes[i], changes[i+1])
	}
	return v
}

func folderOption(t *testing.T, d *goquery.Document, label string) string {
	t.Helper()
	value := ""
	d.Find("#rule-folder option").Each(func(_ int, s *goquery.Selection) {
		if strings.TrimSpace(s.Text()) == label {
			value = s.AttrOr("value", "")
		}
	})
	if value == "" {
		t.Fatalf("no folder %s", label)
	}
	return value
}

// TestRulesRoundTrip: a rule is tried, kept, applied to what arrives, moved, suspended,
// deleted and brought back, with forms alone.
func TestRulesRoundTrip(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	at := lilasRules(t, c)
	page := doc(t, ok(t, c.Get(at)))
	if page.Find("[data-testid=rule-row]").Length() != 0 || page.Find("[data-testid=rail-rules]").Length() != 1 {
		t.Error("rules there are none of")
	}
	form := doc(t, ok(t, c.Get(at+"/new")))
	archive := folderOption(t, form, "Archives")
	fields := typed(form.Find("form.rule-form"), "subject", "Résultat\r\n\"; discard; \"", "folder", archive, "seen", "1", "name", "Labo \"; redirect \"evil@example.org\"; <b>")
	fields.Set("do", "try")
	tried := doc(t, ok(t, c.Post(at+"/new", fields)))
	if !strings.Contains(tried.Find("[data-testid=trial-say]").Text(), "lettre") {
		t.Errorf("the trial says %q", tried.Find("[data-testid=trial-say]").Text())
	}
	kept := typed(tried.Find("form.rule-form"))
	for name := range fields {
		if name != "do" && strings.ReplaceAll(fields.Get(name), "\r", "") != kept.Get(name) {
			t.Errorf("%s was typed %q and is shown %q", name, fields.Get(name), kept.Get(name))
		}
	}
	kept.Set("do", "save")
	if a := c.Post(at+"/new", kept); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Text())
	}
	if a := c.Post(at+"/new", kept); a.Status != http.StatusSeeOther { // a second click on the same page makes no second rule: see below
		t.Errorf("a second click: %d", a.Status)
	}
	stale := url.Values{"do": {"save"}, "version": kept["version"], "patient": {"1"}, "stop": {"1"}}
	page = doc(t, c.Post(at+"/new", stale))
	if !strings.Contains(page.Find("[data-testid=rule-error]").Text(), "entre-temps") || page.Find("input[name=version]").AttrOr("value", "") == kept.Get("version") {
		t.Error("an older page is not told, or cannot go on")
	}
	page = doc(t, ok(t, c.Get(at)))
	row := page.Find("[data-testid=rule-row]")
	if row.Length() != 1 || !strings.Contains(row.Text(), "Archives") || !strings.Contains(row.Text(), "redirect") || page.Find("b").Length() != 0 {
		t.Fatalf("rows: %s", row.Text())
	}
	before := k.World.Mail().Count(people.LilasBox, "Archive")
	send(t, k, "Résultat du jour")
	if n := k.World.Mail().Count(people.LilasBox, "Archive"); n != before+1 || k.World.Mail().Unread(people.LilasBox, "Archive") != 0 {
		t.Errorf("%d letters filed, want %d read", n, before+1)
	}
	do := func(what string) *goquery.Document {
		t.Helper()
		page := doc(t, ok(t, c.Get(at)))
		v := typed(page.Find("form.rule-acts").First())
		v.Set("do", what)
		a := c.Post(at, v)
		return doc(t, ok(t, c.Follow(a.Location())))
	}
	if d := do("off"); !strings.Contains(d.Find("[data-testid=rule-row]").Text(), "Suspendue") {
		t.Error("not suspended")
	}
	send(t, k, "Résultat du soir")
	if n := k.World.Mail().Count(people.LilasBox, "Archive"); n != before+1 {
		t.Error("a suspended rule is applied")
	}
	gone := do("delete")
	if gone.Find("[data-testid=rule-row]").Length() != 0 {
		t.Error("not deleted")
	}
	undo := gone.Find("[data-testid=undo]").Closest("form")
	a := c.Post(undo.AttrOr("action", ""), typed(undo))
	if back := doc(t, ok(t, c.Follow(a.Location()))); back.Find("[data-testid=rule-row]").Length() != 1 {
		t.Error("not brought back")
	}
	actions := map[audit.Action]bool{}
	rows, err := k.App.Audit.Recent(t.Context(), audit.Filter{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		actions[r.Event.Action] = true
		if strings.Contains(r.Event.Request+r.Event.Target, "discard") {
			t.Error("what a rule asks is in the trail in clear")
		}
	}
	for _, want := range []audit.Action{audit.RuleList, audit.RuleTry, audit.RuleSave, audit.RuleSwitch, audit.RuleDelete} {
		if !actions[want] {
			t.Errorf("%s is not in the trail", want)
		}
	}
}

// send lets Dr Petit write to the cabinet through the demo's own servers.
func send(t *testing.T, k *testkit.Kit, subject string) {
	t.Helper()
	k.World.Mail().Receive(people.LilasBox, "hugo.petit@chu.mssante.fr", []byte(strings.ReplaceAll(
		"From: Dr Petit <hugo.petit@chu.mssante.fr>\nTo: "+people.LilasBox.String()+"\nSubject: "+subject+"\nMessage-ID: <"+strings.ReplaceAll(subject, " ", ".")+"@chu>\n\nBonjour\n", "\n", "\r\n")))
}

// TestAbsencePage: an absence is kept, answers once, not to patients, and is stopped.
func TestAbsencePage(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	at := lilasRules(t, c) + "/absence"
	form := doc(t, ok(t, c.Get(at))).Find("form.rule-form")
	bad := doc(t, c.Post(at, typed(form, "do", "on", "from", "2026-02-30", "text", "Je suis absente")))
	if !strings.Contains(bad.Find("[data-testid=absence-error]").Text(), "dates") || bad.Find("#absence-text").Text() != "\nJe suis absente" && bad.Find("#absence-text").Text() != "Je suis absente" {
		t.Errorf("%s", bad.Find("main").Text())
	}
	today := k.Clock.Now().Format(time.DateOnly)
	asked := typed(form, "do", "on", "from", today, "until", today, "text", "Je suis absente.\r\nUrgence : le 15.")
	a := c.Post(at, asked)
	if again := c.Post(at, asked); again.Status != http.StatusSeeOther {
		t.Errorf("a second click: %d", again.Status)
	}
	page := doc(t, ok(t, c.Follow(a.Location())))
	if card := page.Find("[data-testid=absence]"); !card.HasClass("is-on") || !strings.Contains(card.Text(), "Répond du") {
		t.Errorf("%s", card.Text())
	}
	petit := people.Grant{}
	for _, p := range people.Cast() {
		if p.Key == "petit" {
			petit = p.Mailboxes[0]
		}
	}
	before := k.World.Mail().Count(petit.Address, "INBOX")
	for range 2 {
		k.World.Mail().Receive(people.LilasBox, petit.Address.String(), []byte("From: <"+petit.Address.String()+">\r\nTo: "+people.LilasBox.String()+"\r\nSubject: Mme X\r\n\r\nBonjour\r\n"))
	}
	if n := k.World.Mail().Count(petit.Address, "INBOX"); n != before+1 {
		t.Errorf("answered %d times", n-before)
	}
	if raw := string(k.World.Mail().Newest(petit.Address, "INBOX")); strings.Contains(raw, "Mme X") || !strings.Contains(raw, "le 15.") || !strings.Contains(raw, "Lilas") {
		t.Errorf("answered:\n%s", raw)
	}
	form = doc(t, ok(t, c.Get(at))).Find("form.rule-form")
	a = c.Post(at, typed(form, "do", "off"))
	if page := doc(t, ok(t, c.Follow(a.Location()))); !strings.Contains(page.Find("[data-testid=absence]").Text(), "pas activée") {
		t.Error("not stopped")
	}
}

// TestRulesDown: a server of rules that is down takes nothing else with it.
func TestRulesDown(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	at := lilasRules(t, c)
	k.World.Stop(demo.ServiceSieve)
	if a := c.Get(at); a.Status != http.StatusBadGateway && a.Status != http.StatusServiceUnavailable || !strings.Contains(a.Text(), "règles") {
		t.Errorf("%d %s", a.Status, firstBytes(a.Text(), 300))
	}
	ok(t, c.Follow(strings.TrimSuffix(at, "/rules")))
	k.World.Start(demo.ServiceSieve)
	ok(t, c.Get(at))
}
