package mailserver

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
)

// FuzzHandshake: whatever a server says before it is trusted ends in an error or
// a sign-in, and what it announces are plain words.
func FuzzHandshake(f *testing.F) {
	f.Add("* OK x\r\n* CAPABILITY A B\r\nP1 OK y\r\nP2 OK [CAPABILITY C] z\r\n")
	f.Add("* OK x\r\nP1 OK y\r\n+ \r\nP2 OK z\r\n")
	f.Add("* OK x\r\nP1 OK y\r\n+ eyJzdGF0dXMiOiI0MDEifQ==\r\nP2 NO [AUTHENTICATIONFAILED] no\r\n")
	f.Add("* PREAUTH\r\n")
	f.Add("* OK {1}\r\n")
	f.Add("* BYE [X\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		for _, noIR := range []bool{false, true} {
			h := &handshake{lines: newLines(strings.NewReader(s)), w: io.Discard}
			err := h.greeting()
			if err == nil {
				err = h.authenticate(mechanism{sasl: &xoauth2{"a@b.test", "t"}, noIR: noIR, isToken: true})
			}
			_ = err
			for _, c := range h.caps {
				if strings.ContainsAny(c, " ]\r\n\"") || c == "" {
					t.Errorf("capability %q", c)
				}
			}
		}
		h := &handshake{lines: newLines(strings.NewReader(s)), w: io.Discard}
		_ = h.authenticate(mechanism{sasl: sasl.NewPlainClient("a", "b", "c")})
	})
}

// FuzzAnswer: whatever a signed-in server answers to a page, nothing panics and
// nothing waits beyond the line's end.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\nT1 OK s\r\n* LIST () \"/\" INBOX\r\nT2 OK x\r\n* 1 FETCH (UID 1 FLAGS (\\Seen))\r\nT3 OK f\r\n"))
	f.Add([]byte("* 1 FETCH (UID 1 BODY[HEADER.FIELDS (A)] {3}\r\nabcBODYSTRUCTURE (\"A\" \"B\" NIL"))
	f.Add([]byte("* 1 FETCH (UID 1 BODYSTRUCTURE ((\"A\" \"B\" (\"\" \"x\")"))
	f.Add([]byte("* ESEARCH (TAG \"T1\") UID ALL 9:1,*:3\r\nT1 OK x\r\n"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		mine, theirs := net.Pipe()
		s := New(Options{Log: slog.New(slog.DiscardHandler), CommandTimeout: 5 * time.Second})
		if err := s.slots.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		h := &handshake{lines: newLines(mine), w: mine, caps: strings.Fields(scriptCaps)}
		c, err := s.hand(t.Context(), mine, mine, h)
		if err != nil {
			t.Fatal(err)
		}
		go io.Copy(io.Discard, theirs)
		go func() {
			io.Copy(theirs, bytes.NewReader(answer))
			theirs.Close()
		}()
		a := s.For(testActor("s1"), testAddress(t))
		ctx := context.Background()
		var out Listing
		err = c.do(ctx, verbPage, 5*time.Second, budgetList, func() error { return c.page(Query{Folder: "INBOX", Size: 50, WithFolders: true}, &out) })
		if err == nil {
			_, _ = a.fetchRows(ctx, c, "INBOX", out.Folder.UIDValidity, []uint32{1, 2, 3}, true)
		}
		c.kill(errLost)
	})
}

func FuzzSectionPath(f *testing.F) {
	for _, s := range []string{"1", "1.2.3", "", "0", "1.", "01", "+1", "1.2.HEADER", "99999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		part, ok := sectionPath(s)
		if !ok {
			return
		}
		if again, ok := sectionPath(pathOf(part)); !ok || pathOf(again) != pathOf(part) || len(part) > maxDepth {
			t.Errorf("%q became %v", s, part)
		}
	})
}
