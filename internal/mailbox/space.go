package mailbox

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// Room is how full a mailbox is. Limit and LetterMost are 0 where there is none.
type Room struct {
	Used, Limit         int64 // bytes
	Letters, LetterMost int64
	Percent             int // of what is nearest to its limit; 0 when nobody knows
}

// Space tells what takes the room of a mailbox.
type Space struct {
	Room    Room
	Folders []SpaceFolder // the heaviest first, or the fullest where nobody weighs
	Weighed bool
	Large   []Item // the heaviest letters, bin and junk apart
	Senders []SpaceSender
	Old     []OldLot
	Bin     *SpaceFolder // nil when there is none, or it is empty
	Late    []string     // folders that time or the server did not allow to look through
}

// SpaceFolder is a folder and its weight in bytes, -1 when not known.
type SpaceFolder struct {
	FolderView
	Size int64
}

// SpaceSender is who sent heavy letters, and those.
type SpaceSender struct {
	Who  Item // one of them, for its names
	Size int64
	Refs []Ref
}

// OldLot is the letters of a folder received before a day.
type OldLot struct {
	FolderView
	Years int
	Count int
}

// Bounds of one look.
const (
	LargeOver   = 1_000_000 // bytes: a letter worth looking at
	largeShown  = 40
	largeRead   = 300 // letters of one folder whose weight is asked
	largeSteps  = 5   // each asks for letters twice as large, where there are too many
	spaceTime   = 12 * time.Second
	spaceLooked = 12 // folders looked into for old and heavy letters, the fullest
	sendersMost = 8
)

// OldYears are the ages offered.
func OldYears() []int { return []int{2, 5} }

// Room asks how full the mailbox is. It shows no letter: it is not recorded.
func (b *Box) Room(ctx context.Context) (Room, error) {
	q, err := b.mail.Quota(ctx)
	return Room{q.Used, q.Limit, q.Letters, q.LetterMost, q.Percent()}, err
}

// Space looks at what takes the room, within a bounded time, and says what it could
// not look at.
func (b *Box) Space(ctx context.Context) (Space, error) {
	if err := b.may(ctx, delegation.Triage, audit.LetterList); err != nil {
		return Space{}, err
	}
	s, err := b.space(ctx)
	err = b.record(ctx, audit.Event{Action: audit.LetterList, Request: "STATUS SIZE, SEARCH LARGER", Count: len(s.Large)}, err)
	if err != nil {
		return Space{}, err
	}
	return s, nil
}

func (b *Box) space(ctx context.Context) (Space, error) {
	views, err := b.Folders(ctx)
	if err != nil {
		return Space{}, err
	}
	var s Space
	if s.Room, err = b.Room(ctx); err != nil {
		return Space{}, err
	}
	var names []string
	for _, v := range views {
		if k, ok := b.known(v.ID); ok && v.Selectable {
			s.Folders = append(s.Folders, SpaceFolder{v, -1})
			names = append(names, k.name)
		}
	}
	limit, cancel := context.WithTimeout(ctx, spaceTime)
	defer cancel()
	sizes, ok, err := b.mail.Sizes(limit, names)
	if err != nil && !problem.Is(err, problem.Timeout) {
		return Space{}, err
	}
	for i, name := range names {
		if n, told := sizes[name]; told {
			s.Folders[i].Size = n
		}
	}
	s.Weighed = ok && err == nil
	slices.SortStableFunc(s.Folders, func(x, y SpaceFolder) int {
		return cmp.Or(cmp.Compare(y.Size, x.Size), cmp.Compare(y.Messages, x.Messages))
	})
	for i := range s.Folders {
		if f := s.Folders[i]; f.Role == mailserver.RoleTrash && f.Messages > 0 {
			s.Bin = &f
		}
	}
	return s, b.lookThrough(ctx, limit, &s)
}

// lookThrough finds heavy and old letters, the fullest folders first.
func (b *Box) lookThrough(ctx, limit context.Context, s *Space) error {
	folders := slices.DeleteFunc(slices.Clone(s.Folders), func(f SpaceFolder) bool {
		return f.Messages == 0 || f.Role == mailserver.RoleTrash || f.Role == mailserver.RoleJunk
	})
	for i, f := range folders {
		if i >= spaceLooked || limit.Err() != nil {
			s.Late = append(s.Late, f.Label)
			continue
		}
		k, _ := b.known(f.ID)
		err := b.lookInto(limit, f, k.name, s)
		switch {
		case err == nil:
		case ctx.Err() != nil, problem.Is(err, problem.SignInNeeded):
			return err
		default:
			s.Late = append(s.Late, f.Label)
		}
	}
	slices.SortStableFunc(s.Large, func(x, y Item) int { return cmp.Compare(y.Size, x.Size) })
	s.Senders = senders(s.Large)
	s.Large = s.Large[:min(len(s.Large), largeShown)]
	return nil
}

func (b *Box) lookInto(ctx context.Context, f SpaceFolder, name string, s *Space) error {
	uids, err := b.heaviest(ctx, name, f.UIDValidity, LargeOver, largeRead)
	if err != nil {
		return err
	}
	rows, err := b.mail.RowsOf(ctx, name, f.UIDValidity, uids)
	if err != nil {
		return err
	}
	for i := range rows {
		s.Large = append(s.Large, item(f.ID, f.UIDValidity, &rows[i]))
	}
	if f.Role == mailserver.RoleDrafts {
		return nil
	}
	for _, years := range OldYears() {
		old, err := b.mail.Choose(ctx, mailserver.Choice{Folder: name, Validity: f.UIDValidity, Before: b.h.now().AddDate(-years, 0, 0)})
		if err != nil {
			return err
		}
		if n := old.UIDs.Count(); n > 0 {
			s.Old = append(s.Old, OldLot{f.FolderView, years, n})
		}
	}
	return nil
}

// heaviest names at most n letters of a folder of more than so many bytes: where there
// are more than n, the larger ones first and the newest of the others.
func (b *Box) heaviest(ctx context.Context, name string, validity uint32, over int64, n int) ([]uint32, error) {
	var all, less mailserver.Ranges
	for most := over << largeSteps; over <= most; over *= 2 {
		heavy, err := b.mail.Choose(ctx, mailserver.Choice{Folder: name, Validity: validity, Larger: over})
		if err != nil {
			return nil, err
		}
		if less, all = all, heavy.UIDs; all.Count() <= n {
			break
		}
	}
	_, newest := all.Take(max(all.Count()-n, 0))
	uids, _ := newest.Take(n)
	others, _ := less.Take(less.Count())
	for i := len(others) - 1; i >= 0 && len(uids) < n; i-- {
		if !slices.Contains(uids, others[i]) {
			uids = append(uids, others[i])
		}
	}
	return uids, nil
}

// senders groups heavy letters by who sent them, the heaviest first.
func senders(all []Item) []SpaceSender {
	by := map[string]*SpaceSender{}
	for _, it := range all {
		if len(it.From) == 0 || !it.From[0].Valid {
			continue
		}
		key := strings.ToLower(it.From[0].Address.String())
		g := by[key]
		if g == nil {
			g = &SpaceSender{Who: it}
			by[key] = g
		}
		g.Size += it.Size
		if len(g.Refs) < maxRefs {
			g.Refs = append(g.Refs, it.Ref)
		}
	}
	var out []SpaceSender
	for _, g := range by {
		if len(g.Refs) > 1 {
			out = append(out, *g)
		}
	}
	slices.SortFunc(out, func(x, y SpaceSender) int {
		return cmp.Or(cmp.Compare(y.Size, x.Size), strings.Compare(x.Who.From[0].Address.String(), y.Who.From[0].Address.String()))
	})
	return out[:min(len(out), sendersMost)]
}

// ChooseOld chooses the letters of a folder received more than some years ago.
func (b *Box) ChooseOld(ctx context.Context, folder string, years int) (Choice, error) {
	if !slices.Contains(OldYears(), years) {
		return Choice{}, problem.New(problem.Invalid, "")
	}
	return b.chooseNow(ctx, FolderChoice{Folder: folder, Before: b.h.now().AddDate(-years, 0, 0)})
}

const sayNotBin = "Seules les lettres de la corbeille ou des indésirables se suppriment définitivement\u00a0: rien n’a changé."

// erasable reports that all the letters of a choice lie where letters are thrown away.
func (b *Box) erasable(ctx context.Context, c Choice) error {
	folders, err := b.mail.Folders(ctx) // roles as they are now
	if err != nil {
		return err
	}
	b.learn(folders)
	for _, p := range c.parts {
		k, _ := b.known(p.id)
		if k.role != mailserver.RoleTrash && k.role != mailserver.RoleJunk {
			return problem.New(problem.Denied, sayNotBin)
		}
	}
	return nil
}

// ChooseBin chooses what the bin holds now, what another program marked deleted there
// included, which takes room all the same: exactly these are erased, once that was
// asked, and not what is thrown away in between.
func (b *Box) ChooseBin(ctx context.Context) (Choice, error) {
	views, err := b.Folders(ctx)
	if err != nil {
		return Choice{}, err
	}
	for _, v := range views {
		if v.Role == mailserver.RoleTrash {
			return b.chooseNow(ctx, FolderChoice{Folder: v.ID, Deleted: true})
		}
	}
	return Choice{}, problem.New(problem.Gone, sayNothing)
}
