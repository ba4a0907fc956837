package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"pli.example/pli/e2e/rawimap"
)

// bound is what an issue asks of a measure: so much, and so many times its floor.
type bound struct {
	issue int
	fixed time.Duration
	times float64
}

func (b bound) of(floor time.Duration) time.Duration {
	return b.fixed + time.Duration(b.times*float64(floor))
}

func (b bound) String() string {
	switch {
	case b.times == 0:
		return fmt.Sprintf("%g ms", ms(b.fixed))
	case b.fixed == 0:
		return fmt.Sprintf("%g × floor", b.times)
	}
	return fmt.Sprintf("%g ms + %g × floor", ms(b.fixed), b.times)
}

var (
	pageOfIssue2   = bound{2, 3 * time.Millisecond, 2}
	pageOfIssue5   = bound{5, time.Millisecond, 1.5}
	letterOfIssue5 = bound{5, 2 * time.Millisecond, 1.5}
)

// absent are the measures whose page does not exist yet: printed, and no pass.
const sayAbsent = "n'existe pas encore"

// issue5 measures what issue 5 adds to the pages measured before it.
func (m *measures) issue5() error {
	for _, step := range []func() error{m.envelopes, m.farPage, m.headerSearch, m.bodySearch, m.mark, m.conversations, m.index} {
		if err := step(); err != nil {
			return fmt.Errorf("issue 5: %w", err)
		}
	}
	return nil
}

// envelopes is the inbox against what every mail client asks for it.
func (m *measures) envelopes() error {
	newest := fmt.Sprintf("FETCH %d:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)", m.letters-49)
	return m.turns(&series{name: "inbox page", needs: "FETCH of 50 envelopes", bounds: []bound{pageOfIssue5}}, m.runs,
		func(int) error { return m.ask(newest) },
		func(int) error { _, err := m.get(m.inURL); return err })
}

// farPage is page 1,000 against page 1, in turn.
func (m *measures) farPage() error {
	n := min(1000, m.letters/50)
	far := fmt.Sprintf("%s?page=%d", m.inURL, n)
	return m.turns(&series{name: fmt.Sprintf("page %d", n), needs: "page 1, in turn ('as fast as': one tenth is noise)", bounds: []bound{{5, 0, 1.1}}}, m.runs,
		func(int) error { _, err := m.get(m.inURL); return err },
		func(int) error { _, err := m.get(far); return err })
}

// box is the mailbox's address in Pli.
func (m *measures) box() string {
	return m.site.base + strings.Join(strings.Split(strings.TrimPrefix(m.inURL, m.site.base), "/")[:3], "/")
}

// search stores words and reads the result up to its first row, or to its end when
// there is none.
func (m *measures) search(words string, everywhere bool) error {
	form := url.Values{"words": {words}}
	if everywhere {
		form.Set("everywhere", "1")
	}
	req, err := m.v.Request("POST", m.box()+"/search", form)
	if err != nil {
		return err
	}
	res, err := m.v.Send(req)
	if err != nil {
		return err
	}
	res.Body.Close()
	if req, err = m.v.Request("GET", m.site.base+res.Header.Get("Location"), nil); err != nil {
		return err
	}
	if res, err = m.v.Send(req); err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("a search answered %d", res.StatusCode)
	}
	var seen []byte
	some := make([]byte, 16<<10)
	for {
		n, err := res.Body.Read(some)
		if seen = append(seen, some[:n]...); bytes.Contains(seen, []byte(`data-testid="letter-row"`)) {
			return nil
		}
		if err == io.EOF {
			return errors.New("a search found nothing")
		}
		if err != nil {
			return err
		}
	}
}

// sent is the raw connection's twin, with the sent letters selected.
func (m *measures) sent() (*rawimap.Client, error) {
	c, err := m.dovecot.Inspect(mailbox)
	if err == nil {
		_, _, err = c.Select("Sent")
	}
	return c, err
}

func (m *measures) headerSearch() error {
	sent, err := m.sent()
	if err != nil {
		return err
	}
	defer sent.Close()
	s := &series{name: "header search", needs: "SEARCH of both folders; bound without regard to it", bounds: []bound{{5, 20 * time.Millisecond, 0}}}
	return m.turns(s, min(m.runs, 2*len(families)), func(i int) error {
		w := rawimap.Quote(families[i%len(families)])
		ask := fmt.Sprintf("UID SEARCH RETURN (ALL) OR OR FROM %[1]s SUBJECT %[1]s OR TO %[1]s CC %[1]s", w)
		if _, err := sent.Do(ask); err != nil {
			return err
		}
		return m.ask(ask)
	}, func(i int) error { return m.search(families[i%len(families)], false) })
}

// bodySearch is what stands on the screen first; the floor is the whole search.
func (m *measures) bodySearch() error {
	m.raw.Timeout = 5 * time.Minute
	began := time.Now()
	if err := m.ask(`UID SEARCH RETURN (ALL) TEXT "domicile"`); err != nil {
		return err
	}
	whole := time.Since(began)
	s := &series{name: "body search, first row", needs: fmt.Sprintf("nothing; the server's own search takes %.1f s in all", whole.Seconds()), bounds: []bound{{5, 300 * time.Millisecond, 0}}}
	found := []string{"domicile", "favorable", "prochain", "cordialement", "prescription", "semaine"}
	return m.turns(s, min(m.runs, len(found)), func(int) error { return nil }, func(i int) error { return m.search(found[i], true) })
}

var refRE = regexp.MustCompile(`name="ref" value="([^"]+)"[^>]*data-testid="row-select"`)

// mark marks fifty letters read and unread in turn, up to Pli's answer; the floor is
// one STORE of as many other letters.
func (m *measures) mark() error {
	page, err := m.v.Get(m.inURL + "?page=7")
	if err != nil {
		return err
	}
	form := url.Values{}
	for _, ref := range refRE.FindAllStringSubmatch(page.Body, -1) {
		form.Add("ref", ref[1])
	}
	if n := len(form["ref"]); n != 50 {
		return fmt.Errorf("%d letters to mark", n)
	}
	high := m.letters - 11*50
	do := func(i int) string { return []string{"unread", "read"}[i%2] }
	return m.turns(&series{name: "mark 50 letters", needs: "UID STORE of 50", bounds: []bound{{5, 0, 1.1}}}, m.runs/2*2, func(i int) error {
		sign := map[string]string{"unread": "-", "read": "+"}[do(i)]
		return m.ask(fmt.Sprintf(`UID STORE %d:%d %sFLAGS.SILENT (\Seen)`, high-49, high, sign))
	}, func(i int) error {
		form.Set("do", do(i))
		req, err := m.v.Request("POST", m.box()+"/act", form)
		if err != nil {
			return err
		}
		res, err := m.v.Send(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if err == nil && res.StatusCode != http.StatusSeeOther {
			err = fmt.Errorf("marking answered %d", res.StatusCode)
		}
		return err
	})
}

// view shows folders as letters or as conversations.
func (m *measures) view(as string) error {
	req, err := m.v.Request("POST", m.box()+"/view", url.Values{"view": {as}, "next": {strings.TrimPrefix(m.inURL, m.site.base)}})
	if err != nil {
		return err
	}
	res, err := m.v.Send(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("the view answered %d", res.StatusCode)
	}
	return nil
}

// conversations is the page of fifty conversations, once the index is whole.
func (m *measures) conversations() error {
	if err := m.view("conversations"); err != nil {
		return err
	}
	defer m.view("letters")
	page, err := m.v.Get(m.inURL)
	if err != nil {
		return err
	}
	if n := strings.Count(page.Body, `data-testid="letter-row"`); n != 50 {
		return fmt.Errorf("%d conversations on the page", n)
	}
	return m.turns(&series{name: "conversation page", needs: "FETCH of 50 envelopes", bounds: []bound{pageOfIssue5}}, m.runs,
		func(int) error {
			return m.ask(fmt.Sprintf("FETCH %d:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)", m.letters-49))
		},
		func(int) error { _, err := m.get(m.inURL); return err })
}

// The figures of /metrics an index tells of itself.
const (
	indexLetters = "pli_index_letters"
	indexBytes   = "pli_index_bytes"
	indexSeconds = "pli_index_build_seconds" // the newest build, first question to last answer
	indexWait    = 3 * time.Minute
)

// indexed waits until the index is whole: it is built behind the first page, and pages
// are measured as they are from then on.
func (m *measures) indexed() error {
	for began := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		f, err := m.site.Figures()
		switch {
		case err != nil:
			return err
		case f[indexSeconds] > 0 && f[indexLetters] >= float64(m.letters):
			return nil
		case time.Since(began) > indexWait:
			return fmt.Errorf("the index holds %.0f letters after %s", f[indexLetters], indexWait)
		}
	}
}

// index holds the building of the index against the raw FETCH of the same fields, and
// its size against what issue 5 allows a letter.
func (m *measures) index() error {
	f, err := m.site.Figures()
	if err != nil {
		return err
	}
	if _, ok := f[indexLetters]; !ok {
		m.notes = append(m.notes, fmt.Sprintf("%-46s %s", "index: build and size (issue 5)", sayAbsent))
		return nil
	}
	for began := time.Now(); f[indexLetters] < float64(m.letters+m.letters/sentShare); {
		if time.Since(began) > indexWait {
			return fmt.Errorf("the index holds %.0f letters after %s", f[indexLetters], indexWait)
		}
		time.Sleep(200 * time.Millisecond)
		if f, err = m.site.Figures(); err != nil {
			return err
		}
	}
	each := f[indexBytes] / f[indexLetters]
	m.note("index: size of a letter (issue 5)", each <= 250, "%.0f bytes, bound 250, of %.0f letters", nil, each, f[indexLetters])
	raw, err := m.rawIndex()
	if err != nil {
		return err
	}
	built := time.Duration(f[indexSeconds] * float64(time.Second))
	m.note("index: build, the server's cache warm (issue 5)", built <= bound{5, 0, 1.5}.of(raw), "%.2f s, raw FETCH of the same fields %.2f s, bound 1.5 ×", nil, built.Seconds(), raw.Seconds())
	return nil
}

// rawIndex reads of every letter, both folders, what conversations and header searches
// need, in questions of two thousand.
func (m *measures) rawIndex() (time.Duration, error) {
	sent, err := m.sent()
	if err != nil {
		return 0, err
	}
	defer sent.Close()
	began := time.Now()
	for _, f := range []struct {
		c *rawimap.Client
		n int
	}{{m.raw, m.letters}, {sent, m.letters / sentShare}} {
		for high := f.n; high > 0; high -= 2000 {
			low := strconv.Itoa(max(1, high-1999))
			if _, err := f.c.Do("FETCH " + low + ":" + strconv.Itoa(high) + " (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (FROM TO CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES CONTENT-TYPE)])"); err != nil {
				return 0, err
			}
		}
	}
	return time.Since(began), nil
}
