package templates_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"pli.example/pli/templates"
)

// nonce of every sample page.
const nonce = "bm9uY2Utb2YtdGhlLWdhbGxlcnk"

// sample is one rendered page, fragment or frame document of the gallery.
type sample struct {
	name string
	kind string // "page", "fragment", "frame"
	body templ.Component
}

func samplePage(title string) templates.Page {
	return templates.Page{
		Title: title, Nonce: nonce, Keys: true, Section: "mail",
		Banner: "Démonstration : des personnes et des lettres inventées.",
		Me: templates.Me{Name: "Dr Claire Martin", Work: "Médecin généraliste", Place: "Cabinet des Lilas, Tours",
			SignedBy: "Pro Santé Connect, carte CPS", Several: true},
		Nav: templates.Nav{Home: "/list.html", Sessions: "/sessions.html", Journal: "/journal.html", Situations: "/situations.html", SignOut: "/sign-out"},
		Boxes: []templates.BoxLink{
			{ID: "b1", Label: "claire.martin", Address: "claire.martin@medecin.mssante.fr", Kind: "nominative", Unread: 12, Current: true, Href: "/list.html"},
			{ID: "b2", Label: "Cabinet des Lilas", Address: "cabinet.lilas@medecin.mssante.fr", Kind: "partagée", Unread: 5, Shared: true, Href: "/list-3.html"},
			{ID: "b3", Label: "Maison de santé pluriprofessionnelle des Deux-Rives", Address: "msp@medecin.mssante.fr", Kind: "organisationnelle", Unread: -1, Shared: true, Failing: true, Href: "/list-empty.html"},
		},
		Folders: folders("inbox"),
	}
}

func folders(current string) []templates.FolderLink {
	all := []templates.FolderLink{
		{ID: "f1", Label: "Réception", Role: "inbox", Unseen: 12, Total: 100000},
		{ID: "f2", Label: "Brouillons", Role: "drafts", Total: 2},
		{ID: "f3", Label: "Envoyés", Role: "sent", Total: 840},
		{ID: "f4", Label: "Archives", Role: "archive", Total: 5210},
		{ID: "f5", Label: "Indésirables", Role: "junk", Unseen: 3, Total: 3},
		{ID: "f6", Label: "Corbeille", Role: "trash", Total: 17},
		{ID: "f7", Label: "Réunions", Total: 40, Unseen: 1},
		{ID: "f8", Label: "Formation continue et développement professionnel", Depth: 1, Total: 9},
	}
	for i := range all {
		all[i].Href = "/list.html"
		all[i].Current = all[i].Role == current
	}
	return all
}

func sampleRows() []templates.Row {
	return []templates.Row{
		{Who: "Laboratoire Bioloire", What: "envoi automatique", Subject: "Résultats de biologie", When: "08:42", Unread: true, Attachments: 1,
			Chips: []templates.Chip{{Kind: "patient", Text: "VIAL Paul, 48 ans"}, {Kind: "doc", Text: "CR d’examens biologiques"}, {Kind: "critical", Text: "2 résultats critiques"}}},
		{Who: "Dr Hugo Petit", What: "cardiologue, CHU Tours", Subject: "Re : Demande d’avis, douleur thoracique d’effort", Snippet: "Merci de m’avoir adressé Mme Besançon. L’échographie est normale, je la revois dans un mois.", When: "08:15", Unread: true, Attachments: 1, Flagged: true},
		{Who: "Nadia Benali", What: "infirmière libérale", Subject: "Pansement de M. Roux, évolution", Snippet: "Bonjour, la plaie est propre, deux photos jointes. Dois-je continuer le protocole ?", When: "07:58", Unread: true, Attachments: 2},
		{Who: "Céline Genin", What: "Mon espace santé", Subject: "Ordonnance à préparer", Snippet: "Bonjour, je passerai vers 18 h. Merci !", When: "hier", Patient: true, Answered: true},
		{Who: "CH d’Amboise, urgences", What: "organisationnelle", Subject: "Lettre de liaison à la sortie", When: "hier", Chips: []templates.Chip{{Kind: "doc", Text: "Lettre de liaison"}, {Kind: "state", Text: "classé"}}},
		{Who: "", What: "", Subject: "", Snippet: "Un message sans expéditeur ni objet.", When: "hier"},
		{Who: "Professeure Marie-Antoinette de La Rochefoucauld-Montmorency-Besançon", What: "chirurgienne viscérale et digestive, centre hospitalier", Subject: strings.Repeat("Compte rendu opératoire détaillé avec annexes ", 4) + "et conclusion", Snippet: "Veuillez trouver ci-joint.", When: "lun."},
		{Who: "د. ليلى حداد", What: "nominative", Subject: "تقرير طبي عن المريض قبل الجراحة", Snippet: "السلام عليكم، تجدون التقرير مرفقا.", When: "lun.", Unread: true},
		{Who: "Service technique", Subject: "[KO Intégration système !] document refusé", When: "dim.", Unreadable: true},
		{Who: "Direction générale de la santé", Subject: "DGS-Urgent : recommandations de vaccination", Snippet: "Madame, Monsieur, vous trouverez ci-dessous…", When: "19/11/2026"},
	}
}

func number(rows []templates.Row) []templates.Row {
	for i := range rows {
		rows[i].UID = uint32(5000 - i)
		rows[i].Href = "/letter.html"
		rows[i].Ref = fmt.Sprintf("f1/17/%d", rows[i].UID)
		rows[i].WhenISO = "2026-11-22T08:42:00+01:00"
	}
	return rows
}

func rows(n int) []templates.Row {
	var out []templates.Row
	for len(out) < n {
		out = append(out, sampleRows()...)
	}
	return number(out[:n])
}

func sampleList(n, total int) templates.ListView {
	v := templates.ListView{
		Page: samplePage("Réception"), BoxID: "b1", FolderID: "f1", FolderLabel: "Réception", UIDValidity: 17, Rows: rows(n),
		Total: total, First: min(1, n), Last: n, RefreshHref: "/list.html", FilterAll: "/list.html", FilterUnread: "/list-unread.html", FilterFlagged: "/list-3.html",
		CanTriage: true, Search: &templates.SearchBox{Action: "/search"}, BulkTo: "/act", Moves: folders("")[2:],
	}
	if total > n {
		v.NextHref, v.PrevHref, v.JumpTo, v.Pages, v.PageNumber = "/list-3.html", "/list-3.html", "/list.html", (total+49)/50, 1
	}
	return v
}

func sampleAttachments() []templates.Attachment {
	return []templates.Attachment{
		{Name: "20261119_CR-biologie_VIAL_Paul.pdf", Type: "Document PDF", Size: "412 Ko", Icon: "pdf", DownloadHref: "/dl", PreviewHref: "/viewer.html", PreviewKind: "pdf"},
		{Name: "plaie.jpg", Type: "Photo", Size: "1,8 Mo", Icon: "image", DownloadHref: "/dl", PreviewHref: "/photo.svg", PreviewKind: "image"},
		{Name: "plaie-2.tif", Type: "Image numérisée (TIFF)", Size: "3,1 Mo", Icon: "image", DownloadHref: "/dl", PreviewHref: "/absent.png", PreviewKind: "image"},
		{Name: "vide.pdf", Type: "Document PDF", Size: "0\u00a0o", Icon: "pdf", DownloadHref: "/dl", PreviewHref: "/viewer.html", PreviewKind: "pdf"},
		{Name: "IHE_XDM.zip", Type: "Archive de documents de santé", Size: "96 Ko", Icon: "archive", DownloadHref: "/dl"},
		{Name: "un-nom-de-fichier-extraordinairement-long-que-personne-n-a-pense-a-raccourcir-avant-envoi.txt", Type: "Texte", Size: "2 Ko", Icon: "text", DownloadHref: "/dl", PreviewHref: "/text.html", PreviewKind: "text"},
		{Name: "", Type: "Fichier", Size: "12 octets", Icon: "file", DownloadHref: "/dl"},
	}
}

func sampleLetter() templates.LetterView {
	list := sampleList(50, 100000)
	list.Selected = 4999
	list.Page = templates.Page{}
	return templates.LetterView{
		Page: samplePage("Lettre"), List: &list, BoxID: "b1", FolderID: "f1", Ref: "f1/17/4999", UIDValidity: 17, UID: 4999,
		Subject: "Re : Demande d’avis, douleur thoracique d’effort",
		From:    templates.Sender{Name: "Dr Hugo Petit", Address: "hugo.petit@chu-tours.mssante.fr", Initials: "HP", Kind: "boîte nominative", Work: "cardiologue, CHU de Tours"},
		To:      []templates.Person{{Name: "Dr Claire Martin", Address: "claire.martin@medecin.mssante.fr"}},
		Cc:      []templates.Person{{Address: "secretariat.cardiologie@chu-tours.mssante.fr"}},
		When:    "aujourd’hui à 08:15", WhenISO: "2026-11-22T08:15:00+01:00", Answered: true,
		BodyHref: "/body.html", PlainHref: "/letter-plain.html", RemoteBlocked: 2, Attachments: sampleAttachments(),
		AllHref: "/zip", SourceHref: "/source", PrintHref: "/print.html", BackHref: "/list.html", PrevHref: "/letter-alone.html", NextHref: "/letter-plain.html",
		Moves: folders("")[2:], CanTriage: true,
		Acts: templates.LetterActs{Archive: "/act?do=archive", Bin: "/act?do=bin", Flag: "/act?do=star", Unflag: "/act?do=unstar", Unread: "/act?do=unread", Move: "/act?do=move"},
	}
}

// letterIn is a letter of another folder, beside that folder's list, in a rail
// where two mailboxes begin alike.
func letterIn(role string) templates.LetterView {
	v := sampleLetter()
	v.Page.Folders, v.Moves = folders(role), folders(role)
	v.List.Moves = v.Moves
	for _, f := range v.Page.Folders {
		if f.Current {
			v.List.FolderLabel = f.Label
		}
	}
	v.Page.Boxes = []templates.BoxLink{
		{ID: "b1", Label: "Dr Hugo Petit, CHU de Tours", Address: "hugo.petit@chu-tours.mssante.fr", Kind: "Boîte nominative", Unread: 12, Current: true, Href: "/list.html"},
		{ID: "b2", Label: "Dr Hugo Petit, Clinique de l’Alliance", Address: "hugo.petit@alliance-saint-cyr.mssante.fr", Kind: "Boîte nominative", Unread: 4, Href: "/list.html"},
		{ID: "b3", Label: "Secrétariat de cardiologie", Address: "secretariat.cardiologie@chu-tours.mssante.fr", Kind: "Boîte organisationnelle", Unread: 31, Shared: true, Href: "/list.html"},
	}
	return v
}

// worstLetter holds every length, direction and state at once.
func worstLetter() templates.LetterView {
	v := sampleLetter()
	v.List = nil
	v.Subject = strings.TrimSpace(strings.Repeat("Compte rendu opératoire détaillé avec annexes ", 4)) + " et conclusion sur deux cents signes"
	v.From = templates.Sender{Name: "Professeure Marie-Antoinette de La Rochefoucauld-Montmorency", Address: "marie-antoinette.de-la-rochefoucauld@centre-hospitalier-universitaire.mssante.fr",
		Initials: "MR", Kind: "boîte nominative", Work: "chirurgienne viscérale", Verified: true, Warning: "Le nom affiché ne correspond pas à l’adresse : vérifiez avant de répondre."}
	v.Patient, v.Flagged, v.Truncated, v.RemoteBlocked = true, true, true, 1
	for i := range 12 {
		v.To = append(v.To, templates.Person{Name: fmt.Sprintf("Destinataire %d", i+1), Address: fmt.Sprintf("personne%d@exemple.mssante.fr", i+1)})
	}
	v.Notices = []templates.Notice{
		{Kind: "error", Title: "Échec d’intégration.", Text: "Le logiciel du destinataire n’a pas pu intégrer cette lettre. Elle n’est pas perdue : elle est jointe ci-dessous."},
		{Kind: "warn", Title: "Hors de l’espace de confiance.", Text: "Cette adresse n’est pas dans la liste blanche MSSanté."},
	}
	v.Attachments = sampleAttachments()[:1]
	v.Nested = []templates.NestedLetter{
		{Subject: "Lettre de liaison à la sortie", From: "CH d’Amboise, urgences", When: "19/11/2026 à 17:02", BodyHref: "/body-plain.html", Attachments: sampleAttachments()[:2]},
		{Subject: "", From: "", When: "", BodyHref: "", Defects: "Cette lettre jointe est abîmée : son texte n’a pas pu être lu."},
	}
	return v
}

func sampleError(signedIn bool, status int) templates.ErrorView {
	p := samplePage("Boîte injoignable")
	p.Folders = nil
	return templates.ErrorView{
		Page: p, SignedIn: signedIn, Status: status, Heading: "La boîte ne répond pas",
		Say:      "Le serveur de votre opérateur n’a pas répondu. Vos lettres n’y sont pas perdues. Réessayez dans un instant.",
		ActLabel: "Réessayer", ActHref: "/list.html", AlsoLabel: "Autre boîte", AlsoURL: "/list-3.html", RequestID: "7QK2-4M9X",
	}
}

func gallery() []sample {
	flashed := sampleList(50, 100000)
	flashed.Flash = &templates.Flash{Say: "Lettre classée.", Kind: "ok", Undo: "jeton", UndoTo: "/undo", Next: "/list.html"}
	unread := sampleList(0, 0)
	unread.Filter = "unread"
	reader := sampleLetter()
	reader.CanTriage, reader.List = false, nil
	plain := sampleLetter()
	plain.PlainShown, plain.BodyHref, plain.Attachments, plain.RemoteBlocked = true, "/body-plain.html", nil, 0
	warned := sampleList(3, 3)
	warned.Flash = &templates.Flash{Say: "Deux lettres n’étaient plus dans ce dossier : elles n’ont pas été déplacées.", Kind: "warn"}
	none := samplePage("Aucune boîte")
	none.Boxes, none.Folders = nil, nil
	search := templates.SearchView{Page: samplePage("Recherche"), BoxID: "b1", Asked: true,
		Box: templates.SearchBox{Action: "/search", Words: "besançon", Everywhere: true, Fields: &templates.SearchFields{From: "petit", Unread: true, Open: true,
			Sorts: []templates.SearchSort{{Value: "", Text: "Plus récentes d’abord"}}, Folders: folders("")[:3],
			Chips: []templates.SearchChip{{Name: "from", Text: "De\u00a0: petit"}, {Name: "unread", Text: "Non lues"}}}},
		Saved: templates.SavedSearches{List: []templates.SavedSearch{{ID: "s1", Name: "Résultats à lire"}}, SaveTo: "/save", To: "/saved"},
		Rows:  rows(6), SearchProgress: templates.SearchProgress{Total: 6, Say: "La recherche s’est arrêtée.", More: true, OnTo: "/more", StopHref: "/stop", Texts: true, Going: true,
			Read: "depuis le 3 mars 2025, 12 000 lettres sur 100 000", PageNumber: 1, Pages: 3, NextHref: "/next"}, Moves: folders("")[2:], CanAct: true, BulkTo: "/act"}
	for i := range search.Rows {
		search.Rows[i].FolderLabel = []string{"Réception", "Archives", "Envoyés"}[i%3]
	}
	noSearch := search
	noSearch.Rows, noSearch.SearchProgress, noSearch.Saved = nil, templates.SearchProgress{OnTo: "/more", Empty: "Aucune lettre ne répond à cette recherche."}, templates.SavedSearches{SaveTo: "/save", Error: "Ce nom est pris.", Name: "x"}
	blankSearch := search
	blankSearch.Asked, blankSearch.Rows = false, nil
	letter := sampleLetter()
	filed, binned, draft := letterIn("archive"), letterIn("trash"), letterIn("drafts")
	draft.BodyHref, draft.Attachments, draft.RemoteBlocked = "", nil, 0
	draft.From = templates.Sender{Address: "claire.martin@medecin.mssante.fr"}
	return append(slices.Concat(patientSamples(), ruleSamples(), conversationSamples(), triageSamples()), []sample{
		{"letter-filed", "page", templates.LetterPage(filed)},
		{"letter-binned", "page", templates.LetterPage(binned)},
		{"letter-draft", "page", templates.LetterPage(draft)},
		{"signin", "page", templates.SignInPage(templates.SignInView{Nonce: nonce, Banner: "Démonstration : des personnes et des lettres inventées.", BannerTo: "/about", Next: "/", Action: "/sign-in"})},
		{"signin-ended", "page", templates.SignInPage(templates.SignInView{Nonce: nonce, Say: "Votre session s’est fermée après 2 h sans activité. Rien n’est perdu : identifiez-vous pour reprendre.", SayKind: "info", Next: "/", Action: "/sign-in"})},
		{"signin-error", "page", templates.SignInPage(templates.SignInView{Nonce: nonce, Say: "Pro Santé Connect ne répond pas. Réessayez dans quelques minutes.", SayKind: "error", Next: "/", Action: "/sign-in"})},
		{"situations", "page", templates.SituationsPage(templates.SituationsView{Page: samplePage("Situation"), Action: "/situations", Next: "/", Choices: []templates.SituationChoice{
			{Key: "a", Work: "Cardiologue", Place: "CHU de Tours", Mode: "salarié", Current: true}, {Key: "b", Work: "Cardiologue", Place: "Clinique de l’Alliance, Saint-Cyr-sur-Loire", Mode: "libéral"}}})},
		{"list", "page", templates.ListPage(flashed)},
		{"list-3", "page", templates.ListPage(warned)},
		{"list-empty", "page", templates.ListPage(sampleList(0, 0))},
		{"list-unread", "page", templates.ListPage(unread)},
		{"list-fragment", "fragment", templates.ListFragment(sampleList(50, 100000))},
		{"search", "page", templates.SearchPage(search)},
		{"search-none", "page", templates.SearchPage(noSearch)},
		{"search-blank", "page", templates.SearchPage(blankSearch)},
		{"letter", "page", templates.LetterPage(letter)},
		{"letter-fragment", "fragment", templates.LetterFragment(letter)},
		{"letter-alone", "page", templates.LetterPage(worstLetter())},
		{"letter-plain", "page", templates.LetterPage(plain)},
		{"letter-reader", "page", templates.LetterPage(reader)},
		{"print", "page", templates.PrintPage(templates.PrintView{Nonce: nonce, Letter: letter, PrintedBy: "Dr Claire Martin", PrintedAt: "le 22/11/2026 à 09:12", BodyHref: "/body.html", Attachments: letter.Attachments})},
		{"viewer", "page", templates.ViewerPage(templates.ViewerView{Nonce: nonce, FileName: "20261119_CR-biologie_VIAL_Paul.pdf", FileHref: "/sample.pdf", BackHref: "/letter.html"})},
		{"text", "page", templates.TextPreviewPage(templates.TextPreviewView{Page: samplePage("Texte"), FileName: "notes.txt", Text: strings.Repeat("Ligne de texte, \t<b>sans balise</b>.\n", 40), BackHref: "/letter.html", DownloadHref: "/dl", Truncated: true})},
		{"sessions", "page", templates.SessionsPage(templates.SessionsView{Page: samplePage("Mes sessions"), Rows: []templates.SessionRow{
			{ID: "s1", Agent: "Firefox sur Windows", Since: "aujourd’hui à 08:01", Seen: "à l’instant", Current: true, RevokeTo: "/sessions/revoke"},
			{ID: "s2", Agent: "Safari sur iPhone", Since: "hier à 19:40", Seen: "hier à 20:05", RevokeTo: "/sessions/revoke"},
			{ID: "s3", Agent: "", Since: "hier à 12:40", Seen: "hier à 12:45", RevokeTo: "/sessions/revoke"}}})},
		{"journal", "page", templates.JournalPage(templates.JournalView{Page: samplePage("Mon journal"), NextHref: "/journal.html", Rows: []templates.JournalRow{
			{When: "aujourd’hui à 08:42:10", Who: "Dr Claire Martin", Box: "claire.martin@medecin.mssante.fr", Act: "Lettre ouverte", Outcome: "fait"},
			{When: "aujourd’hui à 08:41:03", Who: "Sophie Garnier", Box: "cabinet.lilas@medecin.mssante.fr", Act: "Lettre classée", Outcome: "fait"},
			{When: "aujourd’hui à 08:40:55", Who: "Dr Claire Martin", Box: "", Act: "Connexion", Outcome: "fait"},
			{When: "hier à 18:20:00", Who: "Dr Claire Martin", Box: "msp@medecin.mssante.fr", Act: "Boîte refusée", Outcome: "refusé par l’opérateur"}}})},
		{"error", "page", templates.ErrorPage(sampleError(true, 502))},
		{"error-out", "page", templates.ErrorPage(sampleError(false, 404))},
		{"error-fragment", "fragment", templates.ErrorFragment(sampleError(true, 502))},
		{"no-mailbox", "page", templates.NoMailboxPage(templates.NoMailboxView{Page: none, NationalID: "899700137213", Operator: "l’assistance de votre GRADeS, 02 47 00 00 00"})},
		{"body", "frame", templates.BodyDocument(templates.BodyView{Title: "Corps de la lettre", HTML: `<p>Chère consœur,</p><p>Merci de m’avoir adressé <b>Mme Besançon</b>, 71 ans. L’échographie est normale, la fraction d’éjection est à 62&nbsp;%.</p><table border="1" cellpadding="4"><tr><th>Mesure</th><th>Valeur</th></tr><tr><td>VTDVG</td><td>98 mL</td></tr></table><p>Bien confraternellement,<br>Dr Hugo Petit</p>`})},
		{"body-plain", "frame", templates.BodyDocument(templates.BodyView{Dark: true, HTML: `<pre>Bonjour Docteur,` + "\n\n" + `La plaie est propre. Dois-je continuer le protocole ?` + "\n\n" + `Nadia Benali</pre><details><summary>texte cité</summary><blockquote>Merci de passer chez M. Roux.</blockquote></details>`})},
	}...)
}
