package mailserver

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
)

// bench is one world under one contract test.
type bench struct {
	*testing.T
	s    *Server
	a    *Account // ours
	them *Account // the same mailbox from another session: a colleague, another client
	ctx  context.Context
	addr mssante.Address
	world
}

// folder is the server's own name of one of ours, or of one inside another.
func (b *bench) folder(names ...string) string { return b.prefix + strings.Join(names, b.delim) }

func (b *bench) needs(one string) {
	b.Helper()
	if !b.caps[one] {
		b.Skipf("this server has no %s", one)
	}
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) append(folder, raw string, flags ...string) uint32 {
	b.Helper()
	raw = strings.ReplaceAll(strings.ReplaceAll(raw, "\r\n", "\n"), "\n", "\r\n")
	_, uid, err := b.a.Append(b.ctx, folder, flags, time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), int64(len(raw)), strings.NewReader(raw))
	b.must(err)
	if uid == 0 {
		b.Fatal("no APPENDUID")
	}
	return uid
}

func letter(subject, body string) string {
	return "From: =?utf-8?q?H=C3=A9l=C3=A8ne?= Roux <helene.roux@lab.test.mssante.fr>\nTo: anne.martin@medecin.test.mssante.fr\n" +
		"Subject: " + subject + "\nMessage-ID: <" + fmt.Sprint(rand.Uint64()) + "@x>\nDate: Sun, 1 Mar 2026 10:00:00 +0100\n" +
		"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + body + "\n"
}

func (b *bench) fill(n int) (uids []uint32) {
	b.Helper()
	for i := range n {
		uids = append(uids, b.append("INBOX", letter(fmt.Sprintf("Lettre %d", i+1), "texte")))
	}
	return uids
}

func (b *bench) rows(q Query) Listing {
	b.Helper()
	l, err := b.a.Rows(b.ctx, q)
	b.must(err)
	return l
}

func uidsOf(rows []Row) (out []uint32) {
	for _, r := range rows {
		out = append(out, r.UID)
	}
	return out
}

func down(uids []uint32) []uint32 {
	out := slices.Clone(uids)
	slices.Reverse(out)
	return out
}

func (b *bench) raw(f func(c *conn) error) {
	b.Helper()
	b.must(b.them.change(b.ctx, func(c *conn) error {
		return c.do(b.ctx, verbFetch, 10*time.Second, budgetList, func() error { return f(c) })
	}))
}

func TestContract(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		run  func(*bench)
	}{
		{"append and list", contractList}, {"paging and anchors", contractAnchors}, {"page follows the folder", contractFresh}, {"page listed again", contractAgain},
		{"filters", contractFilters}, {"folders", contractFolders}, {"odd folder names", contractNames},
		{"special use", contractSpecialUse}, {"peek", contractPeek}, {"flags", contractFlags}, {"move", contractMove},
		{"expunge only ours", contractExpunge}, {"roles made", contractEnsure}, {"search", contractSearch}, {"search by conditions", contractMatch}, {"search by windows", contractWindows}, {"correspondence", contractCorrespondence},
		{"search injection", contractSearchInjection}, {"search bodies", contractSearchBodies}, {"structure", contractStructure},
		{"neighbours", contractNeighbours}, {"letter beside its page", contractBeside}, {"large letter", contractLarge}, {"stream", contractStream},
		{"stream given up", contractStreamClosed}, {"crafted letter", contractCrafted}, {"parentheses", contractParens}, {"uidvalidity", contractValidity},
		{"cancel", contractCancel}, {"drop", contractDrop}, {"parallel", contractParallel}, {"flag news", contractFlagNews},
		{"watch", contractWatch},
		{"sweep", contractSweep}, {"sweep while letters go", contractSweepMoving}, {"changes", contractChanges}, {"changes amid news", contractChangesNews},
		{"choose all", contractChoose}, {"folder tree", contractFolderTree}, {"subscriptions", contractSubscribed}, {"keyword of ours", contractKeyword}, {"weights", contractWeights},
	}
	var mu sync.Mutex
	ran, skipped := map[string]int{}, map[string]int{}
	available := 0
	t.Run("worlds", func(t *testing.T) {
		for _, w := range worlds() {
			t.Run(w.name, func(t *testing.T) {
				t.Parallel()
				w.ofSize(t)
				w.open(t) // skips here when the server is not installed
				mu.Lock()
				available++
				mu.Unlock()
				for _, test := range tests {
					t.Run(test.name, func(t *testing.T) {
						t.Parallel()
						defer func() {
							mu.Lock()
							defer mu.Unlock()
							if t.Skipped() {
								skipped[test.name]++
							} else {
								ran[test.name]++
							}
						}()
						s := New(w.open(t))
						ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
						defer cancel()
						t.Cleanup(func() { s.Close(context.Background()) })
						addr := w.address(t)
						test.run(&bench{T: t, s: s, a: s.For(testActor("s1"), addr), them: s.For(testActor("s2"), addr), ctx: ctx, addr: addr, world: w})
					})
				}
			})
		}
	})
	for name, n := range skipped {
		if ran[name] == 0 && available == len(worlds()) {
			t.Errorf("%q was skipped by every server (%d)", name, n)
		}
	}
}
