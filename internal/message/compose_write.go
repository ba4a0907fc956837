package message

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

const writeBuffer = 16 << 10

// Write writes the letter, lines ended by CRLF, no line over 998 octets, nothing
// but ASCII: no server on the way needs an extension for it. It gives the number
// of bytes written. Files are opened one after the other and streamed. The error
// is problem.Invalid for what Check refuses (a missing recipient apart: drafts),
// problem.Internal for a file that cannot be read, w's own otherwise.
func (c *Compose) Write(w io.Writer, o WriteOptions) (int64, error) {
	if err := c.form(); err != nil {
		return 0, err
	}
	t := &tally{w: w}
	out := &pen{Writer: bufio.NewWriterSize(t, writeBuffer), t: t}
	err := c.write(out, o)
	if ferr := out.Flush(); err == nil {
		err = ferr
	}
	return t.n, err
}

// Size is exactly what Write would write, told without opening any file.
func (c *Compose) Size(o WriteOptions) (int64, error) {
	if err := c.form(); err != nil {
		return 0, err
	}
	t := &tally{w: io.Discard}
	out := &pen{Writer: bufio.NewWriterSize(t, writeBuffer), t: t, counting: true}
	err := c.write(out, o)
	if ferr := out.Flush(); err == nil {
		err = ferr
	}
	return t.n, err
}

// tally counts what passes.
type tally struct {
	w io.Writer
	n int64
}

func (t *tally) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	t.n += int64(n)
	return n, err
}

// pen writes a letter, or only counts it.
type pen struct {
	*bufio.Writer
	t        *tally
	counting bool
}

func (c *Compose) write(out *pen, o WriteOptions) error {
	h := c.header(o)
	root := c.tree()
	h.Write(root.head.Bytes())
	root.head = h
	return root.write(out)
}

func (c *Compose) header(o WriteOptions) *head {
	h := &head{}
	h.pieces("Date", c.Date.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	h.mailboxes("From", []Mailbox{c.From})
	if s := c.Sender; s != nil && (!s.Address.Equal(c.From.Address) || cleanLine(s.Name) != cleanLine(c.From.Name)) {
		h.mailboxes("Sender", []Mailbox{*s})
	}
	h.mailboxes("Reply-To", c.ReplyTo)
	h.mailboxes("To", c.To)
	h.mailboxes("Cc", c.Cc)
	if o.Bcc {
		h.mailboxes("Bcc", c.Bcc)
	}
	h.text("Subject", c.Subject)
	h.pieces("Message-ID", referTo(c.MessageID))
	if id := referTo(c.InReplyTo); id != "" {
		h.pieces("In-Reply-To", id)
	}
	if ids := referToAll(c.References); len(ids) > 0 {
		h.pieces("References", ids...)
	}
	h.mailboxes("Disposition-Notification-To", one(c.DispositionTo))
	h.text(mssante.HeaderNIL, c.NIL)
	if c.MES != "" {
		h.pieces(mssante.HeaderMES, c.MES)
	}
	for _, f := range c.Extra {
		if f.Name != FieldDraft || o.Bcc {
			h.text(f.Name, f.Raw())
		}
	}
	h.pieces("MIME-Version", "1.0")
	return h
}

// branch is one part of the tree being written.
type branch struct {
	head     *head
	boundary string // of a multipart
	children []*branch
	text     string
	file     *File
}

// tree arranges the parts: mixed(alternative(plain, related(html, pictures)),
// files), each level only when it holds several things.
func (c *Compose) tree() *branch {
	body := textBranch("text/plain", c.plain())
	files := c.Files
	if c.HTML == "" { // pictures nobody shows are files
		files = slices.Concat(c.Inline, c.Files)
	} else {
		rich := textBranch("text/html", document(c.HTML))
		if len(c.Inline) > 0 {
			rich = c.multipart("related", 3, rich, fileBranches("inline", c.Inline)...)
		}
		body = c.multipart("alternative", 2, body, rich)
	}
	if len(files) > 0 {
		body = c.multipart("mixed", 1, body, fileBranches("attachment", files)...)
	}
	return body
}

// document makes a fragment a page that reads the same everywhere.
func document(fragment string) string {
	return "<!DOCTYPE html>\n<html lang=\"fr\"><head><meta charset=\"utf-8\"></head><body>\n" + fragment + "\n</body></html>\n"
}

func textBranch(typ, text string) *branch {
	h := &head{}
	h.pieces("Content-Type", typ+"; charset=utf-8")
	h.pieces("Content-Transfer-Encoding", "quoted-printable")
	return &branch{head: h, text: text}
}

func fileBranches(disposition string, files []File) (out []*branch) {
	for i := range files {
		f := &files[i]
		name := SafeFileName(f.Name)
		h := &head{}
		if name == "" {
			h.pieces("Content-Type", leafType(f.Type))
			h.pieces("Content-Disposition", disposition)
		} else {
			inType, inDisposition := nameParams(name)
			h.pieces("Content-Type", append([]string{leafType(f.Type) + ";"}, inType...)...)
			h.pieces("Content-Disposition", append([]string{disposition + ";"}, inDisposition...)...)
		}
		h.pieces("Content-Transfer-Encoding", "base64")
		if id := referTo(f.ContentID); id != "" {
			h.pieces("Content-ID", id)
		}
		out = append(out, &branch{head: h, file: f})
	}
	return out
}

// leafType keeps a plain media type. What would be read as a tree of its own
// (multipart, message) may not be base64 (RFC 2046 §5.2.1): a letter given as a
// file travels as bytes, its name says what it is.
func leafType(t string) string {
	t = strings.ToLower(strings.TrimSpace(t))
	major, minor, ok := strings.Cut(t, "/")
	if !ok || !token(major) || !token(minor) || len(t) > 100 || major == "multipart" || major == "message" {
		return "application/octet-stream"
	}
	return t
}

// multipart makes a level. Its boundary comes from the letter's own id, so that
// bytes are the same each time; "=_" can stand neither in base64 nor in
// quoted-printable (RFC 2045 §6.7), which is all there is between boundaries.
func (c *Compose) multipart(kind string, level int, first *branch, more ...*branch) *branch {
	sum := sha256.Sum256([]byte(referTo(c.MessageID)))
	b := "=_" + hex.EncodeToString(sum[:12]) + "_" + itoa(level)
	h := &head{}
	pieces := []string{"multipart/" + kind + ";"}
	if kind == "related" {
		pieces = append(pieces, `type="text/html";`) // RFC 2387 §3.1
	}
	h.pieces("Content-Type", append(pieces, `boundary="`+b+`"`)...)
	return &branch{head: h, boundary: b, children: append([]*branch{first}, more...)}
}

func (p *branch) write(out *pen) error {
	_, _ = out.Write(p.head.Bytes())
	_, _ = out.WriteString("\r\n")
	switch {
	case p.file != nil:
		return p.file.write(out)
	case p.boundary == "":
		writeQP(out.Writer, p.text)
		return nil
	}
	for i, child := range p.children {
		if i > 0 {
			_, _ = out.WriteString("\r\n")
		}
		_, _ = out.WriteString("--" + p.boundary + "\r\n")
		if err := child.write(out); err != nil {
			return err
		}
	}
	_, err := out.WriteString("\r\n--" + p.boundary + "--\r\n")
	return err
}

// write streams the file in base64, around the buffer.
func (f *File) write(out *pen) error {
	if err := out.Flush(); err != nil {
		return err
	}
	if out.counting {
		out.t.n += size64(f.Size)
		return nil
	}
	unreadable := func(err error) error {
		return problem.Wrap(fmt.Errorf("compose: reading a file: %w", err), problem.Internal,
			"La pièce jointe «\u00a0"+SafeFileName(f.Name)+"\u00a0» n’a pas pu être relue."+sayKept+"retirez la pièce jointe, ajoutez-la de nouveau puis réessayez.")
	}
	if f.Open == nil {
		return unreadable(fmt.Errorf("no content"))
	}
	r, err := f.Open()
	if err != nil {
		return unreadable(err)
	}
	defer r.Close()
	var sent failing
	sent.w = out.t
	if err := writeBase64(&sent, r, f.Size); err != nil {
		if sent.err != nil {
			return sent.err // the reader of the letter, not the file
		}
		return unreadable(err)
	}
	return nil
}

// failing remembers that the writer failed, and how.
type failing struct {
	w   io.Writer
	err error
}

func (f *failing) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err != nil {
		f.err = err
	}
	return n, err
}
