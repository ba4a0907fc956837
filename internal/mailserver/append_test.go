package mailserver

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/problem"
)

// TestAppendWith: on every server, small and large letters, the writer's failures,
// and the evidence that a copy is there.
func TestAppendWith(t *testing.T) {
	t.Parallel()
	for _, w := range worlds() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			s := New(w.open(t))
			t.Cleanup(func() { s.Close(context.Background()) })
			a := s.For(testActor("s1"), testAddress(t))
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			raw := func(id string, n int) string {
				return "Subject: x\r\nMessage-ID: " + id + "\r\n\r\n" + strings.Repeat("0123456789abcdef\r\n", n)
			}
			var uids []uint32
			for id, n := range map[string]int{"<small@x.fr>": 1, "<large@x.fr>": maxBuffered / 10} {
				l := raw(id, n)
				v, uid, err := a.AppendWith(ctx, "INBOX", []string{`\Draft`, `\Seen`}, time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), int64(len(l)), letterOf(l))
				if err != nil || uid == 0 {
					t.Fatalf("%s: %d, %v", id, uid, err)
				}
				for _, asked := range []string{id, strings.Trim(id, "<>")} {
					validity, found, err := a.FindMessageID(ctx, "INBOX", asked)
					if err != nil || validity != v || len(found) != 1 || found[0] != uid {
						t.Errorf("%s: %d/%v, want %d/%d, %v", asked, validity, found, v, uid, err)
					}
				}
				uids = append(uids, uid)
			}
			if _, found, err := a.FindMessageID(ctx, "INBOX", "arge@x.fr"); err != nil || len(found) != 0 {
				t.Errorf("a part of an id finds %v, %v", found, err)
			}
			ours := problem.New(problem.Internal, "pièce illisible")
			for name, f := range map[string]func(io.Writer) error{
				"fails":   func(w io.Writer) error { _, _ = io.WriteString(w, "Subject"); return ours },
				"shorter": letterOf("Subject: x\r\n\r\n"), "longer": letterOf(raw("<b@x.fr>", 100)),
				"two octets short": letterOf(raw("<b@x.fr>", 1)[:len(raw("<b@x.fr>", 1))-2]),
			} {
				_, _, err := a.AppendWith(ctx, "INBOX", nil, time.Time{}, int64(len(raw("<b@x.fr>", 1))), f)
				if !problem.Is(err, problem.Internal) || problem.SayOf(err) == "" || name == "fails" && !errors.Is(err, ours) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if _, found, err := a.FindMessageID(ctx, "INBOX", "b@x.fr"); err != nil || len(found) != 0 {
				t.Errorf("half a letter was kept: %v, %v", found, err)
			}
			if _, _, err := a.AppendWith(ctx, "Nowhere", nil, time.Time{}, 4, letterOf("x\r\n\n")); err == nil || problem.SayOf(err) == "" {
				t.Errorf("no such folder: %v", err)
			}
			l, err := a.Rows(ctx, Query{Folder: "INBOX"})
			if err != nil || len(l.Rows) != len(uids) {
				t.Errorf("%d rows, %v", len(l.Rows), err)
			}
			for _, evil := range []string{"", "a\r\nA1 DELETE INBOX", "a b", "a\x00", "é@x", "<a@x> <b@y>", strings.Repeat("x", 901)} {
				if _, _, err := a.FindMessageID(ctx, "INBOX", evil); !problem.Is(err, problem.Invalid) {
					t.Errorf("%q: %v", evil, err)
				}
			}
		})
	}
}
