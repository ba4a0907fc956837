package web

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/a-h/templ"

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

// same reports whether a page made from v need not be made again from w.
func (v shown) same(w shown) bool {
	return v.html == w.html && v.remoteBlocked == w.remoteBlocked && v.truncated == w.truncated
}

// draw begins the document of a letter: each text in its form, sanitised last, cid:
// pictures led to the letter's own parts. base is the letter's address. certain says
// that likely is what finish would give.
func draw(c mailbox.Content, base string, plain bool) (likely shown, certain bool, finish func() shown) {
	texts := c.Shown
	if plain {
		texts = c.Plains
	}
	cid := sanitize.Options{CID: func(id string) (string, bool) {
		p := c.Body.Inline[id]
		if p == nil || p.Path == "" || strings.HasSuffix(p.Type, "tiff") { // no browser shows it, and nobody asked for a conversion
			return "", false
		}
		return base + "/part/" + p.Path + "/inline", true
	}}
	out := shown{plainOnly: true}
	work := make([]*sanitize.Work, 0, len(texts))
	for _, t := range texts {
		source := t.Text
		if t.Part.Type == "text/html" {
			out.plainOnly = false
		} else {
			source = message.PlainToHTML(source)
		}
		out.truncated = out.truncated || t.Truncated
		work = append(work, sanitize.Begin([]byte(source), cid))
	}
	join := func(result func(*sanitize.Work) sanitize.Result) shown {
		v := out
		var b strings.Builder
		for i, w := range work {
			r := result(w)
			if i > 0 {
				b.WriteString("<hr>")
			}
			b.Write(r.HTML)
			v.remoteBlocked += r.RemoteBlocked
			v.truncated = v.truncated || r.Truncated
		}
		v.html = b.String()
		return v
	}
	certain = !slices.ContainsFunc(work, func(w *sanitize.Work) bool { return !w.Certain() })
	return join(func(w *sanitize.Work) sanitize.Result { return w.Likely }), certain, func() shown { return join((*sanitize.Work).Finish) }
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

// document is what draw makes, once for a page and its frame. It is read back beside
// the page that is being made of it, and packed for its frame.
func (s *Server) document(key documentKey, c mailbox.Content) *document {
	if d := s.documents.find(key); d != nil {
		return d
	}
	likely, certain, finish := draw(c, letterHref(key.box, key.ref), key.plain)
	d := newDocument(key, likely)
	s.documents.keep(d)
	if certain {
		s.documents.settle(d, likely, nil)
	}
	go func() {
		defer func() { // on a goroutine of its own: nobody else would catch it
			if v := recover(); v != nil {
				s.panics.Add(1)
				s.log.Error("panic", slog.String("in", "document"), slog.String("kind", problem.PanicWords(v)), slog.String("stack", string(debug.Stack())))
				s.documents.settle(d, shown{}, problem.New(problem.Internal, "Cette lettre n’a pas pu être préparée. Elle n’a rien\u00a0: téléchargez sa source, et prévenez le support."))
			}
		}()
		v := likely
		if !certain {
			v = finish()
			s.documents.settle(d, v, nil)
		}
		s.documents.pack(d, s.packFrame(v))
	}()
	return d
}

// packFrame makes a frame's document ahead of its request; nil leaves it to be made
// then.
func (s *Server) packFrame(v shown) []byte {
	b := blanks.Get().(*bytes.Buffer)
	defer giveBack(b)
	if len(v.html) > maxDocument || bodyDocument(v).Render(context.Background(), b) != nil {
		return nil
	}
	out, ok := s.packer.pack(b.Bytes())
	if !ok {
		return nil // half of it is nothing to send
	}
	return out
}

func bodyDocument(v shown) templ.Component {
	return templates.BodyDocument(templates.BodyView{HTML: v.html, Dark: v.plainOnly, Title: "Corps de la lettre"})
}

// prepare begins the document of a letter whose page will be made in a moment; nil
// when it has no text to show.
func (s *Server) prepare(r *http.Request, l *mailbox.Letter) *document {
	if len(l.Shown) == 0 {
		return nil
	}
	return s.document(scopeOf(r).documentKey(l.Ref, "", r.URL.Query().Get("form") == "plain"), l.Content)
}

// whenSettled makes a page of a letter while its document is read back, and once more
// when that changed what the page says: of the very document it looked at. d is the
// one already begun, nil for none.
func whenSettled(ctx context.Context, d *document, page func(*document) (*prepared, look)) *prepared {
	p, saw := page(d)
	changed, err := saw.changed(ctx)
	if err == nil && changed {
		p, _ = page(saw.of)
	}
	if err != nil {
		return &prepared{err: err}
	}
	return p
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
	d := s.documents.find(key)
	if d == nil || !b.JustOpened(at) { // a page whose opening is in the trail vouches for its frame
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
		d = s.document(key, c)
	}
	v, err := d.wait(r.Context())
	if err != nil {
		return err
	}
	if _, ok := w.(*gzipWriter); ok {
		if packed := d.waitPacked(r.Context()); packed != nil {
			return (&prepared{body: packed, packed: true}).answer(w, http.StatusOK)
		}
	}
	return s.render(w, r, http.StatusOK, bodyDocument(v))
}
