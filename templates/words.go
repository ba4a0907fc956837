package templates

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/a-h/templ"

	"pli.example/pli/templates/ui"
)

// nbsp stands before : ; ! ? and between groups of digits.
const nbsp = "\u00a0"

// grouped writes a count the French way: 100 000.
func grouped(n int) string {
	s := strconv.Itoa(n)
	if n < 0 {
		return s
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + nbsp + s[i:]
	}
	return s
}

// plural gives "1 lettre", "3 lettres": zero and one are singular in French.
func plural(n int, one, many string) string {
	if n < 2 {
		return grouped(n) + nbsp + one
	}
	return grouped(n) + nbsp + many
}

// title is the text of the tab: generic words only.
func title(t string) string {
	if t == "" {
		return "Pli"
	}
	return t + " · Pli"
}

// span says which rows of how many are shown: "1–50 / 100 000".
func span(first, last, total int) string {
	if total == 0 || last == 0 {
		return "0 lettre"
	}
	return grouped(first) + "–" + grouped(last) + nbsp + "/ " + grouped(total)
}

// who never leaves a row without a name to read.
func who(name string) string {
	if strings.TrimSpace(name) == "" {
		return "Expéditeur inconnu"
	}
	return name
}

// subject never leaves a letter without a line to open.
func subject(s string) string {
	if strings.TrimSpace(s) == "" {
		return "(sans objet)"
	}
	return SubjectPrefixes(s)
}

// SubjectPrefixes writes what stands before a subject in one way, however the sender's
// program wrote it: "RE:", "Re :" are "Re : ", "TR:", "Fwd:" are "Tr : ". One that is
// repeated is said once.
func SubjectPrefixes(s string) string {
	last, out := "", ""
	for range 20 {
		at := subjectPrefix.FindStringSubmatch(s)
		if at == nil {
			break
		}
		word := "Re"
		if !strings.EqualFold(at[1], "re") {
			word = "Tr"
		}
		if s = s[len(at[0]):]; word != last {
			out += word + nbsp + ": "
		}
		last = word
	}
	if strings.TrimSpace(s) == "" {
		s = "(sans objet)"
	}
	return out + s
}

var subjectPrefix = regexp.MustCompile(`^[\s\x{a0}\x{202f}]*(?i:(re|tr|fw|fwd))(?:\[[0-9]{1,3}\])?[\s\x{a0}\x{202f}]*:[\s\x{a0}\x{202f}]*`)

// initial falls back to an envelope's mark when a sender has no letters.
func initial(s string) string {
	if s == "" {
		return "?"
	}
	if utf8.RuneCountInString(s) > 2 {
		return string([]rune(s)[:2])
	}
	return s
}

func folderIcon(role string) string {
	switch role {
	case "inbox":
		return "inbox"
	case "reminders":
		return "clock"
	case "drafts":
		return "file-pen"
	case "sent":
		return "send"
	case "archive":
		return "archive"
	case "junk":
		return "shield-alert"
	case "trash":
		return "trash-2"
	default:
		return "folder"
	}
}

func fileIcon(icon string) string {
	switch icon {
	case "pdf", "text":
		return "file-text"
	case "image":
		return "file-image"
	case "archive":
		return "file-archive"
	case "letter":
		return "mail"
	default:
		return "file"
	}
}

// folderTestID names a folder by its role, which tests know, else by its id.
func folderTestID(f FolderLink) string {
	if f.Role != "" {
		return "folder-" + f.Role
	}
	return "folder-" + f.ID
}

// folderCount is the counter that matters: unread letters; in drafts, all.
func folderCount(f FolderLink) (n int, words string) {
	if f.Role == "drafts" {
		return f.Total, plural(f.Total, "brouillon", "brouillons")
	}
	if f.Role == "trash" || f.Role == "junk" || f.Role == "sent" {
		return 0, ""
	}
	return f.Unseen, plural(f.Unseen, "non lue", "non lues")
}

func indentClass(depth int) string {
	return "depth-" + strconv.Itoa(min(max(depth, 0), 4))
}

// rowLabel names the letter of a checkbox.
func rowLabel(r Row) string {
	if r.Letters > 1 {
		return "Choisir la conversation de " + who(r.Who) + nbsp + ": " + subject(r.Subject)
	}
	return "Choisir la lettre de " + who(r.Who) + nbsp + ": " + subject(r.Subject)
}

// attachments heads the list of files.
func attachments(n int) string {
	return plural(n, "pièce jointe", "pièces jointes")
}

// fields are the hidden values of an act on one letter.
func fields(ref string) map[string]string { return map[string]string{"ref": ref} }

func pressed(on bool) string {
	if on {
		return "true"
	}
	return "false"
}

func searchKey(on bool) string {
	if on {
		return "/"
	}
	return ""
}

// key shows a shortcut only while shortcuts are on.
func key(p Page, k string) string {
	if p.Keys {
		return k
	}
	return ""
}

// keyAttrs gives a link its key, while shortcuts are on.
func keyAttrs(p Page, k string) templ.Attributes {
	if !p.Keys {
		return nil
	}
	return templ.Attributes{"data-key": k, "aria-keyshortcuts": k}
}

// railFolder tells a folder somebody called "Patients" from the exchanges above it.
func railFolder(f FolderLink) string {
	if f.Role == "" && strings.EqualFold(strings.TrimSpace(f.Label), "patients") {
		return f.Label + " (dossier)"
	}
	return f.Label
}

func num(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

func act(p Page, text, icon, k, kind, testID string) ui.Button {
	return ui.Button{Text: text, Icon: icon, Key: key(p, k), Kind: kind, TestID: testID}
}

// unbroken keeps a telephone number on one line.
func unbroken(s string) string {
	r := []rune(s)
	digit := func(i int) bool { return i >= 0 && i < len(r) && r[i] >= '0' && r[i] <= '9' }
	for i := range r {
		if r[i] == ' ' && digit(i-1) && digit(i+1) {
			r[i] = '\u00a0'
		}
	}
	return string(r)
}
