package templates

// FoldersView is the page that changes a mailbox's folders.
type FoldersView struct {
	Page
	Box           string // the mailbox's label
	Action        string // POST; field do: create, rename, delete, empty, subscribe, unsubscribe
	BackHref      string
	Rows          []FolderRow
	Parents       []FolderLink // where a folder may be made
	Subscriptions bool         // the server tells which folders other programs show
	MaxName       int
	Name          string // typed, when it could not be made
	Error         string // why
	Left          int    // folders not shown here
}

// FolderRow is one folder of it.
type FolderRow struct {
	ID, Label, Name, Role string
	Depth                 int
	Messages              int
	Own, Holds            bool
	Subscribed            bool
	Selectable            bool
	Href                  string
}

// folderSub: hidden says that other programs do not show it.
func folderSub(r FolderRow, hidden bool) string {
	s := plural(r.Messages, "lettre", "lettres")
	if !r.Selectable {
		s = "ne contient que des dossiers"
	}
	if !r.Own {
		s += " · dossier de la boîte"
	} else if hidden {
		s += " · absent de vos autres logiciels"
	}
	return s
}

func binned(n int) string {
	return "Vider" + nbsp + ": " + plural(n, "lettre", "lettres") + " à la corbeille"
}

func folderFields(do, id string) map[string]string { return map[string]string{"do": do, "folder": id} }

// managedID names a row for tests: by its role, else by its opaque id.
func managedID(r FolderRow) string {
	if r.Role != "" {
		return r.Role
	}
	return r.ID
}
