package index

import (
	"cmp"
	"slices"
	"sync"
)

// Kind is how the letters of a folder count.
type Kind uint8

// The kinds. Letters of a folder that stands Aside (bin, junk, drafts) are searched
// where it is asked for and belong to no conversation.
const (
	Filed Kind = iota
	Inbox
	Sent
	Archive
	Aside
)

// Place is what a server says of a folder, all four together: an expunge alone moves
// only Messages. ModSeq is 0 where it keeps none (RFC 7162).
type Place struct {
	Validity, Next, Messages uint32
	ModSeq                   uint64
}

// Folder is one folder as it is known.
type Folder struct {
	Name    string // as the server spells it
	Kind    Kind
	At      Place  // when it was looked at last
	Below   uint32 // letters at positions up to this one are not read yet; 0: all are
	Letters int
	Unread  int
	Flagged int
}

// Whole reports that every letter is read.
func (f Folder) Whole() bool { return f.Below == 0 }

type folder struct {
	Folder
	used bool
}

// Index is safe for concurrent use.
type Index struct {
	mu    sync.Mutex
	key   key
	limit int // letters of one conversation

	folders []folder
	rows    blocks[row]
	byUID   table
	texts   arena[byte]
	numbers arena[uint32]

	persons  blocks[person]
	byPerson table

	nodes  blocks[node]
	hashes blocks[uint64]
	byHash table
	convs  blocks[conv]
	anew   bool // what joins letters must be found again

	order   []uint32 // conversations, newest first, but for those in changed
	changed []uint32
	ended   []uint32 // conversations that are no more, as order may still name them
	pages   [2]page
	scratch []uint32
	letters int
}

// Options are what an index needs.
type Options struct {
	// Key is secret, and the same for a mailbox from one session to the next, so that
	// the ids of conversations are.
	Key [16]byte
}

// maxConversation is how many letters ids may join. Beyond, only letters with one
// root are: machines make such conversations, and crafted letters.
const maxConversation = 1000

// New makes an empty index.
func New(o Options) *Index { return &Index{key: keyOf(o.Key), limit: maxConversation} }

// find gives a folder's number, -1 when it is not known.
func (ix *Index) find(name string) int {
	return slices.IndexFunc(ix.folders, func(f folder) bool { return f.used && f.Name == name })
}

// SetFolder notes where a folder stands; one that is not known is begun. When its
// UIDVALIDITY changed, its letters are dropped: it is read anew.
func (ix *Index) SetFolder(name string, kind Kind, at Place) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	i := ix.find(name)
	if i >= 0 && (ix.folders[i].At.Validity != at.Validity || (ix.folders[i].Kind == Aside) != (kind == Aside)) {
		ix.empty(i)
		i = -1
	}
	if i < 0 {
		f := folder{Folder{Name: name, Kind: kind, At: at, Below: at.Messages}, true}
		if i = slices.IndexFunc(ix.folders, func(f folder) bool { return !f.used }); i >= 0 {
			ix.folders[i] = f
			return
		}
		if len(ix.folders) < 1<<16 {
			ix.folders = append(ix.folders, f)
		}
		return
	}
	ix.folders[i].Kind, ix.folders[i].At = kind, at
}

// ReadDown notes how far down a folder is read: letters at positions up to below are
// not; 0 for all read.
func (ix *Index) ReadDown(name string, below uint32) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if i := ix.find(name); i >= 0 {
		ix.folders[i].Below = below
	}
}

// Folder tells of one folder.
func (ix *Index) Folder(name string) (Folder, bool) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if i := ix.find(name); i >= 0 {
		return ix.folders[i].Folder, true
	}
	return Folder{}, false
}

// Folders tells of all, by name.
func (ix *Index) Folders() []Folder {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	var out []Folder
	for _, f := range ix.folders {
		if f.used {
			out = append(out, f.Folder)
		}
	}
	slices.SortFunc(out, func(x, y Folder) int { return cmp.Compare(x.Name, y.Name) })
	return out
}

// DropFolder forgets a folder and its letters.
func (ix *Index) DropFolder(name string) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if i := ix.find(name); i >= 0 {
		ix.empty(i)
	}
}

// RenameFolder keeps the letters of a folder that has another name now.
func (ix *Index) RenameFolder(name, to string) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	i := ix.find(name)
	if i < 0 || name == to {
		return
	}
	if there := ix.find(to); there >= 0 {
		ix.empty(there)
	}
	ix.folders[i].Name = to
}

// empty takes a folder out with its letters.
func (ix *Index) empty(i int) {
	var all []uint32
	ix.each(func(n uint32, r *row) {
		if int(r.folder) == i {
			all = append(all, n)
		}
	})
	ix.remove(all)
	ix.folders[i], ix.pages = folder{}, [2]page{}
}

// each walks all letters.
func (ix *Index) each(f func(n uint32, r *row)) {
	for b, block := range ix.rows.all {
		for i := range block {
			if r := &block[i]; r.uid != 0 {
				f(uint32(b<<blockBits|i), r)
			}
		}
	}
}

// Letters is how many letters are known.
func (ix *Index) Letters() int {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	return ix.letters
}

// Bytes is the memory the index takes.
func (ix *Index) Bytes() int64 {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	n := ix.rows.bytes(rowBytes) + ix.persons.bytes(personBytes) + ix.nodes.bytes(nodeBytes) + ix.hashes.bytes(8) + ix.convs.bytes(convBytes) +
		ix.texts.bytes(1) + ix.numbers.bytes(4)
	for _, t := range []*table{&ix.byUID, &ix.byPerson, &ix.byHash} {
		n += int64(len(t.slots)) * 4
	}
	for _, p := range ix.pages {
		n += int64(cap(p.convs)) * 4
	}
	return n + int64(cap(ix.order)+cap(ix.changed)+cap(ix.ended)+cap(ix.scratch))*4 + int64(len(ix.folders))*120
}
