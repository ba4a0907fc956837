package web_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/session"
)

// A sheet that is saved after support closed its session is told why; when it was for a
// computer or card that is lost, it is told to cover what is written, and for nothing else.
func TestSavingAfterSupportClosed(t *testing.T) {
	t.Parallel()
	for reason, cover := range map[session.Reason]bool{session.SupportLost: true, session.SupportUpkeep: false, session.Revoked: false} {
		k := writingKit(t)
		c := k.SignIn("martin")
		draft := begin(t, c, values())
		rows, err := k.App.Audit.Recent(t.Context(), audit.Filter{Action: audit.DraftCreate})
		if err != nil || len(rows) == 0 {
			t.Fatalf("%+v %v", rows, err)
		}
		if err := k.App.Sessions.End(t.Context(), rows[0].Event.Actor.SessionID, reason); err != nil {
			t.Fatal(err)
		}
		for range 2 { // asked again, it says so again
			a := c.Post(draft+"/save", nil, raw("application/json", []byte(`{"version":1,"subject":"x","text":"mot"}`)))
			var out struct {
				Say   string
				Cover bool
			}
			if err := json.Unmarshal(a.Body, &out); err != nil || a.Status != 401 {
				t.Fatalf("%s: %d %q", reason, a.Status, a.Text())
			}
			if out.Cover != cover || out.Say != reason.Say() || strings.Contains(a.Text(), "mot") {
				t.Errorf("%s: cover %v, %q", reason, out.Cover, out.Say)
			}
		}
	}
}
