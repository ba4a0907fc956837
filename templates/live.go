package templates

import "github.com/a-h/templ"

// Live is what the page's script needs to keep its list and counters fresh. Without
// scripts nothing of it is used.
type Live struct {
	Stream  string // GET, text/event-stream; "" when nothing is told
	Fresh   string // GET: this list anew, as a fragment; "" when the script must not ask
	Folder  string // the folder on the page
	Mark    string // how it stood when the page was made
	Threads bool   // the rows are conversations: a letter that comes moves its own
	Unread  int    // in the inbox: for the window's title
}

// FolderCount is a folder's counter as the rail shows it, and in words; both "" when it
// shows none.
func FolderCount(role string, unseen, total int) (shown, words string) {
	n, words := folderCount(FolderLink{Role: role, Unseen: unseen, Total: total})
	if n <= 0 {
		return "", ""
	}
	return grouped(n), words
}

// refreshKey is the key of 'Actualiser', which always asks the server.
func refreshKey(p Page) templ.Attributes {
	if !p.Keys {
		return nil
	}
	return templ.Attributes{"data-key": "n", "aria-keyshortcuts": "n"}
}
