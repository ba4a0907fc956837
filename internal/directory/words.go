package directory

import (
	"slices"
	"strings"
)

// meaning is what a word of a trade stands for: professions (TRE_G15, R95, R291)
// and specialities (TRE_R38), by code.
type meaning struct {
	label       string   // of the first code, when no source gave one
	professions []string // any of them, or
	specialties []string // any of these
	words       string   // folded: the trade, who does it, how one abbreviates it
}

// meanings is a table, never changed. A word of three letters or more is also
// found by its beginning: "cardiol" is cardiology.
var meanings = []meaning{
	{"Médecin", []string{"10"}, nil, "medecin medecine docteur toubib"},
	{"Pharmacien", []string{"21"}, nil, "pharmacien pharmacienne pharmacie officine apothicaire"},
	{"Audioprothésiste", []string{"26"}, nil, "audioprothesiste audio"},
	{"Opticien-lunetier", []string{"28"}, nil, "opticien opticienne lunetier"},
	{"Assistant dentaire", []string{"31"}, nil, "assistant assistante dentaire"},
	{"Aide-soignant", []string{"35"}, nil, "aide soignant soignante aidesoignant as"},
	{"Ambulancier", []string{"36"}, nil, "ambulancier ambulanciere"},
	{"Chirurgien-dentiste", []string{"40"}, nil, "dentiste chirurgien chirurgienne chirurgiendentiste cd dentaire odontologue"},
	{"Assistant de service social", []string{"41"}, nil, "assistante assistant sociale social as"},
	{"Sage-femme", []string{"50"}, nil, "sage femme sagefemme sf maieuticien maieuticienne"},
	{"Infirmier", []string{"60"}, nil, "infirmier infirmiere ide idel inf ipa"},
	{"Masseur-kinésithérapeute", []string{"70"}, nil, "kine kinesitherapeute kinesitherapie masseur mk mkde physiotherapeute"},
	{"Ostéopathe", []string{"71"}, nil, "osteopathe osteo osteopathie"},
	{"Psychothérapeute", []string{"72"}, nil, "psychotherapeute psy"},
	{"Chiropracteur", []string{"73"}, nil, "chiropracteur chiro"},
	{"Pédicure-podologue", []string{"80"}, nil, "podologue pedicure podo"},
	{"Orthoprothésiste", []string{"81"}, nil, "orthoprothesiste"},
	{"Orthophoniste", []string{"91"}, nil, "orthophoniste orthophonie"},
	{"Orthoptiste", []string{"92"}, nil, "orthoptiste orthoptie"},
	{"Psychologue", []string{"93"}, nil, "psychologue psy psychologie"},
	{"Ergothérapeute", []string{"94"}, nil, "ergotherapeute ergo ergotherapie"},
	{"Diététicien", []string{"95"}, nil, "dieteticien dieteticienne diet dietetique nutritionniste"},
	{"Psychomotricien", []string{"96"}, nil, "psychomotricien psychomotricienne psychomotricite psychomot psy"},
	{"Manipulateur d’électroradiologie médicale", []string{"98"}, nil, "manipulateur manipulatrice manip mer"},
	{"Secrétaire assistante médico-administrative", []string{"331"}, nil, "secretaire"},

	{"Médecine générale", nil, []string{"SM54", "SM26", "SM53"}, "generaliste mg omnipraticien generale"},
	{"Cardiologie et maladies vasculaires", nil, []string{"SM04", "SM73", "SM79", "SM80", "SM81"}, "cardiologie cardiologue cardio cardiovasculaire coeur maladies vasculaires rythmologie rythmologue"},
	{"Anatomie et cytologie pathologiques", nil, []string{"SM01"}, "anapath anatomopathologie anatomopathologiste anatomie cytologie pathologiste"},
	{"Anesthésie-réanimation", nil, []string{"SM02", "SM76"}, "anesthesie anesthesiste anesth mar reanimation"},
	{"Biologie médicale", nil, []string{"SM03", "SM63", "SM64", "SM65", "SM66", "SM67"}, "biologie biologiste bio labo"},
	{"Chirurgie générale", nil, []string{"SM05", "SM06", "SM07", "SM08", "SM09", "SM10", "SM11", "SM12", "SM13", "SM14", "SM56", "SM68", "SM69", "SM70", "SM77", "SM78"}, "chirurgie chirurgien chirurgienne chir"},
	{"Chirurgie maxillo-faciale", nil, []string{"SM06", "SM07", "SM68", "SM77"}, "maxillofacial maxillofaciale maxillo maxillaire"},
	{"Chirurgie orthopédique et traumatologie", nil, []string{"SM08", "SM70"}, "orthopedie orthopediste orthopedique ortho traumato traumatologie traumatologue"},
	{"Chirurgie infantile", nil, []string{"SM09", "SM69", "SM70"}, "infantile"},
	{"Chirurgie plastique, reconstructrice et esthétique", nil, []string{"SM10"}, "plastique plasticien esthetique"},
	{"Chirurgie thoracique et cardio-vasculaire", nil, []string{"SM11"}, "thoracique"},
	{"Chirurgie urologique", nil, []string{"SM12"}, "urologie urologue uro urologique"},
	{"Chirurgie vasculaire", nil, []string{"SM13", "SM61"}, "vasculaire"},
	{"Médecine vasculaire", nil, []string{"SM61"}, "angiologue angiologie angio phlebologue"},
	{"Chirurgie viscérale et digestive", nil, []string{"SM14", "SM78"}, "viscerale visceral digestif digestive"},
	{"Dermatologie et vénéréologie", nil, []string{"SM15"}, "dermatologie dermatologue dermato venereologie"},
	{"Endocrinologie et métabolisme", nil, []string{"SM16", "SM62"}, "endocrinologie endocrinologue endocrino endoc diabetologie diabetologue diabeto nutrition"},
	{"Génétique médicale", nil, []string{"SM17"}, "genetique geneticien"},
	{"Gériatrie", nil, []string{"SM18"}, "geriatrie geriatre gerontologie geriatrique"},
	{"Gynécologie-obstétrique", nil, []string{"SM20", "SM19", "SM51", "SM52"}, "gynecologie gynecologue gyneco gyn"},
	{"Gynécologie-obstétrique", nil, []string{"SM20", "SM51"}, "obstetrique obstetricien go"},
	{"Hématologie", nil, []string{"SM21", "SM22", "SM23", "SM71"}, "hematologie hematologue hemato"},
	{"Gastro-entérologie et hépatologie", nil, []string{"SM24"}, "gastro gastroenterologie gastroenterologue hge hepato hepatologie hepatologue enterologie"},
	{"Médecine du travail", nil, []string{"SM25"}, "travail"},
	{"Médecine interne", nil, []string{"SM27", "SM72"}, "interniste interne"},
	{"Médecine nucléaire", nil, []string{"SM28"}, "nucleaire"},
	{"Médecine physique et de réadaptation", nil, []string{"SM29"}, "mpr readaptation reeducation physique"},
	{"Néphrologie", nil, []string{"SM30", "SM83"}, "nephrologie nephrologue nephro dialyse"},
	{"Neuro-chirurgie", nil, []string{"SM31"}, "neurochirurgie neurochirurgien neurochir"},
	{"Neurologie", nil, []string{"SM32", "SM84"}, "neurologie neurologue neuro"},
	{"Neuro-psychiatrie", nil, []string{"SM33"}, "neuropsychiatrie neuropsychiatre"},
	{"ORL et chirurgie cervico-faciale", nil, []string{"SM34", "SM39", "SM86"}, "orl oto otorhino laryngologie otorhinolaryngologie otorhinolaryngologiste rhino"},
	{"Oncologie, option médicale", nil, []string{"SM36", "SM35", "SM23", "SM37"}, "oncologie oncologue onco cancerologie cancerologue"},
	{"Oncologie, option radiothérapie", nil, []string{"SM37", "SM45", "SM55"}, "radiotherapie radiotherapeute"},
	{"Ophtalmologie", nil, []string{"SM38", "SM85"}, "ophtalmologie ophtalmologue ophtalmologiste ophtalmo opht oph ophta"},
	{"Pédiatrie", nil, []string{"SM40", "SM87", "SM88", "SM89", "SM90"}, "pediatrie pediatre ped neonatologie"},
	{"Pneumologie", nil, []string{"SM41", "SM91"}, "pneumologie pneumologue pneumo"},
	{"Psychiatrie", nil, []string{"SM42", "SM43", "SM92", "SM93", "SM33"}, "psychiatrie psychiatre psy"},
	{"Psychiatrie, option enfant et adolescent", nil, []string{"SM43", "SM92"}, "pedopsychiatrie pedopsychiatre pedopsy"},
	{"Radio-diagnostic", nil, []string{"SM44", "SM74", "SM55", "SM94"}, "radiologie radiologue radio imagerie radiodiagnostic"},
	{"Médecine intensive-réanimation", nil, []string{"SM46", "SM82", "SM02"}, "reanimateur rea intensive reanimation"},
	{"Rhumatologie", nil, []string{"SM48"}, "rhumatologie rhumatologue rhumato"},
	{"Santé publique", nil, []string{"SM49", "SM75", "SM95"}, "publique"},
	{"Stomatologie", nil, []string{"SM50", "SM07"}, "stomatologie stomatologue stomato"},
	{"Chirurgie orale", nil, []string{"SM56", "SCD02"}, "orale"},
	{"Orthopédie dento-faciale", nil, []string{"SCD01"}, "orthodontie orthodontiste odf"},
	{"Allergologie", nil, []string{"SM57"}, "allergologie allergologue allergo"},
	{"Maladies infectieuses et tropicales", nil, []string{"SM58"}, "infectiologie infectiologue infectio infectieuses tropicales"},
	{"Médecine d’urgence", nil, []string{"SM59"}, "urgentiste urgence urgences"},
	{"Médecine légale et expertises médicales", nil, []string{"SM60"}, "legiste legale"},
}

// short forms of the words structures are named with.
var shortForms = map[string]string{"labo": "laboratoire", "lbm": "laboratoire", "hop": "hopital", "hosp": "hopital", "pharma": "pharmacie", "clin": "clinique", "cab": "cabinet",
	"secr": "secretariat", "secret": "secretariat", "urg": "urgences", "msp": "maison", "cds": "centre"}

// codesOf gives the index words of the trades that a word may mean, whole or from
// its third letter on. exact reports a whole word: nobody's name comes first then.
func codesOf(word string) (codes []string, exact bool) {
	var whole, begun []string
	for _, m := range meanings {
		for w := range strings.FieldsSeq(m.words) {
			switch {
			case w == word:
				whole = append(whole, m.codes()...)
			case len(word) >= 3 && strings.HasPrefix(w, word):
				begun = append(begun, m.codes()...)
			default:
				continue
			}
			break
		}
	}
	if len(whole) > 0 {
		begun = whole
	}
	slices.Sort(begun)
	return slices.Compact(begun), len(whole) > 0
}

func (m meaning) codes() []string {
	var out []string
	for _, p := range m.professions {
		out = append(out, professionWord(p))
	}
	for _, s := range m.specialties {
		out = append(out, specialityWord(s))
	}
	return out
}

// The index words of what is not a word: none of them can be typed by chance,
// since a query's words are looked for in the work column only through codesOf.
func professionWord(code string) string {
	return "zp" + strings.ReplaceAll(fold(code), " ", "")
}
func specialityWord(code string) string {
	return "zs" + strings.ReplaceAll(fold(code), " ", "")
}
func departmentWord(code string) string {
	return "zd" + strings.ReplaceAll(fold(code), " ", "")
}
func kindWord(kind string) string { return "zk" + strings.ReplaceAll(fold(kind), " ", "") }
func domainWord(domain string) string {
	return "zm" + strings.ReplaceAll(fold(domain), " ", "")
}

// labelOf is the fallback for a code no source has named.
func labelOf(list, code string) string {
	for _, m := range meanings {
		codes := m.professions
		if list == listSpeciality {
			codes = m.specialties
		}
		if len(codes) > 0 && codes[0] == code {
			return m.label
		}
	}
	return code
}

// The lists whose labels are kept.
const (
	listProfession = "profession"
	listSpeciality = "speciality"
)
