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
	Older    int // letters before those shown
	BackHref string
	// Refs are the letters that the acts are about: those in the folder it was opened from.
	Refs         []string
	Archive, Bin string // POST targets; "" hides the button
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
