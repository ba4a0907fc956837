package web

import (
	"net/http"
	"strings"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/sanitize"
	"pli.example/pli/templates"
)

// shown is what a letter's frame holds, and what the page says about it.
type shown struct {
	html          string
	plainOnly     bool // no part of it is the sender's HTML
	remoteBlocked int
	truncated     bool
}

// show makes the document of a letter: each text in its form, sanitised last, cid:
// pictures led to the letter's own parts. base is the letter's address.
func show(c mailbox.Content, base string, plain bool) shown {
	texts := c.Shown
	if plain {
		texts = c.Plains
	}
	out := shown{plainOnly: true}
	cid := sanitize.Options{CID: func(id string) (string, bool) {
		p := c.Body.Inline[id]
		if p == nil || p.Path == "" || strings.HasSuffix(p.Type, "tiff") { // no browser shows it, and nobody asked for a conversion
			return "", false
		}
		return base + "/part/" + p.Path + "/inline", true
	}}
	var b strings.Builder
	for i, t := range texts {
		source := t.Text
		if t.Part.Type == "text/html" {
			out.plainOnly = false
		} else {
			source = message.PlainToHTML(source)
		}
		r := sanitize.HTML([]byte(source), cid)
		if i > 0 {
			b.WriteString("<hr>")
		}
		b.Write(r.HTML)
		out.remoteBlocked += r.RemoteBlocked
		out.truncated = out.truncated || t.Truncated || r.Truncated
	}
	out.html = b.String()
	return out
}

// hasForms reports whether a letter has both a laid-out and a plain form.
func hasForms(c mailbox.Content) bool { return c.Body.HTML != nil && c.Body.Plain != nil }

// nestedIn finds the letter carried at path, at any depth.
func nestedIn(c mailbox.Content, path string) (mailbox.Content, bool) {
	for _, n := range c.Nested {
		if n.Path == path {
			return n.Content, true
		}
		if strings.HasPrefix(path, n.Path+".") {
			return nestedIn(n.Content, path)
		}
	}
	return mailbox.Content{}, false
}

// document is show, done once for a page and its frame.
func (s *Server) document(key documentKey, c mailbox.Content) shown {
	if v, ok := s.documents.find(key); ok {
		return v
	}
	v := show(c, letterHref(key.box, key.ref), key.plain)
	s.documents.keep(key, v)
	return v
}

// prepare makes the document of a letter whose page will be rendered in a moment.
func (s *Server) prepare(r *http.Request, l *mailbox.Letter) {
	if len(l.Shown) > 0 {
		s.document(scopeOf(r).documentKey(l.Ref, "", r.URL.Query().Get("form") == "plain"), l.Content)
	}
}

// body is the document inside a letter's frame: ?form=plain for its plain form,
// ?part=2 for a letter carried inside it.
func (s *Server) body(w http.ResponseWriter, r *http.Request) error {
	b, at, err := s.letterAt(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	key := scopeOf(r).documentKey(at, q.Get("part"), q.Get("form") == "plain")
	v, kept := s.documents.find(key)
	if !kept || !b.JustOpened(at) { // a page whose opening is in the trail vouches for its frame
		l, err := b.Letter(r.Context(), at, mailbox.LetterOptions{Frame: true})
		if err != nil {
			return err
		}
		c := l.Content
		if key.part != "" {
			var ok bool
			if c, ok = nestedIn(c, key.part); !ok {
				return problem.New(problem.NotFound, "Cette lettre jointe n’est pas lisible ici\u00a0: téléchargez-la.")
			}
		}
		v = s.document(key, c)
	}
	return s.render(w, r, http.StatusOK, templates.BodyDocument(templates.BodyView{HTML: v.html, Dark: v.plainOnly, Title: "Corps de la lettre"}))
}
