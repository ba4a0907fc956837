package mailserver

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

// sweptBy reads what a server answers to one sweep, with the catcher or by the library
// alone.
func sweptBy(t testing.TB, body string, catch bool, cut int) ([]Swept, error) {
	t.Helper()
	mine, theirs := net.Pipe()
	defer theirs.Close()
	s := New(Options{CommandTimeout: 5 * time.Second})
	if err := s.slots.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := s.hand(t.Context(), mine, mine, &handshake{lines: newLines(mine), w: mine, caps: strings.Fields(scriptCaps)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.kill(errLost)
	go func() {
		line, err := bufio.NewReader(theirs).ReadString('\n')
		tag, _, _ := strings.Cut(line, " ")
		for p := []byte(body + tag + " OK done\r\n"); len(p) > 0 && err == nil; {
			n := min(cut, len(p))
			_, err = theirs.Write(p[:n])
			p = p[n:]
		}
		io.Copy(io.Discard, theirs)
	}()
	var rows []Swept
	err = c.do(context.Background(), verbFetch, 5*time.Second, budgetUIDs, func() error {
		if !catch {
			w := newSweeping()
			cmd := c.client.Fetch(imap.SeqSet{imap.SeqRange{Start: 1, Stop: 1000}}, &imap.FetchOptions{UID: true})
			err := w.collect(cmd)
			if again := cmd.Close(); err == nil {
				err = again
			}
			rows = w.rows
			return err
		}
		var err error
		rows, _, err = c.fetchSwept(imap.SeqSet{imap.SeqRange{Start: 1, Stop: 1000}}, sweepShort())
		return err
	})
	slices.SortFunc(rows, func(x, y Swept) int { return int(x.UID) - int(y.UID) })
	return rows, err
}

func sweptLine(n int, flags, date, header string) string {
	return fmt.Sprintf("* %d FETCH (UID %d FLAGS (%s) INTERNALDATE %q RFC822.SIZE %d BODY[HEADER.FIELDS (\"SUBJECT\" TO)]<0> {%d}\r\n%s)\r\n", n, n+7, flags, date, 100*n, len(header), header)
}

// TestCatcher: on the corpora, and among answers that are not a sweep's, however the line
// cuts them, the catcher reads what the library reads.
func TestCatcher(t *testing.T) {
	t.Parallel()
	headers := []string{"Subject: x\r\n\r\n", "", "Subject: )\r\n* 9 FETCH (\r\nT2 OK {3}\r\n\r\n"}
	if dir := os.Getenv("PLI_CORPORA"); dir != "" {
		all, _ := filepath.Glob(filepath.Join(dir, "mail-*", "*", "*"))
		for _, path := range all[:min(len(all), 300)] {
			raw, err := os.ReadFile(path)
			if head, _, ok := bytes.Cut(raw, []byte("\r\n\r\n")); err == nil && ok {
				headers = append(headers, string(head[:min(len(head), 4000)])+"\r\n\r\n")
			}
		}
	}
	var b strings.Builder
	dates := []string{" 1-Mar-2026 10:00:00 +0000", "17-Nov-2026 08:00:59 -0130", "29-Feb-2024 23:59:00 +0100"}
	for i, h := range headers {
		b.WriteString(sweptLine(i+1, []string{"", `\Seen`, `\Seen $Traite \Recent`}[i%3], dates[i%3], h))
		switch i % 4 {
		case 0:
			fmt.Fprintf(&b, "* %d FETCH (FLAGS (\\Seen) UID 5)\r\n* OK still (here {4}\r\n", 2000+i)
		case 1:
			b.WriteString("* 1200 EXISTS\r\n")
		case 2:
			fmt.Fprintf(&b, "* %d FETCH (BODY[HEADER.FIELDS (SUBJECT)]<0> \"Subject: quoted\" UID %d FLAGS () INTERNALDATE %q RFC822.SIZE 9)\r\n", 500+i, 5000+i, dates[0])
		}
	}
	want, err := sweptBy(t, b.String(), false, 1<<20)
	if err != nil || len(want) < len(headers) {
		t.Fatal(len(want), err)
	}
	for _, cut := range []int{1 << 20, 4096, 1 + rand.IntN(50)} {
		got, err := sweptBy(t, b.String(), true, cut)
		if err != nil || len(got) != len(want) {
			t.Fatalf("cut in %d: %d letters of %d, %v", cut, len(got), len(want), err)
		}
		for i := range want {
			got[i].Flags, want[i].Flags = slices.Clip(got[i].Flags), slices.Clip(want[i].Flags)
			if len(got[i].Flags)+len(want[i].Flags) == 0 {
				got[i].Flags, want[i].Flags = nil, nil
			}
			if !reflect.DeepEqual(got[i], want[i]) {
				t.Errorf("cut in %d:\n%+v\n%+v", cut, got[i], want[i])
			}
		}
	}
}

// TestCatcherAsked: a letter nobody asked for, and one that comes twice, are not among
// those swept; an answer that never ends is no more than the line's bound.
func TestCatcherAsked(t *testing.T) {
	t.Parallel()
	date := "17-Nov-2026 08:00:00 +0000"
	rows, err := sweptBy(t, sweptLine(3, "", date, "Subject: a\r\n\r\n")+sweptLine(3, "", date, "Subject: b\r\n\r\n")+sweptLine(4000, "", date, "\r\n"), true, 100)
	if err != nil || len(rows) != 1 || rows[0].Envelope.Subject != "a" {
		t.Errorf("%+v %v", rows, err)
	}
	for _, body := range []string{"* 1 FETCH (UID 8 FLAGS (" + strings.Repeat("x", 2*siftSize), "* 1 FETCH (BODYSTRUCTURE " + strings.Repeat("(", 4*siftSize)} {
		if rows, err := sweptBy(t, body, true, 5000); err == nil || len(rows) != 0 {
			t.Errorf("%d letters, %v", len(rows), err)
		}
	}
}

// FuzzCatcher: nothing panics, and whatever the catcher takes the library reads the same.
func FuzzCatcher(f *testing.F) {
	date := "17-Nov-2026 08:00:00 +0000"
	f.Add([]byte(sweptLine(3, `\Seen`, date, "Subject: a\r\n\r\n")))
	f.Add([]byte("* 3 FETCH (FLAGS () UID 4 RFC822.SIZE 000000000000009 INTERNALDATE \" 1-Jan-0000 00:00:00 +1459\" BODY[HEADER.FIELDS ()] {0}\r\n)\r\n"))
	f.Add([]byte("* 0003 FETCH (UID 1 FLAGS (\\ \\\\a) INTERNALDATE \"31-Feb-2026 24:00:00 +0000\" RFC822.SIZE 1 BODY[HEADER.FIELDS (A)]<0> {1}\r\n\r)\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &catcher{some: make(chan struct{}, 1)}
		n, v := c.look(b)
		if v != ours {
			return
		}
		got := c.take()
		if len(got.rows) != 1 || got.rows[0].seq > 1000 {
			return
		}
		rows, err := sweptBy(t, string(b[:n]), false, 1<<20)
		if err != nil || len(rows) != 1 {
			t.Fatalf("%q: the library reads %d letters, %v", b[:n], len(rows), err)
		}
		r := got.rows[0]
		if x := rows[0]; x.UID != r.uid || x.Received != r.received || x.Size != r.size || strings.Join(x.Flags, " ") != strings.Join(flagsOf(r.flags), " ") {
			t.Errorf("%q: %+v, the library %+v", b[:n], r, x)
		}
	})
}
