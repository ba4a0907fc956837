package directory

import "testing"

func TestNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, typed string
		want        bool
	}{
		{"Odile Besançon", "odi", true}, {"Odile Besançon", "besancon", true}, {"Odile Besançon", "Besan OD", true},
		{"Odile BESANC\u0327ON", "besançon", true}, {"Odile Besançon", "dile", false}, {"Odile Besançon", "odile x", false},
		{"Odile Besançon", "", false}, {"Odile Besançon", " - ", false}, {"", "a", false},
	} {
		if got := Named(c.name, c.typed); got != c.want {
			t.Errorf("Named(%q, %q) = %v", c.name, c.typed, got)
		}
	}
}
