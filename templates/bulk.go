package templates

import (
	"strconv"

	"pli.example/pli/templates/ui"
)

// Whole is the choice of every letter of a folder, or of all that a search found,
// beyond the rows of a page: the offer of it, then the choice itself.
type Whole struct {
	Count int    // letters it stands for
	Where string // "Réception", "" for what a search found

	OfferTo   string  // POST with Fields: chooses them; "" offers nothing
	OfferHref string  // the same as a link, where nothing has to be asked
	Fields    []Field // hidden
	Rows      int     // rows of the page
	Letters   bool    // the rows are conversations: what is chosen are their letters

	Handle string // the choice made, "" for none
	To     string // POST: acts on it; fields choice, do and, for move, to
	Drop   string // the page without it
	Say    string // what the choice leaves out, "" for nothing
}

// Field is a hidden value of a form.
type Field struct{ Name, Value string }

// Job is an act on many letters: how far it is, then what came of it.
type Job struct {
	ID          string
	Says        string // 'Classement en cours', then what was done
	Count       string // '3 200 sur 5 312' while it runs
	Done, Total int
	Running     bool
	Stopping    bool
	Warn        bool
	Poll        string // GET: its fragment
	Nonce       string
	StopTo      string // POST, field id
	UndoTo      string // POST, fields id and next; "" when nothing can be taken back
	UndoSays    string
	SeenTo      string // POST, fields id and next; "" when there is nothing to put away
	Next        string // local path to come back to
}

// tickedSays stands before the offer, once the page's letters are all ticked.
func tickedSays(rows int) string {
	if rows == 1 {
		return "La seule lettre de cette page est cochée."
	}
	return "Les " + grouped(rows) + " de cette page sont cochées."
}

// offerSays: 'Choisir les 5 312 de « Réception »'.
func offerSays(w Whole) string {
	if w.Where == "" {
		return "Choisir les " + grouped(w.Count) + nbsp + "trouvées"
	}
	if w.Letters {
		return "Choisir les " + grouped(w.Count) + nbsp + "lettres de «" + nbsp + w.Where + nbsp + "»"
	}
	return "Choisir les " + grouped(w.Count) + " de «" + nbsp + w.Where + nbsp + "»"
}

// chosenSays names the choice made.
func chosenSays(w Whole) string {
	n := plural(w.Count, "lettre choisie", "lettres choisies")
	if w.Where == "" {
		return n + nbsp + ": toutes celles trouvées"
	}
	return n + nbsp + ": toutes celles de «" + nbsp + w.Where + nbsp + "»"
}

func decimal(n int) string { return strconv.Itoa(n) }

func processButton(p Page, label string, on bool) ui.Button {
	return ui.Button{Icon: "circle-check", Label: label, Key: key(p, "t"), Kind: "quiet", TestID: "act-process", Pressed: pressed(on)}
}
