package directory

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

const heading = "Type de BAL|Adresse BAL|Type Identifiant PP|Identifiant PP|Identification nationale PP|Type identifiant structure|Identification Structure|Service de rattachement|" +
	"Civilité d'exercice|Nom d'exercice|Prénom d'exercice|Catégorie profession|Libellé de catégorie profession|Code Profession|Libellé Profession|Code savoir-faire|Libellé savoir-faire|" +
	"Dématérialisation|Raison Sociale structure BAL|Enseigne commerciale structure BAL|L2COMPLEMENTLOCALISATION structure BAL|L3COMPLEMENTDISTRIBUTION structure BAL|" +
	"L4NUMEROVOIE structure BAL|L4COMPLEMENTNUMEROVOIE structure BAL|NL4TYPEVOIE structure BAL|L4LIBELLEVOIE structure BAL|L5LIEUDITMENTION structure BAL|" +
	"L6LIGNEACHEMINEMENT structure BAL|Code postal structure BAL|Département structure BAL|Pays structure BAL\n"

// per and org are lines of the file; place is "name|FINESS|post code|town".
func per(address, rpps, title, family, given, work, skill, place string) string {
	var c [31]string
	c[0], c[1], c[2], c[3], c[8], c[9], c[10], c[17] = "PER", address, "8", rpps, title, family, given, "True"
	if rpps != "" {
		c[4] = "8" + rpps
	}
	c[13], c[14], _ = strings.Cut(work, " ")
	c[15], c[16], _ = strings.Cut(skill, " ")
	put(&c, place)
	return strings.Join(c[:], "|") + "\n"
}

func org(address, service, place string) string {
	var c [31]string
	c[0], c[1], c[7], c[17] = "ORG", address, service, "False"
	put(&c, place)
	return strings.Join(c[:], "|") + "\n"
}

func put(c *[31]string, place string) {
	p := strings.Split(place+"|||", "|")
	c[18], c[6], c[28] = p[0], p[1], p[2]
	if p[1] != "" {
		c[5] = "1"
	}
	if p[3] != "" {
		c[22], c[24], c[25], c[27], c[30] = "12", "R", "DES LILAS", p[2]+" "+p[3], "FR"
	}
}

const (
	doctor = "10 Médecin"
	cardio = "SM04 Cardiologie et maladies vasculaires"
	gp     = "SM54 Médecine générale"
)

// small country: everything the searches of the tests need.
func country() string {
	return heading +
		per("jean.dupont@medecin.mssante.fr", "99700000011", "DR", "DUPONT", "Jean", doctor, cardio, "CLINIQUE DU PARC|690000001|69003|LYON") +
		per("jean.dupont2@medecin.mssante.fr", "99700000029", "DR", "DUPONT", "Jean", doctor, gp, "CABINET MEDICAL|370000002|37000|TOURS") +
		per("marie.lefebvre@medecin.mssante.fr", "99700000037", "DR", "LEFEBVRE", "Marie-Élise", doctor, cardio, "CHU DE TOURS|370000001|37000|TOURS") +
		per("m.lefebvre@chu-tours.mssante.fr", "99700000037", "DR", "LEFEBVRE", "Marie-Élise", doctor, cardio, "CHU DE TOURS|370000001|37000|TOURS") +
		per("yves.legoff@infirmier.mssante.fr", "99700000045", "", "LE GOFF", "Yves", "60 Infirmier", "", "") +
		per("a.hermitte@medecin.mssante.fr", "99700000052", "DR", "L'HERMITTE", "Anne", doctor, gp, "|||") +
		per("paul.martin@masseur-kinesitherapeute.mssante.fr", "99700000060", "", "MARTIN", "Paul", "70 Masseur-kinésithérapeute", "", "CABINET DE KINE|350000009|35000|RENNES") +
		per("martin.paris@medecin.mssante.fr", "99700000078", "DR", "PARIS", "Martin", doctor, gp, "CABINET PARIS|370000010|37000|TOURS") +
		org("pharmacie.centre@pharmacien.mssante.fr", "Officine", "PHARMACIE DU CENTRE|350000001|35000|RENNES") +
		org("cardio@chu-tours.mssante.fr", "Cardiologie", "CHU DE TOURS|370000001|37000|TOURS") +
		org("noreply-bio@labo.mssante.fr", "Envoi des résultats", "LABORATOIRE BIOLOIRE|370000020|37100|TOURS CEDEX 2")
}

func load1(t testing.TB, d *Directory, s Source) Summary {
	t.Helper()
	sum, err := d.Import(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestImportCountsEveryLine(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	first := per("jean.dupont@medecin.mssante.fr", "99700000011", "DR", "DUPONT", "Jean", doctor, cardio, "")
	file := heading + first +
		"\n" + // 3 empty
		"PER|trop|court\n" + // 4
		strings.Replace(first, "jean.dupont@medecin.mssante.fr", "pas une adresse", 1) + // 5
		strings.Replace(first, "jean.dupont@medecin.mssante.fr", "279035121518989@patient.mssante.fr", 1) + // 6
		strings.Replace(first, "Jean", "Je\x07an", 1) + // 7
		"PER|" + strings.Repeat("x", 40_000) + "\n" + // 8
		first + // 9 twice
		strings.Replace(first, "DUPONT", "DUPOND", 1) + // 10 same address, somebody else
		strings.Replace(first, "jean.dupont@", "h.l@", 1) +
		strings.Replace(strings.Replace(first, "jean.dupont@", "h.e@", 1), "Jean", "H\xe9l\xe8ne", 1) + // 12 ISO-8859-1
		strings.Replace(strings.Replace(first, "jean.dupont@", "x.y@", 1), "PER", "ZZZ", 1) + // 13 unknown kind
		strings.TrimSuffix(strings.Replace(first, "jean.dupont@", "fin@", 1), "\n") + "|" // a separator and no line end
	sum := load1(t, d, text(file))
	want := Summary{Lines: 13, Mailboxes: 6, Duplicates: 1, Shared: 1, Recoded: 1, Unknown: 1, New: 5, First: true}
	if sum.Lines != want.Lines || sum.Mailboxes != want.Mailboxes || sum.Duplicates != want.Duplicates || sum.Shared != want.Shared || sum.Recoded != want.Recoded || sum.Unknown != want.Unknown || sum.New != want.New || !sum.First {
		t.Errorf("%+v, want %+v", sum, want)
	}
	if sum.Lines != sum.Mailboxes+sum.Duplicates+sum.RejectedTotal() {
		t.Error("a line was dropped in silence")
	}
	got := fmt.Sprint(sum.Samples)
	if got != fmt.Sprint([]Rejected{{3, "ligne vide"}, {4, "nombre de colonnes"}, {5, "adresse illisible"}, {6, "adresse de patient"}, {7, "caractères de contrôle"}, {8, "ligne trop longue"}, {9, "ligne en double"}}) {
		t.Errorf("%s", got)
	}
	if e := search1(t, d, "hélène"); e.GivenName != "Hélène" {
		t.Errorf("%+v", e)
	}
	if e, ok, _ := d.Card(t.Context(), mssante.Address{Local: "x.y", Domain: "medecin.mssante.fr"}); !ok || e.Kind != mssante.KindUnknown {
		t.Errorf("%v %+v", ok, e)
	}
}

func search1(t testing.TB, d *Directory, q string) Entry {
	t.Helper()
	res, err := d.Search(t.Context(), someone, Query{Text: q})
	if err != nil || len(res.Entries) == 0 {
		t.Fatalf("%q: %d entries, %v", q, len(res.Entries), err)
	}
	return res.Entries[0]
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	if _, err := z.Create("readme.md"); err != nil {
		t.Fatal(err)
	}
	z.Close()
	d := newDirectory(t)
	load1(t, d, text(country()))
	for name, file := range map[string]string{
		"empty": "", "another file": "Nom;Prénom\nDUPONT;Jean\n", "header alone": heading, "a column renamed": strings.Replace(country(), "Adresse BAL", "Adresse", 1),
		"a column more": strings.Replace(country(), "Adresse BAL|", "Adresse BAL|Autre|", 1), "garbage": heading + strings.Repeat("a|b\n", 50) + strings.SplitAfter(country(), "\n")[1],
		"a zip without a text": bomb.String(), "a cut zip": "PK\x03\x04 then nothing", "HTML": "<html><body>Erreur 500</body></html>",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := d.Import(t.Context(), text(file), nil); !problem.Is(err, problem.Invalid) || problem.SayOf(err) == "" {
				t.Errorf("%v", err)
			}
			if search1(t, d, "dupont lyon").Town != "LYON" || d.State().LastError == "" {
				t.Error("the directory in place does not serve on")
			}
		})
	}
}

func TestShrinking(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	load1(t, d, text(country()))
	half := strings.Join(strings.SplitAfter(country(), "\n")[:6], "")
	_, err := d.Import(t.Context(), text(half), nil)
	if !problem.Is(err, problem.Conflict) || !strings.Contains(problem.SayOf(err), "55") {
		t.Errorf("%v, %s", err, problem.SayOf(err))
	}
	search1(t, d, "pharmacie rennes")
	forced := text(half)
	forced.Force = true
	changed := strings.Replace(half, "CLINIQUE DU PARC", "CLINIQUE DU LAC", 1) + org("nouveau@labo.mssante.fr", "Accueil", "LABORATOIRE NEUF|370000077|37000|TOURS")
	forced.Open = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(changed)), nil }
	sum := load1(t, d, forced)
	if sum.New != 1 || sum.Gone != 6 || sum.Changed != 1 || sum.First {
		t.Errorf("%+v", sum)
	}
	rows, err := d.o.Audit.Recent(t.Context(), audit.Filter{Action: audit.DirectoryImport})
	if err != nil || len(rows) != 3 || rows[1].Event.Outcome != "conflict" {
		t.Errorf("%v %+v", err, rows)
	}
}

// A search sees the old directory or the new one, never half; one in flight ends on
// the old one, whose file then closes.
func TestSwapUnderSearches(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, func(o *Options) {
		o.Path, o.Limits = filepath.Join(t.TempDir(), "annuaire.db"), Limits{1 << 30, 1 << 30, 1 << 30}
	})
	version := func(n int) string {
		var b strings.Builder
		b.WriteString(heading)
		for i := range 40 {
			b.WriteString(per(fmt.Sprintf("p%d@v%d.mssante.fr", i, n), fmt.Sprintf("9970001%04d", i), "DR", "COMMUN", fmt.Sprint("Version", n), doctor, gp, ""))
		}
		return b.String()
	}
	load1(t, d, text(version(1)))
	g, release := d.hold()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for ; ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
				res, err := d.Search(context.WithoutCancel(ctx), someone, Query{Text: "commun", Size: 50})
				if err != nil || len(res.Entries) != 40 {
					t.Errorf("%d entries, %v", len(res.Entries), err)
					return
				}
				for _, e := range res.Entries {
					if e.GivenName != res.Entries[0].GivenName {
						t.Error("half of each")
						return
					}
				}
			}
		})
	}
	for n := 2; n <= 3; n++ {
		load1(t, d, text(version(n)))
	}
	cancel()
	wg.Wait()
	var rows int
	if err := g.db.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM mailboxes`).Scan(&rows); err != nil || rows != 40 {
		t.Errorf("the generation still held: %d rows, %v", rows, err)
	}
	release()
	if n := d.retirements.Load(); n != 2 {
		t.Errorf("%d generations closed", n)
	}
	names, _ := filepath.Glob(d.o.Path + ".*")
	if len(names) > 6 || len(names) == 0 || strings.Contains(fmt.Sprint(names), "000001") {
		t.Errorf("left on disk: %q", names)
	}
}

// A new process opens the newest whole file; parts, cut and foreign files do not
// stop it.
func TestReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "annuaire.db")
	d := newDirectory(t, func(o *Options) { o.Path = path })
	load1(t, d, text(country()))
	for name, content := range map[string]string{path + ".000007": "not a database at all", path + ".abcd.part": "half", path + ".000009": ""} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	same := func(o *Options) { o.Path, o.Main, o.Keys, o.Audit = path, d.o.Main, d.o.Keys, d.o.Audit }
	again := newDirectory(t, same)
	if search1(t, again, "dupont lyon").Town != "LYON" || !again.State().Ready || again.State().Mailboxes != 11 {
		t.Errorf("%+v", again.State())
	}
	load1(t, again, text(country()))
	d.Look(t.Context())
	if n := d.currentNumber(); n != 10 {
		t.Errorf("generation %d: what another process built is not seen", n)
	}
}

func TestZip(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("Extraction_Correspondance_MSSante_202611230000.txt")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "\ufeff"+strings.ReplaceAll(country(), "\n", "\r\n"))
	z.Close()
	for _, folder := range []string{"", filepath.Join(t.TempDir(), "annuaire.db")} {
		d := newDirectory(t, func(o *Options) { o.Path = folder })
		if sum := load1(t, d, text(b.String())); sum.Mailboxes != 11 || sum.RejectedTotal() != 0 {
			t.Errorf("%+v", sum)
		}
		left, _ := filepath.Glob(filepath.Join(filepath.Dir(folder), "*.download"))
		if len(left) > 0 {
			t.Errorf("left: %q", left)
		}
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "annuaire.db")
	d := newDirectory(t, func(o *Options) { o.Path = path })
	ctx, cancel := context.WithCancel(t.Context())
	s := text(country())
	s.Open = func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(country()), readerFunc(func([]byte) (int, error) { cancel(); return 0, ctx.Err() }))), nil
	}
	if _, err := d.Import(ctx, s, nil); err == nil {
		t.Error("an import cut short succeeded")
	}
	if names, _ := filepath.Glob(path + "*"); len(names) > 0 {
		t.Errorf("left: %q", names)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// The header and rows of the real shape.
func TestCorpusExtraction(t *testing.T) {
	t.Parallel()
	root := os.Getenv("PLI_CORPORA")
	if root == "" {
		t.Skip("PLI_CORPORA not set: real headers not read")
	}
	raw, err := os.ReadFile(filepath.Join(root, "directory-extraction", "Extraction_Correspondance_MSSante.header.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseHeader(strings.TrimRight(string(raw), "\r\n")); err != nil {
		t.Error(err)
	}
	other, err := os.ReadFile(filepath.Join(root, "directory-extraction", "PS_LibreAcces_Personne_activite.header.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseHeader(strings.TrimRight(string(other), "\r\n")); err == nil {
		t.Error("the other open file passes for this one")
	}
	rows, err := os.ReadFile(filepath.Join(root, "directory-extraction", "Extraction_Correspondance_MSSante.SYNTHETIC.txt"))
	if err != nil {
		t.Fatal(err)
	}
	d := newDirectory(t)
	if sum := load1(t, d, text(string(rows))); sum.Mailboxes != 3 || sum.RejectedTotal() != 0 {
		t.Errorf("%+v", sum)
	}
	if e := search1(t, d, "10001234567"); e.FamilyName != "DUPONT" || !e.Paperless {
		t.Errorf("%+v", e)
	}
	if e := search1(t, d, "750000001"); e.Town != "PARIS" || e.Department != "75" || e.Street != "96 R DIDOT" {
		t.Errorf("%+v", e)
	}
}

func FuzzLine(f *testing.F) {
	l, err := parseHeader(strings.TrimSuffix(heading, "\n"))
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(country()) {
		f.Add([]byte(strings.TrimSuffix(line, "\n")))
	}
	f.Add([]byte("PER|\xe9@b.fr" + strings.Repeat("|", 29)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		line, _ := toUTF8(raw)
		r, _, bad := l.parseLine(line)
		if bad != "" {
			return
		}
		if r.address.IsPatient() || r.address.IsZero() || len(r.family) > maxCell || strings.ContainsAny(r.family+r.structure+r.town, "\x00\n\r\u202e") {
			t.Fatalf("%q gives %+v", raw, r)
		}
		r.words()
	})
}
