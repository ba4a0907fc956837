package mailbox

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"pli.example/pli/internal/problem"
)

const sayListFailed = "La liste des lettres n’a pas pu être préparée. Rien n’est perdu\u00a0: rechargez la page\u00a0; si cela dure, prévenez le support."

// besideAge: the letter's own answer told the news of its folder a moment ago.
const besideAge = 2 * time.Second

// LetterBeside opens a letter and lists the page of the folder it is read beside,
// as Letter and Desk do, both written to the trail, in one commit when the letter
// was read before. A letter to be marked read is, before the list is asked for,
// which then shows it as such. ready (nil for nothing) gets all three while the trail
// is being written, as Desk's does.
func (b *Box) LetterBeside(ctx context.Context, ref Ref, o LetterOptions, q ListQuery, ready func(*Letter, []FolderView, List)) (*Letter, []FolderView, List, error) {
	l, raw, err := b.fetch(ctx, ref)
	if err != nil || b.marks(o, l, err) {
		if err == nil {
			err = l.load(raw)
		}
		if l, err = b.opened(ctx, ref, o, l, err); err != nil {
			return nil, nil, List{}, err
		}
		folders, list, err := b.list(ctx, q, true, besideAge, func(folders []FolderView, list List) {
			if ready != nil {
				ready(l, folders, list)
			}
		})
		return l, folders, list, err
	}
	type desk struct {
		folders []FolderView
		list    List
		err     error
	}
	listed := make(chan desk, 1)
	go func() {
		var d desk
		defer func() { // on a goroutine of its own: nobody else would catch it
			if v := recover(); v != nil {
				b.h.log.LogAttrs(ctx, slog.LevelError, "panic while listing beside a letter", slog.String("kind", problem.PanicWords(v)), slog.String("stack", string(debug.Stack())))
				d = desk{err: problem.Wrap(errPanic, problem.Internal, sayListFailed)}
			}
			listed <- d
		}()
		d.folders, d.list, d.err = b.page(ctx, q, true, besideAge)
	}()
	if err = l.load(raw); err == nil {
		o.loaded(l)
	}
	d := <-listed
	if err != nil {
		l, err = b.opened(ctx, ref, o, nil, err)
		return l, nil, List{}, err
	}
	prepare := func() {
		if ready != nil {
			ready(l, d.folders, d.list)
		}
	}
	if err := b.recordWhile(ctx, listing(q, d.list), d.err, prepare, opening(ref, o, l, false)); err != nil {
		return nil, nil, List{}, err
	}
	b.h.rememberOpened(b.openedKey(ref), l)
	return l, d.folders, d.list, nil
}
