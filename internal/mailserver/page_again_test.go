package mailserver

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// contractAgain lists the same page again and again while somebody else changes the
// folder: each time it is what a listing never done before says.
func contractAgain(b *bench) {
	if b.needs("concurrent"); b.caps["late-news"] {
		b.Skip("this server's sessions hear of each other when it likes")
	}
	b.fill(12)
	r := rand.New(rand.NewPCG(5, 5))
	q := Query{Folder: "INBOX", Size: 8, WithFolders: true}
	first := b.rows(q)
	validity := first.Folder.UIDValidity
	raw := strings.ReplaceAll(letter("Autre", "x"), "\n", "\r\n")
	for step := range 24 {
		l := b.rows(q)
		one := []uint32{l.Rows[r.IntN(len(l.Rows))].UID}
		switch step % 6 {
		case 0:
			b.must(ignoring(b.them.SetFlags(b.ctx, "INBOX", validity, one, []string{`\Seen`}, nil)))
		case 1: // a mark taken away, where there was one
			b.must(ignoring(b.them.SetFlags(b.ctx, "INBOX", validity, one, nil, []string{`\Seen`})))
		case 2: // as many as before, at other positions
			_, err := b.them.Expunge(b.ctx, "INBOX", validity, one)
			b.must(err)
			_, _, err = b.them.Append(b.ctx, "INBOX", nil, time.Time{}, int64(len(raw)), strings.NewReader(raw))
			b.must(err)
		case 3: // by ourselves, on the same connection
			b.must(ignoring(b.a.SetFlags(b.ctx, "INBOX", validity, one, []string{`\Flagged`}, nil)))
		case 4: // nothing at all
		case 5:
			_, err := b.a.OpenLetter(b.ctx, "INBOX", validity, one[0])
			b.must(err)
			b.must(ignoring(b.them.SetFlags(b.ctx, "INBOX", validity, one, []string{`\Answered`}, nil)))
		}
		got := b.rows(q)
		fresh := b.s.For(testActor(fmt.Sprintf("fresh-%d", step)), b.addr)
		want, err := fresh.Rows(b.ctx, q)
		b.must(err)
		b.s.Drop(fmt.Sprintf("fresh-%d", step))
		if tale(got) != tale(want) {
			b.Fatalf("step %d:\n%s\nand the server's own:\n%s", step, tale(got), tale(want))
		}
	}
}

func ignoring[T any](_ T, err error) error { return err }

// tale is all a page tells, recent marks apart: they are of one session.
func tale(l Listing) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d-%d of %d, %d letters, %d unread, %v\n", l.First, l.Last, l.Total, l.Folder.Messages, l.Folder.Unseen, l.Keeps)
	for _, r := range l.Rows {
		flags := slices.DeleteFunc(slices.Clone(r.Flags), func(f string) bool { return strings.EqualFold(f, `\Recent`) })
		slices.Sort(flags)
		fmt.Fprintf(&s, "%d at %d %v\n", r.UID, r.Seq, flags)
	}
	return s.String()
}

// TestFramingCounts: what moves positions and what tells of one letter, however it
// comes, and no text of a letter.
func TestFramingCounts(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string][2]uint64{
		"* 5 EXISTS\r\n":                             {1, 0},
		"* 5 expunge\r\n* VANISHED 3:4\r\n":          {2, 0},
		"* 5 RECENT\r\n* OK 5 EXISTS\r\nT5 OK x\r\n": {0, 0},
		"* 5 FETCH (UID 7 FLAGS (\\Seen))\r\n":       {0, 1},
		"* 5 FETCH (UID 7 BODY[] {14}\r\n* 9 EXISTS\r\n\r\n FLAGS ())\r\n* 6 FETCH (UID 8)\r\n": {0, 2},
		"* STATUS INBOX (MESSAGES 1)\r\n* LIST () NIL EXISTS\r\n":                               {0, 0},
		"*": {0, 0}, "* \r\n*\r\n\r\n* 5\r\n* 5 \r\n": {0, 0},
	} {
		for _, size := range []int{1, 3, len(answer)} { // as the line cuts it
			f := newFraming()
			for rest := []byte(answer); len(rest) > 0; rest = rest[min(size, len(rest)):] {
				f.feed(rest[:min(size, len(rest))])
			}
			if got := [2]uint64{f.moved, f.fetched}; got != want {
				t.Errorf("%q by %d: %v, want %v", answer, size, got, want)
			}
		}
	}
}
