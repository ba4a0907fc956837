package mailbox

import (
	"context"
	"time"

	"pli.example/pli/internal/index"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

const (
	// compareAfter: on a server without MODSEQ only reading all marks tells which
	// changed; a large folder is read again no sooner.
	compareAfter = 20 * time.Second
	compareSmall = 3000 // letters: such a folder is compared each time it is shown
	maxMissed    = 5000 // letters fetched one by one that should have been there
)

// upkeep makes the index that of now. Counters that stand still cost nothing more than
// the listing of folders that a page needs anyway.
func (b *Box) upkeep(ctx context.Context, i *kept, folders []mailserver.Folder, shown string, force bool) error {
	leave, err := i.take(ctx)
	if err != nil {
		return err
	}
	defer leave()
	here := map[string]bool{}
	again := false
	for _, f := range indexed(folders) {
		here[f.Name] = true
		known, ok := i.ix.Folder(f.Name)
		switch {
		case !ok:
			i.ix.SetFolder(f.Name, kindOf(f), placeOf(f, 0))
			again = true
			continue
		case known.At.Next == 0: // not begun
			again = true
			continue
		case known.Kind != kindOf(f):
			i.ix.SetFolder(f.Name, kindOf(f), known.At)
			if now, _ := i.ix.Folder(f.Name); now.Letters == 0 && known.Letters > 0 { // it stands aside now, or no longer does
				again = true
				i.ix.SetFolder(f.Name, kindOf(f), placeOf(f, 0))
				continue
			}
		}
		again = again || !known.Whole()
		eager := force || f.Name == shown && known.Letters <= compareSmall
		if !force && i.still(known, f, b.h.now(), eager) {
			continue
		}
		if err := b.catchUp(ctx, i, f, eager); err != nil && !problem.Is(err, problem.Gone) && !problem.Is(err, problem.UpstreamRefused) {
			return err
		}
	}
	for _, f := range i.ix.Folders() {
		if !here[f.Name] {
			i.ix.DropFolder(f.Name)
		}
	}
	if again {
		b.Index()
	}
	return nil
}

// still: nothing came, went or was marked, as far as counters tell. eager: not where the
// server keeps no MODSEQ.
func (i *kept) still(known index.Folder, f mailserver.Folder, now time.Time, eager bool) bool {
	at := known.At
	if at.Validity != f.UIDValidity || at.Next != f.UIDNext || at.Messages != f.Messages || known.Whole() && known.Letters != int(f.Messages) {
		return false
	}
	if at.ModSeq != 0 {
		return at.ModSeq == f.HighestModSeq
	}
	if f.Messages == 0 {
		return true
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return !eager && known.Unread == int(f.Unseen) && now.Sub(i.compared[f.Name]) < compareAfter
}

// catchUp takes in what happened in one folder.
func (b *Box) catchUp(ctx context.Context, i *kept, f mailserver.Folder, eager bool) error {
	known, ok := i.ix.Folder(f.Name)
	if !ok {
		return nil
	}
	at := mailserver.Folder{UIDValidity: known.At.Validity, UIDNext: known.At.Next, HighestModSeq: known.At.ModSeq}
	had, came := known.At.Messages, 0
	var c mailserver.Changes
	for c.More = true; c.More; at = c.At {
		var err error
		if c, err = b.mail.Changes(ctx, mailserver.Known{Folder: f.Name, At: at}); err != nil {
			return err
		}
		if c.Anew {
			i.ix.DropFolder(f.Name)
			i.ix.SetFolder(f.Name, kindOf(f), placeOf(c.At, 0))
			b.Index()
			return nil
		}
		came += len(c.New)
		// First where it stands, then the marks: a sweep that sees the place unchanged has put
		// its letters in before the marks come.
		i.ix.SetFolder(f.Name, known.Kind, placeOf(c.At, c.At.UIDNext))
		i.ix.Put(f.Name, b.letters(f.Role, c.New))
		for uid, flags := range c.Flags {
			i.ix.SetFlags(f.Name, uid, index.ParseFlags(flags))
		}
	}
	now, _ := i.ix.Folder(f.Name)
	switch {
	case known.Whole() && now.Letters != int(c.At.Messages), !known.Whole() && int(had)+came > int(c.At.Messages):
		if err := b.reconcile(ctx, i, f, c.At.UIDValidity, known.Whole()); err != nil {
			return err
		}
	}
	now, _ = i.ix.Folder(f.Name)
	if c.Blind && i.compares(f.Name, b.h.now(), eager || now.Unread != int(c.At.Unseen)) || !c.Blind && known.Whole() && now.Unread != int(c.At.Unseen) {
		return b.compare(ctx, i, f, c.At.UIDValidity)
	}
	return nil
}

// reconcile takes out what is gone, and brings in what was missed.
func (b *Box) reconcile(ctx context.Context, i *kept, f mailserver.Folder, validity uint32, whole bool) error {
	there, err := b.mail.UIDs(ctx, f.Name, validity)
	if err != nil {
		return err
	}
	i.ix.Keep(f.Name, there.Has)
	if !whole {
		return nil // the rest is read anyway
	}
	have := map[uint32]bool{}
	for _, uid := range i.ix.UIDs(f.Name) {
		have[uid] = true
	}
	if there.Len() <= len(have) {
		return nil
	}
	missed := there.Without(have, maxMissed)
	for len(missed) > 0 {
		n := min(len(missed), 500)
		rows, err := b.mail.SweptOf(ctx, f.Name, validity, missed[:n])
		if err != nil {
			return err
		}
		i.ix.Put(f.Name, b.letters(f.Role, rows))
		missed = missed[n:]
	}
	return nil
}

// compares says whether all marks of a folder are to be read: a server without MODSEQ
// tells in no other way which changed.
func (i *kept) compares(folder string, at time.Time, eager bool) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !eager && at.Sub(i.compared[folder]) < compareAfter {
		return false
	}
	i.compared[folder] = at
	return true
}

// compare reads all marks of a folder.
func (b *Box) compare(ctx context.Context, i *kept, f mailserver.Folder, validity uint32) error {
	flags, err := b.mail.AllFlags(ctx, f.Name, validity)
	if err != nil {
		return err
	}
	for uid, now := range flags {
		i.ix.SetFlags(f.Name, uid, index.ParseFlags(now))
	}
	return nil
}

// Changed tells the index that something happened in a folder, by the name the server
// spells it: what watches the mailbox calls it. Without an index it does nothing.
func (b *Box) Changed(ctx context.Context, folder string) error {
	i := b.keptOf(false)
	if i == nil {
		return nil
	}
	known, ok := i.ix.Folder(folder)
	if !ok || known.At.Next == 0 {
		return nil
	}
	leave, err := i.take(ctx)
	if err != nil {
		return err
	}
	defer leave()
	f := mailserver.Folder{Name: folder, Role: roleOf(known.Kind)}
	if k, ok := b.known(b.folderID(folder)); ok {
		f.Role = k.role
	}
	return b.catchUp(ctx, i, f, false)
}

func roleOf(k index.Kind) mailserver.Role {
	switch k {
	case index.Inbox:
		return mailserver.RoleInbox
	case index.Sent:
		return mailserver.RoleSent
	case index.Archive:
		return mailserver.RoleArchive
	case index.Aside:
		return mailserver.RoleTrash
	}
	return mailserver.RoleNone
}
