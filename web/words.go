package web

import "strings"

// kindWords says what a file is in words a hurried reader understands, and which
// icon it gets: pdf, image, archive, text, letter, file. The name decides when the
// declared type says nothing.
func kindWords(contentType, name string) (words, icon string) {
	t := strings.ToLower(contentType)
	ext := ""
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		ext = strings.ToLower(name[i+1:])
	}
	switch {
	case strings.EqualFold(name, "IHE_XDM.zip"):
		return "Archive de documents de santé (IHE_XDM)", "archive"
	case t == "message/rfc822", ext == "eml":
		return "Lettre jointe", "letter"
	case t == "message/delivery-status", t == "message/global-delivery-status":
		return "Rapport de remise", "text"
	case t == "message/disposition-notification", t == "message/global-disposition-notification":
		return "Accusé de lecture", "text"
	case t == "text/rfc822-headers", t == "message/global-headers":
		return "En-têtes de la lettre d’origine", "text"
	case t == "application/pdf", ext == "pdf":
		return "PDF", "pdf"
	case t == "image/jpeg", ext == "jpg", ext == "jpeg", ext == "heic":
		return "Photo", "image"
	case t == "image/tiff", ext == "tif", ext == "tiff":
		return "Image numérisée (TIFF)", "image"
	case strings.HasPrefix(t, "image/"), ext == "png", ext == "gif", ext == "webp", ext == "bmp":
		return "Image", "image"
	case t == "application/dicom", ext == "dcm":
		return "Image médicale (DICOM)", "image"
	case t == "application/zip", t == "application/x-zip-compressed", ext == "zip", ext == "7z", ext == "rar", ext == "gz", ext == "tar":
		return "Archive", "archive"
	case ext == "hpr", ext == "hpm", ext == "hprim":
		return "Résultats (HPRIM)", "text"
	case ext == "hl7":
		return "Message HL7", "text"
	case t == "text/csv", ext == "csv", ext == "xls", ext == "xlsx", ext == "ods":
		return "Tableur", "file"
	case ext == "doc", ext == "docx", ext == "odt", ext == "rtf":
		return "Document", "file"
	case ext == "ppt", ext == "pptx", ext == "odp":
		return "Présentation", "file"
	case t == "text/calendar", ext == "ics":
		return "Rendez-vous", "text"
	case t == "text/vcard", t == "text/x-vcard", ext == "vcf":
		return "Fiche de contact", "text"
	case ext == "xml", t == "text/xml", t == "application/xml":
		return "Document XML", "text"
	case ext == "html", ext == "htm", t == "text/html":
		return "Page web", "file"
	case strings.HasPrefix(t, "text/"), ext == "txt":
		return "Texte", "text"
	case strings.HasPrefix(t, "audio/"):
		return "Enregistrement sonore", "file"
	case strings.HasPrefix(t, "video/"):
		return "Vidéo", "file"
	}
	return "Fichier", "file"
}

// initials are two letters for the sender's disc.
func initials(name string) string {
	var out []rune
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '-' || r == '.' || r == '@' || r == '_' || r == '\u00a0' }) {
		switch strings.ToLower(w) {
		case "dr", "pr", "m", "mme", "de", "du", "des", "la", "le", "les":
			continue
		}
		r := []rune(strings.ToUpper(w))[0]
		if !isLetter(r) {
			continue
		}
		if out = append(out, r); len(out) == 2 {
			break
		}
	}
	if len(out) == 0 {
		return "?"
	}
	return string(out)
}

func isLetter(r rune) bool {
	return r >= 'A' && r <= 'Z' || r >= 0xC0 && r <= 0x24F || r >= 0x370 && r < 0x2000
}
