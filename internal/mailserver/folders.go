package mailserver

import (
	"context"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Role is what a folder is for (RFC 6154), "" for a folder of the user's own.
type Role string

// The roles.
const (
	RoleNone    Role = ""
	RoleInbox   Role = "inbox"
	RoleDrafts  Role = "drafts"
	RoleSent    Role = "sent"
	RoleArchive Role = "archive"
	RoleJunk    Role = "junk"
	RoleTrash   Role = "trash"
)

// Folder is one folder with its counters. Counters are 0 when not selectable.
type Folder struct {
	Name          string // decoded UTF-8, exactly as the server spells it
	Delim         rune   // 0 when the server has no hierarchy
	Attrs         []string
	Role          Role
	Selectable    bool
	Messages      uint32
	Unseen        uint32
	UIDNext       uint32
	UIDValidity   uint32
	HighestModSeq uint64
}

// maxFolders bounds what a listing keeps: beyond, the page is no page.
const maxFolders = 2000

// FolderList is every folder of a mailbox, or as many as are kept.
type FolderList struct {
	Folders []Folder
	Left    int // folders the server named beyond what is kept
}

// Counted reports whether the server told the folder's counters; it does not for
// a folder just removed or one the person may not read.
func (f Folder) Counted() bool { return f.UIDValidity != 0 }

// Folders lists the folders with their counters: one round trip where the server
// has LIST-STATUS, two otherwise.
func (a *Account) Folders(ctx context.Context) ([]Folder, error) {
	l, err := a.FolderList(ctx)
	return l.Folders, err
}

// FolderList is Folders with how many were left out.
func (a *Account) FolderList(ctx context.Context) (FolderList, error) {
	var out FolderList
	err := a.read(ctx, a.commands, func(c *conn) error {
		return c.do(ctx, verbList, a.s.o.CommandTimeout, budgetList, func() (err error) {
			out, err = c.freshListing()
			return err
		})
	})
	if err != nil {
		return FolderList{}, door(ctx, err, "listing folders")
	}
	return out, nil
}

// Counters asks for one folder's counters.
func (a *Account) Counters(ctx context.Context, folder string) (Folder, error) {
	var f Folder
	err := a.read(ctx, a.commands, func(c *conn) error {
		return c.do(ctx, verbStatus, a.s.o.CommandTimeout, budgetSmall, func() error {
			if err := c.hear(); err != nil {
				return err
			}
			st, err := c.client.Status(folder, c.statusItems()).Wait()
			if err != nil {
				return err
			}
			f = Folder{Name: folder, Selectable: true, Messages: value(st.NumMessages), Unseen: value(st.NumUnseen),
				UIDNext: uint32(st.UIDNext), UIDValidity: st.UIDValidity, HighestModSeq: st.HighestModSeq}
			return nil
		})
	})
	return f, door(ctx, err, "counting")
}

// startFolders sends the listing and gives the function that waits for it, so
// that other commands can travel in the same flight.
func (c *conn) startFolders() (wait func() ([]Folder, error)) {
	listing := c.startListing()
	return func() ([]Folder, error) {
		l, err := listing()
		return l.Folders, err
	}
}

// freshListing is a listing after the news of the selected folder was heard: of that
// folder STATUS and LIST-STATUS tell what this connection saw last (Dovecot 2.3). The
// answer is waited for: of commands in one flight Dovecot may put the news last.
func (c *conn) freshListing() (out FolderList, err error) {
	if out, calm, err := c.calmListing(); calm || err != nil {
		return out, err
	}
	if err := c.hear(); err != nil {
		return out, err
	}
	return c.startListing()()
}

// calmListing is a listing with the news of the selected folder behind it, in one
// flight; calm: there were none, so it is of now.
func (c *conn) calmListing() (out FolderList, calm bool, err error) {
	if c.folder == "" || !c.steady() {
		return out, false, nil
	}
	var listing func() (FolderList, error)
	calm, err = c.undisturbed(func() { listing = c.startListing() }, func() (int, error) {
		var err error
		out, err = listing()
		return 0, err
	})
	for _, f := range out.Folders {
		calm = calm && (f.Name != c.folder || f.UIDValidity == c.validity && f.Messages == c.exists())
	}
	return out, calm, err
}

// hear has the server tell its news of the selected folder, if there is one.
func (c *conn) hear() error {
	if c.folder == "" || !c.steady() { // the listing itself hears them there
		return nil
	}
	if err := c.noop(); err != nil {
		return err
	}
	c.syncedAt = c.now()
	return nil
}

func (c *conn) startListing() (wait func() (FolderList, error)) {
	status := c.statusItems()
	var o *imap.ListOptions
	withStatus := c.has(imap.CapListStatus)
	special := c.has(imap.CapSpecialUse)
	if withStatus || special && c.has(imap.CapListExtended) {
		o = &imap.ListOptions{ReturnSpecialUse: special && c.has(imap.CapListExtended)}
		if withStatus {
			o.ReturnStatus = status
		}
	}
	var heard error
	if !withStatus {
		// A STATUS of the selected folder may tell of the time before the news (RFC 9051
		// §6.3.11 warns of it; Courier does).
		heard = c.noop()
	}
	cmd := c.client.List("", "*", o)
	listed := collect(cmd.Collect)
	return func() (FolderList, error) {
		data, err := listed()
		if err == nil {
			err = heard
		}
		if err != nil {
			return FolderList{}, err
		}
		left := max(len(data)-maxFolders, 0)
		data = data[:len(data)-left]
		if !withStatus {
			if err := c.addStatus(data, status); err != nil {
				return FolderList{}, err
			}
		}
		return FolderList{foldersOf(data), left}, nil
	}
}

func (c *conn) statusItems() *imap.StatusOptions {
	return &imap.StatusOptions{NumMessages: true, NumUnseen: true, UIDNext: true, UIDValidity: true,
		HighestModSeq: c.has(imap.CapCondStore)}
}

// addStatus asks for each folder's counters, pipelined. A folder that answers NO
// (no right, just removed) keeps zero counters.
func (c *conn) addStatus(data []*imap.ListData, status *imap.StatusOptions) error {
	cmds := make([]*imapclient.StatusCommand, len(data))
	for i, d := range data {
		if selectable(d.Attrs) {
			cmds[i] = c.client.Status(d.Mailbox, status)
		}
	}
	for i, cmd := range cmds {
		if cmd == nil {
			continue
		}
		st, err := cmd.Wait()
		if err != nil {
			if said(err) {
				continue
			}
			return err
		}
		data[i].Status = st
	}
	return nil
}

func selectable(attrs []imap.MailboxAttr) bool {
	for _, at := range attrs {
		if at == imap.MailboxAttrNoSelect || at == imap.MailboxAttrNonExistent {
			return false
		}
	}
	return true
}

func foldersOf(data []*imap.ListData) []Folder {
	out := make([]Folder, 0, len(data))
	taken := make(map[Role]bool)
	seen := make(map[string]bool, len(data))
	for _, d := range data {
		if d.Mailbox == "" || seen[d.Mailbox] {
			continue
		}
		seen[d.Mailbox] = true
		f := Folder{Name: d.Mailbox, Delim: d.Delim, Selectable: selectable(d.Attrs)}
		for _, at := range d.Attrs {
			f.Attrs = append(f.Attrs, string(at))
		}
		if st := d.Status; st != nil {
			f.Messages, f.Unseen = value(st.NumMessages), value(st.NumUnseen)
			f.UIDNext, f.UIDValidity, f.HighestModSeq = uint32(st.UIDNext), st.UIDValidity, st.HighestModSeq
		}
		if r := roleByAttr(f); r != RoleNone && !taken[r] {
			f.Role, taken[r] = r, true
		}
		out = append(out, f)
	}
	for i := range out { // servers without SPECIAL-USE: by name, announced roles first
		if out[i].Role == RoleNone && out[i].Selectable {
			if r := roleByName(out[i].Name, out[i].Delim); r != RoleNone && !taken[r] {
				out[i].Role, taken[r] = r, true
			}
		}
	}
	return out
}

func value(n *uint32) uint32 {
	if n == nil {
		return 0
	}
	return *n
}
