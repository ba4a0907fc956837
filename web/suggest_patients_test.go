package web_test

import (
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/demo/people"
)

// A patient one exchanged letters with is found by the name their letters bear, in
// the mailbox of those letters only, and without the number.
func TestSuggestPatients(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	martin, petit := k.SignIn("martin"), k.SignIn("petit")
	box := "/mail/" + boxID(t, martin, 0) + "/suggest"
	for _, words := range []string{"Odile", "besançon", "BESANCON od"} {
		a := martin.Post(box, values("words", words))
		if !strings.Contains(a.Text(), `"name":"Odile Besançon"`) || !strings.Contains(a.Text(), `"kind":"patient"`) {
			t.Errorf("%q: %s", words, firstBytes(a.Text(), 300))
		}
		x := ask(t, martin, box, values("words", words))
		if len(x.Entries) == 0 || x.Entries[0].Name != "Odile Besançon" || !strings.HasSuffix(x.Entries[0].Address, "@patient.mssante.fr") {
			t.Errorf("%q: %+v", words, x.Entries)
		}
	}
	rows, err := k.App.Audit.Recent(t.Context(), audit.Filter{Action: audit.PatientINS})
	if err != nil || len(rows) != 1 || rows[0].Event.Count != 1 || strings.Contains(rows[0].Event.Request+rows[0].Event.Target, string(ins("besancon"))) {
		t.Errorf("the number is handed out, the trail says %+v %v", rows, err)
	}
	if a := martin.Post(box, values("words", "diles")); strings.Contains(a.Text(), "Besançon") {
		t.Error("found by the middle of a word")
	}
	if a := petit.Post("/mail/"+boxID(t, petit, 0)+"/suggest", values("words", "Gérard")); strings.Contains(a.Text(), "patient.mssante.fr") {
		t.Errorf("another's patient is offered: %s", firstBytes(a.Text(), 300))
	}
	// Who may write in a mailbox but not to patients is offered none of its patients.
	letter := "From: Zoé Testard <279035121518989@patient.mssante.fr>\r\nTo: cabinet-des-lilas@pro.mssante.fr\r\nSubject: x\r\n\r\nx\r\n"
	other := strings.NewReplacer("Zoé Testard", "Yves Untel", "279035121518989", string(ins("besancon"))).Replace(letter)
	if !k.World.Mail().Put(people.LilasBox, "INBOX", nil, k.Clock.Now(), []byte(letter)) || !k.World.Mail().Put(people.LilasBox, "INBOX", nil, k.Clock.Now(), []byte(other)) {
		t.Fatal("not delivered")
	}
	renard := k.SignIn("renard")
	team := "/mail/" + boxID(t, renard, 0) + "/suggest"
	if a := renard.Post(team, values("words", "Testard")); a.Status != 200 || strings.Contains(a.Text(), "Testard") {
		t.Errorf("without the right: %d %s", a.Status, firstBytes(a.Text(), 300))
	}
	if a := martin.Post(team, values("words", "Testard")); !strings.Contains(a.Text(), "Zoé Testard") {
		t.Errorf("with the right: %d %s", a.Status, firstBytes(a.Text(), 300))
	}
	// A number that cannot be written down is not handed out.
	if err := k.App.Audit.Close(); err != nil {
		t.Fatal(err)
	}
	if a := martin.Post(team, values("words", "Untel")); strings.Contains(a.Text(), "Yves") || strings.Contains(a.Text(), "@patient.mssante.fr") {
		t.Errorf("without a trail: %d %s", a.Status, firstBytes(a.Text(), 300))
	}
	if logs := k.Logs.String(); strings.Contains(logs, "Odile") || strings.Contains(logs, "@patient.mssante.fr") {
		t.Error("a patient is in the log")
	}
}
