package mailbox

import (
	"pli.example/pli/internal/index"
	"pli.example/pli/internal/mailserver"
)

// What Pli itself did, the index knows at once; the server's own news of it change
// nothing more.

// marked follows marks set and taken.
func (b *Box) marked(folder string, validity uint32, uids []uint32, add, take []string) {
	if i := b.keptOf(false); i != nil && i.of(folder, validity) {
		i.ix.Mark(folder, uids, index.ParseFlags(add), index.ParseFlags(take))
	}
}

// moved follows letters to another folder.
func (b *Box) moved(folder string, validity uint32, m mailserver.Moved, to string) {
	i := b.keptOf(false)
	if i == nil || !i.of(folder, validity) || len(m.Done) == 0 {
		return
	}
	if m.MarkedOnly {
		i.ix.Mark(folder, m.Done, index.Deleted, 0)
		return
	}
	uids := make(map[uint32]uint32, len(m.Done))
	for _, old := range m.Done {
		uids[old] = 0
		if i.of(to, m.Validity) {
			uids[old] = m.UIDs[old]
		}
	}
	i.ix.Move(folder, to, uids)
}

// erased follows letters removed for good.
func (b *Box) erased(folder string, validity uint32, uids []uint32) {
	if i := b.keptOf(false); i != nil && i.of(folder, validity) {
		i.ix.Remove(folder, uids...)
	}
}

func (i *kept) of(folder string, validity uint32) bool {
	f, ok := i.ix.Folder(folder)
	return ok && f.At.Validity == validity
}

// RenamedFolder and DroppedFolder follow what is done to folders themselves, by the
// names the server spells.
func (b *Box) RenamedFolder(folder, to string) {
	if i := b.keptOf(false); i != nil {
		i.ix.RenameFolder(folder, to)
	}
}

// DroppedFolder: see RenamedFolder.
func (b *Box) DroppedFolder(folder string) {
	if i := b.keptOf(false); i != nil {
		i.ix.DropFolder(folder)
	}
}
