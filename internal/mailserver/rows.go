package mailserver

import (
	"context"
	"time"

	"pli.example/pli/internal/message"
)

// Row is one letter in a list. Everything but Seq and Flags never changes and is
// shared by the cache: read it, do not write into it.
type Row struct {
	UID      uint32
	Seq      uint32 // position in the folder, oldest is 1, when this was listed
	Flags    []string
	Received time.Time
	Size     int64 // octets of the whole letter

	Header    message.Header // keptFields
	Envelope  message.Envelope
	Structure *message.Part // nil when nobody could read it; of a small letter, types alone
	Snippet   string
	Files     int // attachments, by Structure

	Unreadable bool // the server's description of it cannot be read, nor could we
}

// Has reports a flag, without case.
func (r Row) Has(flag string) bool { return hasFold(r.Flags, flag) }

func (r *Row) weight() int {
	n := rowOverhead + len(r.Snippet) + len(r.Envelope.Subject)
	for _, f := range r.Header.Fields {
		n += len(f.Name) + len(f.Raw())
	}
	if r.Structure != nil && r.Size > maxSmall {
		r.Structure.Walk(func(*message.Part) bool { n += 300; return true })
	}
	return n
}

// Query asks for one page of a folder. Order is arrival, newest first.
type Query struct {
	Folder      string
	Validity    uint32 // when set, another UIDVALIDITY is Gone
	Before      uint32 // rows older than this UID
	After       uint32 // rows just newer than this UID
	Page        int    // jump, 1 is the newest page; ignored with an anchor
	Size        int    // default 50, at most 200
	Unread      bool
	Flagged     bool
	Without     string // a keyword the letters lack, "" for any
	Keyword     string // one asked about: Listing.Keeps
	WithFolders bool   // list the folders in the same flight
	// MaxAge: news of the folder this old will do; 0 asks for them. Flags are always
	// those of now.
	MaxAge time.Duration
}

// Listing is one page.
type Listing struct {
	Folders     []Folder // with WithFolders
	Folder      Folder   // counters and UIDVALIDITY; Role only with WithFolders
	Rows        []Row    // newest first
	Total       uint32   // letters of the folder that match
	First, Last int      // positions of the rows, 1 is the newest
	Keeps       bool     // the folder stores Query.Keyword (PERMANENTFLAGS, RFC 9051 §7.1)
}

// Rows lists one page. Flags are asked each time; the rest comes from the cache
// where it can. One letter that cannot be read costs its own row only.
func (a *Account) Rows(ctx context.Context, q Query) (Listing, error) {
	q.Size = pageSize(q.Size)
	var out Listing
	var missing []uint32
	err := a.read(ctx, a.commands, func(c *conn) error {
		out, missing = Listing{}, nil
		err := c.do(ctx, verbPage, a.s.o.CommandTimeout, budgetUIDs, func() error { return c.page(q, &out) })
		if err != nil {
			return err
		}
		if missing = a.fill(q.Folder, out.Folder.UIDValidity, out.Rows); len(missing) == 0 {
			return nil
		}
		_, err = a.fetchRows(ctx, c, q.Folder, out.Folder.UIDValidity, missing, true)
		if crafted(err) {
			return nil // told apart below, on new connections
		}
		return err
	})
	if err != nil {
		return Listing{}, door(ctx, err, "listing a folder")
	}
	if len(missing) > 0 {
		if missing = a.fill(q.Folder, out.Folder.UIDValidity, out.Rows); len(missing) > 0 {
			if err := a.salvage(ctx, q.Folder, out.Folder.UIDValidity, missing); err != nil {
				return Listing{}, door(ctx, err, "listing a folder")
			}
			a.fill(q.Folder, out.Folder.UIDValidity, out.Rows)
		}
	}
	a.remember(q.Folder, out.Folder.UIDValidity, out.Rows)
	if a.s.cache.over() {
		a.s.shed()
	}
	return out, nil
}

func pageSize(asked int) int {
	if asked <= 0 {
		return 50
	}
	return min(asked, 200)
}

// fill completes rows from the cache and gives the UIDs it does not know.
func (a *Account) fill(folder string, validity uint32, rows []Row) (missing []uint32) {
	for i := range rows {
		known, ok := a.cache.row(letterKey{folder, validity, rows[i].UID})
		if !ok {
			missing = append(missing, rows[i].UID)
			rows[i].Unreadable = true
			continue
		}
		seq, flags := rows[i].Seq, rows[i].Flags
		rows[i] = *known
		rows[i].Seq, rows[i].Flags = seq, flags
	}
	return missing
}
