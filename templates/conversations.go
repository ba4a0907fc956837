package templates

// ListViews is the choice between conversations and single letters. A form posts view
// (conversations or letters) and next.
type ListViews struct {
	Action, Next  string
	Conversations bool   // shown now
	Say           string // how far the reading of the mailbox got, "" when it is whole
}

// ConversationView is one conversation, alone or beside its list.
type ConversationView struct {
	Page
	List     *ListView // nil when shown alone
	UID      uint32    // of the row it is in the list, 0 for none
	Subject  string
	Say      string // what the page shows of it: its folders, how many letters
	Letters  []ConversationLetterView
	Older    int    // letters before those shown
	Fold     int    // of Letters, the first ones: folded into one line, 0 for none
	Unfolded bool   // the person asked to read some: nothing is folded
	AllHref  string // the page with all letters read in it, "" when they are
	BackHref string
	// Ref is what the acts are about: its letters in the folder it was opened from, Taken
	// of TakenOf; "" where none is there, or the person may not act.
	Ref                string
	Taken, TakenOf     int
	Flagged, Processed bool
	Acts               LetterActs
	Moves              []FolderLink
	Remind             []RemindChoice
	Role               string // of that folder
	// Answer is the letter that answering answers, "" for none; to everybody when All.
	Answer  string
	All     bool
	Patient string // where its exchange is, "" for none
}

// ConversationLetterView is one letter of it. Without BodyHref it is a line.
type ConversationLetterView struct {
	ExchangeLetterView
	Folder string // where it lies, "" when that goes without saying
}

// acting is the conversation as the acts of a letter take it.
func (v ConversationView) acting() LetterView {
	return LetterView{Page: v.Page, Ref: v.Ref, UID: v.UID, Flagged: v.Flagged, Processed: v.Processed, CanTriage: v.Ref != "", Acts: v.Acts, Moves: v.Moves,
		Remind: v.Remind, FolderRole: v.Role, BackHref: v.BackHref}
}

// silent is the page without its keys: those of the bar above are enough.
func silent(p Page) Page {
	p.Keys = false
	return p
}

// takenSays tells what an act takes, where that is not the whole conversation.
func takenSays(v ConversationView) string {
	if v.Ref == "" || v.Taken >= v.TakenOf {
		return ""
	}
	where := "de ce dossier"
	if v.Role == "inbox" {
		where = "de la Réception"
	}
	if v.Taken == 1 {
		return "Classer, déplacer ou marquer concerne ici 1" + nbsp + "lettre, celle " + where + nbsp + "; les autres restent où elles sont."
	}
	return "Classer, déplacer ou marquer concerne ici " + grouped(v.Taken) + nbsp + "lettres, celles " + where + nbsp + "; les autres restent où elles sont."
}

func openSays(l ExchangeLetterView) string {
	if l.OpenSays != "" {
		return l.OpenSays
	}
	return "Ouvrir la lettre"
}

func backWords(v LetterView) string {
	if v.BackSays != "" {
		return v.BackSays
	}
	return "Liste"
}

func backLabel(v LetterView) string {
	if v.BackSays != "" {
		return "Revenir à la conversation"
	}
	return "Revenir à la liste"
}

func conversing(v *ListViews) bool { return v != nil && v.Conversations }

func viewName(conversations bool) string {
	if conversations {
		return "conversations"
	}
	return "letters"
}

// inFolder says where a letter lies among what is to know of it.
func inFolder(l ConversationLetterView) ExchangeLetterView {
	v := l.ExchangeLetterView
	v.Chips = append(append([]Chip(nil), v.Chips...), Chip{Kind: "plain", Text: l.Folder})
	return v
}
