package web

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/outgoing"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// mayWrite refuses whoever may only read.
func (s *Server) mayWrite(r *http.Request, b *mailbox.Box) error {
	return b.MayWrite(r.Context(), audit.DraftOpen)
}

func fileViews(self string, all []outgoing.File) []templates.DraftFile {
	out := make([]templates.DraftFile, 0, len(all))
	for _, f := range all {
		out = append(out, fileView(self, f))
	}
	return out
}

func fileView(self string, f outgoing.File) templates.DraftFile {
	words, icon := kindWords(f.Type, f.Name)
	v := templates.DraftFile{ID: f.ID, Name: f.Name, What: words + " · " + sizeWords(f.Size), Icon: icon, Size: f.Size, Received: f.Received, Href: self + "/files/" + f.ID}
	switch f.Type {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		if f.Complete() && f.Size <= maxInlineSize {
			v.Picture = v.Href + "/picture"
		}
	}
	return v
}

// fileStart announces a file; its octets come in pieces. What the browser says it is
// plays no part.
func (s *Server) fileStart(w http.ResponseWriter, r *http.Request) error {
	if stranger(w, r) {
		return nil
	}
	b, id, err := s.writingDraft(r)
	if err != nil {
		return err
	}
	size, err := strconv.ParseInt(r.PostForm.Get("size"), 10, 64)
	if err != nil {
		return problem.Wrap(err, problem.Invalid, "")
	}
	f, err := s.goOnWith(r, b, id, size)
	if err == nil && f.ID == "" {
		f, err = s.outbox.StartUpload(r.Context(), b, id, r.PostForm.Get("name"), size)
	}
	if err != nil {
		return err
	}
	writeData(w, http.StatusOK, fileView(draftHref(scopeOf(r).box.ID, id), f))
	return nil
}

// goOnWith is for a file that was cut off before, by its id (resume) and the SHA-256
// of its beginning (digest): a name and a size are no proof that it is the same one.
// What is here of another makes way: the answer is then no file, and it begins anew.
func (s *Server) goOnWith(r *http.Request, b *mailbox.Box, draftID string, size int64) (outgoing.File, error) {
	old := r.PostForm.Get("resume")
	if old == "" {
		return outgoing.File{}, nil
	}
	if !opaque.MatchString(old) {
		return outgoing.File{}, problem.New(problem.Invalid, "")
	}
	at, sum, err := s.outbox.Prefix(r.Context(), b, draftID, old)
	if problem.Is(err, problem.NotFound) {
		return outgoing.File{}, nil // asked twice: it made way the first time
	}
	if err != nil {
		return outgoing.File{}, err
	}
	if sum == r.PostForm.Get("digest") {
		if f, err := s.outbox.Chunk(r.Context(), b, draftID, old, at, http.NoBody); err == nil && f.Size == size && f.Received == at {
			return f, nil
		}
	}
	return outgoing.File{}, s.outbox.Remove(r.Context(), b, draftID, old)
}

// uploadDeadline: each piece of a file gets its own, a slow line is no fault.
const uploadDeadline = 5 * time.Minute

// fileChunk adds the request's body to a file, at the offset the address names. A
// piece that would leave a hole is told where to go on.
func (s *Server) fileChunk(w http.ResponseWriter, r *http.Request) error {
	if stranger(w, r) {
		return nil
	}
	b, id, err := s.writingDraft(r)
	if err != nil {
		return err
	}
	fileID, err := param(r, "file")
	if err != nil {
		return err
	}
	at, err := strconv.ParseInt(r.URL.Query().Get("at"), 10, 64)
	if err != nil {
		return problem.Wrap(err, problem.Invalid, "")
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadDeadline)) // not every writer has one (tests)
	f, err := s.outbox.Chunk(r.Context(), b, id, fileID, at, r.Body)
	if problem.Is(err, problem.Conflict) && f.ID != "" {
		writeData(w, http.StatusConflict, failedData{Say: problem.SayOf(err), Received: f.Received})
		return nil
	}
	if err != nil {
		return err
	}
	writeData(w, http.StatusOK, fileView(draftHref(scopeOf(r).box.ID, id), f))
	return nil
}

func (s *Server) fileRemove(w http.ResponseWriter, r *http.Request) error {
	if stranger(w, r) {
		return nil
	}
	b, id, err := s.writingDraft(r)
	if err != nil {
		return err
	}
	fileID, err := param(r, "file")
	if err != nil {
		return err
	}
	if err := s.outbox.Remove(r.Context(), b, id, fileID); err != nil {
		return err
	}
	writeData(w, http.StatusOK, struct{}{})
	return nil
}

// openDraftFile opens the file of the address.
func (s *Server) openDraftFile(r *http.Request) (outgoing.File, io.ReadCloser, error) {
	b, id, err := s.writingDraft(r)
	if err != nil {
		return outgoing.File{}, nil, err
	}
	fileID, err := param(r, "file")
	if err != nil {
		return outgoing.File{}, nil, err
	}
	return s.outbox.OpenFile(r.Context(), b, id, fileID)
}

// fileDownload gives a file back as it was joined: always as a download.
func (s *Server) fileDownload(w http.ResponseWriter, r *http.Request) error {
	f, src, err := s.openDraftFile(r)
	if err != nil {
		return err
	}
	defer src.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", attachmentHeader(f.Name))
	s.copyOut(w, r, src)
	return nil
}

// filePicture shows a picture that was joined, known by its first bytes and measured
// before it is given out, as those of letters received are.
func (s *Server) filePicture(w http.ResponseWriter, r *http.Request) error {
	f, src, err := s.openDraftFile(r)
	if err != nil {
		return err
	}
	defer src.Close()
	head, all, err := peek(src)
	if err != nil {
		return err
	}
	kind := message.ImageType(head)
	if kind == "" || strings.Contains(kind, "svg") || f.Size > maxInlineSize {
		return problem.New(problem.Invalid, "")
	}
	whole, err := checkPixels(all)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	s.copyOut(w, r, whole)
	return nil
}
