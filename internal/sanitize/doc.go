// Package sanitize turns the HTML of strangers into HTML that may be shown in a
// letter's frame. It owns the allow-lists of elements, attributes, style properties
// and link schemes. It knows no letter, no server, no page.
//
// Threats: script in any disguise, anything fetched from outside, text drawn over
// our page, links that lie about where they lead, output that a browser reads
// otherwise than we wrote it (mXSS), input made to cost time. So: what is not on a
// list does not exist; style is rebuilt token by token without url(), escapes,
// functions other than colours; no class, id, name or data attribute survives; the
// writer keeps its own well-nested stack following the HTML parser's content rules
// and the result is parsed again until it is a fixpoint, HTML(HTML(x)) == HTML(x),
// unless its bytes show that no parser could read it in two ways (stands.go).
// Nothing may rewrite the output afterwards (CVE-2024-42009).
package sanitize
