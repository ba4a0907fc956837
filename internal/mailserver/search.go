package mailserver

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/problem"
)

// Bounds of a search.
const (
	maxWords     = 12
	maxWordBytes = 200
	firstWindow  = 2000  // letters per question when bodies are read: newest first
	laterWindow  = 10000 // once the first answer has shown how fast the server is
)

// Search asks for letters that hold every word.
type Search struct {
	Folder     string
	Words      []string      // that every letter must hold, beside Match
	Everywhere bool          // those words in bodies too, not only in who and subject
	Match      Match         // what else it must be
	Limit      int           // hits wanted, default 100
	Within     time.Duration // time for this folder, default 10 s
}

// Hits are the letters found in one folder.
type Hits struct {
	Folder      string
	Validity    uint32
	UIDs        []uint32 // newest first, at most Limit
	All         Ranges   // every letter found in what was looked at: what "all of them" means
	Found       int      // in what was looked at, may exceed len(UIDs)
	Looked      uint32   // letters looked at, counted from the newest
	Of          uint32   // letters in the folder
	Complete    bool     // the whole folder was looked at
	Reached     uint32   // Correspondence alone, when not Complete: nothing from this UID on is missing
	Enough      bool     // not Complete because Limit letters were found, rather than for lack of time
	Approximate bool     // the server cannot search accents: only the plain part of the words was asked
}

const sayBusy = "Un téléchargement ou une autre recherche occupe déjà cette boîte\u00a0: celle-ci n’a pas pu commencer. Rien n’est perdu\u00a0: réessayez dans un instant."

// Search looks through one folder on the connection aside, for which it waits as
// long as Within: a slow search never blocks a click. Headers are asked in one
// question; bodies by windows from the newest on, until time or Limit ends it.
func (a *Account) Search(ctx context.Context, q Search) (Hits, error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	if q.Within <= 0 {
		q.Within = 10 * time.Second
	}
	m := q.match()
	if err := m.check(); err != nil {
		return Hits{}, door(ctx, err, "searching")
	}
	var out Hits
	held, begun, until := a.aside != a.commands && a.aside.inUse() >= 1, false, a.s.o.Now().Add(q.Within)
	limit, cancel := context.WithTimeout(ctx, q.Within+time.Second) // a question under way ends by its own limit
	defer cancel()
	err := a.read(limit, a.aside, func(c *conn) error {
		begun = true
		out = Hits{Folder: q.Folder}
		return a.search(limit, c, q, until, m, &out)
	})
	if err != nil && errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		switch {
		case out.Looked > 0:
			err = nil // time is up: what was found is shown, and how far it got
		case held && !begun:
			err = problem.Wrap(err, problem.Timeout, sayBusy)
		}
	}
	return out, door(ctx, err, "searching")
}

func (a *Account) search(ctx context.Context, c *conn, q Search, until time.Time, m Match, out *Hits) error {
	window := uint32(0) // 0: all at once
	if len(m.Texts)+len(m.Bodies) > 0 {
		window = firstWindow
	}
	var top uint32
	for first := true; first || top > 0; first = false {
		left := until.Sub(a.s.o.Now())
		if left <= 0 {
			return nil
		}
		err := c.do(ctx, verbSearch, max(left, time.Second), budgetUIDs, func() error {
			if first {
				if err := c.open(q.Folder, a.aside != a.commands); err != nil {
					return err
				}
				top, out.Of, out.Validity = c.exists(), c.exists(), c.validity
				if top == 0 {
					return nil
				}
			}
			low := uint32(1)
			if window > 0 && top > window {
				low = top - window + 1
			}
			found, approximate, err := c.searchWindow(m, low, top)
			if err != nil {
				return err
			}
			out.Approximate = out.Approximate || approximate
			out.Found += int(min(found.count(), uint64(out.Of)))
			out.UIDs = append(out.UIDs, found.newest(0, q.Limit-len(out.UIDs))...)
			out.All = out.All.and(found, out.Of)
			out.Looked += top - low + 1
			top = low - 1
			return nil
		})
		if err != nil {
			return err
		}
		out.Complete = top == 0
		if len(out.UIDs) >= q.Limit {
			out.Enough = !out.Complete
			return nil
		}
		window = min(window*2, laterWindow)
	}
	return nil
}

// match is all that is asked.
func (q Search) match() Match {
	m := q.Match
	if q.Everywhere {
		m.Texts = slices.Concat(m.Texts, q.Words)
	} else {
		m.Words = slices.Concat(m.Words, q.Words)
	}
	return m
}

// searchWindow asks about positions low to top. BADCHARSET (RFC 9051 §7.1) is
// answered by asking for the ASCII parts of the words.
func (c *conn) searchWindow(m Match, low, top uint32) (spans, bool, error) {
	ask := func(m Match) (spans, error) {
		var set imap.SeqSet
		set.AddRange(low, top)
		asked := m.criteria()
		asked.SeqNum = []imap.SeqSet{set}
		return c.uidSearch(asked)
	}
	found, err := ask(m)
	var no *imap.Error
	if !errors.As(err, &no) || no.Code != imap.ResponseCodeBadCharset && no.Type != imap.StatusResponseTypeBad {
		return found, false, err
	}
	plain, ok := m.plain()
	if !ok {
		return nil, false, err
	}
	found, err = ask(plain)
	return found, true, err
}

// RowsOf gives the rows of known letters of a folder, newest first: search
// results, a selection. Letters that are gone are left out.
func (a *Account) RowsOf(ctx context.Context, folder string, validity uint32, uids []uint32) ([]Row, error) {
	if len(uids) == 0 {
		return nil, nil
	}
	if len(uids) > maxBulk {
		uids = uids[:maxBulk]
	}
	var rows []Row
	err := a.read(ctx, a.commands, func(c *conn) error {
		return c.do(ctx, verbFetch, a.s.o.CommandTimeout, budgetList, func() error {
			set, err := c.prepare(folder, validity, uids)
			if err != nil {
				return err
			}
			rows, err = c.flagRows(set)
			sortByUID(rows)
			return err
		})
	})
	if err == nil {
		if missing := a.fill(folder, validity, rows); len(missing) > 0 {
			if err = a.salvage(ctx, folder, validity, missing); err == nil {
				a.fill(folder, validity, rows)
			}
		}
	}
	return rows, door(ctx, err, "reading rows")
}
