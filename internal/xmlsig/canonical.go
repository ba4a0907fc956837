package xmlsig

import (
	"sort"
	"strings"
)

// canonical writes n as Exclusive XML Canonicalization 1.0 without comments does
// (W3C REC-xml-exc-c14n-20020718): UTF-8, no declaration, empty elements as pairs,
// a namespace declared where it is first used and no sooner. skip is left out: the
// enveloped signature.
func canonical(n, skip *node) []byte {
	var b strings.Builder
	write(&b, n, skip, map[string]string{})
	return []byte(b.String())
}

// write emits n; rendered holds the declarations in force in the output.
func write(b *strings.Builder, n, skip *node, rendered map[string]string) {
	if n == skip {
		return
	}
	if n.name == "" {
		escapeText(b, n.text)
		return
	}
	b.WriteByte('<')
	writeName(b, n.prefix, n.name)
	inside := declare(b, n, rendered)
	attrs := append([]attr(nil), n.attrs...)
	sort.Slice(attrs, func(i, j int) bool {
		if attrs[i].space != attrs[j].space {
			return attrs[i].space < attrs[j].space
		}
		return attrs[i].name < attrs[j].name
	})
	for _, a := range attrs {
		b.WriteByte(' ')
		writeName(b, a.prefix, a.name)
		b.WriteString(`="`)
		escapeAttribute(b, a.value)
		b.WriteByte('"')
	}
	b.WriteByte('>')
	for _, c := range n.children {
		write(b, c, skip, inside)
	}
	b.WriteString("</")
	writeName(b, n.prefix, n.name)
	b.WriteByte('>')
}

func writeName(b *strings.Builder, prefix, name string) {
	if prefix != "" {
		b.WriteString(prefix)
		b.WriteByte(':')
	}
	b.WriteString(name)
}

// declare writes the namespaces n visibly uses that the output has not yet
// declared alike, and gives the declarations in force inside n.
func declare(b *strings.Builder, n *node, rendered map[string]string) map[string]string {
	used := map[string]string{n.prefix: n.space}
	for _, a := range n.attrs {
		if a.prefix != "" {
			used[a.prefix] = a.space
		}
	}
	delete(used, "xml") // never declared
	var fresh []string
	for prefix, space := range used {
		have, ok := rendered[prefix]
		if ok && have == space || !ok && prefix == "" && space == "" {
			continue
		}
		fresh = append(fresh, prefix)
	}
	if len(fresh) == 0 {
		return rendered
	}
	sort.Strings(fresh) // the default one, "", comes first
	inside := make(map[string]string, len(rendered)+len(fresh))
	for k, v := range rendered {
		inside[k] = v
	}
	for _, prefix := range fresh {
		inside[prefix] = used[prefix]
		b.WriteString(" xmlns")
		if prefix != "" {
			b.WriteByte(':')
			b.WriteString(prefix)
		}
		b.WriteString(`="`)
		escapeAttribute(b, used[prefix])
		b.WriteByte('"')
	}
	return inside
}

var (
	textEscapes      = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")
	attributeEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;")
)

func escapeText(b *strings.Builder, s string)      { _, _ = textEscapes.WriteString(b, s) }
func escapeAttribute(b *strings.Builder, s string) { _, _ = attributeEscapes.WriteString(b, s) }
