package mailhost

import (
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/mssante"
)

const delim = '/'

// specialUse gives standard folders their RFC 6154 attribute.
var specialUse = map[string]imap.MailboxAttr{
	"Drafts": imap.MailboxAttrDrafts, "Sent": imap.MailboxAttrSent, "Archive": imap.MailboxAttrArchive,
	"Junk": imap.MailboxAttrJunk, "Trash": imap.MailboxAttrTrash,
}

var (
	errNoFolder = &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeNonExistent, Text: "No such mailbox"}
	errExists   = &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeAlreadyExists, Text: "Mailbox already exists"}
	errFolder   = &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeCannot, Text: "Not allowed for this mailbox"}
)

// box is one mailbox and its folders. Several people may have it open: they all
// see the same. One lock, never held while the network is written to.
type box struct {
	address mssante.Address

	mu       sync.Mutex
	folders  map[string]*folder
	validity uint32
	sieve    scripts
}

type folder struct {
	name       string
	special    imap.MailboxAttr
	validity   uint32
	uidNext    imap.UID
	letters    []*letter // by UID
	mod        uint64    // grows with each change of flags
	subscribed bool
	gone       bool
	views      map[*view]struct{}
}

// letter is immutable but for its flags, expunged and mod (under box.mu).
type letter struct {
	uid      imap.UID
	raw      []byte
	received time.Time
	tree     func() *part // parsed once, shared by copies

	flags    map[string]imap.Flag // by lower case
	mod      uint64
	by       *view // whose STORE changed it last: that client knows
	expunged bool
}

func newBox(a mssante.Address, validity uint32, extra []string) *box {
	b := &box{address: a, folders: map[string]*folder{}, validity: validity}
	for _, name := range append([]string{"INBOX", "Drafts", "Sent", "Archive", "Junk", "Trash"}, extra...) {
		b.create(name, specialUse[name])
	}
	return b
}

func (b *box) create(name string, special imap.MailboxAttr) *folder {
	// UIDVALIDITY must differ when a folder is deleted and made again.
	b.validity++
	f := &folder{name: name, special: special, validity: b.validity, uidNext: 1, mod: 1, subscribed: true, views: map[*view]struct{}{}}
	b.folders[name] = f
	return f
}

func (b *box) find(name string) (*folder, error) {
	if strings.EqualFold(name, "INBOX") {
		name = "INBOX"
	}
	if f := b.folders[name]; f != nil {
		return f, nil
	}
	return nil, errNoFolder
}

// put appends a letter to a folder, making the folder when it is missing.
func (b *box) put(name string, raw []byte, flags []imap.Flag, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := b.find(name)
	if err != nil {
		f = b.create(name, specialUse[name])
	}
	f.append(newLetter(raw, flags, at))
}

func newLetter(raw []byte, flags []imap.Flag, at time.Time) *letter {
	l := &letter{raw: crlf(raw), received: at, flags: map[string]imap.Flag{}}
	l.tree = sync.OnceValue(func() *part { return parsePart(l.raw) })
	for _, fl := range flags {
		l.set(fl)
	}
	return l
}

func (l *letter) copy() *letter {
	c := &letter{raw: l.raw, received: l.received, tree: l.tree, flags: map[string]imap.Flag{}}
	for k, v := range l.flags {
		c.flags[k] = v
	}
	return c
}

func (f *folder) append(l *letter) imap.UID {
	l.uid = f.uidNext
	f.uidNext++
	f.letters = append(f.letters, l)
	f.wake()
	return l.uid
}

// wake tells sessions that idle here to look.
func (f *folder) wake() {
	for v := range f.views {
		select {
		case v.changed <- struct{}{}:
		default:
		}
	}
}

// expunge drops letters; sessions learn of it when they next poll.
func (f *folder) expunge(drop map[*letter]bool) {
	kept := make([]*letter, 0, len(f.letters))
	for _, l := range f.letters {
		if drop[l] {
			l.expunged = true
			continue
		}
		kept = append(kept, l)
	}
	f.letters = kept
	f.wake()
}

func (f *folder) touched(l *letter, by *view) {
	f.mod++
	l.mod, l.by = f.mod, by
	f.wake()
}

// systemFlags are spelt as RFC 9051 does, whatever a client sends.
var systemFlags = map[string]imap.Flag{
	`\seen`: imap.FlagSeen, `\answered`: imap.FlagAnswered, `\flagged`: imap.FlagFlagged, `\deleted`: imap.FlagDeleted, `\draft`: imap.FlagDraft,
}

func flagKey(fl imap.Flag) string { return strings.ToLower(string(fl)) }

func (l *letter) has(fl imap.Flag) bool { _, ok := l.flags[flagKey(fl)]; return ok }

func (l *letter) set(fl imap.Flag) {
	key := flagKey(fl)
	if s, ok := systemFlags[key]; ok {
		fl = s
	} else if strings.HasPrefix(key, `\`) {
		return // \Recent and unknown system flags cannot be set
	}
	if _, ok := l.flags[key]; !ok {
		l.flags[key] = fl
	}
}

func (l *letter) flagList() []imap.Flag {
	out := make([]imap.Flag, 0, len(l.flags))
	for _, fl := range l.flags {
		out = append(out, fl)
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}

func (f *folder) count(fl imap.Flag) (n uint32) {
	for _, l := range f.letters {
		if l.has(fl) {
			n++
		}
	}
	return n
}

func (f *folder) status(o *imap.StatusOptions) *imap.StatusData {
	d := &imap.StatusData{Mailbox: f.name}
	total := uint32(len(f.letters))
	if o.NumMessages {
		d.NumMessages = &total
	}
	if o.UIDNext {
		d.UIDNext = f.uidNext
	}
	if o.UIDValidity {
		d.UIDValidity = f.validity
	}
	if o.NumUnseen {
		n := total - f.count(imap.FlagSeen)
		d.NumUnseen = &n
	}
	if o.NumDeleted {
		n := f.count(imap.FlagDeleted)
		d.NumDeleted = &n
	}
	if o.Size {
		var size int64
		for _, l := range f.letters {
			size += int64(len(l.raw))
		}
		d.Size = &size
	}
	if o.NumRecent {
		var n uint32
		d.NumRecent = &n
	}
	return d
}
