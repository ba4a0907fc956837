package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// readWhole is how many letters of a conversation are read in its page at most: the
// newest, and those not read yet. The others are lines that open theirs.
const readWhole = 6

// conversation is the page of one: its letters from all folders, in order.
func (s *Server) conversation(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	id, err := param(r, "conversation")
	if err != nil {
		return err
	}
	from := r.URL.Query().Get("in")
	if !opaque.MatchString(from) {
		from = ""
	}
	c, err := b.Conversation(r.Context(), id, from)
	if err != nil {
		return err
	}
	sc := scopeOf(r)
	sc.desk.keepFolders(sc.box.ID, c.Folders, b.Notice())
	v := s.conversationView(r, b, c)
	s.withFolders(r, &v.Page, b, c.Folders, c.In.ID)
	v.Moves = moves(v.Page.Folders)
	if isFragment(r) {
		return s.render(w, r, http.StatusOK, templates.ConversationFragment(v))
	}
	if c.In.ID != "" {
		q := conversationQuery(c.In.ID, r.URL.Query())
		folders, l, err := b.Conversations(r.Context(), q)
		if err != nil {
			return err
		}
		list := s.conversationsView(r, b, q, folders, l)
		list.Selected, list.Page.Flash = v.UID, nil
		v.List = &list
	}
	s.askCounters(r)
	return s.render(w, r, http.StatusOK, templates.ConversationPage(v))
}

func (s *Server) conversationView(r *http.Request, b *mailbox.Box, c mailbox.OpenedConversation) templates.ConversationView {
	sc := scopeOf(r)
	params := conversationParams(conversationQuery(c.In.ID, r.URL.Query()))
	back := path("mail", sc.box.ID, c.In.ID) + params
	self := withQuery(path("mail", sc.box.ID, "conversation", c.ID)+params, "in", c.In.ID)
	unfolded := unfoldedIn(r)
	v := templates.ConversationView{Page: s.page(r, "Conversation"), Subject: titleWords(c.Subject), Say: conversationWords(len(c.All), c.All), BackHref: back,
		Older: c.Older, UID: c.Here.UID, Flagged: c.Flagged, Processed: c.Processed && len(c.There) > 0, Role: string(c.In.Role)}
	whole := wholeLetters(c.All, unfolded)
	var patients []mssante.Address
	before := baseWords(v.Subject)
	for i, l := range c.All {
		shown := s.conversationLetter(r, b, l, whole[i], c.In)
		if !whole[i] {
			shown.ReadHref = withUnfolded(self, append(slices.Clone(unfolded), refValue(l.Ref))) + "#" + templates.LetterAnchor(i)
		}
		shown.Href = withQuery(shown.Href, "of", c.ID) + "&in=" + c.In.ID
		subject := baseWords(shown.Subject)
		shown.Repeated, before = subject == before, subject
		v.Letters = append(v.Letters, shown)
		if !l.Ours { // the newest that came is answered, not what we wrote since
			v.Answer, v.All = refValue(l.Ref), len(l.To) > 1
		}
		for _, m := range l.From {
			if m.Address.IsPatient() {
				patients = []mssante.Address{m.Address}
			}
		}
	}
	v.Fold = foldedAbove(whole, len(c.All))
	v.Unfolded = len(unfolded) > 0
	if len(c.All) > len(whole) && !slices.Contains(unfolded, unfoldAll) {
		v.AllHref = withUnfolded(self, []string{unfoldAll})
	}
	if n := len(c.All); v.Answer == "" && n > 0 {
		v.Answer, v.All = refValue(c.All[n-1].Ref), len(c.All[n-1].To) > 1
	}
	if c.Patient {
		v.Patient = s.exchangeHref(sc, patients)
	}
	if g, _ := sc.grantOf(sc.box); g.Rights.Has(delegation.Triage) && len(c.There) > 0 {
		v.Ref = conversationRef(c.Here, c.There)
		v.Taken, v.TakenOf = len(c.There), c.Letters
		v.Acts = templates.LetterActs{
			Archive: doTo(sc.box.ID, "archive", back), Bin: doTo(sc.box.ID, "bin", back), Move: doTo(sc.box.ID, "move", back),
			Remind:  path("mail", sc.box.ID, "remind") + "?next=" + url.QueryEscape(back),
			Process: doTo(sc.box.ID, "processed", self), Unprocess: doTo(sc.box.ID, "unprocessed", self),
			Flag: doTo(sc.box.ID, "star", self), Unflag: doTo(sc.box.ID, "unstar", self),
			Unread: doTo(sc.box.ID, "unread", back),
		}
		v.Remind = s.clock.remindChoices()
	}
	return v
}

// titleWords is a conversation's subject: it is no answer itself.
func titleWords(subject string) string {
	words := subjectWords(subject)
	if t, ok := strings.CutPrefix(baseWords(words), "Re: "); ok && t != "" {
		return t
	}
	return words
}

const (
	unfoldAll   = "all"
	maxUnfolded = 20 // letters read in one page at most, however many are asked for
)

// unfoldedIn are the letters a person asked to read in the page of their conversation:
// their refs, or unfoldAll.
func unfoldedIn(r *http.Request) (out []string) {
	for _, v := range r.URL.Query()["open"] {
		if _, err := refs([]string{v}); len(out) < maxUnfolded && (err == nil || v == unfoldAll) {
			out = append(out, v)
		}
	}
	return out
}

func withUnfolded(to string, refs []string) string {
	return to + "&" + url.Values{"open": refs}.Encode()
}

// wholeLetters chooses those that are read in the page: the newest, then those not read
// yet and those asked for, the newest first.
func wholeLetters(letters []mailbox.ConversationLetter, asked []string) map[int]bool {
	out := map[int]bool{len(letters) - 1: true}
	all := slices.Contains(asked, unfoldAll)
	for i := len(letters) - 1; i >= 0 && len(out) < maxUnfolded; i-- {
		if all || slices.Contains(asked, refValue(letters[i].Ref)) {
			out[i] = true
		}
	}
	for i := len(letters) - 1; i >= 0 && len(out) < readWhole; i-- {
		if letters[i].Unread && !letters[i].Ours {
			out[i] = true
		}
	}
	return out
}

// leastFolded: fewer lines than that are not worth hiding.
const leastFolded = 3

// foldedAbove is how many letters before the first that is read are folded into one line.
func foldedAbove(whole map[int]bool, n int) int {
	for i := range n {
		if whole[i] {
			if i < leastFolded {
				return 0
			}
			return i - 1 // the last stays: what the letter below answers
		}
	}
	return 0
}

func conversationWords(n int, letters []mailbox.ConversationLetter) string {
	seen := map[string]bool{}
	for _, l := range letters {
		seen[l.Folder.ID] = true
	}
	say := "1\u00a0lettre"
	if n > 1 {
		say = count(n) + "\u00a0lettres"
	}
	if len(seen) > 1 {
		return say + " dans " + count(len(seen)) + "\u00a0dossiers. "
	}
	return say + ". "
}

// conversationLetter maps one letter, read whole or as a line. One that cannot be read
// costs its own place only.
func (s *Server) conversationLetter(r *http.Request, b *mailbox.Box, l mailbox.ConversationLetter, whole bool, in mailbox.FolderView) templates.ConversationLetterView {
	sc := scopeOf(r)
	v := templates.ConversationLetterView{ExchangeLetterView: templates.ExchangeLetterView{
		When: s.clock.full(l.Received), WhenISO: s.clock.iso(l.Received), Subject: subjectWords(l.Subject), Snippet: masked(l.Snippet), Ours: l.Ours, Unread: l.Unread, Files: l.Attachments,
		Href: letterHref(sc.box.ID, l.Ref)}}
	v.Who, _ = whoWords(l.From, false)
	v.OpenSays = "Ouvrir"
	if l.Ours {
		v.Who = "Moi"
		if b.Grant().Kind != delegation.Owner {
			v.Who = boxLabel(b.Grant())
		}
		if len(l.To) > 0 {
			to, _ := whoWords(l.To, false)
			v.Who += " → " + to
		}
	}
	if l.Folder.ID != in.ID {
		v.Folder = l.Folder.Label
	}
	if l.Doubtful && !l.Ours {
		v.Chips = append(v.Chips, templates.Chip{Kind: "doubt", Text: "Expéditeur à vérifier"})
	}
	if l.Unreadable {
		v.Chips = append(v.Chips, templates.Chip{Kind: "doubt", Text: "Lettre abîmée"})
	}
	if l.Unread && !whole {
		v.Chips = append(v.Chips, templates.Chip{Kind: "state", Text: "Non lue"})
	}
	if whole {
		s.readInPlace(r, b, l.Ref, l.Ours, &v.ExchangeLetterView)
	}
	return v
}

// readInPlace opens a letter to be read among others: an act of its own, in the trail.
func (s *Server) readInPlace(r *http.Request, b *mailbox.Box, ref mailbox.Ref, ours bool, v *templates.ExchangeLetterView) {
	opened, err := b.Letter(r.Context(), ref, mailbox.LetterOptions{MarkRead: looked(r) && !ours})
	if err != nil {
		say := problem.SayOf(err)
		if say == "" {
			say = failureOf(problem.KindOf(err)).say
		}
		v.Notices = []templates.Notice{{Kind: "warn", Text: say}}
		return
	}
	if opened.MarkedRead {
		sc := scopeOf(r)
		sc.desk.wasRead(sc.box.ID, opened.Folder)
	}
	lv, err := s.settledView(r, b, opened)
	if err != nil {
		v.Notices = []templates.Notice{{Kind: "warn", Text: problem.SayOf(err)}}
		return
	}
	v.BodyHref, v.Attachments, v.AllHref, v.Nested = lv.BodyHref, lv.Attachments, lv.AllHref, len(lv.Nested)
	if !ours {
		v.Notices = lv.Notices
		if lv.From.Warning != "" {
			v.Notices = append(v.Notices, templates.Notice{Kind: "warn", Text: lv.From.Warning})
		}
	}
	if lv.RemoteBlocked > 0 || lv.Truncated {
		v.Notices = append(v.Notices, templates.Notice{Kind: "info", Text: "Tout n’est pas montré ici\u00a0: ouvrez la lettre pour savoir pourquoi."})
	}
}
