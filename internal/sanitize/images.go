package sanitize

import (
	"encoding/base64"
	"net/url"
	"strings"

	xhtml "golang.org/x/net/html"
)

const (
	maxPicture  = 1 << 20 // one data: picture, bytes as written
	maxPictures = 3 << 20 // all of them
)

// cidMark ends the address of a part, so that a second pass knows it for ours: it
// asks CID for that id again and accepts exactly what CID answers.
const cidMark = "#cid="

// image judges a picture: a part of the same letter, a small data: picture, or
// nothing but its words. It counts what would have been fetched.
func (w *writer) image(a *attributes) bool {
	src, _ := a.get("src")
	alt, _ := a.get("alt")
	_, set := a.get("srcset")
	keys, values := a.keys, a.values
	a.keys, a.values = nil, nil
	for i, k := range keys {
		if k != "src" && k != "alt" && k != "srcset" && k != "background" && k != "href" {
			a.keys, a.values = append(a.keys, k), append(a.values, values[i])
		}
	}
	local, remote := w.source(strings.TrimFunc(src, func(r rune) bool { return r <= ' ' }))
	if remote || local == "" && set {
		w.remote++
	}
	if local != "" {
		a.keys, a.values = append(a.keys, "src"), append(a.values, local)
	}
	if alt = strings.TrimSpace(visibleText(alt)); alt != "" {
		w.seen.add(w.inLinks, alt)
		a.keys, a.values = append(a.keys, "alt"), append(a.values, alt)
	}
	return local != "" || alt != ""
}

// source gives the address to write, "" for none, and whether what was asked for
// is blocked because it is elsewhere.
func (w *writer) source(src string) (local string, remote bool) {
	if src == "" {
		return "", false
	}
	if before, cid, ok := strings.Cut(src, cidMark); ok {
		if id, err := url.PathUnescape(cid); err == nil {
			if at, ok := w.part(id); ok && at == src {
				return at, false
			}
		}
		src = before
	}
	scheme, rest, _ := strings.Cut(src, ":")
	switch strings.ToLower(scheme) {
	case "cid":
		if id, err := url.PathUnescape(rest); err == nil {
			rest = id
		}
		at, _ := w.part(strings.Trim(rest, "<> "))
		return at, false
	case "data":
		if data, ok := picture(rest); ok && w.pictures+len(data) <= maxPictures {
			return data, false
		}
		return "", true
	}
	return "", true
}

// part asks for the address of a part of the letter.
func (w *writer) part(id string) (string, bool) {
	if w.o.CID == nil || id == "" || len(id) > 1000 {
		return "", false
	}
	at, ok := w.o.CID(id)
	if !ok || at == "" || strings.Contains(at, "#") {
		return "", false
	}
	return at + cidMark + url.PathEscape(id), true
}

// picture accepts base64 PNG, JPEG, GIF and WebP whose first bytes agree, and
// writes them in one form.
func picture(rest string) (string, bool) {
	if len(rest) > maxPicture+maxPicture/8 {
		return "", false
	}
	head, data, ok := strings.Cut(rest, ",")
	head = strings.ToLower(strings.ReplaceAll(head, " ", ""))
	typ, params, _ := strings.Cut(head, ";")
	if !ok || params != "base64" && !strings.HasSuffix(params, ";base64") {
		return "", false
	}
	magic, known := pictures[typ]
	if !known {
		return "", false
	}
	data = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' || r == '\r' || r == '\t' {
			return -1
		}
		return r
	}, strings.ReplaceAll(data, "%2B", "+"))
	data = strings.TrimRight(data, "=")
	if len(data) > maxPicture || len(data) < 16 || len(data)%4 == 1 {
		return "", false
	}
	for i := range len(data) {
		if c := data[i]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '+' && c != '/' {
			return "", false
		}
	}
	first, err := base64.RawStdEncoding.DecodeString(data[:16])
	if err != nil || !strings.HasPrefix(string(first), magic) || typ == "image/webp" && string(first[8:12]) != "WEBP" {
		return "", false
	}
	return "data:" + typ + ";base64," + data + "==="[:(4-len(data)%4)%4], true
}

var pictures = map[string]string{"image/png": "\x89PNG", "image/jpeg": "\xFF\xD8\xFF", "image/gif": "GIF8", "image/webp": "RIFF"}

// countRemote counts what an element we do not write would have fetched.
func countRemote(w *writer, z *xhtml.Tokenizer, more bool) {
	for n := 0; more && n < maxAttributes; n++ {
		var k, v []byte
		k, v, more = z.TagAttr()
		switch string(k) {
		case "src", "srcset", "background", "poster", "data":
			if fetches(string(v)) {
				w.remote++
			}
		}
	}
}

func fetches(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	return strings.HasPrefix(s, "http:") || strings.HasPrefix(s, "https:") || strings.HasPrefix(s, "//") || strings.HasPrefix(s, "ftp:")
}
