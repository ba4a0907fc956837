package support_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/support"
	"pli.example/pli/internal/testkit"
)

// Whoever cuts the end of the trail may take the exported heads beside it away: nothing
// is compared then, and Verify names the nodes of which that is so.
func TestVerifyWithoutItsHeads(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "heads")
	k := testkit.New(t, func(c *config.Config, _ *testkit.Rates) { c.AuditHeadsFile = file })
	x := &audit.HeadExport{Trail: k.App.Audit, File: file}
	verify := func() support.Verdict {
		t.Helper()
		v, err := k.App.Support.Verify(t.Context(), agent)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if err := k.App.Audit.Record(t.Context(), make([]audit.Event, 50)...); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Export(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v := verify(); !v.OK() || v.Heads != 1 || len(v.Untold)+len(v.Behind) != 0 || !v.Newest.Equal(k.Clock.Now()) {
		t.Errorf("with its heads: %+v", v)
	}
	if _, err := x.Export(t.Context()); err != nil { // the rows of that look
		t.Fatal(err)
	}
	signed := k.Clock.Now()
	k.Clock.Advance(2 * time.Hour)
	if v := verify(); len(v.Behind) != 0 { // what it writes of itself is young
		t.Errorf("after a quiet time: %+v", v)
	}
	for range 3 { // the export has stopped, the work goes on: the day's own head is signed anew each time
		if err := k.App.Audit.Record(t.Context(), audit.Event{}); err != nil {
			t.Fatal(err)
		}
		k.Clock.Advance(time.Hour / 2)
	}
	if v := verify(); len(v.Behind) != 1 || !v.Newest.Equal(signed) {
		t.Errorf("rows of an hour ago that no head tells of: %+v", v)
	}
	heads, err := k.App.Audit.Heads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	node := heads[0].Node
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if v := verify(); !slices.Equal(v.Untold, []string{node}) {
		t.Errorf("file removed: %+v", v)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if v := verify(); !slices.Equal(v.Untold, []string{node}) {
		t.Errorf("file emptied: %+v", v)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	x = &audit.HeadExport{Trail: k.App.Audit, File: file}
	if _, err := x.Export(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := audit.New(audit.Options{DB: k.App.DB, Keys: k.App.Keys, Node: "autre", Now: k.Clock.Now})
	if err := other.Record(t.Context(), audit.Event{}); err != nil {
		t.Fatal(err)
	}
	if v := verify(); !slices.Equal(v.Untold, []string{"autre"}) {
		t.Errorf("another node, whose heads are in a file of its own: %+v", v)
	}
}
