package mailbox

import (
	"context"
	"strconv"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
)

// Ref names one letter of a mailbox for ever: a stale one is Gone, never another
// letter.
type Ref struct {
	Folder      string // opaque id
	UIDValidity uint32
	UID         uint32
}

func (r Ref) target() string {
	return r.Folder + "/" + strconv.FormatUint(uint64(r.UIDValidity), 10) + "/" + strconv.FormatUint(uint64(r.UID), 10)
}

// Item is one letter in a list.
type Item struct {
	Ref
	From, To    []message.Mailbox
	Subject     string // decoded; the XDM prefix is still there
	Received    time.Time
	Size        int64
	Unread      bool
	Flagged     bool
	Answered    bool
	Draft       bool
	Processed   bool // dealt with, by whoever shares the mailbox
	Attachments int
	Snippet     string
	Unreadable  bool // the server cannot describe it, and it is too large to be read here
	Patient     bool // from a patient's mailbox
	Doubtful    bool // its author's name is not what it seems
}

// ListQuery asks for one page. Anchors are UIDs: a letter removed elsewhere never
// shifts a page.
type ListQuery struct {
	Folder  string // opaque id
	Before  uint32 // rows older than this UID
	After   uint32 // rows just newer than this UID
	Page    int    // jump; 1 is the newest
	Size    int    // default 50
	Unread  bool
	Flagged bool
	ToDo    bool // not yet dealt with
}

// List is one page of a folder, newest first.
type List struct {
	Folder      FolderView
	Items       []Item
	Total       uint32 // letters that match
	First, Last int    // positions shown, 1 is the newest
	PrevAfter   uint32 // anchor of the page of newer letters, 0 for none
	NextBefore  uint32 // anchor of the page of older letters, 0 for none
	UIDValidity uint32
	Mark        string // how the folder stood, as FolderNews.Mark tells it
	Keeps       bool   // letters here can be marked dealt with
	UIDNext     uint32 // no letter here has this UID yet; 0 when the server does not say
}

// List lists one page of a folder.
func (b *Box) List(ctx context.Context, q ListQuery) (List, error) {
	_, l, err := b.list(ctx, q, false, 0, nil)
	return l, err
}

// Desk lists the folders and a page in the same flight. ready (nil for nothing) is
// called with them while the trail is being written: to prepare their page, which is
// shown only when Desk returns no error.
func (b *Box) Desk(ctx context.Context, q ListQuery, ready func([]FolderView, List)) ([]FolderView, List, error) {
	return b.list(ctx, q, true, 0, ready)
}

// list looks at the server's state of now, or of at most maxAge ago.
func (b *Box) list(ctx context.Context, q ListQuery, folders bool, maxAge time.Duration, ready func([]FolderView, List)) ([]FolderView, List, error) {
	views, l, err := b.page(ctx, q, folders, maxAge)
	prepare := func() {
		if ready != nil {
			ready(views, l)
		}
	}
	if err = b.recordListing(ctx, listing(q, l), refsOf(l.Items), err, prepare); err != nil {
		return nil, List{}, err
	}
	return views, l, nil
}

// listing is what the trail says of it.
func listing(q ListQuery, l List) audit.Event {
	return audit.Event{Action: audit.LetterList, Target: q.Folder, Request: "FETCH FLAGS HEADER", Count: len(l.Items)}
}

func (b *Box) page(ctx context.Context, q ListQuery, folders bool, maxAge time.Duration) ([]FolderView, List, error) {
	name, err := b.folderName(ctx, q.Folder)
	if err != nil {
		return nil, List{}, err
	}
	got, err := b.mail.Rows(ctx, q.of(name, folders, maxAge))
	if err != nil {
		return nil, List{}, err
	}
	views, l := b.shape(q, name, folders, got)
	return views, l, nil
}

// of is the question to the server.
func (q ListQuery) of(folder string, folders bool, maxAge time.Duration) mailserver.Query {
	return mailserver.Query{Folder: folder, Before: q.Before, After: q.After, Page: q.Page, Size: q.Size,
		Unread: q.Unread, Flagged: q.Flagged, Without: q.without(), Keyword: string(Processed), WithFolders: folders, MaxAge: maxAge}
}

// shape is the server's answer as a page of the folder of that name.
func (b *Box) shape(q ListQuery, name string, folders bool, got mailserver.Listing) ([]FolderView, List) {
	var views []FolderView
	l := List{Total: got.Total, First: got.First, Last: got.Last, UIDValidity: got.Folder.UIDValidity, UIDNext: got.Folder.UIDNext, Keeps: got.Keeps}
	if folders {
		views = b.views(got.Folders)
	}
	if k, ok := b.known(q.Folder); ok {
		got.Folder.Delim, got.Folder.Role = k.delim, k.role
	} else if name == "INBOX" {
		got.Folder.Role = mailserver.RoleInbox
	}
	l.Folder = b.view(got.Folder)
	for _, v := range views {
		if v.ID == q.Folder {
			l.Folder = v
		}
	}
	l.Folder.Messages = got.Folder.Messages
	l.Mark = markOf(got.Folder)
	for i := range got.Rows {
		r := &got.Rows[i]
		if r.Has(`\Deleted`) {
			continue // on its way out on a server that cannot remove single letters
		}
		l.Items = append(l.Items, item(q.Folder, l.UIDValidity, r))
	}
	if n := len(got.Rows); n > 0 {
		if got.First > 1 {
			l.PrevAfter = got.Rows[0].UID
		}
		if uint32(got.Last) < got.Total {
			l.NextBefore = got.Rows[n-1].UID
		}
	}
	return views, l
}

func (q ListQuery) without() string {
	if q.ToDo {
		return string(Processed)
	}
	return ""
}

func item(folder string, validity uint32, r *mailserver.Row) Item {
	it := Item{
		Ref:  Ref{Folder: folder, UIDValidity: validity, UID: r.UID},
		From: r.Envelope.From, To: r.Envelope.To, Subject: r.Envelope.Subject, Received: r.Received, Size: r.Size,
		Unread: !r.Has(`\Seen`), Flagged: r.Has(`\Flagged`), Answered: r.Has(`\Answered`), Draft: r.Has(`\Draft`), Processed: r.Has(string(Processed)),
		Attachments: r.Files, Snippet: r.Snippet, Unreadable: r.Unreadable,
	}
	for _, f := range r.Envelope.From {
		it.Patient = it.Patient || f.Address.IsPatient()
	}
	author := r.Envelope
	if len(author.Warnings) == 0 { // the server's own words were not judged yet
		author.Judge()
	}
	for _, w := range author.Warnings {
		it.Doubtful = it.Doubtful || w == message.WarnPosing || w == message.WarnHidden || w == message.WarnSeveralFrom
	}
	return it
}
