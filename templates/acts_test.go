package templates_test

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"pli.example/pli/templates"
)

func offered(d *goquery.Document, id string) bool {
	return d.Find("[data-testid='"+id+"']").Length() > 0
}

// TestActsByFolder: an act that would do nothing, or harm, is not offered.
func TestActsByFolder(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]struct{ yes, no string }{
		"inbox":   {"act-archive act-bin act-star act-unread bulk-archive bulk-bin bulk-star bulk-unstar", "act-back bulk-back draft"},
		"archive": {"act-back act-bin act-star act-unread bulk-back bulk-bin", "act-archive bulk-archive draft"},
		"trash":   {"act-back act-archive bulk-back bulk-archive", "act-bin bulk-bin draft"},
		"drafts":  {"act-bin bulk-bin draft", "act-archive act-star act-unread act-back bulk-archive bulk-star bulk-unread"},
	} {
		v := letterIn(role)
		d := parse(t, draw(t, templates.LetterPage(v)))
		for _, id := range strings.Fields(want.yes) {
			if !offered(d, id) {
				t.Errorf("%s: no %s", role, id)
			}
		}
		for _, id := range strings.Fields(want.no) {
			if offered(d, id) {
				t.Errorf("%s: offers %s", role, id)
			}
		}
		d.Find("select[name=to]").Each(func(_ int, s *goquery.Selection) {
			if first := s.Find("option").First(); first.AttrOr("value", "none") != "" {
				t.Errorf("%s: a folder is chosen beforehand", role)
			}
			s.Find("option").Each(func(_ int, o *goquery.Selection) {
				switch id := o.AttrOr("value", ""); {
				case id == "f2" || id == "f3":
					t.Errorf("%s: a letter may go to %s", role, o.Text())
				case role == "archive" && id == "f4":
					t.Errorf("%s: a letter may go where it is", role)
				}
			})
			if role == "archive" && s.Find("optgroup").First().Find("option").First().Text() != "Réunions" {
				t.Error("the person's own folders do not come first")
			}
		})
	}
}

// TestBackIsFirst: the select's empty 'to' must not hide the button's own.
func TestBackIsFirst(t *testing.T) {
	t.Parallel()
	d := parse(t, draw(t, templates.LetterPage(letterIn("archive"))))
	first := d.Find("#selection [name=to]").First()
	if first.AttrOr("data-testid", "") != "bulk-back" || first.AttrOr("value", "") != "f1" || !strings.HasSuffix(first.AttrOr("formaction", ""), "do=move") {
		t.Error("putting back a selection does not name the inbox first")
	}
}

// TestFollowAgain: the row says that its letter is followed.
func TestFollowAgain(t *testing.T) {
	t.Parallel()
	d := parse(t, draw(t, templates.ListPage(sampleList(10, 10))))
	if n := d.Find(".row[data-flagged]").Length(); n != 1 {
		t.Errorf("%d rows are marked followed", n)
	}
}

// TestBoxesToldApart: two mailboxes that begin alike show their addresses.
func TestBoxesToldApart(t *testing.T) {
	t.Parallel()
	d := parse(t, draw(t, templates.LetterPage(letterIn("inbox"))))
	if got := d.Find(".rail-address").Length(); got != 2 {
		t.Errorf("%d addresses in the rail", got)
	}
	if title := strings.TrimSpace(d.Find("#list-title").Text()); !strings.Contains(title, "Dr Hugo Petit, CHU de Tours") {
		t.Errorf("the list's title %q does not name the mailbox", title)
	}
}

// TestEmptyParts: what is empty says so and is not opened.
func TestEmptyParts(t *testing.T) {
	t.Parallel()
	v := sampleLetter()
	v.BodyHref = ""
	v.Attachments = []templates.Attachment{{Name: "vide.pdf", Type: "Document PDF", Size: "0\u00a0o", Icon: "pdf", DownloadHref: "/dl", PreviewHref: "/view", PreviewKind: "pdf"}}
	d := parse(t, draw(t, templates.LetterPage(v)))
	if offered(d, "attachment-open") || !strings.Contains(d.Find(".card").Text(), "Pièce vide, à redemander à l’expéditeur") {
		t.Error("an empty file is offered to be opened")
	}
	if !strings.Contains(d.Find(".nobody").Text(), "Cette lettre ne contient aucun texte") {
		t.Error("an empty letter says nothing")
	}
}

// TestSearchProgress: what headers alone were searched for can be searched in texts; while
// those are read the page asks for what comes next, with a button where no script runs.
func TestSearchProgress(t *testing.T) {
	t.Parallel()
	draws := func(p templates.SearchProgress) *goquery.Document {
		v := templates.SearchView{Page: samplePage("Recherche"), Box: templates.SearchBox{Action: "/search", Words: "vial", Fields: &templates.SearchFields{}}, Asked: true, SearchProgress: p}
		return parse(t, draw(t, templates.SearchPage(v)))
	}
	d := draws(templates.SearchProgress{OnTo: "/more"})
	if f := d.Find("form[action='/more']"); f.Length() != 1 || f.AttrOr("hx-trigger", "") != "" || !strings.Contains(f.Text(), "Chercher aussi dans le texte") {
		t.Errorf("texts are not offered: %s", f.Text())
	}
	d = draws(templates.SearchProgress{OnTo: "/more", StopHref: "/stop", Texts: true, Going: true, Read: "12 lettres sur 100"})
	if f := d.Find("form[action='/more']"); f.AttrOr("hx-trigger", "") != "load" || f.AttrOr("hx-target", "") != "#rows" || d.Find("#rows").Length() != 1 {
		t.Error("reading does not go on by itself")
	}
	if d.Find("[data-testid=search-stop]").AttrOr("href", "") != "/stop" || d.Find("[data-testid=search-widened]").Length() != 1 {
		t.Error("reading cannot be stopped, or does not say why it is done")
	}
	d = draws(templates.SearchProgress{OnTo: "/more", Texts: true, TextsAsked: true, Done: true, Whole: true})
	if d.Find("form[action='/more'], [data-testid=search-stop], [data-testid=search-widened]").Length() != 0 {
		t.Error("texts wholly looked into are offered again")
	}
}
