package templates

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
