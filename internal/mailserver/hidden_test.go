package mailserver

import (
	"context"
	"testing"

	"github.com/emersion/go-imap/v2"
)

// TestWorldWithoutCONDSTORE: what the contract proves of a server without it is proved
// on one that does not announce it.
func TestWorldWithoutCONDSTORE(t *testing.T) {
	t.Parallel()
	s := New(dovecotWorld(t, "CONDSTORE", "QRESYNC"))
	t.Cleanup(func() { s.Close(context.Background()) })
	a := s.For(testActor("s1"), testAddress(t))
	err := a.read(t.Context(), a.commands, func(c *conn) error {
		if c.has(imap.CapCondStore) || c.has(imap.CapQResync) || !c.has(imap.CapListStatus) {
			t.Errorf("announced: %v", c.caps)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
