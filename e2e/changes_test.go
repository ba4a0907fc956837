//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"html"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/e2e/changes"
	"pli.example/pli/e2e/courier"
	"pli.example/pli/e2e/cyrus"
	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/rawimap"
	"pli.example/pli/e2e/site"
	"pli.example/pli/e2e/visitor"
)

// mailHost is an IMAP server of any make.
type mailHost struct {
	address, ca string
	prefix      string
	clock       bool // UIDVALIDITY is the time, in seconds
	inspect     func(mailbox string) (*rawimap.Client, error)
}

const changingBox = "change@cabinet.test.mssante.fr"

// hosts start the servers a mailbox is changed on. In the gate one stands for all, as
// the pages are the same and internal/mailserver tries every server.
func hosts() map[string]func(t *testing.T) mailHost {
	ofDovecot := func(hide ...string) func(t *testing.T) mailHost {
		return func(t *testing.T) mailHost {
			needDovecot(t)
			d, err := dovecot.Start(dovecot.Options{Dir: t.TempDir(), Mailboxes: []string{changingBox}, Separator: "/", Hide: hide})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(d.Stop)
			return mailHost{d.Address, d.CA.PEM, "", false, d.Inspect}
		}
	}
	all := map[string]func(t *testing.T) mailHost{"dovecot": ofDovecot()}
	if os.Getenv("PLI_E2E_LONG") == "" {
		return all
	}
	all["dovecot without CONDSTORE"] = ofDovecot("CONDSTORE", "QRESYNC")
	all["cyrus"] = func(t *testing.T) mailHost {
		c, err := cyrus.Start(cyrus.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Stop)
		return mailHost{c.Address, c.CA.PEM, "", true, c.Inspect}
	}
	all["courier"] = func(t *testing.T) mailHost {
		c, err := courier.Start(courier.Options{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Stop)
		return mailHost{c.Address, c.CA.PEM, "INBOX.", true, c.Inspect}
	}
	return all
}

// TestChanges: a second mail client changes the mailbox at random while somebody reads
// it through the pages; whenever it pauses, the pages show what the server holds: rows,
// marks, counters, what a search finds, and which letters make conversations.
func TestChanges(t *testing.T) {
	t.Parallel()
	n, pauses, seed := 160, 2, uint64(7)
	if os.Getenv("PLI_E2E_LONG") != "" {
		n, pauses, seed = 10_000, 5, uint64(time.Now().UnixNano()%1_000_000)
	}
	if v, err := strconv.Atoi(os.Getenv("PLI_CHANGES")); err == nil {
		n = v
	}
	if s, err := strconv.ParseUint(os.Getenv("PLI_SEED"), 10, 64); err == nil {
		seed = s
	}
	for name, start := range hosts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t)
			s, err := site.Start(site.Options{Dir: t.TempDir(), Address: h.address, CA: h.ca, Readers: []site.Reader{site.One(changingBox)}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Stop)
			one, err := h.inspect(changingBox)
			if err != nil {
				t.Fatal(err)
			}
			defer one.Close()
			d, err := changes.New(one, seed, changes.Options{Prefix: h.prefix, Most: 90, Clock: h.clock})
			if err != nil {
				t.Fatal(err)
			}
			r := newPaged(t, s, h.prefix)
			for range pauses {
				r.during(t, func() error { return d.Steps(n / pauses) })
				fresh, err := h.inspect(changingBox)
				if err != nil {
					t.Fatal(err)
				}
				p, err := d.Read(fresh)
				fresh.Close()
				if err != nil {
					t.Fatal(err)
				}
				for _, say := range p.Differs(r) {
					t.Error(say)
				}
				if t.Failed() {
					t.Fatalf("seed %d, %s\n%s", seed, d, s.Pli.Log())
				}
			}
			t.Logf("seed %d: %s; %d pages meanwhile, %d told of something gone", seed, d, r.pages.Load(), r.gone.Load())
		})
	}
}

// paged is the mailbox as the pages show it, for changes.View.
type paged struct {
	s           *site.Site
	v           *visitor.Visitor // who looks when the other client pauses
	inbox       string
	prefix      string // of the names of folders, which the rail leaves out
	pages, gone atomic.Int64
}

func newPaged(t *testing.T, s *site.Site, prefix string) *paged {
	t.Helper()
	v, p, err := s.SignIn("martin")
	if err != nil {
		t.Fatal(err)
	}
	return &paged{s: s, v: v, inbox: s.Base + p.Attr("folder-inbox", "href"), prefix: prefix}
}

var (
	railRE    = regexp.MustCompile(`(?s)^[^>]*class="rail-link[^"]*"[^>]*href="([^"]+)"[^>]*>.*?<span class="rail-label">(.*?)</span>\s*<span class="count"[^>]*>(.*)$`)
	numberRE  = regexp.MustCompile(`aria-hidden="true">([0-9\x{00a0}\x{202f} ]+)<`)
	lettersRE = regexp.MustCompile(`(?s)<li class="row( is-unread)?" data-testid="letter-row" data-uid="(\d+)"( data-flagged)?>(.*?)</li>`)
	hrefRE    = regexp.MustCompile(`class="row-link" href="([^"]+)"`)
	subjectRE = regexp.MustCompile(`(?s)data-testid="row-subject"[^>]*>(.*?)</span>`)
)

// rail gives each folder's address and how many unread letters stand beside it.
func (p *paged) rail() (map[string]string, map[string]uint32, error) {
	page, err := p.v.Get(p.inbox)
	if err != nil || page.Status != 200 {
		return nil, nil, fmt.Errorf("the inbox answered %d: %w", status(page), err)
	}
	at, unseen := map[string]string{}, map[string]uint32{}
	for _, link := range strings.Split(page.Body, "<a ")[1:] {
		link, _, _ = strings.Cut(link, "</a>")
		m := railRE.FindStringSubmatch(link)
		if m == nil {
			continue
		}
		name := html.UnescapeString(strings.TrimSpace(m[2]))
		at[name] = p.s.Base + html.UnescapeString(m[1])
		if n := numberRE.FindStringSubmatch(m[3]); n != nil {
			digits := strings.Map(func(r rune) rune {
				if r < '0' || r > '9' {
					return -1
				}
				return r
			}, n[1])
			v, _ := strconv.ParseUint(digits, 10, 32)
			unseen[name] = uint32(v)
		} else {
			unseen[name] = 0
		}
	}
	return at, unseen, nil
}

func status(p *visitor.Page) int {
	if p == nil {
		return 0
	}
	return p.Status
}

// label is what the rail calls a folder.
func label(folder string) string {
	if folder == "INBOX" {
		return inboxLabel
	}
	return strings.TrimPrefix(folder, "INBOX.")
}

func (p *paged) Flags() []string { return []string{`\Seen`, `\Flagged`, `\Answered`} }

// Shows: what another client marked for removal is no letter any more.
func (p *paged) Shows(l changes.Letter) bool { return !strings.Contains(l.Flags, `\Deleted`) }

// Counts: the rail tells the unread alone.
func (p *paged) Counts() (map[string]changes.Count, error) {
	_, unseen, err := p.rail()
	out := map[string]changes.Count{}
	for name, n := range unseen {
		if name == inboxLabel {
			out["INBOX"] = changes.Count{Messages: changes.NotTold, Unseen: n}
			continue
		}
		out[p.prefix+name] = changes.Count{Messages: changes.NotTold, Unseen: n}
	}
	return out, err
}

// inboxLabel is what the rail calls the inbox.
const inboxLabel = "Réception"

func (p *paged) Letters(folder string) ([]changes.Letter, error) {
	at, _, err := p.rail()
	if err != nil {
		return nil, err
	}
	if at[label(folder)] == "" {
		return nil, fmt.Errorf("%s is not in the rail", folder)
	}
	rows, err := p.list(at[label(folder)])
	var out []changes.Letter
	for _, r := range rows {
		out = append(out, r.Letter)
	}
	return out, err
}

// shownRow is a row of a list, and where it leads.
type shownRow struct {
	changes.Letter
	href string
}

func rowsOf(body string) (out []shownRow) {
	for _, m := range lettersRE.FindAllStringSubmatch(body, -1) {
		uid, _ := strconv.ParseUint(m[2], 10, 32)
		var flags []string
		if m[1] == "" {
			flags = append(flags, `\Seen`)
		}
		if m[3] != "" {
			flags = append(flags, `\Flagged`)
		}
		if strings.Contains(m[4], `class="row-done"`) {
			flags = append(flags, `\Answered`)
		}
		r := shownRow{Letter: changes.Letter{UID: uint32(uid), Flags: changes.Known(flags)}}
		if s := subjectRE.FindStringSubmatch(m[4]); s != nil {
			r.Subject = html.UnescapeString(strings.TrimSpace(s[1]))
		}
		if h := hrefRE.FindStringSubmatch(m[4]); h != nil {
			r.href = html.UnescapeString(h[1])
		}
		out = append(out, r)
	}
	return out
}

// list reads a folder page by page.
func (p *paged) list(address string) (out []shownRow, err error) {
	for range 20 {
		page, err := p.v.Get(address)
		if err != nil || page.Status != 200 {
			return nil, fmt.Errorf("a list answered %d: %w", status(page), err)
		}
		out = append(out, rowsOf(page.Body)...)
		next := page.Attr("pager-next", "href")
		if next == "" {
			return out, nil
		}
		address = p.s.Base + next
	}
	return nil, fmt.Errorf("a list without an end")
}

func (p *paged) Search(folder, word string) ([]uint32, error) {
	at, _, err := p.rail()
	if err != nil {
		return nil, err
	}
	page, err := p.v.Get(p.inbox)
	if err != nil {
		return nil, err
	}
	if page, err = p.v.Press(page, "search-submit", url.Values{"words": {word}}); err != nil || page.Status != 200 {
		return nil, fmt.Errorf("a search answered %d: %w", status(page), err)
	}
	inside := strings.TrimPrefix(at[label(folder)], p.s.Base) + "/"
	var out []uint32
	for _, r := range rowsOf(page.Body) {
		if strings.HasPrefix(r.href, inside) {
			out = append(out, r.UID)
		}
	}
	slices.Sort(out)
	slices.Reverse(out)
	return out, nil
}

var (
	cardRE        = regexp.MustCompile(`data-testid="exchange-letter"`)
	titleRE       = regexp.MustCompile(`(?s)data-testid="conversation-subject"[^>]*>(.*?)</h1>`)
	cardSubjectRE = regexp.MustCompile(`(?s)class="exchange-subject"[^>]*>(.*?)</p>`)
)

// Conversations opens each that a folder lists. A card that bears no subject has that of
// the card before it, the first that of the page.
func (p *paged) Conversations() ([][]string, error) {
	at, _, err := p.rail()
	if err != nil {
		return nil, err
	}
	opened := map[string][]string{}
	for _, folder := range slices.Sorted(maps.Values(at)) {
		list := folder + "?view=conversations"
		for until := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			page, err := p.v.Get(list)
			if err != nil || page.Status != 200 {
				return nil, fmt.Errorf("a list of conversations answered %d: %w", status(page), err)
			}
			if !page.Has("index-say") {
				break
			}
			if time.Now().After(until) {
				return nil, errors.New("the mailbox is never read")
			}
		}
		rows, err := p.list(list)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			id, _, _ := strings.Cut(r.href, "?")
			if !strings.Contains(id, "/conversation/") || opened[id] != nil {
				continue
			}
			page, err := p.v.Get(p.s.Base + r.href)
			if err != nil || page.Status != 200 {
				return nil, fmt.Errorf("%s answered %d: %w", r.Subject, status(page), err)
			}
			opened[id] = subjectsOf(page.Body)
		}
	}
	return slices.Collect(maps.Values(opened)), nil
}

func subjectsOf(body string) (out []string) {
	now := ""
	if m := titleRE.FindStringSubmatch(body); m != nil {
		now = html.UnescapeString(strings.TrimSpace(m[1]))
	}
	for _, card := range cardRE.Split(body, -1)[1:] {
		if m := cardSubjectRE.FindStringSubmatch(card); m != nil {
			now = html.UnescapeString(strings.TrimSpace(m[1]))
		}
		out = append(out, now)
	}
	return out
}

// during reads pages in a session of its own until do returns: lists, and letters
// that must be those their rows named.
func (p *paged) during(t *testing.T, do func() error) {
	t.Helper()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	other := newPaged(t, p.s, p.prefix)
	wg.Go(func() {
		pick := rand.New(rand.NewPCG(3, 3))
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := other.look(pick); err != nil {
				t.Error(err)
				return
			}
		}
	})
	err := do()
	close(stop)
	wg.Wait()
	p.pages.Add(other.pages.Load())
	p.gone.Add(other.gone.Load())
	if err != nil {
		t.Fatal(err)
	}
}

func (p *paged) look(pick *rand.Rand) error {
	at, _, err := p.rail()
	if err != nil {
		return err
	}
	p.pages.Add(1)
	var all []string
	for _, a := range at {
		all = append(all, a)
	}
	slices.Sort(all)
	page, err := p.v.Get(all[pick.IntN(len(all))])
	if err != nil {
		return err
	}
	p.pages.Add(1)
	if page.Status == 404 || page.Status == 410 {
		p.gone.Add(1)
		return nil
	}
	rows := rowsOf(page.Body)
	if page.Status != 200 || len(rows) == 0 {
		return okOr(page)
	}
	r := rows[pick.IntN(len(rows))]
	letter, err := p.v.Get(p.s.Base + r.href)
	if err != nil {
		return err
	}
	p.pages.Add(1)
	if letter.Status == 404 || letter.Status == 410 {
		p.gone.Add(1)
		return nil
	}
	if err := okOr(letter); err != nil {
		return err
	}
	if !strings.Contains(html.UnescapeString(letter.Body), r.Subject) {
		return fmt.Errorf("the letter behind %q is another one", r.Subject)
	}
	return nil
}

func okOr(p *visitor.Page) error {
	if p.Status != 200 {
		return fmt.Errorf("%s answered %d", p.URL.Path, p.Status)
	}
	return nil
}
