package mssante

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	good := map[string]string{
		"claire.martin@medecin.mssante.fr":     "claire.martin@medecin.mssante.fr",
		" Claire.Martin@MEDECIN.mssante.fr ":   "Claire.Martin@medecin.mssante.fr",
		"279035121518989@patient.mssante.fr":   "279035121518989@patient.mssante.fr",
		"noreply-bio+crp@labo.mssante.fr":      "noreply-bio+crp@labo.mssante.fr",
		"o'neil@interop-mssante.apicrypt.org":  "o'neil@interop-mssante.apicrypt.org",
		"a@" + strings.Repeat("b", 60) + ".fr": "a@" + strings.Repeat("b", 60) + ".fr",
	}
	for in, want := range good {
		got, err := ParseAddress(in)
		if err != nil || got.String() != want {
			t.Errorf("ParseAddress(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "@", "a@", "@b.fr", "a@b", "a b@c.fr", "a@b..fr", ".a@b.fr", "a.@b.fr", "a..b@c.fr",
		"a@b.fr\r\nBcc: x@y.fr", "a@b.fr\x00", `"a b"@c.fr`, "a@[127.0.0.1]", "a(c)@b.fr", "é@b.fr", "a@é.fr", "<a@b.fr>", "a@-b.fr", "a@b-.fr",
		strings.Repeat("a", 65) + "@b.fr", "a@" + strings.Repeat("b", 64) + ".fr", "a,b@c.fr", "a@b.fr,c@d.fr", "a@b@c.fr"} {
		if got, err := ParseAddress(in); err == nil {
			t.Errorf("ParseAddress(%q) = %q, want an error", in, got)
		}
	}
}

// A patient's address is built on the INS: no log may carry it (attack 52).
func TestPatientAddressNeverLogged(t *testing.T) {
	t.Parallel()
	a, err := ParseAddress("279035121518989@patient.mssante.fr")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("test", "to", a)
	if strings.Contains(out.String(), "279035121518989") {
		t.Errorf("the log carries the INS: %s", out.String())
	}
	if !a.IsPatient() {
		t.Error("a patient address is not seen as one (ECO.3.1.1)")
	}
	sub, err := ParseAddress("279035121518989@sub.patient.mssante.fr")
	if err != nil || sub.IsPatient() {
		t.Error("a sub-domain passes for Mon espace santé: the match must be exact")
	}
}

// Vectors of the national key algorithm, Corsican ones included.
func TestINSKey(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"255081416802538", "294037512000591", "153124500723160", "284052A32102552", "284052B32102579", "279035121518989", "146026322000196"} {
		ins, err := ParseINS(s)
		if err != nil || !ins.KeyOK() {
			t.Errorf("%s: err %v, key ok %v", s, err, ins.KeyOK())
		}
	}
	for _, s := range []string{"221042545611404", "288091234567823"} { // published test identities with wrong keys
		ins, err := ParseINS(s)
		if err != nil || ins.KeyOK() {
			t.Errorf("%s: err %v; a wrong key must parse and be flagged", s, err)
		}
	}
	for _, s := range []string{"", "27903512151898", "2790351215189890", "27903512151898X", "2790A5121518989", "979035121518989"} {
		if _, err := ParseINS(s); err == nil {
			t.Errorf("ParseINS(%q) passed", s)
		}
	}
	if INS("279035121518989").Sex() != "féminin" || INS("146026322000196").Sex() != "masculin" {
		t.Error("sex from the first digit")
	}
}

// Luhn runs over the 11 digits of the RPPS, not the 12 of the national id.
func TestRPPS(t *testing.T) {
	t.Parallel()
	r, ok := NationalID("899700427885").RPPS()
	if !ok || r != "99700427885" || !r.CheckDigitOK() {
		t.Errorf("RPPS of 899700427885 = %q %v, check %v", r, ok, r.CheckDigitOK())
	}
	for _, id := range []NationalID{"500000001815646/CPAT00045", "ANS20231122132732", ""} {
		if _, ok := id.RPPS(); ok {
			t.Errorf("%q is no RPPS", id)
		}
	}
	if RPPS("99700427886").CheckDigitOK() {
		t.Error("a wrong check digit passes")
	}
}

func TestDisplayName(t *testing.T) {
	t.Parallel()
	p := Practitioner{GivenName: "JEAN-PAUL", FamilyName: "D'ARTAGNAN"}
	if got := p.DisplayName(Situation{Civility: "DR"}); got != "Dr Jean-Paul D'Artagnan" {
		t.Errorf("got %q", got)
	}
	if got := p.DisplayName(Situation{GivenName: "Léa", FamilyName: "de Brou"}); got != "Léa de Brou" {
		t.Errorf("got %q", got)
	}
}

func TestSituationReads(t *testing.T) {
	t.Parallel()
	s := Situation{Profession: "médecin", Specialty: "Médecine générale", Structure: "CABINET DES LILAS", City: "JOUÉ-LES-TOURS"}
	if s.Work() != "Médecin · Médecine générale" || s.Place() != "Cabinet des Lilas, Joué-Les-Tours" {
		t.Errorf("%q, %q", s.Work(), s.Place())
	}
	for in, want := range map[string]string{"CHU DE TOURAINE": "CHU de Touraine", "Clinique des Tanneurs": "Clinique des Tanneurs", "LA POSTE": "La Poste", "": ""} {
		if got := (Situation{Structure: in}).Place(); got != want {
			t.Errorf("%q reads %q, want %q", in, got, want)
		}
	}
	if got := (Situation{Role: "écoutant"}).Work(); got != "Écoutant" {
		t.Errorf("%q", got)
	}
}

func TestVisibleSubject(t *testing.T) { // ECO.3.1.3
	t.Parallel()
	if got := VisibleSubject("XDM/1.0/DDM+CR d'examens biologiques VIAL Paul 26/11/1978"); got != "CR d'examens biologiques VIAL Paul 26/11/1978" {
		t.Errorf("got %q", got)
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"a@b.fr", "a@b.fr\r\nX: y", `"x"@b.fr`, "279035121518989@patient.mssante.fr"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			return
		}
		again, err := ParseAddress(a.String())
		if err != nil || again != a {
			t.Fatalf("%q → %q does not survive a second reading: %v", s, a, err)
		}
		if strings.ContainsAny(a.String(), "\r\n\x00 <>\",;:()[]") {
			t.Fatalf("%q lets a separator through: %q", s, a)
		}
	})
}

func FuzzParseINS(f *testing.F) {
	f.Add("279035121518989")
	f.Add("284052A32102552")
	f.Fuzz(func(t *testing.T, s string) {
		if ins, err := ParseINS(s); err == nil {
			ins.KeyOK()
			_ = ins.Sex()
			if len(ins) != 15 {
				t.Fatalf("%q", ins)
			}
		}
	})
}
