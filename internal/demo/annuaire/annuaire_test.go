package annuaire

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/xmlsig"
)

var fixedNow = time.Date(2026, time.November, 23, 9, 12, 0, 0, time.UTC)

func start(t testing.TB) *Annuaire {
	t.Helper()
	entries := append(Colleagues(300), Entry{Kind: mssante.KindCabinet, Address: mssante.Address{Local: "cabinet", Domain: "pro.mssante.fr"}, NationalID: nationalID(1),
		Family: "MARTIN", Given: "Claire", Profession: "10", Work: "Médecin"})
	a, err := New(Options{Entries: entries, Domains: []mssante.Domain{"extra.mssante.fr"}, APIKey: "cle", Now: func() time.Time { return fixedNow }})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func get(t testing.TB, a *Annuaire, path string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("ESANTE-API-KEY", "cle")
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	return w
}

func TestColleagues(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, e := range Colleagues(300) {
		if _, err := mssante.ParseAddress(e.Address.String()); err != nil || seen[e.Address.Key()] {
			t.Errorf("%s: %v, or twice", e.Address, err)
		}
		seen[e.Address.Key()] = true
		if e.Kind == mssante.KindNominative {
			if r, ok := e.NationalID.RPPS(); !ok || !r.CheckDigitOK() {
				t.Errorf("%s: national id %s", e.Address, e.NationalID)
			}
		}
	}
	cardiologists := 0
	for _, e := range Colleagues(300) {
		if e.Skill == "SM04" && e.Town == "TOURS" {
			cardiologists++
		}
	}
	if cardiologists < 3 {
		t.Errorf("%d cardiologists in Tours", cardiologists)
	}
}

func TestExtraction(t *testing.T) {
	t.Parallel()
	w := get(t, start(t), PathExtraction)
	z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if err != nil || len(z.File) != 1 {
		t.Fatalf("%d, %v", w.Code, err)
	}
	f, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
	if lines[0] != columns || len(lines) < 200 {
		t.Errorf("%d lines", len(lines))
	}
	for _, l := range lines {
		if n := strings.Count(l, "|"); n != 30 {
			t.Errorf("%d columns in %q", n+1, l)
		}
		if strings.HasPrefix(l, "APP") || strings.HasPrefix(l, "CAB") {
			t.Errorf("the open file has no such kind: %q", l)
		}
	}
}

func TestWhiteListIsSigned(t *testing.T) {
	t.Parallel()
	a := start(t)
	w := get(t, a, PathWhiteList)
	v, err := xmlsig.Verify(w.Body, xmlsig.Options{Anchors: a.Anchors(), At: fixedNow, Signer: SignerName})
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		XMLName xml.Name `xml:"https://listeblanche.mssante.fr/schema ListeBlancheMSSante"`
		Date    string   `xml:"DateDeGeneration"`
		Names   []string `xml:"ListeDomaines>Domaine>Nom"`
	}
	if err := xml.Unmarshal(v.XML, &list); err != nil {
		t.Fatal(err)
	}
	if list.Date != "2026-11-23T09:12:00Z" || len(list.Names) < 20 {
		t.Errorf("%s, %d names", list.Date, len(list.Names))
	}
	for _, d := range []mssante.Domain{"medecin.mssante.fr", "MEDECIN.mssante.fr", "patient.mssante.fr", "extra.mssante.fr", "mssante.apicrypt-demo.example"} {
		if !a.Trusted(d) {
			t.Errorf("%s is not trusted", d)
		}
	}
	for _, d := range []mssante.Domain{"mssante.fr", "sub.medecin.mssante.fr", "medecin.mssante.fr.example", "mailiz-verification.mssante.fr"} {
		if a.Trusted(d) {
			t.Errorf("%s is trusted", d)
		}
	}
}

type bundle struct {
	ResourceType string
	Total        int
	Link         []struct{ Relation, URL string }
	Entry        []struct {
		FullURL  string
		Resource struct {
			ResourceType string
			ID           string
			Telecom      []struct{ Value string }
		}
	}
	Issue []struct{ Diagnostics string }
}

func TestFHIR(t *testing.T) {
	t.Parallel()
	a := start(t)
	for _, tc := range []struct {
		path   string
		status int
		total  int // -1: some
	}{
		{"/Practitioner?name:family=MARTIN&name:given=claire", 200, 1},
		{"/Practitioner?identifier=" + string(nationalID(1)), 200, 1},
		{"/Practitioner?identifier=" + url.QueryEscape(systemRPPS+"|"+string(nationalID(1))[1:]), 200, 1},
		{"/Practitioner?qualification-code=SM04", 200, -1},
		{"/Organization?address-city=tours", 200, -1},
		{"/Organization?mailbox-mss:contains=%40", 200, -1},
		{"/Practitioner?identifier=810000000000", 200, 0},
		{"/PractitionerRole", 200, 0},
		{"/Practitioner?mailbox-mss-type=PER", 400, 0},
		{"/PractitiXXXner", 404, 0},
		{"/Practitioner/nobody", 404, 0},
	} {
		w := get(t, a, PathFHIR+tc.path)
		var b bundle
		if err := json.Unmarshal(w.Body.Bytes(), &b); err != nil {
			t.Fatalf("%s: %v", tc.path, err)
		}
		if w.Code != tc.status || tc.total >= 0 && b.Total != tc.total || tc.total < 0 && b.Total == 0 {
			t.Errorf("%s: %d, total %d %v", tc.path, w.Code, b.Total, b.Issue)
		}
		if tc.status >= 400 && b.ResourceType != "OperationOutcome" {
			t.Errorf("%s: %s", tc.path, b.ResourceType)
		}
	}
	var all bundle
	path, seen := PathFHIR+"/Practitioner?_count=40", map[string]bool{}
	for path != "" {
		all = bundle{}
		if err := json.Unmarshal(get(t, a, path).Body.Bytes(), &all); err != nil {
			t.Fatal(err)
		}
		path = ""
		for _, e := range all.Entry {
			seen[e.Resource.ID] = true
		}
		for _, l := range all.Link {
			if l.Relation == "next" {
				path = strings.TrimPrefix(l.URL, "https://example.com")
			}
		}
	}
	if len(seen) != all.Total {
		t.Errorf("paging gave %d of %d", len(seen), all.Total)
	}
	// A record by the id a search gave.
	w := get(t, a, PathFHIR+"/Practitioner/"+all.Entry[0].Resource.ID)
	if w.Code != 200 || !strings.Contains(w.Body.String(), urlMailType) && !strings.Contains(w.Body.String(), `"active"`) {
		t.Errorf("record: %d %s", w.Code, w.Body)
	}
	r := httptest.NewRequest(http.MethodGet, PathFHIR+"/Practitioner", nil)
	rec := httptest.NewRecorder()
	a.Handler().ServeHTTP(rec, r)
	if rec.Code != http.StatusUnauthorized {
		t.Errorf("without key: %d", rec.Code)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.Stop()
	if w := get(t, a, PathWhiteList); w.Code != http.StatusServiceUnavailable || a.Running() {
		t.Errorf("%d", w.Code)
	}
	a.Start()
	if w := get(t, a, PathExtraction); w.Code != http.StatusOK || !a.Running() {
		t.Errorf("%d", w.Code)
	}
}
