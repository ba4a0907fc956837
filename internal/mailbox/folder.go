package mailbox

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// FolderView is a folder as a page shows it.
type FolderView struct {
	ID          string // opaque: folder names may name a patient
	Name        string // last segment, as the server spells it
	Label       string // French for roles, else Name
	Role        mailserver.Role
	Depth       int
	Unseen      uint32
	Messages    uint32
	UIDValidity uint32
	Selectable  bool   // false: it only holds other folders
	Mark        string // how it stood when it was counted, as FolderNews.Mark tells it
	Reminders   bool   // letters wait in it for a date
}

const sayNoFolder = "Ce dossier n’existe plus, il a été renommé ou supprimé. Choisissez un autre dossier."

// Folders lists the mailbox's folders, roles first, then by name.
func (b *Box) Folders(ctx context.Context) ([]FolderView, error) {
	l, err := b.mail.FolderList(ctx)
	err = b.record(ctx, audit.Event{Action: audit.FolderList, Request: "LIST STATUS", Count: len(l.Folders)}, err)
	if err != nil {
		return nil, err
	}
	if l.Left > 0 {
		b.say("Cette boîte a trop de dossiers pour être tous affichés\u00a0: " + strconv.Itoa(l.Left) + agree(l.Left, " ne l’est pas.", " ne le sont pas."))
	}
	return b.views(l.Folders), nil
}

func (b *Box) views(folders []mailserver.Folder) []FolderView {
	b.learn(folders)
	type named struct {
		v    FolderView
		path string
	}
	all := make([]named, 0, len(folders))
	for _, f := range folders {
		all = append(all, named{b.view(f), f.Name})
	}
	slices.SortStableFunc(all, func(x, y named) int {
		if d := order(x.v.Role) - order(y.v.Role); d != 0 {
			return d
		}
		return strings.Compare(strings.ToLower(x.path), strings.ToLower(y.path))
	})
	out := make([]FolderView, len(all))
	for i := range all {
		out[i] = all[i].v
	}
	return out
}

func (b *Box) view(f mailserver.Folder) FolderView {
	v := FolderView{ID: b.folderID(f.Name), Name: f.Name, Role: f.Role, Unseen: f.Unseen, Messages: f.Messages,
		UIDValidity: f.UIDValidity, Mark: markOf(f), Selectable: f.Selectable}
	if f.Delim != 0 {
		segments := strings.Split(f.Name, string(f.Delim))
		if len(segments) > 1 && strings.EqualFold(segments[0], "INBOX") {
			segments = segments[1:]
		}
		v.Name, v.Depth = segments[len(segments)-1], len(segments)-1
	}
	v.Reminders = f.Role == mailserver.RoleNone && v.Depth == 0 && v.Name == RemindersFolder
	v.Label = Label(f.Role)
	if v.Label == "" {
		v.Label = v.Name
	}
	if f.Role != mailserver.RoleNone {
		v.Depth = 0
	}
	return v
}

// Label is the French name of a role, "" for none.
func Label(r mailserver.Role) string {
	switch r {
	case mailserver.RoleInbox:
		return "Réception"
	case mailserver.RoleDrafts:
		return "Brouillons"
	case mailserver.RoleSent:
		return "Envoyés"
	case mailserver.RoleArchive:
		return "Archives"
	case mailserver.RoleJunk:
		return "Indésirables"
	case mailserver.RoleTrash:
		return "Corbeille"
	}
	return ""
}

func order(r mailserver.Role) int {
	switch r {
	case mailserver.RoleInbox:
		return 0
	case mailserver.RoleDrafts:
		return 1
	case mailserver.RoleSent:
		return 2
	case mailserver.RoleArchive:
		return 3
	case mailserver.RoleJunk:
		return 4
	case mailserver.RoleTrash:
		return 5
	}
	return 6
}

func (b *Box) folderID(name string) string {
	return b.h.keys.Opaque("folder", b.grant.Mailbox.ID, name)
}

// folderName gives the folder an id of this mailbox stands for.
func (b *Box) folderName(ctx context.Context, id string) (string, error) {
	if id == b.folderID("INBOX") {
		return "INBOX", nil
	}
	if k, ok := b.known(id); ok {
		return k.name, nil
	}
	folders, err := b.mail.Folders(ctx)
	if err != nil {
		return "", err
	}
	b.learn(folders)
	if k, ok := b.known(id); ok {
		return k.name, nil
	}
	return "", problem.New(problem.Gone, sayNoFolder)
}
