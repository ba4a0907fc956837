package templates_test

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"pli.example/pli/templates"
)

func sampleCompose() templates.ComposeView {
	return templates.ComposeView{
		Page: templates.Page{Title: "Écrire", Nonce: nonce, Nav: templates.Nav{Home: "/", Write: "/mail/b/compose", Directory: "/directory"}},
		Self: "/mail/b/compose/d", Heading: "Réponse", SuggestTo: "/mail/b/suggest", BackHref: "/mail/b", SignInHref: "/sign-in?next=%2Fmail%2Fb", DirectoryHref: "/directory",
		FromLabel: "Cabinet des Lilas", FromAddress: "cabinet@pro.mssante.fr", FromPerson: "Julie Renard, secrétariat pour Cabinet des Lilas", Holder: "Cabinet des Lilas", MaySend: true,
		Version: 3, To: []templates.RecipientChip{{Name: "Dr Hugo Petit", Typed: "Hugo Petit", Address: "hugo.petit@chu.mssante.fr", Sub: "Cardiologie"}},
		Cc:      []templates.RecipientChip{{Name: "jean@gmail.com", Address: "jean@gmail.com", Kind: "error", Say: "hors de l’espace de confiance"}},
		Subject: "Avis", HTML: "<p>Cher <b>ami</b></p>", Text: "Cher ami\n", Limit: "18\u00a0Mo de fichiers au plus", Saved: "Brouillon enregistré à 10:51", Patient: true,
		Files:  []templates.DraftFile{{ID: "f1", Name: "ecg.pdf", What: "PDF · 2\u00a0ko", Icon: "pdf", Size: 10, Received: 10, Href: "/f1"}, {ID: "f2", Name: "radio.png", What: "Image", Icon: "image", Size: 10, Received: 4, Href: "/f2"}},
		Strips: []templates.Strip{{Kind: "info", Text: "Version concurrente.", LinkText: "Voir", LinkHref: "/mail/b/compose/e"}},
		Remarks: []templates.RemarkView{{Key: "outside:jean@gmail.com", Level: "block", Place: "to", Say: "Non.", Address: "jean@gmail.com", Suggest: "jean@medecin.mssante.fr"},
			{Key: "no_subject", Level: "ask", Place: "subject", Say: "Sans objet\u00a0?"}, {Key: "x", Level: "tell", Place: "letter", Say: "Note."}},
		Fates: []templates.FateView{{Who: "Dr Petit", Say: "Cette adresse n’existe plus.", Code: "550 5.1.1"}},
	}
}

// writingGallery is every page of writing and of the directory.
func writingGallery() map[string]templ.Component {
	p := templates.Page{Title: "Brouillons", Nonce: nonce, Nav: templates.Nav{Home: "/", Write: "/mail/b/compose"}, Keys: true}
	reader := sampleCompose()
	reader.MaySend, reader.HTML = false, ""
	entry := templates.DirectoryEntry{Name: "Dr Anne Dupont", Work: "Cardiologie", Place: "Clinique, Tours", Street: "2 rue", Address: "a@b.mssante.fr", Kind: "Boîte nominative", Purpose: "Lue par la personne elle-même",
		Href: "/directory/person/x", StructureHref: "/directory/structure/y", Past: true, Identifier: "RPPS 1"}
	outside := entry
	outside.Outside, outside.NoReply = true, true
	return map[string]templ.Component{
		"compose": templates.ComposePage(sampleCompose()), "compose-delegate": templates.ComposePage(reader),
		"sending": templates.SendingPage(templates.SendingView{Page: p, State: "sending", Heading: "Votre lettre part", Say: "…", BackHref: "/", ProgressAt: "/p"}),
		"unknown": templates.SendingPage(templates.SendingView{Page: p, State: "unknown", Heading: "Envoi à confirmer", Say: "…", BackHref: "/", SettleTo: "/s", MaySettle: true}),
		"drafts": templates.ListPage(templates.ListView{Page: p, FolderLabel: "Brouillons", Drafting: true, Total: 2, BulkTo: "/mail/b/compose/chosen", CanTriage: true, RefreshHref: "/f", SignatureHref: "/s",
			Drafts: []templates.DraftRow{{ID: "d", Ref: "draft/d", Href: "/d", Who: "À\u00a0: Dr Petit", Subject: "", Snippet: "x", When: "10:51", WhenISO: "2026-11-19T10:51:00Z", Author: "Julie", State: "Envoi à confirmer", Copy: true, Files: 2, Error: "Refusée."}},
			Rows:   []templates.Row{{UID: 3, Href: "/mail/b/f/1/3", Ref: "f/1/3", Who: "À\u00a0: Dr Petit", Subject: "Avis", When: "10:51", WhenISO: "2026-11-19T10:51:00Z"}}}),
		"drafts-empty":    templates.ListPage(templates.ListView{Page: p, FolderLabel: "Brouillons", Drafting: true, RefreshHref: "/f"}),
		"signature":       templates.SignaturePage(templates.SignatureView{Page: p, Action: "/s", BackHref: "/d", BackSays: "Revenir à ma lettre", Holder: "Dr Claire Martin", Text: "Dr Claire Martin\nTours", Shown: "Dr Claire Martin\nTours", Own: true, Unsaved: true}),
		"signature-long":  templates.SignaturePage(templates.SignatureView{Page: p, Action: "/s", BackHref: "/d", BackSays: "Brouillons", Holder: "Dr Claire Martin", Text: "x", Own: true, Error: "Cette signature est trop longue."}),
		"back":            templates.BackPage(templates.BackView{Page: p, DraftHref: "/d"}),
		"directory":       templates.DirectoryPage(templates.DirectoryView{Page: p, Action: "/directory", State: "286\u00a0boîtes."}),
		"directory-short": templates.DirectoryPage(templates.DirectoryView{Page: p, Action: "/directory", Words: "d", Error: "Deux lettres au moins.", DepartmentError: "Ce département n’existe pas."}),
		"directory-found": templates.DirectoryPage(templates.DirectoryView{Page: p, Action: "/directory", Words: "x", Searched: true, Total: 2, More: true, Forgiven: true, NextHref: "/n", PageSays: "page 1 sur 2",
			Entries: []templates.DirectoryEntry{entry, outside}, WriteTo: "/mail/b/compose", State: "Vieux.", StateWarn: true}),
		"person": templates.DirectoryEntryPage(templates.DirectoryPageView{Page: p, Heading: "Dr Anne Dupont", Sub: "Cardiologie", Facts: []templates.Fact{{Label: "Exerce", Value: "Tours", Href: "/s"}},
			Mailboxes: []templates.DirectoryEntry{entry, outside}, BoxesTitle: "Ses boîtes", People: []templates.DirectoryEntry{entry}, More: true, BackHref: "/directory", WriteTo: "/w"}),
	}
}

func TestWritingGallery(t *testing.T) {
	t.Parallel()
	for name, c := range writingGallery() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			html := draw(t, c)
			d := parse(t, html)
			checkIDs(t, d)
			checkNames(t, d)
			checkInline(t, d, "page")
			checkHtmx(t, d)
			if d.Find("h1").Length() != 1 || d.Find("main").Length() != 1 {
				t.Errorf("%d h1, %d main", d.Find("h1").Length(), d.Find("main").Length())
			}
			if at := loose.FindString(d.Find("main").Text()); at != "" {
				t.Errorf("breaking space in %q", at)
			}
			if n := zipped(t, html); n > 15_000 {
				t.Errorf("weighs %d", n)
			}
		})
	}
}

// What others wrote stays text, in every field of the sheet.
func TestComposeHostile(t *testing.T) {
	t.Parallel()
	const evil = `</textarea>"><script>alert(1)</script><img src=x onerror=alert(1)>`
	v := sampleCompose()
	v.Subject, v.HTML, v.Text, v.FromLabel, v.FromPerson, v.Saved, v.Limit = evil, evil, evil, evil, evil, evil, evil
	v.To = []templates.RecipientChip{{Name: evil, Typed: evil, Address: evil, Sub: evil, Kind: evil, Say: evil, Suggest: evil}}
	v.Files = []templates.DraftFile{{ID: evil, Name: evil, What: evil, Icon: evil, Size: 1, Received: 1, Href: "javascript:alert(1)"}}
	v.Remarks = []templates.RemarkView{{Key: evil, Level: evil, Place: "to", Say: evil, Address: evil, Suggest: evil}}
	v.Fates = []templates.FateView{{Who: evil, Say: evil, Code: evil}}
	v.Strips = []templates.Strip{{Kind: evil, Title: evil, Text: evil, LinkText: evil, LinkHref: "javascript:alert(1)"}}
	d := parse(t, draw(t, templates.ComposePage(v)))
	if n := d.Find("img[onerror]").Length(); n > 0 {
		t.Errorf("%d elements were made of words", n)
	}
	d.Find("script").Each(func(_ int, e *goquery.Selection) {
		if strings.Contains(e.Text(), "alert") {
			t.Error("a script was made of words")
		}
	})
	if got := d.Find("#html").Text(); got != evil {
		t.Errorf("the text did not come through as it is: %q", got)
	}
	d.Find("[href]").Each(func(_ int, e *goquery.Selection) {
		if strings.HasPrefix(e.AttrOr("href", ""), "javascript:") {
			t.Error("a javascript: address")
		}
	})
}
