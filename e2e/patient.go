//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"mime"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/rawimap"
	"pli.example/pli/internal/demo/people"
)

// scriptedPatients are the users of Mon espace santé on real servers: each watches a
// mailbox by IMAP and answers by LMTP, by the rules of the facts (ENS §7) and by no
// code of the program: a subject exactly [FIN] forbids answers to all earlier letters,
// X-MSS-MES: FIN that to its own, a new letter opens again.
type scriptedPatients struct {
	dovecot *dovecot.Server
	lmtp    string
	stop    chan struct{}
	done    sync.WaitGroup
}

// patientThinks is how long a patient takes to answer: long enough for a closing that
// follows to come first.
const patientThinks = 400 * time.Millisecond

// patientBoxes are the mailboxes that must exist for them.
func patientBoxes() (out []string) {
	for _, p := range people.Patients() {
		out = append(out, p.Address().String())
	}
	return out
}

func startPatients(t testing.TB, d *dovecot.Server, lmtp string) {
	s := &scriptedPatients{dovecot: d, lmtp: lmtp, stop: make(chan struct{})}
	for _, p := range people.Patients() {
		s.done.Go(func() { s.live(p) })
	}
	t.Cleanup(func() { close(s.stop); s.done.Wait() })
}

// pending is an answer a patient is about to write.
type pending struct {
	to, id, subject string
	due             time.Time
}

// live reads what comes until the test ends. A server that is down is asked again.
func (s *scriptedPatients) live(p people.Patient) {
	var c *rawimap.Client
	var answers []pending
	read := uint32(0)
	for {
		select {
		case <-s.stop:
			if c != nil {
				c.Close()
			}
			return
		case <-time.After(300 * time.Millisecond):
		}
		var err error
		if c == nil {
			if c, err = s.dovecot.Inspect(p.Address().String()); err != nil {
				c = nil
				continue
			}
		}
		if read, answers, err = s.look(c, read, answers); err != nil {
			c.Close()
			c = nil
			continue
		}
		var later []pending
		for _, a := range answers {
			if time.Now().Before(a.due) || s.answer(p, a) != nil {
				later = append(later, a)
			}
		}
		answers = later
	}
}

// look reads the letters after one, and what they do to the answers not written yet.
func (s *scriptedPatients) look(c *rawimap.Client, read uint32, answers []pending) (uint32, []pending, error) {
	if _, _, err := c.Select("INBOX"); err != nil {
		return read, answers, err
	}
	found, err := c.Search(fmt.Sprintf("UID %d:*", read+1))
	if err != nil {
		return read, answers, err
	}
	for _, uid := range found {
		if uid <= read {
			continue
		}
		h, err := headOf(c, uid)
		if err != nil {
			return read, answers, err
		}
		read = uid
		from, err := mail.ParseAddress(h.Get("From"))
		if err != nil {
			continue
		}
		if h.Get("Subject") == "[FIN]" { // all earlier letters of that professional
			var kept []pending
			for _, a := range answers {
				if a.to != from.Address {
					kept = append(kept, a)
				}
			}
			answers = kept
			continue
		}
		if h.Get("X-MSS-MES") == "FIN" {
			continue
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
		if err != nil {
			subject = h.Get("Subject")
		}
		answers = append(answers, pending{from.Address, h.Get("Message-ID"), subject, time.Now().Add(patientThinks)})
	}
	return read, answers, nil
}

func headOf(c *rawimap.Client, uid uint32) (mail.Header, error) {
	r, err := c.Do(fmt.Sprintf("UID FETCH %d (BODY.PEEK[HEADER])", uid))
	if err != nil {
		return nil, err
	}
	for _, l := range r.Untagged {
		at := literalRE.FindSubmatchIndex(l)
		var n int
		if at == nil {
			continue
		}
		if _, err := fmt.Sscan(string(l[at[2]:at[3]]), &n); err == nil && at[1]+n <= len(l) {
			m, err := mail.ReadMessage(bytes.NewReader(l[at[1] : at[1]+n]))
			if err != nil {
				return nil, err
			}
			return m.Header, nil
		}
	}
	return nil, fmt.Errorf("no header for letter %d", uid)
}

// answer hands a letter to Dovecot as a transfer agent would.
func (s *scriptedPatients) answer(p people.Patient, a pending) error {
	subject := a.subject
	if !strings.HasPrefix(strings.ToLower(subject), "re") {
		subject = "Re: " + subject
	}
	return s.lmtpSend(p.Address().String(), a.to, patientLetter(p, a.to, subject, "In-Reply-To: "+a.id+"\nReferences: "+a.id+"\n", "Merci, c’est bien noté."))
}

// patientLetter is a letter as Mon espace santé writes it: the name in the label, the
// INS in the address.
func patientLetter(p people.Patient, to, subject, more, text string) string {
	return fmt.Sprintf("From: %s <%s>\nTo: %s\nSubject: %s\nDate: %s\nMessage-ID: <%s@patient.mssante.fr>\n%sMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s\n",
		mime.QEncoding.Encode("utf-8", p.Label), p.Address(), to, mime.QEncoding.Encode("utf-8", subject), time.Now().Format(time.RFC1123Z), rand.Text(), more, text)
}

func (s *scriptedPatients) lmtpSend(from, to, letter string) error {
	conn, err := net.DialTimeout("unix", s.lmtp, 5*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	r := bufio.NewReader(conn)
	expect := func(code string) error {
		for {
			l, err := r.ReadString('\n')
			if err != nil {
				return err
			}
			if !strings.HasPrefix(l, code) {
				return fmt.Errorf("lmtp: %s", strings.TrimSpace(l))
			}
			if len(l) > 3 && l[3] == ' ' {
				return nil
			}
		}
	}
	if err := expect("220"); err != nil {
		return err
	}
	for _, step := range [][2]string{{"LHLO patient.test", "250"}, {"MAIL FROM:<" + from + ">", "250"}, {"RCPT TO:<" + to + ">", "250"}, {"DATA", "354"},
		{strings.ReplaceAll(letter, "\n", "\r\n") + ".", "250"}, {"QUIT", "221"}} {
		if _, err := fmt.Fprint(conn, step[0]+"\r\n"); err != nil {
			return err
		}
		if err := expect(step[1]); err != nil {
			return err
		}
	}
	return nil
}
