package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/rawimap"
	"pli.example/pli/e2e/visitor"
)

// series is one line of the table: a page and its floor.
type series struct {
	name        string
	needs       string // the commands of the floor
	floor, page []time.Duration
	cpu         time.Duration // Pli's own, all turns of the page together
	bounds      []bound       // what issues ask, p50 against p50 and p95 against p95
	share       float64       // or this share of the floor, at p50
	p95         bool          // or at p95
}

type measures struct {
	site    *pliSite
	dovecot *dovecot.Server
	letters int
	runs    int

	raw    *rawimap.Client
	v      *visitor.Visitor
	inURL  string // the inbox
	prefix string // of a letter's address, up to its UID
	series []*series
	notes  []string
	missed int // numbers beyond their bound
}

const (
	counters  = `LIST "" "*" RETURN (SPECIAL-USE STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY))`
	flagItems = "(UID FLAGS)"
	rowItems  = "(UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE " + listHeader + ")"
)

// begin signs in, opens the raw connection, warms both.
func (m *measures) begin() error {
	var err error
	if m.raw, err = inspect(m.dovecot); err != nil {
		return err
	}
	v, p, err := m.site.signIn()
	if err != nil {
		return err
	}
	m.v = v
	m.inURL = m.site.base + p.Attr("folder-inbox", "href")
	list, err := v.Get(m.inURL)
	if err != nil {
		return err
	}
	link := regexp.MustCompile(`href="(/mail/[^"]*/)(\d+)"[^>]*hx-get`).FindStringSubmatch(list.Body)
	if link == nil {
		link = regexp.MustCompile(`class="row-link"\s+href="(/mail/[^"]*/)(\d+)"`).FindStringSubmatch(list.Body)
	}
	if link == nil {
		return errors.New("no letter in the list")
	}
	if link[2] != strconv.Itoa(m.letters) {
		return fmt.Errorf("the newest letter is %s, not %d", link[2], m.letters)
	}
	m.prefix = m.site.base + link[1]
	for range 20 {
		if _, err := m.get(m.inURL); err != nil {
			return err
		}
	}
	return m.indexed()
}

// get fetches one address as a browser does (compressed, on a kept connection)
// and gives its size on the wire.
func (m *measures) get(address string, changes ...func(*http.Request)) (int64, error) {
	req, err := m.v.Request("GET", address, nil)
	if err != nil {
		return 0, err
	}
	for _, change := range changes {
		change(req)
	}
	req.Header.Set("Accept-Encoding", "gzip")
	if strings.HasSuffix(address, "/body") {
		req.Header.Set("Sec-Fetch-Dest", "iframe")
	}
	res, err := m.v.Send(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %d", address, res.StatusCode)
	}
	return n, err
}

// turns runs floor and page one after the other, so that both meet the same
// moments of the machine.
func (m *measures) turns(s *series, n int, floor, page func(i int) error) error {
	before, err := m.site.pli.CPU()
	if err != nil {
		return err
	}
	for i := range n {
		for _, half := range []struct {
			do   func(int) error
			into *[]time.Duration
		}{{floor, &s.floor}, {page, &s.page}} {
			began := time.Now()
			if err := half.do(i); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			*half.into = append(*half.into, time.Since(began))
		}
	}
	after, err := m.site.pli.CPU()
	s.cpu = after - before
	m.series = append(m.series, s)
	return err
}

func (m *measures) ask(commands ...string) error {
	for _, c := range commands {
		if _, err := m.raw.Do(c); err != nil {
			return err
		}
	}
	return nil
}

func (m *measures) inbox() error {
	newest := fmt.Sprintf("FETCH %d:* %s", m.letters-49, flagItems)
	return m.turns(&series{name: "inbox page", needs: "LIST-STATUS; FETCH of 50 rows' flags", bounds: []bound{pageOfIssue2}}, m.runs,
		func(int) error { return m.ask(counters, newest) },
		func(int) error { _, err := m.get(m.inURL); return err })
}

// page is page 1,000: fifty letters far from both ends.
func (m *measures) page() error {
	n := min(1000, m.letters/50)
	high := m.letters - (n-1)*50
	address := fmt.Sprintf("%s?page=%d", m.inURL, n)
	if _, err := m.get(address); err != nil {
		return err
	}
	rows := fmt.Sprintf("FETCH %d:%d %s", high-49, high, flagItems)
	return m.turns(&series{name: fmt.Sprintf("page %d", n), needs: "LIST-STATUS; FETCH of 50 rows' flags", bounds: []bound{pageOfIssue2}}, m.runs,
		func(int) error { return m.ask(counters, rows) },
		func(int) error { _, err := m.get(address); return err })
}

// unseen are pages nobody looked at before: no row of them is known to Pli, and
// floor and page never ask for the same one.
func (m *measures) unseen() error {
	r := rand.New(rand.NewPCG(7, 7))
	pages := r.Perm(m.letters/50 - 10)
	n := min(m.runs, len(pages)/2)
	return m.turns(&series{name: "page seen first", needs: "LIST-STATUS; FETCH of 50 rows, header and structure"}, n,
		func(i int) error {
			high := m.letters - (pages[2*i]+5)*50
			return m.ask(counters, fmt.Sprintf("FETCH %d:%d %s", high-49, high, rowItems))
		},
		func(i int) error {
			_, err := m.get(fmt.Sprintf("%s?page=%d", m.inURL, pages[2*i+1]+6))
			return err
		})
}

// letter opens letters of 30 kB of HTML: the page, then its frame. Each was read
// before (nothing is stored) but not in this session; its list was just looked at.
// No letter is opened twice, and floor and Pli never open the same one. First by
// a click as the script does it (the letter alone), then by its address (the
// letter beside its list).
func (m *measures) letter() error {
	if m.letters < htmlTo {
		return fmt.Errorf("%d letters are too few", m.letters)
	}
	uids := []int{}
	for age := htmlFrom + 1; age <= htmlTo; age += 2 {
		uids = append(uids, m.letters-age+1)
	}
	for n := htmlFrom / 50; n <= htmlTo/50; n++ {
		if _, err := m.get(fmt.Sprintf("%s?page=%d", m.inURL, n+1)); err != nil {
			return err
		}
	}
	rand.New(rand.NewPCG(8, 8)).Shuffle(len(uids), func(i, j int) { uids[i], uids[j] = uids[j], uids[i] })
	next := func() (uid, page int) {
		uid, uids = uids[0], uids[1:]
		return uid, (m.letters-uid)/50 + 1
	}
	n := min(m.runs, len(uids)/4)
	read := func(uid int) []string {
		return []string{fmt.Sprintf("UID FETCH %d (UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER])", uid), fmt.Sprintf("UID FETCH %d (BODY.PEEK[2])", uid)}
	}
	open := func(changes ...func(*http.Request)) error {
		uid, page := next()
		address := m.prefix + strconv.Itoa(uid)
		if _, err := m.get(address+"?page="+strconv.Itoa(page), changes...); err != nil {
			return err
		}
		_, err := m.get(address + "/body")
		return err
	}
	err := m.turns(&series{name: "letter by a click", needs: "FETCH flags, header, structure; FETCH the body", bounds: []bound{pageOfIssue2, letterOfIssue5}}, n,
		func(int) error { uid, _ := next(); return m.ask(read(uid)...) },
		func(int) error {
			return open(func(r *http.Request) {
				r.Header.Set("HX-Request", "true")
				r.Header.Set("Sec-Fetch-Dest", "empty")
				r.Header.Set("Sec-Fetch-Mode", "cors")
			})
		})
	if err != nil {
		return err
	}
	return m.turns(&series{name: "letter beside its list", needs: "LIST-STATUS; FETCH flags, header, structure; FETCH the body; FETCH of 50 rows' flags", bounds: []bound{pageOfIssue2, letterOfIssue5}}, n,
		func(int) error {
			uid, page := next()
			high := m.letters - (page-1)*50
			return m.ask(append(read(uid), counters, fmt.Sprintf("FETCH %d:%d %s", high-49, high, flagItems))...)
		},
		func(int) error { return open() })
}

// memory reads the process's own peak while a file of 25 MB (encoded) comes down.
func (m *measures) memory() error {
	address := m.prefix + strconv.Itoa(m.letters-bigLetter+1)
	if _, err := m.get(address); err != nil {
		return err
	}
	proc := fmt.Sprintf("/proc/%d/", m.site.pli.PID())
	time.Sleep(time.Second)
	before, err := statusKB(proc, "VmRSS")
	if err != nil {
		return err
	}
	// 5 resets the peak to what is resident now.
	if err := os.WriteFile(proc+"clear_refs", []byte("5"), 0); err != nil {
		return err
	}
	began := time.Now()
	n, err := m.get(address + "/part/2")
	if err != nil {
		return err
	}
	took := time.Since(began)
	peak, err := statusKB(proc, "VmHWM")
	if err != nil {
		return err
	}
	if n != bigFile {
		return fmt.Errorf("the download has %d bytes, not %d", n, bigFile)
	}
	grown := float64(peak-before) / 1024
	m.note("memory while %d MB come down (25 MB encoded)", grown < 8, "grew by %.1f MB (from %.1f MB), bound 8 MB; took %.0f ms",
		[]any{n / 1_000_000}, grown, float64(before)/1024, took.Seconds()*1000)
	return nil
}

func statusKB(proc, field string) (int, error) {
	raw, err := os.ReadFile(proc + "status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			return strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
		}
	}
	return 0, errors.New("no " + field)
}

func (m *measures) note(what string, ok bool, says string, whatArgs []any, args ...any) {
	verdict := "ok"
	if !ok {
		verdict = "MISS"
		m.missed++
	}
	m.notes = append(m.notes, fmt.Sprintf("%-46s %-5s %s", fmt.Sprintf(what, whatArgs...), verdict, fmt.Sprintf(says, args...)))
}

var assetRE = regexp.MustCompile(`(?:src|href)="(/static/[^"#]+)`)

// weights adds up what the sign-in page costs somebody who was never here, and
// what later pages cost with our files in the browser's cache.
func (m *measures) weights() error {
	stranger := *m
	stranger.v = visitor.New()
	total, err := stranger.get(m.site.base + "/sign-in")
	if err != nil {
		return err
	}
	p, err := stranger.v.Get(m.site.base + "/sign-in")
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, a := range assetRE.FindAllStringSubmatch(p.Body, -1) {
		if seen[a[1]] {
			continue
		}
		seen[a[1]] = true
		n, err := stranger.get(m.site.base + a[1])
		if err != nil {
			return err
		}
		total += n
	}
	m.note("sign-in page, cold, %d files", total <= 60_000, "%.1f kB, bound 60 kB", []any{len(seen) + 1}, float64(total)/1000)
	for _, page := range []struct{ name, address string }{{"inbox page", m.inURL}, {"letter page", m.prefix + strconv.Itoa(m.letters)}} {
		n, err := m.get(page.address)
		if err != nil {
			return err
		}
		m.note("%s, later", n <= 15_000, "%.1f kB, bound 15 kB", []any{page.name}, float64(n)/1000)
	}
	return nil
}

func percentile(d []time.Duration, p float64) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (m *measures) print() {
	fmt.Printf("\n%d letters, %d turns, floor = raw IMAP on one connection, one command after the other; ms\n", m.letters, m.runs)
	fmt.Printf("%-22s %-4s %9s %9s %7s  %s\n", "page", "", "floor", "Pli", "ratio", "bounds")
	for _, s := range m.series {
		for _, at := range []struct {
			name string
			p    float64
		}{{"p50", 0.50}, {"p95", 0.95}} {
			floor, page := percentile(s.floor, at.p), percentile(s.page, at.p)
			ratio := "–"
			if floor > time.Microsecond {
				ratio = fmt.Sprintf("%.1f", float64(page)/float64(floor))
			}
			fmt.Printf("%-22s %-4s %9.2f %9.2f %7s %s\n", s.name, at.name, ms(floor), ms(page), ratio, m.verdicts(s, at.p, floor, page))
		}
		fmt.Printf("%-22s floor: %s%s\n", "", s.needs, s.cost())
	}
	for _, n := range m.notes {
		fmt.Println(n)
	}
}

// verdicts holds one line against what each issue asks of it.
func (m *measures) verdicts(s *series, p float64, floor, page time.Duration) (out string) {
	bounds := s.bounds
	if s.share > 0 && s.p95 == (p == 0.95) {
		bounds = []bound{{3, 0, s.share}}
	}
	for _, b := range bounds {
		verdict := "ok"
		if page > b.of(floor) {
			verdict = "MISS"
			m.missed++
		}
		out += fmt.Sprintf("  issue %d: %.2f (%s) %s", b.issue, ms(b.of(floor)), b, verdict)
	}
	return out
}

// cost is the processor time a turn took of Pli, which other work on the machine
// stretches less than it does the clock.
func (s *series) cost() string {
	if s.cpu == 0 || len(s.page) == 0 {
		return ""
	}
	return fmt.Sprintf("; %.2f ms of processor time a turn", ms(s.cpu)/float64(len(s.page)))
}
