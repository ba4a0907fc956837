package annuaire

import (
	"fmt"
	"hash/fnv"
	"strings"

	"pli.example/pli/internal/mssante"
)

// Entry is one mailbox in the directory.
type Entry struct {
	Kind       mssante.MailboxKind
	Address    mssante.Address
	NationalID mssante.NationalID // of the holder: PER and CAB
	Title      string             // DR, PR or ""
	Family     string             // capitals, as the registers write
	Given      string
	Profession string // TRE_G15
	Work       string // its label
	Skill      string // TRE_R38
	Specialty  string // its label
	Structure  string // name of the place
	FINESS     string
	Service    string // of an ORG or APP mailbox
	Number     string
	Street     string // with its kind: "R DES LILAS"
	Postcode   string
	Town       string
	RedList    bool // not published in the extraction
}

// place is where invented colleagues work.
type place struct{ postcode, town string }

var places = []place{
	{"37000", "TOURS"}, {"37100", "TOURS"}, {"37200", "TOURS"}, {"37300", "JOUE LES TOURS"}, {"37700", "ST PIERRE DES CORPS"}, {"37540", "ST CYR SUR LOIRE"},
	{"37170", "CHAMBRAY LES TOURS"}, {"37400", "AMBOISE"}, {"37600", "LOCHES"}, {"37500", "CHINON"}, {"37110", "CHATEAU RENAULT"}, {"37230", "LUYNES"},
	{"37150", "BLERE"}, {"37250", "MONTBAZON"}, {"41000", "BLOIS"}, {"49400", "SAUMUR"},
}

var givenNames = []string{"Alice", "Bastien", "Camille", "Damien", "Élise", "Fabrice", "Gaëlle", "Hervé", "Inès", "Julien", "Karine", "Loïc", "Mathilde", "Nicolas",
	"Océane", "Pascal", "Quitterie", "Romain", "Solène", "Thibault", "Ursule", "Valentin", "Wilfried", "Xavier", "Yasmine", "Zoé"}

var familyNames = []string{"Abadie", "Berthelot", "Carpentier", "Delaunay", "Esnault", "Fouquet", "Gaudin", "Huet", "Jamet", "Keller", "Lemaître", "Marchais", "Nivet",
	"Ollivier", "Percheron", "Quillet", "Ribault", "Savary", "Touzé", "Urbain", "Villeret", "Wagner", "Yvon", "Zanetti", "Boisseau", "Chollet", "Dubreuil", "Froger", "Guignard"}

// trade is a profession with its Mailiz domain.
type trade struct {
	code, label, skill, specialty, title, domain string
}

var trades = []trade{
	{"10", "Médecin", "SM54", "Médecine générale", "DR", "medecin.mssante.fr"},
	{"10", "Médecin", "SM04", "Cardiologie et maladies vasculaires", "DR", "medecin.mssante.fr"},
	{"10", "Médecin", "SM15", "Dermatologie et vénéréologie", "DR", "medecin.mssante.fr"},
	{"10", "Médecin", "SM38", "Ophtalmologie", "DR", "medecin.mssante.fr"},
	{"10", "Médecin", "SM54", "Médecine générale", "DR", "medecin.mssante.fr"},
	{"60", "Infirmier", "", "", "", "infirmier.mssante.fr"},
	{"70", "Masseur-kinésithérapeute", "", "", "", "masseur-kinesitherapeute.mssante.fr"},
	{"21", "Pharmacien", "", "", "", "pharmacien.mssante.fr"},
	{"40", "Chirurgien-dentiste", "", "", "DR", "chirurgien-dentiste.mssante.fr"},
	{"50", "Sage-femme", "", "", "", "sage-femme.mssante.fr"},
	{"80", "Pédicure-podologue", "", "", "", "pedicure-podologue.mssante.fr"},
	{"91", "Orthophoniste", "", "", "", "orthophoniste.mssante.fr"},
}

// Colleagues invents n entries, the same for the same n: three in four are
// nominative mailboxes, the others belong to structures.
func Colleagues(n int) []Entry {
	out := make([]Entry, 0, n)
	taken := map[string]bool{}
	for i := 0; len(out) < n; i++ {
		p := places[(i*7+i/11)%len(places)]
		family := familyNames[(i*5+i/29)%len(familyNames)]
		if i%4 == 3 {
			out = append(out, structureEntry(i, p, family))
			continue
		}
		given, t := givenNames[(i*3+i/26)%len(givenNames)], trades[(i+i/12)%len(trades)]
		local := slug(given) + "." + slug(family)
		if taken[local+t.domain] {
			local = fmt.Sprintf("%s%d", local, i)
		}
		taken[local+t.domain] = true
		out = append(out, Entry{
			Kind: mssante.KindNominative, Address: mssante.Address{Local: local, Domain: mssante.Domain(t.domain)}, NationalID: nationalID(1000 + i),
			Title: t.title, Family: capitals(family), Given: given, Profession: t.code, Work: t.label, Skill: t.skill, Specialty: t.specialty,
			Structure: "CABINET " + capitals(family), Number: fmt.Sprint(1 + i%90), Street: streets[i%len(streets)], Postcode: p.postcode, Town: p.town,
			RedList: i%37 == 5,
		})
	}
	return out
}

var streets = []string{"R DES ACACIAS", "AV DE LA GARE", "PL DE LA MAIRIE", "R DU PONT", "BD DU CHER", "R DES ECOLES", "QU DE LA LOIRE"}

func structureEntry(i int, p place, family string) Entry {
	e := Entry{Kind: mssante.KindOrganisational, FINESS: fmt.Sprintf("3799%05d", 100+i), Number: fmt.Sprint(1 + i%40), Street: streets[i%len(streets)], Postcode: p.postcode, Town: p.town}
	town := slug(p.town)
	switch i / 4 % 4 {
	case 0:
		e.Structure, e.Service = "PHARMACIE "+capitals(family), "Officine"
		e.Address = mssante.Address{Local: fmt.Sprintf("pharmacie-%s-%d", slug(family), i), Domain: "pharmacien.mssante.fr"}
	case 1:
		e.Structure, e.Service = "EHPAD LES JARDINS DE "+p.town, "Soins"
		e.Address = mssante.Address{Local: fmt.Sprintf("soins-%d", i), Domain: mssante.Domain("ehpad-" + town + ".mssante.fr")}
	case 2:
		e.Structure, e.Service = "CENTRE DE SANTE "+p.town, "Secrétariat"
		e.Address = mssante.Address{Local: fmt.Sprintf("secretariat-%d", i), Domain: mssante.Domain("cds-" + town + ".mssante.fr")}
	default:
		e.Kind = mssante.KindApplicative
		e.Structure, e.Service = "LABORATOIRE "+p.town, "Envoi des résultats"
		e.Address = mssante.Address{Local: fmt.Sprintf("noreply-biologie-%d", i), Domain: mssante.Domain("labo-" + town + ".mssante.fr")}
	}
	return e
}

// nationalID numbers invented people in the test range, with a right Luhn key.
func nationalID(n int) mssante.NationalID {
	ten := fmt.Sprintf("99700%05d", n)
	for key := range 10 {
		if r := mssante.RPPS(fmt.Sprintf("%s%d", ten, key)); r.CheckDigitOK() {
			return mssante.NationalID("8" + string(r))
		}
	}
	panic("annuaire: no key") // one of ten digits always fits
}

var plain = strings.NewReplacer("é", "e", "è", "e", "ê", "e", "ë", "e", "î", "i", "ï", "i", "à", "a", "â", "a", "ô", "o", "ç", "c", "û", "u", "É", "E", "Î", "I")

func slug(s string) string { return strings.ToLower(strings.ReplaceAll(plain.Replace(s), " ", "-")) }

// capitals writes a name as the registers do: upper case without accents.
func capitals(s string) string { return strings.ToUpper(plain.Replace(s)) }

// TestID gives a stable national id in the test range for a name.
func TestID(name string) mssante.NationalID {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return nationalID(50_000 + int(h.Sum32()%40_000))
}
