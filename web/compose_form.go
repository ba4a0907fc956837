package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
)

// draftForm is what the page sends without a script.
type draftForm struct {
	values map[string][]string
	file   *filePart
	joined string // id of the file, once it is in the draft
}

// filePart is the file at the end of the form, not read yet.
type filePart struct {
	name string
	size int64
	body io.Reader
}

func (f *draftForm) get(name string) string {
	if v := f.values[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Bounds of the form's text fields.
const (
	maxFieldParts = 600
	maxFieldBytes = 3 << 20 // all of them
)

var (
	errFormTooBig = problem.New(problem.TooLarge, "Ce formulaire est trop volumineux. Ce qui était enregistré l’est toujours\u00a0: joignez plutôt un document.")
	errFormSize   = problem.New(problem.Invalid, "Votre navigateur n’a pas dit la taille du fichier\u00a0: il n’a pas été joint. Le texte est enregistré. Essayez avec un autre navigateur.")
)

// readDraftForm reads the form part by part, without a temporary file, up to its
// file: the form's last control, so that its size is what is left of the request.
func readDraftForm(r *http.Request) (*draftForm, error) {
	f := &draftForm{values: map[string][]string{}}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		if r.PostForm == nil {
			return nil, problem.New(problem.Invalid, "")
		}
		f.values = r.PostForm // a form without a file, as a test or an old browser sends it
		return f, nil
	}
	slow := &stepped{r: bufio.NewReaderSize(r.Body, 32<<10)}
	parts := multipart.NewReader(slow, params["boundary"])
	room := int64(maxFieldBytes)
	for range maxFieldParts {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return nil, formError(err)
		}
		if p.FormName() == "file" {
			if p.FileName() == "" { // nothing chosen
				continue
			}
			f.file = &filePart{name: p.FileName(), size: -1, body: slow.rush(p)}
			if r.ContentLength > 0 {
				f.file.size = r.ContentLength - slow.n - int64(len("\r\n--"+params["boundary"]+"--\r\n"))
			}
			return f, nil
		}
		b, err := io.ReadAll(io.LimitReader(p, room+1))
		if err != nil {
			return nil, formError(err)
		}
		if room -= int64(len(b)); room < 0 {
			return nil, errFormTooBig
		}
		f.values[p.FormName()] = append(f.values[p.FormName()], string(b))
	}
	return nil, errFormTooBig
}

func formError(err error) error {
	var tooBig *http.MaxBytesError
	if errors.As(err, &tooBig) || errors.Is(err, errFormTooBig) {
		return problem.Wrap(err, problem.TooLarge, problem.SayOf(errFormTooBig))
	}
	return problem.Wrap(err, problem.Invalid, "")
}

// stepped gives the form no further than the end of a part's head at once, so that the
// reader behind it holds nothing of a part's content when its head ends: n is then
// where the content begins. What comes before the file counts against maxFieldBytes,
// whatever it is.
type stepped struct {
	r    *bufio.Reader
	n    int64
	last [2]byte // read before
	fast bool
}

func (s *stepped) Read(p []byte) (int, error) {
	if s.fast {
		return s.r.Read(p)
	}
	if s.n >= maxFieldBytes {
		return 0, errFormTooBig
	}
	if _, err := s.r.Peek(1); err != nil || len(p) == 0 {
		return 0, err
	}
	ahead, err := s.r.Peek(min(len(p), s.r.Buffered(), int(maxFieldBytes-s.n)))
	if err != nil {
		return 0, err
	}
	n, err := s.r.Read(p[:s.step(ahead)])
	s.n += int64(n)
	switch {
	case n == 1:
		s.last = [2]byte{s.last[1], p[0]}
	case n > 1:
		s.last = [2]byte(p[n-2 : n])
	}
	return n, err
}

// step is how much of what is ahead may be given: up to an empty line, as a head ends
// with one.
func (s *stepped) step(ahead []byte) int {
	near := append(s.last[:], ahead[:min(2, len(ahead))]...)
	if at := bytes.Index(near, emptyLine); at >= 0 {
		return at + len(emptyLine) - len(s.last)
	}
	if at := bytes.Index(ahead, emptyLine); at >= 0 {
		return at + len(emptyLine)
	}
	return len(ahead)
}

var emptyLine = []byte("\n\r\n")

// rush reads what is left, a file, as it comes.
func (s *stepped) rush(p io.Reader) io.Reader {
	s.fast = true
	return p
}

// formDeadline is for a letter and its file on a slow line.
const formDeadline = 15 * time.Minute

// composeForm is the page without a script: it keeps what was typed, always, then does
// what the button says.
func (s *Server) composeForm(w http.ResponseWriter, r *http.Request) error {
	b, id, err := s.writingDraft(r)
	if err != nil {
		return err
	}
	if err := s.mayWrite(r, b); err != nil {
		return err
	}
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(formDeadline)) // not every writer has one (tests)
	_ = rc.SetWriteDeadline(time.Now().Add(formDeadline + time.Minute))
	f, err := readDraftForm(r)
	if err != nil {
		return err
	}
	if strange(r, f.get("who")) {
		return errStranger
	}
	do, fileID, _ := strings.Cut(f.get("do"), ":")
	if _, typed := f.values["to"]; do == "discard" && !typed { // a script saved by itself
		return s.discard(w, r, b, id)
	}
	e, err := s.formEdit(r, b, id, f)
	if err != nil {
		return err
	}
	if do == "discard" { // the last words are kept first: 'Reprendre' brings them back
		away, err := s.outbox.DiscardWith(r.Context(), b, id, e)
		if err != nil {
			return err
		}
		return s.discarded(w, r, away.ID)
	}
	saved, err := s.outbox.Save(r.Context(), b, id, e)
	if err != nil {
		return err
	}
	to := draftHref(scopeOf(r).box.ID, saved.ID)
	n := note{say: "Brouillon enregistré " + s.clock.at(saved.At) + ".", kind: "ok"}
	if saved.Say != "" {
		n = note{say: saved.Say, kind: "warn"}
	}
	if f.file != nil {
		if f.joined, err = s.attachForm(r.Context(), b, saved.ID, f.file); err != nil {
			_, _ = io.Copy(io.Discard, f.file.body) // a browser cut off while it sends shows its own error, not our answer
			return s.comeBack(w, r, to, note{say: "Le texte est enregistré. " + sayOf(err), kind: "warn"})
		}
		n.say = "Fichier joint, texte enregistré."
	}
	switch do {
	case "remove":
		if err := s.outbox.Remove(r.Context(), b, saved.ID, fileID); err != nil {
			return err
		}
		n.say = "Fichier retiré, texte enregistré."
	case "send":
		return s.sendForm(w, r, b, saved, f)
	}
	return s.comeBack(w, r, to, n)
}

// sayOf is the sentence of an error, or that of its kind.
func sayOf(err error) string {
	if say := problem.SayOf(err); say != "" {
		return say
	}
	return failureOf(problem.KindOf(err)).say
}

// attachForm streams the form's file into the draft, and tells its id there.
func (s *Server) attachForm(ctx context.Context, b *mailbox.Box, id string, p *filePart) (string, error) {
	if p.size < 0 {
		return "", errFormSize
	}
	f, err := s.outbox.StartUpload(ctx, b, id, p.name, p.size)
	if err != nil {
		return "", err
	}
	got, err := s.outbox.Chunk(ctx, b, id, f.ID, 0, p.body)
	if err == nil && !got.Complete() { // more came after the file: its size was not what was left
		err = errFormSize
	}
	if err != nil {
		_ = s.outbox.Remove(context.WithoutCancel(ctx), b, id, f.ID) // half a file is no use to a page that cannot go on
	}
	return f.ID, err
}

// discard puts a draft away.
func (s *Server) discard(w http.ResponseWriter, r *http.Request, b *mailbox.Box, id string) error {
	if err := s.outbox.Discard(r.Context(), b, id); err != nil {
		return err
	}
	return s.discarded(w, r, id)
}

// discarded leads to the list that says how to bring a draft back.
func (s *Server) discarded(w http.ResponseWriter, r *http.Request, id string) error {
	return s.comeBack(w, r, path("mail", scopeOf(r).box.ID, "compose"), note{say: "Brouillon supprimé.", kind: "ok", reopen: id})
}
