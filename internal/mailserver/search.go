package mailserver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/problem"
)

// Bounds of a search.
const (
	maxWords     = 8
	maxWordBytes = 200
	firstWindow  = 2000  // letters per question when bodies are read: newest first
	laterWindow  = 10000 // once the first answer has shown how fast the server is
)

// Search asks for letters that hold every word.
type Search struct {
	Folder     string
	Words      []string
	Everywhere bool          // bodies too, not only who and subject
	Limit      int           // hits wanted, default 100
	Within     time.Duration // time for this folder, default 10 s
}

// Hits are the letters found in one folder.
type Hits struct {
	Folder      string
	Validity    uint32
	UIDs        []uint32 // newest first, at most Limit
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
	criteria, err := searchKeys(q.Words, q.Everywhere)
	if err != nil {
		return Hits{}, door(ctx, err, "searching")
	}
	var out Hits
	held, begun, until := a.aside != a.commands && a.aside.inUse() >= 1, false, a.s.o.Now().Add(q.Within)
	limit, cancel := context.WithTimeout(ctx, q.Within+time.Second) // a question under way ends by its own limit
	defer cancel()
	err = a.read(limit, a.aside, func(c *conn) error {
		begun = true
		out = Hits{Folder: q.Folder}
		return a.search(limit, c, q, until, criteria, &out)
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

func (a *Account) search(ctx context.Context, c *conn, q Search, until time.Time, criteria *imap.SearchCriteria, out *Hits) error {
	window := uint32(0) // 0: all at once
	if q.Everywhere {
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
			found, approximate, err := c.searchWindow(criteria, low, top)
			if err != nil {
				return err
			}
			out.Approximate = out.Approximate || approximate
			out.Found += int(min(found.count(), uint64(out.Of)))
			out.UIDs = append(out.UIDs, found.newest(0, q.Limit-len(out.UIDs))...)
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

// searchWindow asks about positions low to top. BADCHARSET (RFC 9051 §7.1) is
// answered by asking for the ASCII parts of the words.
func (c *conn) searchWindow(criteria *imap.SearchCriteria, low, top uint32) (spans, bool, error) {
	var set imap.SeqSet
	set.AddRange(low, top)
	asked := *criteria
	asked.SeqNum = []imap.SeqSet{set}
	found, err := c.uidSearch(&asked)
	var no *imap.Error
	if !errors.As(err, &no) || no.Code != imap.ResponseCodeBadCharset && no.Type != imap.StatusResponseTypeBad {
		return found, false, err
	}
	plain, ok := asciiOnly(criteria)
	if !ok {
		return nil, false, err
	}
	asked = *plain
	asked.SeqNum = []imap.SeqSet{set}
	found, err = c.uidSearch(&asked)
	return found, true, err
}

// searchKeys builds the question. Text goes to the library as data, quoted or as
// a literal of counted bytes; what no IMAP string should carry is refused here.
func searchKeys(words []string, everywhere bool) (*imap.SearchCriteria, error) {
	if len(words) == 0 || len(words) > maxWords {
		return nil, fmt.Errorf("%w: %d words", errValue, len(words))
	}
	out := &imap.SearchCriteria{}
	for _, w := range words {
		if w == "" || len(w) > maxWordBytes || !utf8.ValidString(w) || strings.ContainsFunc(w, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, fmt.Errorf("%w: search word", errValue)
		}
		if everywhere {
			out.Text = append(out.Text, w)
			continue
		}
		out.Or = append(out.Or, headerKeys(w))
	}
	return out, nil
}

// headerKeys: the word is in From, To, Cc or Subject.
func headerKeys(w string) [2]imap.SearchCriteria {
	in := func(key string) imap.SearchCriteria {
		return imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: key, Value: w}}}
	}
	return [2]imap.SearchCriteria{
		{Or: [][2]imap.SearchCriteria{{in("From"), in("Subject")}}},
		{Or: [][2]imap.SearchCriteria{{in("To"), in("Cc")}}},
	}
}

// asciiOnly keeps the longest ASCII run of each word; false when a word has none
// of two letters: that would find everything.
func asciiOnly(c *imap.SearchCriteria) (*imap.SearchCriteria, bool) {
	out := &imap.SearchCriteria{}
	changed := false
	for _, w := range c.Text {
		run := longestASCII(w)
		if len(run) < 2 {
			return nil, false
		}
		changed = changed || run != w
		out.Text = append(out.Text, run)
	}
	for _, or := range c.Or {
		w := or[0].Or[0][0].Header[0].Value
		run := longestASCII(w)
		if len(run) < 2 {
			return nil, false
		}
		changed = changed || run != w
		out.Or = append(out.Or, headerKeys(run))
	}
	return out, changed
}

func longestASCII(w string) (best string) {
	for _, run := range strings.FieldsFunc(w, func(r rune) bool { return r >= utf8.RuneSelf }) {
		if len(run) > len(best) {
			best = run
		}
	}
	return best
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
