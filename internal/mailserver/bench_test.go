package mailserver

import (
	"context"
	"strings"
	"testing"
	"time"
)

// BenchmarkInbox lists the first page of a warm mailbox with its folders, as a
// click does.
func BenchmarkInbox(b *testing.B) {
	for _, w := range worlds() {
		b.Run(w.name, func(b *testing.B) {
			s := New(w.open(b))
			defer s.Close(context.Background())
			a := s.For(testActor("s1"), testAddress(b))
			fillBench(b, a, 60)
			b.ReportAllocs()
			for b.Loop() {
				l, err := a.Rows(b.Context(), Query{Folder: "INBOX", WithFolders: true})
				if err != nil || len(l.Rows) != 50 {
					b.Fatal(len(l.Rows), err)
				}
			}
		})
	}
}

// BenchmarkOpen opens a small letter that was opened before: flags and
// neighbours are asked, the body is not.
func BenchmarkOpen(b *testing.B) {
	for _, w := range worlds() {
		b.Run(w.name, func(b *testing.B) {
			s := New(w.open(b))
			defer s.Close(context.Background())
			a := s.For(testActor("s1"), testAddress(b))
			fillBench(b, a, 60)
			l, err := a.Rows(b.Context(), Query{Folder: "INBOX"})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.OpenLetter(b.Context(), "INBOX", l.Folder.UIDValidity, l.Rows[20].UID); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func fillBench(b *testing.B, a *Account, n int) {
	for range n {
		raw := strings.ReplaceAll(letter("Lettre", "texte"), "\n", "\r\n")
		if _, _, err := a.Append(b.Context(), "INBOX", nil, time.Time{}, int64(len(raw)), strings.NewReader(raw)); err != nil {
			b.Fatal(err)
		}
	}
}
