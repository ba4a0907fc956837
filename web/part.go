package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// Bounds of previews.
const (
	sniffBytes    = 512
	maxPixels     = 40_000_000 // a scanned A3 page at 300 dpi has 17 million
	maxMeasured   = 4 << 20    // where the size of a picture must have been said: after its profile and thumbnail
	maxTextView   = 512 << 10
	maxInlineSize = 25_000_000
	maxPDFSize    = 50_000_000
	convertWait   = 5 * time.Second
)

// openPart opens the part of the address. The caller closes it.
func (s *Server) openPart(r *http.Request, as audit.Action) (*mailbox.PartStream, error) {
	b, at, err := s.letterAt(r)
	if err != nil {
		return nil, err
	}
	return b.Part(r.Context(), at, chi.URLParam(r, "part"), as)
}

// letterAt opens the mailbox and reads the letter's place from the address.
func (s *Server) letterAt(r *http.Request) (*mailbox.Box, mailbox.Ref, error) {
	at, err := ref(r)
	if err != nil {
		return nil, at, err
	}
	b, err := s.box(r)
	return b, at, err
}

// partDownload sends a part as a file, always as a download: nothing a sender
// made opens on our origin (attack 17). Bytes are the sender's, transfer encoding
// undone and nothing else.
func (s *Server) partDownload(w http.ResponseWriter, r *http.Request) error {
	p, err := s.openPart(r, audit.PartDownload)
	if err != nil {
		return err
	}
	defer p.Close()
	w.Header().Set("Content-Type", downloadType(p.Part.Type))
	w.Header().Set("Content-Disposition", attachmentHeader(partName(p.Part)))
	s.copyOut(w, r, p)
	return nil
}

// downloadType keeps the types a desktop opens with the right program and that no
// browser runs; all else is bytes.
func downloadType(t string) string {
	switch t {
	case "application/pdf", "image/jpeg", "image/png", "image/gif", "image/tiff", "image/webp", "application/zip", "text/plain", "application/dicom", "message/rfc822":
		return t
	}
	return "application/octet-stream"
}

// partInline serves a picture of the letter's frame (cid:): nobody asked for it, so
// it is what the browser itself decodes and nothing that costs us. Never a TIFF.
func (s *Server) partInline(w http.ResponseWriter, r *http.Request) error {
	return s.picture(w, r, false)
}

// partPicture serves a picture somebody asked to see, or, drawn, why it cannot be
// shown: an <img> shows nothing else.
func (s *Server) partPicture(w http.ResponseWriter, r *http.Request) error {
	if err := s.picture(w, r, true); err != nil {
		s.fail(&drawn{ResponseWriter: w, say: cmp.Or(problem.SayOf(err), failureOf(problem.KindOf(err)).say)}, r, err)
	}
	return nil
}

// drawn turns a failure without words into a picture of its sentence. The status is
// the failure's: browsers draw a picture whatever its status.
type drawn struct {
	http.ResponseWriter
	say  string
	body []byte
}

// Unwrap lets http.ResponseController reach the connection.
func (d *drawn) Unwrap() http.ResponseWriter { return d.ResponseWriter }

func (d *drawn) WriteHeader(code int) {
	if png, err := message.NoticePNG(d.say); err == nil && code >= http.StatusBadRequest {
		d.body = png
		d.Header().Set("Content-Type", "image/png")
	}
	d.ResponseWriter.WriteHeader(code)
	_, _ = d.ResponseWriter.Write(d.body) // the reader left: nobody to tell
}

func (d *drawn) Write(p []byte) (int, error) {
	if d.body != nil {
		return len(p), nil
	}
	return d.ResponseWriter.Write(p)
}

const sayBigPicture = "Cette image est trop volumineuse pour être montrée ici. Elle est intacte\u00a0: téléchargez-la."

// picture serves one for an <img>: the closed list of formats browsers decode safely,
// known by their first bytes and not by what the sender says; TIFF becomes PNG
// here, when asked for. SVG is a document, not a picture.
func (s *Server) picture(w http.ResponseWriter, r *http.Request, asked bool) error {
	p, err := s.openPart(r, pictureUse(asked))
	if err != nil {
		return err
	}
	defer p.Close()
	if decodedSize(p.Part) > maxInlineSize {
		return problem.New(problem.TooLarge, sayBigPicture)
	}
	head, src, err := peek(p)
	if err != nil {
		return err
	}
	switch kind := message.ImageType(head); {
	case asked && message.SniffPreview(p.Part.Type, "", head) == message.PreviewTIFF:
		png, err := s.convert(r.Context(), src)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "image/png")
		s.copyOut(w, r, png)
	case kind != "":
		whole, err := checkPixels(&capped{src, maxInlineSize})
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", kind)
		s.copyOut(w, r, whole)
	default:
		return problem.New(problem.Invalid, "Cette pièce n’est pas une image que Pli sait montrer\u00a0: téléchargez-la.")
	}
	return nil
}

func pictureUse(asked bool) audit.Action {
	if asked {
		return audit.PartPreview
	}
	return mailbox.ToFrame
}

// convert makes a PNG of a TIFF, one at a time on this node.
func (s *Server) convert(ctx context.Context, src io.Reader) (io.Reader, error) {
	wait := time.NewTimer(convertWait)
	defer wait.Stop()
	select {
	case s.converting <- struct{}{}:
		defer func() { <-s.converting }()
	case <-wait.C:
		return nil, problem.New(problem.TooMany, "D’autres images sont en préparation. Celle-ci est intacte\u00a0: réessayez dans un instant, ou téléchargez-la.")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	png := &cappedBuffer{limit: maxInlineSize}
	err := message.TIFFToPNG(png, src, maxPixels)
	if errors.Is(err, errOverCap) {
		return nil, problem.Wrap(err, problem.TooLarge, sayBigPicture)
	}
	return &png.Buffer, err
}

// checkPixels refuses a picture whose header announces more pixels than a page can
// bear, and one that cannot be measured (attack 25): it still comes down as a file.
func checkPixels(src io.Reader) (io.Reader, error) {
	var seen bytes.Buffer
	in := &noted{Reader: io.LimitReader(src, maxMeasured)}
	w, h, ok := message.PictureSize(io.TeeReader(in, &seen))
	switch {
	case in.err != nil:
		return nil, in.err
	case !ok:
		return nil, problem.New(problem.Invalid, "Pli n’a pas pu mesurer cette image et ne la montre donc pas. Elle est intacte\u00a0: téléchargez-la.")
	case w > maxPixels/h:
		return nil, problem.New(problem.TooLarge, "Cette image est trop grande pour être montrée\u00a0: téléchargez-la.")
	}
	return io.MultiReader(&seen, src), nil
}

// noted remembers that the source failed, which is no fault of the picture.
type noted struct {
	io.Reader
	err error
}

func (n *noted) Read(p []byte) (int, error) {
	got, err := n.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		n.err = err
	}
	return got, err
}

// peek gives the first bytes and a reader of everything.
func peek(src io.Reader) ([]byte, io.Reader, error) {
	head := make([]byte, sniffBytes)
	n, err := io.ReadFull(src, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil, err
	}
	head = head[:n]
	return head, io.MultiReader(bytes.NewReader(head), src), nil
}

// partView opens a part in a page: the PDF reader on its own page, a text as text.
// Pictures are shown inside the letter's page; what else there is, is downloaded.
func (s *Server) partView(w http.ResponseWriter, r *http.Request) error {
	p, err := s.openPart(r, audit.PartPreview)
	if err != nil {
		return err
	}
	defer p.Close()
	head, src, err := peek(p)
	if err != nil {
		return err
	}
	self := strings.TrimSuffix(r.URL.Path, "/view")
	letter := self[:strings.LastIndex(self, "/part/")]
	switch message.SniffPreview(p.Part.Type, p.Part.FileName, head) {
	case message.PreviewPDF:
		return s.render(w, r, http.StatusOK, templates.ViewerPage(templates.ViewerView{Nonce: scopeOf(r).nonce, FileName: partName(p.Part),
			FileHref: self + "/raw", BackHref: letter, DownloadHref: self}))
	case message.PreviewText:
		return s.textPage(w, r, p.Part, src, letter, self)
	}
	redirect(w, r, self)
	return nil
}

func (s *Server) textPage(w http.ResponseWriter, r *http.Request, part *message.Part, src io.Reader, letter, self string) error {
	raw, err := io.ReadAll(io.LimitReader(src, maxTextView+1))
	if err != nil {
		return err
	}
	cut := len(raw) > maxTextView
	if cut {
		raw = raw[:maxTextView]
	}
	pageHeaders.apply(w.Header(), scopeOf(r).nonce, s.origins(r.Context(), pageHeaders), s.secure)
	return s.render(w, r, http.StatusOK, templates.TextPreviewPage(templates.TextPreviewView{Page: s.page(r, "Pièce jointe"), FileName: partName(part),
		Text: message.DecodeText(part.Charset, raw), BackHref: letter, DownloadHref: self, Truncated: cut}))
}

// partRaw gives the PDF reader its bytes, and nothing but a PDF.
func (s *Server) partRaw(w http.ResponseWriter, r *http.Request) error {
	p, err := s.openPart(r, audit.PartPreview)
	if err != nil {
		return err
	}
	defer p.Close()
	head, src, err := peek(p)
	if err != nil {
		return err
	}
	if decodedSize(p.Part) > maxPDFSize {
		return problem.New(problem.TooLarge, "Ce PDF est trop volumineux pour être lu ici. Il est intact\u00a0: téléchargez-le.")
	}
	if !bytes.Contains(head, []byte("%PDF-")) {
		return problem.New(problem.Invalid, "Cette pièce n’est pas un PDF.")
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", attachmentHeader("document.pdf"))
	s.copyOut(w, r, &capped{src, maxPDFSize})
	return nil
}
