package web

import (
	"archive/zip"
	"io"
	"net/http"
	"strings"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
)

// zip streams every attachment of a letter in one archive, one part at a time.
func (s *Server) zip(w http.ResponseWriter, r *http.Request) error {
	b, at, err := s.letterAt(r)
	if err != nil {
		return err
	}
	l, err := b.Letter(r.Context(), at, mailbox.LetterOptions{Frame: true})
	if err != nil {
		return err
	}
	files := attachments(l.Content)
	if len(files) == 0 {
		return problem.New(problem.NotFound, "Cette lettre n’a pas de pièce jointe.")
	}
	// The first part is opened before the answer begins: what fails then is a page.
	first, err := b.Part(r.Context(), at, files[0].Path, audit.PartZip)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", attachmentHeader("pieces-jointes.zip"))
	z := zip.NewWriter(&patientWriter{w: w, rc: http.NewResponseController(w)})
	var names uniqueNames
	for i, f := range files {
		p := first
		if i > 0 {
			if p, err = b.Part(r.Context(), at, f.Path, audit.PartZip); err != nil {
				s.cut(r, err)
			}
		}
		if err := addFile(z, names.pick(partName(f), "piece-jointe.bin"), p, l.Received, f.Type); err != nil {
			s.cut(r, err)
		}
	}
	if err := z.Close(); err != nil {
		s.cut(r, err)
	}
	return nil
}

// addFile copies one part into the archive. What is already compressed is stored.
func addFile(z *zip.Writer, name string, p *mailbox.PartStream, at time.Time, contentType string) error {
	defer p.Close()
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at}
	if contentType == "application/zip" || contentType == "application/pdf" || strings.HasPrefix(contentType, "image/") && contentType != "image/tiff" && contentType != "image/bmp" {
		h.Method = zip.Store
	}
	f, err := z.CreateHeader(h)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, p)
	return err
}
