package message

import (
	"fmt"
	"strings"
)

// describe makes a part from its header.
func describe(h Header, fallback string, s *shared) (*Part, string) {
	p := &Part{Header: h, Type: fallback}
	typ, params := parseParams(h.Raw("Content-Type"))
	p.Params = params
	switch major, minor, ok := strings.Cut(typ, "/"); {
	case typ == "":
	case !ok && typ == "text":
		p.Type = "text/plain"
	case !ok || !token(strings.TrimSpace(major)) || !token(strings.TrimSpace(minor)):
		s.defect(DefectType)
		if typ != "text/" && !strings.HasPrefix(typ, "text") {
			p.Type = "application/octet-stream"
		}
	default:
		p.Type = strings.TrimSpace(major) + "/" + strings.TrimSpace(minor)
	}
	p.Charset = charsetOf(params)
	raw := h.Raw("Content-Transfer-Encoding")
	if p.Encoding = canonicalEncoding(raw); p.Encoding == "binary" && strings.TrimSpace(raw) != "" &&
		!strings.EqualFold(strings.TrimSpace(raw), "binary") {
		s.defect(DefectEncoding)
	}
	disposition, dparams := parseParams(h.Raw("Content-Disposition"))
	p.Disposition = dispositionOf(disposition)
	if disposition != "" && !token(disposition) {
		p.Disposition = ""
	}
	p.FileName = fileNameOf(dparams, params)
	p.ContentID = contentID(h.Get("Content-ID"))
	p.Location = h.Get("Content-Location")
	if p.Multipart() {
		p.Encoding = "7bit"
	}
	return p, strings.TrimRight(params["boundary"], " \t")
}

// String names a part for a log: number and type, never a file name.
func (p *Part) String() string { return fmt.Sprintf("part %q %s %d bytes", p.Path, p.Type, p.Size) }
