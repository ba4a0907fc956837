package templates

import "strings"

// void reports a file of no octet: it was lost before it came here.
func void(a Attachment) bool {
	size := strings.ReplaceAll(a.Size, nbsp, " ")
	return size == "0 o" || size == "0 octet"
}

// picture is shown in its card.
func picture(a Attachment) bool {
	return a.PreviewHref != "" && a.PreviewKind == "image" && !void(a)
}

func pictureAlt(a Attachment) string {
	return "Image jointe" + nbsp + ": " + fileName(a.Name) + ". Si elle ne paraît pas, téléchargez-la."
}

// downloadText: an arrow alone beside another act, words where it is the only one.
func downloadText(a Attachment) string {
	if a.PreviewHref != "" && !void(a) {
		return ""
	}
	return "Télécharger"
}
