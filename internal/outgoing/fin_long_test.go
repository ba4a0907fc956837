package outgoing

import (
	"strings"
	"testing"
)

// Attack on oneself: [FIN] typed by hand before a subject long in octets, which leaves.
func TestFinBeforeALongSubject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	for _, s := range []string{"[FIN] " + strings.Repeat("x", 300), "[FIN] " + strings.Repeat("\u2014", 340)} {
		b, err := w.New(w.ctx, box, Origin{To: []Recipient{{Address: patient}}, Subject: s})
		w.must(err)
		got, err := w.Check(w.ctx, box, b.Draft.ID)
		w.must(err)
		if !strings.Contains(codes(got), "block reserved_subject") {
			t.Errorf("%d octets: %s", len(s), codes(got))
		}
	}
}
