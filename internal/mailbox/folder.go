package mailbox

import (
	"context"
	"slices"
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
	Selectable  bool // false: it only holds other folders
}

const sayNoFolder = "Ce dossier n’existe plus, il a été renommé ou supprimé depuis un autre poste. Choisissez un autre dossier."

// Folders lists the mailbox's folders, roles first, then by name.
func (b *Box) Folders(ctx context.Context) ([]FolderView, error) {
	folders, err := b.mail.Folders(ctx)
	err = b.record(ctx, audit.Event{Action: audit.FolderList, Request: "LIST STATUS", Count: len(folders)}, err)
	if err != nil {
		return nil, err
	}
	return b.views(folders), nil
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
		UIDValidity: f.UIDValidity, Selectable: f.Selectable}
	if f.Delim != 0 {
		segments := strings.Split(f.Name, string(f.Delim))
		if len(segments) > 1 && strings.EqualFold(segments[0], "INBOX") {
			segments = segments[1:]
		}
		v.Name, v.Depth = segments[len(segments)-1], len(segments)-1
	}
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

// learn remembers which name an id stands for. It is only a memory: access was
// checked when the Box was opened, and ids of another mailbox do not open here.
func (b *Box) learn(folders []mailserver.Folder) {
	names := make(map[string]known, len(folders))
	for _, f := range folders {
		names[b.folderID(f.Name)] = known{f.Name, f.Delim, f.Role}
	}
	b.h.mu.Lock()
	defer b.h.mu.Unlock()
	if _, ok := b.h.names[b.grant.Mailbox.ID]; !ok && len(b.h.names) >= maxNamedBoxes {
		for k := range b.h.names {
			delete(b.h.names, k)
			break
		}
	}
	b.h.names[b.grant.Mailbox.ID] = names
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

func (b *Box) known(id string) (known, bool) {
	b.h.mu.Lock()
	defer b.h.mu.Unlock()
	k, ok := b.h.names[b.grant.Mailbox.ID][id]
	return k, ok
}
