package mailbox

import (
	"context"
	"maps"
	"slices"

	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

const sayRemindUnsure = "La messagerie MSSanté ne dit pas si cette lettre attend encore dans «\u00a0Rappels\u00a0»\u00a0: le rappel est gardé. Réessayez dans un instant."

// waitingRoom is the folder of reminders among those listed: at the top, or where this
// server keeps a person's folders.
func (b *Box) waitingRoom(folders []mailserver.Folder) (mailserver.Folder, bool) {
	for _, f := range folders {
		if b.view(f).Reminders {
			return f, true
		}
	}
	return mailserver.Folder{}, false
}

// messageIDs names letters for ever, by their UIDs; what cannot be read stays unnamed.
func (b *Box) messageIDs(ctx context.Context, g group) map[uint32]string {
	rows, err := b.mail.RowsOf(ctx, g.name, g.validity, g.uids)
	if err != nil {
		return nil
	}
	out := make(map[uint32]string, len(rows))
	for _, r := range rows {
		out[r.UID] = r.Envelope.MessageID
	}
	return out
}

// undatedShown is how many letters that somebody put in the folder by hand are listed.
const undatedShown = 200

// waitingRows reads the letters that have a date, and the newest of the others.
func (b *Box) waitingRows(ctx context.Context, room mailserver.Folder, kept []keptReminder, undated int) ([]mailserver.Row, error) {
	got, err := b.mail.Rows(ctx, mailserver.Query{Folder: room.Name, Size: undated})
	if err != nil {
		return nil, err
	}
	if len(got.Rows) < undated {
		return got.Rows, nil
	}
	var older []uint32
	for _, k := range kept {
		if k.Validity == got.Folder.UIDValidity && k.UID < got.Rows[len(got.Rows)-1].UID && !slices.Contains(older, k.UID) {
			older = append(older, k.UID)
		}
	}
	rest, err := b.mail.RowsOf(ctx, room.Name, got.Folder.UIDValidity, older)
	return slices.Concat(got.Rows, rest), err
}

// reminderOf is the reminder of a letter that waits; nil for none.
func reminderOf(kept []keptReminder, validity uint32, row *mailserver.Row) *keptReminder {
	var renamed *keptReminder // of a folder rebuilt since
	for i := range kept {
		switch k := &kept[i]; {
		case k.Validity == validity && k.UID == row.UID:
			return k
		case k.Validity != validity && k.MessageID != "" && k.MessageID == row.Envelope.MessageID:
			renamed = k
		}
	}
	return renamed
}

// comesBack moves a letter to where it was, or to the inbox when that folder is gone or
// refuses it. One that is no longer where it waited was taken by somebody: its reminder
// goes, and only then.
func (b *Box) comesBack(ctx context.Context, k keptReminder, unread bool) (Outcome, error) {
	from, validity, uid, err := b.whereWaits(ctx, k)
	if problem.Is(err, problem.Gone) {
		if lost := b.dropReminders(context.WithoutCancel(ctx), k.ID); lost != nil {
			err = lost
		}
		return Outcome{Missed: 1}, err
	}
	if err != nil {
		return Outcome{}, err
	}
	slow, uids := b.mail.Slow(), []uint32{uid}
	if unread { // before the move: cut off in between, it is done again
		before, err := slow.SetFlags(ctx, from, validity, uids, nil, []string{string(Seen)})
		if b.marked(from, validity, slices.Collect(maps.Keys(before)), nil, []string{string(Seen)}); err != nil && !problem.Is(err, problem.Gone) && !problem.Is(err, problem.UpstreamRefused) {
			return Outcome{}, err
		}
	}
	home := k.From
	moved, err := slow.Move(ctx, from, validity, uids, home)
	b.moved(from, validity, moved, home)
	doubled := len(moved.Doubled) > 0
	if home != "INBOX" && !doubled && (problem.Is(err, problem.Gone) || problem.Is(err, problem.UpstreamRefused)) {
		home = "INBOX"
		moved, err = slow.Move(ctx, from, validity, uids, home)
		b.moved(from, validity, moved, home)
		doubled = len(moved.Doubled) > 0
	}
	out := Outcome{}
	if doubled { // it is back; asked again it would come back again
		out.tell(problem.SayOf(err))
		out.Done, err = 1, nil
	}
	if err != nil {
		return Outcome{Missed: 1}, err
	}
	if err := b.dropReminders(context.WithoutCancel(ctx), k.ID); err != nil {
		return Outcome{Missed: 1}, err
	}
	out.Done = max(out.Done, len(moved.Done))
	out.Returned, out.ReturnedTo = out.Done, b.roleLabel(home)
	if now, ok := moved.UIDs[uid]; ok {
		out.Back = Ref{Folder: b.folderID(home), UIDValidity: moved.Validity, UID: now}
	}
	return out, nil
}

// whereWaits finds a letter put aside: where it was put, or, when another program renamed
// that folder or the server rebuilt it, where its Message-ID is now. Gone means that the
// server was asked and has it nowhere; a server that cannot say is no reason to forget.
func (b *Box) whereWaits(ctx context.Context, k keptReminder) (folder string, validity, uid uint32, err error) {
	folders, err := b.mail.Folders(ctx)
	if err != nil {
		return "", 0, 0, err
	}
	room, there := b.waitingRoom(folders)
	if there && room.UIDValidity == k.Validity {
		uids, err := b.mail.UIDs(ctx, room.Name, k.Validity)
		if err != nil {
			return "", 0, 0, unsure(err)
		}
		if uids.Has(k.UID) {
			return room.Name, k.Validity, k.UID, nil
		}
	}
	if there && !room.Counted() {
		return "", 0, 0, problem.New(problem.UpstreamDown, sayRemindUnsure)
	}
	if k.MessageID == "" {
		return "", 0, 0, problem.New(problem.Gone, sayNoReminder)
	}
	for _, f := range folders {
		// Under another name a folder keeps its UIDVALIDITY, which other folders may have too.
		renamed := f.Name != room.Name && f.UIDValidity == k.Validity && f.Counted()
		if !renamed && (!there || f.Name != room.Name) {
			continue
		}
		validity, found, err := b.mail.FindMessageID(ctx, f.Name, k.MessageID)
		switch {
		case problem.Is(err, problem.Invalid): // no name a server can be asked for
		case err != nil:
			return "", 0, 0, unsure(err)
		case renamed && validity == k.Validity && slices.Contains(found, k.UID):
			return f.Name, validity, k.UID, nil
		case !renamed && len(found) > 0:
			return f.Name, validity, found[0], nil
		}
	}
	return "", 0, 0, problem.New(problem.Gone, sayNoReminder)
}

// unsure: of a folder that was listed just now, "gone" may be a server's bad moment.
func unsure(err error) error {
	if problem.Is(err, problem.Gone) {
		return problem.Wrap(err, problem.UpstreamDown, sayRemindUnsure)
	}
	return err
}

// stillWaiting forgets the reminders whose letters were taken out of the folder, and
// gives the others. Those of a folder rebuilt since are left alone.
func (b *Box) stillWaiting(ctx context.Context, all []keptReminder) ([]keptReminder, error) {
	folders, err := b.mail.Folders(ctx)
	if err != nil {
		return nil, err
	}
	room, ok := b.waitingRoom(folders)
	if !ok || !room.Counted() {
		return all, nil
	}
	uids, err := b.mail.UIDs(ctx, room.Name, room.UIDValidity)
	if err != nil {
		return nil, unsure(err)
	}
	var gone []string
	all = slices.DeleteFunc(all, func(k keptReminder) bool {
		taken := k.Validity == room.UIDValidity && !uids.Has(k.UID)
		if taken {
			gone = append(gone, k.ID)
		}
		return taken
	})
	return all, b.dropReminders(ctx, gone...)
}
