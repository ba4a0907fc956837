package directory

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/demo/annuaire"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

const mailboxJSON = `{"system":"email","value":"ADDRESS","extension":[{"url":"` + urlEmailType + `","valueCoding":{"code":"MSSANTE"}},{"url":"` + urlMailbox +
	`","extension":[{"url":"type","valueCodeableConcept":{"coding":[{"code":"KIND"}]}},{"url":"description","valueString":"Retour des résultats"},{"url":"digitization","valueBoolean":true},{"url":"listeRouge","valueBoolean":RED}]}]}`

func mailboxWith(address, kind, red string) string {
	return strings.NewReplacer("ADDRESS", address, "KIND", kind, "RED", red).Replace(mailboxJSON)
}

const roleBundle = `{"resourceType":"Bundle","type":"searchset","entry":[
{"resource":{"resourceType":"PractitionerRole","id":"r1","active":true,"practitioner":{"reference":"Practitioner/p1"},"organization":{"reference":"Organization/o1"},"telecom":[MAILBOX]}},
{"resource":{"resourceType":"Practitioner","id":"p1","identifier":[{"system":"urn:oid:1.2.250.1.71.4.2.1","value":"899700000086"}],"name":[{"family":"MARCHAND","given":["Lucie"],"suffix":["DR"]}],
 "qualification":[{"code":{"coding":[{"system":"https://mos.esante.gouv.fr/NOS/TRE_G15-ProfessionSante/FHIR/TRE-G15-ProfessionSante","code":"10"}]}},
 {"code":{"coding":[{"system":"https://mos.esante.gouv.fr/NOS/TRE_R38-SpecialiteOrdinale/FHIR/TRE-R38-SpecialiteOrdinale","code":"SM48"}]}}]}},
{"resource":{"resourceType":"Organization","id":"o1","identifier":[{"system":"urn:oid:1.2.250.1.71.4.2.2","value":"1370000055"}],"name":"CABINET DES BORDS DE LOIRE","telecom":[{"system":"email","value":"contact@ordinaire.example"},{"system":"phone","value":"0247000000"}],
 "address":[{"city":"TOURS","postalCode":"37000","_line":[{"extension":[{"valueString":"3"},{"valueString":"R"},{"valueString":"DES HALLES"}]}]}]}},
{"resource":{"resourceType":"Patient","id":7}},
{"resource":{"resourceType":"Organization","id":"bad","telecom":"not a list"}}]}`

func TestFHIRBundle(t *testing.T) {
	t.Parallel()
	d := newDirectory(t) // nothing imported: records may come first
	sum, err := d.ImportFHIR(t.Context(), strings.NewReader(strings.Replace(roleBundle, "MAILBOX", mailboxWith("lucie.marchand@medecin.mssante.fr", "CAB", "false"), 1)))
	if err != nil || sum.Mailboxes != 1 || sum.Resources != 3 || sum.Refused != 2 {
		t.Fatalf("%+v, %v", sum, err)
	}
	for _, q := range []string{"marchand", "rhumato tours", "899700000086", "370000055", "march", "halles tours marchand"} {
		res, err := d.Search(t.Context(), someone, Query{Text: q})
		if err != nil || q != "halles tours marchand" && len(res.Entries) != 1 {
			t.Errorf("%q: %+v, %v", q, res, err)
		}
	}
	e := search1(t, d, "marchand tours")
	if e.Kind != mssante.KindCabinet || e.Name() != "Dr Lucie Marchand" || e.Speciality != "Rhumatologie" || e.Street != "3 R DES HALLES" || !e.Paperless || e.Source != SourceFHIR {
		t.Errorf("%+v", e)
	}
	if _, ok, _ := d.Card(t.Context(), mssante.Address{Local: "contact", Domain: "ordinaire.example"}); ok {
		t.Error("an ordinary e-mail passes for a mailbox")
	}
}

// A record replaces what the file said, is carried over, and the red list is kept.
func TestFHIROverExtraction(t *testing.T) {
	t.Parallel()
	now := fixedNow
	d := newDirectory(t, func(o *Options) { o.Now, o.Path = func() time.Time { return now }, filepath.Join(t.TempDir(), "a.db") })
	load1(t, d, text(country()))
	one := func(json string) FHIRSummary {
		t.Helper()
		sum, err := d.ImportFHIR(t.Context(), strings.NewReader(json))
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	dupont := mssante.Address{Local: "jean.dupont", Domain: "medecin.mssante.fr"}
	if e, _, _ := d.Card(t.Context(), dupont); e.FamilyName != "DUPONT" {
		t.Fatal("no card")
	}
	one(`{"resourceType":"Practitioner","id":"x","identifier":[{"system":"https://rpps.esante.gouv.fr","value":"99700000011"}],"name":[{"family":"DUPONTEL","given":["Jean"]}],"telecom":[` + mailboxWith("Jean.Dupont@medecin.mssante.fr", "PER", "false") + `]}`)
	if e, _, _ := d.Card(t.Context(), dupont); e.FamilyName != "DUPONTEL" || e.Town != "LYON" || e.Speciality == "" {
		t.Errorf("%+v", e)
	}
	if e := search1(t, d, "dupontel lyon"); e.Address.Local != "Jean.Dupont" {
		t.Errorf("%+v", e)
	}
	if res, _ := d.Search(t.Context(), someone, Query{Text: "jean dupont lyon", Kind: "PER"}); len(res.Entries) != 1 || res.Entries[0].FamilyName != "DUPONTEL" {
		t.Errorf("the old words are still in the index: %+v", res.Entries)
	}
	one(`{"resourceType":"Organization","id":"o","name":"LABO NEUF","telecom":[` + mailboxWith("resultats@labo-neuf.mssante.fr", "APP", "false") + `]}`)
	if sum := load1(t, d, text(country())); sum.Carried != 1 || sum.Gone != 0 {
		t.Errorf("%+v", sum)
	}
	if e := search1(t, d, "labo neuf"); !e.NoReply || e.Kind != mssante.KindApplicative {
		t.Errorf("%+v", e)
	}
	if sum := one(`{"resourceType":"Organization","id":"o","name":"LABO NEUF","telecom":[` + mailboxWith("resultats@labo-neuf.mssante.fr", "APP", "true") + `]}`); sum.Removed != 1 {
		t.Errorf("%+v", sum)
	}
	if res, _ := d.Search(t.Context(), someone, Query{Text: "labo neuf"}); len(res.Entries) != 0 {
		t.Errorf("a red-listed mailbox is shown: %+v", res.Entries)
	}
	one(`{"resourceType":"HealthcareService","id":"h","name":"Hémodialyse","providedBy":{"display":"CHU DE TOURS","identifier":{"value":"370000001"}},"telecom":[` + mailboxWith("hemo@chu-tours.mssante.fr", "ORG", "false") + `]}`)
	now = now.Add(keepFHIR + time.Hour)
	if sum := load1(t, d, text(country())); sum.Carried != 0 {
		t.Errorf("kept longer than allowed: %+v", sum)
	}
}

func TestFHIRRefuses(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	for json, kind := range map[string]problem.Kind{
		"": problem.Invalid, "[]": problem.Invalid, "{}": problem.Invalid, `{"resourceType":"Bundle","entry":[`: problem.Invalid, "<html>": problem.Invalid,
		strings.Repeat(" ", maxFHIR+10): problem.Invalid, strings.Repeat(`{"extension":[`, 20_000): problem.Invalid,
		`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"security","diagnostics":"no key"}]}`: problem.UpstreamRefused,
	} {
		if _, err := d.ImportFHIR(t.Context(), strings.NewReader(json)); !problem.Is(err, kind) || problem.SayOf(err) == "" {
			t.Errorf("%.40q: %v", json, err)
		}
	}
	sum, err := d.ImportFHIR(t.Context(), strings.NewReader(`{"resourceType":"Practitioner","telecom":[`+mailboxWith("279035121518989@patient.mssante.fr", "PER", "false")+`]}`))
	if err != nil || sum.Mailboxes != 0 {
		t.Errorf("a patient's mailbox: %+v, %v", sum, err)
	}
}

// The stand-in over HTTP, as the demo world serves it: the zip of the extraction,
// the records behind the API key.
func TestFromTheStandIn(t *testing.T) {
	t.Parallel()
	entries := append(annuaire.Colleagues(120), annuaire.Entry{Kind: mssante.KindCabinet, Address: mssante.Address{Local: "cabinet", Domain: "pro.mssante.fr"}, NationalID: annuaire.TestID("x"),
		Title: "DR", Family: "MARTIN", Given: "Claire", Profession: "10", Work: "Médecin", Skill: "SM54", Specialty: "Médecine générale"})
	world, err := annuaire.New(annuaire.Options{Entries: entries, APIKey: "cle", Now: func() time.Time { return fixedNow }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(world.Handler())
	t.Cleanup(server.Close)
	now := fixedNow
	d := newDirectory(t, func(o *Options) {
		o.HTTP, o.ExtractionURL, o.Now = server.Client(), server.URL+annuaire.PathExtraction, func() time.Time { return now }
	})
	sum, err := d.Fetch(t.Context())
	if err != nil || sum.Mailboxes < 80 || sum.RejectedTotal() != 0 {
		t.Fatalf("%+v, %v", sum, err)
	}
	if res, err := d.Search(t.Context(), someone, Query{Text: "cardio tours"}); err != nil || len(res.Entries) == 0 || res.Entries[0].SpecialityCode != "SM04" || !strings.Contains(res.Entries[0].Town, "TOURS") {
		t.Errorf("%+v, %v", res, err)
	}
	if s := d.State(); !strings.HasPrefix(s.Source, "Extraction_Correspondance_MSSante") || s.FileDate.IsZero() || s.LastError != "" {
		t.Errorf("%+v", s)
	}
	now = now.Add(time.Hour)
	if again, err := d.Fetch(t.Context()); err != nil || again.Lines != 0 || !d.State().CheckedAt.Equal(now) {
		t.Errorf("an unchanged file was read again: %+v, %v", again, err)
	}
	record := func(key, query string) (FHIRSummary, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+annuaire.PathFHIR+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("ESANTE-API-KEY", key)
		res, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return d.ImportFHIR(t.Context(), res.Body)
	}
	if sum, err := record("cle", "/Practitioner?name:family=martin&name:given=claire"); err != nil || sum.Mailboxes != 1 {
		t.Errorf("%+v, %v", sum, err)
	}
	if e := search1(t, d, "martin claire"); e.Kind != mssante.KindCabinet || e.ProfessionCode != "10" {
		t.Errorf("%+v", e)
	}
	if _, err := record("cle", "/Organization?mailbox-mss:contains=noreply"); err != nil {
		t.Error(err)
	}
	if e := search1(t, d, "laboratoire"); !e.NoReply || e.Kind != mssante.KindApplicative {
		t.Errorf("%+v", e)
	}
	if _, err := record("fausse", "/Practitioner?name:family=martin"); !problem.Is(err, problem.UpstreamRefused) {
		t.Errorf("a wrong key: %v", err)
	}
	world.Stop()
	if _, err := d.Fetch(t.Context()); !problem.Is(err, problem.UpstreamDown) || d.State().LastError == "" || !d.State().Ready {
		t.Errorf("the service down: %v, %+v", err, d.State())
	}
	search1(t, d, "cardio tours")
}

// Answers of the real shape.
func TestCorpusFHIR(t *testing.T) {
	t.Parallel()
	root := os.Getenv("PLI_CORPORA")
	if root == "" {
		t.Skip("PLI_CORPORA not set: real FHIR answers not read")
	}
	d := newDirectory(t)
	for name, want := range map[string]int{"bundle_mailbox_PER.json": 2, "practitioner_BAL_PER.json": 1, "organization_BAL_ORG_fragment.json": 1} {
		raw, err := os.Open(filepath.Join(root, "fhir-annuaire-sante", "samples", name))
		if err != nil {
			t.Fatal(err)
		}
		if sum, err := d.ImportFHIR(t.Context(), raw); err != nil || sum.Mailboxes != want || sum.Refused != 0 {
			t.Errorf("%s: %+v, %v", name, sum, err)
		}
		raw.Close()
	}
	raw, err := os.Open(filepath.Join(root, "fhir-annuaire-sante", "samples", "operationoutcome_error.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := d.ImportFHIR(t.Context(), io.Reader(raw)); !problem.Is(err, problem.UpstreamRefused) {
		t.Error(err)
	}
	for q, name := range map[string]string{"dupont jean marie": "Jean-Marie Dupont", "810007654321": "Sophie Martin", "house": "DR HOUSE Secrétariat, Centre de Sante Dr House"} {
		if e := search1(t, d, q); e.Name() != name {
			t.Errorf("%s: %q", q, e.Name())
		}
	}
}

func FuzzFHIR(f *testing.F) {
	f.Add([]byte(strings.Replace(roleBundle, "MAILBOX", mailboxWith("a@b.mssante.fr", "CAB", "false"), 1)))
	f.Add([]byte(`{"resourceType":"Practitioner","name":"text","telecom":[{}]}`))
	f.Add([]byte(`{"resourceType":"Bundle","entry":[{"resource":{"name":[{}]}},{}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		all, _, err := readFHIR(strings.NewReader(string(raw)))
		if err != nil {
			return
		}
		records, _ := recordsOf(all, fixedNow)
		for _, r := range records {
			if r.address.IsPatient() || r.address.IsZero() || strings.ContainsAny(r.family+r.structure+r.service, "\x00\n\u202e") {
				t.Fatalf("%+v", r)
			}
			r.words()
		}
	})
}
