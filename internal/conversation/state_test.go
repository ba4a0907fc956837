package conversation

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

var morning = time.Date(2026, 11, 19, 8, 0, 0, 0, time.UTC)

// history writes one letter a rune, a minute apart: p the patient, o ours, O ours and not
// delivered, x a [FIN] not delivered, w a [FIN] under way, n ours
// without answer, f [FIN], F [FIN] with the header, ~ a subject that resembles it, q the
// patient's own [FIN], r ours forwarding a [FIN].
func history(s string) []Letter {
	var out []Letter
	for i, c := range []rune(s) {
		l := Letter{ID: "l" + strconv.Itoa(i), At: morning.Add(time.Duration(i) * time.Minute), Ours: c != 'p' && c != 'q', Subject: "Suite"}
		switch c {
		case 'O':
			l.Fate = Undelivered
		case 'x':
			l.Subject, l.MES, l.Fate = "[FIN]", "FIN", Undelivered
		case 'w':
			l.Subject, l.MES, l.Fate = "[FIN]", "FIN", UnderWay
		case 'n':
			l.MES = "FIN"
		case 'f':
			l.Subject = "[FIN]"
		case 'F':
			l.Subject, l.MES = "[FIN]", "FIN"
		case '~':
			l.Subject = "[fin]"
		case 'q':
			l.Subject, l.MES = "[FIN]", "FIN"
		case 'r':
			l.Subject = "Tr : [FIN]"
		}
		l.Shown = l.Subject
		out = append(out, l)
	}
	return out
}

// Among letters of one instant, one of ours that never arrived answers nothing: the
// letter it was to answer does not come before another for it.
func TestOrderOfALostAnswer(t *testing.T) {
	t.Parallel()
	for fate, want := range map[Fate][]int{Undelivered: {0, 1, 2}, UnderWay: {0, 1, 2}, Arrived: {1, 2, 0}} {
		one := history("ppo")
		one[0].At, one[1].At, one[2].InReplyTo, one[2].Fate = one[2].At, one[2].At, one[1].ID, fate
		if got := Order(one); !slices.Equal(got, want) {
			t.Errorf("fate %d: %v, not %v", fate, got, want)
		}
	}
}

func TestHistories(t *testing.T) {
	t.Parallel()
	const ours, theirs, closed, none = WaitingForUs, WaitingForPatient, Closed, NotOpened
	for _, c := range []struct {
		letters string
		phase   Phase
		since   int    // place of the letter
		flags   string // o open, a after closing, r reopened, n no reply, ~ near, l lost, L a lost closing, w a closing leaves
	}{
		{"", none, -1, ""},
		{"p", ours, 0, ""},
		{"ppp", ours, 0, ""},
		{"o", theirs, 0, "o"},
		{"oo", theirs, 1, "o"},
		{"op", ours, 1, "o"},
		{"opp", ours, 1, "o"},
		{"opo", theirs, 2, "o"},
		{"n", closed, 0, "n"},
		{"nn", closed, 1, "n"},
		{"on", theirs, 1, "on"},
		{"no", theirs, 1, "o"},
		{"pn", closed, 1, "n"},
		{"opn", theirs, 2, "on"},
		{"f", closed, 0, ""},
		{"of", closed, 1, ""},
		{"oF", closed, 1, "n"},
		{"opf", closed, 2, ""},
		{"opF", closed, 2, "n"},
		{"oooF", closed, 3, "n"},
		{"ofo", theirs, 2, "or"},
		{"ofop", ours, 3, "or"},
		{"ofof", closed, 3, ""},
		{"ofn", closed, 2, "n"},
		{"ofnp", ours, 3, "an"},
		{"ofp", ours, 2, "a"},
		{"ofpp", ours, 2, "a"},
		{"ofpo", theirs, 3, "or"},
		{"ofpn", closed, 3, "n"},
		{"ofpf", closed, 3, ""},
		{"fp", ours, 1, "a"},
		{"pf", closed, 1, ""},
		{"np", ours, 1, "n"},
		{"o~", theirs, 1, "o~"},
		{"~", theirs, 0, "o~"},
		{"op~", theirs, 2, "o~"},
		{"o~p", ours, 2, "o~"},
		{"o~f", closed, 2, ""},
		{"of~", theirs, 2, "or~"},
		{"or", theirs, 1, "o~"},
		{"o~o", theirs, 2, "o~"},
		{"oq", ours, 1, "o"},
		{"oqo", theirs, 2, "o"},
		{"q", ours, 0, ""},
		{"ofq", ours, 2, "a"},
		{"O", none, -1, "l"},
		{"pO", ours, 0, "l"},
		{"oO", theirs, 0, "ol"},
		{"ofO", closed, 1, "l"},
		{"ofOp", ours, 3, "al"},
		{"x", none, -1, "lL"},
		{"ox", theirs, 0, "olL"},
		{"opx", ours, 1, "olL"},
		{"opxp", ours, 1, "olL"},
		{"oxF", closed, 2, "n"},
		{"oxo", theirs, 2, "o"},
		{"opw", ours, 1, "ow"},
		{"ow", theirs, 0, "ow"},
	} {
		s := Derive(history(c.letters))
		want := time.Time{}
		if c.since >= 0 {
			want = morning.Add(time.Duration(c.since) * time.Minute)
		}
		if s.Phase != c.phase || !s.Since.Equal(want) || flags(s) != c.flags {
			t.Errorf("%q: phase %d since %s %q, want %d since %s %q", c.letters, s.Phase, s.Since.Format("15:04"), flags(s), c.phase, want.Format("15:04"), c.flags)
		}
	}
}

func flags(s State) (out string) {
	for _, f := range []struct {
		on   bool
		name string
	}{{s.Open, "o"}, {s.AfterClosing, "a"}, {s.Reopened, "r"}, {s.NoReply, "n"}, {s.NearClosing, "~"}, {!s.Lost.IsZero(), "l"}, {s.LostClosing, "L"}, {s.ClosingLeaves, "w"}} {
		if f.on {
			out += f.name
		}
	}
	return out
}

func TestMarks(t *testing.T) {
	t.Parallel()
	s := Derive(history("opn~FpoOxw"))
	want := []Mark{Plain, Plain, Unanswerable, NearClosing, Closing, AfterClosing, Reopening, Lost, Lost, Leaving}
	if !slices.Equal(s.Marks, want) {
		t.Errorf("marks %v, want %v", s.Marks, want)
	}
}

// An answer stands after what it answers, whatever the clocks say.
func TestSkewedClocks(t *testing.T) {
	t.Parallel()
	l := history("op")
	l[1].At, l[1].InReplyTo = morning.Add(-time.Hour), "l0" // the patient's server is an hour behind
	if s := Derive(l); s.Phase != WaitingForUs {
		t.Errorf("phase %d: the patient's answer is hidden by a slow clock", s.Phase)
	}
	l = history("opF")
	l[2].At, l[2].InReplyTo = morning.Add(-time.Hour), "l1"
	if s := Derive(l); s.Phase != Closed {
		t.Errorf("phase %d: the closing of a slow clock is lost", s.Phase)
	}
	l = history("op")
	l[0].InReplyTo, l[1].InReplyTo = "l1", "l0" // a ring
	if s := Derive(l); len(s.Marks) != 2 {
		t.Error("a ring of answers loses letters")
	}
	l = history("op")
	l[1].At = l[0].At
	if s := Derive(l); s.Phase != WaitingForUs {
		t.Error("a patient's letter of the same second is taken for answered")
	}
}

// One second holds a closing and a letter it does not answer: the letter waits.
func TestOneInstant(t *testing.T) {
	t.Parallel()
	l := history("opFp")
	l[2].InReplyTo, l[3].At = "l1", l[2].At
	l[3].ID = "a" // whatever the ids
	if s := Derive(l); s.Phase != WaitingForUs || !s.AfterClosing {
		t.Errorf("%+v: a letter of the second of the closing is taken for closed", s)
	}
	for i := range l {
		l[i].At = morning
	}
	if s := Derive(l); s.Phase != WaitingForUs || !s.AfterClosing {
		t.Errorf("all in one second: %+v", s)
	}
	l = history("opF")
	for i := range l {
		l[i].At = morning
	}
	l[1].InReplyTo, l[2].InReplyTo = "l0", "l1"
	if s := Derive(l); s.Phase != Closed {
		t.Errorf("an exchange of one second: %+v", s)
	}
}

// plain is the rules of the facts, letter by letter, written another way: what the
// patient's mailbox would know.
func plain(letters []Letter) (phase Phase, open bool) {
	answerable := map[int]bool{}
	last := -1
	for i, l := range letters {
		switch {
		case !l.Ours:
		case l.Fate != Arrived: // for the patient it is not there
			continue
		case l.Subject == "[FIN]":
			answerable = map[int]bool{} // all earlier ones
		case l.MES != "FIN":
			answerable[i] = true
		}
		last = i
	}
	open = len(answerable) > 0
	switch {
	case last < 0:
		return NotOpened, false
	case !letters[last].Ours:
		return WaitingForUs, open
	case open:
		return WaitingForPatient, open
	}
	return Closed, open
}

// TestGeneratedHistories compares with the plain model: orders, duplicates, other
// programs' letters, skewed answers. PLI_SEED repeats a run.
func TestGeneratedHistories(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("PLI_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("PLI_SEED=%d", seed)
	r := rand.New(rand.NewPCG(seed, 7))
	kinds := []rune("ppoonfF~qrOxw")
	for range 5000 {
		n := r.IntN(12)
		written := make([]rune, n)
		for i := range written {
			written[i] = kinds[r.IntN(len(kinds))]
		}
		letters := history(string(written))
		phase, open := plain(letters)
		for i := 1; i < n; i++ { // some answer the one before, and their clocks are wrong
			if r.IntN(3) == 0 {
				letters[i].InReplyTo = letters[i-1].ID
				if i == n-1 {
					letters[i].At = letters[i].At.Add(-time.Duration(r.IntN(600)) * time.Second)
				}
			}
		}
		shuffled := slices.Clone(letters)
		r.Shuffle(n, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		s := Derive(shuffled)
		if s.Phase != phase || s.Open != open {
			t.Fatalf("PLI_SEED=%d %q: phase %d open %v, the plain model says %d %v", seed, string(written), s.Phase, s.Open, phase, open)
		}
		if again := Derive(letters); fmt.Sprint(again) != fmt.Sprint(s) {
			t.Fatalf("PLI_SEED=%d %q: the order of collection changes the state", seed, string(written))
		}
		if s.Phase == Closed && s.Open || s.AfterClosing && s.Phase != WaitingForUs || len(s.Marks) != n {
			t.Fatalf("PLI_SEED=%d %q: %+v contradicts itself", seed, string(written), s)
		}
	}
}
