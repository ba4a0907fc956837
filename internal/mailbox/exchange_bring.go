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
		for i := range known.seeks {
			known.seeks[i].pace.rested(l.b.h.now())
		}
		known.drained()
	}
	if known != nil && known.still(f) {
		return nil
	}
	if known != nil && known.at.UIDValidity != f.UIDValidity {
		known = nil
	}
	s := &sight{id: id, known: known, validity: f.UIDValidity, next: &collected{at: f, letters: map[uint32]gathered{}, notices: map[uint32]notice{}}}
	if known != nil && known.at.UIDNext > 0 {
		s.next.since, s.next.below, s.next.looked = known.since, known.below, known.looked
		s.next.seeks, s.next.flooded, s.next.letterPace = known.seeks, known.flooded, known.letterPace
		s.uids = slices.Collect(maps.Keys(known.letters))
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
		err = l.read(ctx, f, s)
	}
	if err != nil {
		return err
	}
	l.c.folders[id] = s.next
	return nil
}

// sight is one look at one folder.
type sight struct {
	id       string     // of the folder
	known    *collected // before; nil at the first look
	next     *collected // what it becomes
	validity uint32
	uids     []uint32 // of patients' letters
	late     bool     // time is over for this look
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
	if err := l.take(ctx, f, s, hits); err != nil {
		return false, err
	}
	if s.known == nil {
		s.next.looked = hits.Looked
	}
	if !hits.Complete { // goOn tells whether there is room for more
		s.next.below, s.late = s.reached, !hits.Enough
	}
	return false, nil
}

// goOn looks further down than time allowed before, or than reports and notices let the
// question get. What cannot be looked at now is looked at later: it is said to be missing
// until then.
func (l *gathering) goOn(ctx context.Context, f mailserver.Folder, s *sight) error {
	until := l.more
	if s.known == nil {
		until = l.first
	}
	for asked := false; s.next.below > 0 && !s.late && !s.next.letterPace.stuck(); asked = true {
		if len(s.uids) >= gatherLetters || s.next.looked >= gatherLooked {
			s.next.below = 0
			return nil
		}
		if asked && !l.b.h.now().Before(until) {
			return nil
		}
		q := l.question(f, gatherLetters, gatherLooked-s.next.looked, until)
		q.Below, q.Window = s.next.below, s.next.letterPace.window
		hits, err := l.b.mail.Correspondence(ctx, q)
		switch {
		case ctx.Err() != nil || problem.Is(err, problem.SignInNeeded):
			return err
		case err != nil || hits.Validity != s.validity, !hits.Complete && (hits.Reached == 0 || hits.Reached >= s.next.below): // no further than before
			s.next.letterPace.missed(l.b.h.now())
			return nil
		}
		s.next.looked += hits.Looked
		s.next.since, s.next.below, s.late = time.Time{}, 0, !hits.Complete && !hits.Enough
		if !hits.Complete {
			s.next.below = hits.Reached
		}
		s.next.letterPace.went()
		if err := l.take(ctx, f, s, hits); err != nil {
			return err
		}
	}
	return nil
}

func (l *gathering) question(f mailserver.Folder, limit int, letters uint32, until time.Time) mailserver.Correspondence {
	return mailserver.Correspondence{Folder: f.Name, Holds: "@" + string(mssante.PatientDomain),
		Limit: limit, Looking: letters, Within: max(until.Sub(l.b.h.now()), time.Second)}
}

// take adds the letters among what was found, and notes from where on nothing is missing.
func (l *gathering) take(ctx context.Context, f mailserver.Folder, s *sight, hits mailserver.Hits) error {
	fresh := slices.DeleteFunc(slices.Clone(hits.UIDs), func(uid uint32) bool { return slices.Contains(s.uids, uid) })
	if err := l.judge(ctx, f, s, fresh, true); err != nil {
		return err
	}
	for _, uid := range fresh {
		if _, ok := s.next.letters[uid]; ok {
			s.uids = append(s.uids, uid)
		}
	}
	if s.reached = 0; !hits.Complete {
		if s.reached = hits.Reached; s.reached == 0 {
			s.reached = math.MaxUint32 // nothing was looked at
		}
	}
	return nil
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
		for _, uid := range s.uids[gatherLetters:] {
			delete(s.next.letters, uid)
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

// read looks at what was known before again, and opens the notices that are new.
func (l *gathering) read(ctx context.Context, f mailserver.Folder, s *sight) error {
	s.next.at.UIDValidity = s.validity
	if s.known != nil {
		before := slices.DeleteFunc(slices.Clone(s.uids), func(uid uint32) bool { _, ok := s.next.letters[uid]; return ok })
		if err := l.judge(ctx, f, s, before, true); err != nil {
			return err
		}
	}
	l.readNotices(ctx, s.id, s)
	return nil
}

// still: everything is known of the folder, and nothing came, went or was marked.
// Without CONDSTORE nobody can tell.
func (c *collected) still(is mailserver.Folder) bool {
	was := c.at
	return !c.unfinished() && was.Counted() && is.HighestModSeq != 0 && was.UIDValidity == is.UIDValidity && was.UIDNext == is.UIDNext &&
		was.Messages == is.Messages && was.HighestModSeq == is.HighestModSeq
}
