package mailbox

import (
	"context"
	"maps"
	"slices"

	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

const (
	noticesAtOnce = 40 // notices one look opens: a flood of them waits, and no more are asked for
	noticeTries   = 3  // to open one, then it is left alone
	maxSpans      = 20 // stretches not asked about, then the two oldest are one
)

// seekSought are the two questions about notices, each with a look of its own: letters that only
// bear the subject of a notice keep no report from being found, nor the other way round.
var seekSought = [2]mailserver.Sought{mailserver.Reports, mailserver.Returned}

// seeking is how far one question about the notices of a folder got. It never asks about a
// letter again, so that one looked at and refused costs nothing more.
type seeking struct {
	left   []span // not asked about yet, the newest first
	looked uint32 // letters looked at so far, but news
	full   bool   // enough was looked at: what is older is not
	pace   pace
}

// span is a stretch of letters by UID: since from, below below (0: to the newest).
type span struct{ from, below uint32 }

// news adds what came since UIDNEXT was next; 0 is everything.
func (k *seeking) news(next uint32) {
	switch {
	case len(k.left) > 0 && k.left[0].below == 0: // it reaches to the newest
		return
	case next == 0:
		k.left, k.looked, k.full = []span{{from: 1}}, 0, false
		return
	}
	k.left = slices.Insert(k.left, 0, span{from: next})
	if n := len(k.left); n > maxSpans {
		k.left[n-2].from = k.left[n-1].from
		k.left = k.left[:n-1]
	}
}

// askNotices finds the notices of a folder, the newest first, until time ends it or enough wait
// to be opened; later looks go on. It moves nothing of what is known of the patients' letters:
// neither since when none is missing, nor whether the look at them ended.
func (l *gathering) askNotices(ctx context.Context, f mailserver.Folder, s *sight) error {
	if s.known != nil { // those that are still there
		if err := l.judge(ctx, f, s, newestFirst(s.known.notices), false); err != nil {
			return err
		}
	}
	for i, sought := range seekSought {
		k := &s.next.seeks[i]
		k.left = slices.Clone(k.left)
		if s.known == nil {
			k.news(0)
		} else if f.UIDNext != s.known.at.UIDNext {
			k.news(s.known.at.UIDNext)
		}
		for asked := false; len(k.left) > 0 && !k.pace.stuck() && s.unopened() < noticesAtOnce; asked = true {
			if asked && !l.b.h.now().Before(l.more) {
				break
			}
			if k.left[0].from <= 1 && k.looked >= gatherLooked {
				k.left, k.full = nil, true
				break
			}
			if on, err := l.seek(ctx, f, s, k, sought); err != nil {
				return err
			} else if !on {
				break
			}
		}
	}
	return nil
}

// seek asks about the newest stretch; false when the rest is for a later look.
func (l *gathering) seek(ctx context.Context, f mailserver.Folder, s *sight, k *seeking, sought mailserver.Sought) (on bool, err error) {
	at := &k.left[0]
	q := l.question(f, gatherNotices, gatherLooked-min(k.looked, gatherLooked-1), l.more)
	q.Sought, q.From, q.Below, q.Window = sought, at.from, at.below, k.pace.window
	hits, err := l.b.mail.Correspondence(ctx, q)
	switch {
	case ctx.Err() != nil || problem.Is(err, problem.SignInNeeded):
		return false, err
	case err != nil || hits.Validity != s.validity:
		k.pace.missed(l.b.h.now())
		return false, nil
	}
	if at.from <= 1 {
		k.looked += hits.Looked
	}
	switch {
	case hits.Complete, hits.Reached > 0 && hits.Reached <= at.from:
		k.left = k.left[1:]
	case hits.Reached == 0 || at.below > 0 && hits.Reached >= at.below: // no further than before
		k.pace.missed(l.b.h.now())
		return false, nil
	default:
		at.below = hits.Reached
	}
	k.pace.went()
	return hits.Complete || hits.Enough, l.judge(ctx, f, s, hits.UIDs, false)
}

// unopened counts the notices that wait to be opened.
func (s *sight) unopened() (n int) {
	for _, x := range s.next.notices {
		if !x.read {
			n++
		}
	}
	return n
}

// readNotices opens those that were not yet, the newest first. One that cannot be opened is
// tried again.
func (l *gathering) readNotices(ctx context.Context, folder string, s *sight) {
	opened := 0
	for _, uid := range newestFirst(s.next.notices) {
		n := s.next.notices[uid]
		if n.read || opened == noticesAtOnce || opened > 0 && l.b.h.now().After(l.first) {
			continue
		}
		opened++
		letter, err := l.b.letter(ctx, Ref{folder, s.validity, uid})
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			n.tries++
			n.read = n.tries == noticeTries
			s.next.notices[uid] = n
			continue
		}
		if n = noticeOf(letter, l.b.Address()); n.about == "" {
			delete(s.next.notices, uid)
			continue
		}
		s.next.notices[uid] = n
	}
	s.next.bound()
}

// bound keeps the newest notices of a loss, those that can be believed apart from those that
// cannot: by writing the ones nobody pushes out the others.
func (c *collected) bound() {
	kept := map[bool]int{}
	for _, uid := range newestFirst(c.notices) {
		n := c.notices[uid]
		if !n.read || n.about == "" {
			continue
		}
		if kept[n.claim]++; kept[n.claim] > gatherNotices {
			delete(c.notices, uid)
			c.flooded = true
		}
	}
}

// drained lets a folder be looked at anew once what flooded it is gone.
func (c *collected) drained() {
	if c.flooded && len(c.notices) < gatherNotices {
		c.flooded, c.seeks = false, [2]seeking{{left: []span{{from: 1}}}, {left: []span{{from: 1}}}}
	}
}

func newestFirst(notices map[uint32]notice) []uint32 {
	out := slices.Sorted(maps.Keys(notices))
	slices.Reverse(out)
	return out
}

// judge reads the rows a question found, and keeps each for what it is: a notice, whichever
// question found it, or a letter when that was asked for. What is neither takes no place.
func (l *gathering) judge(ctx context.Context, f mailserver.Folder, s *sight, uids []uint32, letters bool) error {
	rows, err := l.b.mail.RowsOf(ctx, f.Name, s.validity, uids)
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		if isNotice(r, f.Role) {
			if _, ok := s.next.notices[r.UID]; !ok {
				s.next.notices[r.UID] = s.knownNotice(r)
			}
		} else if g, ok := l.b.gatheredOf(s.id, f.Role, s.validity, r); ok && letters {
			s.next.letters[r.UID] = g
		}
	}
	return nil
}

// knownNotice is what is known of a notice, or that it is to be opened.
func (s *sight) knownNotice(r *mailserver.Row) notice {
	if s.known != nil {
		if n, ok := s.known.notices[r.UID]; ok {
			return n
		}
	}
	return notice{received: r.Received}
}
