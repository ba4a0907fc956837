package web

import (
	"fmt"
	"strconv"
	"strings"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
)

// maxRefs is how many letters one act may name: a page of search results at most.
// Beyond, up to maxChosen, the ticks of a page of conversations, the act is one on many
// letters.
const (
	maxRefs   = 500
	maxChosen = 25_000
)

func parseRef(folder, validity, uid string) (mailbox.Ref, error) {
	v, err1 := strconv.ParseUint(validity, 10, 32)
	u, err2 := strconv.ParseUint(uid, 10, 32)
	if !opaque.MatchString(folder) || err1 != nil || err2 != nil || u == 0 || v == 0 {
		return mailbox.Ref{}, problem.New(problem.NotFound, "")
	}
	return mailbox.Ref{Folder: folder, UIDValidity: uint32(v), UID: uint32(u)}, nil
}

// refValue is a letter as a form field: folder/uidvalidity/uid.
func refValue(r mailbox.Ref) string {
	return r.Folder + "/" + strconv.FormatUint(uint64(r.UIDValidity), 10) + "/" + strconv.FormatUint(uint64(r.UID), 10)
}

func letterHref(boxID string, r mailbox.Ref) string { return "/mail/" + boxID + "/" + refValue(r) }

// conversationRef is a conversation as a form field: its letters in one folder, as the
// page shows them, the newest first: folder/uidvalidity/uid,uid,… It names those and no
// others, whatever joins the conversation later.
func conversationRef(newest mailbox.Ref, uids []uint32) string {
	b := []byte(newest.Folder + "/" + strconv.FormatUint(uint64(newest.UIDValidity), 10))
	sign := byte('/')
	for _, uid := range uids {
		b = strconv.AppendUint(append(b, sign), uint64(uid), 10)
		sign = ','
	}
	return string(b)
}

// refs reads the letters a form names; the same one twice counts once.
func refs(values []string) ([]mailbox.Ref, error) { return someRefs(values, maxRefs) }

func someRefs(values []string, most int) ([]mailbox.Ref, error) {
	if len(values) == 0 {
		return nil, problem.New(problem.Invalid, "Aucune lettre n’est cochée\u00a0: rien n’a changé. Cochez au moins une lettre.")
	}
	seen := map[mailbox.Ref]bool{}
	out := make([]mailbox.Ref, 0, len(values))
	for _, v := range values {
		parts := strings.Split(v, "/")
		if len(parts) != 3 {
			return nil, problem.New(problem.Invalid, "")
		}
		for uid := range strings.SplitSeq(parts[2], ",") {
			r, err := parseRef(parts[0], parts[1], uid)
			if err != nil {
				return nil, problem.Wrap(err, problem.Invalid, "")
			}
			if !seen[r] {
				seen[r] = true
				out = append(out, r)
			}
			if len(out) > most {
				return nil, problem.New(problem.TooLarge, fmt.Sprintf("Rien n’a changé\u00a0: une action porte sur %d lettres au plus.", most))
			}
		}
	}
	return out, nil
}

// newestRefs keeps of each value its first letter, of a conversation the newest.
func newestRefs(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i], _, _ = strings.Cut(v, ",")
	}
	return out
}

// whoWords names the correspondents of a row and what they are.
func whoWords(people []message.Mailbox, sent bool) (who, what string) {
	if len(people) == 0 {
		if sent {
			return "Sans destinataire", ""
		}
		return "Expéditeur illisible", ""
	}
	var names []string
	for _, p := range people[:min(3, len(people))] {
		names = append(names, personName(p))
	}
	who = strings.Join(names, ", ")
	if more := len(people) - len(names); more > 0 {
		who += fmt.Sprintf(" et %d autres", more)
	}
	if p := people[0]; p.Address.IsPatient() && len(people) == 1 {
		what = patientINS(p.Address)
	}
	if sent {
		return "À\u00a0: " + who, what
	}
	if p := people[0]; p.Address.IsPatient() {
		what = patientINS(p.Address)
	} else if p.Name != "" && p.Valid {
		what = p.Address.String()
	}
	return who, what
}

// tidyName writes "DR_Anne_KERBRAT" as a person would: some programs join the words
// of a display name, or quote it twice. An address in its place stays as it is, for
// the warning that it deserves.
func tidyName(name string) string {
	if strings.Contains(name, "@") {
		return name
	}
	bare := strings.Trim(strings.Join(strings.Fields(strings.ReplaceAll(name, "_", " ")), " "), `'" `)
	if bare == "" {
		return name
	}
	return bare
}

// personName is the name written, or the address; a patient's address is an
// identity number and is never used as a name.
func personName(p message.Mailbox) string {
	switch {
	case p.Address.IsPatient(): // the label is one string, kept as it is
		return patientLabel(p)
	case strings.TrimSpace(p.Name) != "":
		return tidyName(p.Name)
	case p.Valid:
		return p.Address.String()
	case p.Raw != "":
		return p.Raw
	}
	return "Expéditeur illisible"
}
