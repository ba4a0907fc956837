package mailserver

import (
	"bytes"
	"fmt"
	"slices"

	"pli.example/pli/internal/problem"
)

// contractBeside: a letter and its page in one flight are what they are one after the
// other, wherever the letter stands, and after something moved elsewhere.
func contractBeside(b *bench) {
	const size = 4
	uids := b.fill(11)
	validity := b.rows(Query{Folder: "INBOX", Size: 50}).Folder.UIDValidity // and every row is known
	page := func(uid uint32) Query {
		from := slices.Index(uids, uid)
		return Query{Folder: "INBOX", Size: size, Page: (len(uids)-1-from)/size + 1, WithFolders: true}
	}
	flown := 0
	check := func(what string, uid uint32, q Query) {
		told := 0
		var o *Opened
		t := together{a: b.a, key: letterKey{"INBOX", validity, uid}, q: q}
		if t.may() {
			flown++
		}
		got, err := b.a.OpenBeside(b.ctx, "INBOX", validity, uid, q, func(x *Opened, err error) {
			if told++; err != nil {
				b.Errorf("%s: %v", what, err)
			}
			o = x
		})
		if err != nil || told != 1 || o == nil {
			b.Fatalf("%s: told %d times, %v", what, told, err)
		}
		want, err := b.them.OpenLetter(b.ctx, "INBOX", validity, uid)
		if err != nil {
			b.Fatal(err)
		}
		list, err := b.them.Rows(b.ctx, q)
		b.must(err)
		if !bytes.Equal(o.Whole, want.Whole) || o.Seq != want.Seq || got.Older != want.Older || got.Newer != want.Newer {
			b.Errorf("%s: position %d between %d and %d, not %d between %d and %d", what, o.Seq, got.Older, got.Newer, want.Seq, want.Older, want.Newer)
		}
		of := func(l Listing) (out []uint32) {
			for _, r := range l.Rows {
				out = append(out, r.UID)
			}
			return out
		}
		if !slices.Equal(of(got.Listing), of(list)) || got.First != list.First || got.Last != list.Last || got.Total != list.Total || len(got.Folders) != len(list.Folders) ||
			got.Folder.UIDValidity != list.Folder.UIDValidity || got.Folder.Messages != list.Folder.Messages {
			b.Errorf("%s: %v %d–%d of %d, not %v %d–%d of %d", what, of(got.Listing), got.First, got.Last, got.Total, of(list), list.First, list.Last, list.Total)
		}
	}
	for i, uid := range uids {
		check(fmt.Sprintf("letter %d", i), uid, page(uid))
	}
	if flown == 0 {
		b.Error("nothing was asked for in one flight: nothing is proved")
	}
	far := page(uids[0])
	far.Page = 1
	check("beside another page", uids[0], far)
	_, err := b.them.Expunge(b.ctx, "INBOX", validity, uids[6:7])
	b.must(err)
	b.append("INBOX", letter("neuve", "texte"))
	check("moved elsewhere", uids[2], Query{Folder: "INBOX", Size: size, Page: 3, WithFolders: true})
	told := 0
	_, err = b.a.OpenBeside(b.ctx, "INBOX", validity, uids[6], page(uids[6]), func(o *Opened, err error) {
		if told++; o != nil || !problem.Is(err, problem.Gone) {
			b.Errorf("a letter removed elsewhere: %v", err)
		}
	})
	if told != 1 || !problem.Is(err, problem.Gone) {
		b.Errorf("told %d times, %v", told, err)
	}
}
