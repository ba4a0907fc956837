package web

import (
	"errors"
	"testing"
	"time"
)

// A page made while its letter was still being read back is made again when that
// changed what it says, and is not sent when the letter could not be read.
func TestPagesOfSettledDocuments(t *testing.T) {
	kept := newDocuments(time.Now)
	for name, c := range map[string]struct {
		settled shown
		err     error
		pages   int
	}{
		"as it seemed": {settled: shown{html: "a", remoteBlocked: 1}, pages: 1},
		"other words":  {settled: shown{html: "b", remoteBlocked: 1}, pages: 2},
		"cut":          {settled: shown{html: "a", remoteBlocked: 1, truncated: true}, pages: 2},
		"could not be": {err: errors.New("no"), pages: 1},
	} {
		d := newDocument(documentKey{session: name}, shown{html: "a", remoteBlocked: 1})
		kept.keep(d)
		pages, last := 0, shown{}
		p := whenSettled(t.Context(), nil, func(again *document) (*prepared, look) {
			if pages++; again != nil && again != d {
				t.Errorf("%s: another document", name)
			}
			saw := d.look()
			last = saw.saw
			if pages == 1 {
				kept.settle(d, c.settled, c.err)
			}
			return &prepared{}, saw
		})
		if pages != c.pages || !errors.Is(p.err, c.err) || c.err == nil && !last.same(c.settled) {
			t.Errorf("%s: %d pages, the last of %+v, error %v", name, pages, last, p.err)
		}
		if found := kept.find(documentKey{session: name}) != nil; found != (c.err == nil) {
			t.Errorf("%s: remembered %v", name, found)
		}
		kept.drop(name)
	}
	if kept.bytes != 0 {
		t.Errorf("%d bytes left of nothing", kept.bytes)
	}
}
