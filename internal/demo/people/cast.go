package people

import "pli.example/pli/internal/mssante"

// Person is somebody who may try to sign in to the demo.
type Person struct {
	Key        string // stable, lower case: "martin"
	Name       string // as a page shows it
	Label      string // profession in words
	About      string // who they are, one sentence
	Try        string // what is worth trying as them
	NationalID mssante.NationalID
	Userinfo   map[string]any // claims in the shape of Pro Santé Connect
	Mailboxes  []Grant        // what they may open; none for somebody without a mailbox
	Support    bool           // staff of the operator: another sign-in, no mail
	Closed     bool           // their account at Pli is closed
}

// Grant is one mailbox and what its holder may do there.
type Grant struct {
	Address mssante.Address
	Kind    mssante.MailboxKind
	Label   string
	Owner   bool
	Rights  string // codes: read,triage,write,send,patients,manage
}

// SiteOf names the structure a mailbox belongs to, where its holder has several: ""
// for that of their first activity.
func SiteOf(a mssante.Address) string {
	if a == PetitLibBox {
		return clinique.name
	}
	return ""
}

// Rights, by usual sets.
const (
	allRights     = "read,triage,write,send,patients,manage"
	teamRights    = "read,triage,write,send,patients"
	delegateRight = "read,triage,write" // prepares, does not send
)

// Addresses of the cast.
var (
	MartinBox    = address("claire.martin@medecin.mssante.fr")
	LilasBox     = address("cabinet-des-lilas@pro.mssante.fr")
	PetitBox     = address("hugo.petit@chu-touraine.mssante.fr")
	PetitLibBox  = address("hugo.petit@medecin.mssante.fr")
	CardioBox    = address("secretariat.cardiologie@chu-touraine.mssante.fr")
	MercierBox   = address("paul.mercier@masseur-kinesitherapeute.mssante.fr")
	GarnierBox   = address("sophie.garnier@pharmacien.mssante.fr")
	PharmacieBox = address("pharmacie-du-marche@pharmacien.mssante.fr")
	BiolabBox    = address("noreply-biologie@bioloire.mssante.fr")
	BenaliBox    = address("nadia.benali@infirmier.mssante.fr")
	FournierBox  = address("lea.fournier@chu-touraine.mssante.fr")
	AubertBox    = address("michel.aubert@medecin.mssante.fr")
)

// Cast lists everybody who may try to sign in, in the order the demo shows them.
func Cast() []Person {
	return []Person{
		{
			Key: "martin", Name: "Dr Claire Martin", Label: "Médecin généraliste",
			About:      "Médecin généraliste, Cabinet des Lilas à Tours. La boîte la plus remplie.",
			Try:        "Lire la biologie critique du laboratoire, ouvrir le compte rendu, classer\u00a0; ouvrir la boîte partagée du cabinet.",
			NationalID: national("9970090001"),
			Userinfo: claims{id: national("9970090001"), given: "CLAIRE", family: "MARTIN", civility: "MME", sector: "SA08",
				exercises: []exercise{{profession: "10", title: "DR", skillType: "S", skill: "SM54", activities: []activity{lilas}}},
			}.userinfo(),
			Mailboxes: []Grant{
				{MartinBox, mssante.KindNominative, "Dr Claire Martin", true, allRights},
				{LilasBox, mssante.KindCabinet, "Cabinet des Lilas", true, allRights},
			},
		},
		{
			Key: "petit", Name: "Dr Hugo Petit", Label: "Cardiologue, deux activités",
			About:      "Cardiologue au CHU de Touraine le matin, à la Clinique des Tanneurs l’après-midi.",
			Try:        "Choisir la situation d’exercice à la connexion, en changer\u00a0; répondre à la demande d’avis du Dr Martin.",
			NationalID: national("9970090002"),
			Userinfo: claims{id: national("9970090002"), given: "HUGO", family: "PETIT", civility: "M", sector: "SA01",
				exercises: []exercise{
					{profession: "10", title: "DR", skillType: "S", skill: "SM04", activities: []activity{chu, clinique}},
					{profession: "10", title: "PR", skillType: "S", skill: "SM04", activities: []activity{faculte}},
				},
			}.userinfo(),
			Mailboxes: []Grant{
				{PetitBox, mssante.KindNominative, "Dr Hugo Petit, CHU", true, allRights},
				{PetitLibBox, mssante.KindNominative, "Dr Hugo Petit, clinique", true, allRights},
				{CardioBox, mssante.KindOrganisational, "Secrétariat de cardiologie", false, teamRights},
			},
		},
		{
			Key: "mercier", Name: "Paul Mercier", Label: "Masseur-kinésithérapeute",
			About:      "Masseur-kinésithérapeute libéral à Saint-Pierre-des-Corps.",
			Try:        "Envoyer un bilan\u00a0; retrouver une prescription par la recherche.",
			NationalID: national("9970090003"),
			Userinfo: claims{id: national("9970090003"), given: "PAUL", family: "MERCIER", civility: "M", sector: "SA07", mobile: true,
				exercises: []exercise{{profession: "70", activities: []activity{kine}}}}.userinfo(),
			Mailboxes: []Grant{{MercierBox, mssante.KindNominative, "Paul Mercier", true, allRights}},
		},
		{
			Key: "garnier", Name: "Sophie Garnier", Label: "Pharmacienne titulaire",
			About:      "Pharmacienne titulaire de la Pharmacie du Marché, à Tours.",
			Try:        "La boîte de la pharmacie, où les patients écrivent les premiers et où Karim Haddad travaille aussi.",
			NationalID: national("9970090004"),
			Userinfo: claims{id: national("9970090004"), given: "SOPHIE", family: "GARNIER", civility: "MME", sector: "SA33",
				exercises: []exercise{{profession: "21", title: "", activities: []activity{officine("A")}}}}.userinfo(),
			Mailboxes: []Grant{
				{GarnierBox, mssante.KindNominative, "Sophie Garnier", true, allRights},
				{PharmacieBox, mssante.KindOrganisational, "Pharmacie du Marché", true, allRights},
			},
		},
		{
			Key: "haddad", Name: "Karim Haddad", Label: "Pharmacien adjoint",
			About:      "Pharmacien adjoint\u00a0; n’a pas de boîte à lui, travaille dans celle de la pharmacie.",
			Try:        "Lire et classer dans la boîte de la pharmacie\u00a0: le journal porte son nom.",
			NationalID: national("9970090005"),
			Userinfo: claims{id: national("9970090005"), given: "KARIM", family: "HADDAD", civility: "M", sector: "SA33", mobile: true,
				exercises: []exercise{{profession: "21", activities: []activity{officine("D")}}}}.userinfo(),
			Mailboxes: []Grant{{PharmacieBox, mssante.KindOrganisational, "Pharmacie du Marché", false, teamRights}},
		},
		{
			Key: "benali", Name: "Nadia Benali", Label: "Infirmière libérale",
			About:      "Infirmière libérale à Tours\u00a0; suit les pansements et les glycémies.",
			Try:        "Revoir les photos de plaie envoyées au Dr Martin dans les envoyés.",
			NationalID: national("9970090006"),
			Userinfo: claims{id: national("9970090006"), given: "NADIA", family: "BENALI", civility: "MME", sector: "SA07", mobile: true, topLevelCivility: true,
				exercises: []exercise{{profession: "60", activities: []activity{infirmiere}}}}.userinfo(),
			Mailboxes: []Grant{{BenaliBox, mssante.KindNominative, "Nadia Benali", true, allRights}},
		},
		{
			Key: "fournier", Name: "Léa Fournier", Label: "Assistante de service social (RPPS+)",
			About:      "Assistante de service social au CHU de Touraine\u00a0; son identifiant vient de l’établissement.",
			Try:        "Se connecter avec un identifiant qui n’est pas un RPPS\u00a0; préparer une sortie avec le Dr Petit.",
			NationalID: "500000009700146/CPAT00045",
			Userinfo: claims{id: "500000009700146/CPAT00045", given: "LÉA", family: "FOURNIER", civility: "MME", sector: "SA01", origin: "EDIT",
				exercises: []exercise{{profession: "41", activities: []activity{chuRole("")}}}}.userinfo(),
			Mailboxes: []Grant{{FournierBox, mssante.KindNominative, "Léa Fournier", true, allRights}},
		},
		{
			Key: "renard", Name: "Julie Renard", Label: "Secrétaire (RPPS+)",
			About:      "Secrétaire assistante médico-administrative du Cabinet des Lilas.",
			Try:        "Lire, classer et préparer dans la boîte du cabinet\u00a0: elle n’a pas le droit d’envoyer.",
			NationalID: national("9970090008"),
			Userinfo: claims{id: national("9970090008"), given: "JULIE", family: "RENARD", civility: "MME", sector: "SA08", mobile: true,
				exercises: []exercise{{profession: "331", activities: []activity{lilasRole("331")}}}}.userinfo(),
			Mailboxes: []Grant{{LilasBox, mssante.KindCabinet, "Cabinet des Lilas", false, delegateRight}},
		},
		{
			Key: "lefort", Name: "Emma Lefort", Label: "Sage-femme, sans boîte",
			About:      "Sage-femme\u00a0; son identité est bonne mais aucune boîte ne lui est ouverte.",
			Try:        "Se connecter pour voir la page qui l’explique.",
			NationalID: national("9970090009"),
			Userinfo: claims{id: national("9970090009"), given: "EMMA", family: "LEFORT", civility: "MME", sector: "SA07",
				exercises: []exercise{{profession: "50", activities: []activity{sageFemme}}}}.userinfo(),
		},
		{
			Key: "aubert", Name: "Dr Michel Aubert", Label: "Médecin retraité, compte clos",
			About:      "Médecin généraliste parti en retraite\u00a0; son compte a été clos par le support.",
			Try:        "Se connecter pour voir la page qui l’explique.",
			NationalID: national("9970090010"),
			Userinfo: claims{id: national("9970090010"), given: "MICHEL", family: "AUBERT", civility: "M", sector: "SA07",
				exercises: []exercise{{profession: "10", title: "DR", skillType: "S", skill: "SM26", activities: []activity{aubert}}}}.userinfo(),
			Mailboxes: []Grant{{AubertBox, mssante.KindNominative, "Dr Michel Aubert", true, allRights}},
			Closed:    true,
		},
		{
			Key: "delmas", Name: "Sam Delmas", Label: "Support de l’opérateur",
			About:    "Agent du support\u00a0: voit comptes, sessions et acheminement, jamais une lettre.",
			Try:      "Ouvrir l’espace support (/support)\u00a0: chercher le Dr Martin, suivre les envois, vérifier le journal.",
			Userinfo: staffUserinfo("delmas", "SAM", "DELMAS"),
			Support:  true,
		},
	}
}

// Patient is a user of Mon espace santé whose letters or documents appear.
type Patient struct {
	Key    string
	Label  string // one string, as the patient's own label gives it
	Family string // birth name, capitals without accents, as in an XDM subject
	Given  string
	Birth  string // JJ/MM/AAAA
	INS    mssante.INS
	Writes bool              // answers by script while an exchange is open
	Closed []mssante.Address // professionals who ended the exchange
	Open   []mssante.Address // professionals the patient may write to
}

// Address is the patient's mailbox at Mon espace santé.
func (p Patient) Address() mssante.Address {
	return mssante.Address{Local: string(p.INS), Domain: mssante.PatientDomain}
}

// Patients of the demo. Odile Besançon's exchange is open, Gérard Fontaine's is
// closed; Inès Moreau writes to the pharmacy. The others are only spoken of.
func Patients() []Patient {
	return []Patient{
		{Key: "besancon", Label: "Odile Besançon", Family: "BESANCON", Given: "Odile", Birth: "14/03/1955", INS: ins("2550337990011"),
			Writes: true, Open: []mssante.Address{MartinBox, PharmacieBox}},
		{Key: "fontaine", Label: "Gérard Fontaine", Family: "FONTAINE", Given: "Gerard", Birth: "02/09/1948", INS: ins("1480937990012"),
			Writes: true, Closed: []mssante.Address{MartinBox}},
		{Key: "moreau", Label: "Inès Moreau", Family: "MOREAU", Given: "Ines", Birth: "21/06/1990", INS: ins("2900637990013"),
			Writes: true, Open: []mssante.Address{PharmacieBox}},
		{Key: "vial", Label: "Paul Vial", Family: "VIAL", Given: "Paul", Birth: "26/11/1978", INS: ins("1781137990014")},
		{Key: "roux", Label: "Marcel Roux", Family: "ROUX", Given: "Marcel", Birth: "08/01/1943", INS: ins("1430137990015")},
		{Key: "leroy", Label: "Jeanne Leroy", Family: "LEROY", Given: "Jeanne", Birth: "17/05/1992", INS: ins("2920537990016")},
		{Key: "imbert", Label: "Loïc Imbert", Family: "IMBERT", Given: "Loic", Birth: "30/10/1997", INS: ins("1971037990017")},
		{Key: "colonna", Label: "Lisandra Colonna", Family: "COLONNA", Given: "Lisandra", Birth: "11/08/1966", INS: ins("266082A990018")},
	}
}

// patientNamed finds a patient of the cast.
func patientNamed(key string) Patient {
	for _, p := range Patients() {
		if p.Key == key {
			return p
		}
	}
	panic("people: no patient " + key)
}
