package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/templates"
)

// letter is one letter: alone in its pane for htmx, beside its list for a
// navigation. Opening it is the one GET with an effect, the read mark.
func (s *Server) letter(w http.ResponseWriter, r *http.Request) error {
	b, at, err := s.letterAt(r)
	if err != nil {
		return err
	}
	if !isFragment(r) {
		if found, ok := s.foundBeside(r, b, at); ok {
			return s.letterAmong(w, r, b, at, found)
		}
	}
	var p *prepared
	var d *document
	o := mailbox.LetterOptions{MarkRead: looked(r), Loaded: func(l *mailbox.Letter) { d = s.prepare(r, l) }}
	var l *mailbox.Letter
	if isFragment(r) {
		o.Ready = func(l *mailbox.Letter) { p = s.letterFragment(w, r, b, l, d) }
		l, err = b.Letter(r.Context(), at, o)
	} else if s.asConversations(r, b, at.Folder) {
		if l, err = b.Letter(r.Context(), at, o); err == nil {
			p, err = s.letterAmongConversations(w, r, b, l, d)
		}
	} else {
		lq := listQuery(at.Folder, r.URL.Query())
		l, _, _, err = b.LetterBeside(r.Context(), at, o, lq, func(l *mailbox.Letter, folders []mailbox.FolderView, list mailbox.List) {
			beside := s.listView(r, b, lq, folders, list)
			beside.Selected = l.UID
			p = s.letterPage(w, r, b, l, d, folders, beside)
		})
	}
	if err != nil {
		return err
	}
	s.heard(r, b, l)
	return p.answer(w, http.StatusOK)
}

// letterFragment is the letter alone, for its pane.
func (s *Server) letterFragment(w http.ResponseWriter, r *http.Request, b *mailbox.Box, l *mailbox.Letter, begun *document) *prepared {
	folders, err := s.knownFolders(r, b, l)
	if err != nil {
		return &prepared{err: err}
	}
	return whenSettled(r.Context(), begun, func(d *document) (*prepared, look) {
		v, saw := s.letterView(r, b, l, d)
		s.withFolders(r, &v.Page, b, folders, l.Folder)
		v.Moves = moves(v.Page.Folders)
		return s.prepareHTML(w, r, templates.LetterFragment(v)), saw
	})
}

// letterPage is the letter beside the page of its folder. begun is its document, nil when
// it has no text.
func (s *Server) letterPage(w http.ResponseWriter, r *http.Request, b *mailbox.Box, l *mailbox.Letter, begun *document, folders []mailbox.FolderView, list templates.ListView) *prepared {
	s.askCounters(r)
	list.Page.Flash = nil
	return whenSettled(r.Context(), begun, func(d *document) (*prepared, look) {
		v, saw := s.letterView(r, b, l, d)
		s.withFolders(r, &v.Page, b, folders, l.Folder)
		v.List, v.Moves = &list, list.Moves
		return s.prepareHTML(w, r, templates.LetterPage(v)), saw
	})
}

// letterAmongConversations is the letter beside the conversations of its folder.
func (s *Server) letterAmongConversations(w http.ResponseWriter, r *http.Request, b *mailbox.Box, l *mailbox.Letter, begun *document) (*prepared, error) {
	q := conversationQuery(l.Folder, r.URL.Query())
	folders, page, err := b.Conversations(r.Context(), q)
	if err != nil {
		return nil, err
	}
	list := s.conversationsView(r, b, q, folders, page)
	for i := range page.Items {
		if slices.Contains(page.Items[i].There, l.UID) {
			list.Selected = page.Items[i].Here.UID
		}
	}
	return s.letterPage(w, r, b, l, begun, folders, list), nil
}

// looked reports that a person is opening this page now, from Pli or from nowhere
// else (an address typed, a bookmark): not another site's link, not a prefetch, not
// a picture whose source is a letter's address. Browsers without Sec-Fetch count
// as looking.
func looked(r *http.Request) bool {
	if r.Method != http.MethodGet || isPrefetch(r) {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return false
	}
	if isFragment(r) {
		return true
	}
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "", "document":
	default:
		return false
	}
	switch r.Header.Get("Sec-Fetch-Mode") {
	case "", "navigate":
		return true
	}
	return false
}

// knownFolders gives the folders this session saw last, the letter just read
// counted off, so that a fragment costs no listing.
func (s *Server) knownFolders(r *http.Request, b *mailbox.Box, l *mailbox.Letter) ([]mailbox.FolderView, error) {
	sc := scopeOf(r)
	folders := sc.desk.foldersOf(sc.box.ID).views
	if folders == nil {
		return b.Folders(r.Context())
	}
	for i := range folders {
		if l.MarkedRead && folders[i].ID == l.Folder && folders[i].Unseen > 0 {
			folders[i].Unseen--
		}
	}
	return folders, nil
}

// conversationHandle is the opaque id of a conversation.
var conversationHandle = regexp.MustCompile(`^[a-z2-7]{13}$`)

// searchHandle is the opaque handle of a search, as its address carries it.
var searchHandle = regexp.MustCompile(`^[a-z2-7]{20}$`)

// letterView maps a letter, and tells what it took from its document: d, or the one
// it finds or begins when d is nil.
func (s *Server) letterView(r *http.Request, b *mailbox.Box, l *mailbox.Letter, d *document) (templates.LetterView, look) {
	sc := scopeOf(r)
	base, params := letterHref(sc.box.ID, l.Ref), listParams(listQuery(l.Folder, r.URL.Query()))
	folder := path("mail", sc.box.ID, l.Folder)
	plain := r.URL.Query().Get("form") == "plain"
	g, _ := sc.grantOf(sc.box)
	var saw look
	v := templates.LetterView{
		Page: s.page(r, "Lettre"), BoxID: sc.box.ID, FolderID: l.Folder, Ref: refValue(l.Ref), UIDValidity: l.UIDValidity, UID: l.UID,
		Subject: subjectWords(l.Subject), From: sender(l), To: people(l.Envelope.To), Cc: people(l.Envelope.Cc),
		When: s.clock.full(l.Received), WhenISO: s.clock.iso(l.Received),
		Flagged: l.Flagged, Unread: l.Unread, Answered: l.Answered, Patient: l.Patient, Processed: l.Processed,
		SourceHref: base + "/source", PrintHref: base + "/print", BackHref: folder + params,
		CanTriage: g.Rights.Has(delegation.Triage), Machine: fromMachine(l),
	}
	v.ExchangeHref = s.exchangeHref(sc, patientSide(l))
	var back mailbox.Returned
	if v.Machine {
		var known bool
		if back, known = b.Returned(l); known {
			v.ExchangeHref = s.exchangeHref(sc, []mssante.Address{back.Patient})
		}
	}
	v.Notices = notices(l, back, s.believes(r, g, l))
	s.introduce(r, l, &v)
	if l.Prev != nil {
		v.PrevHref = letterHref(sc.box.ID, *l.Prev) + params
	}
	if l.Next != nil {
		v.NextHref = letterHref(sc.box.ID, *l.Next) + params
	}
	if len(l.Shown) > 0 {
		if d == nil {
			d = s.document(sc.documentKey(l.Ref, "", plain), l.Content)
		}
		saw = d.look()
		doc := saw.saw
		v.BodyTitle, v.RemoteBlocked, v.Truncated = "Corps de la lettre", doc.remoteBlocked, doc.truncated || l.Cut
		v.BodyHref, v.PlainShown = bodyHref(base, "", plain), plain
		if n, ok := askNotice(v.Subject, doc.html); ok {
			v.Notices = append([]templates.Notice{n}, v.Notices...)
		}
		if hasForms(l.Content) {
			v.PlainHref = otherForm(base, params, plain)
		}
	}
	v.Attachments, v.Nested = s.files(base, l.Content), s.nested(base, l.Content, plain)
	if len(attachments(l.Content)) > 1 {
		v.AllHref = base + "/zip"
	}
	self := base + params
	if from := r.URL.Query().Get("from"); searchHandle.MatchString(from) { // back to the results, not to the folder
		v.BackHref = path("mail", sc.box.ID, "search", from)
		v.PrevHref, v.NextHref = "", "" // those of the folder are not those of the results
		self = base + "?from=" + from
	}
	next := v.BackHref                                                     // the list, not the next letter: nobody chose to open that one, and opening marks it read
	if of := r.URL.Query().Get("of"); conversationHandle.MatchString(of) { // opened from a conversation, which may end with the act
		in := r.URL.Query().Get("in")
		if !opaque.MatchString(in) {
			in = l.Folder
		}
		v.BackHref, v.BackSays = path("mail", sc.box.ID, "conversation", of)+"?in="+in, "Conversation"
		self, next = withQuery(base+params, "of", of)+"&in="+in, path("mail", sc.box.ID, in)
	}
	v.Acts = templates.LetterActs{
		Archive: doTo(sc.box.ID, "archive", next), Bin: doTo(sc.box.ID, "bin", next), Move: doTo(sc.box.ID, "move", next),
		Remind:  path("mail", sc.box.ID, "remind") + "?next=" + url.QueryEscape(next),
		Process: doTo(sc.box.ID, "processed", self), Unprocess: doTo(sc.box.ID, "unprocessed", self),
		Flag: doTo(sc.box.ID, "star", self), Unflag: doTo(sc.box.ID, "unstar", self),
		Unread: doTo(sc.box.ID, "unread", next), // never back to the letter: opening it would mark it read
	}
	v.Remind = s.clock.remindChoices()
	return v, saw
}

// settledView is letterView of a letter already read back.
func (s *Server) settledView(r *http.Request, b *mailbox.Box, l *mailbox.Letter) (templates.LetterView, error) {
	v, saw := s.letterView(r, b, l, nil)
	changed, err := saw.changed(r.Context())
	if err == nil && changed {
		v, _ = s.letterView(r, b, l, saw.of)
	}
	return v, err
}

func bodyHref(base, part string, plain bool) string {
	q := url.Values{}
	if part != "" {
		q.Set("part", part)
	}
	if plain {
		q.Set("form", "plain")
	}
	if len(q) == 0 {
		return base + "/body"
	}
	return base + "/body?" + q.Encode()
}

func otherForm(base, params string, plain bool) string {
	if plain {
		return base + params
	}
	return withQuery(base+params, "form", "plain")
}

// sender is the card of who wrote, with the gravest reason for doubt.
func sender(l *mailbox.Letter) templates.Sender {
	var out templates.Sender
	if len(l.Envelope.From) > 0 {
		m := l.Envelope.From[0]
		out.Name, out.Address = personName(m), m.String()
		if m.Address.IsPatient() {
			out.Kind, out.Address = "Patient, Mon espace santé", patientINS(m.Address)
		}
	} else {
		out.Name = "Expéditeur illisible"
	}
	out.Initials = initials(out.Name)
	for _, w := range l.Envelope.Warnings {
		if say := w.Say(); say != "" {
			out.Warning = say
			break
		}
	}
	return out
}

func people(list []message.Mailbox) []templates.Person {
	out := make([]templates.Person, 0, len(list))
	for _, m := range list {
		p := templates.Person{Name: personName(m), Address: m.String()}
		if m.Address.IsPatient() { // the address is an identity number
			p.Address = patientINS(m.Address)
		}
		out = append(out, p)
	}
	return out
}
