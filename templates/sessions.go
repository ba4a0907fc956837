package templates

func browserName(s string) string {
	if s == "" {
		return "Navigateur inconnu"
	}
	return s
}
