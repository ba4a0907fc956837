package templates_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"pli.example/pli/templates"
)

// space before a high punctuation mark must not break a line.
var loose = regexp.MustCompile(`\p{L} [;:!?»]|« \p{L}`)

func TestNonBreakingSpaces(t *testing.T) {
	t.Parallel()
	own := []templ.Component{
		templates.SignInPage(templates.SignInView{Nonce: nonce, Action: "/sign-in"}),
		templates.SessionsPage(templates.SessionsView{Page: templates.Page{Nonce: nonce}}),
		templates.NoMailboxPage(templates.NoMailboxView{Page: templates.Page{Nonce: nonce}, NationalID: "1"}),
		templates.ListPage(templates.ListView{Page: templates.Page{Nonce: nonce}, Rows: []templates.Row{{UID: 1, Href: "/", Unreadable: true}}}),
		templates.SearchPage(templates.SearchView{Box: templates.SearchBox{Words: "x", Fields: &templates.SearchFields{}}}),
		templates.LetterPage(templates.LetterView{RemoteBlocked: 3, Truncated: true}),
	}
	for _, c := range own {
		text := parse(t, draw(t, c)).Text()
		if at := loose.FindString(text); at != "" {
			t.Errorf("breaking space in %q", at)
		}
	}
}

// TestHostileStrings: what a letter says stays text.
func TestHostileStrings(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	v := sampleLetter()
	v.Subject, v.From.Name, v.From.Address, v.From.Warning = evil, evil, evil, evil
	v.To = []templates.Person{{Name: evil, Address: evil}}
	v.Attachments = []templates.Attachment{{Name: evil, Type: evil, Size: evil, Icon: evil, DownloadHref: "javascript:alert(1)", PreviewHref: "javascript:alert(1)", PreviewKind: "pdf"}}
	v.List.Rows[0].Subject, v.List.Rows[0].Who, v.List.Rows[0].Snippet, v.List.Rows[0].What = evil, evil, evil, evil
	v.List.Rows[0].Chips = []templates.Chip{{Kind: evil, Text: evil}}
	d := parse(t, draw(t, templates.LetterPage(v)))
	if n := d.Find("img[onerror]").Length(); n > 0 {
		t.Errorf("%d elements were made of a letter's words", n)
	}
	d.Find("script").Each(func(_ int, e *goquery.Selection) {
		if strings.Contains(e.Text(), "alert") {
			t.Error("a script was made of a letter's words")
		}
	})
	d.Find("[href], [src], [action]").Each(func(_ int, e *goquery.Selection) {
		for _, a := range []string{"href", "src", "action"} {
			if strings.HasPrefix(strings.ToLower(strings.TrimSpace(e.AttrOr(a, ""))), "javascript:") {
				t.Errorf("%s keeps a javascript: address", a)
			}
		}
	})
}

// TestReadOnly: somebody who may only read sees no act at all.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	v := sampleLetter()
	v.CanTriage = false
	v.List.CanTriage = false
	d := parse(t, draw(t, templates.LetterPage(v)))
	for _, id := range []string{"act-archive", "act-bin", "act-star", "act-unread", "act-move", "row-select", "bulk-archive"} {
		if d.Find("[data-testid='"+id+"']").Length() > 0 {
			t.Errorf("a reader is offered %s", id)
		}
	}
}

// TestContract: the marks by which the end-to-end tests find their way.
func TestContract(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, s := range gallery() {
		b.WriteString(draw(t, s.body))
	}
	all := parse(t, b.String())
	for _, id := range strings.Fields(`signin-button situation-1 situation-2 folder-inbox folder-drafts folder-f7 folder-count letter-row row-subject
		row-from row-select letter-subject letter-from letter-body attachment attachment-name act-archive act-bin act-unread act-star act-move undo
		search-input search-submit search-result box-link sessions-row session-revoke signout error-title error-say demo-banner pager-next pager-prev
		bulk-archive bulk-bin bulk-read bulk-unread download-all source-link print-link nested-letter flash`) {
		if all.Find("[data-testid='"+id+"']").Length() == 0 {
			t.Errorf("no %s in the gallery", id)
		}
	}
	if got := strings.TrimSpace(all.Find("[data-testid='signin-button']").First().Text()); got != "S'identifier avec Pro Santé Connect" {
		t.Errorf("the sign-in button says %q", got)
	}
}
