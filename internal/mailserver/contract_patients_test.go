package mailserver

import (
	"fmt"
	"slices"
	"strings"

	"pli.example/pli/internal/problem"
)

// contractCorrespondence: by the addresses of From, To, Cc and Bcc, from the newest on,
// within bounds, and only what came since when that is asked.
func contractCorrespondence(b *bench) {
	const holds = "@patient.mssante.fr"
	letterOf := func(field string) string {
		return fmt.Sprintf("From: a@b.example\r\n%s: Odile <255033799001138%s>\r\nSubject: x\r\n\r\nmot\r\n", field, holds)
	}
	other := b.append("INBOX", letter("Ce que dit un confrère de 255033799001138"+holds, "mot"))
	var want []uint32
	for _, field := range []string{"From", "To", "Cc", "Bcc"} {
		raw := letterOf(field)
		if field == "From" {
			raw = strings.TrimPrefix(raw, "From: a@b.example\r\n")
		}
		want = append([]uint32{b.append("INBOX", raw)}, want...)
	}
	look := func(q Correspondence) Hits {
		b.Helper()
		q.Folder, q.Holds = "INBOX", holds
		h, err := b.a.Correspondence(b.ctx, q)
		b.must(err)
		return h
	}
	if h := look(Correspondence{}); !slices.Equal(h.UIDs, want) || !h.Complete || h.Looked != 5 || slices.Contains(h.UIDs, other) {
		b.Errorf("%+v, want %v", h, want)
	}
	if h := look(Correspondence{Limit: 2}); !slices.Equal(h.UIDs, want[:2]) {
		b.Errorf("limit: %+v", h)
	}
	if h := look(Correspondence{From: want[0]}); !slices.Equal(h.UIDs, want[:1]) {
		b.Errorf("since the last: %+v", h)
	}
	if h := look(Correspondence{From: want[0] + 1}); len(h.UIDs) != 0 { // "n:*" names the last letter all the same
		b.Errorf("since then nothing came: %+v", h)
	}
	if h := look(Correspondence{Below: want[1]}); !slices.Equal(h.UIDs, want[2:]) || !h.Complete || h.Looked != 3 {
		b.Errorf("below the second: %+v, want %v", h, want[2:])
	}
	if h := look(Correspondence{Below: other}); len(h.UIDs) != 0 || !h.Complete {
		b.Errorf("below the oldest: %+v", h)
	}
	notice := b.append("INBOX", "From: Mail Delivery System <MAILER-DAEMON@smtp.example>\r\nSubject: Retour\r\n\r\nmot\r\n")
	theirs := b.append("INBOX", "From: postmaster"+holds+"\r\nSubject: Retour\r\n\r\nmot\r\n")
	const form = "Subject: Lu\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; boundary=x\r\n\r\n--x--\r\n"
	read := b.append("INBOX", "From: Odile <255033799001138"+holds+">\r\n"+form)
	report := b.append("INBOX", "From: MicrosoftExchange@chu.example\r\n"+form)
	if h := look(Correspondence{Sought: Returned}); !slices.Equal(h.UIDs, []uint32{theirs, notice}) {
		b.Errorf("what servers write back: %+v", h)
	}
	if h := look(Correspondence{Sought: Reports}); !slices.Equal(h.UIDs, []uint32{report, read}) {
		b.Errorf("reports: %+v", h)
	}
	if h := look(Correspondence{Sought: Reports, From: read, Below: report}); !slices.Equal(h.UIDs, []uint32{read}) || !h.Complete {
		b.Errorf("reports of a stretch: %+v", h)
	}
	if h := look(Correspondence{Sought: Reports, From: read, Window: 1}); !slices.Equal(h.UIDs, []uint32{report, read}) || !h.Complete || h.Looked != 3 {
		b.Errorf("reports of a stretch, by small windows: %+v", h)
	}
	if h := look(Correspondence{}); !slices.Equal(h.UIDs, want) {
		b.Errorf("beside what servers write back: %+v", h)
	}
	rows, err := b.a.RowsOf(b.ctx, "INBOX", look(Correspondence{}).Validity, want[:1])
	b.must(err)
	if len(rows) != 1 || len(rows[0].Envelope.Bcc) != 1 {
		b.Errorf("a row does not name the blind recipient: %+v", rows)
	}
	for _, holds := range []string{"", "a b", "x\r\nA LOGOUT", "é", strings.Repeat("a", 500)} {
		if _, err := b.a.Correspondence(b.ctx, Correspondence{Folder: "INBOX", Holds: holds}); !problem.Is(err, problem.Invalid) {
			b.Errorf("%q: %v", holds, err)
		}
	}
}
