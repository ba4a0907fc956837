package index

import (
	"cmp"
	"encoding/base32"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"

	"pli.example/pli/internal/message"
)

// Ref names a letter.
type Ref struct {
	Folder        string
	Validity, UID uint32
}

// Found is one letter as an answer shows it.
type Found struct {
	Ref
	Flags        Flags
	Received     time.Time
	Size         int64
	From, To, Cc []message.Mailbox // at most 8 and 60
	Subject      string            // decoded, at most 250 bytes
	Patient      bool              // of an exchange with a patient
	Kind         Kind              // of its folder
	Copies       []Ref             // of the same letter in other folders
}

// Conversation is one, as a list shows it.
type Conversation struct {
	ID      string // opaque; it outlives the index while its oldest letter is there
	Letters int    // a letter that lies in several folders counts once
	// The marks are those of its letters in the folder that was asked for.
	Unread    int
	Flagged   bool
	Processed bool // all of them are
	Mixed     bool // a letter of it has files, most likely
	Patient   bool
	Newest    Found
	// People are the authors, the oldest first, at most 8.
	People []message.Mailbox
	// Here is the newest letter in the folder that was asked for, There the UIDs of all
	// its letters there, the newest first.
	Here  Ref
	There []uint32
}

// Asked is what a page of conversations is asked for.
type Asked struct {
	Folder  string // a conversation of which one letter is there; "" for all
	Unread  bool   // one of those letters is
	Flagged bool
	ToDo    bool   // one of those letters is not marked dealt with
	Before  string // anchor: what stands below it; Page.Next
	After   string // anchor: what stands just above it; Page.Prev
	Page    int    // jump, 1 is the newest; ignored with an anchor
	Size    int    // default 50
}

// Page is a page of conversations, newest first.
type Page struct {
	Conversations []Conversation
	Total         int
	First, Last   int    // positions, 1 is the newest; 0 when there is none
	Prev, Next    string // anchors of the pages beside, "" for none
}

// Conversations gives a page. Anchors hold whatever came or went meanwhile.
func (ix *Index) Conversations(a Asked) Page {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if a.Size <= 0 {
		a.Size = 50
	}
	in := -1
	if a.Folder != "" {
		if in = ix.find(a.Folder); in < 0 {
			return Page{}
		}
	}
	all := ix.listed(asked{in, a.Unread, a.Flagged, a.ToDo})
	from := ix.from(all, a)
	to := min(from+a.Size, len(all))
	p := Page{Total: len(all)}
	for _, c := range all[from:to] {
		p.Conversations = append(p.Conversations, ix.summary(c, in))
	}
	if from < to {
		p.First, p.Last = from+1, to
		if from > 0 {
			p.Prev = ix.rank(all[from]).anchor()
		}
		if to < len(all) {
			p.Next = ix.rank(all[to-1]).anchor()
		}
	}
	return p
}

// from is where a page begins.
func (ix *Index) from(all []uint32, a Asked) int {
	at := func(anchor string, beyond int) (int, bool) {
		r, ok := parseAnchor(anchor)
		i, _ := slices.BinarySearchFunc(all, r, func(c uint32, r rank) int {
			if d := ix.rank(c).compare(r); d != 0 {
				return d
			}
			return beyond
		})
		return i, ok
	}
	if i, ok := at(a.Before, -1); ok {
		return i
	}
	if i, ok := at(a.After, 1); ok {
		return max(i-a.Size, 0)
	}
	if a.Page > 1 && len(all) > 0 {
		return min((a.Page-1)*a.Size, (len(all)-1)/a.Size*a.Size)
	}
	return 0
}

func (r rank) anchor() string {
	return strconv.FormatUint(uint64(r.at), 36) + "-" + strconv.FormatUint(r.id, 36)
}

func parseAnchor(s string) (rank, bool) {
	at, id, ok := strings.Cut(s, "-")
	x, err1 := strconv.ParseUint(at, 36, 32)
	y, err2 := strconv.ParseUint(id, 36, 64)
	return rank{uint32(x), y}, ok && err1 == nil && err2 == nil
}

var ids = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func idOf(hash uint64) string {
	return ids.EncodeToString(binary.BigEndian.AppendUint64(nil, hash))
}

func parseID(s string) (uint64, bool) {
	b, err := ids.DecodeString(s)
	if err != nil || len(b) != 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(b), true
}

// gathered gives the letters of a conversation, oldest first (of one second: what answers
// more comes later), a letter that lies in
// several folders once: the copy that was sent, else that of the inbox, first.
func (ix *Index) gathered(c *conv) (out [][]uint32) {
	all := make([]uint32, 0, c.letters)
	for n := c.first; n != 0; n = ix.rows.at(n).next {
		if ix.rows.at(n).flags&Deleted == 0 {
			all = append(all, n)
		}
	}
	slices.SortFunc(all, func(a, b uint32) int {
		x, y := ix.rows.at(a), ix.rows.at(b)
		return cmp.Or(cmp.Compare(x.received, y.received), cmp.Compare(x.refs, y.refs), cmp.Compare(ix.goesBy(x), ix.goesBy(y)), cmp.Compare(ix.order1(x), ix.order1(y)), cmp.Compare(x.uid, y.uid))
	})
	by := make(map[uint32][]int, len(all)) // places in out, by Message-ID
	for _, n := range all {
		r := ix.rows.at(n)
		i := slices.IndexFunc(by[r.own], func(i int) bool { return ix.copyOf(r, out[i]) })
		if i < 0 {
			by[r.own] = append(by[r.own], len(out))
			out = append(out, []uint32{n})
			continue
		}
		i = by[r.own][i]
		if out[i] = append(out[i], n); ix.order1(r) < ix.order1(ix.rows.at(out[i][0])) {
			last := len(out[i]) - 1
			out[i][0], out[i][last] = out[i][last], out[i][0]
		}
	}
	return out
}

// order1 chooses among copies of a letter.
func (ix *Index) order1(r *row) int {
	switch ix.folders[r.folder].Kind {
	case Sent:
		return 0
	case Inbox:
		return 1
	case Archive:
		return 2
	}
	return 3 + int(r.folder)
}

// copyOf: one Message-ID, author and subject, in folders that differ, and of one size
// or filed by us as sent. So no letter hides another by bearing its Message-ID.
func (ix *Index) copyOf(r *row, have []uint32) bool {
	sent := ix.folders[r.folder].Kind == Sent
	first := ix.rows.at(have[0])
	if ix.face(first) != ix.face(r) {
		return false
	}
	for _, n := range have {
		x := ix.rows.at(n)
		sent = sent || ix.folders[x.folder].Kind == Sent
		if x.folder == r.folder {
			return false
		}
	}
	return sent || first.size == r.size
}

// summary makes a line of a list.
func (ix *Index) summary(c uint32, in int) Conversation {
	x := ix.convs.at(c)
	letters := ix.gathered(x)
	out := Conversation{Letters: len(letters), Processed: true}
	seen := map[uint32]bool{}
	for i, copies := range letters {
		r := ix.rows.at(copies[0])
		unread := false
		for _, n := range copies {
			f := ix.rows.at(n)
			if in >= 0 && int(f.folder) != in {
				continue
			}
			unread = unread || f.flags&Seen == 0 && f.flags&Draft == 0
			out.Flagged = out.Flagged || f.flags&Flagged != 0
			out.Processed = out.Processed && f.flags&Processed != 0
			if out.Here = ix.ref(f); in >= 0 {
				out.There = append(out.There, f.uid)
			}
		}
		if unread {
			out.Unread++
		}
		out.Mixed = out.Mixed || r.flags&Mixed != 0
		out.Patient = out.Patient || r.patient != 0
		if from, _, _ := ix.people(r); len(from) > 0 && !seen[from[0]] && len(seen) < maxFrom {
			seen[from[0]] = true
			out.People = append(out.People, ix.mailbox(from[0]))
		}
		if i == 0 {
			out.ID = ix.idOf(x, r)
		}
		if i == len(letters)-1 {
			out.Newest = ix.found(copies)
		}
	}
	slices.Reverse(out.There)
	return out
}

// idOf names a conversation by its oldest letter, one that ids cannot tell by its root.
func (ix *Index) idOf(c *conv, oldest *row) string {
	if oldest.patient != 0 {
		return idOf(ix.hashOf(ix.refs(oldest)[0]))
	}
	if oldest.flags&strict != 0 {
		return idOf(ix.hashOf(c.node))
	}
	return idOf(ix.hashOf(ix.borne(oldest)))
}

func (ix *Index) ref(r *row) Ref {
	f := &ix.folders[r.folder]
	return Ref{f.Name, f.At.Validity, r.uid}
}

func (ix *Index) found(copies []uint32) Found {
	r := ix.rows.at(copies[0])
	from, to, cc := ix.people(r)
	out := Found{Ref: ix.ref(r), Flags: r.flags & (marks | Mixed), Received: time.Unix(int64(r.received), 0), Size: int64(r.size), Subject: string(ix.subject(r)),
		From: ix.mailboxes(from), To: ix.mailboxes(to), Cc: ix.mailboxes(cc), Patient: r.patient != 0, Kind: ix.folders[r.folder].Kind}
	for _, n := range copies[1:] {
		out.Copies = append(out.Copies, ix.ref(ix.rows.at(n)))
	}
	return out
}

// Conversation gives the letters of one, oldest first, at most limit of them, the
// newest; left is how many older ones are not among them. folder is the one it is looked
// at from, "" for all. False: there is none, or none any more.
func (ix *Index) Conversation(id, folder string, limit int) (c Conversation, letters []Found, left int, ok bool) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	hash, ok := parseID(id)
	if !ok {
		return Conversation{}, nil, 0, false
	}
	ix.settle()
	n := ix.lookup(hash)
	if n == 0 || ix.nodes.at(n).conv == 0 {
		return Conversation{}, nil, 0, false
	}
	conv, in := ix.nodes.at(n).conv, -1
	if folder != "" {
		if in = ix.find(folder); in < 0 {
			in = len(ix.folders) // no letter is there
		}
	}
	c = ix.summary(conv, in)
	all := ix.gathered(ix.convs.at(conv))
	left = max(len(all)-limit, 0)
	for _, copies := range all[left:] {
		letters = append(letters, ix.found(copies))
	}
	return c, letters, left, len(all) > 0
}

// ConversationOf gives the id of the conversation a letter is in, "" for none.
func (ix *Index) ConversationOf(folder string, uid uint32) string {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	i := ix.find(folder)
	if i < 0 {
		return ""
	}
	ix.settle()
	n := ix.at(i, uid)
	if n == 0 || ix.rows.at(n).conv == 0 {
		return ""
	}
	return ix.summary(ix.rows.at(n).conv, -1).ID
}
