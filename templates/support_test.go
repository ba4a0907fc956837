package templates_test

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"pli.example/pli/templates"
)

// hostileName is what somebody may be called.
const hostileName = `<script>alert(1)</script> "Éléonore" d’Argenteuil-sur-Très-Longue-Appellation-Sans-Espace`

func supportPages() map[string]templ.Component {
	f := templates.SupportFrame{Title: "Support", Banner: "Démonstration", BannerTo: "/demo/", Agent: hostileName, Work: "Support, agent", Section: "home", Say: "Fait.", SayKind: "ok"}
	facts := []templates.SupportFact{{Name: "Âge", Value: "2 jours"}}
	grants := []templates.SupportGrant{{Who: hostileName, WhoHref: "/support/people/a", WhoID: "899700900014", Box: hostileName, BoxHref: "/support/boxes/b", Rights: "titulaire", Since: "hier", Until: "sans fin", By: "l’opérateur", State: "en vigueur", Live: true},
		{Who: "Jamais connecté", WhoID: "1", Box: "B", BoxHref: "/support/boxes/c", Rights: "délégué", State: "échu"}}
	chart := templates.SupportChart{Top: "4", Says: "Envois", Bars: []templates.SupportBar{{Day: "lundi", Label: "22/11", Sent: 3, Failed: 1, X: 34, SentY: 12, SentH: 75, FailH: 25}}}
	link := []templates.SupportLink{{Title: hostileName, Sub: "x", Href: "/support/people/a", Closed: true}}
	return map[string]templ.Component{
		"door":    templates.SupportSignInPage(templates.SupportSignInView{SupportFrame: templates.SupportFrame{Title: "Support", Say: "Fin.", SayKind: "info"}, Heading: "Espace support", Lead: "Réservé.", CanSignIn: true}),
		"refused": templates.SupportSignInPage(templates.SupportSignInView{SupportFrame: templates.SupportFrame{Title: "Support", Say: "Non.", SayKind: "warn"}, Heading: "Non", RequestID: "ABC"}),
		"error":   templates.SupportErrorPage(templates.SupportErrorView{SupportFrame: f, Heading: "Introuvable", Text: "Rien.", ActLabel: "Revenir", ActHref: "/support", RequestID: "ABC"}),
		"home": templates.SupportHomePage(templates.SupportHomeView{SupportFrame: f, Chart: chart, Cards: []templates.SupportCard{{Title: "Liste", State: "En vigueur", Kind: "ok", Facts: facts}, {Title: "Annuaire", State: "Ancien", Kind: "warn", Say: "Le service ne répond pas.", Facts: facts}},
			Loops: []templates.SupportLoop{{Name: "Envoi", State: "tourne", Last: "hier", Failures: "0"}, {Name: "Journal", State: "en échec", Failing: true, Failures: "12"}}}),
		"home new":   templates.SupportHomePage(templates.SupportHomeView{SupportFrame: f, Chart: templates.SupportChart{Empty: true}}),
		"found":      templates.SupportFoundPage(templates.SupportFoundView{SupportFrame: f, Words: hostileName, People: link, Mailboxes: link, Waiting: grants, More: true}),
		"found none": templates.SupportFoundPage(templates.SupportFoundView{SupportFrame: f, Words: "x"}),
		"person": templates.SupportPersonPage(templates.SupportPersonView{SupportFrame: f, Name: hostileName, Facts: facts, RevokeTo: "/support/people/a/revoke", Reasons: []templates.Choice{{Value: "x", Label: "X"}}, Grants: grants, NationalID: "1",
			Sessions: []templates.SupportSession{{ID: "S1", Agent: "Firefox", Since: "hier", Seen: "hier", Note: "Terminé."}, {ID: "S2", Since: "hier", Seen: "hier"}}}),
		"person bare": templates.SupportPersonPage(templates.SupportPersonView{SupportFrame: f, Name: "1"}),
		"mailbox":     templates.SupportMailboxPage(templates.SupportMailboxView{SupportFrame: f, Label: hostileName, Address: "a@b.mssante.fr", Kind: "Boîte nominative", Grants: grants}),
		"deliveries": templates.SupportDeliveriesPage(templates.SupportDeliveriesView{SupportFrame: f, States: []templates.Choice{{Value: "read", Label: "Lue", Chosen: true}}, NextHref: "/support/deliveries?before=1", Rows: []templates.SupportDelivery{
			{When: "hier", Box: "a@b.mssante.fr", Sender: hostileName, Patient: true, To: "jamais montré", State: "Lue"}, {When: "hier", Box: "a@b.mssante.fr", To: "chu.mssante.fr", State: "Refusée", Failed: true, Codes: "550 5.1.1", Meaning: "boîte inconnue", Since: "hier"}}}),
		"deliveries none": templates.SupportDeliveriesPage(templates.SupportDeliveriesView{SupportFrame: f, Filtered: true}),
		"trail": templates.SupportTrailPage(templates.SupportTrailView{SupportFrame: f, Person: hostileName, Actions: []templates.Choice{{Value: "signin", Label: "Connexion"}}, NextHref: "/support/trail?before=2", Rows: []templates.SupportTrailRow{
			{When: "hier", Who: hostileName, Work: "Médecin", Act: "Connexion", Box: "a@b.mssante.fr", Outcome: "fait", Request: strings.Repeat("sha256:abcdef", 20)}, {When: "hier", Act: "Import", Outcome: "échoué", Failed: true}}}),
		"trail none": templates.SupportTrailPage(templates.SupportTrailView{SupportFrame: f, Handle: "abc", Filtered: true}),
	}
}

// The pages of support: what must be true of every page, no script at all, titles that
// say nothing, and a patient's line that shows nothing of whom it went to.
func TestSupportPages(t *testing.T) {
	t.Parallel()
	for name, c := range supportPages() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			html := draw(t, c)
			d := parse(t, html)
			checkIDs(t, d)
			checkNames(t, d)
			checkInline(t, d, "page")
			if n := d.Find("script").Length(); n > 0 {
				t.Errorf("%d scripts", n)
			}
			if title := d.Find("head title").Text(); title != "Support · Pli" {
				t.Errorf("title %q", title)
			}
			if d.Find("h1").Length() != 1 || d.Find("main").Length() != 1 || d.Find("html").AttrOr("lang", "") != "fr" {
				t.Error("one h1, one main, in French")
			}
			if strings.Contains(html, "jamais montré") {
				t.Error("where a patient's letter went is shown")
			}
			d.Find("svg[role=img]").Each(func(_ int, s *goquery.Selection) {
				if s.AttrOr("aria-label", "") == "" {
					t.Error("a picture without words")
				}
			})
			d.Find("td").Each(func(_ int, s *goquery.Selection) {
				if s.AttrOr("data-label", "") == "" {
					t.Error("a cell that a phone shows without its label")
				}
			})
		})
	}
}
