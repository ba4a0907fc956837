package mailbox

import (
	"context"
	"log/slog"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// Unattended marks work that nobody asked for just now: it never has the person's
// token refreshed, takes no connection away from anybody, and a list it reads again for
// a page that shows it already is not a new row of the trail each time.
func Unattended(ctx context.Context) context.Context {
	return context.WithValue(mailserver.Unattended(ctx), rereadKey{}, true)
}

// FolderNews is how one folder stands and what happened there.
type FolderNews struct {
	ID               string // opaque, as FolderView.ID
	Role             mailserver.Role
	Unseen, Messages uint32
	// Mark tells one state of the folder from another: the same as List.Mark when the
	// list shows all there is to see. "" when the folder cannot be read any more.
	Mark                  string
	Arrived, Gone, Marked bool // all false: how it stands, at the beginning
	// Vague: the server's counters do not show a change of marks (no CONDSTORE), so an
	// equal Mark proves nothing.
	Vague bool
}

// News is what a watch learnt.
type News struct {
	Attention mailserver.Attention
	Say       string // French: why nothing is told at the moment, "" when it is
	Folders   []FolderNews
}

// watchedKey is one mailbox watched in one session.
type watchedKey struct{ session, box string }

const (
	grantEvery = 5 * time.Second // how soon a withdrawn right ends a watch
	maxWatched = 50_000
)

// Watch tells of the mailbox's news until ctx ends, tell fails, the grant is withdrawn
// or the session ends; the last two within seconds, as NotFound or Denied and
// SignInNeeded. folder is the one the person has before them, "" for the inbox: its
// news come at once where the server can, or within seconds when another of their pages
// shows the inbox; those of the others within a minute. tell is
// called from one goroutine; what happens while it works is merged.
//
// The trail has one row for a session and mailbox, when it begins: no letter is shown,
// and the list a page asks for afterwards is an act of its own.
func (b *Box) Watch(ctx context.Context, folder string, tell func(News) error) error {
	ctx, cancel := context.WithCancel(mailserver.Unattended(ctx))
	defer cancel()
	name := inboxName
	if folder != "" {
		var err error
		if name, err = b.folderName(ctx, folder); err != nil {
			return err
		}
	}
	if err := b.recordWatch(ctx, folder); err != nil {
		return err
	}
	w := b.mail.Watch(name)
	defer w.Close()
	behind, ended := make(chan string, maxBehind), make(chan struct{})
	go func() { defer close(ended); b.follow(ctx, behind) }()
	defer func() { cancel(); close(behind); <-ended }()
	check := time.NewTicker(grantEvery)
	defer check.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-check.C:
			if err := b.still(ctx); err != nil {
				return err
			}
		case <-w.Ready():
			n, err := w.Take()
			if err != nil {
				return err
			}
			if err := tell(b.news(n)); err != nil {
				return err
			}
			for _, f := range n.Folders {
				if f.Arrived || f.Gone || f.Marked {
					select {
					case behind <- f.Folder.Name:
					default: // the index looks for itself when it is asked
					}
				}
			}
		}
	}
}

// maxBehind bounds the changes the index has not been told of yet.
const maxBehind = 64

// follow keeps the index up to date with what was told, behind the page that shows it,
// on a goroutine of its own: nobody else would catch a panic.
func (b *Box) follow(ctx context.Context, folders <-chan string) {
	defer func() {
		if v := recover(); v != nil {
			b.h.log.LogAttrs(ctx, slog.LevelError, "panic while following the news", slog.String("kind", problem.PanicWords(v)), slog.String("stack", string(debug.Stack())))
		}
	}()
	for name := range folders {
		if ctx.Err() != nil {
			continue
		}
		if err := b.changedLately(ctx, name); err != nil && ctx.Err() == nil {
			b.h.log.LogAttrs(ctx, slog.LevelDebug, "the index was not brought up to date", slog.String("kind", problem.KindOf(err).String()))
		}
	}
}

// followTime bounds one look at what changed.
const followTime = 20 * time.Second

// changedLately goes on when the page is left: the connection it would close with is the
// one that the next page asks on.
func (b *Box) changedLately(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), followTime)
	defer cancel()
	return b.Changed(ctx, name)
}

const inboxName = "INBOX"

// recordWatch writes the row of the session's first watch of this mailbox.
func (b *Box) recordWatch(ctx context.Context, folder string) error {
	k := watchedKey{b.actor.SessionID, b.grant.Mailbox.ID}
	b.h.mu.Lock()
	known := b.h.watched[k]
	b.h.mu.Unlock()
	if known {
		return nil
	}
	if err := b.record(ctx, audit.Event{Action: audit.MailboxWatch, Target: folder, Request: "IDLE STATUS"}, nil); err != nil {
		return err
	}
	b.h.mu.Lock()
	defer b.h.mu.Unlock()
	if _, gone := b.h.dropped[k.session]; gone {
		return nil
	}
	if len(b.h.watched) >= maxWatched {
		clear(b.h.watched)
	}
	b.h.watched[k] = true
	return nil
}

// still asks whether the person may read the mailbox now; a refusal is in the trail. A
// database that does not answer takes nothing away.
func (b *Box) still(ctx context.Context) error {
	_, err := b.h.grants.Check(ctx, b.actor.NationalID, b.Address(), delegation.Read)
	if !problem.Is(err, problem.NotFound) && !problem.Is(err, problem.Denied) {
		return nil
	}
	_ = b.write(ctx, audit.Event{Action: audit.MailboxRefused, Outcome: problem.KindOf(err).String(), Request: "watch"})
	return err
}

func (b *Box) news(n mailserver.News) News {
	out := News{Attention: n.Attention, Say: attentionWords(n.Attention)}
	for _, f := range n.Folders {
		one := FolderNews{ID: b.folderID(f.Folder.Name), Role: f.Folder.Role, Unseen: f.Folder.Unseen, Messages: f.Folder.Messages, Mark: markOf(f.Folder),
			Arrived: f.Arrived, Gone: f.Gone, Marked: f.Marked, Vague: f.Marked && f.Folder.HighestModSeq == 0}
		if k, ok := b.known(one.ID); ok {
			one.Role = k.role
		}
		if f.Folder.Name == inboxName {
			one.Role = mailserver.RoleInbox
		}
		out.Folders = append(out.Folders, one)
	}
	return out
}

// attentionWords says why nothing is told, and what to do.
func attentionWords(a mailserver.Attention) string {
	switch a {
	case mailserver.Away:
		return "En veille faute d’activité\u00a0: la liste se remettra à jour à votre prochain clic."
	case mailserver.Down:
		return "La messagerie MSSanté ne répond pas\u00a0: la liste peut dater. Elle se remettra à jour d’elle-même."
	case mailserver.Crowded:
		return "Pli est très sollicité\u00a0: la liste ne se met plus à jour d’elle-même. Actualisez-la quand il le faut."
	}
	return ""
}

// markOf is all that shows a change of a folder together: an expunge alone does not
// move HIGHESTMODSEQ (RFC 7162 §3.2), an arrival and an expunge leave MESSAGES as it was.
func markOf(f mailserver.Folder) string {
	if !f.Counted() {
		return ""
	}
	var b strings.Builder
	for i, n := range [5]uint64{uint64(f.UIDValidity), uint64(f.UIDNext), uint64(f.Messages), uint64(f.Unseen), f.HighestModSeq} {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strconv.FormatUint(n, 36))
	}
	return b.String()
}
