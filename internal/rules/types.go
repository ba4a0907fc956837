package rules

// DocumentType is a kind of document as letters declare it (X-MSS-CODECDA).
type DocumentType struct{ Code, Label string }

// DocumentTypes are those a form offers, by label: the frequent ones of the value set
// JDV_J07-XdsTypeCode-CISIS. A rule may hold another code.
func DocumentTypes() []DocumentType {
	return []DocumentType{
		{"56445-0", "Bilan médicamenteux (Officine)"},
		{"89601-9", "Certificat médical"},
		{"70004-7", "CR d’acte diagnostique (autre)"},
		{"11505-5", "CR d’acte thérapeutique (autre)"},
		{"60568-3", "CR d’anatomie et de cytologie pathologiques"},
		{"77436-4", "CR d’anesthésie"},
		{"78601-2", "CR d’entretien pharmaceutique"},
		{"11502-2", "CR d’examens biologiques"},
		{"18748-4", "CR d’imagerie médicale"},
		{"78513-9", "CR de consultation en ophtalmologie"},
		{"51969-4", "CR de génétique moléculaire"},
		{"15507-7", "CR de passage aux urgences"},
		{"34794-8", "CR de réunion de concertation pluridisciplinaire"},
		{"85208-7", "CR de télémédecine"},
		{"34112-3", "CR hospitalier (séjour)"},
		{"34874-8", "CR opératoire"},
		{"11488-4", "CR ou fiche de consultation ou de visite"},
		{"55115-0", "Demande d’actes d’imagerie"},
		{"60593-1", "Dispensation médicamenteuse"},
		{"51851-4", "Document administratif"},
		{"11369-6", "Historique des vaccinations"},
		{"61357-0", "Intervention pharmaceutique"},
		{"96349-6", "Lettre d’adressage"},
		{"11490-0", "Lettre de liaison à la sortie d’un établissement de soins"},
		{"87273-9", "Note de vaccination"},
		{"57828-6", "Prescription (autre)"},
		{"PRESC-BIO", "Prescription d’actes de biologie médicale"},
		{"PRESC-KINE", "Prescription d’actes de kinésithérapie"},
		{"PRESC-INF", "Prescription d’actes infirmiers"},
		{"57833-6", "Prescription de produits de santé"},
		{"57832-8", "Prescription de soins"},
		{"PROT_ALD", "Protocole de soins ALD"},
		{"75468-9", "Renouvellement ordonnance par pharmacien correspondant"},
		{"SYNTH", "Synthèse"},
		{"60591-5", "Synthèse médicale"},
	}
}

// TypeLabel names a code, or gives it back.
func TypeLabel(code string) string {
	for _, t := range DocumentTypes() {
		if t.Code == code {
			return t.Label
		}
	}
	return code
}
