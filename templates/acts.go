package templates

import "strings"

// triage says which acts make sense in a folder: nothing is filed from the
// archives, binned from the bin, nor followed while it is still a draft.
type triage struct {
	Archive, Bin, Mark bool
	Back               string // id of the inbox to put back into, "" for none
	BackSays           string // the words of that act
}

const backSays = "Remettre en Réception"

func triageIn(role string, moves []FolderLink) triage {
	switch role {
	case "archive":
		return triage{Bin: true, Mark: true, Back: inboxOf(moves), BackSays: backSays}
	case "trash":
		return triage{Archive: true, Mark: true, Back: inboxOf(moves), BackSays: backSays}
	case "junk":
		return triage{Bin: true, Mark: true, Back: inboxOf(moves), BackSays: "Ce n’est pas indésirable"}
	case "drafts":
		return triage{Bin: true}
	default:
		return triage{Archive: true, Bin: true, Mark: true}
	}
}

func inboxOf(moves []FolderLink) string {
	for _, f := range moves {
		if f.Role == "inbox" {
			return f.ID
		}
	}
	return ""
}

// currentRole is the role of the folder shown, "" when none is or it has none.
func currentRole(p Page) string {
	for _, f := range p.Folders {
		if f.Current {
			return f.Role
		}
	}
	return ""
}

func letterRole(v LetterView) string {
	if v.FolderRole != "" {
		return v.FolderRole
	}
	return currentRole(v.Page)
}

// targets are the folders a letter may go to: the person's own first, then the
// mailbox's. What is sent or being written is nobody's filing place.
func targets(moves []FolderLink) (own, common []FolderLink) {
	for _, f := range moves {
		switch {
		case f.Current || f.Role == "sent" || f.Role == "drafts":
		case f.Role == "":
			own = append(own, f)
		default:
			common = append(common, f)
		}
	}
	return own, common
}

func hasTargets(moves []FolderLink) bool {
	own, common := targets(moves)
	return len(own)+len(common) > 0
}

// optionLabel indents a folder within its parent: an option has no other way.
func optionLabel(f FolderLink) string {
	label := f.Label
	for range min(max(f.Depth, 0), 4) {
		label = nbsp + nbsp + label
	}
	return label
}

// backFields are the hidden values of putting one letter back.
func backFields(ref, inbox string) map[string]string {
	return map[string]string{"ref": ref, "to": inbox}
}

// withDo names the act in a form's target, for a button whose value is another.
func withDo(to, do string) string {
	if strings.Contains(to, "?") {
		return to + "&do=" + do
	}
	return to + "?do=" + do
}
