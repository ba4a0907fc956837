package web

import (
	"time"

	"pli.example/pli/internal/directory"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/templates"
)

// coded is a code of the national lists with its words.
type coded struct{ code, label string }

// professions are those with a mailbox of their own (TRE_G15, TRE_R95), by name.
func professions() []coded {
	return []coded{{"28", "Opticien-lunetier"}, {"26", "Audioprothésiste"}, {"41", "Assistant de service social"}, {"40", "Chirurgien-dentiste"}, {"95", "Diététicien"},
		{"94", "Ergothérapeute"}, {"60", "Infirmier"}, {"98", "Manipulateur d’électroradiologie"}, {"70", "Masseur-kinésithérapeute"}, {"10", "Médecin"}, {"91", "Orthophoniste"},
		{"92", "Orthoptiste"}, {"71", "Ostéopathe"}, {"80", "Pédicure-podologue"}, {"21", "Pharmacien"}, {"93", "Psychologue"}, {"96", "Psychomotricien"}, {"50", "Sage-femme"}}
}

// specialities are those of physicians most looked for (TRE_R38), by name.
func specialities() []coded {
	return []coded{{"SM02", "Anesthésie-réanimation"}, {"SM03", "Biologie médicale"}, {"SM04", "Cardiologie et maladies vasculaires"},
		{"SM08", "Chirurgie orthopédique et traumatologie"}, {"SM12", "Chirurgie urologique"}, {"SM14", "Chirurgie viscérale et digestive"}, {"SM15", "Dermatologie et vénéréologie"},
		{"SM16", "Endocrinologie et métabolisme"}, {"SM24", "Gastro-entérologie et hépatologie"}, {"SM18", "Gériatrie"}, {"SM20", "Gynécologie-obstétrique"}, {"SM54", "Médecine générale"},
		{"SM27", "Médecine interne"}, {"SM29", "Médecine physique et de réadaptation"}, {"SM30", "Néphrologie"}, {"SM32", "Neurologie"}, {"SM36", "Oncologie, option médicale"},
		{"SM38", "Ophtalmologie"}, {"SM34", "ORL et chirurgie cervico-faciale"}, {"SM40", "Pédiatrie"}, {"SM41", "Pneumologie"}, {"SM42", "Psychiatrie"}, {"SM44", "Radio-diagnostic"}, {"SM48", "Rhumatologie"}}
}

func boxKinds() []coded {
	out := []coded{}
	for _, k := range []mssante.MailboxKind{mssante.KindNominative, mssante.KindOrganisational, mssante.KindCabinet, mssante.KindApplicative} {
		out = append(out, coded{string(k), k.Label()})
	}
	return out
}

func choices(all []coded, chosen string) []templates.Choice {
	out := make([]templates.Choice, 0, len(all))
	for _, c := range all {
		out = append(out, templates.Choice{Value: c.code, Label: c.label, Chosen: c.code == chosen})
	}
	return out
}

// keepDirectory and directorySearch hold the directory's searches as those of letters.
func (k *desk) keepDirectory(q directory.Query, now time.Time) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var h string
	k.directory, h = keep(k.directory, q, now.Add(searchLife), maxSearches)
	return h
}

func (k *desk) directorySearch(handle string, now time.Time) (directory.Query, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return find(k.directory, handle, now)
}

// lastDirectory is the newest search, to come back to.
func (k *desk) lastDirectory(now time.Time) (string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n := len(k.directory); n > 0 && now.Before(k.directory[n-1].until) {
		return k.directory[n-1].handle, true
	}
	return "", false
}
