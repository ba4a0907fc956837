package web_test

import (
	"strings"
	"testing"
)

// 'Corriger le numéro' leads to the field, open, with the number in it: one digit is typed
// again, not fifteen. The number stands in no address, and nobody else's handle gives it.
func TestMendNumber(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := patientsAt(t, c, 0)
	page := c.Post(at, values("ins", "255033799001139")).Location()
	href := doc(t, ok(t, c.Get(page))).Find("[data-testid=identity-mend]").AttrOr("href", "")
	if !strings.HasPrefix(href, at+"?mend=") || strings.Contains(href, "2550337") {
		t.Fatalf("it leads to %q", href)
	}
	d := doc(t, ok(t, c.Get(href)))
	field := d.Find("[data-testid=patient-ins]")
	if got := strings.ReplaceAll(field.AttrOr("value", ""), "\u00a0", ""); got != "255033799001139" {
		t.Errorf("the field holds %q", got)
	}
	if _, on := field.Attr("autofocus"); !on || d.Find("details.find-patient[open]").Length() != 1 || d.Find("[data-testid=patient-error]").Length() != 0 {
		t.Error("the field is not where one goes on")
	}
	if d := doc(t, ok(t, c.Get(at))); d.Find("details.find-patient[open]").Length() != 0 || d.Find("[data-testid=patient-ins]").AttrOr("value", "") != "" {
		t.Error("the page keeps the number")
	}
	other := k.SignIn("martin")
	if got := doc(t, ok(t, other.Get(href))).Find("[data-testid=patient-ins]").AttrOr("value", ""); got != "" {
		t.Errorf("another session's handle gives %q", got)
	}
	elsewhere := strings.Replace(href, "/"+boxID(t, c, 0)+"/", "/"+boxID(t, c, 1)+"/", 1)
	if got := doc(t, c.Get(elsewhere)).Find("[data-testid=patient-ins]").AttrOr("value", ""); got != "" {
		t.Errorf("another mailbox's handle gives %q", got)
	}
	if found := canaries(k.Logs.String()); len(found) > 0 {
		t.Errorf("the logs carry %q", found)
	}
}
