package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/testkit"
)

// On the demo's letters the index gives what the server gives, condition by condition and
// word by word; what it finds beyond that differs by accents alone.
func TestIndexAnswersAsTheServer(t *testing.T) {
	ofSize(t)
	t.Parallel()
	k := testkit.New(t)
	if err := k.App.Stock(t.Context()); err != nil {
		t.Fatal(err)
	}
	open := func() *mailbox.Box {
		id, _, _ := strings.Cut(k.SignIn("martin").Cookie("__Host-pli"), ".")
		acc, err := k.App.Accounts.ByNationalID(t.Context(), martinID(t, k))
		if err != nil {
			t.Fatal(err)
		}
		b, err := k.App.House.Open(t.Context(), mssante.Actor{AccountID: acc.ID, NationalID: acc.NationalID, SessionID: id}, people.MartinBox)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	server, indexed := open(), open()
	indexed.Index()
	for until := time.Now().Add(20 * time.Second); !indexed.Reading().Done; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("no index: %+v", indexed.Reading())
		}
	}
	ask := func(b *mailbox.Box, q mailbox.Query) (map[mailbox.Ref]mailbox.Item, []mailbox.Ref) {
		t.Helper()
		f, res, err := b.Search(t.Context(), q, 0)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		out, order := map[mailbox.Ref]mailbox.Item{}, []mailbox.Ref{}
		for page := 1; ; page++ {
			for _, it := range res.Items {
				out[it.Ref] = it
				order = append(order, it.Ref)
			}
			if page >= res.Pages {
				return out, order
			}
			if res, err = b.SearchPage(t.Context(), f, page+1); err != nil {
				t.Fatal(err)
			}
		}
	}
	all, _ := ask(server, mailbox.Query{Since: time.Unix(1, 0)})
	if len(all) < 20 {
		t.Fatalf("only %d letters", len(all))
	}
	words := map[string]bool{}
	for _, it := range all {
		words[it.From[0].Name] = true
		for _, w := range strings.Fields(it.Subject) {
			words[w] = true
		}
	}
	same := func(q mailbox.Query, order bool) {
		t.Helper()
		byServer, inOrder := ask(server, q)
		byIndex, alsoInOrder := ask(indexed, q)
		for ref, it := range byServer {
			if _, found := byIndex[ref]; !found {
				t.Errorf("%+v: the index misses %q of %v", q, it.Subject, it.From)
			}
		}
		for ref, it := range byIndex {
			if _, found := byServer[ref]; !found && (len(texts(q)) == 0 || ascii(texts(q)) && ascii(who(it)+it.Subject)) {
				t.Errorf("%+v: the index alone finds %q", q, it.Subject)
			}
		}
		if order && !slices.Equal(inOrder, alsoInOrder) {
			t.Errorf("%+v: other orders", q)
		}
	}
	day := k.Clock.Now().AddDate(0, 0, -1)
	for _, q := range []mailbox.Query{{Unread: true}, {Flagged: true}, {NotAnswered: true}, {Files: true}, {Documents: true}, {Since: day}, {Before: day}, {Since: day, Unread: true, Files: true},
		{Patient: []string{"2550337"}}, {Patient: []string{"Besançon"}}, {To: []string{"lilas"}}} {
		same(q, false)
	}
	for _, order := range []mailbox.Order{mailbox.NewestFirst, mailbox.OldestFirst, mailbox.BySender, mailbox.ByPatient, mailbox.UnreadFirst, mailbox.LargestOnes} {
		same(mailbox.Query{Since: time.Unix(1, 0), Sort: order}, true)
	}
	n := 0
	for w := range words {
		if w = strings.Trim(w, `"`); w == "" || len(w) > 60 {
			continue
		}
		same(mailbox.Query{Words: []string{w}}, false)
		if n++; n == 60 {
			break
		}
		same(mailbox.Query{Subject: []string{w}}, false)
		same(mailbox.Query{From: []string{w}}, false)
	}
}

// who names everybody of a letter but those in copy, who are not shown.
func who(it mailbox.Item) (out string) {
	for _, m := range slices.Concat(it.From, it.To) {
		out += m.Name + " "
	}
	return out
}

func texts(q mailbox.Query) string {
	return strings.Join(slices.Concat(q.Words, q.From, q.To, q.Subject, q.Patient), " ")
}

func ascii(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0 }

func martinID(t *testing.T, k *testkit.Kit) mssante.NationalID {
	t.Helper()
	for _, p := range k.World.People() {
		if p.Key == "martin" {
			return p.NationalID
		}
	}
	t.Fatal("nobody")
	return ""
}
