package mailbox

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

// Copies of a letter count once; two letters of a patient count twice whatever they call
// themselves (attack: a second question under the id of the first is never seen).
func TestOnce(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	l := func(folder, id string, ours bool, minute int, size int64) gathered {
		g := gathered{size: size}
		g.Folder, g.MessageID, g.Ours, g.Received = folder, id, ours, at.Add(time.Duration(minute)*time.Minute)
		return g
	}
	for what, c := range map[string]struct {
		all  []gathered
		want int
	}{
		"ours filed twice":                {[]gathered{l("archive", "a", true, 9, 10), l("sent", "a", true, 1, 12)}, 1},
		"the patient's, copied":           {[]gathered{l("inbox", "a", false, 1, 10), l("archive", "a", false, 1, 10)}, 1},
		"the patient's, an id used again": {[]gathered{l("inbox", "a", false, 1, 10), l("inbox", "a", false, 2, 10)}, 2},
		"the patient's, another size":     {[]gathered{l("inbox", "a", false, 1, 10), l("archive", "a", false, 2, 11)}, 2},
		"the patient's under our id":      {[]gathered{l("sent", "a", true, 1, 10), l("inbox", "a", false, 2, 10)}, 2},
		"no id at all":                    {[]gathered{l("inbox", "", false, 1, 10), l("archive", "", false, 1, 10)}, 2},
	} {
		got := once(c.all)
		if len(got) != c.want || got[0].Received.After(at.Add(time.Minute)) {
			t.Errorf("%s: %d letters, the first of %s", what, len(got), got[0].Received)
		}
	}
}

// A copy of our letter filed elsewhere is no second letter.
func TestCopiesCountOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent", "Archive")
	w.lay("Sent", annes, odile, "Lettre", 1)
	w.put(annes, "Archive", "From: "+annes+"\nTo: "+odile+"\nSubject: Lettre\nMessage-ID: <Sent.1@test>\n\nBonjour.\n")
	if all := w.exchanges(w.open(anne, annes)); len(all) != 1 || len(all[0].Letters) != 1 {
		t.Errorf("%+v", all)
	}
}

// A folder where nothing happened is not asked again, unless time ended the look at it.
func TestStill(t *testing.T) {
	t.Parallel()
	f := mailserver.Folder{UIDValidity: 1, UIDNext: 9, Messages: 3, HighestModSeq: 5}
	grown := f
	grown.HighestModSeq++
	c := collected{at: f}
	if !c.still(f) || c.still(grown) {
		t.Error("news are not told from none")
	}
	if c.below = 7; c.still(f) {
		t.Error("a look that time ended is never finished")
	}
	if c = (collected{at: f, notices: map[uint32]notice{4: {}}}); c.still(f) {
		t.Error("a notice that was not opened is never")
	}
}

// What is no letter of an exchange: one that is being deleted, a draft filed elsewhere, and
// in Sent what a patient seems to have written.
func TestGatheredOf(t *testing.T) {
	t.Parallel()
	b := &Box{grant: delegation.Grant{Mailbox: account.Mailbox{Address: address(t, annes)}}}
	row := func(from, to string, flags ...string) *mailserver.Row {
		return &mailserver.Row{Flags: flags, Envelope: message.Envelope{From: message.ParseAddressList(from), To: message.ParseAddressList(to)}}
	}
	for what, c := range map[string]struct {
		r    *mailserver.Row
		role mailserver.Role
		want bool
	}{
		"a question":             {row(odile, annes), mailserver.RoleInbox, true},
		"an answer":              {row(annes, odile), mailserver.RoleSent, true},
		"being deleted":          {row(odile, annes, `\Deleted`), mailserver.RoleInbox, false},
		"a draft":                {row(annes, odile, `\Draft`), mailserver.RoleArchive, false},
		"a patient's, in Sent":   {row(odile, annes), mailserver.RoleSent, false},
		"our name, in the inbox": {row(annes, odile), mailserver.RoleInbox, false},
	} {
		if _, ok := b.gatheredOf("f", c.role, 1, c.r); ok != c.want {
			t.Errorf("%s: %v", what, ok)
		}
	}
}

// A folder made anew under the same name and counters is looked at anew.
func TestExchangesOfAFolderMadeAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Archive")
	w.lay("Archive", "Dr Petit <hugo@chu.test.mssante.fr>", annes, "Confrère", 1)
	w.lay("Patients", "Dr Petit <hugo@chu.test.mssante.fr>", annes, "Confrère", 1) // looked at after it: no line holds it open
	b := w.open(anne, annes)
	if all := w.exchanges(b); len(all) != 0 {
		t.Fatalf("%+v", all)
	}
	w.must(w.users.get(annes).Delete("Archive"))
	w.folders("Archive")
	w.lay("Archive", "Odile <"+odile+">", annes, "Question", 2)
	if all := w.exchanges(b); len(all) != 1 {
		t.Errorf("%+v", all)
	}
}

// Half an exchange tells nothing: without Sent, or the inbox, there is no state to show.
func TestExchangesNeedBothSides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("Sent", annes, odile, "Lettre", 1)
	w.lay("INBOX", "Odile <"+odile+">", annes, "Question", 2)
	w.during(func(command, folder string) error {
		if command == "SELECT" && folder == "INBOX" {
			return errors.New("no")
		}
		return nil
	})
	if x, err := w.open(anne, annes).Exchanges(w.ctx, Left{}); err == nil {
		t.Errorf("%+v", x)
	}
}

// The counter counts for the person whose right it is.
func TestAwaitingIsOnesOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if n, _, err := w.house.Awaiting(w.ctx, zoe, w.open(anne, annes).Grant(), Left{}); err == nil || n != -1 {
		t.Errorf("another's right tells %d", n)
	}
}

// A first look that time cut short says so, shows no state of it, and is finished by the
// next one.
func TestExchangesGoOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("Sent", annes, odile, "Lettre", 1)
	w.lay("INBOX", "Odile <"+odile+">", annes, "Question", 2)
	b := w.open(anne, annes)
	var signed atomic.Int32
	w.during(func(command, _ string) error {
		if command == "AUTHENTICATE" && signed.Add(1) == 2 { // the connection aside: it took so long that no time is left
			w.clock.Add(20)
		}
		return nil
	})
	x, err := b.Exchanges(w.ctx, Left{})
	w.must(err)
	if e := withOdile(x.All); e != nil || !x.Unfinished || !x.Unsure || !strings.Contains(x.Say, "Pli continue de regarder") || !strings.Contains(x.Say, "Réception") {
		t.Errorf("cut short: %+v %+v", e, x)
	}
	x, err = b.Exchanges(w.ctx, Left{})
	w.must(err)
	if e := withOdile(x.All); e == nil || e.State.Phase != conversation.WaitingForUs || x.Unfinished || x.Unsure || x.Say != "" {
		t.Errorf("gone on: %+v %+v", e, x)
	}
}

// An identity number is no name, however its digits are set apart.
func TestNumberIsNoName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Odile  Besançon":                    "Odile  Besançon",
		"Mme B. (06 12 34 56 78)":            "Mme B. (06 12 34 56 78)",
		"2.55.03.37.990.011.38":              "",
		"2 55 03 37 990 011 38":              "",
		"Odile 2-55-03-37-990-011":           "",
		"２５５０３３７９９００１１３８":                    "",
		"Odile 2_55_03_2A_990_011_38":        "",
		"255033799001138@patient.mssante.fr": "",
	} {
		a, _ := mssante.ParseAddress(odile)
		if got := PatientName(message.Mailbox{Name: name, Address: a}); got != want {
			t.Errorf("%q gives %q", name, got)
		}
	}
}
