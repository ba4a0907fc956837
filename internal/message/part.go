package message

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"pli.example/pli/internal/problem"
)

// Part is one node of a letter's tree. Built by Parse it holds its bytes; built
// from a server's BODYSTRUCTURE (exported fields, then Number) it does not, and
// Reader gives nothing: stream the body through TextFrom or DecodeTransfer.
type Part struct {
	Path        string            // IMAP number, "1.2"; "" for a multipart that is a whole letter
	Type        string            // lower case, "text/plain"
	Params      map[string]string // of Content-Type, decoded
	Charset     string            // lower case as written, "" when nobody said
	Encoding    string            // base64, quoted-printable, uuencode, 7bit, 8bit or binary
	Disposition string            // "attachment", "inline" or ""
	FileName    string            // decoded and safe to show and to save; "" when there is none
	ContentID   string            // without its angle brackets
	Location    string            // Content-Location as written, never fetched
	Size        int64             // encoded octets
	Header      Header            // the part's own header; empty for a server's tree
	Children    []*Part
	Embedded    *Letter // message/rfc822

	raw []byte
}

// Multipart reports whether the part only holds others.
func (p *Part) Multipart() bool { return strings.HasPrefix(p.Type, "multipart/") }

// Structure is what a BODYSTRUCTURE says of one part, as the server said it.
type Structure struct {
	Type                string
	Params              map[string]string
	Disposition         string
	DispositionParams   map[string]string
	Encoding, ContentID string
	Description         string
	Size                int64
	Children            []*Part
	Embedded            *Letter // of message/rfc822: Envelope and Root
}

// FromStructure makes a part from a server's words, names decoded and made safe.
// Call Number on the root when the tree is complete.
func FromStructure(s Structure) *Part {
	p := &Part{Type: strings.ToLower(s.Type), Params: MergeParams(s.Params), Encoding: canonicalEncoding(s.Encoding),
		Disposition: dispositionOf(s.Disposition), ContentID: contentID(s.ContentID), Size: s.Size, Children: s.Children, Embedded: s.Embedded}
	if p.Type == "" {
		p.Type = "application/octet-stream"
	}
	p.Charset = charsetOf(p.Params)
	p.FileName = fileNameOf(MergeParams(s.DispositionParams), p.Params)
	return p
}

// fileNameOf picks the name of a file: the disposition's first (RFC 2183 §2.3).
func fileNameOf(disposition, params map[string]string) string {
	for _, name := range []string{disposition["filename"], disposition["name"], params["name"], params["filename"]} {
		if s := SafeFileName(name); s != "" {
			return s
		}
	}
	return ""
}

func dispositionOf(s string) string {
	switch s = strings.ToLower(strings.TrimSpace(s)); s {
	case "", "inline":
		return s
	}
	return "attachment" // RFC 2183 §2.8: unknown types are attachments
}

// charsetOf gives the name as written, "" when it cannot be one.
func charsetOf(params map[string]string) string {
	s := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(params["charset"])), "charset=")
	if len(s) > 60 || !token(s) {
		return ""
	}
	return s
}

func contentID(s string) string { return strings.Trim(cleanLine(s), "<> ") }

// Number gives every part of a letter the number an IMAP server gives it (RFC
// 9051 §6.4.5): a lone part is "1", a nested letter's parts continue its number.
func Number(root *Part) {
	if root == nil {
		return
	}
	if root.Multipart() {
		root.number("", "")
		return
	}
	root.number("1", "1")
}

func (p *Part) number(path, prefix string) {
	p.Path = path
	for i, c := range p.Children {
		n := join(prefix, strconv.Itoa(i+1))
		c.number(n, n)
	}
	if p.Embedded == nil || p.Embedded.Root == nil {
		return
	}
	if root := p.Embedded.Root; root.Multipart() {
		root.number("", prefix)
	} else {
		n := join(prefix, "1")
		root.number(n, n)
	}
}

func join(prefix, n string) string {
	if prefix == "" {
		return n
	}
	return prefix + "." + n
}

// Walk calls f on p and all below it, nested letters included, until f says no.
func (p *Part) Walk(f func(*Part) bool) bool {
	if p == nil {
		return true
	}
	if !f(p) {
		return false
	}
	for _, c := range p.Children {
		if !c.Walk(f) {
			return false
		}
	}
	return p.Embedded == nil || p.Embedded.Root.Walk(f)
}

// Find gives the part with that number, or nil. A part without number is found
// by nobody: "" gives p itself.
func (p *Part) Find(path string) *Part {
	if path == "" {
		return p
	}
	var found *Part
	p.Walk(func(q *Part) bool {
		if q.Path == path {
			found = q
		}
		return found == nil
	})
	return found
}

// Raw gives the body as it was sent, a slice of the parsed letter.
func (p *Part) Raw() []byte { return p.raw }

// Reader gives the body with the transfer encoding undone and nothing else.
func (p *Part) Reader() io.Reader { return DecodeTransfer(p.Encoding, bytes.NewReader(p.raw)) }

// Decode writes what Reader gives.
func (p *Part) Decode(w io.Writer) error {
	_, err := io.Copy(w, p.Reader())
	return problem.Wrap(err, problem.Internal, "Cette pièce jointe n’a pas pu être lue.")
}

// Text gives the part's text as it is to be read: UTF-8, \n line ends, at most
// MaxText bytes, format=flowed lines joined.
func (p *Part) Text() (string, error) {
	text, _, err := p.TextFrom(bytes.NewReader(p.raw))
	return text, err
}

// TextFrom is Text for a body streamed from a server; truncated says that more
// was there.
func (p *Part) TextFrom(r io.Reader) (text string, truncated bool, err error) {
	b, err := io.ReadAll(io.LimitReader(DecodeTransfer(p.Encoding, r), MaxText+1))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", false, problem.Wrap(err, problem.UpstreamDown, "Le texte de cette lettre n’a pas pu être lu en entier. Rien n’est perdu : rouvrez la lettre.")
	}
	if truncated = len(b) > MaxText; truncated {
		b = b[:MaxText]
	}
	text = p.decodeText(b)
	if p.Type == "text/plain" && strings.EqualFold(p.Params["format"], "flowed") {
		text = Unflow(text, strings.EqualFold(p.Params["delsp"], "yes"))
	}
	if len(text) > MaxText {
		text, truncated = cutUTF8(text, MaxText), true
	}
	return text, truncated, nil
}

func (p *Part) decodeText(b []byte) string {
	charset := p.Charset
	if charset == "" && p.Type == "text/html" {
		charset = metaCharset(b)
	}
	return cleanText(DecodeText(charset, b))
}

// metaCharset finds what an HTML part says of itself, in its first bytes.
func metaCharset(b []byte) string {
	head := bytes.ToLower(b[:min(len(b), 2048)])
	i := bytes.Index(head, []byte("charset="))
	if i < 0 || !bytes.Contains(head[:i], []byte("<meta")) {
		return ""
	}
	s := strings.TrimLeft(string(head[i+8:min(len(head), i+60)]), "\"' ")
	if j := strings.IndexAny(s, "\"' />;"); j >= 0 {
		s = s[:j]
	}
	if strings.HasPrefix(s, "utf-16") { // a byte-wise readable meta proves it is not (WHATWG HTML)
		return "utf-8"
	}
	return s
}
