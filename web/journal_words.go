package web

import (
	"strings"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
)

// folderNames are the names of the folders of the person's mailboxes that this
// session has listed, by their opaque id: each id is of one mailbox only.
func folderNames(sc *scope) map[string]string {
	names := map[string]string{}
	if sc.desk == nil {
		return names
	}
	for _, g := range sc.grants {
		for _, f := range sc.desk.foldersOf(g.Mailbox.ID).views {
			names[f.ID] = f.Label
		}
	}
	return names
}

// aboutWords tells what an act was about: to how many a letter went, where the letter
// lay, where it went. Never a subject, never a name of somebody.
func aboutWords(e audit.Event, folders map[string]string) string {
	switch e.Action {
	case audit.LetterSend, audit.LetterRefused:
		if e.Count == 1 {
			return "à 1\u00a0destinataire"
		}
		if e.Count > 1 {
			return "à " + count(e.Count) + "\u00a0destinataires"
		}
		return ""
	}
	from, _, _ := strings.Cut(e.Target, "/")
	where := folders[from]
	if _, letter := mailbox.LetterOf(e.Target); !letter || where == "" {
		return ""
	}
	if to := movedTo(e, folders); to != "" {
		return "de " + where + " vers " + to
	}
	return where
}

// movedTo is the folder a move led to, as the trail's request tells it: a role, or a
// folder's opaque id.
func movedTo(e audit.Event, folders map[string]string) string {
	to, ok := strings.CutPrefix(e.Request, "MOVE to ")
	if !ok {
		return ""
	}
	switch to { // roles
	case "archive":
		return "Archives"
	case "trash":
		return "Corbeille"
	}
	return folders[to]
}
