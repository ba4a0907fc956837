package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// Caps on what a userinfo answer may hold; real ones have 1 to 5 activities.
const (
	maxUserinfo   = 256 << 10 // bytes
	maxListed     = 100       // exercices, activities of one, other ids
	maxSituations = 100
	maxText       = 200 // characters of one value
)

// ParseUserinfo turns Pro Santé Connect's userinfo (JSON) into a practitioner.
// It is tolerant of shape (otherIds or otherIDs, codeCivilite nested or not,
// empty strings, null, numbers, one object where a list is due) and strict about
// one thing: without a national identifier there is nobody.
func ParseUserinfo(b []byte) (mssante.Practitioner, error) {
	var none mssante.Practitioner
	if len(b) > maxUserinfo {
		return none, problem.Wrap(errTooLarge, problem.UpstreamRefused, sayUnverified)
	}
	var top claims
	if err := json.Unmarshal(b, &top); err != nil {
		return none, problem.Wrap(fmt.Errorf("userinfo: %w", err), problem.UpstreamRefused, sayUnverified)
	}
	id := nationalID(top)
	if id == "" {
		return none, problem.Wrap(errors.New("userinfo: no usable national identifier"), problem.UpstreamRefused, sayWho)
	}
	ref := top.object("SubjectRefPro")
	p := mssante.Practitioner{
		NationalID: id,
		Subject:    top.raw("sub"),
		Civility:   firstOf(ref.text("codeCivilite"), top.text("codeCivilite")),
		GivenName:  top.text("given_name"),
		FamilyName: top.text("family_name"),
		AuthMode:   authMode(top.text("authMode")),
		OtherIDs:   otherIDs(top),
		Situations: situations(top, ref),
	}
	for i := range p.Situations {
		p.Situations[i].Woman = mssante.IsWoman(p.Civility)
	}
	return p, nil
}

// claims is a JSON object read by exact key: encoding/json would let "SUB" stand
// in for "sub".
type claims map[string]json.RawMessage

// raw gives a string claim untouched, for comparisons; "" for anything else.
func (c claims) raw(key string) string {
	var s string
	if json.Unmarshal(c[key], &s) != nil {
		return ""
	}
	return s
}

// text gives a value fit for a page: a string or a number, cleaned and capped.
func (c claims) text(key string) string { return clean(scalar(c[key])) }

func (c claims) object(key string) claims {
	var out claims
	if json.Unmarshal(c[key], &out) != nil {
		return nil
	}
	return out
}

// list gives the objects of a list; a lone object counts as a list of one.
func (c claims) list(key string) []claims {
	var items []json.RawMessage
	if json.Unmarshal(c[key], &items) != nil {
		if one := c.object(key); one != nil {
			return []claims{one}
		}
		return nil
	}
	var out []claims
	for _, raw := range items[:min(len(items), maxListed)] {
		var item claims
		if json.Unmarshal(raw, &item) == nil && item != nil {
			out = append(out, item)
		}
	}
	return out
}

// texts gives the strings of a list, or a lone string as a list of one.
func (c claims) texts(key string) []string {
	var items []json.RawMessage
	if json.Unmarshal(c[key], &items) != nil {
		items = []json.RawMessage{c[key]}
	}
	var out []string
	for _, raw := range items[:min(len(items), maxListed)] {
		if s := clean(scalar(raw)); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// scalar gives a string as it is, a number as written, "" for the rest.
func scalar(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	switch c := raw[0]; {
	case c == '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
		return s
	case c == '-' || c >= '0' && c <= '9':
		return string(raw)
	}
	return ""
}

// clean makes a provider's text safe to show anywhere: valid UTF-8, one line, no
// control or invisible direction-changing characters, bounded.
func clean(s string) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range strings.TrimSpace(s) {
		switch {
		case unicode.IsSpace(r):
			space = true
			continue
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			continue
		case n >= maxText:
			return b.String()
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
			n++
		}
		space = false
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// nationalID reads SubjectNameID, else preferred_username. Never the e-mail: no
// real answer has one. Establishment ids hold letters, a slash, so only what
// could not be an identifier is refused.
func nationalID(top claims) mssante.NationalID {
	for _, key := range []string{"SubjectNameID", "preferred_username"} {
		id := strings.TrimSpace(scalar(top[key]))
		if id == "" {
			continue
		}
		if len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool {
			return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("/-_.:", r))
		}) {
			return ""
		}
		return mssante.NationalID(id)
	}
	return ""
}

func otherIDs(top claims) []mssante.OtherID {
	items := top.list("otherIds")
	if len(items) == 0 {
		items = top.list("otherIDs")
	}
	var out []mssante.OtherID
	for _, item := range items {
		if id := item.text("identifiant"); id != "" {
			out = append(out, mssante.OtherID{ID: id, Origin: item.text("origine")})
		}
	}
	return out
}

// authMode keeps a short code (CARD; MOBILE is likely for e-CPS).
func authMode(s string) string {
	s = strings.ToUpper(s)
	if len(s) > 20 || strings.ContainsFunc(s, func(r rune) bool { return (r < 'A' || r > 'Z') && r != '_' && r != '-' }) {
		return ""
	}
	return s
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
