package mailbox

import (
	"context"
	"errors"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/index"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
)

// Conversation is one conversation in a list, whatever folders its letters lie in. What
// is done to it is done to its letters in the folder listed, those the list showed: what
// was filed elsewhere stays there, and so do the copies of what was sent.
type Conversation struct {
	ID          string // opaque; it outlives the index
	Letters     int    // one that lies in several folders counts once
	Unread      int    // in the folder listed, as the two below
	Flagged     bool
	Processed   bool              // all are
	Patient     bool              // an exchange with a patient
	People      []message.Mailbox // who wrote, the oldest first, at most 8
	Subject     string            // of the newest letter
	Received    time.Time         // the same
	Newest      Ref
	Sent        bool              // the newest is ours
	To          []message.Mailbox // of the newest
	Here        Ref               // its newest letter in the folder listed
	There       []uint32          // UIDs of its letters there, the newest first, at most 500
	Snippet     string            // of the newest
	Attachments int               // of the newest, 1 when only another letter has some
	Unreadable  bool              // the newest is
	Answered    bool              // the newest was
}

// ConversationQuery asks for one page. Anchors are those of ConversationList.
type ConversationQuery struct {
	Folder        string // opaque id
	Unread        bool
	Flagged       bool
	ToDo          bool
	Before, After string
	Page, Size    int  // as in ListQuery
	Refresh       bool // look at every mark again, whatever the counters say
}

// ConversationList is one page of the conversations of a folder, newest first.
type ConversationList struct {
	Folder      FolderView
	Items       []Conversation
	Total       int
	First, Last int
	Prev, Next  string // anchors of the pages beside, "" for none
	Reading     Reading
	// Letters is how many letters of the folder are as asked, 0 when not known; UIDNext is above those the
	// page knows, 0 when it knows none.
	Letters, UIDNext uint32
}

// Reading is how far the index got; what it has is shown meanwhile.
type Reading struct {
	Read, Of int
	// Done: all letters of conversations are read. Full: they never will be, for want
	// of room; the newest are.
	Done, Full bool
}

// Reading tells how far the index of this mailbox got.
func (b *Box) Reading() Reading {
	if i := b.keptOf(false); i != nil {
		return i.reading()
	}
	return Reading{}
}

func (i *kept) reading() (r Reading) {
	folders := i.ix.Folders()
	r.Done = len(folders) > 0
	for _, f := range folders {
		if f.Kind == index.Aside {
			continue
		}
		r.Read += f.Letters
		r.Of += max(int(f.At.Messages), f.Letters)
		r.Done = r.Done && f.Whole() && (f.At.Next > 0 || f.At.Messages == 0)
	}
	r.Full = i.isFull()
	return r
}

// Conversations lists the folders, and one page of the conversations of one of them:
// those of which a letter is there. The index is brought up to date first; until it is
// whole, the page is of what was read so far.
func (b *Box) Conversations(ctx context.Context, q ConversationQuery) ([]FolderView, ConversationList, error) {
	return b.ConversationsWhile(ctx, q, nil)
}

// ConversationsWhile is the same; ready (nil for nothing) is called as Desk calls it.
func (b *Box) ConversationsWhile(ctx context.Context, q ConversationQuery, ready func([]FolderView, ConversationList)) ([]FolderView, ConversationList, error) {
	views, l, err := b.conversations(ctx, q)
	shown := make([]Ref, 0, 2*len(l.Items))
	for _, c := range l.Items {
		shown = append(shown, c.Newest, c.Here)
	}
	e := audit.Event{Action: audit.LetterList, Target: q.Folder, Request: "LIST STATUS, FETCH CHANGEDSINCE", Count: len(l.Items)}
	prepare := func() {
		if ready != nil {
			ready(views, l)
		}
	}
	err = b.recordListing(ctx, e, shown, err, prepare)
	if err != nil {
		return nil, ConversationList{}, err
	}
	return views, l, nil
}

func (b *Box) conversations(ctx context.Context, q ConversationQuery) ([]FolderView, ConversationList, error) {
	name, err := b.folderName(ctx, q.Folder)
	if err != nil {
		return nil, ConversationList{}, err
	}
	i, views, err := b.current(ctx, name, q.Refresh)
	if err != nil {
		return nil, ConversationList{}, err
	}
	l := ConversationList{Reading: i.reading()}
	found := false
	for _, v := range views {
		if v.ID == q.Folder {
			l.Folder, found = v, true
		}
	}
	if !found {
		return nil, ConversationList{}, problem.New(problem.Gone, sayNoFolder)
	}
	p := i.ix.Conversations(index.Asked{Folder: name, Unread: q.Unread, Flagged: q.Flagged, ToDo: q.ToDo, Before: q.Before, After: q.After, Page: q.Page, Size: q.Size})
	l.Total, l.First, l.Last, l.Prev, l.Next = p.Total, p.First, p.Last, p.Prev, p.Next
	f, _ := i.ix.Folder(name)
	l.Letters, l.UIDNext = uint32(f.Letters), f.At.Next
	switch {
	case q.Unread:
		l.Letters = uint32(f.Unread)
	case q.Flagged:
		l.Letters = uint32(f.Flagged)
	case q.ToDo:
		l.Letters = 0 // the index counts no such letters
	}
	newest := make([]index.Ref, len(p.Conversations))
	for k := range p.Conversations {
		newest[k] = p.Conversations[k].Newest.Ref
	}
	b.learnLetters(ctx, newest, name)
	for k := range p.Conversations {
		l.Items = append(l.Items, b.conversation(&p.Conversations[k]))
	}
	return views, l, nil
}

// current gives the index, that of now; what is shown of it is a folder.
func (b *Box) current(ctx context.Context, shown string, force bool) (*kept, []FolderView, error) {
	list, err := b.mail.FolderListAt(ctx, shown)
	if err != nil {
		return nil, nil, err
	}
	i := b.keptOf(true)
	views := b.views(list.Folders)
	if err := b.upkeep(ctx, i, list.Folders, shown, force); err != nil {
		return nil, nil, err
	}
	b.Index()
	return i, views, nil
}

func (b *Box) conversation(c *index.Conversation) Conversation {
	out := Conversation{ID: c.ID, Letters: c.Letters, Unread: c.Unread, Flagged: c.Flagged, Processed: c.Processed, Patient: c.Patient, People: c.People,
		Subject: c.Newest.Subject, Received: c.Newest.Received, Newest: b.refOf(c.Newest.Ref), Here: b.refOf(c.Here), There: c.There[:min(len(c.There), maxRefs)], Sent: c.Newest.Kind == index.Sent,
		To: c.Newest.To, Answered: c.Newest.Flags&index.Answered != 0}
	out.Snippet, out.Attachments, out.Unreadable = b.textOf(&c.Newest)
	if c.Mixed {
		out.Attachments = max(out.Attachments, 1)
	}
	return out
}

func (b *Box) refOf(r index.Ref) Ref {
	if r.UID == 0 {
		return Ref{}
	}
	return Ref{Folder: b.folderID(r.Folder), UIDValidity: r.Validity, UID: r.UID}
}

// ConversationLetter is one letter of a conversation.
type ConversationLetter struct {
	Item
	Ours   bool
	Folder FolderView
	Copies []Ref // of the same letter in other folders
}

// maxConversationLetters are shown of one conversation, the newest.
const maxConversationLetters = 200

const sayNoConversation = "Cette conversation n’est plus là, sans doute déplacée ou supprimée depuis un autre poste. Revenez à la liste."

const sayNotIndexed = "Pli n’a pas encore lu les lettres de cette conversation. Rien n’est perdu\u00a0: revenez à la liste, ou rechargez cette page dans un instant."

// OpenedConversation is one with its letters.
type OpenedConversation struct {
	Conversation
	All     []ConversationLetter // oldest first
	Older   int                  // letters before those
	In      FolderView           // the folder it is looked at from: that of Here and There
	Folders []FolderView
}

// Conversation gives one, looked at from a folder; from the inbox, when no letter of
// that folder makes conversations. That its letters are listed is in the trail; each that
// is opened is an act of its own.
func (b *Box) Conversation(ctx context.Context, id, folder string) (OpenedConversation, error) {
	c, err := b.openedConversation(ctx, id, folder)
	err = b.record(ctx, audit.Event{Action: audit.LetterList, Target: "conversation/" + id, Request: "LIST STATUS, FETCH CHANGEDSINCE", Count: len(c.All)}, err)
	if err != nil {
		return OpenedConversation{}, err
	}
	return c, nil
}

func (b *Box) openedConversation(ctx context.Context, id, folder string) (OpenedConversation, error) {
	in := "INBOX"
	if folder != "" {
		if name, err := b.folderName(ctx, folder); err == nil {
			in = name
		}
	}
	i, views, err := b.current(ctx, in, false)
	if err != nil {
		return OpenedConversation{}, err
	}
	if f, ok := i.ix.Folder(in); !ok || f.Kind == index.Aside {
		in = "INBOX"
	}
	c, found, left, ok := i.ix.Conversation(id, in, maxConversationLetters)
	if !ok {
		if !i.reading().Done {
			return OpenedConversation{}, problem.Wrap(errors.New("mailbox: not indexed yet"), problem.Gone, sayNotIndexed)
		}
		return OpenedConversation{}, problem.New(problem.Gone, sayNoConversation)
	}
	out := OpenedConversation{Conversation: b.conversation(&c), Older: left, Folders: views}
	by := make(map[string]FolderView, len(views))
	for _, v := range views {
		by[v.ID] = v
	}
	out.In = by[b.folderID(in)]
	refs := make([]index.Ref, len(found))
	for k := range found {
		refs[k] = found[k].Ref
	}
	b.learnLetters(ctx, refs, in)
	for k := range found {
		out.All = append(out.All, b.conversationLetter(&found[k], by))
	}
	return out, nil
}

func (b *Box) conversationLetter(f *index.Found, by map[string]FolderView) ConversationLetter {
	ref := b.refOf(f.Ref)
	l := ConversationLetter{Item: itemOf(ref, f), Ours: f.Kind == index.Sent, Folder: by[ref.Folder]}
	if len(f.From) == 1 && f.From[0].Address.Equal(b.Address()) && f.Kind != index.Inbox {
		l.Ours = true
	}
	l.Snippet, l.Attachments, l.Unreadable = b.textOf(f)
	for _, r := range f.Copies {
		l.Copies = append(l.Copies, b.refOf(r))
	}
	return l
}

// itemOf is a letter as the index knows it: without text and files.
func itemOf(ref Ref, f *index.Found) Item {
	it := Item{Ref: ref, From: f.From, To: f.To, Subject: f.Subject, Received: f.Received, Size: f.Size, Unread: f.Flags&index.Seen == 0,
		Flagged: f.Flags&index.Flagged != 0, Answered: f.Flags&index.Answered != 0, Draft: f.Flags&index.Draft != 0}
	for _, m := range f.From {
		it.Patient = it.Patient || m.Address.IsPatient()
	}
	author := message.Envelope{From: f.From}
	author.Judge()
	for _, w := range author.Warnings {
		it.Doubtful = it.Doubtful || w == message.WarnPosing || w == message.WarnHidden || w == message.WarnSeveralFrom
	}
	return it
}

// ConversationOf gives the id of the conversation a letter is in, "" when that is not
// known: another letter of it may be shown beside.
func (b *Box) ConversationOf(ctx context.Context, ref Ref) string {
	i := b.keptOf(false)
	name, err := b.folderName(ctx, ref.Folder)
	if i == nil || err != nil || !i.of(name, ref.UIDValidity) {
		return ""
	}
	return i.ix.ConversationOf(name, ref.UID)
}
