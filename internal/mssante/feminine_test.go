package mssante

import "testing"

func TestFeminine(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"infirmier": "infirmière", "Infirmier": "Infirmière", "infirmier psychiatrique": "infirmière psychiatrique", "masseur-kinésithérapeute": "masseuse-kinésithérapeute",
		"chirurgien-dentiste": "chirurgienne-dentiste", "opticien-lunetier": "opticienne-lunetière", "assistant de service social": "assistante de service social",
		"assistant familial": "assistante familiale", "technicien de laboratoire médical": "technicienne de laboratoire médical", "physicien médical": "physicienne médicale",
		"éducateur technique spécialisé": "éducatrice technique spécialisée", "accompagnant éducatif et social": "accompagnante éducative et sociale",
		"pharmacien titulaire d’officine": "pharmacienne titulaire d’officine", "pharmacien adjoint, remplaçant ou gérant": "pharmacienne adjointe, remplaçante ou gérante",
		"préparateur en pharmacie (officine)": "préparatrice en pharmacie (officine)", "étudiant infirmier": "étudiante infirmière", "aide-soignant": "aide-soignante",
		"médecin": "médecin", "sage-femme": "sage-femme", "ostéopathe": "ostéopathe", "secrétaire assistante médico-administrative": "secrétaire assistante médico-administrative",
		"": "", "99": "99", "conseiller en génétique": "conseillère en génétique", "moniteur éducateur": "monitrice éducatrice",
	} {
		if got := Feminine(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if w := (Situation{Profession: "infirmier", Woman: true}).Work(); w != "Infirmière" {
		t.Error(w)
	}
	if w := (Situation{Profession: "infirmier", Civility: "M"}).Work(); w != "Infirmier" {
		t.Error(w)
	}
}
