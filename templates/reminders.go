package templates

// RemindChoice is one moment a letter may come back.
type RemindChoice struct{ Value, Says string } // 'tomorrow', 'demain matin, 08:00'

// RemindersView is the letters that wait for a date.
type RemindersView struct {
	Page
	Box      string
	BackHref string
	Action   string // POST, field id: brings one back now; "" for who may not
	Rows     []ReminderRow
}

// ReminderRow is one of them.
type ReminderRow struct {
	ID, Href, Who, Subject string
	Due                    string // 'demain à 08:00', "" without a date
	Late                   bool
	Home                   string // "Réception", "" when it has no name to show
}

func reminderSub(r ReminderRow) string {
	switch {
	case r.Due == "":
		return "sans date" + nbsp + ": rangée ici à la main, ou sa date s’est perdue. Déplacez-la depuis sa page."
	case r.Late:
		return "devait revenir " + r.Due + nbsp + ": elle reviendra dès que la messagerie répond"
	case r.Home != "":
		return "revient " + r.Due + " en " + r.Home
	}
	return "revient " + r.Due + " dans son dossier"
}
