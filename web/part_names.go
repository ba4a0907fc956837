package web

import (
	"strings"

	"pli.example/pli/internal/message"
)

// partName never leaves a file without a name, nor without the ending its type has: a
// desktop chooses the program by it.
func partName(p *message.Part) string {
	if p.FileName != "" {
		return p.FileName
	}
	if p.Embedded != nil {
		return "lettre-jointe.eml"
	}
	if name := nameOfType(p.Type); name != "" {
		return name
	}
	n := p.Path[strings.LastIndexByte(p.Path, '.')+1:]
	if n != "" {
		n = "-" + n
	}
	return "piece-jointe" + n + extensionOf(p.Type)
}

// extensionOf is the ending of a type's files; ".bin" when it is not known.
func extensionOf(contentType string) string {
	switch contentType {
	case "application/pdf", "application/x-pdf":
		return ".pdf"
	case "image/jpeg", "image/jpg", "image/pjpeg":
		return ".jpg"
	case "image/tiff", "image/tif", "image/x-tiff":
		return ".tif"
	case "image/svg+xml":
		return ".svg"
	case "application/msword":
		return ".doc"
	case "application/vnd.openxmlformats-officedocument.wordprocessingml.document":
		return ".docx"
	case "application/vnd.ms-excel":
		return ".xls"
	case "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":
		return ".xlsx"
	case "application/vnd.ms-powerpoint":
		return ".ppt"
	case "application/vnd.openxmlformats-officedocument.presentationml.presentation":
		return ".pptx"
	case "application/vnd.oasis.opendocument.text":
		return ".odt"
	case "application/vnd.oasis.opendocument.spreadsheet":
		return ".ods"
	case "application/rtf", "text/rtf":
		return ".rtf"
	case "application/json":
		return ".json"
	case "video/mp4":
		return ".mp4"
	case "video/quicktime":
		return ".mov"
	case "audio/mpeg":
		return ".mp3"
	case "audio/mp4", "audio/x-m4a":
		return ".m4a"
	case "audio/wav", "audio/x-wav":
		return ".wav"
	}
	if name, ok := strings.CutPrefix(contentType, "image/"); ok {
		if name = strings.TrimPrefix(name, "x-"); plainWord(name) {
			return "." + name
		}
	}
	return ".bin"
}

// plainWord keeps what a sender writes after "image/" from becoming more than an ending.
func plainWord(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 5
}
