package templates

func browserName(s string) string {
	if s == "" {
		return "Navigateur inconnu"
	}
	return s
}

// sessionSub says when a session was opened, and with what.
func sessionSub(r SessionRow) string {
	with := ""
	if r.Means != "" {
		with = " avec la " + r.Means
		if r.Means == "e-CPS" {
			with = " avec l’e-CPS"
		}
	}
	return "Ouverte " + r.Since + with
}

// sessionLast is the last act seen in a session.
func sessionLast(r SessionRow) string {
	if r.Did == "" {
		return "Dernier acte " + r.Seen
	}
	return "Dernier acte " + r.Seen + nbsp + ": " + r.Did
}

func closeOthers(n int) string {
	if n == 1 {
		return "Fermer l’autre session"
	}
	return "Fermer les " + grouped(n) + " autres sessions"
}
