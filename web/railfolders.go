package web

import (
	"net/http"
	"slices"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/templates"
)

// keepFolders and foldersOf remember a mailbox's folders as last listed. A listing
// that cannot tell what it leaves out (say is "") keeps what the one before it told.
func (k *desk) keepFolders(boxID string, folders []mailbox.FolderView, say string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.folders) >= maxFolderLists {
		clear(k.folders)
	}
	if say == "" && len(folders) == len(k.folders[boxID].views) {
		say = k.folders[boxID].say
	}
	k.folders[boxID] = folderList{views: folders, say: say}
}

func (k *desk) foldersOf(boxID string) folderList {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.folders[boxID]
	l.views = slices.Clone(l.views)
	return l
}

// wasRead counts a letter just read off its folder, and off its mailbox when that is the
// inbox: a page that lists no folder shows the counts of the last that did.
func (k *desk) wasRead(boxID, folder string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.folders[boxID]
	views := slices.Clone(l.views) // those handed out before are somebody's
	for i := range views {
		if views[i].ID != folder || views[i].Unseen == 0 {
			continue
		}
		views[i].Unseen--
		if c := k.unread[boxID]; views[i].Role == "inbox" && c.unread > 0 {
			c.unread--
			k.unread[boxID] = c
		}
	}
	if l.views = views; len(views) > 0 {
		k.folders[boxID] = l
	}
}

// lookAt remembers the mailbox a person has before them, and in which situation.
func (k *desk) lookAt(boxID, situation string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.lastIn) >= maxSituations {
		clear(k.lastIn)
	}
	k.last, k.lastIn[situation] = boxID, boxID
}

// lastBox is the mailbox looked at last in a situation, or in any.
func (k *desk) lastBox(situation string) (here, anywhere string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lastIn[situation], k.last
}

// withFolders adds the folders of the open box, just listed, to the frame.
func (s *Server) withFolders(r *http.Request, p *templates.Page, b *mailbox.Box, folders []mailbox.FolderView, current string) {
	sc := scopeOf(r)
	if sc.box == nil {
		return
	}
	sc.desk.keepFolders(sc.box.ID, folders, b.Notice())
	sc.desk.lookAt(sc.box.ID, sc.session.Situation)
	s.showFolders(sc, p, sc.box.ID, current)
	if in, ok := inbox(folders); ok {
		sc.desk.count(sc.box.ID, int(in.Unseen), s.clock.now())
	}
	p.Boxes = s.boxLinks(sc, sc.box.ID)
}

// withKnownFolders adds those this session saw last, of the mailbox of the address
// or of the one looked at last: a page without letters keeps its rail and asks no
// server for it. Nothing is shown of a mailbox no longer open to the person.
func (s *Server) withKnownFolders(sc *scope, p *templates.Page) {
	if sc.desk == nil || sc.session == nil || sc.session.Mail != nil {
		return
	}
	_, boxID := sc.desk.lastBox("")
	if sc.box != nil {
		boxID = sc.box.ID
	}
	open := slices.ContainsFunc(sc.grants, func(g delegation.Grant) bool { return g.Mailbox.ID == boxID && g.Rights.Has(delegation.Read) })
	if boxID == "" || !open {
		return
	}
	s.showFolders(sc, p, boxID, "")
	if len(p.Folders) > 0 {
		p.Boxes = s.boxLinks(sc, boxID)
	}
}

func (s *Server) showFolders(sc *scope, p *templates.Page, boxID, current string) {
	l := sc.desk.foldersOf(boxID)
	p.Folders, p.FoldersSay = folderLinks(boxID, l.views, current), l.say
	for _, g := range sc.grants {
		if g.Mailbox.ID == boxID && g.Rights.Has(delegation.Triage) && len(l.views) > 0 {
			p.Nav.Folders, p.Nav.Space = path("mail", boxID, "folders"), path("mail", boxID, "space")
			p.Nav.Room = sc.desk.roomWords(boxID)
		}
	}
}
