package web

import (
	"slices"
	"strings"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/templates"
)

// Bounds of the pictures that a letter's page shows small by itself.
const (
	maxThumbs    = 6
	maxThumbSize = 6_000_000 // octets of all of them together
)

// files are the attachments of a letter in the order they are wanted: documents to
// read first, archives last. A letter carried inside is opened in place, and not
// listed a second time.
func (s *Server) files(base string, c mailbox.Content) []templates.Attachment {
	out := []templates.Attachment{}
	thumbs, room := maxThumbs, int64(maxThumbSize)
	for _, p := range inOrder(attachments(c)) {
		if slices.ContainsFunc(c.Nested, func(n mailbox.Nested) bool { return n.Path == p.Path }) {
			continue
		}
		words, icon := kindWords(p.Type, partName(p))
		at, size := base+"/part/"+p.Path, decodedSize(p)
		a := templates.Attachment{Name: partName(p), Type: words, Icon: icon, Size: sizeWords(size), DownloadHref: at}
		a.PreviewKind, a.PreviewHref = preview(p, at)
		a.EmbedHref = embedHref(p, a.PreviewKind, at, size)
		if a.PreviewKind == "image" && drawnAsItIs(p.Type) && thumbs > 0 && size <= room {
			a.Thumb = true
			thumbs, room = thumbs-1, room-size
		}
		out = append(out, a)
	}
	return out
}

// drawnAsItIs: what a browser decodes by itself. A TIFF costs this server a
// conversion: it is made for who asks.
func drawnAsItIs(contentType string) bool {
	switch contentType {
	case "image/png", "image/jpeg", "image/jpg", "image/pjpeg", "image/gif", "image/webp":
		return true
	}
	return false
}

// inOrder puts PDFs first, then pictures, then the rest, archives last; those of one
// kind stay as the sender put them.
func inOrder(parts []*message.Part) []*message.Part {
	out := slices.Clone(parts)
	rank := func(p *message.Part) int {
		switch _, icon := kindWords(p.Type, partName(p)); icon {
		case "pdf":
			return 0
		case "image":
			return 1
		case "archive":
			return 3
		}
		return 2
	}
	slices.SortStableFunc(out, func(a, b *message.Part) int { return rank(a) - rank(b) })
	return out
}

// nameOfType names what came without a name, "" when the type does not tell.
func nameOfType(contentType string) string {
	switch contentType {
	case "message/delivery-status", "message/global-delivery-status":
		return "rapport-de-remise.txt"
	case "message/disposition-notification", "message/global-disposition-notification":
		return "accuse-de-lecture.txt"
	case "text/rfc822-headers", "message/global-headers":
		return "en-tetes-de-la-lettre.txt"
	case "message/rfc822", "message/global":
		return "lettre-jointe.eml"
	case "message/partial", "message/external-body":
		return "lettre-incomplete.txt"
	case "text/html":
		return "texte.html"
	case "text/calendar":
		return "rendez-vous.ics"
	case "text/vcard", "text/x-vcard", "text/directory":
		return "contact.vcf"
	case "text/rtf", "application/rtf":
		return "texte.rtf"
	case "text/csv":
		return "tableau.csv"
	case "text/xml", "application/xml":
		return "document.xml"
	case "application/zip", "application/x-zip-compressed":
		return "archive.zip"
	case "application/dicom":
		return "image-medicale.dcm"
	case "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature":
		return "signature.p7s"
	}
	switch kind, _, _ := strings.Cut(contentType, "/"); kind {
	case "text":
		return "texte.txt"
	case "audio":
		return "enregistrement" + extensionOf(contentType)
	case "video":
		return "video" + extensionOf(contentType)
	}
	return ""
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
func (s *Server) nested(base string, c mailbox.Content, plain bool) []templates.NestedLetter {
	var out []templates.NestedLetter
	for _, n := range c.Nested {
		v := templates.NestedLetter{Subject: subjectWords(n.Envelope.Subject), When: s.clock.full(n.Envelope.Date), Title: "Corps de la lettre jointe",
			Attachments: s.files(base, n.Content), Defects: defects(n.Defects)}
		v.From, _ = whoWords(n.Envelope.From, false)
		for _, p := range c.Body.Attachments {
			if p.Path == n.Path {
				v.FileName, v.Size, v.DownloadHref = partName(p), sizeWords(decodedSize(p)), base+"/part/"+p.Path
			}
		}
		if len(n.Shown) > 0 {
			v.BodyHref = bodyHref(base, n.Path, plain)
		}
		out = append(append(out, v), s.nested(base, n.Content, plain)...)
	}
	return out
}
