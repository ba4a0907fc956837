package people

import (
	"sort"

	"pli.example/pli/internal/mssante"
)

// contacts are the names letters are written from and to. Keys of the cast are
// those of Cast; the others are correspondents who never sign in.
func contacts() map[string]contact {
	m := map[string]contact{
		"martin":    {"Dr Claire Martin", MartinBox},
		"lilas":     {"Cabinet des Lilas", LilasBox},
		"petit":     {"Dr Hugo Petit", PetitBox},
		"petitlib":  {"Dr Hugo Petit, Clinique des Tanneurs", PetitLibBox},
		"cardio":    {"Secrétariat de cardiologie", CardioBox},
		"mercier":   {"Paul Mercier", MercierBox},
		"garnier":   {"Sophie Garnier", GarnierBox},
		"pharmacie": {"Pharmacie du Marché", PharmacieBox},
		"bioloire":  {"Laboratoire Bioloire", BiolabBox},
		"benali":    {"Nadia Benali", BenaliBox},
		"fournier":  {"Léa Fournier", FournierBox},
		"aubert":    {"Dr Michel Aubert", AubertBox},

		"urgences":   {"CH du Val d’Indre, urgences", address("urgences@ch-valdindre.mssante.fr")},
		"chirurgie":  {"CHU de Touraine, chirurgie digestive", address("secretariat.chirurgie@chu-touraine.mssante.fr")},
		"kerbrat":    {"DR_Anne_KERBRAT_CHU DE TOURAINE", address("anne.kerbrat@chu-touraine.mssante.fr")},
		"radio":      {"Imagerie des Tanneurs", address("comptes-rendus@imagerie-tanneurs.mssante.fr")},
		"integrauto": {"", address("integration-auto@chu-touraine.mssante.fr")},
		"ehpad":      {"EHPAD Les Tilleuls", address("soins@ehpad-tilleuls.mssante.fr")},
		"ophtalmo":   {"Dr Yann Le Goff", address("yann.legoff@medecin.mssante.fr")},
		"vasseur":    {"Dr Rémi Vasseur", address("remi.vasseur@medecin.mssante.fr")},
		"dentiste":   {"Dr Élodie Chauvin", address("elodie.chauvin@chirurgien-dentiste.mssante.fr")},
		"cpts":       {"CPTS Rives de Loire", address("coordination@cpts-rivesdeloire.mssante.fr")},
		"dgs":        {"Direction générale de la santé", address("dgs-urgent@dgs.mssante.fr")},
		"ars":        {"ARS, veille sanitaire", address("veille@ars-demo.mssante.fr")},
		"cpam":       {"L’Assurance Maladie", address("infos-ps@assurance-maladie-demo.mssante.fr")},
		"ordre":      {"Ordre des pharmaciens", address("lettre@ordre-demo.mssante.fr")},
		"formation":  {"Formation Santé Loire", address("inscriptions@formation-demo.mssante.fr")},
		"pui":        {"CHU de Touraine, pharmacie à usage intérieur", address("conciliation.pui@chu-touraine.mssante.fr")},
		"had":        {"HAD Touraine", address("coordination@had-touraine.mssante.fr")},
		"fax":        {"", address("fax-entrant@passerelle-demo.mssante.fr")},
		"postmaster": {"Mail Delivery System", address("mailer-daemon@mssante.demo.invalid")},
		"longname":   {"Pr Marie-Antoinette de La Rochebrune-Villeneuve d’Estrées", address("ma.rochebrune@chu-touraine.mssante.fr")},
		"noname":     {"", address("secretariat.orl@chu-touraine.mssante.fr")},
		"rtl":        {"د. سامية منصور", address("samia.mansour@medecin.mssante.fr")},
		"suspect":    {"Support Mailiz", address("support@mailiz-verification.mssante.fr")},
		"labo2":      {"Biologie Vallée du Cher", address("resultats@bio-cher.mssante.fr")},
	}
	for _, p := range Patients() {
		m[p.Key] = contact{p.Label, p.Address()}
	}
	return m
}

// Correspondents are the addresses outside the hosted mailboxes that letters come
// from: the directory of the demo knows them, so that an answer is accepted.
func Correspondents() []Correspondent {
	hosted := map[string]bool{}
	for _, m := range Mailboxes() {
		hosted[m.Address.Key()] = true
	}
	var out []Correspondent
	for key, c := range contacts() {
		switch key {
		case "suspect", "postmaster", "rtl":
			continue // in no directory
		}
		if !hosted[c.Key()] && !c.IsPatient() {
			out = append(out, Correspondent{Name: c.name, Address: c.Address})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Address.Key() < out[j].Address.Key() })
	return out
}

// Correspondent is somebody who writes but never signs in.
type Correspondent struct {
	Name    string
	Address mssante.Address
}
