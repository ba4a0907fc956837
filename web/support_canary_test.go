package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/testkit"
)

// supportCanaries are what no answer to support may hold: a subject, a body, a patient, a
// file name, the words somebody looked for, a recipient. Each is unique.
var supportCanaries = map[string]string{
	"a subject": "canarisujet", "a body": "canaricorps", "a patient's name": "Canaripatiente", "a patient's INS": "255033799001136", "a file name": "canarifichier",
	"a draft's subject": "canaribrouillon", "a draft's text": "canaritexte", "a draft's file": "canaripiece", "words looked for in mail": "canarimots", "words looked for in the directory": "canarinom",
	"a folder's name": "Canaridossier", "a kept search": "canarirecherche", "a condition of a search": "canaricondition", "a patient looked for": "Canaricherche", "a rule": "canariregle", "what a rule looks at": "canarisujetregle",
	"an absence reply's subject": "canariabsence", "its text": "canariremplacant", "a colleague's address": "canariconfrere", "a server's words": "canarireponse", "a code that is none": "199027512345678", "a trail's detail": "canaridetail", "another INS, in a code": "160027512345644",
}

// controlName is a canary where support is meant to see it: the search must find it.
const controlName = "Canarimoine"

// TestSupportSeesNoContent fills everything with canaries and looks for them in every
// answer of every address of support (Show 3).
func TestSupportSeesNoContent(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	m := newMatrix(t, k)
	fillWithCanaries(t, m)
	seen := &answers{t: t, k: k}
	seen.everyRoute(m)
	seen.walk(k.Staff("delmas"))
	if len(seen.texts) < 60 {
		t.Errorf("only %d answers looked at", len(seen.texts))
	}
	for what, canary := range supportCanaries {
		if at := seen.find(canary); at != "" {
			t.Errorf("%s shows: %s", what, at)
		}
	}
	rows, err := k.App.Audit.Recent(t.Context(), audit.Filter{Action: audit.ExchangeOpen})
	if err != nil || len(rows) == 0 {
		t.Fatalf("no exchange in the trail: %v", err)
	}
	for _, row := range rows {
		if at := seen.find(row.Event.Target); row.Event.Target != "" && at != "" {
			t.Errorf("what tells one patient from another shows: %s", at)
		}
	}
	if at := seen.find(people.Patients()[0].Label); at != "" {
		t.Errorf("a patient of the cast shows: %s", at)
	}
	// The search can fail: what support may see is found, the deliveries' rows are
	// there, and a patient's line is there as 'patient'.
	for _, there := range []string{controlName, "chu-touraine.mssante.fr", "chip-patient", "5.1.1", "boîte inconnue"} {
		if seen.find(there) == "" {
			t.Errorf("%q is nowhere: the search proves nothing", there)
		}
	}
}

// answers are responses as a reader, a proxy or a log would have them.
type answers struct {
	t     *testing.T
	k     *testkit.Kit
	texts map[string]string // by request
}

func (s *answers) note(what string, a *testkit.Answer) {
	if s.texts == nil {
		s.texts = map[string]string{}
	}
	var b strings.Builder
	fmt.Fprintln(&b, a.Status, a.URL)
	for name, values := range a.Header {
		fmt.Fprintln(&b, name, values)
	}
	b.Write(a.Body)
	s.texts[fmt.Sprint(len(s.texts), " ", what)] = b.String()
	if a.Status >= 500 {
		s.t.Errorf("%s: %d", what, a.Status)
	}
}

// find gives the first request whose answer holds s, without regard to case.
func (s *answers) find(canary string) string {
	for what, text := range s.texts {
		if strings.Contains(strings.ToLower(text), strings.ToLower(canary)) {
			return what
		}
	}
	return ""
}

// everyRoute asks each address that the site map declares for support, so that a new
// one is asked too.
func (s *answers) everyRoute(m *matrix) {
	routes := 0
	for _, d := range s.k.App.Web.Declarations() {
		if d.Access != "support" && !strings.HasPrefix(d.Pattern, "/support") {
			continue
		}
		routes++
		for _, role := range []int{agent, owner} {
			if a := m.ask(role, d); a != nil {
				s.note(d.Method+" "+d.Pattern, a)
			}
		}
	}
	if routes < 15 {
		s.t.Errorf("%d routes of support", routes)
	}
}

// walk follows every link of support from page to page, sends every form with what an
// agent would look for, and takes both exports.
func (s *answers) walk(c *testkit.Client) {
	todo, done := []string{"/support", "/support/deliveries", "/support/trail", "/support/people/nobody", "/support/trail/zzzz", "/support/nowhere"}, map[string]bool{}
	post := func(to string, kv ...string) {
		a := c.Post(to, values(kv...))
		s.note("POST "+to, a)
		if a.Status == http.StatusSeeOther {
			todo = append(todo, a.Location())
		}
	}
	for _, words := range []string{"martin", controlName, "mssante", "8997", "petit", "renard"} {
		post("/support/search", "words", words)
	}
	for _, kv := range [][]string{{"state", "bounced"}, {"state", "read"}, {"box", people.MartinBox.String()}, {"from", "2026-11-01", "to", "2026-11-30"}, {"box", "255033799001136@patient.mssante.fr"}, {"from", "nonsense"}} {
		post("/support/deliveries", kv...)
	}
	for _, kv := range [][]string{{"person", "martin"}, {"person", "%"}, {"box", people.MartinBox.String()}, {"action", "search"}, {"action", "letter.open"}, {"action", "part.download"}, {"from", "2026-11-01"}} {
		post("/support/trail", kv...)
	}
	post("/support/trail/verify")
	for _, format := range []string{"csv", "ndjson", "pdf"} {
		post("/support/trail/export", "format", format)
	}
	for len(todo) > 0 && len(done) < 300 {
		at := todo[0]
		todo = todo[1:]
		if done[at] || !strings.HasPrefix(at, "/support") {
			continue
		}
		done[at] = true
		a := c.Get(at)
		s.note("GET "+at, a)
		if a.Status != http.StatusOK {
			continue
		}
		doc(s.t, a).Find("a[href^='/support']").Each(func(_ int, l *selection) { todo = append(todo, l.AttrOr("href", "")) })
	}
	if len(done) < 25 {
		s.t.Errorf("only %d pages walked", len(done))
	}
}

// fillWithCanaries lets practitioners live among them: letters received and read,
// searches, a draft with a file, deliveries and their reports, sealed details.
func fillWithCanaries(t *testing.T, m *matrix) {
	t.Helper()
	ctx, k := t.Context(), m.k
	letter := "From: Dr Petit <hugo.petit@chu-touraine.mssante.fr>\nTo: claire.martin@medecin.mssante.fr\nSubject: canarisujet Canaripatiente 255033799001136\nMIME-Version: 1.0\n" + mixed +
		"--B\nContent-Type: text/plain\n\ncanaricorps Canaripatiente\n" + part("application/pdf", "canarifichier.pdf", []byte("%PDF-1.4")) + "--B--\n"
	if !k.World.Mail().Put(people.MartinBox, "INBOX", nil, k.Clock.Now(), []byte(strings.ReplaceAll(letter, "\n", "\r\n"))) {
		t.Fatal("not delivered")
	}
	c := k.SignIn("martin")
	box := strings.Split(c.Get("/").Location(), "/")[2]
	at := strings.SplitN(hrefOf(t, c, c.Get("/mail/"+box).Location(), "canarisujet"), "?", 2)[0]
	ok(t, c.Get(at))
	ok(t, c.Get(at+"/part/2"))
	ok(t, c.Follow(c.Post("/mail/"+box+"/search", values("words", "canarimots")).Location()))
	ok(t, c.Follow(c.Post("/directory", values("words", "canarinom")).Location()))
	exchanges := doc(t, ok(t, c.Follow("/mail/"+box+"/patients")))
	exchange := exchanges.Find("a[href*='/patients/']").First().AttrOr("href", "")
	if exchange == "" {
		t.Fatal("no exchange with a patient")
	}
	ok(t, c.Get(exchange))
	moreCanaries(t, k, c, box)
	draft := begin(t, c, values("kind", "blank"))
	if got := ask(t, c, draft+"/save", fields{"version": 1, "subject": "canaribrouillon", "text": "canaritexte", "to": to("255033799001136@patient.mssante.fr", "canariconfrere@chu-touraine.mssante.fr")}); got.Status != 200 {
		t.Fatalf("draft: %+v", got)
	}
	if got := ask(t, c, draft+"/files", values("name", "canaripiece.pdf", "size", "3")); got.Status != 200 {
		t.Fatalf("file: %+v", got)
	}

	id := m.account()
	patient := mssante.Address{Local: "255033799001136", Domain: mssante.PatientDomain}
	colleague := mssante.Address{Local: "canariconfrere", Domain: "chu-touraine.mssante.fr"}
	l := ledger.Letter{ID: "canary", Mailbox: people.MartinBox, ActorID: id, MessageID: "<canarisujet@medecin.mssante.fr>", Recipients: []mssante.Address{patient, colleague}, Size: 9}
	if err := k.App.Ledger.Open(ctx, l); err != nil {
		t.Fatal(err)
	}
	for _, n := range []struct {
		to mssante.Address
		e  ledger.Event
	}{
		{patient, ledger.Event{Kind: ledger.Submitted, Code: "250 2.0.0", Text: "canarireponse for 255033799001136@patient.mssante.fr"}},
		{patient, ledger.Event{Kind: ledger.Read, Code: "199027512345678"}},
		{colleague, ledger.Event{Kind: ledger.Bounced, Code: "550 5.1.1 160027512345644", Text: "canarireponse: canariconfrere@chu-touraine.mssante.fr unknown"}},
	} {
		if err := k.App.Ledger.Note(ctx, l.ID, n.to, n.e); err != nil {
			t.Fatal(err)
		}
	}
	who := mssante.Actor{AccountID: id, NationalID: member(t, "martin").NationalID, Name: "Dr Claire Martin"}
	for _, e := range []audit.Event{{Action: audit.LetterSend, Mailbox: patient.String(), Detail: "canaridetail " + patient.String()}, {Action: audit.Search, Mailbox: "canaridetail, typed by mistake", Detail: "canaridetail"}} {
		e.Actor = who
		if err := k.App.Audit.Record(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.App.Accounts.SignedIn(ctx, mssante.Practitioner{NationalID: "899700999990", GivenName: "ODE", FamilyName: strings.ToUpper(controlName)}); err != nil {
		t.Fatal(err)
	}
}
