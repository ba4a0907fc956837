package config

import (
	"slices"
	"strings"

	"pli.example/pli/internal/finding"
)

// Stranger is a PLI_ name in the environment that is no setting: misspelt, or of
// another version. Its value is not looked at: it may be a secret.
type Stranger struct {
	Name    string
	Nearest string // the setting that was probably meant, "" when none is near
}

// Strangers lists them, sorted.
func Strangers(environ []string) ([]Stranger, error) {
	settings, err := Settings()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range settings {
		names = append(names, s.Env)
	}
	var out []Stranger
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "PLI_") && !slices.Contains(names, name) {
			out = append(out, Stranger{finding.OneLine(name), nearest(name, names)})
		}
	}
	slices.SortFunc(out, func(a, b Stranger) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// CheckNames warns of names that no setting has.
func CheckNames(environ []string) finding.List {
	var l finding.List
	strangers, err := Strangers(environ)
	if err != nil {
		l.Untried("settings.names", "Les noms des réglages n’ont pas pu être lus.")
	}
	for _, s := range strangers {
		do := "Retirez-le de l’environnement, ou cherchez son nom avec pli print config."
		if s.Nearest != "" {
			do = "Écrivez " + s.Nearest + ", ou retirez-le de l’environnement."
		}
		l.Warn("settings.names", do, "%s n’est pas un réglage de Pli\u00a0: il est sans effet.", s.Name)
	}
	return l
}

// nearest is the name that a few slips of the keyboard turn into s.
func nearest(s string, names []string) string {
	const most = 3
	best, name := most+1, ""
	for _, n := range names {
		if d := slips(s, n, best); d < best {
			best, name = d, n
		}
	}
	return name
}

// slips counts the letters to add, to leave out or to change between a and b
// (Levenshtein), limit when there are as many or more.
func slips(a, b string, limit int) int {
	if len(a) > len(b)+limit || len(b) > len(a)+limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], limit)
}
