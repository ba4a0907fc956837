package mailbox

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"pli.example/pli/internal/index"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
)

// searchable gives the index of this mailbox, that of now; nil when there is none yet or
// it could not be brought up to date: the server is asked then.
func (b *Box) searchable(ctx context.Context, all []mailserver.Folder) *index.Index {
	i := b.keptOf(false)
	if i == nil || b.upkeep(ctx, i, all, "", false) != nil {
		return nil
	}
	return i.ix
}

// byIndex answers for the folders that the index knows whole, and gives the others.
// Without MODSEQ marks may have changed unseen: where they matter, the server is asked.
func (l *looking) byIndex(folders []mailserver.Folder) (rest []mailserver.Folder) {
	if l.index == nil {
		return folders
	}
	known := []string{}
	for _, f := range folders {
		k, ok := l.index.Folder(f.Name)
		marks := l.q.Unread || l.q.Flagged || l.q.NotAnswered || l.q.Sort == UnreadFirst
		if !ok || !k.Whole() || k.At.Next == 0 || k.At.Validity != f.UIDValidity || marks && k.At.ModSeq == 0 {
			rest = append(rest, f)
			continue
		}
		known = append(known, f.Name)
	}
	if len(known) == 0 {
		return rest
	}
	l.looked += len(known)
	res := l.index.Search(l.q.indexed(known, l.limit))
	l.total += res.Total
	for i := range res.Found {
		l.items = append(l.items, l.b.itemFound(&res.Found[i]))
	}
	return rest
}

// itemFound is a letter of the index, with what else is known of it already.
func (b *Box) itemFound(f *index.Found) Item {
	it := itemOf(b.refOf(f.Ref), f)
	if r, ok := b.mail.Remembered(f.Folder, f.Validity, f.UID); ok {
		it.Snippet, it.Attachments = r.Snippet, r.Files
	} else if f.Flags&index.Mixed != 0 {
		it.Attachments = 1
	}
	return it
}

func (l *looking) sort() { sortItems(l.items, l.q.Sort) }

// sortItems puts letters of several folders in one order, the same as the index's.
func sortItems(items []Item, by Order) {
	newest := func(x, y *Item) int {
		return cmp.Or(y.Received.Compare(x.Received), strings.Compare(x.Folder, y.Folder), cmp.Compare(y.UID, x.UID))
	}
	names := map[Ref]string{}
	if by == BySender || by == ByPatient {
		for i := range items {
			names[items[i].Ref] = rankedName(&items[i], by)
		}
	}
	slices.SortStableFunc(items, func(x, y Item) int {
		switch by {
		case OldestFirst:
			return newest(&y, &x)
		case BySender, ByPatient:
			return cmp.Or(bytes.Compare([]byte(names[x.Ref]), []byte(names[y.Ref])), newest(&x, &y))
		case UnreadFirst:
			if x.Unread != y.Unread {
				if x.Unread {
					return -1
				}
				return 1
			}
		case LargestOnes:
			return cmp.Or(cmp.Compare(y.Size, x.Size), newest(&x, &y))
		}
		return newest(&x, &y)
	})
}

// rankedName is what a letter is sorted by; one without comes last.
func rankedName(it *Item, by Order) string {
	const last = "\xff"
	all := it.From[:min(len(it.From), 1)]
	if by == ByPatient {
		all = slices.DeleteFunc(slices.Concat(it.From, it.To), func(m message.Mailbox) bool { return !m.Address.IsPatient() })
	}
	if len(all) == 0 {
		return last
	}
	address := all[0].Raw
	if !all[0].Address.IsZero() {
		address = all[0].Address.String()
	}
	return index.Fold(strings.TrimSpace(all[0].Name + " " + address))
}
