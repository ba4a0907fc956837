package mailserver

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/problem"
)

// TestMute: a server that stops answering costs one timer, and the connection.
func TestMute(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(w *wire){
		"no greeting": func(w *wire) { io.Copy(io.Discard, w.r) },
		"no answer":   func(w *wire) { w.login(); io.Copy(io.Discard, w.r) },
		"half an answer": func(w *wire) {
			w.mailbox(func(tag, rest string) bool {
				if strings.HasPrefix(rest, "FETCH") {
					fmt.Fprint(w.Conn, "* 1 FETCH (UID 1 FLA")
					io.Copy(io.Discard, w.r)
				}
				return false
			})
		},
		"half a literal": func(w *wire) {
			w.mailbox(func(tag, rest string) bool {
				if strings.Contains(rest, "INTERNALDATE") {
					fmt.Fprint(w.Conn, "* 1 FETCH (UID 1 BODY[HEADER.FIELDS (SUBJECT)] {100}\r\nSubject")
					io.Copy(io.Discard, w.r)
				}
				return false
			})
		},
		"answers out of order": func(w *wire) { // a FETCH literal while the LIST is waited for
			w.mailbox(func(tag, rest string) bool {
				if strings.HasPrefix(rest, "LIST") {
					fmt.Fprint(w.Conn, "* 1 FETCH (UID 1 BODY[] {100}\r\nxx")
					io.Copy(io.Discard, w.r)
				}
				return false
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, a, _ := scripted(t, serve, func(o *Options) { o.CommandTimeout = 300 * time.Millisecond })
			start := time.Now()
			_, err := a.Rows(t.Context(), Query{Folder: "INBOX", WithFolders: true})
			wantKind(t, err, problem.Timeout)
			if d := time.Since(start); d > 4*time.Second {
				t.Errorf("took %v", d)
			}
			if s.Connections() != 0 {
				t.Errorf("%d connections kept", s.Connections())
			}
		})
	}
}

// TestCutMidBody: a document that arrives in part is an error, never shorter.
func TestCutMidBody(t *testing.T) {
	t.Parallel()
	_, a, _ := scripted(t, func(w *wire) {
		w.mailbox(func(tag, rest string) bool {
			if !strings.Contains(rest, "BODY.PEEK[2]") {
				return false
			}
			fmt.Fprintf(w.Conn, "* 1 FETCH (UID 1 BODY[2] {100000}\r\n%s", strings.Repeat("x", 60000))
			w.Conn.Close()
			return true
		})
	})
	r, err := a.Body(t.Context(), "INBOX", 7, 1, "2", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n, err := io.Copy(io.Discard, r)
	if err == nil || n >= 100000 {
		t.Errorf("%d octets, %v: a cut document looked whole", n, err)
	}
	wantKind(t, err, problem.UpstreamDown)
	if a.aside.inUse() != 0 {
		t.Error("the lane is still held")
	}
}

// TestFlood: a server that sends without end is cut by the byte budget, whatever it
// announces, and not by the clock; nothing it announces is allocated (attack 34).
func TestFlood(t *testing.T) {
	t.Parallel()
	const slack = 128 << 10 // on its way when the line is cut
	for name, c := range map[string]struct {
		begin, unit string
		rows        string // the command of a page it answers too; not where it is read octet by octet: that takes a minute under the race detector
	}{
		"untagged":       {"", "* 1 EXISTS\r\n", ""},
		"one line":       {"* OK ", "x", ""},
		"quoted":         {`* LIST () "/" "`, "x", ""},
		"literal":        {"* LIST () \"/\" {99999999999}\r\n", "x", "LIST"},
		"header literal": {"* 1 FETCH (UID 1 BODY[HEADER.FIELDS (SUBJECT)] {99999999999}\r\n", "x", "INTERNALDATE"},
		"deep list":      {"* 1 FETCH (UID 1 BODYSTRUCTURE ", "(", "INTERNALDATE"},
		"folders":        {"", "* LIST () \"/\" a\r\n", ""},
	} {
		for at, budget := range map[string]int64{"STATUS": budgetSmall, c.rows: budgetUIDs} {
			if at == "" {
				continue
			}
			t.Run(name+" to "+at, func(t *testing.T) {
				t.Parallel()
				var flooded atomic.Bool
				var most atomic.Int64 // octets one command took
				s, a, _ := scripted(t, func(w *wire) {
					w.mailbox(func(tag, rest string) bool {
						if !strings.Contains(rest, at) {
							return false
						}
						flooded.Store(true)
						fmt.Fprint(w, c.begin)
						chunk := []byte(strings.Repeat(c.unit, 1+(32<<10)/len(c.unit)))
						for sent, err := int64(0), error(nil); err == nil && sent < 2*budget; { // enough to see that nobody stops it
							var n int
							n, err = w.Write(chunk)
							sent += int64(n)
							most.Store(max(most.Load(), sent))
						}
						w.Conn.Close()
						return true
					})
				}, func(o *Options) { o.CommandTimeout = time.Minute })
				if at == c.rows {
					l, err := a.Rows(t.Context(), Query{Folder: "INBOX", WithFolders: at == "LIST"})
					if err == nil && (len(l.Rows) != 1 || !l.Rows[0].Unreadable) { // a letter's flood costs its own row
						t.Errorf("a flood was taken for an answer: %+v", l)
					}
				} else if _, err := a.Counters(t.Context(), "INBOX"); !errors.Is(err, errFlood) {
					t.Errorf("%v, want a flood", err)
				}
				if n := most.Load(); !flooded.Load() || n > budget+slack {
					t.Errorf("flooded: %v; %d octets were taken, %d allowed", flooded.Load(), n, budget)
				}
				if s.Connections() != 0 {
					t.Errorf("%d connections kept", s.Connections())
				}
			})
		}
	}
}

// TestAbsurdCounts: four thousand million letters cost nothing.
func TestAbsurdCounts(t *testing.T) {
	t.Parallel()
	_, a, _ := scripted(t, func(w *wire) {
		w.mailbox(func(tag, rest string) bool {
			switch {
			case strings.Contains(rest, "SEARCH"):
				w.send("* ESEARCH (TAG \"%s\") UID ALL 1:4294967295 COUNT 4294967295", tag)
			case strings.HasPrefix(rest, "UID MOVE"):
				w.send("* OK [COPYUID 9 1:4294967295 1:4294967295] moved")
			case strings.HasPrefix(rest, "SELECT"):
				w.send("* 4294967295 EXISTS")
				w.send("* OK [UIDVALIDITY 7] x")
			default:
				return false
			}
			w.send("%s OK done", tag)
			return true
		})
	})
	l, err := a.Rows(t.Context(), Query{Folder: "INBOX", Unread: true})
	if err != nil || len(l.Rows) > 50 {
		t.Errorf("%d rows, %v", len(l.Rows), err)
	}
	if l, err = a.Rows(t.Context(), Query{Folder: "INBOX", Before: 4000000000}); err != nil || len(l.Rows) > 50 {
		t.Errorf("%d rows, %v", len(l.Rows), err)
	}
	if m, err := a.Move(t.Context(), "INBOX", 7, []uint32{1}, "x"); err != nil || len(m.UIDs) != 0 {
		t.Errorf("%d pairs, %v", len(m.UIDs), err)
	}
}
