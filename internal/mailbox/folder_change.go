package mailbox

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"unicode/utf8"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// Bounds of a folder's own name and place.
const (
	MaxFolderName  = 60  // letters
	maxFolderBytes = 180 // of them, so that a file system takes their modified UTF-7
	maxFolderDepth = 5
)

const (
	sayFolderName    = "Ce nom ne convient pas à un dossier\u00a0: rien n’a changé. Il lui faut de 1 à 60 caractères, sans «\u00a0%\u00a0», «\u00a0*\u00a0» ni le signe qui sépare les dossiers."
	sayFolderRole    = "Ce dossier fait partie de toute boîte\u00a0: il ne se renomme ni ne se supprime. Rien n’a changé."
	sayFolderTaken   = "Ce nom désigne déjà un dossier de toute boîte (Corbeille, Archives…)\u00a0: rien n’a changé. Choisissez un autre nom."
	sayFolderDeep    = "Ce dossier est déjà au fond de cinq autres\u00a0: rien n’a changé. Rangez-le plus haut."
	sayFolderHolds   = "Ce dossier en contient d’autres\u00a0: il n’est pas supprimé. Supprimez d’abord ceux-ci."
	sayFolderNowhere = "Cette messagerie ne range pas de dossier dans celui-là\u00a0: rien n’a changé. Rangez-le au premier niveau."
)

// Managed is a folder as the page that changes folders shows it.
type Managed struct {
	FolderView
	Own        bool // somebody's own: it may be renamed and removed
	Holds      bool // other folders are in it
	Subscribed bool // other programs show it
	Deep       bool // no folder may be made in it
}

// ManagedFolders lists the folders as they may be changed. subscriptions is false when
// the server cannot tell which ones other programs show.
func (b *Box) ManagedFolders(ctx context.Context) (all []Managed, subscriptions bool, err error) {
	if err := b.may(ctx, delegation.Triage, audit.FolderList); err != nil {
		return nil, false, err
	}
	views, err := b.Folders(ctx)
	if err != nil {
		return nil, false, err
	}
	names, ok, err := b.mail.Subscribed(ctx)
	if err != nil {
		return nil, false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, v := range views {
		k := b.folders[v.ID]
		m := Managed{FolderView: v, Own: v.Role == mailserver.RoleNone && !v.Reminders, Subscribed: names[k.name], Deep: k.delim == 0 || v.Depth+1 >= maxFolderDepth}
		if k.delim != 0 {
			prefix := k.name + string(k.delim)
			for _, o := range b.folders {
				m.Holds = m.Holds || strings.HasPrefix(o.name, prefix)
			}
		}
		all = append(all, m)
	}
	return all, ok, nil
}

// CreateFolder makes a folder: in another (its opaque id), or at the top ("").
func (b *Box) CreateFolder(ctx context.Context, name, in string) error {
	name = tidyFolder(name)
	return b.onFolder(ctx, audit.FolderCreate, "CREATE", "", name, func(folders []mailserver.Folder, _ mailserver.Folder) error {
		parent := mailserver.Folder{}
		if in != "" {
			var err error
			if parent, err = b.among(folders, in); err != nil {
				return err
			}
		}
		whole, err := placed(folders, mailserver.PlaceOf(folders, parent.Name, name))
		if err != nil {
			return err
		}
		return b.mail.CreateFolder(ctx, whole)
	})
}

// RenameFolder gives a folder another name where it stands.
func (b *Box) RenameFolder(ctx context.Context, id, name string) error {
	name = tidyFolder(name)
	return b.onFolder(ctx, audit.FolderRename, "RENAME", id, name, func(folders []mailserver.Folder, f mailserver.Folder) error {
		above := 0
		if f.Delim != 0 {
			above = strings.LastIndex(f.Name, string(f.Delim)) + 1
		}
		whole, err := placed(folders, f.Name[:above]+name)
		if err != nil || whole == f.Name {
			return err
		}
		if err := b.mail.RenameFolder(ctx, f.Name, whole); err != nil {
			return err
		}
		b.RenamedFolder(f.Name, whole)
		if err := b.remindersFollow(context.WithoutCancel(ctx), f.Name, whole, f.Delim); err != nil { // they come back to the inbox, then
			b.h.log.LogAttrs(ctx, slog.LevelWarn, "reminders of a renamed folder", slog.String("kind", problem.KindOf(err).String()))
		}
		return nil
	})
}

// DeleteFolder removes a folder that is empty and holds no other.
func (b *Box) DeleteFolder(ctx context.Context, id string) error {
	return b.onFolder(ctx, audit.FolderDelete, "DELETE", id, "", func(folders []mailserver.Folder, f mailserver.Folder) error {
		if f.Delim != 0 && slices.ContainsFunc(folders, func(o mailserver.Folder) bool { return strings.HasPrefix(o.Name, f.Name+string(f.Delim)) }) {
			return problem.New(problem.Conflict, sayFolderHolds)
		}
		if err := b.mail.DeleteFolder(ctx, f.Name); err != nil {
			return err
		}
		b.DroppedFolder(f.Name)
		return nil
	})
}

// SubscribeFolder shows a folder in other programs, or no more.
func (b *Box) SubscribeFolder(ctx context.Context, id string, on bool) error {
	what := "UNSUBSCRIBE"
	if on {
		what = "SUBSCRIBE"
	}
	return b.onFolder(ctx, audit.FolderSubscribe, what, id, "", func(_ []mailserver.Folder, f mailserver.Folder) error {
		return b.mail.SubscribeFolder(ctx, f.Name, on)
	})
}

// onFolder checks the right and the folder named, asks the trail, and changes it.
// Folder names may name a patient: the trail keeps them sealed.
func (b *Box) onFolder(ctx context.Context, action audit.Action, request, id, name string, do func([]mailserver.Folder, mailserver.Folder) error) error {
	if err := b.may(ctx, delegation.Triage, action); err != nil {
		return err
	}
	e := audit.Event{Action: action, Target: id, Request: request, Detail: name}
	folders, err := b.mail.Folders(ctx)
	if err != nil {
		return b.record(ctx, e, err)
	}
	b.learn(folders)
	var f mailserver.Folder
	if id != "" {
		if f, err = b.among(folders, id); err != nil {
			return b.record(ctx, e, err)
		}
		if (f.Role != mailserver.RoleNone || b.view(f).Reminders) && action != audit.FolderSubscribe {
			return b.record(ctx, e, problem.New(problem.Denied, sayFolderRole))
		}
	}
	if action == audit.FolderCreate || action == audit.FolderRename {
		if err := goodSegment(folders, name); err != nil {
			return b.record(ctx, e, err)
		}
	}
	_, err = b.act(ctx, e, 1, func() (Outcome, error) {
		if err := do(folders, f); err != nil {
			return Outcome{}, err
		}
		return Outcome{Done: 1}, nil
	})
	if err == nil {
		b.forgetFolders()
	}
	return err
}

// tidyFolder takes the spaces around a name away; what else is wrong is refused.
func tidyFolder(name string) string { return strings.Trim(name, " \u00a0") }

// among finds the folder an opaque id stands for in a listing.
func (b *Box) among(folders []mailserver.Folder, id string) (mailserver.Folder, error) {
	for _, f := range folders {
		if b.folderID(f.Name) == id {
			return f, nil
		}
	}
	return mailserver.Folder{}, problem.New(problem.Gone, sayNoFolder)
}

// goodSegment judges one level's name; what no name may hold is mailserver's to
// refuse.
func goodSegment(folders []mailserver.Folder, name string) error {
	bad := name == "" || name == "." || name == ".." || strings.HasPrefix(name, "~") || strings.HasPrefix(name, "#") ||
		utf8.RuneCountInString(name) > MaxFolderName || len(name) > maxFolderBytes
	for _, f := range folders {
		bad = bad || f.Delim != 0 && strings.ContainsRune(name, f.Delim)
	}
	if bad {
		return problem.New(problem.Invalid, sayFolderName)
	}
	return nil
}

// placed judges the whole name a folder would have.
func placed(folders []mailserver.Folder, whole string) (string, error) {
	if whole == "" {
		return "", problem.New(problem.Invalid, sayFolderNowhere)
	}
	delim := rune(0)
	for _, f := range folders {
		delim = max(delim, f.Delim)
	}
	if delim != 0 && strings.Count(whole, string(delim)) >= maxFolderDepth {
		return "", problem.New(problem.Invalid, sayFolderDeep)
	}
	if strings.EqualFold(whole, "INBOX") || mailserver.RoleOfName(whole, delim) != mailserver.RoleNone {
		return "", problem.New(problem.Conflict, sayFolderTaken)
	}
	return whole, nil
}

// forgetFolders drops what ids stood for: a name may be another folder's now.
func (b *Box) forgetFolders() {
	b.mu.Lock()
	b.folders = nil
	b.mu.Unlock()
	b.h.mu.Lock()
	defer b.h.mu.Unlock()
	delete(b.h.names, b.grant.Mailbox.ID)
}
