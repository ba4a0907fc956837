package web_test

import (
	"fmt"
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/testkit"
)

// What made a new reader stumble, each mended and kept so: one app of its own, since
// most of it moves letters.
func TestStumbles(t *testing.T) {
	ofSize(t)
	t.Parallel()
	k := testkit.New(t)
	for _, row := range []struct {
		name string
		test func(*testing.T, *testkit.Kit)
	}{
		{"ActOnALetterAlreadyGone", actOnALetterAlreadyGone},
		{"UndoTellsWhereLettersCameBack", undoTellsWhereLettersCameBack},
		{"ActsNameTheirLetter", actsNameTheirLetter},
		{"UndoOnce", undoOnce},
		{"UndoShowsWhatCameBack", undoShowsWhatCameBack},
		{"UndoComesBackToTheSamePage", undoComesBackToTheSamePage},
		{"MoveWithoutAFolder", moveWithoutAFolder},
		{"SituationOpensItsMailbox", situationOpensItsMailbox},
		{"PicturesAreSeen", picturesAreSeen},
		{"NestedLetterOnce", nestedLetterOnce},
		{"FilesInOrderAndNamed", filesInOrderAndNamed},
		{"NotDelivered", notDelivered},
		{"AskedForCodes", askedForCodes},
		{"NotJunk", notJunk},
		{"RailKeepsItsFolders", railKeepsItsFolders},
		{"CloseAllOtherSessions", closeAllOtherSessions},
		{"JournalInShort", journalInShort},
		{"ClosedAccountSaysWhomToCall", closedAccountSaysWhomToCall},
		{"ReaderIsTold", readerIsTold},
		{"DoubtfulSender", doubtfulSender},
	} {
		t.Run(row.name, func(t *testing.T) { row.test(t, k.For(t)) })
	}
}

func flashAt(t *testing.T, c *testkit.Client, a *testkit.Answer) *selection {
	t.Helper()
	if a.Status != 303 {
		t.Fatalf("%d: %s", a.Status, doc(t, a).Find("main").Text())
	}
	return doc(t, ok(t, c.Get(a.Location()))).Find("[data-testid=flash]")
}

func undoForm(f *selection) (action, token, next string) {
	form := f.Find("form")
	return form.AttrOr("action", ""), form.Find("input[name=undo]").AttrOr("value", ""), form.Find("input[name=next]").AttrOr("value", "")
}

func inboxOf(t *testing.T, c *testkit.Client) string {
	t.Helper()
	return c.Get(c.Get("/mail/" + boxID(t, c, 0)).Location()).URL.Path
}

// Another tab was first: the list again, with a sentence, from the list as from the
// letter's own page. A folder that is not this mailbox's stays refused.
func actOnALetterAlreadyGone(t *testing.T, k *testkit.Kit) {
	c, other := k.SignIn("martin"), k.SignIn("fournier")
	inbox := inboxOf(t, c)
	links := letterLinks(t, c, inbox)
	letter := strings.SplitN(links[len(links)-1], "?", 2)[0]
	box, ref := strings.Split(letter, "/")[2], strings.Join(strings.Split(letter, "/")[3:6], "/")
	if a := c.Post("/mail/"+box+"/act?do=archive", values("ref", ref)); a.Status != 303 {
		t.Fatal(a.Status)
	}
	for _, next := range []string{"", inbox + "?filter=unread", letter + "?filter=unread"} {
		for _, do := range []string{"archive", "bin", "star", "unread"} {
			a := c.Post("/mail/"+box+"/act?do="+do, values("ref", ref, "next", next))
			if a.Status != 303 || !strings.HasPrefix(a.Location(), inbox+"?") || strings.Contains(next, "unread") != strings.Contains(a.Location(), "filter=unread") {
				t.Errorf("%s from %q: %d to %q", do, next, a.Status, a.Location())
				continue
			}
			f := flashAt(t, c, a)
			if text := f.Text(); !strings.Contains(text, "cette lettre n’est plus ici") || f.Find("form").Length() > 0 {
				t.Errorf("%s from %q: %q", do, next, text)
			}
		}
	}
	a := c.Post("/mail/"+box+"/compose", values("kind", "reply", "ref", ref))
	if a.Status != 303 || !strings.HasPrefix(a.Location(), inbox) || !strings.Contains(flashAt(t, c, a).Text(), "cette lettre n’est plus ici") {
		t.Errorf("an answer to it: %d to %q", a.Status, a.Location())
	}
	theirs := strings.Split(strings.SplitN(letterLinks(t, other, "/")[0], "?", 2)[0], "/")
	if a := c.Post("/mail/"+box+"/act?do=archive", values("ref", strings.Join(theirs[3:6], "/"))); a.Status != 410 && a.Status != 404 {
		t.Errorf("another's folder: %d", a.Status)
	}
}

// The server lists a letter that came back as the last to arrive: the sentence says
// so, and never that all is as before.
func undoTellsWhereLettersCameBack(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	inbox := inboxOf(t, c)
	row := doc(t, ok(t, c.Get(inbox))).Find("[data-testid=letter-row]").Last()
	subject, ref := row.Find("[data-testid=row-subject]").Text(), row.Find("[data-testid=row-select]").AttrOr("value", "")
	box := strings.Split(inbox, "/")[2]
	action, token, next := undoForm(flashAt(t, c, c.Post("/mail/"+box+"/act?do=bin", values("ref", ref, "next", inbox))))
	text := flashAt(t, c, c.Post(action, values("undo", token, "next", next))).Text()
	if !strings.Contains(text, "la lettre est revenue en tête de «\u00a0Réception\u00a0», avec sa date") || strings.Contains(text, "comme avant") {
		t.Errorf("says %q", text)
	}
	if first := doc(t, ok(t, c.Get(inbox))).Find("[data-testid=row-subject]").First().Text(); first != subject {
		t.Errorf("at the top stands %q, not %q: the sentence lies", first, subject)
	}
	top := doc(t, ok(t, c.Get(inbox))).Find("[data-testid=row-select]").First().AttrOr("value", "")
	action, token, next = undoForm(flashAt(t, c, c.Post("/mail/"+box+"/act?do=star", values("ref", top, "next", inbox))))
	if text := flashAt(t, c, c.Post(action, values("undo", token, "next", next))).Text(); !strings.Contains(text, "tout est comme avant") {
		t.Errorf("a mark taken back: %q", text)
	}
}

func undoComesBackToTheSamePage(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	inbox := inboxOf(t, c)
	from := inbox + "?filter=unread"
	form := doc(t, ok(t, c.Get(from))).Find("#selection")
	ref := doc(t, ok(t, c.Get(from))).Find("[data-testid=row-select]").First().AttrOr("value", "")
	_, _, next := undoForm(flashAt(t, c, c.Post(form.AttrOr("action", ""), values("ref", ref, "do", "star"))))
	if next != from {
		t.Errorf("the undo leads to %q, not %q", next, from)
	}
}

func moveWithoutAFolder(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	inbox := inboxOf(t, c)
	ref := doc(t, ok(t, c.Get(inbox))).Find("[data-testid=row-select]").First().AttrOr("value", "")
	if text := flashAt(t, c, c.Post("/mail/"+strings.Split(inbox, "/")[2]+"/act", values("ref", ref, "do", "move", "to", "", "next", inbox))).Text(); !strings.Contains(text, "Aucun dossier n’est choisi") {
		t.Errorf("says %q", text)
	}
}

// The mailbox opened is that of the place chosen, then the one used there.
func situationOpensItsMailbox(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("petit")
	d := doc(t, ok(t, c.Get("/situations")))
	pick := func(place string) string {
		t.Helper()
		key := d.Find(".choice").FilterFunction(func(_ int, s *selection) bool { return strings.Contains(s.Text(), place) }).AttrOr("value", "")
		if a := c.Post("/situations", values("situation", key, "next", "/")); a.Status != 303 {
			t.Fatalf("%s: %d", place, a.Status)
		}
		return strings.TrimSpace(doc(t, ok(t, c.Follow("/"))).Find("[data-testid=box-link][aria-current] .rail-name").Text())
	}
	if got := pick("Clinique"); got != "Dr Hugo Petit, clinique" {
		t.Errorf("the clinic opens %q", got)
	}
	if got := pick("CHU"); got != "Dr Hugo Petit, CHU" {
		t.Errorf("the hospital opens %q", got)
	}
	ok(t, c.Follow("/mail/"+boxID(t, c, 2)))
	if got := strings.TrimSpace(doc(t, ok(t, c.Follow("/"))).Find("[data-testid=box-link][aria-current] .rail-name").Text()); got != "Secrétariat de cardiologie" {
		t.Errorf("home forgets the mailbox used last: %q", got)
	}
}

// Pictures stand in the letter's page without a click, and go on paper with it; a
// TIFF, which costs a conversion, waits for who asks. No address tells a name.
func picturesAreSeen(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	href := deliver(t, k, c, "deux images", mixed+"--B\nContent-Type: text/plain\n\nmot\n"+part("image/png", "plaie DUPONT.png", []byte("\x89PNG"))+
		part("image/tiff", "radio.tif", []byte("II*\x00"))+"--B--\n")
	d := doc(t, ok(t, c.Get(href)))
	seen := d.Find("[data-testid=attachment] summary img[loading=lazy]")
	if seen.Length() != 1 || !strings.HasSuffix(seen.AttrOr("src", ""), "/part/2/picture") {
		t.Errorf("%d pictures seen at once, %q", seen.Length(), seen.AttrOr("src", ""))
	}
	if d.Find("[data-testid=attachment] img").Length() != 2 {
		t.Error("the TIFF cannot be asked for")
	}
	p := doc(t, ok(t, c.Get(href+"/print"))).Find(".print-picture img")
	if p.Length() != 2 || strings.Contains(p.AttrOr("src", ""), "DUPONT") {
		t.Errorf("%d pictures on paper", p.Length())
	}
}

func nestedLetterOnce(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	href := deliver(t, k, c, "avec une lettre dedans", mixed+"--B\nContent-Type: text/plain\n\nmot\n"+part("application/pdf", "a.pdf", []byte("%PDF-1.4"))+
		"--B\nContent-Type: message/rfc822\n\nSubject: dedans\nFrom: x@medecin.mssante.fr\n\nau fond\n--B--\n")
	d := doc(t, ok(t, c.Get(href)))
	if n := d.Find("[data-testid=attachment]").Length(); n != 1 {
		t.Errorf("%d files listed, one is a letter shown below", n)
	}
	down := d.Find("[data-testid=nested-letter] [data-testid=nested-download]").AttrOr("href", "")
	if a := ok(t, c.Get(down)); !strings.Contains(a.Text(), "Subject: dedans") {
		t.Errorf("%q is not the letter carried inside", down)
	}
	if d.Find("[data-testid=download-all]").Length() != 1 {
		t.Error("the file and the letter cannot be taken together")
	}
}

func filesInOrderAndNamed(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	href := deliver(t, k, c, "dans le désordre", mixed+"--B\nContent-Type: text/plain\n\nmot\n"+part("application/zip", "IHE_XDM.zip", []byte("PK"))+
		part("text/plain", "notes.txt", []byte("x"))+part("image/png", "photo.png", []byte("\x89PNG"))+part("application/pdf", "cr.pdf", []byte("%PDF-1.4"))+
		"--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n--B--\n")
	var names []string
	doc(t, ok(t, c.Get(href))).Find("[data-testid=attachment-name]").Each(func(_ int, s *selection) { names = append(names, s.Text()) })
	if got := fmt.Sprint(names); got != "[cr.pdf photo.png notes.txt rapport-de-remise.txt IHE_XDM.zip]" {
		t.Errorf("in the order %s", got)
	}
}

// The strip says to whom, why and what to do; a patient is never named by a number.
func notDelivered(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	for subject, want := range map[string]string{
		"retour inconnu": "n’a pas été remise à absent@chu-touraine.mssante.fr\u00a0: cette adresse n’existe pas, ou n’existe plus. Cherchez son adresse actuelle",
		"retour plein":   "n’a pas été remise à absent@chu-touraine.mssante.fr\u00a0: sa boîte est pleine. Prévenez-le",
		"retour gros":    "n’a pas été remise à absent@chu-touraine.mssante.fr\u00a0: elle est trop volumineuse",
	} {
		status := map[string]string{"retour inconnu": "5.1.1", "retour plein": "5.2.2", "retour gros": "5.3.4"}[subject]
		href := deliver(t, k, c, subject, "Return-Path: <>\nContent-Type: multipart/report; report-type=delivery-status; boundary=B\n\n--B\nContent-Type: text/plain\n\nmot\n"+
			"--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; absent@chu-touraine.mssante.fr\nAction: failed\nStatus: "+status+"\n\n--B--\n")
		if text := doc(t, ok(t, c.Get(href))).Find(".notices").Text(); !strings.Contains(text, want) {
			t.Errorf("%s: %q", subject, text)
		}
	}
	text := doc(t, ok(t, c.Get(hrefOf(t, c, inboxOf(t, c), "Message non distribué")))).Find(".notices").Text()
	if !strings.Contains(text, "à un patient\u00a0: aucune messagerie Mon espace santé n’est ouverte") || strings.Contains(text, "@patient") {
		t.Errorf("a patient: %q", text)
	}
}

func askedForCodes(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	const never = "Pro Santé Connect ne demande jamais vos codes par messagerie"
	if text := doc(t, ok(t, c.Get(hrefOf(t, c, inboxOf(t, c), "Mise à jour obligatoire")))).Find(".notices").Text(); !strings.Contains(text, never) || !strings.Contains(text, "piege.invalid") {
		t.Errorf("a lure: %q", text)
	}
	warned := 0
	for _, folder := range folderLinks(t, c) {
		for _, href := range letterLinks(t, c, folder) {
			d := doc(t, ok(t, c.Get(href, testkit.Fragment)))
			if strings.Contains(d.Find(".notices").Text(), never) {
				warned++
			}
		}
	}
	if warned != 1 {
		t.Errorf("%d letters of the mailbox are warned of, one is a lure", warned)
	}
	// Every link's host is in its title, which the frame's own sheet shows on focus.
	body := ok(t, c.Get(strings.SplitN(hrefOf(t, c, inboxOf(t, c), "Mise à jour obligatoire"), "?", 2)[0]+"/body", testkit.For("iframe")))
	doc(t, body).Find("a[href^=http]").Each(func(_ int, s *selection) {
		if s.AttrOr("title", "") != "piege.invalid" {
			t.Errorf("a link to %s says %q", s.AttrOr("href", ""), s.AttrOr("title", ""))
		}
	})
	if !strings.Contains(body.Text(), "a[title]:focus-visible::after") {
		t.Error("the frame does not show where a link leads")
	}
}

func notJunk(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	inbox := inboxOf(t, c)
	junk := doc(t, ok(t, c.Get(inbox))).Find("[data-testid=folder-junk]").AttrOr("href", "")
	href := letterLinks(t, c, junk)[0]
	d := doc(t, ok(t, c.Get(href)))
	button := d.Find("[data-testid=act-back]")
	if !strings.Contains(button.Text(), "Ce n’est pas indésirable") || d.Find("[data-testid=bulk-back]").Text() != "Ce n’est pas indésirable" {
		t.Fatalf("offered: %q, %q", button.Text(), d.Find("[data-testid=bulk-back]").Text())
	}
	form := button.Closest("form")
	a := c.Post(form.AttrOr("action", ""), values("ref", form.Find("input[name=ref]").AttrOr("value", ""), "to", form.Find("input[name=to]").AttrOr("value", "")))
	if text := flashAt(t, c, a).Text(); !strings.Contains(text, "» remise en Réception") {
		t.Errorf("says %q", text)
	}
	rowOf(t, c, inbox, d.Find("[data-testid=letter-subject]").Text())
}

// Pages without letters keep the folders last seen, and ask no server for them.
func railKeepsItsFolders(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	if n := doc(t, ok(t, c.Get("/journal"))).Find("[data-testid=folder-inbox]").Length(); n != 0 {
		t.Errorf("%d folders before any was listed", n)
	}
	inbox := inboxOf(t, c)
	ok(t, c.Get(inbox))
	listed := func() (n int) {
		for _, e := range acts(t, k, "martin") {
			if e.Action == audit.FolderList || e.Action == audit.LetterList {
				n++
			}
		}
		return n
	}
	before := listed()
	for _, path := range []string{"/journal", "/sessions", "/mail/aaaaaaaaaaaaaaaa"} {
		d := doc(t, c.Get(path))
		if d.Find("[data-testid=folder-inbox]").AttrOr("href", "") != inbox || d.Find("[data-testid=box-link][aria-current]").Length() != 1 {
			t.Errorf("%s lost the folders", path)
		}
	}
	if n := listed(); n != before {
		t.Errorf("%d listings for the rail", n-before)
	}
}

func closeAllOtherSessions(t *testing.T, k *testkit.Kit) {
	here, one, two := k.SignIn("mercier"), k.SignIn("mercier"), k.SignIn("mercier")
	other := k.SignIn("benali")
	d := doc(t, ok(t, here.Get("/sessions")))
	rows := d.Find("[data-testid=sessions-row]")
	if rows.Length() != 3 || !strings.Contains(rows.First().Text(), "cette session") || strings.Count(rows.Text(), "avec la carte CPS") != 3 {
		t.Errorf("the sessions read %q", rows.Text())
	}
	if last := rows.Find("[data-testid=session-last]").First().Text(); !strings.Contains(last, "Dernier acte aujourd’hui à ") {
		t.Errorf("the last act reads %q", last)
	}
	form := d.Find("[data-testid=session-revoke-others]").Closest("form")
	if a := here.Get(form.AttrOr("action", "")); a.Status != 405 {
		t.Errorf("a link closes sessions: %d", a.Status)
	}
	if text := flashAt(t, here, here.Post(form.AttrOr("action", ""), values("others", "1"))).Text(); !strings.Contains(text, "2\u00a0autres sessions sont fermées") {
		t.Errorf("says %q", text)
	}
	for _, c := range []*testkit.Client{one, two} {
		if a := c.Get("/"); a.Status != 303 || !strings.HasPrefix(a.Location(), "/sign-in") {
			t.Errorf("another session lives on: %d to %q", a.Status, a.Location())
		}
	}
	ok(t, other.Get("/sessions"))
	if d := doc(t, ok(t, here.Get("/sessions"))); d.Find("[data-testid=sessions-row]").Length() != 1 || d.Find("[data-testid=session-revoke-others]").Length() != 0 {
		t.Error("the others are still listed")
	}
}

// Listings are one line, a letter is a date, what was asked is told by what came of
// it, and the kinds narrow it all.
func journalInShort(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("garnier")
	inbox := inboxOf(t, c)
	for range 4 {
		ok(t, c.Get(inbox))
	}
	href := letterLinks(t, c, inbox)[0]
	d := doc(t, ok(t, c.Get(href)))
	subject := d.Find("[data-testid=letter-subject]").Text()
	ref := d.Find("input[name=ref]").First().AttrOr("value", "")
	if a := c.Post("/mail/"+strings.Split(inbox, "/")[2]+"/act?do=archive", values("ref", ref)); a.Status != 303 {
		t.Fatal(a.Status)
	}
	j := doc(t, ok(t, c.Get("/journal")))
	rows := func(d *selection, words string) *selection {
		return d.Find("tbody tr").FilterFunction(func(_ int, s *selection) bool { return strings.Contains(s.Text(), words) })
	}
	if l := rows(j.Selection, "Listes de lettres"); l.Length() != 1 || !strings.Contains(l.Text(), "fois") {
		t.Errorf("%d lines of listings: %q", l.Length(), l.Text())
	}
	if l := rows(j.Selection, "Lettre classée"); l.Length() != 1 || !strings.Contains(l.Text(), "lettre du ") || strings.Contains(j.Text(), "demandé") {
		t.Errorf("filing reads %q", l.Text())
	}
	if strings.Contains(j.Text(), subject) {
		t.Error("the journal holds a subject")
	}
	session := doc(t, ok(t, c.Get("/journal?kind=session")))
	if rows(session.Selection, "Connexion").Length() == 0 || rows(session.Selection, "Lettre").Length() != 0 || session.Find(".filter[aria-current]").Text() != "Connexions" {
		t.Errorf("the sign-ins read %q", session.Find("tbody").Text())
	}
	ok(t, c.Get("/journal?kind=%27--&before=x"))
}

func closedAccountSaysWhomToCall(t *testing.T, k *testkit.Kit) {
	_, a := k.TrySignIn("aubert", "/")
	d := doc(t, a)
	if a.Status != 403 || d.Find("[data-testid=error-title]").Text() != "Votre compte est fermé" || !strings.Contains(d.Find("[data-testid=support]").Text(), "01\u00a099") {
		t.Errorf("%d: %q", a.Status, d.Find("main").Text())
	}
}

func readerIsTold(t *testing.T, k *testkit.Kit) {
	grant(t, k, "renard", []mssanteGrant{{people.LilasBox, "read"}})
	c := k.SignIn("renard")
	d := doc(t, ok(t, c.Follow("/")))
	if !strings.Contains(d.Find("[data-testid=read-only]").Text(), "sans pouvoir y classer") {
		t.Error("the list does not say what may not be done")
	}
	d = doc(t, ok(t, c.Get(d.Find("a.row-link").First().AttrOr("href", ""))))
	if !strings.Contains(d.Find(".letter [data-testid=read-only]").Text(), "sans pouvoir y classer") {
		t.Error("the letter does not say what may not be done")
	}
}
