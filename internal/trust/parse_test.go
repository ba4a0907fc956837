package trust

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
)

func TestParse(t *testing.T) {
	t.Parallel()
	frame := func(inside string) string {
		return `<ListeBlancheMSSante xmlns="` + namespace + `">` + inside + `</ListeBlancheMSSante>`
	}
	const date = "<DateDeGeneration>2026-11-23T09:00:00Z</DateDeGeneration>"
	entries := func(inside string) string {
		return frame(date + "<ListeDomaines>" + inside + "</ListeDomaines>")
	}
	one := "<Domaine><Nom>a.example</Nom></Domaine>"
	for _, tc := range []struct{ name, doc, want string }{ // want "" = refused
		{"one", entries(one), "a.example"},
		{"white space", entries("<Domaine>\n <Nom>\n\ta.example </Nom></Domaine>"), "a.example"},
		{"one entry per certificate", entries(one + "<Domaine><Nom>A.Example</Nom></Domaine>"), "a.example"},
		{"fields to come", entries(strings.Replace(one, "<Nom>", "<Neuf><Nom>b.example</Nom></Neuf><Nom>", 1) + "<Autre><Nom>b.example</Nom></Autre>"), "a.example"},
		{"names elsewhere", frame(date + "<Nom>b.example</Nom><Domaine><Nom>b.example</Nom></Domaine><Autre><ListeDomaines>" + one + "</ListeDomaines></Autre><ListeDomaines>" + one + "</ListeDomaines>"), "a.example"},
		{"another namespace", entries(one + `<x:Domaine xmlns:x="urn:x"><x:Nom>b.example</x:Nom></x:Domaine><Domaine xmlns="urn:x"><Nom>b.example</Nom></Domaine>`), "a.example"},
		{"wildcards and single labels are no names", entries(one + "<Domaine><Nom>*.example</Nom></Domaine><Domaine><Nom>example</Nom></Domaine><Domaine><Nom></Nom></Domaine><Domaine><Nom>b\u200b.example</Nom></Domaine><Domaine><Nom>b.example c.example</Nom></Domaine>"), "a.example"},
		{"element inside a name", entries("<Domaine><Nom>b.<b/>a.example</Nom></Domaine>"), ""},
		{"comment inside a name", entries("<Domaine><Nom>a.example<!-- -->.evil.example</Nom></Domaine>"), ""}, // never canonical
		{"two names in an entry", entries("<Domaine><Nom>a.example</Nom><Nom>b.example</Nom></Domaine>"), ""},
		{"entry without a name", entries(one + "<Domaine/>"), ""},
		{"no entry", entries(""), ""},
		{"two lists", frame(date + "<ListeDomaines>" + one + "</ListeDomaines><ListeDomaines>" + one + "</ListeDomaines>"), ""},
		{"two dates", frame(date + date + "<ListeDomaines>" + one + "</ListeDomaines>"), ""},
		{"no date", frame("<ListeDomaines>" + one + "</ListeDomaines>"), ""},
		{"odd date", strings.Replace(entries(one), "2026-11-23T09:00:00Z", "hier", 1), ""},
		{"zero date", strings.Replace(entries(one), "2026-11-23T09", "0001-01-01T00", 1), ""},
		{"another root", "<Liste>" + entries(one) + "</Liste>", ""},
		{"root of another namespace", strings.Replace(entries(one), namespace, "urn:x", 1), ""},
		{"no namespace", strings.Replace(entries(one), ` xmlns="`+namespace+`"`, "", 1), ""},
		{"DTD", `<!DOCTYPE x [<!ENTITY e "b.example">]>` + entries(strings.Replace(one, "a.example", "&e;", 1)), ""},
		{"deep", entries(one + strings.Repeat("<a>", maxDepth) + strings.Repeat("</a>", maxDepth)), ""},
		{"long name", entries(strings.Replace(one, "a.example", strings.Repeat(" ", maxText)+"a.example", 1)), ""},
		{"truncated", entries(one)[:200], ""},
		{"nothing", "", ""},
	} {
		d, err := parse([]byte(tc.doc))
		if tc.want == "" {
			if !errors.Is(err, errForm) {
				t.Errorf("%s: %v", tc.name, err)
			}
			continue
		}
		if err != nil || len(d.names) != 1 {
			t.Errorf("%s: %v, %+v", tc.name, err, d)
			continue
		}
		if _, ok := d.names[mssante.Domain(tc.want)]; !ok || !d.generated.Equal(born) {
			t.Errorf("%s: %+v", tc.name, d)
		}
	}
	if _, err := parseWithin([]byte(entries(one+one+one)), 2); !errors.Is(err, errForm) {
		t.Errorf("too many entries: %v", err)
	}
}

// A comment may be put into a signed list by anybody: it is dropped before digesting.
// The name it cuts is read whole, so "a.example<!-- -->.evil.example" gives no trust
// to "a.example".
func TestCommentCannotCutAName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	signed := strings.Replace(string(sign(t, list(born, "a.example.autre.example"), nil)), "a.example.", "a.example<!-- -->.", 1)
	w.publish([]byte(signed), "")
	w.mustRefresh()
	if w.verdict("a.example") != Outside || w.verdict("a.example.autre.example") != Inside {
		t.Error("the comment cut the name")
	}
}

// Samples of RFC 3492 §7.1, and names as registries write them.
func TestALabels(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Santé.Example":  "xn--sant-epa.example",
		"bücher.example": "xn--bcher-kva.example",
		"ليهمابتكلموشعربي؟.example":          "", // a question mark is no letter
		"他们为什么不说中文.example":                  "xn--ihqwcrb4cv8a8dqg056pqjye.example",
		"почемужеонинеговорятпорусски.fr":    "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l.fr",
		"パフィーdeルンバ.example":                  "xn--de-jg4avhby1noc0d.example",
		"xn--sant-epa.example":               "xn--sant-epa.example",
		"sante\u0301.example":                "", // not composed
		"xn--é.example":                      "",
		strings.Repeat("é", 64) + ".exemple": "",
		"a..example":                         "", "-a.example": "", "": "", "example": "", "a_b.example": "", "a.example.": "",
	} {
		got, ok := domain(in)
		if string(got) != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", in, got, ok)
		}
	}
}

// The published list of 2025: read whole, and refused as tampered, its contacts
// being masked. The instant is its own, the signer stands for its issuer.
func TestPublishedList(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("PLI_CORPORA")
	if dir == "" {
		t.Skip("PLI_CORPORA not set: the published white list is not here")
	}
	raw, err := os.ReadFile(filepath.Join(dir, "white-list", "listeblanchemssante_2025-02-28.xml"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	encoded := text[strings.Index(text, "<X509Certificate>")+17 : strings.Index(text, "</X509Certificate>")]
	der, err := base64.StdEncoding.DecodeString(strings.NewReplacer("&#13;", "", "\n", "").Replace(encoded))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	w := newWorld(t, func(o *Options) { o.Anchors = pool })
	w.now.Store(time.Date(2025, time.March, 1, 0, 0, 0, 0, time.UTC).Unix())
	w.publish(raw, "")
	var r *refusal
	if err := w.refresh(); !errors.As(err, &r) || r.reason != tampered || w.list.State().Loaded {
		t.Errorf("%v", err)
	}
	// Signed by a test authority instead, it is accepted whole.
	unsigned := text[:strings.Index(text, "<Signature ")] + "</ListeBlancheMSSante>"
	w.reset(nil)
	w.now.Store(time.Date(2025, time.March, 1, 0, 0, 0, 0, time.UTC).Unix())
	w.publish(sign(t, unsigned, func(c *x509.Certificate) { c.NotBefore = born.AddDate(-3, 0, 0) }), "")
	begun := time.Now()
	w.mustRefresh()
	t.Logf("verified, read and saved in %v", time.Since(begun))
	st := w.list.State()
	if st.Entries != 6494 || st.Domains != 4944 || st.Skipped != 0 || st.DateGenerated.Format(time.RFC3339) != "2025-02-28T15:42:07Z" {
		t.Errorf("%+v", st)
	}
	if w.verdict("mssante.apicrypt.org") != Inside || w.verdict("apicrypt.org") != Outside || w.verdict("medecin.mssante.fr") != Inside {
		t.Error("verdicts")
	}
	if got, ok := w.list.Suggest(mssante.Address{Local: "x", Domain: "medcin.mssante.fr"}); !ok || got.Domain != "medecin.mssante.fr" {
		t.Errorf("%v", got)
	}
}

// What xmlsig hands over as canonical, and anything else: no panic, and a domain is
// only ever one mssante accepts.
func FuzzParse(f *testing.F) {
	f.Add([]byte(list(born, "a.example", "Santé.example", "*")))
	f.Add([]byte(`<ListeBlancheMSSante xmlns="` + namespace + `"><ListeDomaines><Domaine><Nom>a<!-- -->.b</Nom></Domaine></ListeDomaines></ListeBlancheMSSante>`))
	f.Add([]byte("<a>"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := parse(raw)
		if err != nil {
			return
		}
		for n := range d.names {
			if again, err := mssante.ParseDomain(string(n)); err != nil || again != n {
				t.Fatalf("%q: %q, %v", n, again, err)
			}
		}
		if len(d.names)+d.skipped > d.entries || d.generated.IsZero() {
			t.Fatalf("%+v", d)
		}
	})
}

// The whole way in, signature included: only what was signed gives trust.
func FuzzJudge(f *testing.F) {
	good := sign(f, list(born, "a.example"), nil)
	f.Add(good)
	f.Add([]byte(strings.Replace(string(good), "a.example", "a<!-- -->.example", 1)))
	f.Add([]byte(strings.Replace(string(good), "<Domaine>", "<Domaine><Nom>b.example</Nom></Domaine><Domaine>", 1)))
	l := New(Options{Anchors: authority().pool})
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := l.judge(raw, born)
		if err == nil && (fmt.Sprint(s.names) != "map[a.example:{}]" || !s.generated.Equal(born)) {
			t.Fatalf("%+v", s)
		}
	})
}
