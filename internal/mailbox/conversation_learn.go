package mailbox

import (
	"context"
	"log/slog"
	"slices"

	"pli.example/pli/internal/index"
	"pli.example/pli/internal/problem"
)

// maxLearnt is of how many folders the letters of one page are read when nobody showed
// them before: each costs the server a question, once.
const maxLearnt = 4

// learnLetters has what rows show of letters remembered: how their text begins, how many
// files they have. What cannot be read now is shown without.
func (b *Box) learnLetters(ctx context.Context, letters []index.Ref, shown string) {
	by := map[string]group{}
	for _, r := range letters {
		if _, ok := b.mail.Remembered(r.Folder, r.Validity, r.UID); ok {
			continue
		}
		g := by[r.Folder]
		g.name, g.validity, g.uids = r.Folder, r.Validity, append(g.uids, r.UID)
		by[r.Folder] = g
	}
	if len(by) == 0 {
		return
	}
	groups := make([]group, 0, len(by))
	for _, g := range by {
		groups = append(groups, g)
	}
	// The folder shown last, so that it is then the open one; before it those with most to read.
	slices.SortFunc(groups, func(x, y group) int {
		if (x.name == shown) != (y.name == shown) {
			if x.name == shown {
				return 1
			}
			return -1
		}
		return len(x.uids) - len(y.uids)
	})
	for _, g := range groups[max(0, len(groups)-maxLearnt):] {
		if err := b.mail.Learn(ctx, g.name, g.validity, g.uids); err != nil {
			b.h.log.LogAttrs(ctx, slog.LevelInfo, "rows of a conversation without their text", slog.String("kind", problem.KindOf(err).String()))
			if !problem.Is(err, problem.Gone) && !problem.Is(err, problem.UpstreamRefused) {
				return
			}
		}
	}
}

// textOf is what a row shows beside what the index knows.
func (b *Box) textOf(f *index.Found) (snippet string, files int, unreadable bool) {
	if r, ok := b.mail.Remembered(f.Folder, f.Validity, f.UID); ok {
		return r.Snippet, r.Files, r.Unreadable
	}
	if f.Flags&index.Mixed != 0 {
		files = 1
	}
	return "", files, false
}
