package country

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The most common come first: they are drawn most.
var commonFamilies = strings.Fields(`MARTIN BERNARD THOMAS PETIT ROBERT RICHARD DURAND DUBOIS MOREAU LAURENT SIMON MICHEL LEFEBVRE LEROY ROUX DAVID BERTRAND MOREL FOURNIER GIRARD
	BONNET DUPONT LAMBERT FONTAINE ROUSSEAU VINCENT MULLER LEFEVRE FAURE ANDRE MERCIER BLANC GUERIN BOYER GARNIER CHEVALIER FRANCOIS LEGRAND GAUTHIER GARCIA PERRIN ROBIN CLEMENT MORIN
	NICOLAS HENRY ROUSSEL MATHIEU GAUTIER MASSON MARCHAND DUVAL DENIS DUMONT MARIE LEMAIRE NOEL MEYER DUFOUR MEUNIER BRUN BLANCHARD GIRAUD JOLY RIVIERE LUCAS BRUNET GAILLARD BARBIER
	ARNAUD MARTINEZ GERARD ROCHE RENARD SCHMITT ROY LEROUX COLIN VIDAL CARON PICARD ROGER FABRE AUBERT LEMOINE RENAUD DUMAS LACROIX OLIVIER PHILIPPE BOURGEOIS PIERRE BENOIT REY LECLERC
	PAYET ROLLAND LECLERCQ GUILLAUME LECOMTE LOPEZ JEAN DUPUY GUILLOT HUBERT BERGER CARPENTIER SANCHEZ DUPUIS MOULIN LOUIS DESCHAMPS HUET VASSEUR PEREZ BOUCHER FLEURY ROYER KLEIN JACQUET
	ADAM PARIS POIRIER MARTY AUBRY GUYOT CARRE CHARLES RENAULT CHARPENTIER MENARD MAILLARD BARON BERTIN BAILLY HERVE SCHNEIDER FERNANDEZ COLLET LEGER BOUVIER JULIEN PREVOST MILLET PERROT
	DANIEL COUSIN GERMAIN BRETON BESSON LANGLOIS REMY PELLETIER LEVEQUE PERRIER LEBLANC BARRE LEBRUN MARCHAL WEBER MALLET HAMON BOULANGER JACOB MONNIER MICHAUD RODRIGUEZ GUICHARD GILLET`)

var compoundFamilies = []string{"LE GOFF", "LE GALL", "DE SOUSA", "DA SILVA", "LE ROUX", "D'HAUTEFEUILLE", "SAINT-JEAN", "DUPONT-MARTIN", "BEN SALEM", "LE BIHAN", "DE LA TOUR", "L'HERMITTE", "NGUYEN", "EL AMRANI", "DI GIORGIO"}

// inventFamilies gives n family names: the common ones, then names made of
// syllables, no two alike.
func inventFamilies(r *rand.Rand, n int) []string {
	starts := strings.Fields("AB AL AN AR AUB BA BAR BEL BER BOI BON BOU BRI CA CAR CHA CHE COL COR COU DA DEL DES DOR DU DUR ES FA FER FON FOR GA GAL GAU GER GOU GUI HA HER HOU JA JO JOU KER LA LAN LE LOU MA MAL MAR MER MON MOU NA NI OLI PA PAR PER PI POI PRE QUE RA RE RI ROU SA SAU SE SOU TA TER THI TOU TRE VA VER VI VIL YV ZA")
	middles := strings.Fields("BA BE CA CHE CI DE DI FA GE GI LA LE LI LO MA MI NA NE NI PE PI QUI RA RE RI RO SE SI SSE TA TE TI TRE VA VE VI")
	ends := strings.Fields("ARD AUD AULT AUX BERT CEAU CHET COURT DIER EAU ET EUX GNON GUE IER IN LAND LET LIN LOT MOND NEAU NET NIER ON OT QUET RAND RET RIER ROL SAC SON TEAU TIER TON VAL VEL VIER VOST")
	out := append([]string{}, commonFamilies...)
	seen := map[string]bool{}
	for _, f := range out {
		seen[f] = true
	}
	for i := 0; len(out) < n; i++ {
		var f string
		switch {
		case i < len(compoundFamilies):
			f = compoundFamilies[i]
		case r.IntN(14) == 0:
			f = out[r.IntN(len(out))] + "-" + out[r.IntN(len(out))]
		case r.IntN(3) == 0:
			f = starts[r.IntN(len(starts))] + ends[r.IntN(len(ends))]
		default:
			f = starts[r.IntN(len(starts))] + middles[r.IntN(len(middles))] + ends[r.IntN(len(ends))]
		}
		if len(f) < 40 && !seen[f] {
			seen[f] = true
			out = append(out, f)
		}
	}
	return out[:n]
}

var givens = strings.Fields(`Marie Jean Pierre Nathalie Philippe Isabelle Catherine Nicolas Sophie Sylvie Christine François Laurent Julie Anne Martine Camille Thomas Céline Sandrine Stéphane
	Aurélie Frédéric Alexandre Julien Pauline Valérie Claire Élodie David Émilie Patrick Caroline Olivier Mathilde Stéphanie Véronique Christophe Marion Vincent Antoine Laura Léa Sébastien Manon
	Hélène Guillaume Delphine Florence Éric Alain Bruno Pascal Charlotte Benoît Mélanie Lucie Audrey Virginie Maxime Michel Chloé Sarah Thierry Clément Dominique Romain Anaïs Juliette Cécile Emma
	Jérôme Alice Amélie Mathieu Laure Justine Xavier Louise Benjamin Fabrice Coralie Arnaud Hugo Élise Quentin Marc Didier Gaëlle Bernard Paul Agnès Inès Cyril Florian Raphaël Denis Ludovic
	Karine Yann Noémie Rémi Gilles Fanny Estelle Lucas Françoise Hervé Joël Brigitte Adrien Loïc Corinne Anthony Margaux Jacques Jeanne Gérard Aline Yves Baptiste Muriel Simon Solène Arthur
	Emmanuelle Damien Clémence Lionel Ophélie Mickaël Ingrid Édouard Maëlle Régis Oriane Gaspard Zoé Tiphaine Ugo Wilfried Apolline Thibault Éléonore Aymeric Sixtine Côme Faustine Octave`)

var bigTowns = []town{{"PARIS", "75012"}, {"MARSEILLE", "13005"}, {"LYON", "69003"}, {"TOULOUSE", "31000"}, {"NICE", "06000"}, {"NANTES", "44000"}, {"MONTPELLIER", "34000"}, {"STRASBOURG", "67000"},
	{"BORDEAUX", "33000"}, {"LILLE", "59000"}, {"RENNES", "35000"}, {"REIMS", "51100"}, {"TOULON", "83000"}, {"ST ETIENNE", "42000"}, {"LE HAVRE", "76600"}, {"GRENOBLE", "38000"}, {"DIJON", "21000"},
	{"ANGERS", "49000"}, {"NIMES", "30000"}, {"VILLEURBANNE", "69100"}, {"CLERMONT FERRAND", "63000"}, {"AIX EN PROVENCE", "13100"}, {"LE MANS", "72000"}, {"BREST", "29200"}, {"TOURS", "37000"},
	{"AMIENS", "80000"}, {"LIMOGES", "87000"}, {"ANNECY", "74000"}, {"PERPIGNAN", "66000"}, {"BESANCON", "25000"}, {"METZ", "57000"}, {"ORLEANS", "45000"}, {"ROUEN", "76000"}, {"MULHOUSE", "68100"},
	{"CAEN", "14000"}, {"NANCY", "54000"}, {"AVIGNON", "84000"}, {"POITIERS", "86000"}, {"LA ROCHELLE", "17000"}, {"PAU", "64000"}, {"CALAIS", "62100"}, {"AJACCIO", "20000"}, {"BASTIA", "20200"},
	{"ST DENIS", "97400"}, {"FORT DE FRANCE", "97200"}, {"QUIMPER", "29000"}, {"TROYES", "10000"}, {"CHAMBERY", "73000"}, {"NIORT", "79000"}, {"BLOIS", "41000"}, {"JOUE LES TOURS", "37300"}}

// inventTowns gives n towns: the big ones, then villages of no map.
func inventTowns(r *rand.Rand, n int) []town {
	roots := strings.Fields("VILLE MONT CHAMP BOIS ROCHE FONT PONT CHATEAU VAL CLAIR NEUF MAISON PRE SAULE ORME COUR BOURG COL LAC RIVE PLAN TERRE")
	tails := strings.Fields("FRANCHE BEL GRIS BLANC ROND IERES AC ANGE EUIL Y IGNY OLLES AY ERON OURT ONNE ETTE AIS EVAL ORT UZE ANE")
	saints := strings.Fields("MARTIN PIERRE JEAN GERMAIN GEORGES AUBIN HILAIRE MAURICE LAURENT VINCENT MARCEL SYMPHORIEN AVERTIN EPAIN BRANCHS")
	rivers := strings.Fields("LOIRE CHER INDRE VIENNE SARTHE MAYENNE DROME ISERE ARVE OISE SOMME ORNE VIRE AUDE TARN LOT ALLIER CREUSE")
	out := append([]town{}, bigTowns...)
	for i := 0; len(out) < n; i++ {
		name := roots[r.IntN(len(roots))] + tails[r.IntN(len(tails))]
		switch r.IntN(4) {
		case 0:
			name = "ST " + saints[r.IntN(len(saints))] + " SUR " + rivers[r.IntN(len(rivers))]
		case 1:
			name += " LES " + roots[r.IntN(len(roots))] + tails[r.IntN(len(tails))]
		}
		department := 1 + r.IntN(95)
		if department == 20 {
			department = 21
		}
		out = append(out, town{name, fmt.Sprintf("%02d%03d", department, 10*(1+r.IntN(90)))})
	}
	return out[:n]
}

type placeKind struct {
	name, domain string // %n a family name, %t the town, %d a dedication
	own          bool
}

var kinds = []placeKind{
	{"CABINET DU DR %n", "medecin.mssante.fr", false}, {"CABINET MEDICAL %d", "medecin.mssante.fr", false}, {"SCM %n", "medecin.mssante.fr", false}, {"CABINET INFIRMIER %n", "infirmier.mssante.fr", false},
	{"SELARL %n", "medecin.mssante.fr", false}, {"PHARMACIE %n", "pharmacien.mssante.fr", false}, {"PHARMACIE %d", "pharmacien.mssante.fr", false}, {"CABINET DE KINESITHERAPIE %d", "masseur-kinesitherapeute.mssante.fr", false},
	{"CENTRE HOSPITALIER DE %t", "ch", true}, {"CLINIQUE %d", "clinique", true}, {"EHPAD %d", "ehpad", true}, {"LABORATOIRE %n", "labo", true}, {"MAISON DE SANTE %d", "msp", true}, {"CENTRE DE SANTE DE %t", "cds", true},
	{"CABINET DENTAIRE %n", "chirurgien-dentiste.mssante.fr", false}, {"HOPITAL %d", "hopital", true},
}

var dedications = []string{"DU CENTRE", "DE LA GARE", "DES LILAS", "DE LA MAIRIE", "DU MARCHE", "DES TILLEULS", "ST JOSEPH", "STE ANNE", "DU PARC", "DES ACACIAS", "DE L'EUROPE", "DES ROSES", "DU PONT", "DE LA PLAGE", "DU SOLEIL",
	"DES QUATRE VENTS", "NOTRE DAME", "DE LA FONTAINE", "DU CHATEAU", "DES JARDINS", "BEAU SITE", "LES ALIZES", "PASTEUR", "DES OLIVIERS", "DU VIEUX MOULIN"}

var services = []string{"Secrétariat", "Secrétariat médical", "Accueil", "Cardiologie", "Urgences", "Consultations externes", "Officine", "Soins", "Laboratoire", "Radiologie", "Hospitalisation à domicile", "Pédiatrie", "Direction",
	"Chirurgie", "Médecine polyvalente", "Gériatrie", "Bureau des entrées", "Maternité", "Psychiatrie", "Admissions"}

var (
	ways    = []string{"R", "AV", "BD", "PL", "CHE", "RTE", "IMP", "ALL", "QU"}
	streets = []string{"DES LILAS", "DE LA GARE", "DE LA REPUBLIQUE", "DU MARECHAL FOCH", "VICTOR HUGO", "PASTEUR", "DES ECOLES", "DU STADE", "DE L'EGLISE", "JEAN JAURES", "DU MOULIN", "DES CHAMPS", "DE VERDUN"}
)

type trade struct {
	perThousand                int
	code, label, title, domain string
	skills                     []string // code and words
}

var trades = []trade{
	{435, "10", "Médecin", "DR", "medecin.mssante.fr", []string{"SM54 Médecine générale", "SM26 Qualifié en médecine générale", "SM53 Spécialiste en médecine générale", "SM42 Psychiatrie", "SM04 Cardiologie et maladies vasculaires",
		"SM40 Pédiatrie", "SM02 Anesthésie-réanimation", "SM44 Radio-diagnostic", "SM38 Ophtalmologie", "SM20 Gynécologie-obstétrique", "SM15 Dermatologie et vénéréologie", "SM24 Gastro-entérologie et hépatologie", "SM41 Pneumologie",
		"SM48 Rhumatologie", "SM32 Neurologie", "SM34 ORL et chirurgie cervico-faciale", "SM08 Chirurgie orthopédique et traumatologie", "SM18 Gériatrie", "SM59 Médecine d'urgence", "SM25 Médecine du travail", "SM16 Endocrinologie et métabolisme",
		"SM30 Néphrologie", "SM14 Chirurgie viscérale et digestive", "SM03 Biologie médicale", "SM36 Oncologie, option médicale", "SM12 Chirurgie urologique", "SM27 Médecine interne", "SM61 Médecine vasculaire", "SM57 Allergologie",
		"SM21 Hématologie", "SM28 Médecine nucléaire", "SM10 Chirurgie plastique reconstructrice et esthétique"}},
	{195, "60", "Infirmier", "", "infirmier.mssante.fr", nil},
	{110, "70", "Masseur-Kinésithérapeute", "", "masseur-kinesitherapeute.mssante.fr", nil},
	{85, "21", "Pharmacien", "", "pharmacien.mssante.fr", nil},
	{80, "40", "Chirurgien-Dentiste", "DR", "chirurgien-dentiste.mssante.fr", []string{"SCD01 Orthopédie dento-faciale", "SCD02 Chirurgie orale"}},
	{35, "50", "Sage-Femme", "", "sage-femme.mssante.fr", nil},
	{20, "80", "Pédicure-Podologue", "", "pedicure-podologue.mssante.fr", nil},
	{20, "91", "Orthophoniste", "", "orthophoniste.mssante.fr", nil},
	{10, "92", "Orthoptiste", "", "orthoptiste.mssante.fr", nil},
	{5, "94", "Ergothérapeute", "", "pro.mssante.fr", nil},
	{5, "93", "Psychologue", "", "pro.mssante.fr", nil},
}
