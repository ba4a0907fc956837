package templates

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// ComposeView is the page of a letter being written.
type ComposeView struct {
	Page
	BoxID, DraftID string
	Self           string // the draft's own address; everything else of it lies below
	Heading        string // "Nouvelle lettre", "Réponse", "Transfert": nothing of the letter
	SuggestTo      string // POST: completes and judges recipients
	BackHref       string // the list, for Échap and after sending
	SignInHref     string // signs in again in another tab, and comes back to this page
	DirectoryHref  string

	FromLabel, FromAddress string
	FromPerson             string // "Julie Renard, secrétariat pour Cabinet des Lilas", "" for one's own
	Holder                 string // whose mailbox it is, for who may not send
	MaySend                bool
	Who                    string // opaque: who is signed in

	Version        int64
	To, Cc, Bcc    []RecipientChip
	Subject        string
	HTML, Text     string // HTML "" is a letter in plain text; it has been through the sanitiser
	Files          []DraftFile
	Limit          string // "18 Mo de fichiers au plus"
	LimitBytes     int64
	Delivery, Read bool
	NoReply        bool
	Patient        bool // a patient is among the recipients
	Saved          string
	Begun          string // opaque: this very page began the draft; "" for any later one
	SignatureHref  string
	Strips         []Strip
	Remarks        []RemarkView
	Fates          []FateView
}

// RecipientChip is one recipient, and what is known of them at once.
type RecipientChip struct {
	Name    string `json:"name"`              // as shown
	Typed   string `json:"typed,omitempty"`   // the name that goes into the letter, "" for none
	Address string `json:"address"`           // as typed when it is none
	Sub     string `json:"sub,omitempty"`     // what they do, where
	Kind    string `json:"kind"`              // "", "patient", "warn", "error"
	Say     string `json:"say,omitempty"`     // why, in words
	Suggest string `json:"suggest,omitempty"` // an address that was perhaps meant
	Place   string `json:"-"`                 // where, as it ends Sub; "" when it does not
}

// DraftFile is one file of a draft.
type DraftFile struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	What     string `json:"what"` // kind and size in words
	Icon     string `json:"icon"`
	Size     int64  `json:"size"`
	Received int64  `json:"received"`
	Href     string `json:"href"`
	Picture  string `json:"picture,omitempty"` // <img> source, "" when it is none
}

// Strip is a sentence over the sheet. Kind: info, warn, error, ok.
type Strip struct {
	Kind, Title, Text  string
	LinkText, LinkHref string
}

// RemarkView is one thing to say before a letter leaves, beside what it is about.
type RemarkView struct {
	Key     string `json:"key"`
	Level   string `json:"level"` // block, ask, tell
	Place   string `json:"place"` // to, subject, text, files, letter
	Say     string `json:"say"`
	Address string `json:"address,omitempty"`
	Suggest string `json:"suggest,omitempty"`
	Yes     string `json:"yes,omitempty"` // words of the button that answers an 'ask'; "" for those of any
}

// FateView is what became of the letter for one recipient.
type FateView struct {
	Who      string `json:"who"`
	Accepted bool   `json:"accepted"`
	Say      string `json:"say"`
	Code     string `json:"code,omitempty"`
}

// SendingView is the page of a letter that left the writer's hands: on its way, of
// unknown fate, or gone.
type SendingView struct {
	Page
	State      string // sending, unknown, sent
	Heading    string
	Say        string
	Fates      []FateView
	BackHref   string
	ProgressAt string // GET, JSON: {"state": …}
	SettleTo   string // POST verdict=left|again
	Who        string // whose page it is
	MaySettle  bool
	Closing    bool // it closes an exchange with a patient: never sent again
}

// DraftRow is one draft.
type DraftRow struct {
	ID, Ref                                            string // Ref is its value in a form
	Href, Who, Subject, Snippet, When, WhenISO, Author string
	State                                              string // "" when it is simply being written
	Copy                                               bool
	Files                                              int
	Error                                              string
}

// BackView is the tab in which somebody signed in again.
type BackView struct {
	Page
	DraftHref string
}

// typedList is how recipients stand in a plain field.
func typedList(all []RecipientChip) string {
	var out []string
	for _, r := range all {
		name := strings.TrimSpace(r.Typed)
		switch {
		case name == "" || strings.Contains(r.Address, ","):
			out = append(out, r.Address)
		default:
			out = append(out, `"`+strings.NewReplacer(`"`, "", `\`, "").Replace(name)+`" <`+r.Address+`>`)
		}
	}
	return strings.Join(out, ", ")
}

// chipAttrs carries a chip to the script.
func chipAttrs(r RecipientChip) templ.Attributes {
	a := templ.Attributes{"data-name": r.Name, "data-address": r.Address, "data-kind": r.Kind}
	for k, v := range map[string]string{"data-typed": r.Typed, "data-sub": r.Sub, "data-say": r.Say, "data-suggest": r.Suggest} {
		if v != "" {
			a[k] = v
		}
	}
	return a
}

func chipClass(kind string) string {
	switch kind {
	case "patient", "warn", "error":
		return "to-" + kind
	}
	return ""
}

// remarksAt are those about one place of the sheet.
func remarksAt(all []RemarkView, place string) []RemarkView {
	var out []RemarkView
	for _, r := range all {
		if r.Place == place {
			out = append(out, r)
		}
	}
	return out
}

func num64(n int64) string { return strconv.FormatInt(n, 10) }

func partly(f DraftFile) bool { return f.Received < f.Size }

// fileTypeWords is what a file is, unfinished ones with a way to go on.
func fileWhat(f DraftFile) string {
	if partly(f) {
		return f.What + " · incomplet" + nbsp + ": choisissez-le de nouveau pour reprendre, ou retirez-le"
	}
	return f.What
}

// rows of the plain text box: room for the letter, not for the whole quote.
func textRows(text string) string {
	return strconv.Itoa(min(max(strings.Count(text, "\n")+3, 12), 30))
}

// yesWords are those of the button that answers a remark.
func yesWords(r RemarkView) string {
	if r.Yes == "" {
		return "Envoyer quand même"
	}
	return r.Yes
}
