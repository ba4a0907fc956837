package identity

// professionLabels names the professions: TRE_G15 (regulated), TRE_R95 and
// TRE_R291 (41 to 53, 71 to 73, 93, 97), as a page writes them inside a sentence.
var professionLabels = map[string]string{
	"10": "médecin",
	"21": "pharmacien",
	"26": "audioprothésiste",
	"28": "opticien-lunetier",
	"31": "assistant dentaire",
	"32": "physicien médical",
	"35": "aide-soignant",
	"36": "ambulancier",
	"37": "auxiliaire de puériculture",
	"38": "préparateur en pharmacie hospitalière",
	"39": "préparateur en pharmacie (officine)",
	"40": "chirurgien-dentiste",
	"41": "assistant de service social",
	"42": "auxiliaire de vie sociale",
	"43": "technicien de l’intervention sociale et familiale",
	"44": "conseiller en économie sociale et familiale",
	"45": "médiateur familial",
	"46": "assistant familial",
	"47": "aide médico-psychologique (AMP)",
	"48": "moniteur éducateur",
	"49": "éducateur de jeunes enfants",
	"50": "sage-femme",
	"51": "éducateur spécialisé",
	"52": "éducateur technique spécialisé",
	"53": "accompagnant éducatif et social",
	"60": "infirmier",
	"69": "infirmier psychiatrique",
	"70": "masseur-kinésithérapeute",
	"71": "ostéopathe",
	"72": "psychothérapeute",
	"73": "chiropracteur",
	"80": "pédicure-podologue",
	"81": "orthoprothésiste",
	"82": "podo-orthésiste",
	"83": "orthopédiste-orthésiste",
	"84": "oculariste",
	"85": "épithésiste",
	"86": "technicien de laboratoire médical",
	"91": "orthophoniste",
	"92": "orthoptiste",
	"93": "psychologue",
	"94": "ergothérapeute",
	"95": "diététicien",
	"96": "psychomotricien",
	"97": "conseiller en génétique",
	"98": "manipulateur d’électroradiologie médicale",
}

// traineeLabels names students of a regulated profession (TRE_G16), whose code
// is that of the profession with category E (TRE_R09).
var traineeLabels = map[string]string{
	"10": "médecin en formation",
	"21": "pharmacien en formation",
	"40": "chirurgien-dentiste en formation",
	"50": "sage-femme en formation",
}

// pharmacistLabels names pharmacists by the section of their Order (TRE_G05):
// where one practises is what a reader wants to know.
var pharmacistLabels = map[string]string{
	"A":  "pharmacien titulaire d’officine",
	"B":  "pharmacien d’entreprise, industrie",
	"C":  "pharmacien d’entreprise, distribution",
	"D":  "pharmacien adjoint, remplaçant ou gérant",
	"DA": "pharmacien adjoint",
	"DM": "pharmacien mutualiste ou minier",
	"E":  "pharmacien d’Outre-Mer",
	"EA": "pharmacien titulaire d’officine (outre-mer)",
	"EB": "pharmacien d’entreprise, industrie (outre-mer)",
	"EC": "pharmacien d’entreprise, distribution (outre-mer)",
	"ED": "pharmacien adjoint (outre-mer)",
	"EG": "pharmacien biologiste (outre-mer)",
	"EH": "pharmacien d’un établissement de santé (outre-mer)",
	"G":  "pharmacien biologiste",
	"H":  "pharmacien d’établissement de santé",
	"M":  "pharmacien militaire",
}
