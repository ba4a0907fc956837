package mailserver

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/problem"
)

// sweepAll reads a folder to its end.
func (b *bench) sweepAll(folder string, size int) (at Folder, rows []Swept) {
	b.Helper()
	q := SweepQuery{Folder: folder, Size: size}
	for n := 0; ; n++ {
		c, err := b.a.Sweep(b.ctx, q)
		b.must(err)
		if n == 0 {
			at = c.At
		}
		rows = append(rows, c.Rows...)
		if q.Below, q.Validity = c.Below, at.UIDValidity; c.Below == 0 {
			return at, rows
		}
		if n > 1000 {
			b.Fatal("the sweep does not end")
		}
	}
}

func sweptUIDs(rows []Swept) []uint32 {
	seen := map[uint32]bool{}
	for _, r := range rows {
		seen[r.UID] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

func contractSweep(b *bench) {
	if at, rows := b.sweepAll("INBOX", 10); at.Messages != 0 || len(rows) != 0 {
		b.Fatalf("an empty folder: %+v, %d", at, len(rows))
	}
	uids := b.fill(25)
	uids = append(uids, b.append("INBOX", "From: x@y.test\nTo: "+strings.Repeat("\"Nom tres long\" <personne@domaine.test>, ", 2000)+
		"z@y.test\nSubject: =?utf-8?q?R=C3=A9sultat?=\nMessage-ID: <long@x>\nReferences: <a@x> <b@x>\nIn-Reply-To: <b@x>\nContent-Type: multipart/mixed; boundary=x\n\nx\n", `\Flagged`))
	odd := "Subject \n\n\xff nothing of a header\n"
	if b.caps["strict"] { // this server takes no such letter
		odd = "X-Nothing: 1\n\nnothing a list shows\n"
	}
	uids = append(uids, b.append("INBOX", odd))
	at, rows := b.sweepAll("INBOX", 7)
	if got := sweptUIDs(rows); !slices.Equal(got, uids) || len(rows) != len(uids) {
		b.Fatalf("swept %v, want %v", got, uids)
	}
	if at.Messages != 27 || at.UIDNext <= uids[26] || at.UIDValidity == 0 {
		b.Errorf("place %+v", at)
	}
	for _, r := range rows {
		if r.UID == uids[25] {
			e := r.Envelope
			if e.MessageID != "long@x" || e.InReplyTo != "b@x" || len(e.References) != 2 || e.Subject != "Résultat" || !r.Mixed || !slices.Contains(r.Flags, `\Flagged`) ||
				len(e.From) != 1 || len(e.To) < 100 || r.Size == 0 || r.Received != time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC).Unix() {
				b.Errorf("the long letter: %q %q %v %d to, %v", e.MessageID, e.Subject, r.Flags, len(e.To), r.Mixed)
			}
		}
	}
	if rows[0].UID < rows[len(rows)-1].UID {
		b.Error("the oldest came first")
	}
	if _, err := b.a.Sweep(b.ctx, SweepQuery{Folder: "INBOX", Validity: at.UIDValidity + 1}); !problem.Is(err, problem.Gone) {
		b.Errorf("another UIDVALIDITY: %v", err)
	}
}

// contractSweepMoving: letters go while a folder is swept; none is passed over.
func contractSweepMoving(b *bench) {
	uids := b.fill(30)
	b.raw(func(c *conn) error { return c.client.Create(b.folder("Ailleurs"), nil).Wait() })
	first, err := b.a.Sweep(b.ctx, SweepQuery{Folder: "INBOX", Size: 10})
	b.must(err)
	validity := first.At.UIDValidity
	_, err = b.them.Move(b.ctx, "INBOX", validity, append(slices.Clone(uids[:4]), uids[22], uids[25]), b.folder("Ailleurs"))
	b.must(err)
	_, err = b.a.Changes(b.ctx, Known{Folder: "INBOX", At: first.At}) // the connection hears of it in between
	b.must(err)
	rows := first.Rows
	for below := first.Below; below > 0; {
		c, err := b.a.Sweep(b.ctx, SweepQuery{Folder: "INBOX", Validity: validity, Below: below, Size: 10})
		b.must(err)
		rows, below = append(rows, c.Rows...), c.Below
	}
	got := sweptUIDs(rows)
	for _, uid := range uids[4:] {
		if !slices.Contains(got, uid) {
			b.Errorf("letter %d was passed over", uid)
		}
	}
}

func contractChanges(b *bench) {
	uids := b.fill(12)
	at, _ := b.sweepAll("INBOX", 100)
	k := Known{Folder: "INBOX", At: at}
	look := func() Changes {
		b.Helper()
		c, err := b.a.Changes(b.ctx, k)
		b.must(err)
		k.At = c.At
		return c
	}
	if c := look(); len(c.New) != 0 || len(c.Flags) != 0 || c.Anew {
		b.Fatalf("nothing happened: %+v", c)
	}
	_, err := b.them.SetFlags(b.ctx, "INBOX", at.UIDValidity, uids[3:5], []string{`\Seen`, `\Flagged`}, nil)
	b.must(err)
	fresh := b.append("INBOX", letter("Nouvelle", "x"))
	c := look()
	if len(c.New) != 1 || c.New[0].UID != fresh || c.New[0].Envelope.Subject != "Nouvelle" {
		b.Errorf("new: %+v", c.New)
	}
	flags := c.Flags
	if c.Blind {
		flags, err = b.a.AllFlags(b.ctx, "INBOX", at.UIDValidity)
		b.must(err)
		if len(flags) != 13 {
			b.Errorf("flags of %d letters", len(flags))
		}
	}
	if !slices.Contains(flags[uids[3]], `\Seen`) || !slices.Contains(flags[uids[4]], `\Flagged`) {
		b.Errorf("flags: %v", flags)
	}
	b.raw(func(c *conn) error { return c.client.Create(b.folder("Loin"), nil).Wait() })
	_, err = b.them.Move(b.ctx, "INBOX", at.UIDValidity, []uint32{uids[0], uids[7]}, b.folder("Loin"))
	b.must(err)
	if c = look(); c.At.Messages != 11 {
		b.Errorf("after a move: %+v", c.At)
	}
	there, err := b.a.UIDs(b.ctx, "INBOX", at.UIDValidity)
	b.must(err)
	if there.Len() != 11 || there.Has(uids[0]) || there.Has(uids[7]) || !there.Has(uids[1]) || !there.Has(fresh) {
		b.Errorf("letters: %v", there)
	}
	known := map[uint32]bool{}
	for _, uid := range uids {
		known[uid] = true
	}
	if got := there.Without(known, 10); !slices.Equal(got, []uint32{fresh}) {
		b.Errorf("unknown: %v", got)
	}
	some, err := b.a.SweptOf(b.ctx, "INBOX", at.UIDValidity, []uint32{fresh, uids[1], uids[0]})
	b.must(err)
	if got := sweptUIDs(some); !slices.Equal(got, []uint32{uids[1], fresh}) {
		b.Errorf("given letters: %v", got)
	}
}

// contractChangesNews: another session marks letters all the while; what is new and what
// changed is told whole.
func contractChangesNews(b *bench) {
	uids := b.fill(6)
	at, _ := b.sweepAll("INBOX", 100)
	k := Known{Folder: "INBOX", At: at}
	for i := range 8 {
		_, err := b.them.SetFlags(b.ctx, "INBOX", at.UIDValidity, []uint32{uids[i%6]}, []string{fmt.Sprintf("k%d", i)}, nil)
		b.must(err)
		fresh := b.append("INBOX", letter("Suite", "x"))
		_, err = b.them.Rows(b.ctx, Query{Folder: "INBOX"}) // they see it
		b.must(err)
		_, err = b.them.SetFlags(b.ctx, "INBOX", at.UIDValidity, []uint32{fresh}, []string{`\Answered`}, nil)
		b.must(err)
		c, err := b.a.Changes(b.ctx, k)
		b.must(err)
		k.At = c.At
		if len(c.New) != 1 || c.New[0].UID != fresh {
			b.Fatalf("round %d: new %+v", i, c.New)
		}
		if flags, told := c.Flags[fresh]; !slices.Contains(c.New[0].Flags, `\Answered`) && (!told || !slices.Contains(flags, `\Answered`)) {
			b.Fatalf("round %d: flags of the new one: %v", i, c.New[0].Flags)
		}
		if !c.Blind && !slices.Contains(c.Flags[uids[i%6]], fmt.Sprintf("k%d", i)) {
			b.Fatalf("round %d: flags %v", i, c.Flags)
		}
	}
}
