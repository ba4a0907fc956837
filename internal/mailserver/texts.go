package mailserver

import (
	"context"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/message"
)

// fetchTexts brings the header and the texts of a large letter, and the headers
// of the letters inside it.
func (a *Account) fetchTexts(ctx context.Context, key letterKey, o *Opened) error {
	sections := []*imap.FetchItemBodySection{{Specifier: imap.PartSpecifierHeader, Peek: true,
		Partial: &imap.SectionPartial{Size: maxHeader}}}
	texts, nested := 0, 0
	o.Structure.Walk(func(p *message.Part) bool {
		path, ok := sectionPath(p.Path)
		switch {
		case !ok:
		case p.Type == "text/plain" || p.Type == "text/html":
			if texts++; texts <= maxTexts && (p.Disposition != "attachment" || p.FileName == "") {
				sections = append(sections, &imap.FetchItemBodySection{Part: path, Peek: true,
					Partial: &imap.SectionPartial{Size: maxTextFetch}})
			}
		case p.Embedded != nil:
			if nested++; nested <= maxTexts {
				sections = append(sections, &imap.FetchItemBodySection{Part: path, Specifier: imap.PartSpecifierHeader,
					Peek: true, Partial: &imap.SectionPartial{Size: maxHeader}})
			}
		}
		return true
	})
	got, err := a.sections(ctx, key, sections)
	if err != nil {
		return err
	}
	o.Texts, o.Heads = make(map[string][]byte), make(map[string][]byte)
	for _, s := range got {
		switch path := pathOf(s.section.Part); {
		case s.section.Specifier == imap.PartSpecifierHeader && path == "":
			o.Head = s.bytes
		case s.section.Specifier == imap.PartSpecifierHeader:
			o.Heads[path] = s.bytes
		default:
			o.Texts[path] = s.bytes
		}
	}
	return nil
}

// fetchHead brings the beginning of a large letter whose structure is unknown.
func (a *Account) fetchHead(ctx context.Context, key letterKey, o *Opened) error {
	got, err := a.sections(ctx, key, []*imap.FetchItemBodySection{{Peek: true, Partial: &imap.SectionPartial{Size: maxUnread}}})
	if err != nil {
		return err
	}
	for _, s := range got {
		o.Whole, o.Cut = s.bytes, true
	}
	return nil
}

// sections fetches some body sections of one letter into memory; each of them
// must be bounded by a partial.
func (a *Account) sections(ctx context.Context, key letterKey, want []*imap.FetchItemBodySection) ([]section, error) {
	budget := int64(budgetSmall)
	for _, s := range want {
		budget += s.Partial.Size + 1024
	}
	var out []section
	err := a.read(ctx, a.commands, func(c *conn) error {
		return c.do(ctx, verbFetch, a.s.o.CommandTimeout, budget, func() error {
			out = nil
			if err := c.selectFolder(key.folder, false); err != nil {
				return err
			}
			if c.validity != key.validity {
				return errGone
			}
			got, err := gather(c.client.Fetch(imap.UIDSetNum(imap.UID(key.uid)), &imap.FetchOptions{UID: true, BodySection: want}))
			if err != nil {
				return err
			}
			for _, f := range got {
				if f.uid == key.uid {
					out = append(out, f.sections...)
				}
			}
			if len(out) == 0 {
				return errGone
			}
			return nil
		})
	})
	return out, err
}
