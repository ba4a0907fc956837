package mailserver

import (
	"fmt"
	"io"
	"strings"
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

// TestFlood: a server that sends without end is cut by the byte budget, whatever
// it announces; nothing it announces is allocated (attack 34).
func TestFlood(t *testing.T) {
	t.Parallel()
	endless := func(w *wire, s string) {
		chunk := []byte(strings.Repeat(s, 1+(32<<10)/len(s)))
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
	for name, flood := range map[string]func(w *wire, tag string){
		"untagged": func(w *wire, tag string) { endless(w, "* 1 EXISTS\r\n") },
		"one line": func(w *wire, tag string) { fmt.Fprint(w, "* OK "); endless(w, "x") },
		"quoted":   func(w *wire, tag string) { fmt.Fprint(w, `* LIST () "/" "`); endless(w, "x") },
		"literal":  func(w *wire, tag string) { w.send("* LIST () \"/\" {99999999999}"); endless(w, "x") },
		"header literal": func(w *wire, tag string) {
			w.send("* 1 FETCH (UID 1 BODY[HEADER.FIELDS (SUBJECT)] {99999999999}")
			endless(w, "x")
		},
		"deep list": func(w *wire, tag string) { fmt.Fprint(w, "* 1 FETCH (UID 1 BODYSTRUCTURE "); endless(w, "(") },
		"folders":   func(w *wire, tag string) { endless(w, "* LIST () \"/\" a\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, a, _ := scripted(t, func(w *wire) {
				w.mailbox(func(tag, rest string) bool {
					if strings.HasPrefix(rest, "LIST") || strings.Contains(rest, "INTERNALDATE") {
						flood(w, tag)
						return true
					}
					return false
				})
			})
			l, err := a.Rows(t.Context(), Query{Folder: "INBOX", WithFolders: true})
			if err == nil && (len(l.Rows) != 1 || !l.Rows[0].Unreadable) { // a letter's flood costs its own row
				t.Errorf("a flood was taken for an answer: %+v", l)
			}
			if s.Connections() != 0 {
				t.Errorf("%d connections kept", s.Connections())
			}
		})
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
