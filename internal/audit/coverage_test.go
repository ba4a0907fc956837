package audit

import (
	"slices"
	"testing"
	"time"
)

// How far the heads reach is told of the node where that is least: a live node's hides nothing
// of one whose file ended before.
func TestCoverageOfTheLeastCovered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	other := New(Options{DB: w.db, Keys: w.keys, Node: "autre", Now: w.clock})
	write := func() {
		w.put(1)
		if err := other.Record(t.Context(), Event{}); err != nil {
			t.Fatal(err)
		}
	}
	write()
	first, err := w.Heads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	old := first[slices.IndexFunc(first, func(h Head) bool { return h.Node == "autre" })]
	w.pass(2 * time.Hour)
	write()
	second, err := w.Heads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exported := append([]Head{old}, slices.DeleteFunc(second, func(h Head) bool { return h.Node == "autre" })...)
	w.pass(time.Minute)
	c, err := w.Coverage(t.Context(), exported, w.clock())
	if err != nil || len(c.Untold) != 0 || !slices.Equal(c.Behind, []string{"autre"}) || !c.Reach.Equal(old.SignedAt) || c.Whole() {
		t.Errorf("%+v, want autre behind since %v: %v", c, old.SignedAt, err)
	}
	c, err = w.Coverage(t.Context(), exported, w.clock().Add(-ExportedBy)) // its row is young
	if err != nil || !c.Whole() {
		t.Errorf("rows of a minute ago: %+v %v", c, err)
	}
}
