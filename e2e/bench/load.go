package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/rawimap"
	"pli.example/pli/e2e/site"
	"pli.example/pli/e2e/visitor"
)

// What people do, in this order and again: each step is one page, and, raw, the
// commands that page needs.
var steps = []string{"list", "letter", "letter", "older", "letter", "list", "letter", "search"}

const (
	loadDomain  = "charge.test"
	loadLetters = 600 // of those who read
	idleLetters = 60  // of those who do not
	loadShare   = 0.35
)

// loadOptions says how many and how long.
type loadOptions struct {
	users, idle int
	lasting     time.Duration
	tolerant    bool
}

// loadWorld is Dovecot and Pli with a mailbox for each person.
type loadWorld struct {
	loadOptions
	dovecot *dovecot.Server
	site    *site.Site
	readers []site.Reader
	missed  int
}

// load lets many people read at once, then be there without reading, on the same
// cores as the server.
func load(o loadOptions) error {
	w := &loadWorld{loadOptions: o, readers: site.Many(max(o.users, o.idle), loadDomain)}
	root, err := w.prepare()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "pli-l-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var boxes []string
	for _, r := range w.readers {
		boxes = append(boxes, r.Mailbox)
	}
	if w.dovecot, err = dovecot.Start(dovecot.Options{Dir: dir, Mailboxes: boxes, Separator: "/", MaildirRoot: root}); err != nil {
		return err
	}
	defer w.dovecot.Stop()
	for _, part := range []func(dir string) error{w.browsing, w.resting} {
		sub, err := os.MkdirTemp(dir, "p")
		if err != nil {
			return err
		}
		if w.site, err = site.Start(site.Options{Dir: sub, Address: w.dovecot.Address, CA: w.dovecot.CA.PEM, Readers: w.readers}); err != nil {
			return err
		}
		err = part(sub)
		log := w.site.Pli.Log()
		w.site.Stop()
		if err != nil {
			return fmt.Errorf("%w\n%s", err, log)
		}
	}
	if w.missed > 0 && !o.tolerant {
		return fmt.Errorf("%d numbers miss their bound", w.missed)
	}
	return nil
}

// prepare generates the mailboxes, once per machine and generator.
func (w *loadWorld) prepare() (root string, err error) {
	root = filepath.Join(os.TempDir(), fmt.Sprintf("pli-bench-load-v%d-%d-%d", generator, w.users, len(w.readers)))
	if _, err := os.Stat(filepath.Join(root, "ready")); err == nil {
		return root, nil
	}
	if err := os.RemoveAll(root); err != nil {
		return "", err
	}
	for i, r := range w.readers {
		home, n := filepath.Join(root, r.Mailbox), idleLetters
		if i < w.users {
			n = loadLetters
		}
		if err := os.MkdirAll(home, 0o755); err != nil {
			return "", err
		}
		if err := generate(filepath.Join(home, "Maildir"), n, small); err != nil {
			return "", err
		}
		if err := dovecot.Own(home); err != nil {
			return "", err
		}
	}
	return root, os.WriteFile(filepath.Join(root, "ready"), []byte("1\n"), 0o644)
}

// small is letter without the one that holds a large file.
func small(uid, n int) ([]byte, time.Time) { return letter(uid+bigLetter, n+3*bigLetter) }

// person is somebody who reads: through pages, or raw.
type person struct {
	r     *rand.Rand
	took  map[string][]time.Duration
	spent int // errors
	err   error
}

func newPerson(i int) *person {
	return &person{r: rand.New(rand.NewPCG(6, uint64(i))), took: map[string][]time.Duration{}}
}

// during repeats the steps until the time is over.
func (p *person) during(lasting time.Duration, do func(step string) error) {
	end := time.Now().Add(lasting)
	for n := p.r.IntN(len(steps)); time.Now().Before(end); n++ {
		step := steps[n%len(steps)]
		began := time.Now()
		if err := do(step); err != nil {
			p.err = err
			if p.spent++; p.spent > 20 {
				return
			}
			continue
		}
		p.took[step] = append(p.took[step], time.Since(began))
	}
}

// crowd runs everybody at once and adds up what they did.
func (w *loadWorld) crowd(lasting time.Duration, one func(i int, p *person) (func(step string) error, error)) (tally, error) {
	all := make([]*person, w.users)
	do := make([]func(string) error, w.users)
	for i := range all {
		all[i] = newPerson(i)
		var err error
		if do[i], err = one(i, all[i]); err != nil {
			return tally{}, err
		}
	}
	before, err := w.clocks()
	if err != nil {
		return tally{}, err
	}
	began := time.Now()
	var wg sync.WaitGroup
	for i, p := range all {
		wg.Go(func() { p.during(lasting, do[i]) })
	}
	wg.Wait()
	t := tally{took: map[string][]time.Duration{}, lasting: time.Since(began)}
	after, err := w.clocks()
	if err != nil {
		return tally{}, err
	}
	for i := range after {
		t.cpu[i] = after[i] - before[i]
	}
	for _, p := range all {
		t.errors += p.spent
		if p.err != nil {
			t.err = p.err
		}
		for step, took := range p.took {
			t.took[step] = append(t.took[step], took...)
			t.all = append(t.all, took...)
		}
	}
	return t, nil
}

// tally is what a crowd did.
type tally struct {
	took    map[string][]time.Duration
	all     []time.Duration
	lasting time.Duration
	cpu     [3]time.Duration // Pli, Dovecot, the crowd itself
	errors  int
	err     error
}

func (t tally) rate() float64 { return float64(len(t.all)) / t.lasting.Seconds() }

func (w *loadWorld) clocks() (out [3]time.Duration, err error) {
	if out[0], err = w.site.Pli.CPU(); err != nil {
		return out, err
	}
	out[1] = w.dovecot.CPU()
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		return out, err
	}
	out[2] = time.Duration(own.Utime.Nano() + own.Stime.Nano())
	return out, nil
}

// browsing is Show 2's first half: raw, then through Pli, then raw again.
func (w *loadWorld) browsing(string) error {
	half := w.lasting / 2
	var raw [2]tally
	var pages tally
	for i, part := range []struct {
		lasting time.Duration
		one     func(int, *person) (func(string) error, error)
		into    *tally
	}{{half, w.rawly, &raw[0]}, {w.lasting, w.paging, &pages}, {half, w.rawly, &raw[1]}} {
		t, err := w.crowd(part.lasting, part.one)
		if err != nil {
			return fmt.Errorf("part %d: %w", i+1, err)
		}
		*part.into = t
	}
	floor := (raw[0].rate() + raw[1].rate()) / 2
	fmt.Printf("\n%d people reading as fast as they can, %s, on the cores of Dovecot and of the people themselves (issue 5)\n", w.users, w.lasting)
	fmt.Printf("%-10s %8s %9s %9s %9s   raw: %9s %9s %9s\n", "page", "n", "p50", "p95", "p99", "p50", "p95", "p99")
	for _, step := range []string{"list", "older", "letter", "search", ""} {
		name, a, b := step, pages.took[step], append(slices.Clone(raw[0].took[step]), raw[1].took[step]...)
		if step == "" {
			name, a, b = "all", pages.all, append(slices.Clone(raw[0].all), raw[1].all...)
		}
		if len(a) == 0 || len(b) == 0 {
			return fmt.Errorf("nobody did %q: %w", name, errors.Join(pages.err, raw[0].err, raw[1].err))
		}
		fmt.Printf("%-10s %8d %9.2f %9.2f %9.2f        %9.2f %9.2f %9.2f\n", name, len(a), ms(percentile(a, .5)), ms(percentile(a, .95)), ms(percentile(a, .99)),
			ms(percentile(b, .5)), ms(percentile(b, .95)), ms(percentile(b, .99)))
	}
	n := time.Duration(len(pages.all))
	fmt.Printf("processor time of a page: Pli %.2f ms, Dovecot %.2f ms, the people %.2f ms; raw: Dovecot %.2f ms, the people %.2f ms\n", ms(pages.cpu[0]/n), ms(pages.cpu[1]/n), ms(pages.cpu[2]/n),
		ms(raw[0].cpu[1]/time.Duration(len(raw[0].all))), ms(raw[0].cpu[2]/time.Duration(len(raw[0].all))))
	share := pages.rate() / floor
	w.say("pages per second", share >= loadShare, "%.0f of %.0f raw (the same mix, each page's commands one operation): %.0f %%, bound %.0f %%", pages.rate(), floor, 100*share, 100*loadShare)
	w.say("errors", pages.errors == 0 && raw[0].errors+raw[1].errors == 0, "%d of %d pages, %d raw%s", pages.errors, len(pages.all), raw[0].errors+raw[1].errors, because(errors.Join(pages.err, raw[0].err, raw[1].err)))
	return nil
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

func (w *loadWorld) say(what string, ok bool, says string, args ...any) {
	verdict := "ok"
	if !ok {
		verdict = "MISS"
		w.missed++
	}
	fmt.Printf("%-46s %-5s %s\n", what, verdict, fmt.Sprintf(says, args...))
}

// rawly is one person's connection, with exactly the commands of each page.
func (w *loadWorld) rawly(i int, p *person) (func(string) error, error) {
	c, err := w.dovecot.Inspect(w.readers[i].Mailbox)
	if err != nil {
		return nil, err
	}
	if _, _, err := c.Select("INBOX"); err != nil {
		return nil, err
	}
	return func(step string) error {
		for _, command := range rawStep(step, p.r) {
			if _, err := c.Do(command); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func rawStep(step string, r *rand.Rand) []string {
	switch step {
	case "list":
		return []string{counters, fmt.Sprintf("FETCH %d:* %s", loadLetters-49, flagItems)}
	case "older":
		return []string{counters, fmt.Sprintf("FETCH %d:%d %s", loadLetters-99, loadLetters-50, flagItems)}
	case "search":
		w := rawimap.Quote(families[r.IntN(len(families))])
		return []string{counters, fmt.Sprintf("UID SEARCH RETURN (ALL) OR OR FROM %[1]s SUBJECT %[1]s OR TO %[1]s CC %[1]s", w),
			fmt.Sprintf("FETCH %d:%d %s", loadLetters-199, loadLetters-150, flagItems)}
	}
	uid := loadLetters - r.IntN(100)
	return []string{fmt.Sprintf("UID FETCH %d (UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER])", uid), fmt.Sprintf("UID FETCH %d (BODY.PEEK[TEXT])", uid)}
}

var rowLinkRE = regexp.MustCompile(`class="row-link"[^>]*href="([^"]+)"`)

// paging is one person's browser: letters are opened by a click, the letter and then
// its frame.
func (w *loadWorld) paging(i int, p *person) (func(string) error, error) {
	v, first, err := w.site.SignIn(w.readers[i].Key)
	if err != nil {
		return nil, err
	}
	inbox := w.site.Base + first.Attr("folder-inbox", "href")
	box := w.site.Base + strings.Join(strings.Split(first.Attr("folder-inbox", "href"), "/")[:3], "/")
	var letters []string
	for _, at := range []string{inbox, inbox + "?page=2"} {
		page, err := v.Get(at)
		if err != nil {
			return nil, err
		}
		for _, m := range rowLinkRE.FindAllStringSubmatch(page.Body, -1) {
			letters = append(letters, w.site.Base+strings.ReplaceAll(m[1], "&amp;", "&"))
		}
	}
	if len(letters) < 100 {
		return nil, fmt.Errorf("%d letters in the list of %s", len(letters), w.readers[i].Mailbox)
	}
	return func(step string) error {
		switch step {
		case "list":
			return fetch(v, inbox)
		case "older":
			return fetch(v, inbox+"?page=2")
		case "search":
			return find(v, w.site.Base, box, families[p.r.IntN(len(families))])
		}
		at := letters[p.r.IntN(100)]
		err := fetch(v, at, func(r *http.Request) {
			r.Header.Set("HX-Request", "true")
			r.Header.Set("Sec-Fetch-Dest", "empty")
			r.Header.Set("Sec-Fetch-Mode", "cors")
		})
		if err != nil {
			return err
		}
		body, _, _ := strings.Cut(at, "?")
		return fetch(v, body+"/body", func(r *http.Request) { r.Header.Set("Sec-Fetch-Dest", "iframe") })
	}, nil
}

func find(v *visitor.Visitor, base, box, words string) error {
	req, err := v.Request("POST", box+"/search", url.Values{"words": {words}})
	if err != nil {
		return err
	}
	res, err := v.Send(req)
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("a search answered %d", res.StatusCode)
	}
	return fetch(v, base+res.Header.Get("Location"))
}

// fetch reads one address as a browser does, compressed.
func fetch(v *visitor.Visitor, address string, changes ...func(*http.Request)) error {
	req, err := v.Request("GET", address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	for _, change := range changes {
		change(req)
	}
	res, err := v.Send(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %d", req.URL.Path, res.StatusCode)
	}
	return err
}
