package mailserver

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/problem"
)

// literals reads a command with its literals, counted in bytes as a server does:
// sync ones are asked for, non-sync ones follow at once. What it gives back is the
// command without the counts, and each literal.
func (w *wire) literals(line string) (text string, found []string, err error) {
	for {
		open := strings.LastIndexByte(line, '{')
		if !strings.HasSuffix(line, "}") || open < 0 {
			return text + line, found, nil
		}
		count, plus := strings.CutSuffix(line[open+1:len(line)-1], "+")
		n, err := strconv.Atoi(count)
		if err != nil {
			return text + line, found, nil
		}
		if !plus {
			w.send("+ go on")
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(w.r, b); err != nil {
			return "", nil, err
		}
		found = append(found, string(b))
		text += line[:open] + "‹" + string(b) + "›"
		line = w.line()
	}
}

// Attacks 27 and 28: what a person types reaches the server as data of counted
// bytes; after it, the line goes on where the server expects it to.
func TestRowLiteralsAreCounted(t *testing.T) {
	t.Parallel()
	for _, caps := range []string{scriptCaps, scriptCaps + " LITERAL+", scriptCaps + " LITERAL-"} {
		for _, word := range []string{"é", "日本語", "é{3}", "e\u0301", "𝄞", "é\"", `é\`, "é) ALL (", "naïve{1+}", strings.Repeat("é", 90), `a"b\c`, "{9+}"} {
			var mu sync.Mutex
			var asked, data []string
			_, a, _ := scripted(t, func(w *wire) {
				w.send("* OK ready")
				for {
					line := w.line()
					text, found, err := w.literals(line)
					tag, rest, ok := strings.Cut(text, " ")
					if err != nil || !ok {
						return
					}
					switch {
					case rest == "CAPABILITY":
						w.send("* CAPABILITY %s", caps)
					case strings.HasPrefix(rest, "SELECT"), strings.HasPrefix(rest, "EXAMINE"):
						w.send("* 1 EXISTS")
						w.send("* OK [UIDVALIDITY 7] x")
					case strings.Contains(rest, "SEARCH"):
						mu.Lock()
						asked, data = append(asked, rest), append(data, found...)
						mu.Unlock()
						w.send("* ESEARCH (TAG \"%s\") UID", tag)
					case strings.HasPrefix(rest, "NOOP"), strings.HasPrefix(rest, "AUTHENTICATE"), strings.HasPrefix(rest, "LOGOUT"):
					default:
						t.Errorf("%q: the server understood %q", word, rest)
					}
					if strings.HasPrefix(rest, "AUTHENTICATE") {
						w.send("%s OK [CAPABILITY %s] in", tag, caps)
						continue
					}
					w.send("%s OK done", tag)
				}
			})
			h, err := a.Search(t.Context(), Search{Folder: "INBOX", Words: []string{word}, Everywhere: true})
			if err != nil || len(h.UIDs) != 0 {
				t.Errorf("%q: %v, %v", word, h, err)
			}
			mu.Lock()
			if len(asked) != 1 {
				t.Fatalf("%q: %d searches: %q", word, len(asked), asked)
			}
			quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `"`
			if len(data) == 1 && data[0] != word || len(data) == 0 && !strings.HasSuffix(asked[0], quoted) || len(data) > 1 || strings.Contains(asked[0], "ALL (") && !strings.Contains(word, "ALL (") {
				t.Errorf("%q with %q: the server read %q, literals %q", word, caps, asked[0], data)
			}
			mu.Unlock()
		}
	}
}

// Attack 27: a folder's name from the server, whatever is in it, is data too; a
// part's path is numbers only.
func TestRowNamesAreData(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"a\r\nT9 DELETE INBOX", "a\nT9 LOGOUT", "a\x00b", "a\" (", "{3+}", "*", "%", `a\`, "é", "a&AOk-b"} {
		var mu sync.Mutex
		var seen []string
		_, a, _ := scripted(t, func(w *wire) {
			w.mailbox(func(tag, rest string) bool {
				text, _, err := w.literals(rest)
				if err != nil {
					return true
				}
				mu.Lock()
				seen = append(seen, text)
				mu.Unlock()
				return false
			})
		})
		_, err := a.Rows(t.Context(), Query{Folder: folder})
		_ = err // a name no server has may be refused here or there
		mu.Lock()
		for _, line := range seen {
			switch verb, _, _ := strings.Cut(line, " "); verb {
			case "SELECT", "EXAMINE", "STATUS", "NOOP", "UID", "FETCH", "CAPABILITY", "LIST", "UNSELECT", "CLOSE", "ENABLE":
			default:
				t.Errorf("folder %q: the server understood %q", folder, line)
			}
		}
		mu.Unlock()
	}
	for _, path := range []string{"1\r\nT9 LOGOUT", "1]<0.1> BODY[", "TEXT", "1.MIME", "*", "1:2", "１", "1,2", "1 ", " 1", "1..2", strings.Repeat("9", 40)} {
		if _, ok := sectionPath(path); ok {
			t.Errorf("path %q is taken", path)
		}
	}
}

// Attack 34: a description of a letter deeper or wider than any letter is refused
// before it is walked, whoever made it.
func TestRowStructureCaps(t *testing.T) {
	t.Parallel()
	var deep imap.BodyStructure = &imap.BodyStructureSinglePart{Type: "text", Subtype: "plain"}
	for range maxDepth + 5 {
		deep = &imap.BodyStructureMultiPart{Subtype: "mixed", Children: []imap.BodyStructure{deep}}
	}
	var nested imap.BodyStructure = &imap.BodyStructureSinglePart{Type: "text", Subtype: "plain"}
	for range maxDepth + 5 {
		nested = &imap.BodyStructureSinglePart{Type: "message", Subtype: "rfc822", MessageRFC822: &imap.BodyStructureMessageRFC822{BodyStructure: nested}}
	}
	wide := &imap.BodyStructureMultiPart{Subtype: "mixed"}
	for range maxParts + 5 {
		wide.Children = append(wide.Children, &imap.BodyStructureSinglePart{Type: "text", Subtype: "plain"})
	}
	for name, bs := range map[string]imap.BodyStructure{"deep": deep, "letters in letters": nested, "wide": wide} {
		if root, err := partTree(bs); err == nil {
			t.Errorf("%s: read as %s", name, root.Type)
		}
	}
	if root, err := partTree(&imap.BodyStructureMultiPart{Subtype: "mixed", Children: wide.Children[:900]}); err != nil || len(root.Children) != 900 {
		t.Errorf("nine hundred parts: %v", err)
	}
}

// overTCP is scripted on a real socket: closing TLS over a pipe nobody reads takes
// five seconds, a crafted letter several times that.
func overTCP(t *testing.T, serve func(*wire)) *Account {
	t.Helper()
	server, client := testTLS(t)
	ln, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for n := 1; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(&wire{c, bufio.NewReader(c), n})
			}()
		}
	}()
	o := options(func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", ln.Addr().String())
	}, client)
	o.Mode, o.CommandTimeout = ModeTLS, 90*time.Second // the octets must stop it first, however slow the race detector
	s := New(o)
	t.Cleanup(func() { s.Drop("s1") })
	return s.For(testActor("s1"), testAddress(t))
}

// Attack 58: a letter of 200 MB, of ten thousand parts or of 50 MB of header costs
// its own row at most; the page still lists the others.
func TestRowOneLetterCostsItsRow(t *testing.T) {
	t.Parallel()
	plain := `("TEXT" "PLAIN" NIL NIL NIL "7BIT" 10 1 NIL NIL NIL NIL)`
	for name, c := range map[string]struct{ structure, header string }{
		"200 MB":           {`("TEXT" "PLAIN" NIL NIL NIL "7BIT" 200000000 1 NIL NIL NIL NIL)`, "Subject: gros\r\n\r\n"},
		"10,000 parts":     {"(" + strings.Repeat(plain, 10_000) + ` "MIXED" NIL NIL NIL NIL)`, "Subject: parties\r\n\r\n"},
		"10,000 deep":      {strings.Repeat("(", 10_000) + plain + strings.Repeat(` "MIXED")`, 10_000), "Subject: profond\r\n\r\n"},
		"50 MB of header":  {plain, "Subject: " + strings.Repeat("a", 50_000_000) + "\r\n\r\n"},
		"no structure":     {"NIL", "Subject: rien\r\n\r\n"},
		"lying structure":  {`("TEXT" "PLAIN" NIL NIL NIL "7BIT" 18446744073709551615 1)`, "Subject: menteur\r\n\r\n"},
		"endless quotes":   {`("TEXT" "PLAIN" ("NAME" "` + strings.Repeat("a", endlessQuotes) + `") NIL NIL "7BIT" 1 1)`, "Subject: nom\r\n\r\n"},
		"unfinished quote": {`("TEXT" "PLAIN`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := overTCP(t, func(w *wire) {
				w.mailbox(func(tag, rest string) bool {
					switch {
					case strings.HasPrefix(rest, "SELECT"), strings.HasPrefix(rest, "EXAMINE"):
						w.send("* 2 EXISTS")
						w.send("* OK [UIDVALIDITY 7] x")
						w.send("* OK [UIDNEXT 3] x")
						w.send("%s OK [READ-WRITE] selected", tag)
						return true
					case strings.Contains(rest, "INTERNALDATE"):
						row := func(uid int, structure, header string) {
							part := ""
							if strings.Contains(rest, "BODYSTRUCTURE") {
								part = "BODYSTRUCTURE " + structure + " "
							}
							section := rest[strings.Index(rest, "BODY.PEEK[")+len("BODY.PEEK["):]
							section = section[:strings.IndexByte(section, ']')]
							fmt.Fprintf(w, "* %d FETCH (UID %[1]d INTERNALDATE \" 1-Mar-2026 10:00:00 +0000\" RFC822.SIZE 200000000 %sBODY[%s] {%d}\r\n%s BODY[TEXT]<0> {3}\r\nmot)\r\n", uid, part, section, len(header), header)
						}
						_, set, _ := strings.Cut(rest, "FETCH ")
						set, _, _ = strings.Cut(set, " ")
						if strings.Contains(set, "1") {
							row(1, plain, "Subject: voisine\r\n\r\n")
						}
						if strings.Contains(set, "2") {
							row(2, c.structure, c.header)
						}
						w.send("%s OK done", tag)
						return true
					case strings.Contains(rest, "FETCH"):
						w.send("* 1 FETCH (UID 1 FLAGS ())")
						w.send("* 2 FETCH (UID 2 FLAGS ())")
						w.send("%s OK done", tag)
						return true
					}
					return false
				})
			})
			l, err := a.Rows(t.Context(), Query{Folder: "INBOX"})
			if err != nil {
				if name == "unfinished quote" && problem.Is(err, problem.UpstreamDown) {
					return // the line itself broke: nothing to list until it is back
				}
				t.Fatalf("the page does not list: %v", err)
			}
			neighbour := false
			for _, r := range l.Rows {
				neighbour = neighbour || r.UID == 1 && r.Envelope.Subject == "voisine" && !r.Unreadable
			}
			if len(l.Rows) != 2 || !neighbour {
				t.Errorf("%d rows, the neighbour listed: %t", len(l.Rows), neighbour)
			}
		})
	}
}

// Attack 30: what names a mailbox or a person cannot end one field of the sign-in
// and begin another.
func TestRowCredentials(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{"\x00", "\x01", "\r", "\n", "\x01auth=Bearer other\x01\x01", "\r\nT9 LOGOUT"} {
		for name, x := range map[string]*xoauth2{"mailbox": {"a@b.test" + evil, "t"}, "token": {"a@b.test", "t" + evil}} {
			if mech, first, err := x.Start(); err == nil {
				t.Errorf("%s with %q: %s says %q", name, evil, mech, first)
			}
		}
	}
	if _, first, err := (&xoauth2{"a@b.test", "t"}).Start(); err != nil || string(first) != "user=a@b.test\x01auth=Bearer t\x01\x01" {
		t.Errorf("%q, %v", first, err)
	}
}

// Attack 33: a line that says one is signed in already is given up, over TLS too:
// nothing is asked on it, however willing the server.
func TestRowPreauth(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []string
	_, a, _ := scripted(t, func(w *wire) {
		w.send("* PREAUTH [CAPABILITY %s] welcome, somebody", scriptCaps)
		for {
			tag, rest := w.tagged()
			if tag == "" {
				return
			}
			mu.Lock()
			asked = append(asked, rest)
			mu.Unlock()
			w.send("* CAPABILITY %s", scriptCaps)
			w.send("%s OK done", tag)
		}
	})
	_, err := a.Folders(t.Context())
	wantKind(t, err, problem.UpstreamDown)
	mu.Lock()
	defer mu.Unlock()
	if len(asked) != 0 {
		t.Errorf("went on and asked %q", asked)
	}
}

// endless never stops.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// Attack 34: a command may receive what it was allowed, and not a byte more.
func TestRowByteBudget(t *testing.T) {
	t.Parallel()
	m := newMeter(nil, nil, endless{})
	m.allow(10_000)
	n, err := io.Copy(io.Discard, io.LimitReader(struct{ io.Reader }{m}, 1<<20))
	if n != 10_000 || !errors.Is(err, errFlood) {
		t.Errorf("%d bytes of 10,000 allowed, %v", n, err)
	}
}
