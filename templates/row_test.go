package templates

import (
	"reflect"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestRowKeepsWordsWords: whatever a letter says, its row has the same elements and
// attributes, and says it.
func TestRowKeepsWordsWords(t *testing.T) {
	t.Parallel()
	const evil = `"'><script>alert(1)</script><img src=x onerror=y>&amp;`
	tidy, hostile := rowOf(t, "mot"), rowOf(t, evil)
	if !reflect.DeepEqual(tidy.shape, hostile.shape) {
		t.Errorf("the row's elements change with the letter's words:\n%q\n%q", tidy.shape, hostile.shape)
	}
	for _, want := range []string{"who", "what", "when", "subject", "snippet", "chip"} {
		if !strings.Contains(hostile.text, want+evil) {
			t.Errorf("the row does not say %q: %q", want+evil, hostile.text)
		}
	}
	if !strings.Contains(strings.Join(hostile.values, "\n"), "subject"+evil) {
		t.Errorf("the label of the box does not name the letter: %q", hostile.values)
	}
}

type drawn struct {
	shape, values []string
	text          string
}

// rowOf draws a row whose every word ends in s, with every mark.
func rowOf(t *testing.T, s string) drawn {
	t.Helper()
	r := Row{Who: "who" + s, What: "what" + s, When: "when" + s, WhenISO: "iso" + s, Subject: "subject" + s, Snippet: "snippet" + s, Ref: "ref" + s, Href: "/mail/" + s,
		UID: 7, Unread: true, Flagged: true, Answered: true, Attachments: 2, Chips: []Chip{{Kind: "kind" + s, Text: "chip" + s}}}
	var b strings.Builder
	if err := row(r, true, Page{Nonce: "nonce" + s}, true).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	var d drawn
	for z := html.NewTokenizer(strings.NewReader(b.String())); ; {
		switch z.Next() {
		case html.ErrorToken:
			return d
		case html.TextToken:
			d.text += string(z.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := z.Token()
			line := tag.Data
			for _, a := range tag.Attr {
				line += " " + a.Key
				d.values = append(d.values, a.Val)
			}
			d.shape = append(d.shape, line)
		}
	}
}
