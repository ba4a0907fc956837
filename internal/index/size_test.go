package index

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

// mail makes letters like those of a practice: n of which a sixth are ours, in threads
// of one to eight, from 3,000 people.
func mail(t testing.TB, n int) (inbox, sent []Letter) {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 7))
	first, last := []string{"Hélène", "Jean-Pierre", "Anne", "Mohamed", "Léa", "François"}, []string{"Roux", "Le Goff", "Martin", "Kerbrat", "Benali", "Delacroix"}
	what := []string{"Compte rendu de consultation", "Résultats d’analyses biologiques", "Courrier de sortie d’hospitalisation", "Avis cardiologique", "Ordonnance", "Imagerie thoracique, demande d’avis"}
	people := make([]message.Mailbox, 3000)
	for i := range people {
		f, l := first[r.IntN(6)], last[r.IntN(6)]
		people[i] = who(t, fmt.Sprintf("Dr %s %s", f, l), fmt.Sprintf("praticien%d@hopital%d.mssante.fr", i, i%40))
	}
	me := who(t, "Dr Claire Petit", "claire.petit@medecin.mssante.fr")
	var before []Letter
	at := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		at = at.Add(time.Duration(r.IntN(3600)) * time.Second)
		l := Letter{MessageID: fmt.Sprintf("%016x.%08x@mail.hopital%d.mssante.fr", r.Uint64(), r.Uint32(), i%40), Received: at, Size: int64(r.IntN(200000)),
			From: []message.Mailbox{people[r.IntN(len(people))]}, To: []message.Mailbox{me}, Subject: fmt.Sprintf("%s %d", what[r.IntN(6)], r.IntN(100000)), Flags: Seen}
		if r.IntN(3) == 0 {
			l.Cc = []message.Mailbox{people[r.IntN(len(people))]}
		}
		if len(before) > 0 && r.IntN(2) == 0 {
			b := before[max(0, len(before)-1-r.IntN(200))]
			if len(b.References) < 7 {
				l.InReplyTo, l.References = b.MessageID, append(slices.Clone(b.References), b.MessageID)
				l.Subject = "Re: " + b.Subject
			}
		}
		if r.IntN(30) == 0 {
			a, _ := mssante.ParseAddress(fmt.Sprintf("%d@patient.mssante.fr", 200000000000000+r.IntN(900)))
			l.Patient, l.From = a, []message.Mailbox{{Name: "Jean TEST", Address: a, Valid: true}}
		}
		if i%6 == 5 {
			if l.Patient.IsZero() {
				l.To = l.From
			}
			l.From = []message.Mailbox{me}
			l.UID = uint32(len(sent) + 1)
			sent = append(sent, l)
		} else {
			l.UID = uint32(len(inbox) + 1)
			inbox = append(inbox, l)
		}
		before = append(before, l)
	}
	slices.Reverse(inbox)
	slices.Reverse(sent)
	return inbox, sent
}

func filled(t testing.TB, inbox, sent []Letter) *Index {
	t.Helper()
	ix := open(newIndex())
	for some := range slices.Chunk(inbox, 500) {
		ix.Put("INBOX", some)
	}
	for some := range slices.Chunk(sent, 500) {
		ix.Put("Sent", some)
	}
	return ix
}

// TestBytes: a letter costs at most 250 bytes, all included, and Bytes tells the truth.
func TestBytes(t *testing.T) {
	if raceOn {
		t.Skip("the race detector's own memory would be counted")
	}
	inbox, sent := mail(t, 120_000)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	ix := filled(t, inbox, sent)
	p := ix.Conversations(Asked{Folder: "INBOX"})
	ix.Search(Query{Words: []string{"avis"}})
	after := heap()
	each, told := float64(after-before)/120_000, float64(ix.Bytes())/120_000
	t.Logf("%d letters, %d conversations in INBOX: %.0f bytes a letter on the heap, %.0f told", ix.Letters(), p.Total, each, told)
	if each > 250 || told > 250 {
		t.Errorf("%.0f bytes a letter, %.0f told; 250 is the limit", each, told)
	}
	if told < each*0.9 {
		t.Errorf("%.0f bytes told of %.0f", told, each)
	}
	runtime.KeepAlive(inbox)
	runtime.KeepAlive(sent)
}

func bench(b *testing.B) *Index {
	inbox, sent := mail(b, 120_000)
	ix := filled(b, inbox, sent)
	ix.Conversations(Asked{Folder: "INBOX"})
	b.ReportAllocs()
	b.ResetTimer()
	return ix
}

func BenchmarkPut(b *testing.B) {
	inbox, sent := mail(b, 120_000)
	b.ReportAllocs()
	for b.Loop() {
		filled(b, inbox, sent)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/120_000, "ns/letter")
}

func BenchmarkFirstPage(b *testing.B) {
	ix := bench(b)
	for b.Loop() {
		ix.Conversations(Asked{Folder: "INBOX"})
	}
}

func BenchmarkPage1000(b *testing.B) {
	ix := bench(b)
	for b.Loop() {
		ix.Conversations(Asked{Folder: "INBOX", Page: 1000})
	}
}

// BenchmarkPageAfterLetter: a letter came in between.
func BenchmarkPageAfterLetter(b *testing.B) {
	ix := bench(b)
	uid := uint32(500_000)
	for b.Loop() {
		uid++
		ix.Put("INBOX", []Letter{{UID: uid, MessageID: fmt.Sprint(uid), Received: time.Now(), Subject: "Nouvelle"}})
		ix.Conversations(Asked{Folder: "INBOX"})
		ix.Remove("INBOX", uid)
	}
}

func BenchmarkSearch(b *testing.B) {
	for _, words := range [][]string{{"sortie"}, {"hélène", "avis"}, {"thoracique", "99"}, {"zzz"}} {
		b.Run(fmt.Sprint(words), func(b *testing.B) {
			ix := bench(b)
			for b.Loop() {
				ix.Search(Query{Words: words})
			}
		})
	}
}
