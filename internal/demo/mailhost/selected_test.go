package mailhost

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

func TestFlagsMoveAndExpungeReachOthers(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	for i := range 4 {
		h.Put(addr(t, claireBox), "INBOX", nil, fixedNow, fmt.Appendf(nil, "Subject: %d\r\n\r\nx\r\n", i))
	}
	expunged := make(chan uint32, 10)
	flags := make(chan []imap.Flag, 10)
	watcher := signIn(t, h, claireBox, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Expunge: func(seq uint32) { expunged <- seq },
		Fetch: func(m *imapclient.FetchMessageData) {
			if b, err := m.Collect(); err == nil {
				flags <- b.Flags
			}
		},
	}})
	if _, err := watcher.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	idle, err := watcher.Idle()
	if err != nil {
		t.Fatal(err)
	}
	c := signIn(t, h, claireBox, nil)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.Store(imap.UIDSetNum(2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{`\flagged`, "$Suivi"}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case f := <-flags:
		if !slices.Contains(f, imap.FlagFlagged) || !slices.Contains(f, "$Suivi") {
			t.Errorf("flags %v", f)
		}
	case <-within(t).Done():
		t.Fatal("no news of the flag")
	}
	data, err := c.Move(imap.UIDSetNum(1, 3), "Archive").Wait()
	if err != nil || data.SourceUIDs.String() != "1,3" || data.DestUIDs.String() != "1:2" {
		t.Fatalf("move: %+v, %v", data, err)
	}
	for _, want := range []uint32{3, 1} {
		select {
		case seq := <-expunged:
			if seq != want {
				t.Errorf("expunged %d, want %d", seq, want)
			}
		case <-within(t).Done():
			t.Fatal("no news of the move")
		}
	}
	if err := idle.Close(); err != nil {
		t.Fatal(err)
	}
	// UID EXPUNGE takes only what it names (others' \Deleted stay).
	if err := c.Store(imap.UIDSetNum(2, 4), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.UIDExpunge(imap.UIDSetNum(4)).Close(); err != nil {
		t.Fatal(err)
	}
	if n := h.Count(addr(t, claireBox), "INBOX"); n != 1 {
		t.Errorf("%d letters left, want 1", n)
	}
	// Moving nothing is no error and gives no COPYUID.
	if _, err := c.Move(imap.UIDSetNum(99), "Archive").Wait(); err != nil {
		t.Errorf("move of nothing: %v", err)
	}
	// A letter the client was not told of is not spoken of by UID as number 0.
	h.Put(addr(t, claireBox), "INBOX", nil, fixedNow, []byte("Subject: new\r\n\r\n"))
	if _, err := c.Fetch(imap.UIDSet{{Start: 5, Stop: 5}}, &imap.FetchOptions{UID: true}).Collect(); err != nil {
		t.Errorf("fetch of an unannounced letter: %v", err)
	}
}

// A reader that stops in the middle of a literal holds up nobody else.
func TestSlowReaderLocksNobody(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	h.Put(addr(t, claireBox), "INBOX", nil, fixedNow, append([]byte("Subject: big\r\n\r\n"), bytes.Repeat([]byte("0123456789abcdef\r\n"), 200_000)...))
	slow := signIn(t, h, claireBox, nil)
	if _, err := slow.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	cmd := slow.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	if cmd.Next() == nil {
		t.Fatal("no letter")
	}
	defer cmd.Close()
	// Not read further: the server's writes wait.
	c := signIn(t, h, claireBox, nil)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.Store(imap.SeqSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	h.Put(addr(t, claireBox), "INBOX", nil, fixedNow, []byte("Subject: =?iso-8859-1?q?R=E9sultats?=\r\nFrom: Labo <l@b.fr>\r\nContent-Type: text/plain; charset=windows-1252\r\nContent-Transfer-Encoding: base64\r\n\r\nUG90YXNzaXVtIOlsZXbp\r\n"))
	h.Put(addr(t, claireBox), "INBOX", []string{`\Seen`, `\Flagged`}, fixedNow.AddDate(0, 0, -3), []byte(multipartLetter))
	c := signIn(t, h, claireBox, nil)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		c    imap.SearchCriteria
		want string
	}{
		{"subject", imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: "résultats"}}}, "1:2"},
		{"body", imap.SearchCriteria{Body: []string{"ÉLEVÉ"}}, "1"},
		{"text in nested letter", imap.SearchCriteria{Text: []string{"inside"}}, "2"},
		{"unseen", imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagSeen}}, "1"},
		{"flagged", imap.SearchCriteria{Flag: []imap.Flag{imap.FlagFlagged}}, "2"},
		{"since", imap.SearchCriteria{Since: fixedNow.AddDate(0, 0, -1)}, "1"},
		{"or", imap.SearchCriteria{Or: [][2]imap.SearchCriteria{{{Body: []string{"élevé"}}, {Body: []string{"deux"}}}}}, "1:2"},
		{"not", imap.SearchCriteria{Not: []imap.SearchCriteria{{Body: []string{"élevé"}}}}, "2"},
		{"none", imap.SearchCriteria{Text: []string{"introuvable"}}, ""},
	} {
		d, err := c.UIDSearch(&tc.c, &imap.SearchOptions{ReturnAll: true}).Wait()
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		got := ""
		if d.All != nil {
			got = d.All.String()
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestStopCutsAndRefuses(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	c := signIn(t, h, claireBox, nil)
	if !h.Stop(ServiceIMAP) || h.Stop("other") || h.Running(ServiceIMAP) || !h.Running(ServiceSMTP) {
		t.Fatal("stop does not say what it did")
	}
	if err := c.Noop().Wait(); err == nil {
		t.Error("an old connection lives on")
	}
	if _, err := h.DialIMAP(within(t)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial: %v", err)
	}
	h.Start(ServiceIMAP)
	signIn(t, h, claireBox, nil)
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	imapAddr, smtpAddr, err := h.ListenLoopback()
	if err != nil {
		t.Fatal(err)
	}
	c, err := imapclient.DialStartTLS(imapAddr, &imapclient.Options{TLSConfig: &tls.Config{RootCAs: h.Authority(), ServerName: IMAPHost}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Authenticate(&token{user: claireBox, token: "token-of-claire"}); err != nil {
		t.Error(err)
	}
	conn, err := net.Dial("tcp", smtpAddr)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	h.Stop(ServiceIMAP)
	if conn, err := net.Dial("tcp", imapAddr); err == nil { // the port stays, nobody answers
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("a stopped server greets")
		}
		_ = conn.Close()
	}
}
