package mailbox

import (
	"maps"
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
)

// known is what does not change from one listing of the folders to the next.
type known struct {
	name  string
	delim rune
	role  mailserver.Role
}

// named is what the ids of one mailbox stand for, as long as a session uses it.
type named struct {
	folders  map[string]known // by opaque id
	sessions map[string]bool  // that listed them
}

// openedKey is one letter opened by one session.
type openedKey struct {
	session, box string
	ref          Ref
}

// openedLately is a letter recorded as opened a moment ago.
type openedLately struct {
	at       time.Time
	pictures []string // parts its frame shows by itself
}

// Bounds of what the house remembers.
const (
	maxNamedBoxes = 500
	maxOpened     = 5000
	maxPictures   = 200 // of one letter
	openedFor     = 15 * time.Minute
	droppedFor    = 10 * time.Minute // an act still under way must not bring back what was dropped
)

// Drop forgets what a session made the house remember: the letters it opened, the
// exchanges it looked at, the indexes of its mailboxes and, with the last session of a mailbox, the names of its folders, which may name a
// patient.
func (h *House) Drop(sessionID string) {
	now := h.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	maps.DeleteFunc(h.dropped, func(_ string, at time.Time) bool { return now.Sub(at) > droppedFor })
	h.dropped[sessionID] = now
	h.dropIndexes(sessionID)
	h.dropBulksLocked(sessionID)
	maps.DeleteFunc(h.gathered, func(k gatherKey, _ *collection) bool { return k.session == sessionID })
	maps.DeleteFunc(h.relisted, func(k relistedKey, _ relisted) bool { return k.session == sessionID })
	maps.DeleteFunc(h.watched, func(k watchedKey, _ bool) bool { return k.session == sessionID })
	maps.DeleteFunc(h.opened, func(k openedKey, _ openedLately) bool { return k.session == sessionID })
	for box, n := range h.names {
		if delete(n.sessions, sessionID); len(n.sessions) == 0 {
			delete(h.names, box)
		}
	}
}

// learn remembers which name an id stands for. It is only a memory: access was
// checked when the Box was opened, and ids of another mailbox do not open here.
func (b *Box) learn(folders []mailserver.Folder) {
	all := make(map[string]known, len(folders))
	for _, f := range folders {
		all[b.folderID(f.Name)] = known{f.Name, f.Delim, f.Role}
	}
	b.mu.Lock()
	b.folders = all
	b.mu.Unlock()
	h, box := b.h, b.grant.Mailbox.ID
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, gone := h.dropped[b.actor.SessionID]; gone {
		return
	}
	n, ok := h.names[box]
	if !ok {
		if len(h.names) >= maxNamedBoxes {
			for k := range h.names {
				delete(h.names, k)
				break
			}
		}
		n = named{sessions: make(map[string]bool)}
	}
	n.folders, n.sessions[b.actor.SessionID] = all, true
	h.names[box] = n
}

// known tells what an id stands for, from this request's listing or the house's.
func (b *Box) known(id string) (known, bool) {
	b.mu.Lock()
	k, ok := b.folders[id]
	b.mu.Unlock()
	if ok {
		return k, ok
	}
	b.h.mu.Lock()
	defer b.h.mu.Unlock()
	k, ok = b.h.names[b.grant.Mailbox.ID].folders[id]
	return k, ok
}

// justOpened reports whether this session was recorded opening the letter a
// moment ago: the frame and the pictures of a page are one act.
func (h *House) justOpened(k openedKey) bool {
	_, ok := h.openedLately(k)
	return ok
}

// JustOpened reports whether this session's opening of the letter is in the trail
// and recent: its frame may then be served from what the page read.
func (b *Box) JustOpened(ref Ref) bool {
	return b.h.justOpened(b.openedKey(ref))
}

func (b *Box) openedKey(ref Ref) openedKey {
	return openedKey{b.actor.SessionID, b.grant.Mailbox.ID, ref}
}

// inFrame reports whether a part is a picture that the frame of a letter just
// opened shows by itself.
func (h *House) inFrame(k openedKey, path string) bool {
	o, ok := h.openedLately(k)
	return ok && slices.Contains(o.pictures, path)
}

func (h *House) openedLately(k openedKey) (openedLately, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	o, ok := h.opened[k]
	return o, ok && h.now().Sub(o.at) < openedFor
}

func (h *House) rememberOpened(k openedKey, l *Letter) {
	o := openedLately{at: h.now(), pictures: l.Content.pictures(nil)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, gone := h.dropped[k.session]; gone {
		return
	}
	if len(h.opened) >= maxOpened {
		for old, was := range h.opened {
			if o.at.Sub(was.at) >= openedFor || len(h.opened) >= maxOpened {
				delete(h.opened, old)
			}
		}
	}
	h.opened[k] = o
}

// pictures gives the parts the HTML texts show by themselves. One that is listed
// as a file is not among them: looking at it is an act of its own.
func (c Content) pictures(to []string) []string {
	var html strings.Builder
	for _, t := range c.Shown {
		if t.Part.Type == "text/html" {
			html.WriteString(t.Text)
		}
	}
	if c.Body.HTML != nil {
		listed := c.Body.Files(html.String())
		for _, p := range c.Body.Inline {
			if strings.HasPrefix(p.Type, "image/") && !slices.ContainsFunc(listed, func(f *message.Part) bool { return f.Path == p.Path }) &&
				len(to) < maxPictures {
				to = append(to, p.Path)
			}
		}
	}
	for _, n := range c.Nested {
		to = n.Content.pictures(to)
	}
	return to
}
