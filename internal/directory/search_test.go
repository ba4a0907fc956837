package directory

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// TestCountry reads one small country in several ways: making one costs more than
// reading it.
func TestCountry(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, func(o *Options) { o.Limits = Limits{Burst: 1 << 20, PerHour: 1 << 20, PerDay: 1 << 20} })
	if _, err := d.Search(t.Context(), someone, Query{Text: "dupont"}); !problem.Is(err, problem.UpstreamDown) || problem.SayOf(err) == "" {
		t.Errorf("before any import: %v", err)
	}
	if cards, err := d.Cards(t.Context(), []mssante.Address{{Local: "a", Domain: "b.fr"}}); err != nil || len(cards) != 0 {
		t.Errorf("before any import: %v, %v", cards, err)
	}
	load1(t, d, text(country()))
	for name, test := range map[string]func(*testing.T, *Directory){"search": testSearch, "refuses": testRefuses, "filters": testFilters, "reads": testReads, "cards": testCards, "pages": testPages} {
		t.Run(name, func(t *testing.T) { test(t, d) })
	}
}

func testSearch(t *testing.T, d *Directory) {
	for _, c := range []struct{ q, first string }{
		{"dupont cardio lyon", "jean.dupont@"}, {"lyon dupont", "jean.dupont@"}, {"cardio dupont", "jean.dupont@"}, {"dupont tours", "jean.dupont2@"}, {"DUPONT, généraliste", "jean.dupont2@"},
		{"cardio tours", "m.lefebvre@"}, {"tours cardiologue", "m.lefebvre@"}, {"pharmacie rennes", "pharmacie.centre@"}, {"rennes pharm", "pharmacie.centre@"},
		{"Dr Dupont Jean", "jean.dupont"}, {"dup jea", "jean.dupont"}, {"ma", "paul.martin@"}, {"marie elise", "m.lefebvre@"}, {"marie-elise lef", "m.lefebvre@"},
		{"lefevbre", "m.lefebvre@"}, {"lefebre tours", "m.lefebvre@"}, {"dupotn", "jean.dupont"}, {"dupomt lyon", "jean.dupont@"}, {"lefevb", "m.lefebvre@"},
		{"le goff", "yves.legoff@"}, {"legoff", "yves.legoff@"}, {"goff ide", "yves.legoff@"}, {"l'hermitte", "a.hermitte@"}, {"lhermitte", "a.hermitte@"}, {"hermitte", "a.hermitte@"},
		{"kine rennes", "paul.martin@"}, {"martin", "paul.martin@"}, {"martin paris", "martin.paris@"}, {"paris tours", "martin.paris@"}, {"labo", "noreply-bio@"}, {"bioloire tours", "noreply-bio@"},
		{"99700000011", "jean.dupont@"}, {"899700000011", "jean.dupont@"}, {"9970 0000 011", "jean.dupont@"}, {"9970\u00a00000\u00a0011", "jean.dupont@"},
		{"350000001", "pharmacie.centre@"}, {"37100", "noreply-bio@"}, {"dupont 37", "jean.dupont2@"}, {"jean.dupont@", "jean.dupont@"}, {"Jean Dupont <jean.dupont2@medecin.mssante.fr>", "jean.dupont2@"},
		{"@labo.mssante.fr", "noreply-bio@"}, {"labo.mssante.fr", "noreply-bio@"}, {"@chu-to", "m.lefebvre@chu-tours"}, {"yves.leg", "yves.legoff@"}, {"chu tours", "cardio@chu-tours"}, {"saint", ""},
		{"zzzz", ""}, {"dupont zzzz", ""}, {"j dupont", "jean.dupont"}, {"le", "yves.legoff@"}, {"dr", ""},
	} {
		res, err := d.Search(t.Context(), someone, Query{Text: c.q})
		got := ""
		if len(res.Entries) > 0 {
			got = res.Entries[0].Address.String()
		}
		if err != nil || c.first == "" && got != "" || !strings.HasPrefix(got, c.first) {
			t.Errorf("%q: %q first of %d, %v; want %q", c.q, got, len(res.Entries), err, c.first)
		}
	}
}

func testRefuses(t *testing.T, d *Directory) {
	for _, q := range []Query{{}, {Text: " "}, {Text: "d"}, {Text: "é"}, {Text: "@"}, {Text: "--"}, {Text: strings.Repeat("a", 201)}, {Text: "\xff\xfe\xfd"}, {Text: "d", Profession: "10"}, {Department: "37"}, {Kind: "PER"}} {
		if _, err := d.Search(t.Context(), someone, q); !problem.Is(err, problem.Invalid) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	// What the index reads as syntax is words to us (attacks 37, 49).
	for _, q := range []string{`") OR 1=1 --`, `dupont* OR family:x`, `NEAR(a b)`, `"dupont`, `family : dupont`, `dupont AND NOT jean`, `{family given}: dupont`, `^dupont`, `a' UNION SELECT`, `%%`, `*)(uid=*`, strings.Repeat("ab ", 60)} {
		if _, err := d.Search(t.Context(), someone, Query{Text: q}); err != nil && !problem.Is(err, problem.Invalid) {
			t.Errorf("%q: %v", q, err)
		}
	}
}

func testFilters(t *testing.T, d *Directory) {
	for _, c := range []struct {
		q    Query
		want int
	}{
		{Query{Text: "dupont", Department: "37"}, 1}, {Query{Text: "dupont", Speciality: "SM04"}, 1}, {Query{Text: "tours", Kind: "ORG"}, 2}, {Query{Profession: "10"}, 6},
		{Query{Speciality: "SM04", Department: "37"}, 2}, {Query{Text: "tours", Profession: "60"}, 0}, {Query{Text: "dupont", Kind: `"PER" OR "ORG"`}, 0}, {Query{Text: "dupont", Department: "*"}, 0},
	} {
		if res, err := d.Search(t.Context(), someone, c.q); err != nil || res.Total != c.want {
			t.Errorf("%+v: %d, %v; want %d", c.q, res.Total, err, c.want)
		}
	}
	res, err := d.Search(t.Context(), someone, Query{Profession: "10", Size: 4, Page: 2})
	if err != nil || len(res.Entries) != 2 || res.Pages != 2 || res.Page != 2 {
		t.Errorf("%+v, %v", res, err)
	}
	if res, _ := d.Search(t.Context(), someone, Query{Text: "zzdupont lyonn"}); res.Forgiven {
		t.Error("two slips forgiven")
	}
	if res, _ := d.Search(t.Context(), someone, Query{Text: "dupomt"}); !res.Forgiven {
		t.Error("a slip not told")
	}
}

func testReads(t *testing.T, d *Directory) {
	e := search1(t, d, "dupont lyon")
	if e.Name() != "Dr Jean Dupont" || e.Work() != "Médecin · Cardiologie et maladies vasculaires" || e.Place() != "Clinique du Parc, Lyon" || e.Department != "69" {
		t.Errorf("%q, %q, %q", e.Name(), e.Work(), e.Place())
	}
	e = search1(t, d, "bioloire")
	if !e.NoReply || e.Name() != "Envoi des résultats, Laboratoire Bioloire" || e.Place() != "Tours" || e.Town != "TOURS" {
		t.Errorf("%+v %q %q", e, e.Name(), e.Place())
	}
}

func testPages(t *testing.T, d *Directory) {
	e := search1(t, d, "lefebvre")
	p, err := d.Person(t.Context(), someone, e.PersonID)
	if err != nil || len(p.Mailboxes) != 2 || p.FamilyName != "LEFEBVRE" || len(e.PersonID) != idLength || strings.Contains(e.PersonID, "9970") {
		t.Fatalf("%+v, %v", p, err)
	}
	s, err := d.Structure(t.Context(), someone, e.StructureID)
	if err != nil || s.Name != "CHU DE TOURS" || len(s.Mailboxes) != 1 || len(s.People) != 2 || s.FINESS != "370000001" {
		t.Fatalf("%+v, %v", s, err)
	}
	for _, id := range []string{"", "x", e.StructureID, strings.Repeat("a", 20), "' OR 1=1 --xxxxxxxxx", strings.ToUpper(e.PersonID), e.PersonID[:19] + "a"} {
		if id == e.PersonID {
			continue
		}
		if _, err := d.Person(t.Context(), someone, id); !problem.Is(err, problem.NotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
	// The ids survive an import.
	load1(t, d, text(country()))
	if _, err := d.Person(t.Context(), someone, e.PersonID); err != nil {
		t.Error(err)
	}
}

func testCards(t *testing.T, d *Directory) {
	asked := []mssante.Address{{Local: "Jean.DUPONT", Domain: "medecin.mssante.fr"}, {Local: "nobody", Domain: "medecin.mssante.fr"}, {Local: "279035121518989", Domain: mssante.PatientDomain}, {}}
	for i := range 120 {
		asked = append(asked, mssante.Address{Local: fmt.Sprint("x", i), Domain: "medecin.mssante.fr"})
	}
	for range 2 {
		cards, err := d.Cards(t.Context(), asked)
		if err != nil || len(cards) != 1 || cards[asked[0]].FamilyName != "DUPONT" || cards[asked[0]].Address != asked[0] {
			t.Errorf("%v, %v", cards, err)
		}
	}
	if e, ok, err := d.Card(t.Context(), asked[1]); ok || err != nil {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestPastCorrespondents(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	load1(t, d, text(country()))
	write := func(account string, to ...Correspondent) {
		t.Helper()
		if err := d.Correspond(t.Context(), account, to); err != nil {
			t.Fatal(err)
		}
	}
	dupont2, unlisted := mssante.Address{Local: "jean.dupont2", Domain: "medecin.mssante.fr"}, mssante.Address{Local: "zoe.dupre", Domain: "hors.mssante.fr"}
	patient := mssante.Address{Local: "279035121518989", Domain: mssante.PatientDomain}
	write(someone.AccountID, Correspondent{Address: dupont2}, Correspondent{unlisted, "Zoé Dupré"}, Correspondent{patient, "Jeanne Test"})
	write("other", Correspondent{Address: mssante.Address{Local: "m.lefebvre", Domain: "chu-tours.mssante.fr"}})
	for _, c := range []struct {
		q     string
		first mssante.Address
	}{{"dupont", dupont2}, {"dup", unlisted}, {"zoe", unlisted}, {"generaliste", dupont2}, {"hors.mssante.fr", unlisted}, {"99700000029", dupont2}} {
		got, err := d.Suggest(t.Context(), someone, c.q, 8)
		if err != nil || len(got) == 0 || !got[0].Past || c.q != "dup" && got[0].Address != c.first {
			t.Errorf("%q: %+v, %v", c.q, got, err)
		}
	}
	got, err := d.Suggest(t.Context(), someone, "279035121518989", 8)
	if err != nil || len(got) != 0 {
		t.Errorf("a patient is remembered: %+v, %v", got, err)
	}
	if got, _ := d.Suggest(t.Context(), someone, "lefebvre", 8); len(got) != 2 || got[0].Past || got[1].Past {
		t.Errorf("somebody else's correspondents: %+v", got)
	}
	// Nothing of them is readable in the database.
	var found int
	err = d.o.Main.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM directory_correspondents WHERE instr(lower(CAST(sealed AS TEXT) || CAST(mac AS TEXT)), 'dup') > 0`).Scan(&found)
	if err != nil || found != 0 {
		t.Errorf("%d rows in clear, %v", found, err)
	}
	// Another account has none of them.
	if got, _ := d.Suggest(t.Context(), mssante.Actor{AccountID: "third"}, "lefebvre", 8); len(got) == 0 || got[0].Past {
		t.Errorf("%+v", got)
	}
}

func TestPastIsCapped(t *testing.T) {
	t.Parallel()
	now := fixedNow
	d := newDirectory(t, func(o *Options) { o.Now = func() time.Time { return now } })
	d.maxPast = 20
	for batch := range 3 {
		now = now.Add(time.Minute)
		var to []Correspondent
		for i := range 10 {
			to = append(to, Correspondent{Address: mssante.Address{Local: fmt.Sprintf("p%d-%d", batch, i), Domain: "a.mssante.fr"}})
		}
		if err := d.Correspond(t.Context(), "acc", to); err != nil {
			t.Fatal(err)
		}
	}
	var n int
	if err := d.o.Main.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM directory_correspondents`).Scan(&n); err != nil || n != 20 {
		t.Errorf("%d rows, %v", n, err)
	}
	p, err := d.pastOf(t.Context(), nil, "acc")
	if err != nil || p.has(mssante.Address{Local: "p0-1", Domain: "a.mssante.fr"}) || !p.has(mssante.Address{Local: "p2-1", Domain: "a.mssante.fr"}) {
		t.Errorf("the oldest did not leave: %v", err)
	}
}

func TestTrail(t *testing.T) {
	t.Parallel()
	now := fixedNow
	d := newDirectory(t, func(o *Options) { o.Now = func() time.Time { return now } })
	load1(t, d, text(country()))
	if _, err := d.Search(t.Context(), someone, Query{Text: "dupont lyon", Department: "69"}); err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{"le", "lef", "lefe", "lef", "lefebvre"} {
		now = now.Add(time.Second)
		if _, err := d.Suggest(t.Context(), someone, typed, 8); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Suggest(t.Context(), someone, "pharmacie", 8); err != nil {
		t.Fatal(err)
	}
	d.flushTyping(t.Context(), 0)
	if _, err := d.Person(t.Context(), someone, search1(t, d, "lefebvre").PersonID); err != nil {
		t.Fatal(err)
	}
	rows, err := d.o.Audit.Recent(t.Context(), audit.Filter{Action: audit.DirectorySearch})
	if err != nil {
		t.Fatal(err)
	}
	var details []string
	for _, r := range rows {
		detail, err := d.o.Audit.Detail(t.Context(), r.Seq)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(fmt.Sprintf("%+v", r), "lefebvre") || strings.Contains(fmt.Sprintf("%+v", r), "dupont lyon") {
			t.Errorf("the query stands in clear: %+v", r)
		}
		details = append(details, detail)
	}
	want := []string{"", "lefebvre", "pharmacie", "lefebvre", "dupont lyon departement=69"}
	if fmt.Sprint(details) != fmt.Sprint(want) {
		t.Errorf("%q, want %q", details, want)
	}
}

func TestHarvestLimit(t *testing.T) {
	t.Parallel()
	now := fixedNow
	d := newDirectory(t, func(o *Options) {
		o.Now, o.Limits = func() time.Time { return now }, Limits{Burst: 12, PerHour: 60, PerDay: 40}
	})
	load1(t, d, text(country()))
	if err := d.Correspond(t.Context(), someone.AccountID, []Correspondent{{Address: mssante.Address{Local: "jean.dupont2", Domain: "medecin.mssante.fr"}}}); err != nil {
		t.Fatal(err)
	}
	ask := func(a mssante.Actor) error { _, err := d.Search(t.Context(), a, Query{Text: "dupont"}); return err }
	for i, want := range []bool{true, true, false} {
		if err := ask(someone); (err == nil) != want || !want && !problem.Is(err, problem.TooMany) {
			t.Errorf("search %d: %v", i, err)
		}
	}
	if err := ask(mssante.Actor{AccountID: "other"}); err != nil {
		t.Errorf("another account pays for it: %v", err)
	}
	for range 4 {
		_, _ = d.Suggest(t.Context(), someone, "dupont", 8)
	}
	got, err := d.Suggest(t.Context(), someone, "dupont", 8)
	if !problem.Is(err, problem.TooMany) || len(got) != 1 || !got[0].Past {
		t.Errorf("past correspondents over the limit: %+v, %v", got, err)
	}
	now = now.Add(time.Hour)
	if err := ask(someone); err != nil {
		t.Errorf("an hour later: %v", err)
	}
	for range 20 {
		now = now.Add(5 * time.Minute)
		err = ask(someone)
	}
	if !problem.Is(err, problem.TooMany) {
		t.Errorf("the day has no end: %v", err)
	}
	if now = now.Add(24 * time.Hour); ask(someone) != nil {
		t.Error("the next day")
	}
}

func FuzzQuery(f *testing.F) {
	d := newDirectory(f, func(o *Options) { o.Limits = Limits{1 << 30, 1 << 30, 1 << 30} })
	if _, err := d.Import(context.Background(), text(country()), nil); err != nil {
		f.Fatal(err)
	}
	for _, q := range []string{"dupont cardio lyon", `"a" OR b*`, "99700000011", "@medecin.mssante.fr", "a.b", "l'h", "é\xff", "NEAR(a,b)", "2A0000001", "1/2", "dr de la", strings.Repeat("aa ", 60)} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		g, release := d.hold()
		defer release()
		question, ok := understand(q, g.trades)
		if !ok {
			return
		}
		if len(question.tokens) > maxTokens {
			t.Fatalf("%q: %d words", q, len(question.tokens))
		}
		found, _, err := d.find(context.Background(), g, question, 50)
		if err != nil {
			t.Fatalf("%q: %v", q, err)
		}
		rank(found, question, func(mssante.Address) bool { return false })
	})
}
