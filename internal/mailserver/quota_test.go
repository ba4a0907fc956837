package mailserver

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

func TestQuotaNearestItsLimit(t *testing.T) {
	t.Parallel()
	of := func(pairs ...int64) map[imap.QuotaResourceType]imapclient.QuotaResourceData {
		m := map[imap.QuotaResourceType]imapclient.QuotaResourceData{}
		for i, typ := range []imap.QuotaResourceType{imap.QuotaResourceStorage, imap.QuotaResourceMessage} {
			if len(pairs) > 2*i+1 {
				m[typ] = imapclient.QuotaResourceData{Usage: pairs[2*i], Limit: pairs[2*i+1]}
			}
		}
		return m
	}
	for name, row := range map[string]struct {
		roots   []imapclient.QuotaData
		percent int
		limit   int64
	}{
		"none":              {nil, 0, 0},
		"no limit":          {[]imapclient.QuotaData{{Resources: of(10, 0)}}, 0, 0},
		"storage":           {[]imapclient.QuotaData{{Resources: of(410, 500)}}, 82, 500 << 10},
		"the fuller of two": {[]imapclient.QuotaData{{Resources: of(90, 100)}, {Resources: of(1, 100)}}, 90, 100 << 10},
		"letters first":     {[]imapclient.QuotaData{{Resources: of(1, 100, 95, 100)}}, 95, 100 << 10},
		"over":              {[]imapclient.QuotaData{{Resources: of(150, 100)}}, 150, 100 << 10},
		"lies":              {[]imapclient.QuotaData{{Resources: of(-5, 100)}, {Resources: of(1, 1<<62)}}, 0, 0},
	} {
		if q := fullest(row.roots); q.Percent() != row.percent || q.Limit != row.limit {
			t.Errorf("%s: %+v, %d %%", name, q, q.Percent())
		}
	}
}

// TestQuotaOnTheWire: read where offered; a server that answers rubbish costs the figure
// alone.
func TestQuotaOnTheWire(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answer  string
		percent int
	}{
		"dovecot":  {"* QUOTAROOT INBOX \"User quota\"\r\n* QUOTA \"User quota\" (STORAGE 900 1000)", 90},
		"no root":  {"* QUOTAROOT INBOX", 0},
		"rubbish":  {"* QUOTAROOT INBOX \"u\"\r\n* QUOTA \"u\" (STORAGE beaucoup 12)", 0},
		"negative": {"* QUOTAROOT INBOX \"u\"\r\n* QUOTA \"u\" (STORAGE 99999999999999999999 12)", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client := testTLS(t)
			s := newScript(t, server, func(w *wire) {
				if !w.loginWith(" QUOTA") {
					return
				}
				for {
					tag, rest := w.tagged()
					switch {
					case tag == "":
						return
					case strings.HasPrefix(rest, "GETQUOTAROOT"):
						w.send("%s", row.answer)
						w.send("%s OK done", tag)
					default:
						w.send("%s OK done", tag)
					}
				}
			})
			o := options(s.Dial, client)
			o.Mode = ModeTLS
			srv := New(o)
			t.Cleanup(func() { srv.Close(context.Background()) })
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			q, err := srv.For(testActor("s1"), testAddress(t)).Quota(ctx)
			if err != nil || q.Percent() != row.percent {
				t.Errorf("%+v %v", q, err)
			}
		})
	}
}

// contractWeights: folders are weighed, heavy and old letters found.
func contractWeights(b *bench) {
	b.fill(2)
	heavy := b.append("INBOX", letter("Lourde", strings.Repeat("mot ", 60_000)))
	sizes, ok, err := b.a.Sizes(b.ctx, []string{"INBOX", "Absent"})
	b.must(err)
	if ok != b.caps["sizes"] || ok && (sizes["INBOX"] < 240_000 || len(sizes) != 1) {
		b.Errorf("%v %t", sizes, ok)
	}
	v := b.rows(Query{Folder: "INBOX"}).Folder.UIDValidity
	got, err := b.a.Choose(b.ctx, Choice{Folder: "INBOX", Validity: v, Larger: 100_000})
	b.must(err)
	if uids, _ := got.UIDs.Take(9); len(uids) != 1 || uids[0] != heavy {
		b.Errorf("heavy: %v", uids)
	}
	for year, want := range map[int]int{2026: 0, 2027: 3} { // they came on 1 March 2026
		got, err := b.a.Choose(b.ctx, Choice{Folder: "INBOX", Validity: v, Before: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)})
		b.must(err)
		if got.UIDs.Count() != want {
			b.Errorf("before %d: %v", year, got.UIDs)
		}
	}
	gone, marked, err := b.a.Slow().Expunge(b.ctx, "INBOX", v, []uint32{heavy, 99999})
	b.must(err)
	if len(gone) != 1 || gone[0] != heavy || marked {
		b.Errorf("erased %v %t", gone, marked)
	}
	if q, err := b.a.Quota(b.ctx); err != nil || q.Percent() != 0 {
		b.Errorf("no quota here: %+v %v", q, err)
	}
}

// TestQuotaOfDovecot: what a real server answers, which its contract process does not
// offer.
func TestQuotaOfDovecot(t *testing.T) {
	t.Parallel()
	imap, _, o := daemon(t)
	o.Address = imap
	s := New(o)
	t.Cleanup(func() { s.Close(context.Background()) })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	b := &bench{T: t, s: s, a: s.For(testActor("s1"), testAddress(t)), ctx: ctx}
	b.append("INBOX", letter("Lourde", strings.Repeat("mot ", 600_000)))
	q, err := b.a.Quota(ctx)
	if err != nil || q.Limit != 10<<20 || q.Percent() < 20 || q.Percent() > 30 {
		t.Errorf("%+v, %d %% %v", q, q.Percent(), err)
	}
}
