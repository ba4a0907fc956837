package conversation

import (
	"slices"
	"strings"
	"time"
)

// Letter is what counts of one letter of a pair.
type Letter struct {
	ID        string    // Message-ID without brackets, "" when there is none
	InReplyTo string    // that of the letter it answers, "" for none
	At        time.Time // when it came, or left, by the server that keeps it
	Ours      bool      // from our mailbox to the patient; else from the patient to us
	Subject   string    // as the header carries it, not decoded: see Closes
	Shown     string    // decoded, for what only resembles a closing
	MES       string    // X-MSS-MES
	Fate      Fate      // of ours: one that is not known to have come to the patient moves nothing
}

// Fate is what is known of the way of a letter of ours.
type Fate int

// The fates. Whoever hears nothing takes a letter for arrived: nothing better is told.
const (
	Arrived     Fate = iota
	Undelivered      // a server gave it up (ENS §6): the patient never got it
	UnderWay         // not known to have left yet
	Contested        // a notice nobody can believe says that it was given up: it counts as arrived, and that is said
)

// arrived: ours, and nothing that can be believed says that the patient did not get it.
func (l Letter) arrived() bool { return l.Ours && (l.Fate == Arrived || l.Fate == Contested) }
func (l Letter) closes() bool  { return l.arrived() && Closes(l.Subject) }
func (l Letter) opens() bool   { return l.arrived() && !Closes(l.Subject) && !l.NoReply() }
func (l Letter) resembles() bool {
	return l.arrived() && !Closes(l.Subject) && Resembles(l.Shown)
}

// Closing reports that the letter is meant to close, whether it arrived or not.
func (l Letter) Closing() bool { return l.Ours && Closes(l.Subject) }

// NoReply reports that the patient cannot answer this very letter.
func (l Letter) NoReply() bool { return l.Ours && strings.TrimSpace(l.MES) == MESEnd }

// Phase is whose turn it is.
type Phase int

// The phases. The zero value is an exchange without a letter.
const (
	NotOpened         Phase = iota
	WaitingForUs            // the patient wrote last
	WaitingForPatient       // we did, and the patient may answer
	Closed                  // we did, and the patient may answer nothing
)

// How a letter stands in its exchange, beside what it says.
type Mark int

// The marks.
const (
	Plain        Mark = iota
	Closing           // subject exactly [FIN]: closes all earlier letters
	Unanswerable      // X-MSS-MES: FIN: this letter alone
	NearClosing       // ours, resembles [FIN] and sure to close nothing
	AfterClosing      // the patient's, come while the door was closed
	Reopening         // ours, the first answerable one after a closing
	Lost              // ours, Undelivered: it neither opens nor closes
	Leaving           // ours, UnderWay: likewise
)

// State is where an exchange stands.
type State struct {
	Phase Phase
	// Since is when it became so: WaitingForUs, the first letter of the patient we did
	// not answer; else our last letter, or the closing.
	Since time.Time
	// Open: the patient may answer a letter of ours that is not closed.
	Open bool
	// AfterClosing: what waits for us came while the door was closed.
	AfterClosing bool
	// ClosedAt is the last closing, zero for none; Reopened: a later letter of ours
	// undid it.
	ClosedAt time.Time
	Reopened bool
	// NoReply: our last letter forbids its own answer.
	NoReply bool
	// NearClosing: a letter of ours since the last closing looks like one, and the
	// door is still open: it has probably closed nothing.
	NearClosing bool
	// Lost is when our last letter left that no server could deliver, zero when a later
	// one arrived or none was lost; LostClosing: it was to close the exchange.
	Lost        time.Time
	LostClosing bool
	// Contested is when our last letter left of which a notice nobody can believe says that
	// it was lost, zero when a later one arrived; ContestedClosing: it was to close.
	Contested        time.Time
	ContestedClosing bool
	// ClosingLeaves: a closing is under way, nobody can tell yet whether it leaves.
	ClosingLeaves bool
	// Marks are those of the letters, in the order Order gives.
	Marks []Mark
}

// Derive gives the state of an exchange from its letters, whatever their order.
func Derive(letters []Letter) State {
	var s State
	for _, i := range Order(letters) {
		s.Marks = append(s.Marks, s.read(letters[i]))
	}
	return s
}

// DeriveSince is Derive when letters from before an instant may be missing: the state is
// that of the period alone, and false when the period does not tell it. The marks are
// those of all letters; what an older letter did to others is not said.
func DeriveSince(letters []Letter, since time.Time) (State, bool) {
	whole := Derive(letters)
	if since.IsZero() {
		return whole, whole.Phase != NotOpened || !whole.Lost.IsZero()
	}
	var period []Letter
	told := false
	for n, i := range Order(letters) {
		l := letters[i]
		if l.At.Before(since) {
			if m := whole.Marks[n]; m == AfterClosing || m == Reopening {
				whole.Marks[n] = Plain
			}
			continue
		}
		period = append(period, l)
		told = told || l.closes() || l.opens()
	}
	s := Derive(period)
	s.Marks = whole.Marks
	return s, s.Phase == WaitingForUs || told
}

// read brings the state forward by one letter.
func (s *State) read(l Letter) Mark {
	if !l.Ours {
		mark := Plain
		if s.Phase != WaitingForUs {
			s.Phase, s.Since, s.AfterClosing = WaitingForUs, l.At, false
		}
		if !s.Open && !s.ClosedAt.IsZero() {
			s.AfterClosing, mark = true, AfterClosing
		}
		return mark
	}
	switch l.Fate {
	case Undelivered:
		s.Lost, s.LostClosing = l.At, l.Closing()
		return Lost
	case UnderWay:
		s.ClosingLeaves = s.ClosingLeaves || l.Closing()
		return Leaving
	}
	s.AfterClosing, s.NoReply = false, l.NoReply()
	s.Lost, s.LostClosing, s.Contested, s.ContestedClosing = time.Time{}, false, time.Time{}, false
	if l.Fate == Contested {
		s.Contested, s.ContestedClosing = l.At, l.Closing()
	}
	mark := Plain
	switch {
	case l.closes():
		s.Open, s.Reopened, s.NearClosing, s.ClosedAt, mark = false, false, false, l.At, Closing
	case l.opens():
		if !s.Open && !s.ClosedAt.IsZero() {
			s.Reopened, mark = true, Reopening
		}
		s.Open = true
	default:
		mark = Unanswerable
	}
	if l.resembles() {
		mark = NearClosing
		s.NearClosing = s.Open
	}
	s.Phase, s.Since = Closed, l.At
	if s.Open {
		s.Phase = WaitingForPatient
	}
	return mark
}

// Order gives the places of letters from the oldest to the newest. Clocks of two
// servers differ and count seconds: an answer never stands before what it answers,
// whatever they say; else, of two letters of one instant, ours stands first, so that
// what nobody can tell to be answered waits for us.
func Order(letters []Letter) []int {
	byID := make(map[string]int, len(letters))
	for i, l := range letters {
		if _, twice := byID[l.ID]; l.ID != "" && !twice {
			byID[l.ID] = i
		}
	}
	at := make([]time.Time, len(letters))
	out := make([]int, len(letters))
	for i := range letters {
		at[i], out[i] = instant(letters, byID, i), i
	}
	slices.SortStableFunc(out, func(x, y int) int {
		if d := at[x].Compare(at[y]); d != 0 {
			return d
		}
		return strings.Compare(letters[x].ID, letters[y].ID)
	})
	for lo := 0; lo < len(out); {
		hi := lo + 1
		for hi < len(out) && at[out[hi]].Equal(at[out[lo]]) {
			hi++
		}
		arrange(letters, byID, out[lo:hi])
		lo = hi
	}
	return out
}

// maxChain bounds how far answers of answers are followed: hostile headers may make
// rings.
const maxChain = 50

// instant is when a letter counts from: no earlier than any letter it answers.
func instant(letters []Letter, byID map[string]int, i int) time.Time {
	at := letters[i].At
	for range maxChain {
		j, ok := answered(letters, byID, i)
		if !ok {
			break
		}
		if at.Before(letters[j].At) {
			at = letters[j].At
		}
		i = j
	}
	return at
}

func answered(letters []Letter, byID map[string]int, i int) (int, bool) {
	if letters[i].InReplyTo == "" {
		return 0, false
	}
	j, ok := byID[letters[i].InReplyTo]
	return j, ok && j != i
}

// arrange puts letters of one instant in order: each behind what it answers; ours
// before the patient's, a closing behind what left with it; of the patient's, those we
// answered first.
func arrange(letters []Letter, byID map[string]int, run []int) {
	if len(run) == 1 {
		return
	}
	waiting := make(map[int]bool, len(run)) // not placed yet
	ours := make(map[int]bool, len(run))    // one of ours answers it
	for _, i := range run {
		waiting[i] = true
		if j, ok := answered(letters, byID, i); ok && letters[i].arrived() {
			ours[j] = true
		}
	}
	rank := func(i int) int {
		switch l := letters[i]; {
		case l.Ours && !l.closes():
			return 0
		case l.Ours:
			return 1
		case ours[i]:
			return 2
		}
		return 3
	}
	left := slices.Clone(run)
	for n := range run {
		best := -1
		for k, i := range left {
			if j, ok := answered(letters, byID, i); ok && waiting[j] {
				continue
			}
			if best < 0 || rank(i) < rank(left[best]) {
				best = k
			}
		}
		best = max(best, 0) // a ring: as they came
		run[n] = left[best]
		delete(waiting, left[best])
		left = slices.Delete(left, best, best+1)
	}
}
