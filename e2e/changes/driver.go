// Package changes is a second mail client that never rests: at random, but the same
// again for the same seed, it delivers, marks, moves, copies and removes letters, and
// removes, makes and renames folders, while Pli has the mailbox open. Then it reads the
// server afresh, through rawimap alone, and tells how what Pli shows differs.
package changes

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"pli.example/pli/e2e/rawimap"
)

// Place is a folder's name, as IMAP writes it and as people read it.
type Place struct{ Wire, Name string }

// Options says what the mailbox is like. Zero values are usable.
type Options struct {
	Prefix string // of names of folders beside INBOX: "INBOX." on Courier
	Most   int    // letters the mailbox holds, about: 120
	Clock  bool   // the server's UIDVALIDITY is a clock in seconds: see lull
}

// Driver is the second client; not for concurrent use.
type Driver struct {
	c     *rawimap.Client
	r     *rand.Rand
	o     Options
	seed  uint64
	here  []Place       // folders that exist, INBOX first
	gone  map[Place]int // those removed, at which step
	made  time.Time     // when a folder was made last
	in    Place         // selected
	sent  int           // letters delivered so far
	moves bool          // the server has MOVE
	steps int
	done  map[string]int
}

// A removed folder stays away for some steps. On servers whose UIDVALIDITY is a clock
// in seconds (Cyrus, Courier) no two folders are made within one: renamed to a name
// that was used before, nobody could tell the second from the first.
const (
	awaySteps = 10
	lull      = 1100 * time.Millisecond
)

// Words are in subjects, two in each: what a search looks for.
var Words = []string{"biologie", "ordonnance", "liaison", "scanner", "bilan", "avis"}

// New signs nobody in: c is an open mailbox. It makes the folders it plays with.
func New(c *rawimap.Client, seed uint64, o Options) (*Driver, error) {
	if o.Most == 0 {
		o.Most = 120
	}
	d := &Driver{c: c, r: rand.New(rand.NewPCG(seed, 5)), o: o, seed: seed, gone: map[Place]int{}, done: map[string]int{}}
	caps, err := c.Do("CAPABILITY")
	if err != nil {
		return nil, err
	}
	d.moves = bytes.Contains(bytes.ToUpper(bytes.Join(caps.Untagged, nil)), []byte(" MOVE"))
	d.here = []Place{{"INBOX", "INBOX"}}
	for _, p := range []Place{{"Suivi", "Suivi"}, {"Bilans", "Bilans"}, {"Radio du genou", "Radio du genou"}, {"&AMk-t&AOk-", "Été"}} {
		p = Place{o.Prefix + p.Wire, o.Prefix + p.Name}
		if err := d.create(p); err != nil {
			return nil, err
		}
		d.here = append(d.here, p)
	}
	return d, d.open(d.here[0])
}

// Steps makes n changes.
func (d *Driver) Steps(n int) error {
	for range n {
		err := d.step()
		if err != nil && stumbled(err) && d.done[stumbles] < 5+d.steps/100 {
			err = d.recover()
		}
		if err != nil {
			return fmt.Errorf("seed %d, after %s: %w", d.seed, d, err)
		}
	}
	return nil
}

// stumbles are changes the server failed to make, as it said itself.
const stumbles = "failures of the server"

// stumbled: Dovecot fails now and then when a folder that others have open goes away,
// or came back.
func stumbled(err error) bool {
	return strings.Contains(err.Error(), "[SERVERBUG]") || strings.Contains(err.Error(), "deleted under us")
}

// recover finds out what the server made of a change it failed at.
func (d *Driver) recover() error {
	d.done[stumbles]++
	listed, err := d.c.Folders()
	if err != nil {
		return err
	}
	all := append(slices.Clone(d.here), d.away()...)
	d.here = nil
	for _, p := range all {
		there := slices.ContainsFunc(listed, func(f rawimap.Folder) bool { return f.Name == p.Wire })
		switch _, before := d.gone[p]; {
		case there:
			d.here = append(d.here, p)
			delete(d.gone, p)
		case !before:
			d.gone[p] = d.steps
		}
	}
	return d.open(d.here[0])
}

// String tells what was done so far.
func (d *Driver) String() string {
	var out []string
	total := 0
	for what, n := range d.done {
		out = append(out, fmt.Sprintf("%d %s", n, what))
		total += n
	}
	slices.Sort(out)
	return fmt.Sprintf("%d changes (%s)", total, strings.Join(out, ", "))
}

// act is one kind of change: its share of all, and whether it takes letters.
type act struct {
	what    string
	share   int
	letters bool
	do      func(d *Driver, uids []uint32) error
}

var acts = []act{
	{"deliveries", 28, false, (*Driver).deliver},
	{"flags", 26, true, (*Driver).flag},
	{"moves", 14, true, (*Driver).move},
	{"copies", 8, true, (*Driver).copy},
	{"removals", 22, true, (*Driver).remove},
	{"folders removed", 1, false, (*Driver).drop},
	{"folders renamed", 1, false, (*Driver).rename},
}

func (d *Driver) step() error {
	d.steps++
	if err := d.bringBack(); err != nil {
		return err
	}
	if d.r.IntN(4) == 0 {
		if err := d.open(d.here[d.r.IntN(len(d.here))]); err != nil {
			return err
		}
	}
	uids, err := d.c.Search("ALL")
	if err != nil {
		return err
	}
	slices.Sort(uids)
	a := d.choose(len(uids))
	if a.letters {
		uids = d.some(uids)
	}
	d.done[a.what]++
	if err := a.do(d, uids); err != nil {
		return fmt.Errorf("%s in %s: %w", a.what, d.in.Name, err)
	}
	return nil
}

// choose takes an act by the shares; a folder too full or empty decides itself.
func (d *Driver) choose(letters int) act {
	most := d.o.Most / 3
	for {
		at := d.r.IntN(100)
		for _, a := range acts {
			if at -= a.share; at >= 0 {
				continue
			}
			if a.letters && letters == 0 || !a.letters && a.what == "deliveries" && letters > most {
				break // again
			}
			return a
		}
	}
}

// some takes one letter, or now and then a handful.
func (d *Driver) some(uids []uint32) []uint32 {
	n := 1
	if d.r.IntN(5) == 0 {
		n = 1 + d.r.IntN(min(len(uids), 12))
	}
	d.r.Shuffle(len(uids), func(i, j int) { uids[i], uids[j] = uids[j], uids[i] })
	return uids[:n]
}

func (d *Driver) open(p Place) error {
	_, _, err := d.c.Select(p.Wire)
	d.in = p
	return err
}

// other is a folder beside the open one.
func (d *Driver) other() Place {
	for {
		if p := d.here[d.r.IntN(len(d.here))]; p != d.in {
			return p
		}
	}
}

func set(uids []uint32) string {
	var out []string
	for _, u := range uids {
		out = append(out, fmt.Sprint(u))
	}
	return strings.Join(out, ",")
}

// deliver adds a letter; every second one answers an earlier one, wherever it lies.
func (d *Driver) deliver([]uint32) error {
	d.sent++
	at := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(d.sent) * time.Minute)
	one, two := Words[d.r.IntN(len(Words))], Words[d.r.IntN(len(Words))]
	var raw strings.Builder
	fmt.Fprintf(&raw, "From: Paul Petit <paul%d@chu.test.mssante.fr>\r\nTo: anne@cabinet.test.mssante.fr\r\nSubject: %s %s %d\r\n", d.sent%7, one, two, d.sent)
	fmt.Fprintf(&raw, "Date: %s\r\nMessage-ID: %s\r\n", at.Format(time.RFC1123Z), d.id(d.sent))
	if d.sent > 1 && d.r.IntN(2) == 0 {
		before := d.id(1 + d.r.IntN(d.sent-1))
		fmt.Fprintf(&raw, "In-Reply-To: %[1]s\r\nReferences: %[1]s\r\n", before)
	}
	fmt.Fprintf(&raw, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nLettre %d.\r\n", d.sent)
	var flags []string
	for _, f := range []string{`\Seen`, `\Flagged`} {
		if d.r.IntN(3) == 0 {
			flags = append(flags, f)
		}
	}
	return d.c.Append(d.in.Wire, flags, at, []byte(raw.String()))
}

func (d *Driver) id(n int) string { return fmt.Sprintf("<%d.%d@changes.test>", n, d.seed) }

func (d *Driver) flag(uids []uint32) error {
	sign := []string{"+", "-"}[d.r.IntN(2)]
	flag := []string{`\Seen`, `\Seen`, `\Flagged`, `\Answered`, `\Deleted`}[d.r.IntN(5)]
	return d.do("UID STORE %s %sFLAGS.SILENT (%s)", set(uids), sign, flag)
}

func (d *Driver) move(uids []uint32) error {
	to := rawimap.Quote(d.other().Wire)
	if d.moves {
		return d.do("UID MOVE %s %s", set(uids), to)
	}
	if err := d.do("UID COPY %s %s", set(uids), to); err != nil {
		return err
	}
	return d.remove(uids)
}

func (d *Driver) copy(uids []uint32) error {
	return d.do("UID COPY %s %s", set(uids), rawimap.Quote(d.other().Wire))
}

func (d *Driver) remove(uids []uint32) error {
	if err := d.do(`UID STORE %s +FLAGS.SILENT (\Deleted)`, set(uids)); err != nil {
		return err
	}
	if d.r.IntN(8) == 0 {
		return d.do("EXPUNGE") // as careless clients do: what others marked goes too
	}
	return d.do("UID EXPUNGE %s", set(uids))
}

// drop removes a folder with all it holds; it comes back empty, and new.
func (d *Driver) drop([]uint32) error {
	at := d.victim()
	if at < 0 {
		return nil
	}
	p := d.here[at]
	if err := d.do("DELETE %s", rawimap.Quote(p.Wire)); err != nil {
		return err
	}
	d.here = slices.Delete(d.here, at, at+1)
	d.gone[p] = d.steps
	return nil
}

// rename gives a folder the name of one that was removed.
func (d *Driver) rename([]uint32) error {
	for _, to := range d.away() {
		at := d.victim()
		if at < 0 || !d.free(to) {
			return nil
		}
		p := d.here[at]
		if err := d.do("RENAME %s %s", rawimap.Quote(p.Wire), rawimap.Quote(to.Wire)); err != nil {
			return err
		}
		d.here[at] = to
		delete(d.gone, to)
		d.gone[p] = d.steps
		return nil
	}
	return nil
}

// victim is a folder nobody here has open, INBOX aside; at least two others stay.
func (d *Driver) victim() int {
	if len(d.here) < 4 {
		return -1
	}
	if d.in != d.here[0] {
		if d.open(d.here[0]) != nil {
			return -1
		}
	}
	return 1 + d.r.IntN(len(d.here)-1)
}

// away are the removed folders, in an order of their own: a map has none.
func (d *Driver) away() []Place {
	var out []Place
	for p := range d.gone {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Place) int { return strings.Compare(a.Wire, b.Wire) })
	return out
}

// free says that a removed folder was away for long enough.
func (d *Driver) free(p Place) bool { return d.steps-d.gone[p] >= awaySteps }

// create makes a folder, in a second of its own where that matters: what is done must
// not depend on the clock, so it waits.
func (d *Driver) create(p Place) error {
	if d.o.Clock {
		time.Sleep(lull - time.Since(d.made))
	}
	d.made = time.Now()
	return d.do("CREATE %s", rawimap.Quote(p.Wire))
}

// bringBack makes the folders anew that were away for long enough.
func (d *Driver) bringBack() error {
	for _, p := range d.away() {
		if d.r.IntN(3) > 0 || !d.free(p) {
			continue
		}
		if err := d.create(p); err != nil {
			return err
		}
		delete(d.gone, p)
		d.here = append(d.here, p)
		d.done["folders made anew"]++
	}
	return nil
}

func (d *Driver) do(format string, args ...any) error {
	_, err := d.c.Do(fmt.Sprintf(format, args...))
	return err
}
