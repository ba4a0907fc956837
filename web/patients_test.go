package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/testkit"
)

// patientsAt is the patients page of one of a person's mailboxes.
func patientsAt(t *testing.T, c *testkit.Client, box int) string {
	t.Helper()
	return "/mail/" + boxID(t, c, box) + "/patients"
}

func patientAt(t *testing.T, c *testkit.Client, at, group, name string) *selection {
	t.Helper()
	row := doc(t, ok(t, c.Get(at))).Find("[data-testid=group-" + group + "] [data-testid=patient-row]").FilterFunction(func(_ int, s *selection) bool {
		return s.Find("[data-testid=patient-name]").Text() == name
	})
	if row.Length() != 1 {
		t.Fatalf("%d rows of %s in %s", row.Length(), name, group)
	}
	return row
}

func ins(key string) mssante.INS {
	for _, p := range people.Patients() {
		if p.Key == key {
			return p.INS
		}
	}
	panic("no patient " + key)
}

// noIdentity fails when a page, its address or its title carries an INS whole.
func noIdentity(t *testing.T, a *testkit.Answer) {
	t.Helper()
	for _, p := range people.Patients() {
		grouped := p.INS.Grouped()
		if strings.Contains(a.Text(), string(p.INS)) || strings.Contains(a.Text(), grouped) {
			t.Errorf("%s shows the INS of %s", a.URL, p.Label)
		}
	}
}

// exchangeAt is the address of a row's exchange, without the place on its page.
func exchangeAt(row *selection) string {
	at, _, _ := strings.Cut(row.Find("[data-testid=patient-name]").AttrOr("href", ""), "#")
	return at
}

func TestPatients(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := patientsAt(t, c, 0)
	noIdentity(t, ok(t, c.Get(at)))
	row := patientAt(t, c, at, "waiting", "Odile Besançon")
	if got := row.Find(".patient-ins").Text(); !strings.Contains(got, "INS •••\u00a0"+string(ins("besancon"))[12:]) {
		t.Errorf("INS %q", got)
	}
	if got := row.Text(); !strings.Contains(got, "attend depuis") || !strings.Contains(got, "Voici mes chiffres") {
		t.Errorf("row %q", got)
	}
	patientAt(t, c, at, "closed", "Gérard Fontaine")
	patientAt(t, c, at, "closed", "Jeanne Leroy")
	exchange := exchangeAt(row)
	a := ok(t, c.Get(exchange))
	noIdentity(t, a)
	d := doc(t, a)
	if title := d.Find("title").Text(); title != "Échange · Pli" {
		t.Errorf("title %q", title)
	}
	letters := d.Find("[data-testid=exchange-letter]")
	if letters.Length() != 4 || !strings.Contains(letters.First().Text(), "Dr Claire Martin") || !strings.Contains(letters.Last().Text(), "tension.jpg") {
		t.Errorf("%d letters: %q", letters.Length(), letters.Text())
	}
	if n := d.Find("iframe[data-testid=letter-body]").Length(); n != 4 {
		t.Errorf("%d frames", n)
	}
	letters.Find("iframe").Each(func(_ int, s *selection) {
		if got := c.Get(s.AttrOr("src", ""), testkit.For("iframe")); got.Status != 200 {
			t.Errorf("a frame answered %d", got.Status)
		}
	})
	if s := d.Find("[data-testid=exchange-state]"); s.AttrOr("data-state", "") != "todo" || !strings.Contains(s.Text(), "Clore la conversation") {
		t.Errorf("state %q", s.Text())
	}
	// Seeing the INS is a click of its own, in the trail.
	a = ok(t, c.Post(exchange+"/ins", url.Values{}))
	if got := doc(t, a).Find("[data-testid=ins-whole]").Text(); got != "INS "+ins("besancon").Grouped() {
		t.Errorf("shown: %q", got)
	}
	rows, err := k.App.Audit.Recent(t.Context(), audit.Filter{Action: audit.PatientINS})
	if err != nil || len(rows) != 1 || rows[0].Event.Outcome != "ok" || strings.Contains(rows[0].Event.Request+rows[0].Event.Target, string(ins("besancon"))) {
		t.Errorf("trail %+v %v", rows, err)
	}
	noIdentity(t, ok(t, c.Get(exchange)))
	if got := c.Get(at + "/aaaaaaaaaaaaaaaaaaaa"); got.Status != 410 {
		t.Errorf("a stale exchange answered %d", got.Status)
	}
	// The rail tells how many wait.
	if got := doc(t, ok(t, c.Follow("/"))).Find("[data-testid=patients-count]").Text(); got != "2 à traiter" {
		t.Errorf("the rail says %q", got)
	}
	if found := canaries(k.Logs.String()); len(found) > 0 {
		t.Errorf("the logs carry %q", found)
	}
}

// Answer, then one button: exactly one [FIN] leaves, twice the click or not, and the
// exchange is closed at once.
func TestCloseConversation(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := patientsAt(t, c, 0)
	exchange := exchangeAt(patientAt(t, c, at, "waiting", "Odile Besançon"))
	a := c.Post(exchange+"/write", values("plain", "1"))
	draft := a.Location()
	d := doc(t, ok(t, c.Get(draft)))
	if to := d.Find("#to").AttrOr("value", ""); !strings.Contains(to, "Odile Besançon") || !strings.HasPrefix(d.Find("[data-testid=compose-subject]").AttrOr("value", ""), "Re") {
		t.Fatalf("the answer is not prefilled: %q", to)
	}
	form := values("plain", "1", "version", d.Find("input[name=version]").AttrOr("value", ""), "to", d.Find("#to").AttrOr("value", ""), "subject", "[FIN]", "text", "Au revoir.", "do", "send")
	a = c.Post(draft, form)
	if got := doc(t, ok(t, c.Follow(a.Location()))).Find("[data-testid=remark]").Text(); !strings.Contains(got, "Pour clore, utilisez «\u00a0Clore la conversation\u00a0»") {
		t.Fatalf("the magic word typed: %q", got)
	}
	d = doc(t, ok(t, c.Get(draft)))
	form.Set("version", d.Find("input[name=version]").AttrOr("value", ""))
	form.Set("subject", "Votre tension")
	form.Set("text", "Continuez le comprimé.")
	a = c.Post(draft, form)
	if !strings.HasPrefix(a.Location(), exchange+"?note=") {
		t.Fatalf("after sending: %s, want the exchange %s", a.Location(), exchange)
	}
	d = doc(t, ok(t, c.Get(a.Location())))
	if s := d.Find("[data-testid=exchange-state]").AttrOr("data-state", ""); s != "open" && s != "todo" { // the scripted patient may have answered already
		t.Errorf("after an answer the state is %q", s)
	}
	if got := d.Find("[data-testid=flash]").Text(); !strings.Contains(got, "Odile Besançon") {
		t.Errorf("said %q", got)
	}
	// What arrived since the page was shown is read before anything closes.
	last, who := d.Find("input[name=last]").AttrOr("value", ""), d.Find("input[name=who]").AttrOr("value", "")
	late := "From: Odile Besançon <" + mssante.PatientAddress(ins("besancon")).String() + ">\r\nTo: " + people.MartinBox.String() + "\r\nSubject: Urgent\r\nMessage-ID: <late@patient>\r\n\r\nJ’ai mal.\r\n"
	k.World.Mail().Put(people.MartinBox, "INBOX", nil, k.Clock.Now(), []byte(late))
	a = c.Post(exchange+"/close", values("last", last, "who", who))
	if got := flashAt(t, c, a).Text(); !strings.Contains(got, "vient d’arriver") || !strings.Contains(got, "cliquez de nouveau sur «\u00a0Clore la conversation\u00a0»") {
		t.Errorf("closing over a letter nobody read: %q", got)
	}
	d = doc(t, ok(t, c.Get(exchange)))
	last = d.Find("input[name=last]").AttrOr("value", "")
	if a = c.Post(exchange+"/close", values("last", last, "who", "somebody-else")); a.Status != 409 {
		t.Errorf("another person's page closes: %d", a.Status)
	}
	k.Clock.Advance(time.Minute) // nobody reads and closes within the second a letter came
	for i := range 3 {
		a = c.Post(exchange+"/close", values("last", last, "who", who))
		f := flashAt(t, c, a).Text()
		if i == 0 && !strings.Contains(f, "Conversation close") || i > 0 && !strings.Contains(f, "déjà clos") {
			t.Errorf("click %d says %q", i+1, f)
		}
		d = doc(t, ok(t, c.Get(a.Location())))
		if s := d.Find("[data-testid=exchange-state]").AttrOr("data-state", ""); s != "closed" || d.Find("[data-testid=exchange-close]").Length() != 0 {
			t.Errorf("after the click the state is %q", s)
		}
	}
	patientAt(t, c, at, "closed", "Odile Besançon")
	if k.World.Mail().MayWrite(mssante.PatientAddress(ins("besancon")), people.MartinBox) {
		t.Error("the patient may still write")
	}
	rows, err := k.App.Audit.Recent(t.Context(), audit.Filter{Action: audit.ExchangeClose})
	if err != nil || len(rows) != 1 {
		t.Errorf("trail %+v %v", rows, err)
	}
	if found := canaries(k.Logs.String()); len(found) > 0 {
		t.Errorf("the logs carry %q", found)
	}
}

// ECO.2.2.6, §3.4.2.2: an INS is typed in a form, never in an address; the identity is looked at before a
// letter begins, and not asked about again.
func TestWriteToPatient(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := patientsAt(t, c, 0)
	a := c.Post(at, values("ins", "2 55 03"))
	if d := doc(t, a); a.Status != 422 || d.Find("[data-testid=patient-error]").Length() != 1 || d.Find("#ins").AttrOr("value", "") != "2 55 03" {
		t.Errorf("an INS cut short: %d", a.Status)
	}
	leroy := ins("leroy")
	a = c.Post(at, values("ins", leroy.Grouped()))
	page := a.Location()
	if a.Status != 303 || strings.Contains(page, string(leroy)) || !strings.Contains(page, "/patients/identity/") {
		t.Fatalf("%d %s", a.Status, page)
	}
	d := doc(t, ok(t, c.Get(page)))
	if got := d.Find("[data-testid=identity]").Text(); !strings.Contains(got, leroy.Grouped()) || !strings.Contains(got, "sexe féminin, née en mai 1992 (siècle supposé") || !strings.Contains(got, "Jeanne Leroy") {
		t.Errorf("identity %q", got)
	}
	a = c.Post(page, values("name", "Jeanne Leroy", "plain", "1"))
	draft := a.Location()
	d = doc(t, ok(t, c.Get(draft)))
	if to := d.Find("#to").AttrOr("value", ""); !strings.Contains(to, mssante.PatientAddress(leroy).String()) {
		t.Fatalf("to %q", to)
	}
	a = c.Post(draft, values("plain", "1", "version", "1", "to", d.Find("#to").AttrOr("value", ""), "subject", "Votre dosage", "text", "Tout va bien.", "noreply", "1", "do", "send"))
	a = ok(t, c.Follow(a.Location()))
	if got := doc(t, a).Find("[data-testid=exchange-state]"); got.AttrOr("data-state", "") != "silent" {
		t.Errorf("after a letter without an answer: %q %s", got.Text(), a.URL)
	}
	// Typed by hand, the same patient is asked about.
	draft = begin(t, c, values("plain", "1"))
	a = c.Post(draft, values("plain", "1", "version", "1", "to", mssante.PatientAddress(leroy).String(), "subject", "Votre dosage", "text", "Tout va bien.", "do", "send"))
	if got := doc(t, ok(t, c.Follow(a.Location()))).Find("[data-testid=remark]").Text(); !strings.Contains(got, "née en mai 1992") || strings.Contains(got, string(leroy)) {
		t.Errorf("asked %q", got)
	}
	a = c.Post(at, values("ins", "255033799001139"))
	if got := doc(t, ok(t, c.Get(a.Location()))).Text(); !strings.Contains(got, "Clé inexacte") || !strings.Contains(got, "Écrire malgré la clé inexacte") {
		t.Errorf("a wrong key: %q", firstBytes(got, 300))
	}
	if got := c.Get(strings.Replace(page, "/"+boxID(t, c, 0)+"/", "/"+boxID(t, c, 1)+"/", 1)); got.Status != 410 {
		t.Errorf("another mailbox's handle answered %d", got.Status)
	}
	other := k.SignIn("martin")
	if got := other.Get(page); got.Status != 410 {
		t.Errorf("another session's handle answered %d", got.Status)
	}
	if found := canaries(k.Logs.String()); len(found) > 0 {
		t.Errorf("the logs carry %q", found)
	}
}

// ECO.3.1.2: in a list and in a letter a patient is a name and a masked number.
func TestPatientIsNoAddress(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	a := ok(t, c.Follow("/"))
	masked := func(a *testkit.Answer) { // other letters speak of patients: what they say is theirs
		t.Helper()
		for _, key := range []string{"besancon", "fontaine", "leroy"} {
			if strings.Contains(a.Text(), string(ins(key))) {
				t.Errorf("%s shows the INS of %s", a.URL, key)
			}
		}
		if strings.Contains(a.Text(), "@patient.mssante.fr") {
			i := strings.Index(a.Text(), "@patient.mssante.fr")
			t.Errorf("%s shows an address: %s", a.URL, a.Text()[i-200:i+30])
		}
	}
	masked(a)
	href := ""
	doc(t, a).Find("[data-testid=letter-row]").Each(func(_ int, s *selection) {
		if href == "" && strings.Contains(s.Text(), "Odile Besançon") && strings.Contains(s.Text(), "INS •••") { // the newest
			href = s.Find("a.row-link").AttrOr("href", "")
		}
	})
	if href == "" {
		t.Fatal("no patient in the inbox, by name and masked INS")
	}
	a = ok(t, c.Get(href))
	masked(a)
	if got := doc(t, a).Find("header.sender").Text(); !strings.Contains(got, "Odile Besançon") || !strings.Contains(got, "INS •••") {
		t.Errorf("sender %q", got)
	}
	to := doc(t, a).Find("[data-testid=to-exchange]").AttrOr("href", "")
	if !strings.Contains(ok(t, c.Get(to)).Text(), "Odile Besançon") || !doc(t, a).Find("[data-testid=act-reply]").HasClass("primary") {
		t.Errorf("a patient’s letter leads to no conversation (%s), nor first to an answer", to)
	}
	path, _, _ := strings.Cut(href, "?")
	masked(ok(t, c.Get(path+"/print")))
	doc(t, a).Find("[data-testid=folder-sent]").Each(func(_ int, s *selection) {
		masked(ok(t, c.Get(s.AttrOr("href", ""))))
	})
}

// A person without the right sees no exchange, nor the entry that leads there.
func TestPatientsRight(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	grant(t, k, "renard", []mssanteGrant{{people.LilasBox, "read,triage,write,send"}})
	c := k.SignIn("renard")
	found := false
	doc(t, ok(t, c.Follow("/"))).Find("[data-testid=box-link]").Each(func(_ int, s *selection) {
		at := s.AttrOr("href", "")
		if got := c.Get(at + "/patients"); strings.Contains(s.Text(), "Lilas") {
			found = true
			if got.Status != 403 {
				t.Errorf("without the right: %d", got.Status)
			}
			if n := doc(t, ok(t, c.Follow(at))).Find("[data-testid=rail-patients]").Length(); n != 0 {
				t.Error("the rail leads where they may not go")
			}
		}
	})
	if !found {
		t.Error("no mailbox of the practice")
	}
}
