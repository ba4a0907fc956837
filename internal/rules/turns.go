package rules

import (
	"context"
	"sync"

	"pli.example/pli/internal/problem"
)

// turns lets one change of a mailbox's script be made at a time on this node: ManageSieve
// knows no condition, and who reads the same script twice writes one of two changes.
type turns struct {
	mu   sync.Mutex
	busy map[string]chan struct{} // by mailbox; closed when it is over
}

// take waits for the turn of a mailbox.
func (t *turns) take(ctx context.Context, box string) (leave func(), err error) {
	for {
		t.mu.Lock()
		other := t.busy[box]
		if other == nil {
			mine := make(chan struct{})
			if t.busy == nil {
				t.busy = map[string]chan struct{}{}
			}
			t.busy[box] = mine
			t.mu.Unlock()
			return func() {
				t.mu.Lock()
				delete(t.busy, box)
				t.mu.Unlock()
				close(mine)
			}, nil
		}
		t.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, problem.Wrap(ctx.Err(), problem.Timeout, sayWaited)
		}
	}
}

const sayWaited = "Les règles de cette boîte sont en train d’être changées depuis une autre page\u00a0: rien n’a été enregistré. Réessayez dans un instant."
