package changes

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"pli.example/pli/e2e/rawimap"
)

// Letter is what every reader of a mailbox must agree on.
type Letter struct {
	UID     uint32
	Flags   string // those of known, in their order
	Subject string
	id      string
	before  []string // message ids it answers
}

// Count is a folder's counters; Messages may be NotTold.
type Count struct{ Messages, Unseen uint32 }

// NotTold stands for a counter a view does not show.
const NotTold = ^uint32(0)

// View is the mailbox as Pli shows it. Folders go by the names people read.
type View interface {
	Flags() []string     // of Flags, those it tells
	Shows(l Letter) bool // false: this one, marked so, it leaves out
	Counts() (map[string]Count, error)
	Letters(folder string) ([]Letter, error)               // all, newest first
	Search(folder, word string) (uids []uint32, err error) // in subjects, newest first
}

// Threads is what a View also is once it shows conversations: of each, the subjects of
// its letters, in any order; no two letters of the driver's have one subject, but copies.
type Threads interface {
	Conversations() ([][]string, error)
}

// Picture is the mailbox read afresh from the server.
type Picture struct {
	folders map[string][]Letter // newest first
	told    map[string]Count    // by the server's STATUS, which Dovecot now and then gets wrong after a RENAME
	found   map[string][]uint32 // "folder/word" → newest first
}

// Flags are those the driver plays with.
func Flags() []string { return []string{`\Seen`, `\Flagged`, `\Answered`, `\Deleted`} }

// Known keeps of some flags those the driver plays with, so that readers can be
// compared.
func Known(flags []string) string { return only(Flags(), flags) }

func only(these, flags []string) string {
	var out []string
	for _, k := range these {
		if slices.ContainsFunc(flags, func(f string) bool { return strings.EqualFold(f, k) }) {
			out = append(out, k)
		}
	}
	return strings.Join(out, " ")
}

// Read reads every folder of the driver's through a client that never saw the
// mailbox.
func (d *Driver) Read(fresh *rawimap.Client) (*Picture, error) {
	p := &Picture{folders: map[string][]Letter{}, told: map[string]Count{}, found: map[string][]uint32{}}
	for _, f := range d.here {
		var err error
		if p.told[f.Name], err = status(fresh, f); err != nil {
			return nil, err
		}
		if _, err := fresh.Do("EXAMINE " + rawimap.Quote(f.Wire)); err != nil {
			return nil, err
		}
		letters, err := letters(fresh)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		p.folders[f.Name] = letters
		for _, w := range Words {
			uids, err := fresh.Search("SUBJECT " + rawimap.Quote(w))
			if err != nil {
				return nil, err
			}
			slices.Sort(uids)
			slices.Reverse(uids)
			p.found[f.Name+"/"+w] = uids
		}
	}
	return p, nil
}

var (
	uidRE   = regexp.MustCompile(`\bUID (\d+)`)
	flagsRE = regexp.MustCompile(`FLAGS \(([^)]*)\)`)
	fieldRE = regexp.MustCompile(`(?im)^(subject|message-id|in-reply-to|references): *(.*?)\r?$`)
	idRE    = regexp.MustCompile(`<[^<>\s]+>`)
)

var statusRE = regexp.MustCompile(`(MESSAGES|UNSEEN) (\d+)`)

// status asks for a folder's counters before it is opened.
func status(c *rawimap.Client, f Place) (out Count, err error) {
	r, err := c.Do("STATUS " + rawimap.Quote(f.Wire) + " (MESSAGES UNSEEN)")
	if err != nil {
		return out, err
	}
	for _, line := range r.Untagged {
		for _, m := range statusRE.FindAllSubmatch(line, -1) {
			into := map[string]*uint32{"MESSAGES": &out.Messages, "UNSEEN": &out.Unseen}[string(m[1])]
			fmt.Sscan(string(m[2]), into)
		}
	}
	return out, nil
}

// letters reads the selected folder.
func letters(c *rawimap.Client) ([]Letter, error) {
	all, err := c.Search("ALL")
	if err != nil || len(all) == 0 {
		return nil, err
	}
	r, err := c.Do("UID FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES)])")
	if err != nil {
		return nil, err
	}
	var out []Letter
	for _, line := range r.Untagged {
		s := string(line)
		uid, flags := uidRE.FindStringSubmatch(s), flagsRE.FindStringSubmatch(s)
		if uid == nil || flags == nil || !strings.Contains(s, "FETCH (") {
			continue
		}
		l := Letter{Flags: Known(strings.Fields(flags[1]))}
		fmt.Sscan(uid[1], &l.UID)
		for _, f := range fieldRE.FindAllStringSubmatch(s, -1) {
			switch strings.ToLower(f[1]) {
			case "subject":
				l.Subject = f[2]
			case "message-id":
				l.id = f[2]
			default:
				l.before = append(l.before, idRE.FindAllString(f[2], -1)...)
			}
		}
		out = append(out, l)
	}
	if len(out) != len(all) {
		return nil, fmt.Errorf("%d letters found, %d read", len(all), len(out))
	}
	slices.SortFunc(out, func(a, b Letter) int { return int(b.UID) - int(a.UID) })
	return out, nil
}

// Folders are the names of the picture's folders, sorted.
func (p *Picture) Folders() []string {
	var out []string
	for name := range p.folders {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Letters is how many letters the picture holds.
func (p *Picture) Letters() (n int) {
	for _, l := range p.folders {
		n += len(l)
	}
	return n
}

// Differs tells where a view shows something else than the server holds. An error of
// the view is one of the differences.
func (p *Picture) Differs(v View) (out []string) {
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	counts, err := v.Counts()
	if err != nil {
		add("counters: %v", err)
	}
	for _, name := range p.Folders() {
		want := p.folders[name]
		unseen := uint32(0)
		for _, l := range want {
			if !strings.Contains(l.Flags, `\Seen`) {
				unseen++
			}
		}
		if c := (Count{uint32(len(want)), unseen}); err == nil {
			told := p.told[name]
			if counts[name].Messages == NotTold {
				c.Messages, told.Messages = NotTold, NotTold
			}
			if counts[name] != c && counts[name] != told {
				add("%s: counters %+v, the server has %+v", name, counts[name], c)
			}
		}
		got, err := v.Letters(name)
		if err != nil {
			add("%s: list: %v", name, err)
			continue
		}
		want, hidden := seenBy(v, want)
		for _, d := range between(got, want) {
			add("%s: %s", name, d)
		}
		for _, w := range Words {
			uids, err := v.Search(name, w)
			want := slices.DeleteFunc(slices.Clone(p.found[name+"/"+w]), func(uid uint32) bool { return hidden[uid] })
			if err != nil || !slices.Equal(uids, want) {
				add("%s: search for %s: %v (%v), the server finds %v", name, w, uids, err, want)
			}
		}
	}
	for name := range counts {
		if _, there := p.folders[name]; !there && slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(name, n) }) {
			add("%s: shown, the server has no such folder", name)
		}
	}
	if t, ok := v.(Threads); ok {
		got, err := t.Conversations()
		want := p.Conversations(v.Shows)
		if err != nil || !slices.EqualFunc(sorted(got), want, slices.Equal) {
			add("conversations: %d (%v), the server's letters make %d; shown alone %q, there alone %q", len(got), err, len(want), without(got, want), without(want, got))
		}
	}
	return out
}

// seenBy is a list as a view may show it, and which letters it leaves out.
func seenBy(v View, all []Letter) (out []Letter, hidden map[uint32]bool) {
	hidden = map[uint32]bool{}
	for _, l := range all {
		if !v.Shows(l) {
			hidden[l.UID] = true
			continue
		}
		l.Flags = only(v.Flags(), strings.Fields(l.Flags))
		out = append(out, l)
	}
	return out, hidden
}

// names are those the driver removes and makes anew.
var names = []string{"Suivi", "Bilans", "Radio du genou", "Été"}

// between compares two lists, newest first.
func between(got, want []Letter) (out []string) {
	if len(got) != len(want) {
		out = append(out, fmt.Sprintf("%d letters shown, the server has %d", len(got), len(want)))
	}
	for i := range min(len(got), len(want)) {
		g, w := got[i], want[i]
		if g.UID != w.UID || g.Flags != w.Flags || g.Subject != w.Subject {
			out = append(out, fmt.Sprintf("row %d: %d [%s] %q, the server has %d [%s] %q", i+1, g.UID, g.Flags, g.Subject, w.UID, w.Flags, w.Subject))
			if len(out) > 3 {
				break
			}
		}
	}
	return out
}

// without gives what one has and the other has not.
func without(these, those [][]string) (out [][]string) {
	for _, g := range these {
		if !slices.ContainsFunc(those, func(o []string) bool { return slices.Equal(g, o) }) {
			out = append(out, g)
		}
	}
	return out
}

// Conversations are the subjects of the mailbox's letters, those together that answer
// one another (RFC 5322 §3.6.4), also through a letter that is there no more, or that is
// not shown; // copies of one letter in several folders count once, two in one folder twice. Sorted.
func (p *Picture) Conversations(shows func(Letter) bool) [][]string {
	parent := map[string]string{}
	var root func(id string) string
	root = func(id string) string {
		up, ok := parent[id]
		if !ok || up == id {
			parent[id] = id
			return id
		}
		up = root(up)
		parent[id] = up
		return up
	}
	subjects, times := map[string]string{}, map[string]int{} // by message id
	for _, letters := range p.folders {
		here := map[string]int{}
		for _, l := range letters {
			if shows(l) {
				here[l.id]++
				subjects[l.id], times[l.id] = l.Subject, max(times[l.id], here[l.id])
			}
			root(l.id)
			for _, b := range l.before {
				parent[root(l.id)] = root(b)
			}
		}
	}
	groups := map[string][]string{}
	for id, n := range times {
		for range n {
			groups[root(id)] = append(groups[root(id)], subjects[id])
		}
	}
	var out [][]string
	for _, g := range groups {
		out = append(out, g)
	}
	return sorted(out)
}

func sorted(groups [][]string) [][]string {
	for _, g := range groups {
		slices.Sort(g)
	}
	slices.SortFunc(groups, slices.Compare)
	return groups
}
