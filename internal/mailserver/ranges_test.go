package mailserver

import (
	"slices"
	"testing"

	"pli.example/pli/internal/problem"
)

func TestRanges(t *testing.T) {
	t.Parallel()
	r := RangesOf([]uint32{9, 3, 1, 2, 0, 2, 7})
	if want := (Ranges{{1, 3}, {7, 7}, {9, 9}}); !slices.Equal(r, want) || r.Count() != 5 {
		t.Fatalf("%v, %d", r, r.Count())
	}
	uids, left := r.Take(2)
	if !slices.Equal(uids, []uint32{1, 2}) || !slices.Equal(left, Ranges{{3, 3}, {7, 7}, {9, 9}}) {
		t.Errorf("%v left %v", uids, left)
	}
	if uids, left = left.Take(9); !slices.Equal(uids, []uint32{3, 7, 9}) || left.Count() != 0 {
		t.Errorf("%v left %v", uids, left)
	}
	if got := (Ranges{{1, 3}}).Join([]uint32{5, 4, 9}); !slices.Equal(got, Ranges{{1, 5}, {9, 9}}) {
		t.Errorf("above: %v", got)
	}
	if got := (Ranges{{4, 6}}).Join([]uint32{1, 3, 9}); !slices.Equal(got, Ranges{{1, 1}, {3, 6}, {9, 9}}) {
		t.Errorf("below: %v", got)
	}
	if got := (Ranges{{1, 3}, {7, 9}}).upTo(7); !slices.Equal(got, Ranges{{1, 3}, {7, 7}}) {
		t.Errorf("up to: %v", got)
	}
	top := Ranges{{4294967295, 4294967295}}
	if uids, left := top.Take(5); len(uids) != 1 || left != nil || top.Count() != 1 {
		t.Errorf("the last of all: %v %v", uids, left)
	}
	if got := (Ranges{{1, 1}}).and(spans{{1, 4294967295}}, 10); got.Count() != 1 {
		t.Errorf("a server that found more than there is: %v", got)
	}
}

// contractChoose: what "all of them" means is settled when somebody looks.
func contractChoose(b *bench) {
	uids := b.fill(6)
	v := b.rows(Query{Folder: "INBOX"}).Folder.UIDValidity
	_, err := b.a.SetFlags(b.ctx, "INBOX", v, uids[:2], []string{`\Seen`}, nil)
	b.must(err)
	_, err = b.them.SetFlags(b.ctx, "INBOX", v, uids[4:5], []string{`\Deleted`}, nil)
	b.must(err)
	late := b.append("INBOX", letter("Arrivée après", "texte"))
	for _, row := range []struct {
		name string
		q    Choice
		want []uint32
	}{
		{"all at that moment", Choice{Upto: uids[5]}, []uint32{uids[0], uids[1], uids[2], uids[3], uids[5]}},
		{"unread", Choice{Upto: uids[5], Unread: true}, []uint32{uids[2], uids[3], uids[5]}},
		{"up to a letter that is gone", Choice{Upto: uids[4]}, uids[:4]},
		{"now", Choice{}, []uint32{uids[0], uids[1], uids[2], uids[3], uids[5], late}},
		{"starred", Choice{Flagged: true}, nil},
	} {
		row.q.Folder, row.q.Validity = "INBOX", v
		got, err := b.a.Choose(b.ctx, row.q)
		b.must(err)
		if have, _ := got.UIDs.Take(100); !slices.Equal(have, row.want) || !got.Whole {
			b.Errorf("%s: %v, want %v", row.name, have, row.want)
		}
	}
	moved, err := b.a.Slow().Move(b.ctx, "INBOX", v, uids[:3], b.made("Dossier"))
	b.must(err)
	if len(moved.Done) != 3 || len(moved.UIDs) != 3 {
		b.Errorf("moved aside %+v", moved)
	}
	if got := uidsOf(b.rows(Query{Folder: "INBOX"}).Rows); slices.Contains(got, uids[0]) || !slices.Contains(got, late) {
		b.Errorf("left %v", got)
	}
	if _, err := b.a.Choose(b.ctx, Choice{Folder: "INBOX", Validity: v + 1}); !problem.Is(err, problem.Gone) {
		b.Errorf("another folder of that name: %v", err)
	}
}

func (b *bench) made(folder string) string {
	b.Helper()
	name := b.folder(folder)
	b.raw(func(c *conn) error { return c.client.Create(name, nil).Wait() })
	return name
}
