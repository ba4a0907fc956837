package ui

import (
	"maps"
	"slices"

	"github.com/a-h/templ"

	"pli.example/pli/static"
)

func kindClass(kind string) string {
	switch kind {
	case "primary", "quiet":
		return kind
	default:
		return "plain"
	}
}

func chipKind(kind string) string {
	switch kind {
	case "patient", "doc", "critical", "state", "doubt":
		return kind
	default:
		return "plain"
	}
}

func noticeKind(kind string) string {
	switch kind {
	case "warn", "error", "ok", "alarm":
		return kind
	default:
		return "info"
	}
}

func noticeIcon(kind string) string {
	switch noticeKind(kind) {
	case "warn", "alarm":
		return "triangle-alert"
	case "error":
		return "circle-alert"
	case "ok":
		return "circle-check"
	default:
		return "info"
	}
}

// noticeRole: an error interrupts, the rest is read in its turn.
func noticeRole(kind string) string {
	if kind == "error" {
		return "alert"
	}
	return "note"
}

func sorted(fields map[string]string) []string {
	return slices.Sorted(maps.Keys(fields))
}

// set adds an attribute when it has a value.
func set(a templ.Attributes, name, value string) {
	if value != "" {
		a[name] = value
	}
}

func (b Button) attributes() templ.Attributes {
	a := templ.Attributes{}
	set(a, "data-testid", b.TestID)
	set(a, "name", b.Name)
	set(a, "value", b.Value)
	set(a, "form", b.Form)
	set(a, "aria-label", b.Label)
	if b.Text == "" { // an icon alone: the mouse is told what it is, and its key
		set(a, "title", tip(b.Label, b.Key))
	}
	set(a, "aria-pressed", b.Pressed)
	set(a, "data-key", b.Key)
	set(a, "aria-keyshortcuts", b.Key)
	return a
}

// tip is what an icon says under the mouse.
func tip(label, key string) string {
	if label == "" || key == "" {
		return label
	}
	return label + " (" + key + ")"
}

func (l Link) attributes() templ.Attributes {
	a := templ.Attributes{}
	set(a, "data-testid", l.TestID)
	set(a, "aria-label", l.Label)
	set(a, "data-key", l.Key)
	set(a, "aria-keyshortcuts", l.Key)
	if l.Download {
		a["download"] = true
	}
	if l.NewTab {
		a["target"], a["rel"] = "_blank", "noopener"
	}
	return a
}

func (f Field) attributes() templ.Attributes {
	a := templ.Attributes{"name": f.Name, "value": f.Value, "autocomplete": "off", "type": "text"}
	set(a, "type", f.Type)
	set(a, "placeholder", f.Placeholder)
	set(a, "data-testid", f.TestID)
	set(a, "data-key", f.Key)
	set(a, "aria-keyshortcuts", f.Key)
	set(a, "maxlength", f.MaxLength)
	if f.Hint != "" {
		a["aria-describedby"] = f.ID + "-hint"
	}
	return a
}

// IconHref is the address of an icon.
func IconHref(name string) string { return static.Path("icons.svg") + "#" + name }
