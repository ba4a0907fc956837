package mailbox

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/conversation"
)

// receipt is what a patient's mailbox writes once a letter is read; form is its type.
func receipt(form string, i int) string {
	from := fmt.Sprintf("2550337990011%02d@patient.mssante.fr", i%90+10)
	return "From: Patient <" + from + ">\nTo: " + annes + "\nSubject: Lu\nMessage-ID: <mdn." + fmt.Sprint(i) + "@x>\nMIME-Version: 1.0\nContent-Type: " + form + "; report-type=disposition-notification; boundary=b\n\n--b\nContent-Type: text/plain\n\nLu.\n--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; " + from +
		"\nOriginal-Message-ID: <a@b>\nDisposition: automatic-action/MDN-sent-automatically; displayed\n\n--b--\n"
}

// Receipts of patients and notices of Mon espace santé push out nobody who waits, whether the
// server tells them from letters or not.
func TestReportsTakeNoPlace(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]func(i int) string{
		"receipts":                        func(i int) string { return receipt("multipart/report", i) },
		"receipts no question leaves out": func(i int) string { return receipt("multipart/mixed", i) },
		"notices": func(i int) string {
			return fmt.Sprintf("From: Mon espace santé <no-reply@patient.mssante.fr>\nTo: %s\nSubject: Message non distribué\nMessage-ID: <n.%d@x>\nIn-Reply-To: <old.%d@x>\n\nx\n", annes, i, i)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.folders("Sent")
			w.lay("INBOX", "Odile <"+odile+">", annes, "Question urgente", -3*oneDay)
			for i := range gatherLetters {
				w.put(annes, "INBOX", of(i))
			}
			b := w.open(anne, annes)
			var x Exchanges
			for look := range 2 * gatherLetters / noticesAtOnce {
				var err error
				x, err = b.Exchanges(w.ctx, Left{})
				w.must(err)
				if e := withOdile(x.All); e == nil || x.Waiting() != 1 {
					t.Fatalf("look %d: %d exchanges, %d wait: %q", look, len(x.All), x.Waiting(), x.Say)
				}
				if !x.Unfinished {
					break
				}
			}
			if flood := name == "notices"; x.Unfinished || x.Unsure != flood || strings.Contains(x.Say, "tous les avis de non-remise dans Réception") != flood {
				t.Errorf("unfinished %v, unsure %v: %q", x.Unfinished, x.Unsure, x.Say)
			}
		})
	}
}

// A notice behind hundreds that are none, or tell of no loss, is found by a later look, and what
// was looked at and refused is never asked about again.
func TestNoticesBehindOthers(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]func(i int) string{
		"a colleague's subject": func(i int) string {
			return fmt.Sprintf("From: Pirate <pirate@chu.test.mssante.fr>\nTo: %s\nSubject: Re: colis non distribué\nMessage-ID: <n.%d@x>\n\nx\n", annes, i)
		},
		"success receipts": func(i int) string {
			return report("Successful Mail Delivery Report", fmt.Sprintf("c%d@x", i), "hugo@chu.test.mssante.fr", "delivered", "2.0.0")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.folders("Sent")
			w.lay("INBOX", "Odile <"+odile+">", annes, "Question", 1)
			w.lay("Sent", annes, odile, "[FIN]", 2, "X-MSS-MES: FIN")
			plain := "Return-Path: <>\nFrom: Mon espace santé <no-reply@mes.test.example>\nTo: " + annes + "\nSubject: Message non distribué\nIn-Reply-To: <Sent.2@test>\n\nmessagerie fermée\n"
			if name == "success receipts" {
				plain = report("Message non distribué", "Sent.2@test", odile, "failed", "5.2.2")
			}
			w.put(annes, "INBOX", plain)
			for i := range gatherNotices + 1 {
				w.put(annes, "INBOX", of(i))
			}
			heard, b := lostLetters{}, w.open(anne, annes)
			var x Exchanges
			for range gatherNotices/noticesAtOnce + 3 {
				var err error
				x, err = b.Exchanges(w.ctx, heard.left())
				w.must(err)
				if e := withOdile(x.All); !x.Unfinished || e.State.LostClosing {
					break
				} else if !x.Unsure {
					t.Fatalf("'closed' is said while a notice may say otherwise: %+v", e.State)
				}
			}
			if e := withOdile(x.All); !e.State.LostClosing || len(heard) != 1 || x.Unfinished || x.Unsure || x.Say != "" {
				t.Errorf("%+v, heard %v, unfinished %v: %q", e.State, heard, x.Unfinished, x.Say)
			}
			w.asks(func(*imap.SearchCriteria) error { t.Error("what was looked at is asked about again"); return nil })
			_, err := b.Exchanges(w.ctx, heard.left())
			w.must(err)
		})
	}
}

// A question about notices that fails is asked again, and no state is affirmed until then.
func TestNoticesAreAskedAgain(t *testing.T) {
	t.Parallel()
	for what, mine := range map[string]func(c *imap.SearchCriteria) bool{
		"reports": func(c *imap.SearchCriteria) bool { return len(c.Header) > 0 },
		"words":   func(c *imap.SearchCriteria) bool { return len(c.Or) > 0 && len(c.Not) == 1 },
	} {
		for _, later := range []bool{false, true} { // at the first look, or when news came
			w := newWorld(t)
			w.folders("Sent")
			w.lay("INBOX", "Odile <"+odile+">", annes, "Question", 1)
			w.lay("Sent", annes, odile, "[FIN]", 2, "X-MSS-MES: FIN")
			b := w.open(anne, annes)
			if later {
				_, err := b.Exchanges(w.ctx, Left{})
				w.must(err)
			}
			w.put(annes, "INBOX", report("Message non distribué", "Sent.2@test", odile, "failed", "5.2.2"))
			w.put(annes, "INBOX", "Return-Path: <>\nFrom: Mon espace santé <no-reply@mes.test.example>\nTo: "+annes+"\nSubject: Message non distribué\nIn-Reply-To: <Sent.2@test>\n\nmessagerie fermée\n")
			w.asks(func(c *imap.SearchCriteria) error {
				if mine(c) {
					return errors.New("no")
				}
				return nil
			})
			x, err := b.Exchanges(w.ctx, Left{})
			w.must(err)
			if !x.Unfinished || !x.Unsure {
				t.Errorf("%s, later %v: not asked, and nothing is said: %q", what, later, x.Say)
			}
			asked := 0
			w.asks(func(c *imap.SearchCriteria) error {
				if mine(c) {
					asked++
				}
				return nil
			})
			x, err = b.Exchanges(w.ctx, Left{})
			w.must(err)
			if e := withOdile(x.All); asked == 0 || e.State.Phase != conversation.WaitingForUs || x.Unfinished || x.Unsure {
				t.Errorf("%s, later %v: asked %d times, %+v, %q", what, later, asked, e.State, x.Say)
			}
		}
	}
}

// A look with nothing left below ends (attack on oneself: 'Pli continue' for ever).
func TestNothingLeftBelow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent", "Trash")
	old := w.lay("INBOX", "Hugo <hugo@chu.test.mssante.fr>", annes, "Vieux", 1)
	uid := w.lay("INBOX", "Odile <"+odile+">", annes, "Question", 2)
	b := w.open(anne, annes)
	_, err := b.Exchanges(w.ctx, Left{})
	w.must(err)
	for _, c := range w.house.gathered {
		for _, f := range c.folders { // time ended all looks at this letter
			f.seeks[0].left, f.seeks[1].left, f.below = []span{{1, uid}}, []span{{1, uid}}, uid
		}
	}
	l, err := b.List(w.ctx, ListQuery{Folder: b.folderID("INBOX")})
	w.must(err)
	for _, it := range l.Items {
		if it.UID == old {
			_, err := b.Bin(w.ctx, []Ref{it.Ref})
			w.must(err)
		}
	}
	x, err := b.Exchanges(w.ctx, Left{})
	w.must(err)
	if x.Unfinished || x.Unsure || x.Say != "" || withOdile(x.All) == nil {
		t.Errorf("unfinished %v unsure %v: %q", x.Unfinished, x.Unsure, x.Say)
	}
}

// Of more notices than are kept the newest stay, those nobody can believe apart; the folder is
// then not seen whole, until what flooded it is gone.
func TestNoticesKept(t *testing.T) {
	t.Parallel()
	c := collected{notices: map[uint32]notice{1: {read: true, about: "real@x"}, 2: {}}}
	for i := range uint32(gatherNotices + 5) {
		c.notices[10+i] = notice{read: true, about: "x", claim: true}
	}
	c.bound()
	if _, oldest := c.notices[10]; len(c.notices) != gatherNotices+2 || oldest || c.notices[1].about != "real@x" || !c.flooded || !c.blind() {
		t.Errorf("%d kept, flooded %v", len(c.notices), c.flooded)
	}
	if c.drained(); !c.flooded || len(c.seeks[0].left) != 0 {
		t.Error("looked at anew while nothing went")
	}
	c.notices = map[uint32]notice{1: {read: true, about: "real@x"}}
	if c.drained(); c.blind() || len(c.seeks[0].left) != 1 || len(c.seeks[1].left) != 1 || !c.unfinished() {
		t.Error("not looked at anew once they are gone")
	}
	if c = (collected{notices: map[uint32]notice{4: {read: true, tries: noticeTries}}}); !c.blind() {
		t.Error("a notice nobody could open hides nothing")
	}
	if c = (collected{seeks: [2]seeking{{full: true}}}); !c.blind() {
		t.Error("a look that was cut hides nothing")
	}
}

// Stretches not asked about are joined, never dropped.
func TestSeekingNews(t *testing.T) {
	t.Parallel()
	k := seeking{}
	k.news(0)
	k.news(50)
	if got := fmt.Sprint(k.left); got != "[{1 0}]" {
		t.Errorf("before anything was asked: %s", got)
	}
	k.left[0].below = 40
	for i := range uint32(maxSpans + 10) {
		k.news(100 * (i + 1))
		k.left[0].below = 100*(i+1) + 50
	}
	if last := k.left[len(k.left)-1]; len(k.left) != maxSpans || last.from != 1 || last.below < 1000 {
		t.Errorf("%v", k.left)
	}
}

// What a notice says of a letter in an exchange too old to be told of is kept too: it may be
// thrown away before the exchange comes back.
func TestNoticeOfAnOlderExchangeIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("Sent", annes, odile, "Résultat", 1)
	w.put(annes, "INBOX", report("Message non distribué", "Sent.1@test", odile, "failed", "5.1.1"))
	b := w.open(anne, annes)
	_, err := b.Exchanges(w.ctx, Left{})
	w.must(err)
	for _, c := range w.house.gathered {
		for _, f := range c.folders {
			f.since = w.house.now()
		}
	}
	heard := lostLetters{}
	x, err := b.Exchanges(w.ctx, heard.left())
	w.must(err)
	if len(x.All) != 0 || len(heard) != 1 {
		t.Errorf("%d exchanges told of, heard %v", len(x.All), heard)
	}
}
