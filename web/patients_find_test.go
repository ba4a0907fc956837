package web_test

import (
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/demo/people"
)

// A name finds the exchanges one already has, whatever its case and accents, from its own
// field or from that of the number; no address, title or log carries it.
func TestFindPatientByName(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := patientsAt(t, c, 0)
	names := func(href string) (out []string) {
		d := doc(t, ok(t, c.Get(href)))
		d.Find("[data-testid=patient-name]").Each(func(_ int, s *selection) { out = append(out, s.Text()) })
		return out
	}
	if all := names(at); len(all) < 3 {
		t.Fatalf("%q", all)
	}
	field := doc(t, ok(t, c.Get(at))).Find("[data-testid=patient-words]")
	if field.AttrOr("data-key", "") != "/" || field.AttrOr("name", "") != "words" {
		t.Error("the key / leads to no field")
	}
	for field, to := range map[string]string{"words": at + "/find", "ins": at} {
		href := c.Post(to, values(field, "besan odi")).Location()
		if !strings.HasPrefix(href, at+"?find=") || strings.Contains(strings.ToLower(href), "besan") {
			t.Fatalf("%s leads to %q", field, href)
		}
		if got := names(href); len(got) != 1 || got[0] != "Odile Besançon" {
			t.Errorf("%s finds %q", field, got)
		}
		a := ok(t, c.Get(href))
		noIdentity(t, a)
		d := doc(t, a)
		if d.Find("title").Text() != "Patients · Pli" || !strings.Contains(d.Find("[data-testid=patient-sought]").Text(), "1\u00a0échange trouvé") || d.Find("[data-testid=patient-words]").AttrOr("value", "") != "besan odi" {
			t.Errorf("narrowed: %q", d.Find("main").Text())
		}
		if strings.Contains(d.Find("main").Text(), "Aucun échange clos") {
			t.Error("a page narrowed to a name says that nothing is closed")
		}
	}
	href := c.Post(at+"/find", values("words", "zzyzx")).Location()
	d := doc(t, ok(t, c.Get(href)))
	if got := d.Find("main").Text(); !strings.Contains(got, "Aucun échange à ce nom") || len(names(href)) != 0 {
		t.Errorf("nobody: %q", got)
	}
	if form := d.Find("form.seek-letters"); form.AttrOr("action", "") != strings.TrimSuffix(at, "/patients")+"/search" || form.Find("input[name=words]").AttrOr("value", "") != "zzyzx" {
		t.Error("nothing leads on to the letters")
	}
	if got := c.Post(at+"/find", values("words", " ")).Location(); got != at {
		t.Errorf("no word leads to %q", got)
	}
	other := k.SignIn("martin")
	if n := doc(t, ok(t, other.Get(href))).Find("[data-testid=patient-name]").Length(); n < 3 {
		t.Errorf("another session's handle narrows the page to %d", n)
	}
	if found := canaries(k.Logs.String()); len(found) > 0 {
		t.Errorf("the logs carry %q", found)
	}
}

// Whoever may not see patients looks for none, and the refusal is in the trail.
func TestFindPatientNeedsTheRight(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	grant(t, k, "renard", []mssanteGrant{{people.LilasBox, "read,triage,write,send"}})
	c := k.SignIn("renard")
	refused := 0
	doc(t, ok(t, c.Follow("/"))).Find("[data-testid=box-link]").Each(func(_ int, s *selection) {
		if a := c.Post(s.AttrOr("href", "")+"/patients/find", values("words", "odile")); strings.Contains(s.Text(), "Lilas") && a.Status == 403 {
			refused++
		}
	})
	rows, err := k.App.Audit.Recent(t.Context(), audit.Filter{Action: audit.ExchangeList})
	if err != nil || refused != 1 || len(rows) != 1 || rows[0].Event.Outcome != "denied" {
		t.Errorf("%d refused, trail %+v %v", refused, rows, err)
	}
}
