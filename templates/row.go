package templates

import (
	"context"
	"io"
	"strconv"
	"sync"

	"github.com/a-h/templ"

	"pli.example/pli/templates/ui"
)

// row is one letter of a list. It is written by hand: a page holds fifty, and what
// templ makes of an expression costs it more than all else there is in a row. Words
// of a letter reach the page through markup.words and nowhere else.
func row(r Row, current bool, p Page, triage bool) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		lent := rowPaper.Get().(*markup)
		defer rowPaper.Put(lent)
		m := (*lent)[:0]
		m.is(`<li class="row`)
		if r.Unread {
			m.is(` is-unread`)
		}
		m.is(`" data-testid="letter-row" data-uid="`).number(int64(r.UID)).is(`"`)
		if r.Flagged {
			m.is(` data-flagged`)
		}
		if r.Processed {
			m.is(` data-processed`)
		}
		m.is(`>`)
		if triage {
			m.is(`<label class="row-select"><input type="checkbox" form="selection" name="ref" value="`).words(r.Ref).
				is(`" data-testid="row-select" aria-label="`).words(rowLabel(r)).is(`"></label> `)
		}
		m.is(`<a class="row-link" href="`).words(string(templ.URL(r.Href))).is(`"`)
		if current {
			m.is(` aria-current="true"`)
		}
		m.is(` hx-get="`).words(r.Href).is(`" hx-nonce="`).words(p.Nonce).is(`"><span class="row-top">`)
		m.top(r)
		m.is(`</span> <span class="row-subject" data-testid="row-subject" dir="auto">`).words(subject(r.Subject)).is(`</span> `)
		if r.Unreadable {
			m.is(`<span class="row-snippet">Lettre abîmée` + nbsp + `: ouvrez-la pour voir ce qui peut l’être.</span>`)
		} else if r.Snippet != "" {
			m.is(`<span class="row-snippet" dir="auto">`).words(r.Snippet).is(`</span>`)
		}
		m.is(`</a>`)
		_, err := w.Write(m)
		clear(m)
		if *lent = m; err != nil {
			return err
		}
		if err := rowChips(r).Render(ctx, w); err != nil {
			return err
		}
		_, err = io.WriteString(w, `</li>`)
		return err
	})
}

// rowPaper lends what rows are written on, wiped each time.
var rowPaper = sync.Pool{New: func() any {
	m := make(markup, 0, 4096)
	return &m
}}

// top is a row's first line: who, marks, when.
func (m *markup) top(r Row) {
	if r.Unread {
		m.is(`<span class="row-new"><span class="visually-hidden">Non lue. </span></span> `)
	}
	m.is(`<span class="row-who"><span class="row-from" data-testid="row-from" dir="auto">`).words(who(r.Who)).is(`</span> `)
	if r.What != "" {
		m.is(`<span class="row-what">· `).words(r.What).is(`</span>`)
	}
	m.is(`</span> `)
	if n := r.Letters; n > 1 {
		m.is(`<span class="row-letters"><span aria-hidden="true">`).number(int64(n)).is(`</span> <span class="visually-hidden">`).
			words(plural(n, "lettre", "lettres")).is(`</span></span> `)
	}
	if n := r.Attachments; n > 0 {
		m.is(`<span class="row-clip">`).icon("paperclip").is(`<span aria-hidden="true">`).number(int64(n)).
			is(`</span> <span class="visually-hidden">`).words(plural(n, "pièce jointe", "pièces jointes")).is(`</span></span> `)
	}
	if r.Flagged {
		m.is(`<span class="row-star">`).icon("star").is(`<span class="visually-hidden">suivie</span></span> `)
	}
	if r.Answered {
		m.is(`<span class="row-done">`).icon("reply").is(`<span class="visually-hidden">répondue</span></span> `)
	}
	m.is(`<time class="row-when" datetime="`).words(r.WhenISO).is(`">`).words(r.When).is(`</time>`)
}

// markup is HTML being written.
type markup []byte

// is writes HTML of ours.
func (m *markup) is(html string) *markup {
	*m = append(*m, html...)
	return m
}

// words writes text, in an element or in a quoted attribute.
func (m *markup) words(s string) *markup {
	from := 0
	for i := range len(s) {
		var e string
		switch s[i] {
		case '&':
			e = "&amp;"
		case '<':
			e = "&lt;"
		case '>':
			e = "&gt;"
		case '"':
			e = "&#34;"
		case '\'':
			e = "&#39;"
		default:
			continue
		}
		*m = append(append(*m, s[from:i]...), e...)
		from = i + 1
	}
	*m = append(*m, s[from:]...)
	return m
}

func (m *markup) number(n int64) *markup {
	*m = strconv.AppendInt(*m, n, 10)
	return m
}

func (m *markup) icon(name string) *markup {
	return m.is(`<svg class="icon" aria-hidden="true" focusable="false"><use href="`).words(ui.IconHref(name)).is(`"></use></svg> `)
}
