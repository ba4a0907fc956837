package mailserver

import (
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/mssante"
)

// contractMatch asks for each condition by itself, and for several at once.
func contractMatch(b *bench) {
	patient := "255033799001138@" + string(mssante.PatientDomain)
	one := b.append("INBOX", letter("Compte rendu", "genou gauche"))
	two := b.append("INBOX", strings.Replace(letter("Une question", "bonjour docteur"), "helene.roux@lab.test.mssante.fr", patient, 1))
	three := b.append("INBOX", strings.Replace(letter("Compte rendu", "épaule"), "Content-Type: text/plain", "Content-Type: multipart/mixed; boundary=x\r\nX-Was: text/plain", 1))
	flagged := map[uint32]string{one: `\Seen`, two: `\Flagged`, three: `\Answered`}
	l := b.rows(Query{Folder: "INBOX"})
	for uid, flag := range flagged {
		_, err := b.a.SetFlags(b.ctx, "INBOX", l.Folder.UIDValidity, []uint32{uid}, []string{flag}, nil)
		b.must(err)
	}
	tomorrow := time.Now().UTC().AddDate(0, 0, 2)
	for name, c := range map[string]struct {
		m    Match
		want []uint32
	}{
		"from":         {Match{From: []string{"roux"}}, []uint32{three, two, one}},
		"subject":      {Match{Subject: []string{"compte RENDU"}}, []uint32{three, one}},
		"patient":      {Match{Patient: []string{"2550337"}}, []uint32{two}},
		"no patient":   {Match{Patient: []string{"roux"}, Subject: []string{"rendu"}}, nil},
		"body":         {Match{Bodies: []string{"genou"}}, []uint32{one}},
		"not the body": {Match{Bodies: []string{"rendu"}}, nil},
		"anywhere":     {Match{Texts: []string{"rendu"}}, []uint32{three, one}},
		"unread":       {Match{Unread: true}, []uint32{three, two}},
		"starred":      {Match{Flagged: true}, []uint32{two}},
		"not answered": {Match{NotAnswered: true}, []uint32{two, one}},
		"later":        {Match{Since: tomorrow}, nil},
		"before":       {Match{Before: tomorrow, Words: []string{"question"}}, []uint32{two}},
		"mixed":        {Match{Mixed: true}, []uint32{three}},
		"several":      {Match{Unread: true, Subject: []string{"rendu"}, Mixed: true}, []uint32{three}},
	} {
		h, err := b.a.Search(b.ctx, Search{Folder: "INBOX", Match: c.m})
		b.must(err)
		if !slices.Equal(h.UIDs, c.want) {
			b.Errorf("%s: %v, want %v", name, h.UIDs, c.want)
		}
	}
}

// contractWindows goes down a folder window by window: each letter is looked at once,
// and a folder made anew in between is gone.
func contractWindows(b *bench) {
	b.fill(5)
	w := Window{Folder: "INBOX", Size: 2, Match: Match{Texts: []string{"lettre"}}}
	var all []uint32
	for i := 0; ; i++ {
		h, err := b.a.SearchWindow(b.ctx, w)
		b.must(err)
		all = append(all, h.UIDs...)
		if h.Of != 5 || h.Cut || (h.Below > 0) != !h.Oldest.IsZero() || i > 3 {
			b.Fatalf("window %d: %+v", i, h)
		}
		if w.Below, w.Validity = h.Below, h.Validity; h.Below == 0 {
			break
		}
	}
	if len(all) != 5 || !slices.IsSortedFunc(all, func(x, y uint32) int { return int(y) - int(x) }) {
		b.Errorf("found %v", all)
	}
	w.Validity++
	if _, err := b.a.SearchWindow(b.ctx, w); err == nil {
		b.Error("another UIDVALIDITY was searched")
	}
}
