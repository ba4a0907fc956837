package web_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/testkit"
)

// A trail whose exported heads are gone is not said to hold, nor in green.
func TestSupportVerifiesWithoutHeads(t *testing.T) {
	t.Parallel()
	k := testkit.New(t, func(c *config.Config, _ *testkit.Rates) { c.AuditHeadsFile = filepath.Join(t.TempDir(), "heads") })
	agent := k.Staff("delmas")
	notice := doc(t, ok(t, agent.Follow(agent.Post("/support/trail/verify", values()).Location()))).Find(".notice")
	say := notice.Text()
	if strings.Contains(say, "Le journal tient") || !strings.Contains(say, "n’est comparée à rien pour le nœud «") {
		t.Errorf("says %q", say)
	}
	if class := notice.AttrOr("class", ""); !strings.Contains(class, "warn") {
		t.Errorf("shown as %q", class)
	}
}

// Heads whose export stopped while the work goes on are said to stop, and where, and not in
// green: an end that was cut away together with theirs would look like this.
func TestSupportVerifiesBehind(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "heads")
	k := testkit.New(t, func(c *config.Config, _ *testkit.Rates) { c.AuditHeadsFile = file })
	agent := k.Staff("delmas")
	x := &audit.HeadExport{Trail: k.App.Audit, File: file}
	if _, err := x.Export(t.Context()); err != nil {
		t.Fatal(err)
	}
	verify := func() (say, class string) {
		notice := doc(t, ok(t, agent.Follow(agent.Post("/support/trail/verify", values()).Location()))).Find(".notice")
		return notice.Text(), notice.AttrOr("class", "")
	}
	if say, class := verify(); !strings.Contains(say, "Le journal tient") || !strings.Contains(say, "jusqu’au 19/11/2026 à 09:30") || !strings.Contains(class, "ok") {
		t.Errorf("with its heads: %q as %q", say, class)
	}
	for range 6 {
		k.Clock.Advance(15 * time.Minute)
		ok(t, agent.Get("/support"))
	}
	say, class := verify()
	if strings.Contains(say, "Le journal tient") || !strings.Contains(say, "s’arrêtent avant des lignes plus anciennes qu’une heure pour le nœud «") || !strings.Contains(say, "à 09:30") || !strings.Contains(class, "warn") {
		t.Errorf("behind: %q as %q", say, class)
	}
}
