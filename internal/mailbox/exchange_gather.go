package mailbox

import (
	"context"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// Bounds of collecting the exchanges of one mailbox: a mailbox of 100,000 letters is
// not walked through, and what was left out is said.
const (
	gatherFolders = 12     // folders looked through
	gatherLetters = 400    // letters of patients kept of one folder, the newest
	gatherLooked  = 30_000 // letters of one folder whose header is asked about
	gatherTime    = 12 * time.Second
	maxGathered   = 100 // mailboxes a node remembers
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
}

// correspondence gives the letters to and from patients, the instant from which on none
// of any folder is missing, and what was left out. One instant for all: half an exchange
// would say that nobody waits, or that nobody answered.
func (b *Box) correspondence(ctx context.Context) ([]gathered, time.Time, string, error) {
	var since time.Time
	l, err := b.mail.FolderList(ctx)
	if err != nil {
		return nil, since, "", err
	}
	b.learn(l.Folders)
	folders, left := gatherIn(l.Folders)
	c := b.h.collection(gatherKey{b.actor.SessionID, b.grant.Mailbox.ID})
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, since, "", ctx.Err()
	}
	until := b.h.now().Add(gatherTime)
	var out []gathered
	var partly, failed []string
	keep := map[string]bool{}
	for _, f := range folders {
		id := b.folderID(f.Name)
		keep[id] = true
		err := b.bringUp(ctx, c, id, f, until.Sub(b.h.now()))
		label := b.view(f).Label
		if err != nil {
			if ctx.Err() != nil || problem.Is(err, problem.SignInNeeded) || f.Role == mailserver.RoleInbox || f.Role == mailserver.RoleSent {
				return nil, since, "", err // half an exchange, again
			}
			failed = append(failed, label)
			delete(c.folders, id)
			continue
		}
		known := c.folders[id]
		if !known.since.IsZero() {
			partly = append(partly, label)
		}
		if known.since.After(since) {
			since = known.since
		}
		out = slices.AppendSeq(out, maps.Values(known.letters))
	}
	maps.DeleteFunc(c.folders, func(id string, _ *collected) bool { return !keep[id] })
	return out, since, sayGathered(since, partly, failed, left+l.Left), nil
}

func sayOlder(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n) + agree(n, " échange plus ancien n’est pas montré", " échanges plus anciens ne sont pas montrés") + "\u00a0: il y manque des lettres pour dire où ils en sont."
}

func sayGathered(since time.Time, partly, failed []string, left int) string {
	var out []string
	if len(partly) > 0 {
		out = append(out, "Cette boîte est grande\u00a0: les lettres les plus anciennes n’ont pas été regardées dans "+someOf(partly)+". L’état des échanges est donné d’après les lettres venues ou parties depuis le "+since.Format("02/01/2006")+"\u00a0; un échange plus ancien peut manquer ici, ses lettres sont toujours dans leur dossier.")
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

// bringUp makes what is known of a folder that of now.
func (b *Box) bringUp(ctx context.Context, c *collection, id string, f mailserver.Folder, within time.Duration) error {
	known := c.folders[id]
	if known != nil && unchanged(known.at, f) {
		return nil
	}
	if known != nil && known.at.UIDValidity != f.UIDValidity {
		known = nil
	}
	q := mailserver.Correspondence{Folder: f.Name, Holds: "@" + string(mssante.PatientDomain), Limit: gatherLetters, Looking: gatherLooked, Within: max(within, time.Second)}
	var uids []uint32
	next := &collected{at: f, letters: map[uint32]gathered{}}
	if known != nil && known.at.UIDNext > 0 {
		q.From = known.at.UIDNext
		next.since = known.since
		uids = slices.Collect(maps.Keys(known.letters))
	}
	validity := f.UIDValidity
	var reached uint32 // letters below are missing, but those already known
	if q.From == 0 || f.UIDNext != known.at.UIDNext {
		hits, err := b.mail.Correspondence(ctx, q)
		if err != nil {
			return err
		}
		if hits.Validity == 0 { // no time left even to open it
			hits.Validity = validity
		}
		if q.From > 0 && hits.Validity != validity { // made anew in between: all of it again
			delete(c.folders, id)
			f.UIDValidity, f.UIDNext = hits.Validity, 0
			return b.bringUp(ctx, c, id, f, within)
		}
		validity, uids = hits.Validity, append(uids, hits.UIDs...)
		if !hits.Complete {
			if reached = hits.Reached; reached == 0 {
				reached = math.MaxUint32 // nothing was looked at
			}
		}
	}
	slices.SortFunc(uids, func(x, y uint32) int { return int(int64(y) - int64(x)) })
	uids = slices.Compact(uids)
	if len(uids) > gatherLetters {
		for _, uid := range uids[gatherLetters:] {
			if g, ok := knownLetter(known, uid); !ok {
				reached = uids[gatherLetters-1]
			} else if at := g.Received.Add(time.Nanosecond); at.After(next.since) {
				next.since = at
			}
		}
		uids = uids[:gatherLetters]
	}
	if reached > 0 {
		at, err := b.mail.NewestBelow(ctx, f.Name, validity, reached)
		if err != nil {
			return err
		}
		if at.After(next.since) {
			next.since = at
		}
	}
	rows, err := b.mail.RowsOf(ctx, f.Name, validity, uids)
	if err != nil {
		return err
	}
	next.at.UIDValidity = validity
	for i := range rows {
		if g, ok := b.gatheredOf(id, f.Role, validity, &rows[i]); ok {
			next.letters[rows[i].UID] = g
		}
	}
	c.folders[id] = next
	return nil
}

func knownLetter(c *collected, uid uint32) (gathered, bool) {
	if c == nil {
		return gathered{}, false
	}
	g, ok := c.letters[uid]
	return g, ok
}

// unchanged: nothing came, went or was marked. Without CONDSTORE nobody can tell.
func unchanged(was, is mailserver.Folder) bool {
	return was.Counted() && is.HighestModSeq != 0 && was.UIDValidity == is.UIDValidity && was.UIDNext == is.UIDNext &&
		was.Messages == is.Messages && was.HighestModSeq == is.HighestModSeq
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
