package mailbox

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
)

// TestSearchByIndex: every condition, alone and two by two, chooses the same letters by
// the index as by asking the server, in the same order.
func TestSearchByIndex(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) *world{"memory": newWorld, "dovecot": newDovecotWorld} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			searchByIndex(t, open(t))
		})
	}
}

func searchByIndex(t *testing.T, w *world) {
	b, asks := w.open(anne, annes), w.open(mssante.Actor{AccountID: anne.AccountID, NationalID: anne.NationalID, SessionID: "without"}, annes)
	sent, err := w.mail.For(mssante.Actor{SessionID: "other"}, address(t, annes)).EnsureFolder(w.ctx, mailserver.RoleSent)
	w.must(err)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	for i := range 60 {
		raw := fmt.Sprintf("From: %s\nTo: %s\nCc: %s\nSubject: %s\nMessage-ID: <%d@x>\nDate: Sun, 1 Mar 2026 10:00:00 +0100\nMIME-Version: 1.0\nContent-Type: %s\n\n%s\n",
			pick("=?utf-8?q?H=C3=A9l=C3=A8ne?= Roux <helene.roux@lab.test.mssante.fr>", "\"Petit, Hugo\" <hugo.petit@chu.test.mssante.fr>", "Odile <255033799001138@patient.mssante.fr>"),
			pick(annes, "Odile <255033799001138@patient.mssante.fr>", "lilas@pro.test.mssante.fr, "+annes), pick("zoe@pro.test.mssante.fr", "Hugo Petit <hugo.petit@chu.test.mssante.fr>"),
			pick("Compte rendu", "=?utf-8?q?R=C3=A9sultat?= du scanner", "XDM/1.0/DDM+Compte rendu", "Rendez-vous", "a (b) \"c\" \\"), i,
			pick("text/plain; charset=utf-8", "multipart/mixed; boundary=x"), strings.Repeat("texte ", r.IntN(40)))
		var flags []string
		for _, f := range []string{`\Seen`, `\Flagged`, `\Answered`, "$Forwarded"} {
			if r.IntN(3) == 0 {
				flags = append(flags, f)
			}
		}
		w.put(annes, pick("INBOX", "INBOX", sent.Name), raw, flags...)
	}
	many := strings.Repeat("\"Nom\" <autre@pro.test.mssante.fr>, ", 70) + "\"Derniere\" <derniere@pro.test.mssante.fr>"
	w.put(annes, "INBOX", "From: x@y.test\nTo: "+many+"\nSubject: "+strings.Repeat("long ", 60)+"finissant\nDate: Sun, 1 Mar 2026 10:00:00 +0100\n\nx\n")
	w.indexAll(b)
	if asks.keptOf(false) != nil {
		t.Fatal("the server's answer would come from an index")
	}
	day := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	conditions := []func(*Query){
		func(q *Query) { q.Words = append(q.Words, "hélène") }, func(q *Query) { q.Words = append(q.Words, "compte", "RENDU") }, func(q *Query) { q.Words = append(q.Words, "@patient") },
		func(q *Query) { q.From = []string{"petit"} }, func(q *Query) { q.To = []string{"zoe"} }, func(q *Query) { q.Subject = []string{"résultat"} }, func(q *Query) { q.Subject = []string{`"c" \`} },
		func(q *Query) { q.Patient = []string{"2550337"} }, func(q *Query) { q.Patient = []string{"odile"} }, func(q *Query) { q.Patient = []string{"petit"} }, func(q *Query) { q.Files = true },
		func(q *Query) { q.Documents = true }, func(q *Query) { q.Unread = true }, func(q *Query) { q.Flagged = true }, func(q *Query) { q.NotAnswered = true },
		func(q *Query) { q.Since = day }, func(q *Query) { q.Since = day.Add(time.Second) }, func(q *Query) { q.Before = day }, func(q *Query) { q.Before = day.Add(time.Second) },
		func(q *Query) { q.In = "INBOX" }, func(q *Query) { q.Words = append(q.Words, "finissant") }, func(q *Query) { q.To = append(q.To, "derniere") },
	}
	for i := range conditions {
		for j := i; j < len(conditions); j++ {
			var q Query
			conditions[i](&q)
			if j != i {
				conditions[j](&q)
			}
			q.Sort = slices.Sorted(maps.Keys(orders))[(i+j)%len(orders)]
			refs := func(b *Box) (out []Ref) {
				f := &Hunt{asked: q}
				items, err := b.search(w.ctx, f, 0)
				w.must(err)
				if n := f.all.Count(); n != len(items) && n > 0 {
					t.Fatalf("%+v: %d shown, and all of them are %d", q, len(items), n)
				}
				for _, it := range items {
					out = append(out, it.Ref)
				}
				return out
			}
			byIndex, byServer := refs(b), refs(asks)
			if !slices.Equal(byIndex, byServer) {
				t.Fatalf("%+v: %d by the index, %d by the server\n%v\n%v", q, len(byIndex), len(byServer), byIndex, byServer)
			}
		}
	}
}
