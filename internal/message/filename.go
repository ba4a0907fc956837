package message

import (
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const maxFileName = 150 // bytes of UTF-8

// reserved are the device names of Windows, with any extension.
var reserved = map[string]bool{"con": true, "prn": true, "aux": true, "nul": true, "conin$": true, "conout$": true, "clock$": true}

// SafeFileName makes a name safe to show, to save and to put in a zip: no path,
// no control, bidi or invisible character, none that Windows refuses, no device
// name, no final dot, at most 150 bytes with the extension kept. Runs of spaces
// shrink, so that a second extension stays in sight. "" stays "".
func SafeFileName(s string) string {
	s = norm.NFC.String(cleanLine(cutUTF8(strings.ToValidUTF8(s, ""), 4000)))
	if s == "" {
		return ""
	}
	s = dropPath(s)
	var b strings.Builder
	space := false
	for _, r := range s {
		switch {
		case strings.ContainsRune(`<>:"|?*/\`, r):
			r = '_'
		case r == '\u00a0' || r >= 0x2000 && r <= 0x200A || r == 0x202F || r == 0x205F || r == 0x3000 || r == 0x2800:
			r = ' '
		case r == utf8.RuneError:
			r = '_'
		}
		if r == ' ' && space {
			continue
		}
		space = r == ' '
		b.WriteRune(r)
	}
	s = strings.Trim(b.String(), " .")
	s = cutName(s)
	if s == "" {
		return "sans-nom"
	}
	stem, _, _ := strings.Cut(strings.ToLower(s), ".")
	if stem = strings.TrimSpace(stem); reserved[stem] || device(stem) {
		s = "_" + s
	}
	return s
}

// device reports COM1…LPT9, superscript digits included.
func device(stem string) bool {
	n, ok := strings.CutPrefix(stem, "com")
	if !ok {
		n, ok = strings.CutPrefix(stem, "lpt")
	}
	return ok && (len(n) == 1 && n[0] >= '0' && n[0] <= '9' || n == "¹" || n == "²" || n == "³")
}

// dropPath keeps the last element of what is plainly a path. A slash elsewhere
// may be a date ("CR 12/10/2024.pdf"): it becomes an underscore later.
func dropPath(s string) string {
	slash := strings.ReplaceAll(s, `\`, "/")
	drive := len(slash) > 2 && slash[1] == ':' && slash[2] == '/'
	if drive || strings.HasPrefix(slash, "/") || strings.HasPrefix(slash, "~/") || strings.HasPrefix(slash, "./") ||
		strings.Contains("/"+slash, "/../") || strings.Contains(slash, "://") {
		s = path.Base(slash)
	}
	return strings.Trim(s, " .")
}

// cutName shortens the stem and keeps the extension, both of "x.pdf.exe".
func cutName(s string) string {
	if len(s) <= maxFileName {
		return s
	}
	ext := shortExt(s)
	ext = shortExt(strings.TrimSuffix(s, ext)) + ext
	stem := cutUTF8(strings.TrimSuffix(s, ext), maxFileName-len(ext)-len("…"))
	return strings.TrimRight(stem, " .") + "…" + ext
}

func shortExt(s string) string {
	if ext := path.Ext(s); len(ext) > 1 && len(ext) <= 20 && !strings.Contains(ext, " ") {
		return ext
	}
	return ""
}

// UniqueNames makes the names of a zip differ, case ignored: "a.pdf", "a (2).pdf".
// Empty ones become "piece-jointe".
func UniqueNames(names []string) []string {
	out := make([]string, len(names))
	used := make(map[string]bool, len(names))
	next := make(map[string]int)
	for i, name := range names {
		if name = SafeFileName(name); name == "" {
			name = "piece-jointe"
		}
		key := strings.ToLower(name)
		ext := shortExt(name)
		stem := strings.TrimSuffix(name, ext)
		for used[strings.ToLower(name)] {
			n := max(next[key], 1) + 1
			next[key] = n
			mark := " (" + strconv.Itoa(n) + ")"
			name = strings.TrimRight(cutUTF8(stem, maxFileName-len(ext)-len(mark)), " .") + mark + ext
		}
		used[strings.ToLower(name)] = true
		out[i] = name
	}
	return out
}

// DownloadName is the part's name, or one made from its type.
func (p *Part) DownloadName() string {
	if p.FileName != "" {
		return p.FileName
	}
	if letterType(p.Type) {
		return "lettre-jointe.eml"
	}
	name := "piece-jointe"
	if p.Path != "" {
		name += "-" + strings.ReplaceAll(p.Path, ".", "-")
	}
	return name + extensions[p.Type]
}

var extensions = map[string]string{
	"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/tiff": ".tif", "image/webp": ".webp",
	"image/bmp": ".bmp", "text/plain": ".txt", "text/html": ".html", "text/csv": ".csv", "text/calendar": ".ics", "text/vcard": ".vcf",
	"application/zip": ".zip", "application/xml": ".xml", "text/xml": ".xml", "message/delivery-status": ".txt",
	"message/disposition-notification": ".txt", "text/rfc822-headers": ".txt", "application/pkcs7-signature": ".p7s", "application/dicom": ".dcm",
}
