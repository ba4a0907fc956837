package outgoing

import (
	"bytes"
	"net/http"
	"path"
	"strings"
	"unicode/utf8"
)

// Sniff names what a file is from its first octets (512 are enough) for the letter
// it leaves in. The name only tells apart what looks the same inside: office
// documents are zip archives, tables are text. What a browser declared plays no
// part.
func Sniff(name string, head []byte) string {
	head = head[:min(len(head), 512)]
	ext := strings.ToLower(path.Ext(name))
	switch {
	case bytes.HasPrefix(head, []byte("II*\x00")), bytes.HasPrefix(head, []byte("MM\x00*")):
		return "image/tiff"
	case len(head) >= 132 && string(head[128:132]) == "DICM":
		return "application/dicom"
	case bytes.HasPrefix(head, []byte(`{\rtf`)):
		return "application/rtf"
	case bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		return oneOf(ext, "application/octet-stream", ".doc", "application/msword", ".xls", "application/vnd.ms-excel", ".ppt", "application/vnd.ms-powerpoint")
	}
	t, _, _ := strings.Cut(http.DetectContentType(head), ";")
	switch t {
	case "application/zip":
		const office = "application/vnd.openxmlformats-officedocument."
		const open = "application/vnd.oasis.opendocument."
		return oneOf(ext, t, ".docx", office+"wordprocessingml.document", ".xlsx", office+"spreadsheetml.sheet",
			".pptx", office+"presentationml.presentation", ".odt", open+"text", ".ods", open+"spreadsheet", ".odp", open+"presentation")
	case "text/plain":
		if !utf8.Valid(trimRune(head)) { // a letter's text parts are UTF-8 (ECO.2.2.3): another charset travels as bytes
			return "application/octet-stream"
		}
		return oneOf(ext, "application/octet-stream", ".txt", "text/plain", ".csv", "text/csv", ".xml", "text/xml", ".json", "application/json", ".md", "text/plain", ".log", "text/plain")
	case "text/html":
		if ext == ".xml" {
			return "text/xml"
		}
	}
	return t
}

// oneOf picks the type of an extension among pairs.
func oneOf(ext, otherwise string, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == ext {
			return pairs[i+1]
		}
	}
	return otherwise
}

// trimRune drops a character cut in two by the end of the head.
func trimRune(b []byte) []byte {
	for i := 1; i <= utf8.UTFMax && i <= len(b); i++ {
		if utf8.RuneStart(b[len(b)-i]) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			return b
		}
	}
	return b
}
