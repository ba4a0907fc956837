package mailserver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/problem"
)

// maxFolderName bounds a folder's whole name, in bytes: file systems under servers
// take 255 for each level, in modified UTF-7.
const maxFolderName = 600

// Sentences about folders.
const (
	sayFolderThere = "Un dossier de ce nom existe déjà\u00a0: rien n’a changé. Choisissez un autre nom."
	sayFolderFull  = "Ce dossier contient des lettres\u00a0: il n’est pas supprimé. Videz-le d’abord\u00a0: ses lettres iront à la corbeille."
	sayFolderNo    = "La messagerie MSSanté a refusé ce changement de dossier. Rien n’a changé\u00a0: essayez un autre nom, ou contactez votre opérateur."
	sayFolderAside = "Une lettre est arrivée dans ce dossier pendant sa suppression, et la messagerie MSSanté refuse de lui rendre son nom. Aucune lettre n’est perdue\u00a0: elles sont dans le dossier dont le nom finit par «\u00a0(suppression)\u00a0»."
)

// goodFolderName refuses what a LIST pattern, a line or an eye would read otherwise.
// How names travel (modified UTF-7, RFC 3501 §5.1.3) is the library's to do.
func goodFolderName(name string) error {
	if name == "" || len(name) > maxFolderName || !utf8.ValidString(name) || strings.ContainsAny(name, "%*") ||
		strings.ContainsFunc(name, func(r rune) bool {
			return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError
		}) {
		return fmt.Errorf("%w: folder name", errValue)
	}
	return nil
}

// onFolders runs one change of the folder tree.
func (a *Account) onFolders(ctx context.Context, doing string, f func(*conn) error, names ...string) error {
	for _, n := range names {
		if err := goodFolderName(n); err != nil {
			return door(ctx, err, doing)
		}
	}
	err := a.change(ctx, func(c *conn) error {
		return c.do(ctx, verbFolder, a.s.o.CommandTimeout, budgetSmall, func() error { return f(c) })
	})
	var no *imap.Error
	if errors.As(err, &no) && said(err) {
		switch no.Code {
		case imap.ResponseCodeAlreadyExists:
			err = problem.Wrap(err, problem.Conflict, sayFolderThere)
		case "", imap.ResponseCodeCannot:
			err = problem.Wrap(err, problem.UpstreamRefused, sayFolderNo)
		}
	}
	return door(ctx, err, doing)
}

// CreateFolder makes a folder, subscribed. One of that name is a Conflict.
func (a *Account) CreateFolder(ctx context.Context, name string) error {
	_, err := a.MakeFolder(ctx, name)
	return err
}

// MakeFolder is CreateFolder and tells the whole name, in the person's own namespace,
// with a Conflict too.
func (a *Account) MakeFolder(ctx context.Context, name string) (whole string, err error) {
	err = a.onFolders(ctx, "making a folder", func(c *conn) error {
		var err error
		if whole, err = c.ours(name); err != nil {
			return err
		}
		if err := c.client.Create(whole, nil).Wait(); err != nil {
			return c.taken(whole, err)
		}
		return unlessSaid(c.client.Subscribe(whole).Wait())
	}, name)
	return whole, err
}

// RenameFolder gives a folder another name; those in it follow (RFC 9051 §6.3.6). Its
// subscription follows too, which servers leave behind.
func (a *Account) RenameFolder(ctx context.Context, from, to string) error {
	return a.onFolders(ctx, "renaming a folder", func(c *conn) error {
		if err := c.letGo(from); err != nil {
			return err
		}
		to, err := c.ours(to)
		if err != nil {
			return err
		}
		if err := c.client.Rename(from, to, nil).Wait(); err != nil {
			return c.taken(to, err)
		}
		return errors.Join(unlessSaid(c.client.Unsubscribe(from).Wait()), unlessSaid(c.client.Subscribe(to).Wait()))
	}, to)
}

// DeleteFolder removes an empty folder; one that holds letters is a Conflict. DELETE
// takes letters along, one that arrives meanwhile too: so the folder is set aside
// under a name nobody delivers to, looked into, and only then removed.
func (a *Account) DeleteFolder(ctx context.Context, name string) error {
	return a.onFolders(ctx, "removing a folder", func(c *conn) error {
		if err := c.letGo(name); err != nil {
			return err
		}
		if err := c.empty(name); err != nil {
			return err
		}
		aside := name + " " + rand.Text()[:8] + " (suppression)"
		gone := name
		if err := c.client.Rename(name, aside, nil).Wait(); err == nil {
			gone = aside
		} else if !said(err) {
			return err
		}
		err := c.empty(gone)
		if err == nil {
			err = c.client.Delete(gone).Wait()
		}
		if err != nil {
			if gone != name && harmless(err) {
				if back := c.client.Rename(gone, name, nil).Wait(); back != nil && said(back) {
					return problem.Wrap(errors.Join(err, back), problem.UpstreamRefused, sayFolderAside)
				}
			}
			return err
		}
		return unlessSaid(c.client.Unsubscribe(name).Wait())
	})
}

// ours puts a folder's name where the server keeps a person's own folders.
func (c *conn) ours(name string) (string, error) {
	prefix, err := c.personal(nil)
	if err != nil || strings.HasPrefix(name, prefix) {
		return name, err
	}
	return prefix + name, nil
}

// taken tells why a server refused a new name when it gives no code for it: most often
// a folder of that name is there.
func (c *conn) taken(name string, err error) error {
	var no *imap.Error
	if !errors.As(err, &no) || !said(err) || no.Code != "" {
		return err
	}
	if there, listErr := c.client.List("", name, nil).Collect(); listErr == nil && len(there) > 0 {
		return &imap.Error{Type: no.Type, Code: imap.ResponseCodeAlreadyExists, Text: no.Text}
	}
	return err
}

// letGo selects another folder when this one is selected: a server may hang up on who
// stands in a folder that goes.
func (c *conn) letGo(name string) error {
	if c.folder != name {
		return nil
	}
	return c.selectFolder("INBOX", false)
}

// empty fails unless the server says that the folder holds no letter.
func (c *conn) empty(name string) error {
	st, err := c.client.Status(name, &imap.StatusOptions{NumMessages: true}).Wait()
	var no *imap.Error
	if errors.As(err, &no) && no.Code == "" && no.Type == imap.StatusResponseTypeNo {
		return &imap.Error{Type: no.Type, Code: imap.ResponseCodeNonExistent, Text: no.Text} // Dovecot names no code
	}
	if err != nil {
		return err
	}
	if st.NumMessages == nil || *st.NumMessages > 0 {
		return errFull
	}
	return nil
}

func unlessSaid(err error) error {
	if err != nil && said(err) {
		return nil
	}
	return err
}

// SubscribeFolder shows a folder in other programs, or hides it there.
func (a *Account) SubscribeFolder(ctx context.Context, name string, on bool) error {
	return a.onFolders(ctx, "subscribing", func(c *conn) error {
		if on {
			return c.client.Subscribe(name).Wait()
		}
		return c.client.Unsubscribe(name).Wait()
	})
}

// Subscribed gives the names of the folders that other programs show; ok is false
// when the server cannot tell (no LIST-EXTENDED, RFC 5258).
func (a *Account) Subscribed(ctx context.Context) (names map[string]bool, ok bool, err error) {
	err = a.read(ctx, a.commands, func(c *conn) error {
		return c.do(ctx, verbList, a.s.o.CommandTimeout, budgetList, func() error {
			if ok = c.has(imap.CapListExtended); !ok {
				return nil
			}
			data, err := c.client.List("", "*", &imap.ListOptions{SelectSubscribed: true}).Collect()
			names = make(map[string]bool, len(data))
			for _, d := range data[:min(len(data), maxFolders)] {
				names[d.Mailbox] = true
			}
			return err
		})
	})
	return names, ok, door(ctx, err, "listing subscriptions")
}

// PlaceOf is the whole name of a folder to be made: in parent, or at the top, which on
// some servers is under INBOX. "" when folders cannot stand in that one.
func PlaceOf(folders []Folder, parent, segment string) string {
	var inbox Folder
	for _, f := range folders {
		if f.Name == parent && parent != "" {
			if f.Delim == 0 {
				return ""
			}
			return f.Name + string(f.Delim) + segment
		}
		if f.Role == RoleInbox {
			inbox = f
		}
	}
	if parent != "" {
		return ""
	}
	if inbox.Delim != 0 && underInbox(folders, inbox.Delim) {
		return "INBOX" + string(inbox.Delim) + segment
	}
	return segment
}

// RoleOfName tells whether a server without roles of its own would be thought to mean
// one by a name.
func RoleOfName(name string, delim rune) Role { return roleByName(name, delim) }
