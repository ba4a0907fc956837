package mailbox

import (
	"cmp"
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"pli.example/pli/internal/mailserver"
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
	f := b.flyBeside(ctx, ref, q)
	l, err := f.letter()
	if err != nil || b.marks(o, l, err) {
		if err == nil {
			err = l.load(f.raw)
		}
		(<-f.listed).place(l) // its rows are those of before the mark
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
	if err = l.load(f.raw); err == nil {
		o.loaded(l)
	}
	d := <-f.listed
	d.place(l)
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

// flight is a letter and its page under way.
type flight struct {
	opened chan *mailserver.Opened // nil: err says why
	listed chan desk               // given once, after the letter

	raw *mailserver.Opened
	err error
	ref Ref
}

type desk struct {
	folders    []FolderView
	list       List
	prev, next *Ref // neighbours of the letter
	err        error
}

// place tells the letter, nil for none, who its neighbours are.
func (d desk) place(l *Letter) {
	if l != nil && d.err == nil {
		l.Prev, l.Next = d.prev, d.next
	}
}

// flyBeside asks for both at once.
func (b *Box) flyBeside(ctx context.Context, ref Ref, q ListQuery) *flight {
	f := &flight{opened: make(chan *mailserver.Opened, 1), listed: make(chan desk, 1), ref: ref}
	told := false
	tell := func(o *mailserver.Opened, err error) {
		if !told {
			told, f.err = true, err
			f.opened <- o
		}
	}
	go func() {
		var d desk
		defer func() { // on a goroutine of its own: nobody else would catch it
			if v := recover(); v != nil {
				b.h.log.LogAttrs(ctx, slog.LevelError, "panic while listing beside a letter", slog.String("kind", problem.PanicWords(v)), slog.String("stack", string(debug.Stack())))
				d = desk{err: problem.Wrap(errPanic, problem.Internal, sayListFailed)}
			}
			tell(nil, d.err) // nobody did: it failed before the letter
			f.listed <- d
		}()
		d = b.besides(ctx, ref, q, tell)
	}()
	return f
}

func (b *Box) besides(ctx context.Context, ref Ref, q ListQuery, tell func(*mailserver.Opened, error)) (d desk) {
	name, err := b.folderName(ctx, ref.Folder)
	listed := name
	if err == nil && q.Folder != ref.Folder {
		listed, err = b.folderName(ctx, q.Folder)
	}
	if err != nil {
		return desk{err: err}
	}
	got, err := b.mail.OpenBeside(ctx, name, ref.UIDValidity, ref.UID, q.of(listed, true, besideAge), tell)
	if err != nil {
		return desk{err: err}
	}
	d.folders, d.list = b.shape(q, listed, true, got.Listing)
	d.prev, d.next = near(ref, got.Newer), near(ref, got.Older)
	return d
}

// letter waits for the letter, of which nothing is read yet but its row.
func (f *flight) letter() (*Letter, error) {
	f.raw = <-f.opened
	if f.err != nil || f.raw == nil {
		return nil, cmp.Or(f.err, problem.Wrap(errPanic, problem.Internal, sayListFailed))
	}
	return letterOf(f.ref, f.raw), nil
}
