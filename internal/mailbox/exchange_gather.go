package mailbox

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// Bounds of collecting the exchanges of one mailbox: a mailbox of 100,000 letters is
// not walked through, and what was left out is said.
const (
	gatherFolders = 12     // folders looked through
	gatherLetters = 400    // letters of patients kept of one folder, the newest
	gatherNotices = 200    // notices of a loss kept of one folder, the newest, and as many nobody can believe: they take no letter's place
	gatherLooked  = 30_000 // letters of one folder whose header is asked about
	gatherTime    = 12 * time.Second
	gatherMore    = 2 * time.Second // at one time, to go on where a look ran out of time
	maxGathered   = 100             // mailboxes a node remembers
)

// gatherKey: what one session collected of one mailbox; it goes with the session.
type gatherKey struct{ session, box string }

// collection is what is known of a mailbox's exchanges. Letters never change for a
// given (folder, UIDVALIDITY, UID); whether they are still there is asked again unless
// UIDVALIDITY, UIDNEXT, the number of letters and HIGHESTMODSEQ all stand still.
type collection struct {
	turn    chan struct{} // one request brings it up to date at a time
	used    time.Time
	folders map[string]*collected // by opaque folder id
}

type collected struct {
	at      mailserver.Folder // its counters when it was looked at
	since   time.Time         // letters from before may be missing; zero for none
	letters map[uint32]gathered
	notices map[uint32]notice
	below   uint32     // time ended the look: it goes on with the letters below this UID; 0 for none
	looked  uint32     // letters looked at so far
	seeks   [2]seeking // of notices, by seekSought: their look ends nobody's
	flooded bool       // more notices than are kept
	// letterPace is how the server answers the question of letters: one too slow is not asked for ever.
	letterPace pace
}

// unfinished: there is more to look at, as soon as there is time.
func (c *collected) unfinished() bool {
	if c.below > 0 && !c.letterPace.stuck() {
		return true
	}
	for _, k := range c.seeks {
		if len(k.left) > 0 && !k.pace.stuck() {
			return true
		}
	}
	for _, n := range c.notices {
		if !n.read {
			return true
		}
	}
	return false
}

// slow: there is more to look at, and the server is too slow for it.
func (c *collected) slow() bool {
	slow := c.below > 0 && c.letterPace.stuck()
	for _, k := range c.seeks {
		slow = slow || len(k.left) > 0 && k.pace.stuck()
	}
	return slow
}

// blind: a notice that a letter was lost may lie there unseen.
func (c *collected) blind() bool {
	for _, n := range c.notices {
		if n.read && n.tries >= noticeTries {
			return true
		}
	}
	return c.flooded || c.since.IsZero() && (c.seeks[0].full || c.seeks[1].full)
}

// gatheredAll is what one look at a mailbox gives.
type gatheredAll struct {
	letters []gathered
	notices []notice
	// since: from then on no letter of any folder is missing. One instant for all: half an
	// exchange would say that nobody waits, or that nobody answered.
	since      time.Time
	say        string // French: what was left out
	unfinished bool   // for want of time: another look goes on
	unsure     bool   // folders were left out, or the look is unfinished
}

// add takes in what is known of one folder.
func (x *gatheredAll) add(known *collected) {
	if known.since.After(x.since) {
		x.since = known.since
	}
	x.unfinished = x.unfinished || known.unfinished()
	x.letters = slices.AppendSeq(x.letters, maps.Values(known.letters))
	x.notices = slices.AppendSeq(x.notices, maps.Values(known.notices))
}

// correspondence gives the letters to and from patients.
func (b *Box) correspondence(ctx context.Context) (gatheredAll, error) {
	l, err := b.mail.FolderList(ctx)
	if err != nil {
		return gatheredAll{}, err
	}
	b.learn(l.Folders)
	folders, left := gatherIn(l.Folders)
	c := b.h.collection(gatherKey{b.actor.SessionID, b.grant.Mailbox.ID})
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return gatheredAll{}, ctx.Err()
	}
	now := b.h.now()
	look := gathering{b: b, c: c, first: now.Add(gatherTime), more: now.Add(gatherMore)}
	var out gatheredAll
	var partly, failed, slow, blind []string
	keep := map[string]bool{}
	for _, f := range folders {
		id := b.folderID(f.Name)
		keep[id] = true
		label := b.view(f).Label
		if err := look.bringUp(ctx, id, f); err != nil {
			if ctx.Err() != nil || problem.Is(err, problem.SignInNeeded) || f.Role == mailserver.RoleInbox || f.Role == mailserver.RoleSent {
				return gatheredAll{}, err // half an exchange, again
			}
			failed = append(failed, label)
			delete(c.folders, id)
			continue
		}
		known := c.folders[id]
		if !known.since.IsZero() {
			partly = append(partly, label)
		}
		if known.slow() {
			slow = append(slow, label)
		}
		if known.blind() {
			blind = append(blind, label)
		}
		out.add(known)
	}
	maps.DeleteFunc(c.folders, func(id string, _ *collected) bool { return !keep[id] })
	left += l.Left
	out.unsure = out.unfinished || len(failed) > 0 || len(slow) > 0 || len(blind) > 0 || left > 0
	out.say = sayGathered(out, partly, slow, blind, failed, left)
	return out, nil
}

func sayOlder(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n) + agree(n, " échange plus ancien n’est pas montré", " échanges plus anciens ne sont pas montrés") + "\u00a0: il y manque des lettres pour dire où ils en sont."
}

func sayGathered(x gatheredAll, partly, slow, blind, failed []string, left int) string {
	var out []string
	if len(partly) > 0 {
		out = append(out, "Cette boîte est grande\u00a0: les lettres les plus anciennes n’ont pas été regardées dans "+someOf(partly)+". L’état des échanges est donné d’après les lettres venues ou parties depuis le "+x.since.Format("02/01/2006")+"\u00a0; un échange plus ancien peut manquer ici, ses lettres sont toujours dans leur dossier.")
	}
	if x.unfinished {
		out = append(out, "Pli continue de regarder\u00a0: rechargez cette page dans un instant.")
	}
	if len(slow) > 0 {
		out = append(out, "La messagerie MSSanté répond trop lentement pour regarder plus loin dans "+someOf(slow)+"\u00a0: Pli réessaiera plus tard. Vos lettres sont intactes dans leur dossier.")
	}
	if len(blind) > 0 {
		out = append(out, "Pli n’a pas pu regarder tous les avis de non-remise dans "+someOf(blind)+"\u00a0: une lettre donnée pour arrivée y est peut-être dite non remise. Ces avis sont toujours dans leur dossier\u00a0; une fois supprimés ceux qui ne servent plus, Pli regarde les autres.")
	}
	if len(failed) > 0 {
		out = append(out, "La messagerie MSSanté n’a pas permis de regarder dans "+someOf(failed)+".")
	}
	if left > 0 {
		out = append(out, strconv.Itoa(left)+agree(left, " dossier n’a pas été regardé.", " dossiers n’ont pas été regardés."))
	}
	return strings.Join(out, " ")
}

// gatherIn chooses the folders: where letters come, leave and are filed, then a
// person's own; never drafts, the bin or junk.
func gatherIn(all []mailserver.Folder) (folders []mailserver.Folder, left int) {
	for _, f := range all {
		switch f.Role {
		case mailserver.RoleInbox, mailserver.RoleSent, mailserver.RoleArchive, mailserver.RoleNone:
			if strings.EqualFold(f.Name, "INBOX") {
				f.Role = mailserver.RoleInbox
			}
			if f.Selectable && (f.Messages > 0 || !f.Counted()) {
				folders = append(folders, f)
			}
		}
	}
	slices.SortStableFunc(folders, func(x, y mailserver.Folder) int { return gatherOrder(x.Role) - gatherOrder(y.Role) })
	left = max(len(folders)-gatherFolders, 0)
	return folders[:len(folders)-left], left
}

func gatherOrder(r mailserver.Role) int {
	switch r {
	case mailserver.RoleInbox:
		return 0
	case mailserver.RoleSent:
		return 1
	case mailserver.RoleArchive:
		return 2
	}
	return 3
}

// collection gives what a session knows of a mailbox's exchanges. That of a session
// that ended is good for one request and remembered nowhere.
func (h *House) collection(k gatherKey) *collection {
	now := h.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.gathered[k]
	if c == nil {
		c = &collection{turn: make(chan struct{}, 1), folders: map[string]*collected{}}
		if _, gone := h.dropped[k.session]; gone {
			return c
		}
		if len(h.gathered) >= maxGathered {
			var oldest gatherKey
			at := now
			for k, c := range h.gathered {
				if !c.used.After(at) {
					oldest, at = k, c.used
				}
			}
			delete(h.gathered, oldest)
		}
		h.gathered[k] = c
	}
	c.used = now
	return c
}
