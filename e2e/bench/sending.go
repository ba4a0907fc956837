package main

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/smtp"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/postfix"
	"pli.example/pli/e2e/rawimap"
	"pli.example/pli/e2e/space"
	"pli.example/pli/e2e/visitor"
	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/demo/people"
)

// sending measures letters on their way out: Pli, Postfix and Dovecot, each a
// process of its own. The floor is the same octets handed to the same Postfix by
// hand, until the recipient's inbox has them.
type sending struct {
	site    *pliSite
	dovecot *dovecot.Server
	postfix *postfix.Server
	v       *visitor.Visitor
	box     string // address of the sender's mailbox in Pli
	inbox   *rawimap.Client
	series  *series
	notes   *measures
}

const (
	sendRuns  = 15
	sendSmall = 10_000_000           // octets of a file
	sendLarge = 24_500_000 * 57 / 78 // octets of a file whose letter is near 25 MB, encoded
	sendWait  = 30 * time.Second
	chunk     = 1 << 20
)

func benchSending(notes *measures) error {
	if err := postfix.Installed(); err != nil {
		fmt.Println("sending: not measured:", err)
		return nil
	}
	dir, err := os.MkdirTemp("", "pli-s-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := &sending{notes: notes}
	defer s.stop()
	if err := s.start(dir); err != nil {
		return err
	}
	for _, step := range []func() error{s.ten, s.memory} {
		if err := step(); err != nil {
			return fmt.Errorf("sending: %w\n%s", err, s.site.pli.Log())
		}
	}
	return nil
}

func (s *sending) start(dir string) error {
	boxes := []string{people.MartinBox.String(), people.PetitBox.String()}
	var delivery dovecot.Delivery
	var err error
	for _, sub := range []string{"d", "p", "w"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	if s.dovecot, delivery, err = dovecot.StartDelivering(dovecot.Options{Dir: filepath.Join(dir, "d"), Mailboxes: boxes, Separator: "/", Folders: dovecot.English}); err != nil {
		return err
	}
	if s.postfix, err = postfix.Start(postfix.Options{Dir: filepath.Join(dir, "p"), Dovecot: s.dovecot, Delivery: delivery, Mailboxes: boxes}); err != nil {
		return err
	}
	files, err := space.Start(filepath.Join(dir, "w"), demo.Directory())
	if err != nil {
		return err
	}
	env := append(files.Env(), "PLI_SMTP_ADDRESS="+s.postfix.Submission, "PLI_SMTP_AUTH=plain-authzid", "PLI_SMTP_SERVICE_USER="+dovecot.Service,
		"PLI_SMTP_SERVICE_PASSWORD="+dovecot.ServicePassword, "PLI_SMTP_NIL=PLI-BENCH")
	if s.site, err = serveBox(filepath.Join(dir, "w"), s.dovecot, people.MartinBox.String(), env...); err != nil {
		return err
	}
	p := (*visitor.Page)(nil)
	if s.v, p, err = s.site.signIn(); err != nil {
		return err
	}
	s.box = s.site.base + strings.Join(strings.Split(p.Attr("folder-inbox", "href"), "/")[:3], "/")
	if s.inbox, err = s.dovecot.Inspect(people.PetitBox.String()); err != nil {
		return err
	}
	_, _, err = s.inbox.Select("INBOX")
	return err
}

func (s *sending) stop() {
	if s.site != nil {
		s.site.stop()
	}
	if s.postfix != nil {
		s.postfix.Stop()
	}
	if s.dovecot != nil {
		s.dovecot.Stop()
	}
}

// ten is a letter with a file of 10 MB, from the click on 'Envoyer' (the file is
// already there, as it was sent while the text was being written) to the letter in
// the recipient's inbox.
func (s *sending) ten() error {
	content := make([]byte, sendSmall)
	if _, err := rand.Read(content); err != nil {
		return err
	}
	if err := s.prove(content); err != nil { // warm, and the octets of the floor
		return err
	}
	raw, err := s.newest()
	if err != nil {
		return err
	}
	t := &series{name: "send a 10 MB file", needs: "submission of the same octets by hand, until the recipient's inbox has them", share: 1.5}
	for i := range sendRuns {
		own := bytes.Replace(raw, []byte("Message-ID: <"), fmt.Appendf(nil, "Message-ID: <%d.", i), 1)
		took, err := s.until(func() error { return s.submit(own) })
		if err != nil {
			return fmt.Errorf("floor: %w", err)
		}
		t.floor = append(t.floor, took)
		draft, err := s.draft(content)
		if err != nil {
			return err
		}
		if took, err = s.until(func() error { return s.send(draft) }); err != nil {
			return err
		}
		t.page = append(t.page, took)
	}
	s.notes.series = append(s.notes.series, t)
	return nil
}

// memory is the growth of Pli's peak while a letter near the limit goes up and out.
func (s *sending) memory() error {
	content := make([]byte, sendLarge)
	if _, err := rand.Read(content); err != nil {
		return err
	}
	proc := fmt.Sprintf("/proc/%d/", s.site.pli.PID())
	time.Sleep(2 * time.Second)
	before, err := statusKB(proc, "VmRSS")
	if err != nil {
		return err
	}
	if err := os.WriteFile(proc+"clear_refs", []byte("5"), 0); err != nil {
		return err
	}
	if err := s.prove(content); err != nil {
		return err
	}
	peak, err := statusKB(proc, "VmHWM")
	if err != nil {
		return err
	}
	grown := float64(peak-before) / 1024
	s.notes.note("memory while %d MB go up and out (25 MB encoded)", grown < 8, "grew by %.1f MB (from %.1f MB), bound 8 MB", []any{sendLarge / 1_000_000}, grown, float64(before)/1024)
	return nil
}

func (s *sending) prove(content []byte) error {
	draft, err := s.draft(content)
	if err != nil {
		return err
	}
	_, err = s.until(func() error { return s.send(draft) })
	return err
}

// until runs do and waits for one more letter in the inbox.
func (s *sending) until(do func() error) (time.Duration, error) {
	before, err := s.count()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	done := make(chan error, 1)
	go func() { done <- do() }()
	for time.Since(began) < sendWait {
		n, err := s.count()
		if err != nil {
			return 0, err
		}
		if n > before {
			took := time.Since(began)
			return took, <-done
		}
		select {
		case err := <-done:
			if err != nil {
				return 0, err
			}
			done <- nil
		default:
		}
		time.Sleep(2 * time.Millisecond)
	}
	return 0, errors.New("the letter did not arrive")
}

func (s *sending) count() (int, error) {
	found, err := s.inbox.Search("ALL")
	return len(found), err
}

func (s *sending) newest() ([]byte, error) {
	found, err := s.inbox.Search("ALL")
	if err != nil || len(found) == 0 {
		return nil, errors.Join(err, errors.New("no letter"))
	}
	r, err := s.inbox.Do(fmt.Sprintf("UID FETCH %d (BODY.PEEK[])", found[len(found)-1]))
	if err != nil {
		return nil, err
	}
	var raw []byte // the literal stands in its line: "… {n}", a line end, n octets, ")"
	for _, l := range r.Untagged {
		if head, rest, ok := bytes.Cut(l, []byte("\n")); ok && len(rest) > len(raw) && bytes.HasSuffix(bytes.TrimSpace(head), []byte("}")) {
			raw = bytes.TrimSuffix(bytes.TrimRight(rest, "\r\n"), []byte(")"))
		}
	}
	if !bytes.Contains(raw, []byte("Message-ID: <")) {
		return nil, errors.New("the letter has no Message-ID")
	}
	return raw, nil
}

// submit hands octets to Postfix by hand.
func (s *sending) submit(raw []byte) error {
	c, err := smtp.Dial(s.postfix.Submission)
	if err != nil {
		return err
	}
	defer c.Close()
	host, _, _ := net.SplitHostPort(s.postfix.Submission)
	conf := s.dovecot.TLS()
	conf.ServerName, conf.MinVersion = host, tls.VersionTLS12
	if err := c.StartTLS(conf); err != nil {
		return err
	}
	if err := c.Auth(smtp.PlainAuth(people.MartinBox.String(), dovecot.Service, dovecot.ServicePassword, host)); err != nil {
		return err
	}
	if err := c.Mail(people.MartinBox.String()); err != nil {
		return err
	}
	if err := c.Rcpt(people.PetitBox.String()); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

// draft writes a letter with a file, as the page's script does, and gives what its
// 'Envoyer' would send.
func (s *sending) draft(content []byte) (func() (*http.Request, error), error) {
	res, err := s.post(s.box+"/compose", url.Values{"kind": {"blank"}})
	if err != nil {
		return nil, err
	}
	res.Body.Close()
	at := s.site.base + res.Header.Get("Location")
	var file struct {
		ID string `json:"id"`
	}
	if err := s.answer(&file, func() (*http.Response, error) {
		return s.post(at+"/files", url.Values{"name": {"imagerie.bin"}, "size": {strconv.Itoa(len(content))}})
	}); err != nil {
		return nil, err
	}
	for from := 0; from < len(content); from += chunk {
		req, err := s.request(fmt.Sprintf("%s/files/%s?at=%d", at, file.ID, from), bytes.NewReader(content[from:min(len(content), from+chunk)]), "application/octet-stream")
		if err != nil {
			return nil, err
		}
		if err := s.answer(nil, func() (*http.Response, error) { return s.v.Send(req) }); err != nil {
			return nil, err
		}
	}
	fields, _ := json.Marshal(map[string]any{"version": 1, "writer": "bench", "seq": 1, "to": []map[string]string{{"a": people.PetitBox.String()}},
		"subject": "Imagerie", "html": "<p>Bonjour, l'imagerie est jointe.</p>"})
	req, err := s.request(at+"/save", bytes.NewReader(fields), "application/json")
	if err != nil {
		return nil, err
	}
	var saved struct {
		Version int64 `json:"version"`
	}
	if err := s.answer(&saved, func() (*http.Response, error) { return s.v.Send(req) }); err != nil {
		return nil, err
	}
	body, _ := json.Marshal(map[string]any{"version": saved.Version, "files": []string{file.ID}})
	return func() (*http.Request, error) { return s.request(at+"/send", bytes.NewReader(body), "application/json") }, nil
}

func (s *sending) send(draft func() (*http.Request, error)) error {
	req, err := draft()
	if err != nil {
		return err
	}
	var out struct{ Came, Say string }
	if err := s.answer(&out, func() (*http.Response, error) { return s.v.Send(req) }); err != nil {
		return err
	}
	if out.Came != "sent" && out.Came != "flying" {
		return fmt.Errorf("the letter was not sent: %s: %s", out.Came, out.Say)
	}
	return nil
}

func (s *sending) post(address string, form url.Values) (*http.Response, error) {
	req, err := s.v.Request("POST", address, form)
	if err != nil {
		return nil, err
	}
	return s.v.Send(req)
}

func (s *sending) request(address string, body io.Reader, kind string) (*http.Request, error) {
	req, err := s.v.Request("POST", address, nil)
	if err != nil {
		return nil, err
	}
	like, err := http.NewRequest("POST", address, body)
	if err != nil {
		return nil, err
	}
	req.Body, req.ContentLength, req.GetBody = like.Body, like.ContentLength, like.GetBody
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Origin", s.site.base)
	return req, nil
}

func (s *sending) answer(into any, ask func() (*http.Response, error)) error {
	res, err := ask()
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %d: %.300s", res.Request.URL.Path, res.StatusCode, b)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(b, into)
}
