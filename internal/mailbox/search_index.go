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
func (l *looking) byIndex(ctx context.Context, folders []mailserver.Folder) (rest []mailserver.Folder) {
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
	res := l.index.Search(l.q.indexed(known, l.limit))
	if len(res.Short) > index.MaxShort { // crafted by the hundred: the server is asked
		return folders
	}
	found, err := l.short(ctx, res.Short)
	if err != nil {
		return folders
	}
	l.looked += len(known)
	l.total += res.Total + len(found)
	l.items = append(l.items, found...)
	for i := range res.Found {
		l.items = append(l.items, l.b.itemFound(&res.Found[i]))
	}
	l.allOf(res, found)
	return rest
}

type inFolder struct {
	folder   string
	validity uint32
}

// maxAll bounds the letters that "all that was found" may stand for.
const maxAll = 20_000

// allOf notes every letter found, for an act on all of them.
func (l *looking) allOf(res index.Result, more []Item) {
	if res.Total > maxAll {
		l.inexact = true
		return
	}
	uids := map[inFolder][]uint32{}
	for _, s := range res.All {
		uids[inFolder{s.Folder, s.Validity}] = s.UIDs
	}
	for _, it := range more {
		if k, ok := l.b.known(it.Folder); ok {
			of := inFolder{k.name, it.UIDValidity}
			uids[of] = append(uids[of], it.UID)
		}
	}
	for of, all := range uids {
		l.all.add(part{of.folder, l.b.folderID(of.folder), of.validity, mailserver.RangesOf(all)})
	}
}

// short looks at letters whole, of which the index keeps a part.
func (l *looking) short(ctx context.Context, refs []index.Ref) (out []Item, err error) {
	by := map[index.Ref][]uint32{} // UID 0
	for _, r := range refs {
		of := index.Ref{Folder: r.Folder, Validity: r.Validity}
		by[of] = append(by[of], r.UID)
	}
	for of, uids := range by {
		rows, err := l.b.mail.RowsOf(ctx, of.Folder, of.Validity, uids)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			if it := item(l.b.folderID(of.Folder), of.Validity, &rows[i]); !rows[i].Has(`\Deleted`) && l.q.reads(&rows[i].Envelope) && l.q.keeps(&it, rows[i].Envelope.Cc) {
				out = append(out, it)
			}
		}
	}
	return out, nil
}

// reads looks for the words of a query in a whole header, as the index does.
func (q Query) reads(e *message.Envelope) bool {
	from, to, subject := folded(e.From), folded(slices.Concat(e.To, e.Cc)), []string{index.Fold(e.Subject)}
	holds := func(words []string, in ...string) bool {
		for _, w := range words {
			if w = strings.TrimSpace(index.Fold(w)); !slices.ContainsFunc(in, func(text string) bool { return strings.Contains(text, w) }) {
				return false
			}
		}
		return true
	}
	return holds(q.Words, slices.Concat(from, to, subject)...) && holds(q.From, from...) && holds(q.To, to...) && holds(q.Subject, subject...) &&
		(!q.Documents || holds([]string{xdmSubject}, subject...))
}

func folded(list []message.Mailbox) []string {
	out := make([]string, len(list))
	for i, m := range list {
		address := m.Raw
		if !m.Address.IsZero() {
			address = m.Address.String()
		}
		out[i] = index.Fold(strings.TrimSpace(m.Name + " " + address))
	}
	return out
}

// itemFound is a letter of the index, with what else is known of it already.
func (b *Box) itemFound(f *index.Found) Item {
	it := itemOf(b.refOf(f.Ref), f)
	if r, ok := b.mail.Remembered(f.Folder, f.Validity, f.UID); ok {
		it.Snippet, it.Attachments, it.Unreadable = r.Snippet, r.Files, r.Unreadable
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
