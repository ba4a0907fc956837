package message

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// PreviewKind is what the page can show of a file without running it.
type PreviewKind string

// The kinds of preview.
const (
	PreviewNone  PreviewKind = "none"
	PreviewPDF   PreviewKind = "pdf"
	PreviewImage PreviewKind = "image" // PNG, JPEG, GIF, WebP, BMP: the browser shows it
	PreviewTIFF  PreviewKind = "tiff"  // we turn its first page into PNG
	PreviewText  PreviewKind = "text"
)

// SniffPreview decides from the first bytes of a file (512 are enough); the type
// and the name only say whether bytes that look like text were meant as text.
// What begins like markup is no preview, whatever it is called.
func SniffPreview(typ, name string, head []byte) PreviewKind {
	if kind := sniffMagic(head); kind != PreviewNone {
		return kind
	}
	typ, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(typ)), ";")
	ext := strings.ToLower(shortExt(name))
	text := typ == "text/plain" || typ == "text/csv" || typ == "text/markdown" || typ == "message/delivery-status" ||
		typ == "message/disposition-notification" || typ == "text/rfc822-headers"
	if !text && (typ == "" || typ == "application/octet-stream") {
		text = ext == ".txt" || ext == ".csv" || ext == ".log" || ext == ".md" || ext == ".hpr" || ext == ".hl7"
	}
	if text && textual(head) {
		return PreviewText
	}
	return PreviewNone
}

// ImageType names the picture a browser may show inline, from its first bytes: ""
// for anything else. Serve this, never the type a sender declared.
func ImageType(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(head, []byte("\xFF\xD8\xFF")):
		return "image/jpeg"
	case bytes.HasPrefix(head, []byte("GIF87a")), bytes.HasPrefix(head, []byte("GIF89a")):
		return "image/gif"
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return "image/webp"
	case len(head) >= 26 && string(head[:2]) == "BM" && head[14] >= 12 && head[15] == 0 && head[16] == 0 && head[17] == 0:
		return "image/bmp"
	}
	return ""
}

func sniffMagic(head []byte) PreviewKind {
	switch {
	case ImageType(head) != "":
		return PreviewImage
	case bytes.HasPrefix(head, []byte("II*\x00")), bytes.HasPrefix(head, []byte("MM\x00*")):
		return PreviewTIFF
	case bytes.HasPrefix(bytes.TrimLeft(head, "\xEF\xBB\xBF \t\r\n\x00"), []byte("%PDF-")):
		return PreviewPDF
	}
	return PreviewNone
}

// textual reports bytes without controls that begin like no markup.
func textual(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF"))
	if bytes.HasPrefix(bytes.TrimSpace(head), []byte("<")) {
		return false
	}
	for _, c := range head {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1B && c != 0x1C {
			return false
		}
	}
	return utf8.ValidString(cutUTF8(string(head), max(0, len(head)-4))) || !bytes.ContainsAny(head, "\x7F\x81\x8D\x8F\x90\x9D")
}
