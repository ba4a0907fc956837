package web_test

import (
	"path/filepath"
	"strings"
	"testing"

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
