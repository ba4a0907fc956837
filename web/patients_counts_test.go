package web_test

import (
	"strconv"
	"strings"
	"testing"
)

// A letter read in its exchange counts no more beside its folder, at once and on every page
// that lists none.
func TestCountsAfterAnExchange(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	unread := func(d *selection) int {
		n, _ := strconv.Atoi(strings.Fields(d.Find("[data-testid=folder-inbox] [data-testid=folder-count]").Text() + " 0")[0])
		return n
	}
	before := unread(doc(t, ok(t, c.Follow("/"))).Selection)
	at := patientsAt(t, c, 0)
	row := patientAt(t, c, at, "waiting", "Odile Besançon")
	if !row.HasClass("is-unread") || before < 1 {
		t.Fatalf("nothing of hers is new: %d unread", before)
	}
	d := doc(t, ok(t, c.Get(exchangeAt(row))))
	after := unread(d.Selection)
	if after >= before {
		t.Errorf("the exchange just read counts %d, %d before", after, before)
	}
	if got := unread(doc(t, ok(t, c.Get(at))).Selection); got != after {
		t.Errorf("the next page counts %d, not %d", got, after)
	}
	if got := unread(doc(t, ok(t, c.Follow("/"))).Selection); got != after {
		t.Errorf("the server counts %d, not %d", got, after)
	}
}
