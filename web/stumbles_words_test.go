package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

// What is a lure and what is everyday post.
func TestAskNotice(t *testing.T) {
	t.Parallel()
	const out = ` <a href="https://portail.exemple.net/x">lien</a>`
	for text, want := range map[string]bool{
		"<p>Votre session a expiré.</p>" + out:                                                                       true,
		"<p>Saisissez à nouveau vos identifiants.</p>" + out:                                                         true,
		"<p>Confirmez votre mot de passe avant demain.</p>" + out:                                                    true,
		"<p>Votre carte CPS sera désactivée, vérifiez vos accès</p>" + out:                                           true,
		"<p>Saisissez à nouveau vos identifiants.</p>":                                                               false, // no link
		"<p>Saisissez vos identifiants.</p> <a href=\"https://assure.ameli.fr/\">ameli</a>":                          false,
		"<p>Saisissez vos identifiants.</p> <a href=\"https://wallet.esante.gouv.fr/\">PSC</a>":                      false,
		"<p>Saisissez vos identifiants.</p> <a href=\"https://ameli.fr.exemple.com/\">ameli</a>":                     true,
		"<p>Pour voir les images, saisissez le code indiqué sur le compte rendu.</p>" + out:                          false,
		"<p>Votre patient revient jeudi. Le certificat expire en mars.</p>" + out:                                    false,
		"<p>Merci de confirmer le rendez-vous de Mme Roux.</p>" + out:                                                false,
		"<p>Vérifiez le code postal de la patiente.</p>" + out:                                                       false,
		"<p>Le traitement est suspendu jusqu’à nouvel ordre.</p>" + out:                                              false,
		"<p>Mettez à jour le dossier.</p><p>Mon numéro a changé, le code de la porte aussi.</p>" + out:               false,
		"<p>Connectez-vous au serveur de résultats avec le mot de passe fourni par le laboratoire.</p>" + out:        false,
		"<div>Docteur, votre messagerie <b>expire aujourd’hui</b>.</div><div><a href=\"https://x.invalid/\">ici</a>": true,
	} {
		n, got := askNotice("Objet", text)
		if got != want {
			t.Errorf("%q: warned %t", text, got)
		}
		if got && !strings.Contains(n.Text, "«") {
			t.Errorf("%q: the host is not said: %q", text, n.Text)
		}
	}
}

func TestReasonOfANonDelivery(t *testing.T) {
	t.Parallel()
	who, _ := mssante.ParseAddress("dr.x@medecin.mssante.fr")
	for status, want := range map[string]string{"5.1.1": "n’existe pas", "5.1.2": "domaine", "5.2.2": "pleine", "5.2.1": "fermée", "5.3.4": "volumineuse",
		"5.7.1": "n’accepte pas", "4.4.7": "à temps", "5.6.0": "pièces jointes", "": "refusée", "x": "refusée"} {
		n := undelivered(message.Report{Recipients: []message.ReportRecipient{{Address: who, Action: "failed", Status: status}}}, "")
		if !strings.Contains(n.Text, want) || !strings.Contains(n.Text, "dr.x@medecin.mssante.fr") || strings.Contains(n.Text, status) && status != "" && status != "x" {
			t.Errorf("%s: %q", status, n.Text)
		}
	}
	many := message.Report{}
	for range 9 {
		many.Recipients = append(many.Recipients, message.ReportRecipient{Address: who, Action: "failed", Status: "5.1.1"})
	}
	if n := undelivered(many, ""); !strings.Contains(n.Text, "et 4 autres") || strings.Count(n.Text, "n’existe pas") != 1 {
		t.Errorf("%q", n.Text)
	}
	if n := undelivered(message.Report{}, ""); !strings.Contains(n.Text, "sans que le serveur dise à qui") {
		t.Errorf("%q", n.Text)
	}
}

func TestUndoneWords(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]mailbox.Outcome{
		"C’est annulé\u00a0: tout est comme avant.":                                                              {Done: 2},
		"C’est annulé\u00a0: la lettre est revenue en tête de son dossier, avec sa date.":                        {Done: 1, Returned: 1},
		"C’est annulé\u00a0: 3\u00a0lettres sont revenues en tête de «\u00a0Archives\u00a0», avec leurs dates.":  {Done: 3, Returned: 3, ReturnedTo: "Archives"},
		"1\u00a0lettre remise en tête de «\u00a0Réception\u00a0»\u00a0; 1 n’était plus là.":                      {Done: 1, Missed: 1, Returned: 1, ReturnedTo: "Réception"},
		"C’est annulé\u00a0: la lettre est revenue en tête de son dossier, avec sa date. Le journal n’a pas su.": {Done: 1, Returned: 1, Say: "Le journal n’a pas su."},
	} {
		if got := undoneWords(o); got != want {
			t.Errorf("%+v:\n%q, want\n%q", o, got, want)
		}
	}
}

func TestListOf(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		"/mail/b/f/1/2": "/mail/b/f",
		"/mail/b/f/1/2?before=9&filter=unread&x=1":      "/mail/b/f?before=9&filter=unread",
		"/mail/b/f?page=2":                              "/mail/b/f?page=2",
		"/mail/b/f/1/2?from=" + strings.Repeat("a", 20): "/mail/b/search/" + strings.Repeat("a", 20),
		"/mail/b/f/1/2?from=../../x":                    "/mail/b/f",
		"/mail/b/search/aaaaaaaaaaaaaaaaaaaa":           "/mail/b/search/aaaaaaaaaaaaaaaaaaaa",
		"/journal":                                      "/journal",
	} {
		if got := listOf(to); got != want {
			t.Errorf("%s: %s, want %s", to, got, want)
		}
	}
}

func TestBoxOfSituation(t *testing.T) {
	t.Parallel()
	grantOn := func(address, label string, kind mssante.MailboxKind, owner delegation.Kind) delegation.Grant {
		a, err := mssante.ParseAddress(address)
		if err != nil {
			t.Fatal(err)
		}
		return delegation.Grant{Mailbox: account.Mailbox{ID: label, Address: a, Label: label, Kind: kind}, Kind: owner, Rights: delegation.All}
	}
	grants := []delegation.Grant{
		grantOn("a.b@chu-touraine.mssante.fr", "Dr A, CHU", mssante.KindNominative, delegation.Owner),
		grantOn("a.b@medecin.mssante.fr", "Dr A, clinique", mssante.KindNominative, delegation.Owner),
		grantOn("lilas@pro.mssante.fr", "Cabinet des Lilas", mssante.KindCabinet, delegation.Owner),
		grantOn("secretariat@clinique-des-tanneurs.mssante.fr", "Secrétariat", mssante.KindOrganisational, delegation.Delegate),
	}
	for place, want := range map[string]string{"CHU DE TOURAINE": "Dr A, CHU", "CLINIQUE DES TANNEURS": "Dr A, clinique", "UNIVERSITÉ DE TOURS": "", "": "", "CABINET DES LILAS": ""} {
		g, ok := boxOfSituation(grants, mssante.Situation{Structure: place})
		if ok != (want != "") || ok && g.Mailbox.Label != want {
			t.Errorf("%s: %q", place, g.Mailbox.Label)
		}
	}
}

// Rows of a trail, newest first, become lines.
func TestGrouper(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	seq := int64(1000)
	row := func(a audit.Action, target, outcome, request string, ago time.Duration) audit.Row {
		seq--
		return audit.Row{Seq: seq, At: at.Add(-ago), Event: audit.Event{Action: a, Target: target, Outcome: outcome, Request: request, Mailbox: "m", Actor: mssante.Actor{SessionID: "s"}}}
	}
	var g grouper
	for _, r := range []audit.Row{
		row(audit.LetterList, "f", "ok", "", 0),
		row(audit.LetterArchive, "f/1/2", "ok", "MOVE", time.Minute),
		row(audit.LetterArchive, "f/1/2", "asked", "MOVE", time.Minute),
		row(audit.LetterArchive, "f/1/9", "asked", "MOVE", time.Minute), // nobody knows what came of it
		row(audit.FolderList, "", "ok", "", 2*time.Minute),
		row(audit.PartPreview, "f/1/2/part/3", "ok", "", 3*time.Minute),
		row(audit.PartPreview, "f/1/2/part/2", "ok", "", 4*time.Minute),
		row(audit.LetterOpen, "f/1/2", "ok", "FETCH BODY.PEEK, received 2026-03-01T08:00:00Z", 5*time.Minute),
		row(audit.LetterList, "f", "timeout", "", 6*time.Minute),
		row(audit.LetterList, "f", "ok", "", 2*time.Hour),
	} {
		g.learn(r)
		if !g.add(r) {
			t.Fatal("full")
		}
	}
	var got []string
	for _, l := range g.done() {
		line := fmt.Sprintf("%s×%d", l.last.Event.Action, l.times)
		if !l.received.IsZero() {
			line += " " + l.received.Format("02/01")
		}
		got = append(got, line+" "+l.last.Event.Outcome)
	}
	want := "letter.list×2 ok|letter.archive×1 01/03 ok|letter.archive×1 asked|part.preview×2 01/03 ok|letter.open×1 01/03 ok|letter.list×1 timeout|letter.list×1 ok"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("%s\nwant\n%s", s, want)
	}
	for range journalLines + 5 {
		if !g.add(row(audit.SignIn, "", "ok", "", 3*time.Hour)) {
			return
		}
	}
	t.Error("a page has no end")
}

func TestNamesOfUnnamedParts(t *testing.T) {
	t.Parallel()
	for typ, want := range map[string]string{"message/delivery-status": "rapport-de-remise.txt", "text/rfc822-headers": "en-tetes-de-la-lettre.txt",
		"message/rfc822": "lettre-jointe.eml", "application/pdf": "piece-jointe-2.pdf", "application/x-unknown": "piece-jointe-2.bin", "text/calendar": "rendez-vous.ics",
		"image/jpeg": "piece-jointe-2.jpg", "image/x-png": "piece-jointe-2.png", "image/../../x": "piece-jointe-2.bin", "application/vnd.oasis.opendocument.text": "piece-jointe-2.odt",
		"audio/mpeg": "enregistrement.mp3", "application/octet-stream": "piece-jointe-2.bin"} {
		if got := partName(&message.Part{Type: typ, Path: "1.2"}); got != want {
			t.Errorf("%s: %q", typ, got)
		}
	}
	if got := partName(&message.Part{Type: "message/delivery-status", FileName: "details.txt"}); got != "details.txt" {
		t.Errorf("the sender's name is lost: %q", got)
	}
}

func TestTidyName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"DR_Anne_KERBRAT_CHU DE TOURAINE": "DR Anne KERBRAT CHU DE TOURAINE", "'Dr  X'": "Dr X", "a_b@x.fr": "a_b@x.fr", "___": "___", "Dr d’Estrées": "Dr d’Estrées"} {
		if got := tidyName(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestFoldersNoticeIsKept(t *testing.T) {
	t.Parallel()
	k := newDesk()
	list := []mailbox.FolderView{{ID: "a"}, {ID: "b"}}
	k.keepFolders("box", list, "Cette boîte a trop de dossiers.")
	k.keepFolders("box", list, "") // a listing in the same flight as the letters does not count those left out
	if got := k.foldersOf("box"); got.say == "" || len(got.views) != 2 {
		t.Errorf("%+v", got)
	}
	k.keepFolders("box", list[:1], "")
	if got := k.foldersOf("box"); got.say != "" {
		t.Errorf("said of another list: %q", got.say)
	}
}
