package mailbox

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// gathering brings a collection up to date, folder by folder.
type gathering struct {
	b     *Box
	c     *collection
	first time.Time // when a folder's first look ends
	more  time.Time // when going on with one ends: somebody may wait for the page
}

// bringUp makes what is known of a folder that of now, and goes on where the look before
// ran out of time.
func (l *gathering) bringUp(ctx context.Context, id string, f mailserver.Folder) error {
	known := l.c.folders[id]
	if known != nil {
		known.letterPace.rested(l.b.h.now())
		known.noticePace.rested(l.b.h.now())
	}
	if known != nil && known.still(f) {
		return nil
	}
	if known != nil && known.at.UIDValidity != f.UIDValidity {
		known = nil
	}
	s := &sight{known: known, validity: f.UIDValidity, next: &collected{at: f, letters: map[uint32]gathered{}, notices: map[uint32]notice{}}}
	if known != nil && known.at.UIDNext > 0 {
		s.next.since, s.next.below, s.next.looked = known.since, known.below, known.looked
		s.next.noticesBelow, s.next.letterPace, s.next.noticePace = known.noticesBelow, known.letterPace, known.noticePace
		s.uids, s.notices = slices.Collect(maps.Keys(known.letters)), slices.Collect(maps.Keys(known.notices))
	} else {
		s.known = nil
	}
	anew, err := l.news(ctx, f, s)
	if anew { // made anew in between: all of it again
		delete(l.c.folders, id)
		f.UIDValidity, f.UIDNext = s.validity, 0
		return l.bringUp(ctx, id, f)
	}
	if err == nil {
		err = l.goOn(ctx, f, s)
	}
	if err == nil {
		err = l.settle(ctx, f, s)
	}
	if err == nil && f.Role != mailserver.RoleSent {
		err = l.askNotices(ctx, f, s)
	}
	if err == nil {
		err = l.read(ctx, id, f, s)
	}
	if err != nil {
		return err
	}
	l.c.folders[id] = s.next
	return nil
}

// sight is one look at one folder.
type sight struct {
	known    *collected // before; nil at the first look
	next     *collected // what it becomes
	validity uint32
	uids     []uint32 // of patients' letters
	notices  []uint32 // of what servers wrote back
	reached  uint32   // letters below are missing, but those already known; 0 for none
}

// news asks for the letters that came since the look before, all of them at the first;
// anew tells that the folder is not the one that was known.
func (l *gathering) news(ctx context.Context, f mailserver.Folder, s *sight) (anew bool, err error) {
	if s.known != nil && f.UIDNext == s.known.at.UIDNext {
		return false, nil
	}
	q := l.question(f, gatherLetters, gatherLooked, l.first)
	if s.known != nil {
		q.From = s.known.at.UIDNext
	}
	hits, err := l.b.mail.Correspondence(ctx, q)
	if err != nil {
		return false, err
	}
	if hits.Validity == 0 { // no time left even to open it
		hits.Validity = s.validity
	}
	anew = s.known != nil && hits.Validity != s.validity
	s.validity = hits.Validity
	if anew {
		return true, nil
	}
	s.take(hits)
	if s.known == nil {
		s.next.looked = hits.Looked
	}
	if !hits.Complete && !hits.Enough {
		s.next.below = s.reached
	}
	return false, nil
}

// goOn looks further down than time allowed before. What cannot be looked at now is
// looked at later: it is said to be missing until then.
func (l *gathering) goOn(ctx context.Context, f mailserver.Folder, s *sight) error {
	if s.known == nil || s.next.below == 0 || s.reached > 0 || s.next.letterPace.stuck() {
		return nil
	}
	room := gatherLetters - len(s.uids)
	if room <= 0 || s.next.looked >= gatherLooked {
		s.next.below = 0
		return nil
	}
	q := l.question(f, room, gatherLooked-s.next.looked, l.more)
	q.Below, q.Window = s.next.below, s.next.letterPace.window
	hits, err := l.b.mail.Correspondence(ctx, q)
	if err != nil || hits.Validity != s.validity {
		if ctx.Err() != nil || problem.Is(err, problem.SignInNeeded) {
			return err
		}
		s.next.letterPace.missed(l.b.h.now())
		return nil
	}
	s.next.looked += hits.Looked
	switch {
	case hits.Complete:
		s.next.since, s.next.below = time.Time{}, 0
	case hits.Reached == 0: // no further than before
		s.next.letterPace.missed(l.b.h.now())
		return nil
	case hits.Enough:
		s.next.since, s.next.below = time.Time{}, 0
	default:
		s.next.since, s.next.below = time.Time{}, hits.Reached
	}
	s.next.letterPace.went()
	s.take(hits)
	return nil
}

func (l *gathering) question(f mailserver.Folder, limit int, letters uint32, until time.Time) mailserver.Correspondence {
	return mailserver.Correspondence{Folder: f.Name, Holds: "@" + string(mssante.PatientDomain),
		Limit: limit, Looking: letters, Within: max(until.Sub(l.b.h.now()), time.Second)}
}

// take adds what was found, and notes from where on nothing is missing.
func (s *sight) take(hits mailserver.Hits) {
	s.uids = append(s.uids, hits.UIDs...)
	if !hits.Complete {
		if s.reached = hits.Reached; s.reached == 0 {
			s.reached = math.MaxUint32 // nothing was looked at
		}
	}
}

// settle keeps the newest letters and finds from when on none is missing.
func (l *gathering) settle(ctx context.Context, f mailserver.Folder, s *sight) error {
	slices.SortFunc(s.uids, func(x, y uint32) int { return int(int64(y) - int64(x)) })
	s.uids = slices.Compact(s.uids)
	if len(s.uids) > gatherLetters {
		for _, uid := range s.uids[gatherLetters:] {
			if at, ok := s.known.when(uid); !ok {
				s.reached = s.uids[gatherLetters-1]
			} else if at = at.Add(time.Nanosecond); at.After(s.next.since) {
				s.next.since = at
			}
		}
		s.uids, s.next.below = s.uids[:gatherLetters], 0
	}
	if s.reached == 0 {
		return nil
	}
	at, err := l.b.mail.NewestBelow(ctx, f.Name, s.validity, s.reached)
	if err == nil && at.After(s.next.since) {
		s.next.since = at
	}
	return err
}

// when tells when a letter that is known came.
func (c *collected) when(uid uint32) (time.Time, bool) {
	if c == nil {
		return time.Time{}, false
	}
	g, ok := c.letters[uid]
	return g.Received, ok
}

// read takes the letters in, and opens the notices that are new. What only the question of
// notices found is no letter of a patient.
func (l *gathering) read(ctx context.Context, id string, f mailserver.Folder, s *sight) error {
	rows, err := l.b.mail.RowsOf(ctx, f.Name, s.validity, slices.Concat(s.uids, s.notices))
	if err != nil {
		return err
	}
	s.next.at.UIDValidity = s.validity
	for i := range rows {
		r := &rows[i]
		if isNotice(r, f.Role) {
			n := notice{received: r.Received}
			if s.known != nil && s.known.notices[r.UID].read {
				n = s.known.notices[r.UID]
			}
			s.next.notices[r.UID] = n
		} else if g, ok := l.b.gatheredOf(id, f.Role, s.validity, r); ok && slices.Contains(s.uids, r.UID) {
			s.next.letters[r.UID] = g
		}
	}
	l.readNotices(ctx, id, s)
	return nil
}

// still: everything is known of the folder, and nothing came, went or was marked.
// Without CONDSTORE nobody can tell.
func (c *collected) still(is mailserver.Folder) bool {
	was := c.at
	return !c.unfinished() && was.Counted() && is.HighestModSeq != 0 && was.UIDValidity == is.UIDValidity && was.UIDNext == is.UIDNext &&
		was.Messages == is.Messages && was.HighestModSeq == is.HighestModSeq
}
