package app_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/testkit"
)

// A running house exports its heads, the last one on its way out: what was written
// until the stop is vouched for.
func TestRunExportsHeads(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.App.Config
	c.AuditHeadsFile = filepath.Join(t.TempDir(), "heads")
	a, err := app.New(t.Context(), c, k.World.Lines(), app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, listening(t), a.Handler()) }()
	for end := time.Now().Add(20 * time.Second); len(a.Loops()) < 8; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("loops: %+v", a.Loops())
		}
	}
	if err := a.Audit.Record(t.Context(), audit.Event{Action: audit.SignIn, Request: "the last act"}); err != nil {
		t.Fatal(err)
	}
	heads, err := a.Audit.Heads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(c.AuditHeadsFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out, unread, err := audit.ReadHeads(f)
	if err != nil || len(unread) > 0 || len(out) == 0 || out[len(out)-1].N < heads[0].N {
		t.Errorf("%+v, %v, %v; the trail had %d rows", out, unread, err, heads[0].N)
	}
}
