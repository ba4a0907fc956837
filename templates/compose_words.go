package templates

import "pli.example/pli/templates/ui"

func stripKind(kind string) string {
	switch kind {
	case "warn", "error", "ok":
		return kind
	}
	return "info"
}

func stripIcon(kind string) string {
	switch stripKind(kind) {
	case "warn":
		return "triangle-alert"
	case "error":
		return "circle-alert"
	case "ok":
		return "circle-check"
	}
	return "info"
}

// levelKind is the colour of a remark: what blocks, what asks, what tells.
func levelKind(level string) string {
	switch level {
	case "block":
		return "error"
	case "ask":
		return "warn"
	}
	return "info"
}

// answerLabel is what a short button is announced as.
func answerLabel(kind string) string {
	if kind == "reply_all" {
		return "Répondre à tous"
	}
	return ""
}

// starButton follows a letter, or no longer does: a star without words.
func starButton(p Page, label string, on bool) ui.Button {
	return ui.Button{Icon: "star", Label: label, Key: key(p, "s"), Kind: "quiet", TestID: "act-star", Pressed: pressed(on)}
}
