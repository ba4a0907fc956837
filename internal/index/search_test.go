package index

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

func uids(found []Found) (out []string) {
	for _, f := range found {
		out = append(out, fmt.Sprintf("%s/%d", f.Folder, f.UID))
	}
	return out
}

func TestSearch(t *testing.T) {
	t.Parallel()
	anne, roux := who(t, "Anne Martin", "anne.martin@m.mssante.fr"), who(t, "Hélène ROUX", "helene.roux@lab.mssante.fr")
	pat := who(t, "Éloïse TEST", "255089912345678@patient.mssante.fr")
	ix := open(newIndex())
	list := func(m ...message.Mailbox) []message.Mailbox { return m }
	ix.Put("INBOX", []Letter{
		{UID: 1, MessageID: "1", From: list(roux), To: list(anne), Subject: "RÉSULTATS d’analyses", Received: day(1), Size: 500},
		{UID: 2, MessageID: "2", From: list(anne), To: list(roux), Cc: list(pat), Subject: "Œdème", Received: day(2), Size: 100, Flags: Seen | Flagged | Answered},
		{UID: 3, MessageID: "3", From: list(pat), To: list(anne), Subject: "Bonjour Docteur", Received: day(3), Size: 900, Patient: pat.Address, Flags: Mixed},
		{UID: 4, MessageID: "4", Subject: "", Received: day(4), Flags: Processed | Seen},
	})
	ix.Put("Sent", []Letter{{UID: 1, MessageID: "5", From: list(anne), To: list(pat), Subject: "Re: Bonjour Docteur", Received: day(5), Patient: pat.Address, Flags: Seen}})
	ix.Put("Trash", []Letter{{UID: 1, MessageID: "6", From: list(roux), Subject: "jetée", Received: day(6)}})
	for _, c := range []struct {
		name string
		q    Query
		want []string
	}{
		{"all but the bin, newest first", Query{}, []string{"Sent/1", "INBOX/4", "INBOX/3", "INBOX/2", "INBOX/1"}},
		{"with the bin", Query{WithAside: true, Words: []string{"roux"}}, []string{"Trash/1", "INBOX/2", "INBOX/1"}},
		{"accents and case", Query{Words: []string{"helene", "resultats D'ANALYSES"}}, []string{"INBOX/1"}},
		{"ligature", Query{Words: []string{"oedeme"}}, []string{"INBOX/2"}},
		{"all the words", Query{Words: []string{"roux", "bonjour"}}, nil},
		{"from", Query{From: []string{"anne"}}, []string{"Sent/1", "INBOX/2"}},
		{"to and cc", Query{To: []string{"test"}}, []string{"Sent/1", "INBOX/2"}},
		{"subject", Query{Subject: []string{"docteur"}}, []string{"Sent/1", "INBOX/3"}},
		{"patient by name", Query{Patient: []string{"eloise"}}, []string{"Sent/1", "INBOX/3", "INBOX/2"}},
		{"patient by number", Query{Patient: []string{"2550899"}}, []string{"Sent/1", "INBOX/3", "INBOX/2"}},
		{"no patient", Query{Patient: []string{"anne"}}, nil},
		{"exchanges", Query{PatientOnly: true}, []string{"Sent/1", "INBOX/3"}},
		{"unread", Query{Unread: true}, []string{"INBOX/3", "INBOX/1"}},
		{"flagged", Query{Flagged: true}, []string{"INBOX/2"}},
		{"not answered", Query{NotAnswered: true}, []string{"INBOX/4", "INBOX/3", "INBOX/1"}},
		{"not processed", Query{NotProcessed: true, Folders: []string{"INBOX"}}, []string{"INBOX/3", "INBOX/2", "INBOX/1"}},
		{"mixed", Query{Mixed: true}, []string{"INBOX/3"}},
		{"between", Query{Since: day(2), Before: day(4)}, []string{"INBOX/3", "INBOX/2"}},
		{"larger", Query{Larger: 500}, []string{"INBOX/3", "INBOX/1"}},
		{"in a folder", Query{Folders: []string{"Trash"}}, []string{"Trash/1"}},
		{"oldest", Query{Sort: Oldest, Limit: 2}, []string{"INBOX/1", "INBOX/2"}},
		{"largest", Query{Sort: Largest, Limit: 2}, []string{"INBOX/3", "INBOX/1"}},
		{"by sender", Query{Sort: BySender}, []string{"Sent/1", "INBOX/2", "INBOX/3", "INBOX/1", "INBOX/4"}},
		{"by patient", Query{Sort: ByPatient, Limit: 2}, []string{"Sent/1", "INBOX/3"}},
		{"unread first", Query{Sort: UnreadFirst, Limit: 3}, []string{"INBOX/3", "INBOX/1", "Sent/1"}},
		{"further", Query{Skip: 3}, []string{"INBOX/2", "INBOX/1"}},
		{"beyond", Query{Skip: 30}, nil},
	} {
		if got := uids(ix.Search(c.q).Found); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	f := ix.Search(Query{Words: []string{"résultats"}}).Found[0]
	if f.Subject != "RÉSULTATS d’analyses" || f.From[0] != roux || f.To[0] != anne || f.Size != 500 || !f.Received.Equal(day(1)) {
		t.Errorf("%+v", f)
	}
	if f := ix.Search(Query{Words: []string{"bonjour"}, Folders: []string{"INBOX"}}).Found[0]; f.Subject != "Bonjour Docteur" {
		t.Errorf("capitals: %q", f.Subject)
	}
}

// TestHostile: one letter brings only so much.
func TestHostile(t *testing.T) {
	t.Parallel()
	ix := open(newIndex())
	for i := range 400 {
		ix.Put("Archive", []Letter{{UID: uint32(i + 1), MessageID: fmt.Sprint("m", i), Subject: "x", Received: day(i)}})
	}
	big := Letter{UID: 1, MessageID: "big", Subject: strings.Repeat("é", 10_000), Received: day(1000)}
	for i := range 1000 {
		big.References = append(big.References, fmt.Sprint("m", i%400))
		m := message.Mailbox{Name: strings.Repeat("n", 500), Raw: fmt.Sprint(i, strings.Repeat("a", 5000))}
		big.From, big.To = append(big.From, m), append(big.To, m)
	}
	before := ix.Bytes()
	ix.Put("INBOX", []Letter{big})
	if grew := ix.Bytes() - before; grew > 256<<10 {
		t.Errorf("one letter took %d bytes", grew)
	}
	if c := ix.Conversations(Asked{Folder: "INBOX"}).Conversations[0]; c.Letters > 52 {
		t.Errorf("one letter joined %d", c.Letters)
	}
	ix.limit = 40 // and where that is too many, only letters of its root
	ix.Remove("INBOX", 1)
	big.UID = 2
	ix.Put("INBOX", []Letter{big})
	if c := ix.Conversations(Asked{Folder: "INBOX"}).Conversations[0]; c.Letters > 2 {
		t.Errorf("beyond the limit one letter joined %d", c.Letters)
	}
	for _, id := range []string{"", "!", "aaaaaaaaaaaaa", strings.Repeat("a", 1000)} {
		if _, _, _, ok := ix.Conversation(id, "", 10); ok {
			t.Errorf("id %q leads somewhere", id)
		}
	}
}

// TestTidy: what letters took is given back once they are gone.
func TestTidy(t *testing.T) {
	t.Parallel()
	inbox, sent := mail(t, 6_000)
	ix := filled(t, inbox, sent)
	want := ix.Search(Query{Folders: []string{"Sent"}, Limit: 60}).Found
	full := ix.Bytes()
	ix.Keep("INBOX", func(uid uint32) bool { return uid%50 == 0 })
	ix.Keep("Sent", func(uid uint32) bool { return uid > 600 })
	if now := ix.Bytes(); now > full/3 {
		t.Errorf("%d bytes of %d stay", now, full)
	}
	got := ix.Search(Query{Folders: []string{"Sent"}, Limit: 60}).Found
	if fmt.Sprint(got[:50]) != fmt.Sprint(want[:50]) {
		t.Errorf("letters changed:\n%v\n%v", got[0], want[0])
	}
	ix.DropFolder("INBOX")
	ix.DropFolder("Sent")
	if p := ix.Conversations(Asked{}); p.Total != 0 || ix.Letters() != 0 {
		t.Errorf("%d conversations, %d letters of nothing", p.Total, ix.Letters())
	}
	if ix.byHash.used+ix.byUID.used+ix.byPerson.used != 0 {
		t.Errorf("%d ids, %d UIDs, %d people of nothing", ix.byHash.used, ix.byUID.used, ix.byPerson.used)
	}
}

func TestFolders(t *testing.T) {
	t.Parallel()
	ix := open(newIndex())
	ix.Put("INBOX", []Letter{{UID: 1, MessageID: "a"}, {UID: 2, MessageID: "b", Flags: Flagged | Seen}})
	ix.Mark("INBOX", []uint32{1, 7}, Seen|Flagged, 0)
	ix.RenameFolder("INBOX", "Autre")
	ix.ReadDown("Autre", 12)
	f, ok := ix.Folder("Autre")
	if !ok || f.Letters != 2 || f.Unread != 0 || f.Flagged != 2 || f.Whole() {
		t.Errorf("%+v", f)
	}
	if got := ix.UIDs("Autre"); len(got) != 2 {
		t.Error(got)
	}
	if _, ok := ix.Folder("INBOX"); ok {
		t.Error("the old name is known")
	}
	if id := ix.ConversationOf("Autre", 1); id == "" || ix.ConversationOf("Autre", 9) != "" {
		t.Errorf("conversation %q", id)
	}
	again := open(newIndex())
	again.Put("Sent", []Letter{{UID: 5, MessageID: "a"}})
	if again.ConversationOf("Sent", 5) != ix.ConversationOf("Autre", 1) {
		t.Error("an id does not outlive its index")
	}
	ix.SetFolder("Autre", Filed, Place{Validity: 9})
	if f, _ := ix.Folder("Autre"); f.Letters != 0 || ix.Letters() != 0 {
		t.Errorf("another UIDVALIDITY: %+v", f)
	}
	if f := ParseFlags([]string{`\SEEN`, "$forwarded", "$Traite", "other", `\Recent`}); f != Seen|Forwarded|Processed {
		t.Errorf("flags %b", f)
	}
}

// TestAtOnce: readers and writers at the same time; for the race detector.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	ix := open(newIndex())
	var wg sync.WaitGroup
	for k := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(k), 1))
			for i := range 300 {
				name := folderNames[r.IntN(4)]
				ix.Put(name, []Letter{{UID: uint32(r.IntN(100) + 1), MessageID: fmt.Sprint(r.IntN(50)), References: []string{fmt.Sprint(r.IntN(50))}, Received: time.Now()}})
				ix.SetFlags(name, uint32(r.IntN(100)), Seen)
				ix.Move(name, folderNames[r.IntN(4)], map[uint32]uint32{uint32(r.IntN(100)): uint32(1000*k + i + 200)})
				ix.Remove(name, uint32(r.IntN(100)))
				ix.Conversations(Asked{Folder: name, Unread: i%2 == 0})
				ix.Search(Query{Words: []string{"a"}})
				ix.Bytes()
			}
		})
	}
	wg.Wait()
}

// FuzzLetter: whatever a header says, a letter goes in, is found by its words and comes
// out as it was shown.
func FuzzLetter(f *testing.F) {
	f.Add("a@x", "b@x c@x", "Sujet", "Nom", "adresse", false)
	f.Add("", "", "\xff\x00É́ ß", "\u202e", "@", true)
	f.Fuzz(func(t *testing.T, id, refs, subject, name, address string, patient bool) {
		ix := open(newIndex())
		m := message.Mailbox{Name: name, Raw: address}
		if a, err := mssante.ParseAddress(address); err == nil {
			m.Address, m.Valid = a, true
		}
		l := Letter{UID: 1, MessageID: id, InReplyTo: address, References: strings.Fields(refs), Subject: subject, From: []message.Mailbox{m}}
		if patient && !m.Address.IsZero() {
			l.Patient = m.Address
		}
		ix.Put("INBOX", []Letter{l})
		l.UID = 2
		ix.Put("INBOX", []Letter{l})
		c := ix.Conversations(Asked{}).Conversations
		if len(c) != 1 || c[0].Letters != 2 {
			t.Fatalf("%+v", c)
		}
		if len(subject) <= maxSubject && c[0].Newest.Subject != subject {
			t.Errorf("subject %q became %q", subject, c[0].Newest.Subject)
		}
		if _, letters, _, ok := ix.Conversation(c[0].ID, "", 10); !ok || len(letters) != 2 {
			t.Errorf("%d letters by id", len(letters))
		}
		if w := strings.TrimSpace(subject); w != "" && len(subject) <= maxSubject && ix.Search(Query{Subject: []string{w}}).Total != 2 {
			t.Errorf("%q is not found", w)
		}
		ix.Remove("INBOX", 1, 2)
		if ix.Letters() != 0 || len(ix.nodes.free) != int(ix.nodes.next)-1 {
			t.Error("something stays")
		}
	})
}

// TestWritten: whoever is named comes back as written, however they are kept, and is found
// by the folded form.
func TestWritten(t *testing.T) {
	for _, m := range []message.Mailbox{
		who(t, "", "anne@a.fr"), who(t, "ANNE Martin", "anne.martin@a.fr"), who(t, "Léa  Ümit", "lea@b.fr"), who(t, " Anne", "anne@c.fr"), who(t, "a\tb", "a@c.fr"),
		who(t, "K\u212a ſs", "ks@c.fr"), who(t, "Œuvre d’Élie", "o@c.fr"), {Name: "Personne", Raw: "Hélène SANS adresse"}, {Name: "", Raw: ""}, {Name: "x", Raw: "X  Y"}, {Name: "A", Raw: "a"},
	} {
		ix := open(newIndex())
		ix.Put("INBOX", []Letter{{UID: 1, MessageID: "a", From: []message.Mailbox{m}}})
		got := ix.Search(Query{Folders: []string{"INBOX"}}).Found[0].From[0]
		if got.Name != m.Name || got.Raw != m.Raw || got.Address != m.Address || got.Valid != m.Valid {
			t.Errorf("%+v came back as %+v", m, got)
		}
		for _, w := range []string{m.Name, m.Raw, m.Name + " " + m.Raw} {
			if w = strings.TrimSpace(w); w != "" && ix.Search(Query{From: []string{w}}).Total != 1 {
				t.Errorf("%q does not find %+v", w, m)
			}
		}
	}
}
