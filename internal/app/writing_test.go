package app_test

import (
	"testing"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/testkit"
	"pli.example/pli/internal/trust"
)

// The white list and the directory of the world come in through the lines of the
// house, and know the people of the cast.
func TestStock(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	if v := k.App.Trust.Allows(people.PetitBox); v != trust.Unknown {
		t.Errorf("before any list: %v", v)
	}
	k.Stock()
	if v := k.App.Trust.Allows(people.PetitBox); v != trust.Inside {
		t.Errorf("a colleague of the cast: %v, %+v", v, k.App.Trust.State())
	}
	e, known, err := k.App.Directory.Card(t.Context(), people.PetitBox)
	if err != nil || !known || e.FamilyName == "" {
		t.Errorf("the card of a colleague: %+v, %v, %v", e, known, err)
	}
}
