package web

import (
	"net/http"
	"net/url"
	"regexp"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/templates"
)

// letter is one letter: alone in its pane for htmx, beside its list for a
// navigation. Opening it is the one GET with an effect, the read mark.
func (s *Server) letter(w http.ResponseWriter, r *http.Request) error {
	b, at, err := s.letterAt(r)
	if err != nil {
		return err
	}
	l, err := b.Letter(r.Context(), at, mailbox.LetterOptions{MarkRead: looked(r)})
	if err != nil {
		return err
	}
	v := s.letterView(r, l)
	if isFragment(r) {
		folders, err := s.knownFolders(r, b, l)
		if err != nil {
			return err
		}
		s.withFolders(r, &v.Page, folders, at.Folder)
		v.Moves = moves(v.Page.Folders)
		return s.render(w, r, http.StatusOK, templates.LetterFragment(v))
	}
	lq := listQuery(at.Folder, r.URL.Query())
	folders, list, err := b.Desk(r.Context(), lq)
	if err != nil {
		return err
	}
	s.askCounters(r)
	beside := s.listView(r, lq, folders, list)
	beside.Selected = at.UID
	beside.Page.Flash = nil
	s.withFolders(r, &v.Page, folders, at.Folder)
	v.List, v.Moves = &beside, beside.Moves
	return s.render(w, r, http.StatusOK, templates.LetterPage(v))
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
	folders := sc.desk.foldersOf(sc.box.ID)
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

// searchHandle is the opaque handle of a search, as its address carries it.
var searchHandle = regexp.MustCompile(`^[a-z2-7]{20}$`)

// letterView maps a letter.
func (s *Server) letterView(r *http.Request, l *mailbox.Letter) templates.LetterView {
	sc := scopeOf(r)
	base, params := letterHref(sc.box.ID, l.Ref), listParams(listQuery(l.Folder, r.URL.Query()))
	folder := path("mail", sc.box.ID, l.Folder)
	plain := r.URL.Query().Get("form") == "plain"
	g, _ := sc.grantOf(sc.box)
	v := templates.LetterView{
		Page: s.page(r, "Lettre"), BoxID: sc.box.ID, FolderID: l.Folder, Ref: refValue(l.Ref), UIDValidity: l.UIDValidity, UID: l.UID,
		Subject: subjectWords(l.Subject), From: sender(l), To: people(l.Envelope.To), Cc: people(l.Envelope.Cc),
		When: s.clock.full(l.Received), WhenISO: s.clock.iso(l.Received),
		Flagged: l.Flagged, Unread: l.Unread, Answered: l.Answered, Patient: l.Patient,
		SourceHref: base + "/source", PrintHref: base + "/print", BackHref: folder + params,
		CanTriage: g.Rights.Has(delegation.Triage), Notices: notices(l),
	}
	if l.Prev != nil {
		v.PrevHref = letterHref(sc.box.ID, *l.Prev) + params
	}
	if l.Next != nil {
		v.NextHref = letterHref(sc.box.ID, *l.Next) + params
	}
	if len(l.Shown) > 0 {
		doc := show(l.Content, base, plain)
		v.BodyTitle, v.RemoteBlocked, v.Truncated = "Corps de la lettre", doc.remoteBlocked, doc.truncated || l.Cut
		v.BodyHref, v.PlainShown = bodyHref(base, "", plain), plain
		if hasForms(l.Content) {
			v.PlainHref = otherForm(base, params, plain)
		}
	}
	v.Attachments, v.Nested = s.files(base, l.Content), s.nested(base, l.Nested, plain)
	if len(v.Attachments) > 0 {
		v.AllHref = base + "/zip"
	}
	self := base + params
	if from := r.URL.Query().Get("from"); searchHandle.MatchString(from) { // back to the results, not to the folder
		v.BackHref = path("mail", sc.box.ID, "search", from)
		self = base + "?from=" + from
	}
	next := v.BackHref // the list, not the next letter: nobody chose to open that one, and opening marks it read
	v.Acts = templates.LetterActs{
		Archive: doTo(sc.box.ID, "archive", next), Bin: doTo(sc.box.ID, "bin", next), Move: doTo(sc.box.ID, "move", next),
		Flag: doTo(sc.box.ID, "star", self), Unflag: doTo(sc.box.ID, "unstar", self),
		Unread: doTo(sc.box.ID, "unread", next), // never back to the letter: opening it would mark it read
	}
	return v
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
			out.Kind = "Patient, Mon espace santé"
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
		out = append(out, templates.Person{Name: personName(m), Address: m.String()})
	}
	return out
}

// files are the attachments of a letter, without the letters shown in place.
func (s *Server) files(base string, c mailbox.Content) []templates.Attachment {
	out := []templates.Attachment{}
	for _, p := range attachments(c) {
		words, icon := kindWords(p.Type, partName(p))
		at := base + "/part/" + p.Path
		a := templates.Attachment{Name: partName(p), Type: words, Icon: icon, Size: sizeWords(decodedSize(p)), DownloadHref: at}
		a.PreviewKind, a.PreviewHref = preview(p, at)
		out = append(out, a)
	}
	return out
}

// attachments are the parts listed as files: those no text shows.
func attachments(c mailbox.Content) []*message.Part {
	var html string
	for _, t := range c.Shown {
		if t.Part.Type == "text/html" {
			html += t.Text
		}
	}
	return c.Body.Files(html)
}

// decodedSize is what the file will weigh: base64 carries 57 octets in 78.
func decodedSize(p *message.Part) int64 {
	if p.Encoding == "base64" {
		return p.Size * 57 / 78
	}
	return p.Size
}

// preview says how a part may be looked at, from what it claims; the preview
// itself looks at the bytes and refuses a lie.
func preview(p *message.Part, at string) (kind, href string) {
	_, icon := kindWords(p.Type, partName(p))
	switch {
	case icon == "pdf":
		return "pdf", at + "/view"
	case p.Type == "image/svg+xml", p.Type == "application/dicom":
		return "", ""
	case icon == "image" && showable(p):
		return "image", at + "/picture"
	case message.SniffPreview(p.Type, partName(p), nil) == message.PreviewText:
		return "text", at + "/view"
	}
	return "", ""
}

func showable(p *message.Part) bool {
	switch p.Type {
	case "image/png", "image/jpeg", "image/jpg", "image/pjpeg", "image/gif", "image/webp", "image/tiff", "image/x-tiff", "image/bmp":
		return true
	case "application/octet-stream":
		switch words, _ := kindWords("", partName(p)); words {
		case "Photo", "Image", "Image numérisée (TIFF)":
			return true
		}
	}
	return false
}

// nested are the letters carried inside, opened in place, those inside them after.
func (s *Server) nested(base string, list []mailbox.Nested, plain bool) []templates.NestedLetter {
	var out []templates.NestedLetter
	for _, n := range list {
		v := templates.NestedLetter{Subject: subjectWords(n.Envelope.Subject), When: s.clock.full(n.Envelope.Date), Title: "Corps de la lettre jointe",
			Attachments: s.files(base, n.Content), Defects: defects(n.Defects)}
		v.From, _ = whoWords(n.Envelope.From, false)
		if len(n.Shown) > 0 {
			v.BodyHref = bodyHref(base, n.Path, plain)
		}
		out = append(append(out, v), s.nested(base, n.Nested, plain)...)
	}
	return out
}
