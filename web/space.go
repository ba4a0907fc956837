package web

import (
	"net/http"
	"strconv"
	"strings"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// spacePage shows what takes the room of a mailbox.
func (s *Server) spacePage(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	return s.showSpace(w, r, b, nil)
}

func (s *Server) showSpace(w http.ResponseWriter, r *http.Request, b *mailbox.Box, ask *templates.EraseAsk) error {
	sp, err := b.Space(r.Context())
	if err != nil {
		return err
	}
	sc := scopeOf(r)
	g, _ := sc.grantOf(sc.box)
	at := path("mail", sc.box.ID, "space")
	sc.desk.keepRoom(sc.box.ID, sp.Room, s.clock.now())
	v := templates.SpaceView{Page: s.page(r, "Place"), Box: boxLabel(g), BackHref: path("mail", sc.box.ID), Action: at, BulkTo: actTo(sc.box.ID, at),
		Weighed: sp.Weighed, LargeOver: sizeWords(mailbox.LargeOver), Ask: ask, Late: strings.Join(sp.Late, ", ")}
	v.Page.Section = "space"
	if sp.Room.Percent > 0 || sp.Room.Limit > 0 || sp.Room.LetterMost > 0 {
		v.Room = &templates.Room{Percent: sp.Room.Percent, Words: roomWords(sp.Room)}
	}
	s.spaceFolders(&v, sc.box.ID, sp)
	labels := map[string]string{}
	for _, f := range sp.Folders {
		labels[f.ID] = f.Label
	}
	for _, it := range sp.Large {
		row := s.row(sc.box.ID, it, false, "")
		v.Large = append(v.Large, templates.SpaceLetter{Ref: row.Ref, Href: row.Href, Who: row.Who, Subject: row.Subject, Size: sizeWords(it.Size), When: row.When, Folder: labels[it.Folder]})
	}
	for _, x := range sp.Senders {
		who, _ := whoWords(x.Who.From[:1], false)
		row := templates.SpaceSender{Who: who, Size: sizeWords(x.Size)}
		for _, ref := range x.Refs {
			row.Refs = append(row.Refs, refValue(ref))
		}
		v.Senders = append(v.Senders, row)
	}
	for _, o := range sp.Old {
		v.Old = append(v.Old, templates.SpaceOld{Folder: o.ID, Label: o.Label, Years: o.Years, Count: o.Count})
	}
	return s.render(w, r, http.StatusOK, templates.SpacePage(v))
}

// spaceFolders are the folders by their weight, or by their letters.
func (s *Server) spaceFolders(v *templates.SpaceView, boxID string, sp mailbox.Space) {
	const shown = 20
	weight := func(f mailbox.SpaceFolder) int64 {
		if sp.Weighed {
			return max(f.Size, 0)
		}
		return int64(f.Messages)
	}
	most := int64(1)
	for _, f := range sp.Folders {
		most = max(most, weight(f))
	}
	for _, f := range sp.Folders[:min(len(sp.Folders), shown)] {
		x := templates.SpaceFolder{Label: f.Label, Href: folderHref(boxID, f.FolderView), Messages: int(f.Messages), Share: int(weight(f) * 100 / most)}
		if f.Size >= 0 {
			x.Size = sizeWords(f.Size)
		}
		v.Folders = append(v.Folders, x)
	}
	if sp.Bin != nil {
		v.Bin = lettersWords(int(sp.Bin.Messages))
		if sp.Bin.Size >= 0 {
			v.Bin += ", " + sizeWords(sp.Bin.Size)
		}
	}
}

func lettersWords(n int) string {
	if n < 2 {
		return count(n) + "\u00a0lettre"
	}
	return count(n) + "\u00a0lettres"
}

// spaceAct empties: old letters to the bin, with their undo; the bin itself once that
// was asked.
func (s *Server) spaceAct(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	if err := b.MaySort(r.Context(), audit.LetterMove); err != nil {
		return err
	}
	at := path("mail", scopeOf(r).box.ID, "space")
	switch r.PostForm.Get("do") {
	case "old":
		years, err := strconv.Atoi(r.PostForm.Get("years"))
		folder := r.PostForm.Get("folder")
		if err != nil || !opaque.MatchString(folder) {
			return problem.New(problem.Invalid, "")
		}
		c, err := b.ChooseOld(r.Context(), folder, years)
		if err == nil {
			_, err = b.BulkAct(r.Context(), c.Handle, mailbox.BulkBin, "")
		}
		return s.bulkBegun(w, r, at, err)
	case "empty":
		c, err := b.ChooseBin(r.Context())
		if problem.Is(err, problem.Gone) {
			return s.comeBack(w, r, at, note{say: "La corbeille est vide\u00a0: il n’y a rien à supprimer.", kind: "ok"})
		}
		if err != nil {
			return err
		}
		return s.showSpace(w, r, b, &templates.EraseAsk{Choice: c.Handle, Count: c.Count})
	case "erase":
		_, err := b.BulkAct(r.Context(), r.PostForm.Get("choice"), mailbox.BulkErase, "")
		return s.bulkBegun(w, r, at, err)
	}
	return problem.New(problem.Invalid, "Cette action n’existe pas\u00a0: rien n’a changé.")
}
