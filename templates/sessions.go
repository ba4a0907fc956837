package templates

func browserName(s string) string {
	if s == "" {
		return "Navigateur inconnu"
	}
	return s
}

// sessionSub says with what a session was opened, when, and when it was last used.
func sessionSub(r SessionRow) string {
	with := ""
	if r.Means != "" {
		with = " avec la " + r.Means
		if r.Means == "e-CPS" {
			with = " avec l’e-CPS"
		}
	}
	return "Ouverte " + r.Since + with + " · vue " + r.Seen
}

func closeOthers(n int) string {
	if n == 1 {
		return "Fermer l’autre session"
	}
	return "Fermer les " + grouped(n) + " autres sessions"
}
