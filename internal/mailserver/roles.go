package mailserver

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-imap/v2"
)

func roleByAttr(f Folder) Role {
	if strings.EqualFold(f.Name, "INBOX") {
		return RoleInbox
	}
	for _, at := range f.Attrs {
		switch imap.MailboxAttr(at) {
		case imap.MailboxAttrDrafts:
			return RoleDrafts
		case imap.MailboxAttrSent:
			return RoleSent
		case imap.MailboxAttrArchive:
			return RoleArchive
		case imap.MailboxAttrJunk:
			return RoleJunk
		case imap.MailboxAttrTrash:
			return RoleTrash
		}
	}
	return RoleNone
}

// roleByName knows the names French and English servers and clients give. Only
// at the top, or right under INBOX: 'Patients/Archives' is somebody's own.
func roleByName(name string, delim rune) Role {
	if delim != 0 {
		if rest, ok := strings.CutPrefix(name, "INBOX"+string(delim)); ok {
			name = rest
		}
		if strings.ContainsRune(name, delim) {
			return RoleNone
		}
	}
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "drafts", "draft", "brouillons", "brouillon":
		return RoleDrafts
	case "sent", "sent messages", "sent items", "sent mail", "envoyés", "envoyes", "messages envoyés", "éléments envoyés", "courrier envoyé", "objets envoyés":
		return RoleSent
	case "archive", "archives", "archivés", "classés":
		return RoleArchive
	case "junk", "spam", "junk e-mail", "junk email", "indésirables", "indesirables", "courrier indésirable", "pourriel":
		return RoleJunk
	case "trash", "bin", "deleted", "deleted items", "deleted messages", "corbeille", "éléments supprimés", "messages supprimés":
		return RoleTrash
	}
	return RoleNone
}

var errNoRole = errors.New("mailserver: no folder can be made for this role")

// roleNameAttr says how a missing folder of a role is created. English names: what
// clients of every language recognise; the page shows the role in French.
func roleNameAttr(r Role) (string, imap.MailboxAttr, error) {
	switch r {
	case RoleDrafts:
		return "Drafts", imap.MailboxAttrDrafts, nil
	case RoleSent:
		return "Sent", imap.MailboxAttrSent, nil
	case RoleArchive:
		return "Archive", imap.MailboxAttrArchive, nil
	case RoleJunk:
		return "Junk", imap.MailboxAttrJunk, nil
	case RoleTrash:
		return "Trash", imap.MailboxAttrTrash, nil
	}
	return "", "", fmt.Errorf("%w: %q", errNoRole, r)
}

// EnsureFolder gives the folder of a role, made if it is missing: with its
// SPECIAL-USE where the server lets one say so (RFC 6154 §3).
func (a *Account) EnsureFolder(ctx context.Context, role Role) (Folder, error) {
	folders, err := a.Folders(ctx)
	if err != nil {
		return Folder{}, err
	}
	if f, ok := byRole(folders, role); ok {
		return f, nil
	}
	name, attr, err := roleNameAttr(role)
	if err != nil {
		return Folder{}, door(ctx, err, "making a folder")
	}
	err = a.change(ctx, func(c *conn) error {
		return c.do(ctx, verbCreate, a.s.o.CommandTimeout, budgetSmall, func() error {
			prefix, err := c.personal(folders)
			if err != nil {
				return err
			}
			name = prefix + name
			return c.create(name, attr)
		})
	})
	if err != nil {
		return Folder{}, door(ctx, err, "making a folder")
	}
	if folders, err = a.Folders(ctx); err != nil {
		return Folder{}, err
	}
	if f, ok := byRole(folders, role); ok {
		return f, nil
	}
	for _, f := range folders {
		if f.Name == name {
			f.Role = role
			return f, nil
		}
	}
	return Folder{}, door(ctx, fmt.Errorf("%w: created but not listed", errGarbled), "making a folder")
}

// personal gives what the names of a person's own folders begin with (RFC 2342): ""
// on most servers, "INBOX." where every folder lies inside the inbox.
func (c *conn) personal(folders []Folder) (string, error) {
	if c.has(imap.CapNamespace) {
		data, err := c.client.Namespace().Wait()
		if err == nil && len(data.Personal) > 0 {
			return data.Personal[0].Prefix, nil
		}
		if err != nil && !said(err) {
			return "", err
		}
	}
	if inbox, ok := byRole(folders, RoleInbox); ok && inbox.Delim != 0 && underInbox(folders, inbox.Delim) {
		return "INBOX" + string(inbox.Delim), nil
	}
	return "", nil
}

func (c *conn) create(name string, attr imap.MailboxAttr) error {
	var o *imap.CreateOptions
	if c.has(imap.CapCreateSpecialUse) {
		o = &imap.CreateOptions{SpecialUse: []imap.MailboxAttr{attr}}
	}
	err := c.client.Create(name, o).Wait()
	if err != nil && o != nil && said(err) {
		err = c.client.Create(name, nil).Wait() // USEATTR: this attribute is not for users
	}
	var no *imap.Error
	if errors.As(err, &no) && no.Code == imap.ResponseCodeAlreadyExists {
		err = nil // another session was quicker
	}
	if err != nil {
		return err
	}
	if err := c.client.Subscribe(name).Wait(); err != nil && !said(err) {
		return err
	}
	return nil
}

func byRole(folders []Folder, r Role) (Folder, bool) {
	for _, f := range folders {
		if f.Role == r && f.Selectable {
			return f, true
		}
	}
	return Folder{}, false
}

// underInbox reports whether every folder but INBOX lives under it.
func underInbox(folders []Folder, delim rune) bool {
	n := 0
	for _, f := range folders {
		if f.Role == RoleInbox {
			continue
		}
		if !strings.HasPrefix(f.Name, "INBOX"+string(delim)) {
			return false
		}
		n++
	}
	return n > 0
}
