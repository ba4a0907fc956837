package mailserver

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

// TestCrowd: more people ask at once than the node may open connections. Nobody waits
// for a connection that rests: each is served, and again.
func TestCrowd(t *testing.T) {
	t.Parallel()
	o := memoryWorld(t)
	o.Total = 3
	s := New(o)
	t.Cleanup(func() { s.Close(context.Background()) })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for range 3 {
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				a := s.For(testActor(fmt.Sprintf("s%d", i)), testAddress(t))
				if _, err := a.Rows(ctx, Query{Folder: "INBOX", WithFolders: true}); err != nil {
					t.Errorf("person %d: %v", i, err)
				}
			})
		}
		wg.Wait()
	}
	if n := s.Connections(); n > 3 {
		t.Errorf("%d connections, 3 allowed", n)
	}
}
