package index

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

func newIndex() *Index { return New(Options{Key: [16]byte{1, 2, 3}}) }

func who(t testing.TB, name, address string) message.Mailbox {
	t.Helper()
	a, err := mssante.ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	return message.Mailbox{Name: name, Address: a, Raw: address, Valid: true}
}

// day gives the n-th minute of the test's time.
func day(n int) time.Time {
	return time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Minute)
}

func open(ix *Index) *Index {
	ix.SetFolder("INBOX", Inbox, Place{Validity: 1})
	ix.SetFolder("Sent", Sent, Place{Validity: 1})
	ix.SetFolder("Archive", Archive, Place{Validity: 1})
	ix.SetFolder("Trash", Aside, Place{Validity: 1})
	return ix
}

// groups gives the conversations as sets of letters, each sorted.
func groups(t testing.TB, ix *Index) []string {
	t.Helper()
	var out []string
	for a := (Asked{Size: 7}); ; {
		p := ix.Conversations(a)
		for _, c := range p.Conversations {
			_, letters, _, ok := ix.Conversation(c.ID, "", 1<<20)
			if !ok {
				t.Fatalf("conversation %s is not found by its id", c.ID)
			}
			var set []string
			for _, l := range letters {
				for _, r := range append(l.Copies, l.Ref) {
					set = append(set, fmt.Sprintf("%s/%d", r.Folder, r.UID))
				}
			}
			slices.Sort(set)
			out = append(out, strings.Join(set, " "))
		}
		if p.Next == "" {
			break
		}
		a.Before = p.Next
	}
	slices.Sort(out)
	return out
}

func TestConversations(t *testing.T) {
	t.Parallel()
	anne, roux := who(t, "Anne Martin", "anne.martin@m.mssante.fr"), who(t, "Hélène Roux", "helene.roux@lab.mssante.fr")
	pat := who(t, "Jean Test", "255089912345678@patient.mssante.fr")
	other := who(t, "Paul Test", "155089912345678@patient.mssante.fr")
	ix := open(newIndex())
	ix.Put("INBOX", []Letter{
		{UID: 9, MessageID: "d", InReplyTo: "c", References: []string{"a", "b", "c"}, From: []message.Mailbox{roux}, Subject: "Autre objet", Received: day(9)},
		{UID: 5, MessageID: "x", From: []message.Mailbox{roux}, Subject: "Compte rendu", Received: day(5)},
		{UID: 4, MessageID: "y", From: []message.Mailbox{anne}, Subject: "Compte rendu", Received: day(4)},
		{UID: 3, MessageID: "p1", References: []string{"a"}, From: []message.Mailbox{pat}, Subject: "Merci", Received: day(3), Patient: pat.Address},
		{UID: 2, MessageID: "p3", References: []string{"p1"}, From: []message.Mailbox{other}, Subject: "Merci", Received: day(2), Patient: other.Address},
		{UID: 1, MessageID: "a", From: []message.Mailbox{roux}, Subject: "Résultats", Received: day(1), Size: 10},
	})
	ix.Put("Sent", []Letter{
		{UID: 1, MessageID: "b", InReplyTo: "a", From: []message.Mailbox{anne}, Subject: "Re: Résultats", Received: day(6), Flags: Seen},
		{UID: 2, MessageID: "p2", From: []message.Mailbox{anne}, To: []message.Mailbox{pat}, Received: day(7), Flags: Seen, Patient: pat.Address},
	})
	ix.Put("Archive", []Letter{{UID: 1, MessageID: "a", From: []message.Mailbox{roux}, Subject: "Résultats", Received: day(1), Size: 10}})
	ix.Put("Trash", []Letter{{UID: 1, MessageID: "t", References: []string{"a"}, Subject: "jetée", Received: day(8)}})
	want := []string{"Archive/1 INBOX/1 INBOX/9 Sent/1", "INBOX/2", "INBOX/3 Sent/2", "INBOX/4", "INBOX/5"}
	if got := groups(t, ix); !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
	p := ix.Conversations(Asked{Folder: "INBOX"})
	if c := p.Conversations[0]; c.Letters != 3 || c.Unread != 2 || c.Newest.Subject != "Autre objet" || len(c.People) != 2 || c.People[0].Name != "Hélène Roux" {
		t.Errorf("first line: %+v", c)
	}
	if c := p.Conversations[1]; !c.Patient || c.Newest.Ref != (Ref{"Sent", 1, 2}) || c.Here != (Ref{"INBOX", 1, 3}) {
		t.Errorf("the exchange: %+v", c)
	}
	if p := ix.Conversations(Asked{Folder: "Sent"}); p.Total != 2 {
		t.Errorf("%d conversations in Sent", p.Total)
	}
	if p := ix.Conversations(Asked{Folder: "Trash"}); p.Total != 0 {
		t.Errorf("%d conversations in the bin", p.Total)
	}
	// The letter in between goes: what the last one names still joins.
	ix.Remove("Sent", 1)
	if got := groups(t, ix); got[0] != "Archive/1 INBOX/1 INBOX/9" {
		t.Errorf("after a removal: %q", got)
	}
	// The last one goes: nothing joins any more what it alone joined.
	ix.Put("Archive", []Letter{{UID: 2, MessageID: "b", Received: day(6)}})
	ix.Remove("INBOX", 9)
	if got := groups(t, ix); !slices.Contains(got, "Archive/2") || !slices.Contains(got, "Archive/1 INBOX/1") {
		t.Errorf("after two: %q", got)
	}
	// Moved to the bin and back.
	ix.Move("INBOX", "Trash", map[uint32]uint32{1: 7})
	if got := groups(t, ix); !slices.Contains(got, "Archive/1") {
		t.Errorf("in the bin: %q", got)
	}
	ix.Move("Trash", "INBOX", map[uint32]uint32{7: 12, 1: 13})
	if got := groups(t, ix); !slices.Contains(got, "Archive/1 INBOX/12 INBOX/13") {
		t.Errorf("back from the bin: %q", got)
	}
}

// TestOneMessageIDForAll: a device sends all its letters with one Message-ID.
func TestOneMessageIDForAll(t *testing.T) {
	t.Parallel()
	ix := open(newIndex())
	for i := range 20 {
		ix.Put("INBOX", []Letter{{UID: uint32(i + 1), MessageID: "device", Subject: fmt.Sprintf("Compte rendu %d", i), Received: day(i)}})
	}
	if got := groups(t, ix); len(got) != 20 {
		t.Errorf("%d conversations", len(got))
	}
}

// TestHidden: a letter that bears another's Message-ID does not stand for it.
func TestHidden(t *testing.T) {
	t.Parallel()
	a, b := who(t, "A", "a@a.fr"), who(t, "B", "b@b.fr")
	ix := open(newIndex())
	ix.Put("Archive", []Letter{{UID: 1, MessageID: "m", From: []message.Mailbox{a}, Subject: "Résultat", Size: 100, Received: day(1)}})
	ix.Put("INBOX", []Letter{
		{UID: 1, MessageID: "m", From: []message.Mailbox{a}, Subject: "Résultat", Size: 101, Received: day(2)},
		{UID: 2, MessageID: "m", From: []message.Mailbox{b}, Subject: "Résultat", Size: 100, Received: day(3)},
	})
	c := ix.Conversations(Asked{}).Conversations
	if len(c) != 1 || c[0].Letters != 3 {
		t.Errorf("%+v", c)
	}
}

func TestSipHash(t *testing.T) {
	t.Parallel()
	var k [16]byte
	text := make([]byte, 15)
	for i := range k {
		k[i] = byte(i)
	}
	for i := range text {
		text[i] = byte(i)
	}
	if got := keyOf(k).siphash("", string(text)); got != 0xa129ca6149be45e5 { // the paper's own example
		t.Errorf("%x", got)
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "abc": "abc", "Hélène": "helene", "HÉLÈNE": "helene", "He\u0301le\u0300ne": "helene", "Œuvre L’été": "oeuvre l'ete",
		"a\u00a0b  c\tD": "a b c d", "Straße": "strasse", "ŁÓDŹ": "lodz", "×÷": "**", "naïf–çà": "naif-ca"} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
	for r := rune(0xc0); r < 0x180; r++ {
		if s := latin(r); s == "" || !ascii(s) {
			t.Errorf("latin(%c) = %q", r, s)
		}
	}
}

// model is the naive index: what is there, and everything found again each time.
type model struct {
	letters map[Ref]Letter
	limit   int
}

func (m *model) id(l *Letter) string {
	if l.MessageID != "" {
		return l.MessageID
	}
	return "alone " + fmt.Sprint(l.Received, l.Size, l.Subject, l.From)
}

func face(l *Letter) string {
	s := l.Subject
	if len(l.From) > 0 {
		s += "\x00" + fmt.Sprint(l.From[0])
	}
	return s
}

func (m *model) groups() []string {
	faces := map[string]map[string]bool{}
	var all []Ref
	key := func(l *Letter, id string) string { // Message-IDs of an exchange are its own
		if l.Patient.IsZero() {
			return id
		}
		return l.Patient.Key() + "\x00" + id
	}
	for r, l := range m.letters {
		if r.Folder == "Trash" {
			continue
		}
		all = append(all, r)
		k := key(&l, m.id(&l))
		if faces[k] == nil {
			faces[k] = map[string]bool{}
		}
		faces[k][face(&l)] = true
	}
	ids := func(r Ref) []string {
		l := m.letters[r]
		own := key(&l, m.id(&l))
		if len(faces[own]) > maxBearers {
			own += "\x00" + face(&l)
		}
		out := []string{own}
		if !l.Patient.IsZero() {
			return append(out, "patient "+l.Patient.Key())
		}
		for _, id := range append(slices.Clone(l.References), l.InReplyTo) {
			if id != "" && id != m.id(&l) && len(faces[id]) <= maxBearers {
				out = append(out, id)
			}
		}
		return out
	}
	by := map[string][]Ref{}
	for _, r := range all {
		for _, id := range ids(r) {
			by[id] = append(by[id], r)
		}
	}
	seen := map[Ref]bool{}
	var out []string
	add := func(set []Ref) {
		var words []string
		for _, r := range set {
			words = append(words, fmt.Sprintf("%s/%d", r.Folder, r.UID))
		}
		slices.Sort(words)
		out = append(out, strings.Join(words, " "))
	}
	for _, r := range all {
		if seen[r] {
			continue
		}
		seen[r] = true
		set, patient := []Ref{r}, false
		for i := 0; i < len(set); i++ {
			patient = patient || !m.letters[set[i]].Patient.IsZero()
			for _, id := range ids(set[i]) {
				for _, x := range by[id] {
					if !seen[x] {
						seen[x] = true
						set = append(set, x)
					}
				}
			}
		}
		if len(set) <= m.limit || patient {
			add(set)
			continue
		}
		roots := map[string][]Ref{}
		for _, x := range set {
			all := ids(x)
			root := all[0]
			if len(all) > 1 {
				root = all[1]
			}
			roots[root] = append(roots[root], x)
		}
		for _, x := range roots {
			add(x)
		}
	}
	slices.Sort(out)
	return out
}

// TestAgainstNaive: thousands of random changes, and the index equals what is found
// again from nothing.
func TestAgainstNaive(t *testing.T) {
	t.Parallel()
	for round := range 6 {
		seed := rand.Uint64()
		t.Run(fmt.Sprintf("%d", round), func(t *testing.T) {
			t.Parallel()
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 1))
			w := walker{T: t, r: random, ix: open(newIndex()), m: model{map[Ref]Letter{}, 6 + random.IntN(40)}, next: map[string]uint32{}, pool: 5 + random.IntN(60)}
			w.ix.limit = w.m.limit
			for step := range 400 {
				w.step()
				if step%20 == 19 || step < 30 {
					w.compare()
				}
			}
		})
	}
}

type walker struct {
	*testing.T
	r    *rand.Rand
	ix   *Index
	m    model
	next map[string]uint32
	pool int // of Message-IDs
}

var folderNames = []string{"INBOX", "Sent", "Archive", "Trash"}

func (w *walker) folder() string { return folderNames[w.r.IntN(len(folderNames))] }

func (w *walker) id() string { return fmt.Sprintf("m%d", w.r.IntN(w.pool)) }

func (w *walker) letter() Letter {
	l := Letter{Received: day(w.r.IntN(300)), Size: int64(w.r.IntN(3)), Subject: fmt.Sprintf("Lettre %d é", w.r.IntN(3)), Flags: Flags(w.r.IntN(4))}
	people := []message.Mailbox{who(w, "Anne", "anne@a.fr"), who(w, "Hélène", "helene@b.fr")}
	l.From = people[:w.r.IntN(3)]
	if w.r.IntN(8) > 0 {
		l.MessageID = w.id()
	}
	for range w.r.IntN(3) {
		l.References = append(l.References, w.id())
	}
	if w.r.IntN(3) == 0 {
		l.InReplyTo = w.id()
	}
	if w.r.IntN(10) == 0 {
		l.Patient = who(w, "", fmt.Sprintf("%d@patient.mssante.fr", 200000000000000+w.r.IntN(3))).Address
	}
	return l
}

func (w *walker) any() (Ref, bool) {
	all := slices.SortedFunc(maps.Keys(w.m.letters), func(a, b Ref) int { return cmp.Or(cmp.Compare(a.Folder, b.Folder), cmp.Compare(a.UID, b.UID)) })
	if len(all) == 0 {
		return Ref{}, false
	}
	return all[w.r.IntN(len(all))], true
}

func (w *walker) put(folder string, l Letter) Ref {
	w.next[folder]++
	l.UID = w.next[folder]
	w.ix.Put(folder, []Letter{l})
	r := Ref{Folder: folder, UID: l.UID}
	w.m.letters[r] = l
	return r
}

func (w *walker) step() {
	r, ok := w.any()
	switch k := w.r.IntN(20); {
	case k < 9 || !ok:
		w.put(w.folder(), w.letter())
	case k < 11: // a copy
		w.put(w.folder(), w.m.letters[r])
	case k < 14:
		w.ix.Remove(r.Folder, r.UID)
		delete(w.m.letters, r)
	case k < 17: // moved
		to := w.folder()
		if to == r.Folder {
			return
		}
		w.next[to]++
		w.ix.Move(r.Folder, to, map[uint32]uint32{r.UID: w.next[to]})
		l := w.m.letters[r]
		delete(w.m.letters, r)
		l.UID = w.next[to]
		w.m.letters[Ref{Folder: to, UID: l.UID}] = l
	case k < 18:
		l := w.m.letters[r]
		l.Flags = Flags(w.r.IntN(4))
		w.m.letters[r] = l
		w.ix.SetFlags(r.Folder, r.UID, l.Flags)
	case k == 18 && w.r.IntN(5) == 0:
		w.ix.renew()
	case k == 18 && w.r.IntN(10) == 0:
		w.ix.SetFolder("Archive", Archive, Place{Validity: w.r.Uint32()})
		maps.DeleteFunc(w.m.letters, func(r Ref, _ Letter) bool { return r.Folder == "Archive" })
	default: // gone in bulk
		n := uint32(w.r.IntN(3))
		w.ix.Keep(r.Folder, func(uid uint32) bool { return uid%3 != n })
		maps.DeleteFunc(w.m.letters, func(x Ref, _ Letter) bool { return x.Folder == r.Folder && x.UID%3 == n })
	}
}

func (w *walker) compare() {
	w.Helper()
	if got, want := groups(w, w.ix), w.m.groups(); !slices.Equal(got, want) {
		w.Fatalf("limit %d, %d letters\ngot  %q\nwant %q", w.m.limit, len(w.m.letters), diff(got, want), diff(want, got))
	}
	unread := 0
	for _, l := range w.m.letters {
		if l.Flags&Seen == 0 {
			unread++
		}
	}
	got, letters := 0, 0
	for _, f := range w.ix.Folders() {
		got, letters = got+f.Unread, letters+f.Letters
	}
	if got != unread || letters != len(w.m.letters) {
		w.Fatalf("%d unread of %d, want %d of %d", got, letters, unread, len(w.m.letters))
	}
	if n := w.ix.Search(Query{Words: []string{"LETTRE 1", "é"}, WithAside: true}).Total; n != w.m.count("Lettre 1 é") {
		w.Fatalf("search found %d, want %d", n, w.m.count("Lettre 1 é"))
	}
}

func (m *model) count(subject string) (n int) {
	for _, l := range m.letters {
		if l.Subject == subject {
			n++
		}
	}
	return n
}

func diff(a, b []string) (out []string) {
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}
