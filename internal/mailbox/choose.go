package mailbox

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// Choice is many letters chosen at once: those of a folder as it stood when somebody
// looked, or all that a search found. It is kept in memory, for its session and its
// mailbox alone; a letter that arrives later is never of it.
type Choice struct {
	Handle string
	Folder string // opaque id of the one folder, "" for the letters of a search
	Filter string // "unread", "flagged", as the folder was looked at; "" for none
	Count  int
	Partly bool // there were more than one choice holds: the oldest are left out
	parts  []part
}

// part is the letters of one folder in a choice.
type part struct {
	folder   string // its name
	id       string // opaque
	validity uint32
	uids     mailserver.Ranges
}

// FolderChoice asks for every letter of a folder as a page showed it.
type FolderChoice struct {
	Folder      string // opaque id
	UIDValidity uint32
	Upto        uint32 // the newest letter there was, 0 when not known: all there are now
	Unread      bool
	Flagged     bool
	ToDo        bool
	Before      time.Time // received before that day; zero for any
	Deleted     bool      // those another program marked deleted, which no list shows, too
}

// Bounds of what a session chooses.
const (
	choiceFor  = time.Hour
	maxChoices = 4 // of one session; the oldest goes
	sayUnkept  = "Ce choix de lettres n’est plus gardé\u00a0: rien n’a changé. Revenez à la liste et choisissez à nouveau."
	sayNothing = "Aucune lettre n’est choisie\u00a0: rien n’a changé."
)

// choiceKey: nobody else's choice, and of no other mailbox.
type choiceKey struct{ session, account, box string }

type keptChoice struct {
	at     time.Time
	choice Choice
}

func (b *Box) choiceKey() choiceKey {
	return choiceKey{b.actor.SessionID, b.actor.AccountID, b.grant.Mailbox.ID}
}

// ChooseFolder chooses the letters of a folder. A folder made anew since is Gone.
func (b *Box) ChooseFolder(ctx context.Context, q FolderChoice) (Choice, error) {
	if err := b.may(ctx, delegation.Triage, audit.LetterList); err != nil {
		return Choice{}, err
	}
	c, err := b.chooseFolder(ctx, q)
	err = b.record(ctx, audit.Event{Action: audit.LetterList, Target: q.Folder, Request: "SEARCH all of them", Count: c.Count}, err)
	if err != nil {
		return Choice{}, err
	}
	return b.keepChoice(c)
}

// ChooseAll chooses every letter a folder holds now.
func (b *Box) ChooseAll(ctx context.Context, folder string) (Choice, error) {
	return b.chooseNow(ctx, FolderChoice{Folder: folder})
}

func (b *Box) chooseNow(ctx context.Context, q FolderChoice) (Choice, error) {
	name, err := b.folderName(ctx, q.Folder)
	if err != nil {
		return Choice{}, err
	}
	f, err := b.mail.Counters(ctx, name)
	if err != nil {
		return Choice{}, err
	}
	q.UIDValidity = f.UIDValidity
	return b.ChooseFolder(ctx, q)
}

func (b *Box) chooseFolder(ctx context.Context, q FolderChoice) (Choice, error) {
	name, err := b.folderName(ctx, q.Folder)
	if err != nil {
		return Choice{}, err
	}
	got, err := b.mail.Choose(ctx, mailserver.Choice{Folder: name, Validity: q.UIDValidity, Upto: q.Upto, Unread: q.Unread, Flagged: q.Flagged,
		Without: ListQuery{ToDo: q.ToDo}.without(), Before: q.Before, Deleted: q.Deleted})
	if err != nil {
		return Choice{}, err
	}
	c := Choice{Folder: q.Folder, Count: got.UIDs.Count(), Partly: !got.Whole, parts: []part{{name, q.Folder, q.UIDValidity, got.UIDs}}}
	switch {
	case q.Unread:
		c.Filter = "unread"
	case q.Flagged:
		c.Filter = "flagged"
	case q.ToDo:
		c.Filter = "todo"
	}
	return c, nil
}

// ChooseFound chooses the letters a search found, as it found them.
func (b *Box) ChooseFound(f Found) (Choice, error) {
	c := Choice{Count: f.Count()}
	c.parts = append(c.parts, f.parts...)
	return b.keepChoice(c)
}

// ChooseLetters chooses letters by their names.
func (b *Box) ChooseLetters(ctx context.Context, refs []Ref) (Choice, error) {
	groups, err := b.groupsOf(ctx, refs)
	if err != nil {
		return Choice{}, err
	}
	c := Choice{Count: count(groups)}
	for _, g := range groups {
		c.parts = append(c.parts, part{g.name, g.folder, g.validity, mailserver.RangesOf(g.uids)})
	}
	return b.keepChoice(c)
}

func (b *Box) keepChoice(c Choice) (Choice, error) {
	if c.Count == 0 {
		return Choice{}, problem.New(problem.Gone, sayNothing)
	}
	c.Handle = rand.Text()[:20]
	h := b.h
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, gone := h.dropped[b.actor.SessionID]; gone {
		return c, nil
	}
	all := append(h.choices[b.choiceKey()], keptChoice{h.now(), c})
	h.choices[b.choiceKey()] = slices.Clone(all[max(len(all)-maxChoices, 0):])
	return c, nil
}

// Choice gives back what this session chose in this mailbox, an hour at most.
func (b *Box) Choice(handle string) (Choice, error) {
	h := b.h
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, k := range h.choices[b.choiceKey()] {
		if k.choice.Handle == handle && h.now().Sub(k.at) < choiceFor {
			return k.choice, nil
		}
	}
	return Choice{}, problem.New(problem.Gone, sayUnkept)
}

// Found is every letter a search found, beyond those it shows.
type Found struct{ parts []part }

// Count is how many.
func (f Found) Count() (n int) {
	for _, p := range f.parts {
		n += p.uids.Count()
	}
	return n
}

// add notes what was found in a folder, once each.
func (f *Found) add(p part) {
	if p.uids.Count() == 0 {
		return
	}
	for i := range f.parts {
		if f.parts[i].id == p.id && f.parts[i].validity == p.validity {
			f.parts[i].uids = f.parts[i].uids.And(p.uids)
			return
		}
	}
	f.parts = append(f.parts, p)
}
