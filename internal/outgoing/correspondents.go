package outgoing

import (
	"context"

	"pli.example/pli/internal/directory"
)

// correspond tells the directory whom this account has written to. It keeps no
// patient.
func (o *Outbox) correspond(ctx context.Context, z frozen) {
	if o.o.Directory == nil || z.Actor.AccountID == "" {
		return
	}
	var to []directory.Correspondent
	for _, m := range z.everybody() {
		to = append(to, directory.Correspondent{Address: m.Address, Name: m.Name})
	}
	if err := o.o.Directory.Correspond(ctx, z.Actor.AccountID, to); err != nil {
		o.log.WarnContext(ctx, "correspondents were not remembered", "err", err)
	}
}
